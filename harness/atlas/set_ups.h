// The set-ups: programs that bring a fresh connection into each state.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/state.h"
#include "harness/proto/program.pb.h"
#include "harness/script/flat.h"
#include "harness/stack/stack.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

// Numbers of descriptors that every set-up keeps to.
inline constexpr int32_t kListenerFd = 3;
inline constexpr int32_t kConnectionFd = 4;

struct SetUpInfo {
  std::string_view id;     // "FIN-WAIT-1/close"
  std::string_view about;  // in words
  State state = State::kClosed;
  bool accepts = false;  // nothing was accepted yet: accept() is asked for at the end
  bool reads = false;    // a descriptor of the connection is left (or accepted) to read from
  bool fills = false;    // takes all of the window that ESTABLISHED leaves
  // Timestamps and SACK are offered to the stack, and the segments have what was agreed: only for
  // who maps options, too.
  bool agrees = false;
};

// In the order of the atlas; ESTABLISHED comes before those that fill.
std::span<const SetUpInfo> set_ups();

// nullptr when there is none of that name.
const SetUpInfo* find_set_up(std::string_view id);

// The program as .pkt text; its numbers are plain, counted from the ISNs. `window`: RCV.WND in
// ESTABLISHED, for set-ups that fill it.
std::string set_up_text(const SetUpInfo& info, uint32_t window);

// Without the socket options that the stack does not have: the window is then what it is.
Result<proto::Program> set_up_program(const SetUpInfo& info, uint32_t window,
                                      const stack::Traits& traits);

}  // namespace synfin::atlas
