#include "harness/cli/probe_programs.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "harness/script/compile.h"
#include "harness/script/parser.h"

namespace synfin::cli {
namespace {

struct Recipe {
  ProbeKind kind;
  std::string_view name;
  std::string text;
};

constexpr std::string_view kListen =
    "0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3\n"
    "+0 bind(3, ..., ...) = 0\n"
    "+0 listen(3, 1) = 0\n";

std::string listen_and(std::string_view rest) { return std::string(kListen).append(rest); }

// A connection that is open, with `window` for the stack, and accepted as descriptor 4.
std::string open_and(std::string_view options, unsigned window, std::string_view rest) {
  return fmt::format(
      "{}+0 < S 0:0(0) win {}{}\n"
      "+0~+2 > S. 0:0(0) ack 1 <...>\n"
      "+.01 < . 1:1(0) ack 1 win {}\n"
      "+0 accept(3, ..., ...) = 4\n"
      "+.01 wait\n{}",
      kListen, window == 0 ? 65535 : window, options, window, rest);
}

std::string times(unsigned count, std::string_view line) {
  std::string text;
  for (unsigned i = 0; i < count; ++i) text.append(line);
  return text;
}

constexpr std::string_view kMss = " <mss 1460>";

// Some stacks acknowledge at once until the user has answered a few times. Then a little text,
// whose ACK has nothing to go with, and two full segments.
std::string delayed_ack() {
  constexpr unsigned kRounds = 4;
  constexpr unsigned kLittle = 10;
  std::string rest;
  unsigned own = 1;  // the peer's next sequence number, and how much the stack has sent
  unsigned sent = 1;
  for (unsigned i = 0; i < kRounds; ++i) {
    rest +=
        fmt::format("+.005 < P. {}:{}({}) ack {} win 65535\n", own, own + kLittle, kLittle, sent);
    own += kLittle;
    sent += kLittle;
    rest += fmt::format("+.005 write(4, ..., {}) = {}\n", kLittle, kLittle);
    rest += fmt::format("+.005 < . {}:{}(0) ack {} win 65535\n", own, own, sent);
  }
  for (const unsigned size : {kProbeLittle, kProbeFull, kProbeFull}) {
    rest += fmt::format("+0 < P. {}:{}({}) ack {} win 65535\n", own, own + size, size, sent);
    own += size;
    if (size == kProbeLittle) rest += "+1 wait\n";
  }
  return open_and(kMss, 65535, rest + "+1 wait\n");
}

std::vector<Recipe> quick_recipes(unsigned patience) {
  const std::string wait = fmt::format("+{} wait\n", patience);
  return {
      {ProbeKind::kOffer, "offer",
       listen_and("+0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>\n"
                  "+.2 wait\n")},
      {ProbeKind::kPlain, "plain",
       open_and("", 65535, "+0 write(4, ..., 40000) = 40000\n+.1 wait\n")},
      {ProbeKind::kBurst, "burst",
       open_and(kMss, 65535, "+0 write(4, ..., 40000) = 40000\n+.1 wait\n")},
      {ProbeKind::kSynAck, "syn-ack", listen_and("+0 < S 0:0(0) win 65535 <mss 1460>\n" + wait)},
      {ProbeKind::kSyn, "syn",
       "0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3\n"
       "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
       "+0 connect(3, ..., ...) = -1 EINPROGRESS\n" +
           wait},
      {ProbeKind::kText, "text", open_and(kMss, 65535, "+0 write(4, ..., 1000) = 1000\n" + wait)},
      {ProbeKind::kZeroWindow, "zero-window",
       open_and(kMss, 0,
                fmt::format("+0 write(4, ..., 100) = 100\n+{} wait\n", std::min(patience, 200U)))},
      {ProbeKind::kFirstAck, "first-ack",
       open_and(kMss, 65535, "+.05 < P. 1:11(10) ack 1 win 65535\n+1 wait\n")},
      {ProbeKind::kDelayedAck, "delayed-ack", delayed_ack()},
      {ProbeKind::kInWindowReset, "in-window-reset",
       open_and(kMss, 65535, times(kProbeBurst, "+.001 < R 101:101(0) win 0\n") + "+.5 wait\n")},
      {ProbeKind::kSynInWindow, "syn-in-window",
       open_and(kMss, 65535,
                times(kProbeBurst, "+.001 < S 101:101(0) win 65535\n") + "+.5 wait\n")},
      {ProbeKind::kOutOfWindow, "out-of-window",
       open_and(
           kMss, 65535,
           times(kProbeBurst, "+.001 < . 1000000:1000010(10) ack 1 win 65535\n") + "+.5 wait\n")},
  };
}

// The state is read after every step, so many short waits tell when it changes.
std::vector<Recipe> long_recipes() {
  constexpr unsigned kHalfSeconds = 2 * 250;
  const std::string waits = times(kHalfSeconds, "+.5 wait\n");
  return {
      {ProbeKind::kFinWait2, "fin-wait-2",
       open_and(kMss, 65535, "+0 close(4) = 0\n+.02 < . 1:1(0) ack 2 win 65535\n" + waits)},
      {ProbeKind::kTimeWait, "time-wait",
       open_and(kMss, 65535, "+0 close(4) = 0\n+.02 < F. 1:1(0) ack 2 win 65535\n" + waits)},
  };
}

}  // namespace

Result<std::vector<ProbeProgram>> probe_programs(bool whole) {
  constexpr unsigned kShort = 17;    // three to five retransmissions
  constexpr unsigned kWhole = 1100;  // R2 of text: 100 s at least, 15 minutes is usual
  std::vector<Recipe> recipes = quick_recipes(whole ? kWhole : kShort);
  if (whole) {
    for (Recipe& recipe : long_recipes()) recipes.push_back(std::move(recipe));
  }
  std::vector<ProbeProgram> programs;
  for (const Recipe& recipe : recipes) {
    const auto parsed = script::parse(recipe.text, recipe.name);
    if (!parsed) return fail(script::to_string(recipe.name, parsed.error()));
    auto flat = script::compile(*parsed);
    if (!flat) return tl::make_unexpected(flat.error());
    programs.push_back(
        {recipe.kind, recipe.name, std::make_shared<const script::FlatProgram>(std::move(*flat))});
  }
  return programs;
}

}  // namespace synfin::cli
