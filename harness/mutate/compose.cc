#include "harness/mutate/compose.h"

#include <initializer_list>
#include <string>

#include "engine/segment.h"

namespace synfin::mutate {
namespace {

using proto::Number;
using proto::TcpOption;

constexpr int64_t kSecond = 1000 * kMillisecond;

Number number(Number::Base base, int64_t offset = 0) {
  Number made;
  made.set_base(base);
  made.set_offset(offset);
  return made;
}

// An argument of a call: a number, a name of a constant, or `...` for an empty one.
struct Argument {
  Argument(int64_t value) : integer(value), is_integer(true) {}  // NOLINT: arguments read as such
  Argument(const char* name) : symbol(name) {}                   // NOLINT
  int64_t integer = 0;
  std::string symbol;
  bool is_integer = false;
};

void set(const Argument& argument, proto::Value* value) {
  if (argument.is_integer) {
    value->set_integer(argument.integer);
  } else if (argument.symbol == "...") {
    value->set_ellipsis(true);
  } else {
    value->set_symbol(argument.symbol);
  }
}

proto::Step call(const char* name, std::initializer_list<Argument> arguments) {
  proto::Step step;
  proto::Call& made = *step.mutable_call();
  made.set_name(name);
  for (const Argument& argument : arguments) set(argument, made.add_arguments());
  return step;
}

// What it returns is the number by which the program knows the new descriptor.
proto::Step call(const char* name, std::initializer_list<Argument> arguments, int result) {
  proto::Step step = call(name, arguments);
  step.mutable_call()->mutable_result()->set_integer(result);
  return step;
}

proto::Step linger_zero() {
  proto::Step step = call("setsockopt", {kConnection, "SOL_SOCKET", "SO_LINGER"});
  auto& value = *step.mutable_call()->add_arguments()->mutable_struct_();
  for (const int field : {1, 0}) value.add_fields()->mutable_value()->set_integer(field);
  set(8, step.mutable_call()->add_arguments());
  return step;
}

proto::Step no_delay() {
  proto::Step step = call("setsockopt", {kConnection, "IPPROTO_TCP", "TCP_NODELAY"});
  auto& value = *step.mutable_call()->add_arguments()->mutable_array();
  set(1, value.add_values());
  set(4, step.mutable_call()->add_arguments());
  return step;
}

proto::Step inject(uint32_t flags, const Number& seq, const Number& ack) {
  proto::Step step;
  proto::Segment& segment = *step.mutable_packet()->mutable_segment();
  segment.set_flags(flags);
  *segment.mutable_seq() = seq;
  if ((flags & kAck) != 0) *segment.mutable_ack() = ack;
  return step;
}

void announce(Chance& chance, proto::Segment* syn) {
  if (!chance.one_in(4)) {
    syn->add_options()->mutable_mss()->set_value(
        chance.pick({536U, 1460U, 1460U, 9000U, 1U, 100U}));
  }
  if (chance.one_in(3)) {
    syn->add_options()->mutable_timestamps()->mutable_value()->set_offset(1000);
  }
  if (chance.one_in(2)) syn->add_options()->set_sack_permitted(true);
  if (chance.one_in(2)) syn->add_options()->mutable_window_scale()->set_shift(chance.below(16));
  *syn->mutable_window() = make_window(chance);
}

void open_passively(Chance& chance, proto::Program* program) {
  *program->add_steps() =
      call("socket", {"AF_INET", "SOCK_STREAM|SOCK_NONBLOCK", "IPPROTO_TCP"}, kListener);
  *program->add_steps() = call("bind", {kListener, "...", "..."});
  *program->add_steps() = call("listen", {kListener, chance.pick<int64_t>({0, 1, 5})});
  *program->add_steps() = inject(kSyn, {}, {});
  announce(chance, program->mutable_steps(3)->mutable_packet()->mutable_segment());
  if (chance.one_in(8)) return;
  *program->add_steps() = inject(kAck, number(Number::RCV_NXT), number(Number::SND_NXT));
  *program->add_steps() = call("accept", {kListener, "...", "..."}, kConnection);
  *program->add_steps() = call("fcntl", {kConnection, "F_SETFL", "O_RDWR|O_NONBLOCK"});
}

void open_actively(Chance& chance, proto::Program* program) {
  *program->add_steps() =
      call("socket", {"AF_INET", "SOCK_STREAM|SOCK_NONBLOCK", "IPPROTO_TCP"}, kConnection);
  *program->add_steps() = call("connect", {kConnection, "...", "..."});
  if (chance.one_in(8)) return;
  const bool simultaneous = chance.one_in(4);
  const int64_t acked = chance.one_in(6) ? chance.pick<int64_t>({0, 2}) : 1;
  *program->add_steps() = inject(simultaneous ? kSyn : kSyn | kAck, {}, number(Number::ISS, acked));
  announce(chance, program->mutable_steps(2)->mutable_packet()->mutable_segment());
  if (simultaneous) {
    *program->add_steps() = inject(kAck, number(Number::RCV_NXT), number(Number::ISS, 1));
  }
}

}  // namespace

// --- parts of a segment ---

uint32_t make_flags(Chance& chance) {
  const uint32_t roll = chance.below(16);
  if (roll < 9) return kAck;
  if (roll < 11) return kAck | kPsh;
  if (roll < 13) return kAck | kFin;
  if (roll == 13) return chance.pick<uint32_t>({kRst, kRst | kAck, kSyn, kSyn | kAck});
  return chance.below(roll == 14 ? 64 : 256);
}

Number make_seq(Chance& chance) {
  Number seq = number(Number::RCV_NXT);
  if (!chance.one_in(3)) return seq;
  if (chance.one_in(8)) seq.set_base(Number::IRS);
  if (chance.one_in(3)) seq.add_plus(Number::RCV_WND);
  seq.set_offset(chance.pick<int64_t>({-1500, -100, -2, -1, 0, 1, 2, 100, 1460, 3000}));
  if (chance.one_in(8)) seq.set_offset(seq.offset() + (int64_t{1} << 31U));
  return seq;
}

Number make_ack(Chance& chance) {
  Number ack = number(chance.one_in(4) ? Number::SND_UNA : Number::SND_NXT);
  if (!chance.one_in(5)) return ack;
  if (chance.one_in(8)) ack.set_base(Number::ISS);
  if (chance.one_in(4)) ack.add_minus(Number::SND_MAX_WND);
  ack.set_offset(chance.pick<int64_t>({-70000, -1000, -1, 0, 1, 2, 1000}));
  if (chance.one_in(8)) ack.set_offset(ack.offset() + (int64_t{1} << 31U));
  return ack;
}

Number make_window(Chance& chance) {
  return number(Number::LITERAL, chance.pick<int64_t>({0, 1, 100, 1000, 5000, 65535, 65535}));
}

uint32_t make_length(Chance& chance) {
  return chance.pick({0U, 1U, 2U, 10U, 100U, 500U, 536U, 1000U, kMostText});
}

TcpOption make_option(Chance& chance) {
  TcpOption option;
  switch (chance.below(8)) {
    case 0:
      option.mutable_mss()->set_value(chance.pick({0U, 1U, 88U, 536U, 1460U, 65535U}));
      break;
    case 1:
      option.mutable_window_scale()->set_shift(chance.pick({0U, 1U, 7U, 14U, 15U, 255U}));
      break;
    case 2:
      option.set_sack_permitted(true);
      break;
    case 3: {
      auto& block = *option.mutable_sack()->add_blocks();
      *block.mutable_left() = make_ack(chance);
      *block.mutable_right() = make_ack(chance);
      break;
    }
    case 4:
    case 5: {
      auto& stamps = *option.mutable_timestamps();
      stamps.mutable_value()->set_offset(chance.pick<int64_t>({0, 999, 1000, 1001, 0x80000000}));
      stamps.set_echo_last(!chance.one_in(8));
      break;
    }
    case 6:
      (chance.one_in(2) ? option.set_nop(true) : option.set_eol(true));
      break;
    default: {
      auto& raw = *option.mutable_raw();
      raw.set_kind(chance.pick({2U, 3U, 5U, 8U, 19U, 34U, 253U}));
      raw.set_length(chance.pick({0U, 1U, 2U, 3U, 10U, 40U, 255U}));
      raw.set_data(std::string(chance.below(4), '\x01'));
      break;
    }
  }
  return option;
}

std::size_t octets_of(const TcpOption& option) {
  switch (option.what_case()) {
    case TcpOption::kMss:
      return 4;
    case TcpOption::kWindowScale:
      return 3;
    case TcpOption::kSackPermitted:
      return 2;
    case TcpOption::kSack:
      return 2 + 8 * static_cast<std::size_t>(option.sack().blocks_size());
    case TcpOption::kTimestamps:
      return 10;
    case TcpOption::kRaw:
      return (option.raw().has_length() ? 2 : 1) + option.raw().data().size();
    default:
      return 1;
  }
}

// --- steps ---

proto::Step make_segment_step(Chance& chance) {
  const uint32_t flags = make_flags(chance);
  // In this order, whatever a compiler makes of arguments: a seed means one program.
  const Number seq = make_seq(chance);
  const Number ack = make_ack(chance);
  proto::Step step = inject(flags, seq, ack);
  proto::Segment& segment = *step.mutable_packet()->mutable_segment();
  *segment.mutable_window() = make_window(chance);
  if (chance.one_in(2)) segment.set_length(make_length(chance));
  if ((flags & kUrg) != 0) segment.set_urgent(chance.below(50));
  if (chance.one_in(8)) *segment.add_options() = make_option(chance);
  return step;
}

proto::Step make_call_step(Chance& chance) {
  switch (chance.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return call("write",
                  {kConnection, "...", chance.pick<int64_t>({1, 10, 100, 1000, 2000, 20000})});
    case 5:
    case 6:
    case 7:
    case 8:
      return call("read", {kConnection, "...", chance.pick<int64_t>({1, 100, 1000, 100000})});
    case 9:
      return call("accept", {kListener, "...", "..."}, kConnection);
    case 10:
    case 11:
      return call("shutdown", {kConnection, "SHUT_WR"});
    case 12:
      return linger_zero();
    case 13:
      return no_delay();
    default:
      return call("close", {chance.one_in(6) ? kListener : kConnection});
  }
}

proto::Step make_wait_step(Chance& chance) {
  proto::Step step;
  step.set_nothing(true);
  const bool is_long = chance.one_in(8);
  step.mutable_time()->set_start_ns(
      is_long ? chance.pick({10 * kSecond, 70 * kSecond, kLongestWait})
              : chance.pick({kMillisecond, 60 * kMillisecond, 250 * kMillisecond,
                             1100 * kMillisecond, 3100 * kMillisecond}));
  return step;
}

proto::Step make_step(Chance& chance) {
  const uint32_t roll = chance.below(16);
  if (roll < 11) return make_segment_step(chance);
  return roll < 15 ? make_call_step(chance) : make_wait_step(chance);
}

proto::Program make_program(Chance& chance, unsigned steps) {
  proto::Program program;
  program.set_name("fuzz");
  if (chance.one_in(3)) {
    open_actively(chance, &program);
  } else {
    open_passively(chance, &program);
  }
  for (unsigned i = 0; i < steps; ++i) *program.add_steps() = make_step(chance);
  return program;
}

}  // namespace synfin::mutate
