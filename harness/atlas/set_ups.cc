#include "harness/atlas/set_ups.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/atlas/cells.h"
#include "harness/script/compile.h"
#include "harness/script/parser.h"

namespace synfin::atlas {
namespace {

// The receive buffer is so small that a packet holds more than the window. All numbers are plain,
// so that nobody has to follow a set-up to play it. Owed ACKs are waited for: none is left over
// that would pass for an answer. An ACK is delayed by less than 0.5 s (MUST-40).
constexpr std::string_view kListen = R"(
+0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_RCVBUF, [2048], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 8) = 0
)";

constexpr std::string_view kConnect = R"(
+0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 4
+0 setsockopt(4, SOL_SOCKET, SO_RCVBUF, [2048], 4) = 0
+0 connect(4, ..., ...) = -1 EINPROGRESS
+0 > S 0:0(0) <...>
)";

constexpr std::string_view kSynComes = R"(
+0 < S 0:0(0) win 10000 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
)";

constexpr std::string_view kTenEachWay = R"(
+0 < . 1:1(0) ack 1 win 10000
+0 accept(3, ..., ...) = 4
+0 < P. 1:11(10) ack 1 win 10000
+0 read(4, ..., 1000) = 10
+0 write(4, ..., 10) = 10
+0~+.5 > P. 1:11(10) ack 11
+0 < . 11:11(0) ack 11 win 10000
)";

constexpr std::string_view kShutdown = R"(
+0 shutdown(4, SHUT_WR) = 0
+0~+.5 > F. 11:11(0) ack 11
)";

constexpr std::string_view kClose = R"(
+0 close(4) = 0
+0~+.5 > F. 11:11(0) ack 11
)";

constexpr std::string_view kFinAcknowledged = R"(
+0 < . 11:11(0) ack 12 win 10000
)";

constexpr std::string_view kFinComes = R"(
+0 < F. 11:11(0) ack 11 win 10000
+0~+.5 > . 11:11(0) ack 12
)";

constexpr std::string_view kFinCrosses = R"(
+0 < F. 11:11(0) ack 11 win 10000
+0~+.5 > . 12:12(0) ack 12
)";

constexpr std::string_view kFinAfterFin = R"(
+0 < F. 11:11(0) ack 12 win 10000
+0~+.5 > . 12:12(0) ack 12
)";

constexpr std::string_view kLastShutdown = R"(
+0 shutdown(4, SHUT_WR) = 0
+0~+.5 > F. 11:11(0) ack 12
)";

constexpr std::string_view kNoWindow = R"(
+0 < . 11:11(0) ack 11 win 0
)";

constexpr std::string_view kUnacknowledged = R"(
+0 write(4, ..., 10) = 10
+0~+.5 > P. 11:21(10) ack 11
)";

constexpr std::string_view kHole = R"(
+0 < P. 12:22(10) ack 11 win 10000
+0~+.5 > . 11:11(0) ack 11
)";

struct Recipe {
  SetUpInfo info;
  std::array<std::string_view, 6> parts;
};

constexpr std::array kSetUps = {
    Recipe{{"CLOSED", "no connection, no listener", State::kClosed}, {}},
    Recipe{{"LISTEN", "a listener", State::kListen, true, true}, {kListen}},
    Recipe{{"SYN-SENT", "after connect()", State::kSynSent, false, true}, {kConnect}},
    Recipe{{"SYN-RECEIVED", "by passive open", State::kSynReceived, true, true},
           {kListen, kSynComes}},
    Recipe{{"SYN-RECEIVED/active", "by simultaneous open", State::kSynReceived, false, true},
           {kConnect, kSynComes}},
    Recipe{{"ESTABLISHED", "after ten octets each way", State::kEstablished, false, true},
           {kListen, kSynComes, kTenEachWay}},
    Recipe{{"ESTABLISHED/rcv-wnd-0", "the receive window is full", State::kEstablished, false, true,
            true},
           {kListen, kSynComes, kTenEachWay}},
    Recipe{
        {"ESTABLISHED/snd-wnd-0", "the peer's window is closed", State::kEstablished, false, true},
        {kListen, kSynComes, kTenEachWay, kNoWindow}},
    Recipe{{"ESTABLISHED/unacknowledged", "ten octets are in flight", State::kEstablished, false,
            true},
           {kListen, kSynComes, kTenEachWay, kUnacknowledged}},
    Recipe{{"ESTABLISHED/hole", "an octet is missing before ten that came", State::kEstablished,
            false, true},
           {kListen, kSynComes, kTenEachWay, kHole}},
    Recipe{{"ESTABLISHED/options", "with timestamps and SACK", State::kEstablished, false, true,
            false, true},
           {kListen, kSynComes, kTenEachWay}},
    Recipe{{"ESTABLISHED/options-hole", "with timestamps and SACK, and a hole", State::kEstablished,
            false, true, false, true},
           {kListen, kSynComes, kTenEachWay, kHole}},
    Recipe{{"FIN-WAIT-1", "by shutdown(SHUT_WR)", State::kFinWait1, false, true},
           {kListen, kSynComes, kTenEachWay, kShutdown}},
    Recipe{{"FIN-WAIT-1/close", "by close()", State::kFinWait1},
           {kListen, kSynComes, kTenEachWay, kClose}},
    Recipe{{"FIN-WAIT-2", "by shutdown(SHUT_WR)", State::kFinWait2, false, true},
           {kListen, kSynComes, kTenEachWay, kShutdown, kFinAcknowledged}},
    Recipe{{"FIN-WAIT-2/close", "by close()", State::kFinWait2},
           {kListen, kSynComes, kTenEachWay, kClose, kFinAcknowledged}},
    Recipe{{"CLOSE-WAIT", "the peer's FIN came", State::kCloseWait, false, true},
           {kListen, kSynComes, kTenEachWay, kFinComes}},
    Recipe{{"CLOSING", "FINs crossed", State::kClosing, false, true},
           {kListen, kSynComes, kTenEachWay, kShutdown, kFinCrosses}},
    Recipe{{"LAST-ACK", "by shutdown(SHUT_WR) after the peer's FIN", State::kLastAck, false, true},
           {kListen, kSynComes, kTenEachWay, kFinComes, kLastShutdown}},
    Recipe{
        {"TIME-WAIT", "by shutdown(SHUT_WR) before the peer's FIN", State::kTimeWait, false, true},
        {kListen, kSynComes, kTenEachWay, kShutdown, kFinAcknowledged, kFinAfterFin}},
    Recipe{{"TIME-WAIT/options", "with timestamps and SACK", State::kTimeWait, false, true, false,
            true},
           {kListen, kSynComes, kTenEachWay, kShutdown, kFinAcknowledged, kFinAfterFin}},
};

