// What the commands share: the choice of a stack, messages, and being interrupted.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/profile.h"
#include "harness/proto/result.pb.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::cli {

// "synfin: message" on the standard error.
void complain(const std::string& message);

// Which stack, over what, with which choices.
struct StackChoice {
  std::string stack;  // check() puts reference, or linux where a kernel is named, for none
  std::string link;
  std::string profile;
  std::vector<std::string> set;  // sysctls, "key=value"
  std::string kernel;            // "6.12": in virtual time, inside that kernel; see in_kernel.h
  bool kasan = false;            // check() makes it a part of `kernel`: "6.12+kasan"
  std::string kernel_cache;      // where kernels are kept
  std::string seed_text = "1";
  uint64_t seed = 1;
};

void add_stack_options(CLI::App& app, StackChoice* choice);

// Reads the seed and refuses names that there are not: an error is one of usage.
Result<void> check(StackChoice* choice);

struct OpenStack {
  std::unique_ptr<stack::Stack> stack;
  Profile profile;
};

// The choice has to be checked. `case_profile` is what the cases ask for; --profile goes before it.
// An error is one of set-up.
Result<OpenStack> open_stack(const StackChoice& choice, const std::string& case_profile = "",
                             ClauseSet* coverage = nullptr);

// Where results come from; the session's own provenance has the rest.
proto::Provenance provenance_of(const OpenStack& open, const StackChoice& choice);

// "--stack linux --link tun --seed 0x5eed": what repeats the choice.
std::string options_of(const StackChoice& choice);

// The text as one word of a shell.
std::string shell_word(const std::string& text);

// From here on Ctrl-C asks to stop, and a second one ends the process.
void catch_interrupt();
bool interrupted();

// Now, as RFC 3339 has it.
std::string now_text();

}  // namespace synfin::cli
