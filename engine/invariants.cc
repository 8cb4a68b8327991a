#include "engine/invariants.h"

namespace synfin {
namespace {

constexpr uint32_t kMaxWindow = 65535U << 14U;  // RFC 7323 §2.2
constexpr std::size_t kSlack = 2 * 65535;       // two packets whose text begins in the window

// SND.UNA <= SND.NXT <= what the user has given, SYN and FIN included.
std::string_view broken_sending(const Rules& rules) {
  const Tcb& tcb = rules.tcb();
  if (!tcb.snd.una.at_or_before(tcb.snd.nxt)) return "SND.UNA is beyond SND.NXT";
  if (!tcb.snd.iss.at_or_before(tcb.snd.una)) return "SND.UNA is before ISS";
  if (Seq::distance(tcb.snd.una, tcb.snd.nxt) > rules.profile().send_buffer + 2) {
    return "more is in flight than the send buffer holds";
  }
  if (!tcb.snd.nxt.at_or_before(rules.send_end() + 1)) return "SND.NXT is beyond what was given";
  return "";
}

std::string_view broken_windows(const Rules& rules) {
  const uint32_t buffer = rules.profile().receive_buffer;
  const Tcb& tcb = rules.tcb();
  if (tcb.snd.wnd > kMaxWindow) return "SND.WND is wider than any window can be";
  if (tcb.snd.wnd > tcb.snd.max_wnd) return "SND.WND is wider than the widest so far";
  const uint32_t step = (1U << tcb.rcv.shift) - 1;  // a window is advertised in such steps
  if (tcb.irs_known && tcb.rcv.wnd() > buffer + step) {
    return "RCV.WND is wider than the receive buffer";
  }
  if (rules.receive_room() > buffer) return "more room than the receive buffer";
  if (rules.readable() > buffer + kSlack) return "more text is held than the receive buffer";
  return "";
}

}  // namespace

std::string_view broken_invariant(const Reference& tcp, Time now) {
  const Rules& rules = tcp.rules();
  const bool is_closed = tcp.state() == State::kClosed;
  if (rules.tcb().iss_known && !is_closed) {
    if (const auto what = broken_sending(rules); !what.empty()) return what;
  }
  if (const auto what = broken_windows(rules); !what.empty()) return what;
  if (rules.obligations().all().size() > Obligations::kCapacity) return "too many obligations";
  if (rules.obligations().find(Due::kReset) != nullptr) return "a RST that is owed was not sent";
  if (tcp.next_deadline() < now) return "a timer in the past";
  if (is_closed && tcp.next_deadline() != kNever) return "a timer in CLOSED";
  if (is_closed && !rules.obligations().empty()) return "something is owed in CLOSED";
  if ((tcp.state() == State::kTimeWait) != (rules.time_wait_earliest() != kNever)) {
    return "the end of TIME-WAIT is set in another state, or not in it";
  }
  return "";
}

}  // namespace synfin