constexpr auto kInfos = [] {
  std::array<SetUpInfo, kSetUps.size()> infos;
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i] = kSetUps[i].info;
  return infos;
}();

// Text from number 11 on that takes the whole window, in as few packets as hold it.
std::string filling_text(uint32_t window) {
  std::string text;
  const uint32_t end = 11 + window;
  for (uint32_t at = 11; at < end;) {
    const uint32_t size = std::min(end - at, kMostText);
    text += fmt::format("+0 < P. {}:{}({}) ack 11 win {}\n", at, at + size, size, kPeerWindow);
    at += size;
  }
  return text + fmt::format("+0~+.5 > . 11:11(0) ack {} win 0\n", end);
}

// The same with options in each segment that comes. A stack that does not agree to them does not
// look at them either.
std::string with_options(std::string_view text) {
  constexpr std::string_view kMss = " <mss 1460>";
  std::string out;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    const bool comes = line.starts_with("+0 < ");
    const bool syn = comes && line.ends_with(kMss);
    if (syn) line.remove_suffix(kMss.size());
    out += line;
    if (comes) {
      out += fmt::format(" <{}TS val {} ecr 0>", syn ? "mss 1460,sackOK," : "", kSetUpTsval);
    }
    out += '\n';
  }
  return out;
}

bool lacks(const stack::Traits& traits, const script::CallSpec& call) {
  return traits.has_option != nullptr && call.name == script::CallName::kSetsockopt &&
         !traits.has_option(call.level, call.option);
}

}  // namespace

std::span<const SetUpInfo> set_ups() { return kInfos; }

const SetUpInfo* find_set_up(std::string_view id) {
  const auto found = std::find_if(kInfos.begin(), kInfos.end(),
                                  [&](const SetUpInfo& info) { return info.id == id; });
  return found == kInfos.end() ? nullptr : &*found;
}

std::string set_up_text(const SetUpInfo& info, uint32_t window) {
  const auto found = std::find_if(kSetUps.begin(), kSetUps.end(),
                                  [&](const Recipe& entry) { return entry.info.id == info.id; });
  std::string text;
  for (const std::string_view part : found->parts) {
    if (!part.empty()) text += part.substr(1);
  }
  if (info.fills) text += filling_text(window);
  if (info.agrees) text = with_options(text);
  if (text.empty()) text = "+0 wait\n";
  text.insert(text.size() - 1, fmt::format("  //@ state {}", to_string(info.state)));
  return text;
}

Result<proto::Program> set_up_program(const SetUpInfo& info, uint32_t window,
                                      const stack::Traits& traits) {
  const std::string file = fmt::format("atlas/{}.pkt", info.id);
  auto program = script::parse(set_up_text(info, window), file);
  if (!program) return fail(script::to_string(file, program.error()));
  const auto flat = script::compile(*program);
  if (!flat) return tl::make_unexpected(flat.error());
  auto& steps = *program->mutable_steps();
  for (int i = steps.size(); i-- > 0;) {
    const script::Step& step = flat->steps[static_cast<std::size_t>(i)];
    if (step.kind == script::StepKind::kCall && lacks(traits, flat->calls[step.index])) {
      steps.erase(steps.begin() + i);
    }
  }
  return *program;
}

}  // namespace synfin::atlas
