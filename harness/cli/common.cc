#include "harness/cli/common.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "harness/kernel/guest.h"
#include "harness/link/device.h"
#include "harness/report/style.h"
#include "harness/report/version.h"
#include "harness/script/text.h"
#include "harness/stack/case_profile.h"
#include "harness/stack/registry.h"

namespace synfin::cli {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void on_interrupt(int) { g_interrupted = 1; }

Result<uint64_t> parse_seed(const std::string& text) {
  std::string_view digits = text;
  int base = 10;
  if (digits.starts_with("0x")) {
    digits.remove_prefix(2);
    base = 16;
  }
  uint64_t seed = 0;
  const auto end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, seed, base);
  if (error != std::errc() || rest != end) {
    return fail(fmt::format("--seed {}: not a number of at most 64 bits", text));
  }
  return seed;
}

std::vector<stack::Sysctl> sysctls_of(const StackChoice& choice) {
  std::vector<stack::Sysctl> sysctls;
  for (const std::string& text : choice.set) {
    const std::size_t equals = text.find('=');
    sysctls.emplace_back(link::full_sysctl_name(text.substr(0, equals)), text.substr(equals + 1));
  }
  return sysctls;
}

// Once more where a program inside is given what its caller was given: it is named once.
Result<void> name_kasan(StackChoice* choice) {
  constexpr std::string_view kVariant = "+kasan";
  if (!choice->kasan) return {};
  if (choice->kernel.empty()) return fail("--kasan needs a kernel: name one with --kernel");
  if (!choice->kernel.ends_with(kVariant)) choice->kernel += kVariant;
  return {};
}

}  // namespace

void complain(const std::string& message) {
  const std::string text = report::style_of(2).for_reader("synfin: " + message + "\n");
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void add_stack_options(CLI::App& app, StackChoice* choice) {
  std::string names;
  for (const stack::StackInfo& info : stack::stacks()) {
    names += fmt::format("{}{}", names.empty() ? "" : ",", info.name);
  }
  app.add_option("--stack", choice->stack, "The stack to test")
      ->type_name("NAME:{" + names + "}")
      ->default_str("reference");
  app.add_option("--link", choice->link, "How packets reach a kernel's stack (default veth)")
      ->type_name("LINK:{veth,tun}");
  app.add_option("--profile", choice->profile,
                 "The choices that it is judged by, in place of its own")
      ->type_name("NAME");
  app.add_option("--set", choice->set,
                 "A sysctl, as in net.ipv4.tcp_sack=0, which the profile follows; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--kernel", choice->kernel,
                 "The linux stack of another kernel, in virtual time; 'synfin kernel' builds them")
      ->type_name("VERSION");
  app.add_flag("--kasan", choice->kasan, "That kernel with its address sanitizer: VERSION+kasan");
  app.add_option("--kernel-cache", choice->kernel_cache,
                 "Where kernels are kept (default: ~/.cache/synfin/kernels)")
      ->type_name("DIR");
  app.add_option("--seed", choice->seed_text,
                 "For all that is random; decimal, or 0x and hexadecimal")
      ->type_name("N")
      ->take_last()  // one boot after the other has its own
      ->capture_default_str();
}

Result<void> check(StackChoice* choice) {
  if (choice->stack.empty()) choice->stack = choice->kernel.empty() ? "reference" : "linux";
  if (!choice->kernel.empty() && choice->stack != "linux") {
    return fail(
        fmt::format("--kernel {}: the stack {} has no kernel", choice->kernel, choice->stack));
  }
  if (auto named = name_kasan(choice); !named) return named;
  const stack::StackInfo* info = stack::find_stack(choice->stack);
  if (info == nullptr) {
    std::string known;
    for (const stack::StackInfo& each : stack::stacks()) {
      known += (known.empty() ? "" : ", ") + std::string(each.name);
    }
    return fail(fmt::format("there is no stack '{}'; there are: {}", choice->stack, known));
  }
  if (!choice->link.empty()) {
    if (choice->link != "veth" && choice->link != "tun") {
      return fail(fmt::format("there is no link '{}'; there are: veth, tun", choice->link));
    }
    if (choice->stack != "linux") {
      return fail(
          fmt::format("--link {}: the stack {} is called directly", choice->link, choice->stack));
    }
  }
  for (const std::string& text : choice->set) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(fmt::format("--set {}: expected KEY=VALUE", text));
    }
  }
  if (const auto checked = stack::check_set(*info, sysctls_of(*choice)); !checked) {
    return fail("--set: " + checked.error().message);
  }
  if (!choice->profile.empty()) {
    const auto profile = stack::find_profile(choice->profile);
    if (!profile) return tl::make_unexpected(profile.error());
  }
  const auto seed = parse_seed(choice->seed_text);
  if (!seed) return tl::make_unexpected(seed.error());
  choice->seed = *seed;
  return {};
}

Result<OpenStack> open_stack(const StackChoice& choice, const std::string& case_profile,
                             ClauseSet* coverage) {
  const stack::StackInfo* info = stack::find_stack(choice.stack);
  const std::string& name = choice.profile.empty() ? case_profile : choice.profile;
  OpenStack open;
  open.profile = info->profile();
  if (!name.empty()) {
    auto profile = stack::find_profile(name);
    if (!profile) return tl::make_unexpected(profile.error());
    open.profile = std::move(*profile);
  }
  const auto set = sysctls_of(choice);
  open.profile = stack::case_profile(open.profile, false, set);
  stack::StackOptions options;
  options.coverage = coverage;
  options.link = choice.link;
  options.seed = choice.seed;
  options.profile = open.profile;
  options.set = set;
  options.virtual_time = kernel::inside();
  auto made = info->make(options);
  if (!made) return tl::make_unexpected(made.error());
  open.stack = std::move(*made);
  return open;
}

proto::Provenance provenance_of(const OpenStack& open, const StackChoice& choice) {
  const stack::Identity& identity = open.stack->identity();
  proto::Provenance provenance;
  provenance.set_version(std::string(report::kVersion));
  provenance.set_stack(identity.name);
  provenance.set_stack_version(identity.version);
  provenance.set_kernel(identity.kernel);
  provenance.set_link(identity.link);
  provenance.set_privilege(identity.privilege);
  provenance.mutable_settings()->insert(identity.settings.begin(), identity.settings.end());
  for (const auto& [name, value] : sysctls_of(choice)) {
    provenance.mutable_settings()->insert({name, value});
  }
  provenance.set_profile(open.profile.name);
  provenance.set_seed(choice.seed);
  provenance.set_dropped_packets(open.stack->dropped());
  provenance.set_started(now_text());
  return provenance;
}

std::string options_of(const StackChoice& choice) {
  std::string text = "--stack " + shell_word(choice.stack);
  if (!choice.link.empty()) text += " --link " + shell_word(choice.link);
  if (!choice.profile.empty()) text += " --profile " + shell_word(choice.profile);
  if (!choice.kernel.empty()) text += " --kernel " + shell_word(choice.kernel);
  if (!choice.kernel_cache.empty()) text += " --kernel-cache " + shell_word(choice.kernel_cache);
  for (const std::string& set : choice.set) text += " --set " + shell_word(set);
  return text + fmt::format(" --seed {:#x}", choice.seed);
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain = "_-./=:@%+,";
  bool plain = !text.empty();
  for (const char c : text) {
    plain = plain && (script::is_word(c) || kPlain.find(c) != std::string_view::npos);
  }
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

void catch_interrupt() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return g_interrupted != 0; }

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

}  // namespace synfin::cli
