#include "tests/judge/random_play.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <initializer_list>
#include <utility>

namespace synfin::testing {
namespace {

using script::Base;
using script::CallName;
using script::CallSpec;
using script::FlatProgram;
using script::Number;
using script::SegmentSpec;
using script::Step;
using script::StepKind;
using std::chrono::milliseconds;

// The descriptors of a program: the listener or nothing, and the connection.
constexpr int32_t kListener = 3;
constexpr int32_t kConnection = 4;

class Maker {
 public:
  Maker(std::mt19937& random, FlatProgram& program) : random_(random), program_(program) {}

  void passive_open();
  void active_open();
  void random_step();

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  bool one_in(unsigned n) { return below(n) == 0; }
  template <typename T>
  T pick(std::initializer_list<T> values) {
    return *(values.begin() + below(static_cast<unsigned>(values.size())));
  }

  Step& add(StepKind kind, Duration after = Duration{0});
  CallSpec& call(CallName name, int32_t fd);
  SegmentSpec& inject(unsigned flags, Number seq, Number ack);
  Number random_seq();
  Number random_ack();
  void random_segment();
  void random_call();

  std::mt19937& random_;
  FlatProgram& program_;
  bool timestamps_ = false;
  uint32_t clock_ = 1000;  // the peer's TSval
};

Step& Maker::add(StepKind kind, Duration after) {
  Step step;
  step.kind = kind;
  step.when.start = after;
  step.line = static_cast<uint32_t>(program_.steps.size()) + 1;
  return program_.steps.emplace_back(step);
}

CallSpec& Maker::call(CallName name, int32_t fd) {
  add(StepKind::kCall).index = static_cast<uint32_t>(program_.calls.size());
  CallSpec& spec = program_.calls.emplace_back();
  spec.name = name;
  spec.fd = fd;
  return spec;
}

SegmentSpec& Maker::inject(unsigned flags, Number seq, Number ack) {
  add(StepKind::kInject).index = static_cast<uint32_t>(program_.segments.size());
  SegmentSpec& spec = program_.segments.emplace_back();
  spec.flags = Flags(flags);
  spec.seq = seq;
  spec.window = Number{.offset = pick({0, 1, 100, 1000, 5000, 65535})};
  if ((flags & kAck) != 0) spec.ack = ack;
  const bool with_timestamps = timestamps_ ? !one_in(20) : one_in(20);
  if (with_timestamps) {
    script::OptionSpec option;
    option.kind = script::OptionSpec::Kind::kTimestamps;
    clock_ += below(3);
    option.value = one_in(15) ? clock_ - 500 : clock_;
    option.echo_last = (flags & kAck) != 0;
    spec.options.push_back(option);
  }
  return spec;
}

void Maker::passive_open() {
  call(CallName::kSocket, -1).new_fd = kListener;
  program_.calls.back().domain = AF_INET;
  program_.calls.back().type = SOCK_STREAM;
  call(CallName::kFcntl, kListener).flags = F_SETFL;
  program_.calls.back().argument = O_NONBLOCK;
  call(CallName::kBind, kListener);
  call(CallName::kListen, kListener).argument = pick({0, 1, 5});
  timestamps_ = one_in(2);
  SegmentSpec& syn = inject(one_in(20) ? kSyn | kFin : kSyn, {}, {});
  syn.options.clear();
  script::OptionSpec option;
  option.kind = script::OptionSpec::Kind::kMss;
  option.value = pick({536U, 1460U, 9000U, 1U, 100U});
  if (!one_in(5)) syn.options.push_back(option);
  if (timestamps_) {
    option.kind = script::OptionSpec::Kind::kTimestamps;
    option.value = clock_;
    syn.options.push_back(option);
  }
  if (one_in(2)) {
    option.kind = script::OptionSpec::Kind::kSackPermitted;
    syn.options.push_back(option);
  }
  if (one_in(2)) {
    option.kind = script::OptionSpec::Kind::kWindowScale;
    option.value = below(16);
    syn.options.push_back(option);
  }
  if (one_in(10)) syn.length = below(100);
  if (!one_in(10)) inject(kAck, {.base = Base::kRcvNxt}, {.base = Base::kSndNxt});
  CallSpec& accept = call(CallName::kAccept, kListener);
  accept.new_fd = kConnection;
  accept.flags = SOCK_NONBLOCK;
}

void Maker::active_open() {
  call(CallName::kSocket, -1).new_fd = kConnection;
  program_.calls.back().domain = AF_INET;
  program_.calls.back().type = SOCK_STREAM;
  call(CallName::kFcntl, kConnection).flags = F_SETFL;
  program_.calls.back().argument = O_NONBLOCK;
  call(CallName::kConnect, kConnection);
  if (one_in(10)) return;
  timestamps_ = one_in(2);
  const bool simultaneous = one_in(4);
  SegmentSpec& answer =
      inject(simultaneous ? kSyn : kSyn | kAck, {}, {.base = Base::kIss, .offset = 1});
  answer.options.clear();
  if (timestamps_) {
    script::OptionSpec option;
    option.kind = script::OptionSpec::Kind::kTimestamps;
    option.value = clock_;
    answer.options.push_back(option);
  }
  if (simultaneous) {
    inject(one_in(2) ? kAck : kSyn | kAck, {.base = one_in(2) ? Base::kRcvNxt : Base::kIrs},
           {.base = Base::kIss, .offset = 1});
  }
}

Number Maker::random_seq() {
  Number seq{.base = Base::kRcvNxt};
  if (one_in(3)) {
    if (one_in(3)) seq.terms[0] = {Base::kRcvWnd};
    seq.offset = pick({-1500, -100, -2, -1, 0, 1, 2, 100, 1460, 3000});
    if (one_in(8)) seq.offset += int64_t{1} << 31;
  }
  return seq;
}

Number Maker::random_ack() {
  Number ack{.base = pick({Base::kSndNxt, Base::kSndNxt, Base::kSndNxt, Base::kSndUna})};
  if (one_in(5)) ack.offset = pick({-70000, -1000, -1, 1, 2, 1000});
  return ack;
}

void Maker::random_segment() {
  unsigned flags = kAck;
  if (one_in(6)) {
    flags = below(64);
  } else if (one_in(6)) {
    flags |= kFin;
  } else if (one_in(20)) {
    flags |= kRst;
  }
  // In this order, whatever a compiler makes of arguments: a seed means one program.
  const Number seq = random_seq();
  const Number ack = random_ack();
  SegmentSpec& spec = inject(flags, seq, ack);
  if (one_in(2)) spec.length = pick({1U, 2U, 100U, 500U, 1400U});
  if ((flags & kUrg) != 0) spec.urgent = static_cast<uint16_t>(below(50));
  if (one_in(60)) spec.malformation.checksum = wire::Malformation::Checksum::kBad;
}

void Maker::random_call() {
  switch (below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      call(CallName::kWrite, kConnection).length = pick({1U, 10U, 100U, 2000U, 20000U, 100000U});
      break;
    case 4:
    case 5:
    case 6:
      call(CallName::kRead, kConnection).length = pick({1U, 100U, 1000U, 100000U});
      break;
    case 7:
      call(CallName::kShutdown, kConnection).flags = SHUT_WR;
      break;
    case 8:
      call(CallName::kSend, kConnection).length = 5;
      program_.calls.back().flags = one_in(2) ? MSG_OOB : 0;
      break;
    default:
      if (one_in(3)) {
        const std::array<int, 2> linger = {1, 0};
        CallSpec& spec = call(CallName::kSetsockopt, kConnection);
        spec.level = SOL_SOCKET;
        spec.option = SO_LINGER;
        spec.data.resize(sizeof linger);
        std::memcpy(spec.data.data(), linger.data(), sizeof linger);
      }
      call(CallName::kClose, one_in(4) ? kListener : kConnection);
      break;
  }
}

void Maker::random_step() {
  const unsigned roll = below(10);
  if (roll < 6) {
    random_segment();
  } else if (roll < 9) {
    random_call();
  } else {
    add(StepKind::kWait, pick<Duration>({milliseconds(1), milliseconds(60), milliseconds(250),
                                         milliseconds(1100), std::chrono::seconds(10),
                                         std::chrono::seconds(100), std::chrono::seconds(700)}));
  }
  // Things rarely come at the very same moment.
  if (!one_in(4)) program_.steps.back().when.start += milliseconds(below(20));
}

}  // namespace

FlatProgram random_program(std::mt19937& random, unsigned steps) {
  FlatProgram program;
  program.name = "random";
  program.connections = {""};
  Maker maker(random, program);
  if (random() % 3 == 0) {
    maker.active_open();
  } else {
    maker.passive_open();
  }
  for (unsigned i = 0; i < steps; ++i) maker.random_step();
  return program;
}

Profile random_profile(std::mt19937& random) {
  const auto pick = [&](auto... values) {
    const std::array<std::common_type_t<decltype(values)...>, sizeof...(values)> all = {values...};
    return all[random() % all.size()];
  };
  Profile profile;
  profile.mss = pick(1460, 536, 1220, 9000);
  profile.receive_buffer = pick(1000U, 5000U, 65535U, 200000U);
  profile.send_buffer = pick(2000U, 65536U, 262144U);
  if (random() % 3 == 0) profile.window_scale.reset();
  profile.timestamps = random() % 3 != 0;
  profile.sack = random() % 3 != 0;
  profile.rfc5961 = random() % 3 != 0;
  profile.rfc5961_ack_check = random() % 3 != 0;
  profile.text_overrules_waiting_fin = random() % 3 == 0;
  profile.refused_acks_update_timestamps = random() % 3 != 0;
  profile.refuses_acks_before_first_octet = random() % 3 == 0;
  profile.forgets_window_of_syn = random() % 3 == 0;
  profile.rfc6191 = random() % 2 != 0;
  profile.time_wait_accepts_syn = random() % 2 != 0;
  profile.rfc1337 = random() % 4 == 0;
  profile.syn_received_returns_to_listen = random() % 3 == 0;
  profile.drop_without_timestamps = random() % 3 == 0;
  profile.msl = std::chrono::seconds(pick(30, 60, 120));
  profile.delayed_ack = milliseconds(pick(0, 40, 200, 400));
  profile.rto_min = milliseconds(pick(200, 1000));
  profile.rto_max = std::chrono::seconds(pick(60, 120));
  profile.retries = pick(3U, 15U);
  profile.syn_retries = pick(3U, 8U);
  profile.syn_ack_retries = pick(2U, 5U);
  profile.nagle = random() % 2 != 0;
  profile.initial_window = pick(0U, 1U, 10U);
  profile.fin_wait_2_timeout = std::chrono::seconds(pick(0, 60));
  profile.accept_overflow_resets = random() % 3 == 0;
  return profile;
}

}  // namespace synfin::testing
