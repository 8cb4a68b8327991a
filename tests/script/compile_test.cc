#include "harness/script/compile.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>

#include "harness/script/parser.h"

namespace synfin::script {
namespace {

FlatProgram compiled(std::string_view text) {
  const auto program = parse(text, "specs/t.pkt");
  EXPECT_TRUE(program) << text << "\n" << to_string("", program.error());
  if (!program) return {};
  auto flat = compile(*program);
  EXPECT_TRUE(flat) << text << "\n" << flat.error().message;
  return flat ? *flat : FlatProgram();
}

CallSpec compiled_call(std::string_view text) {
  const FlatProgram flat = compiled("+0 " + std::string(text));
  return flat.calls.empty() ? CallSpec() : flat.calls[0];
}

std::string compile_error(std::string_view text) {
  const auto program = parse(text, "f");
  if (!program) return "parse " + to_string("", program.error());
  const auto flat = compile(*program);
  return flat ? "no error" : flat.error().message;
}

TEST(Compile, Program) {
  const FlatProgram flat = compiled(R"(//@ requires MUST-10 SM-ACK-3
//@ requires SHLD-3
//@ needs sack timestamps
//@ sysctl net.ipv4.tcp_sack=0
//@ role active
//@ profile small
//@ ip 6
//@ doc One sentence.
`init`
+1 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+.5 @b < S 0:0(0)      //@ state SYN-RECEIVED
+0~+2 @b > S. 0:0(0) ack 1 <...>
+0 < icmp unreachable frag_needed mtu 1200 [1:1001(1000)]
* > . 1:1(0)
+0...+.25 read(4, ..., 10) = 0
+0 `mid`
+0 %{ code }%
+1 wait
`fini`
)");
  EXPECT_EQ(flat.name, "t");
  EXPECT_EQ(flat.file, "specs/t.pkt");
  EXPECT_EQ(flat.requirements, (std::vector<std::string>{"MUST-10", "SM-ACK-3", "SHLD-3"}));
  ASSERT_EQ(flat.needs.size(), 3U) << "a role says what the case is about, and needs nothing";
  EXPECT_EQ(flat.needs[0], (std::pair<std::string, std::string>{"sack", ""}));
  EXPECT_EQ(flat.needs[1], (std::pair<std::string, std::string>{"timestamps", ""}));
  EXPECT_EQ(flat.needs[2], (std::pair<std::string, std::string>{"sysctl", "net.ipv4.tcp_sack=0"}));
  EXPECT_EQ(flat.profile, "small");
  EXPECT_FALSE(flat.ipv4);
  EXPECT_TRUE(flat.ipv6);
  EXPECT_EQ(flat.connections, (std::vector<std::string>{"", "b"}));
  using Kind = StepKind;
  std::vector<Kind> kinds;
  for (const Step& step : flat.steps) kinds.push_back(step.kind);
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::kShell, Kind::kCall, Kind::kInject, Kind::kExpect,
                                      Kind::kIcmp, Kind::kExpect, Kind::kCall, Kind::kShell,
                                      Kind::kCode, Kind::kWait, Kind::kShell}));
  EXPECT_EQ(flat.texts, (std::vector<std::string>{"init", "mid", "code", "fini"}));
  EXPECT_EQ(flat.steps[2].state, State::kSynReceived);
  EXPECT_EQ(flat.steps[2].connection, 1);
  EXPECT_EQ(flat.steps[2].line, 11U);
  EXPECT_EQ(flat.steps[3].when.kind, TimeKind::kRelativeRange);
  EXPECT_EQ(flat.steps[3].when.end, std::chrono::seconds(2));
  EXPECT_EQ(flat.steps[5].when.kind, TimeKind::kAny);
  EXPECT_EQ(flat.steps[6].when.returns, std::chrono::milliseconds(250));
  EXPECT_TRUE(flat.calls[1].blocking);
  EXPECT_FALSE(flat.calls[0].blocking);
  EXPECT_EQ(flat.icmps[0].v4->code, 4);
  EXPECT_FALSE(flat.icmps[0].v6);
  EXPECT_EQ(flat.shortest, std::chrono::milliseconds(2750));
}

TEST(Compile, OnlyNamedConnections) {
  EXPECT_EQ(compiled("+0 @a < S 0:0(0)\n+0 @b close(3)\n+0 `x`").connections,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(compiled("+0 `x`").connections, (std::vector<std::string>{""}));
}

TEST(Compile, ANumberIsASumOfNames) {
  const FlatProgram flat = compiled("+0 < . SND.UNA-SND.MAX.WND+RCV.WND-1(0)");
  const Number& seq = flat.segments.at(0).seq;
  EXPECT_EQ(seq.base, Base::kSndUna);
  EXPECT_EQ(seq.terms[0].base, Base::kRcvWnd);
  EXPECT_FALSE(seq.terms[0].minus);
  EXPECT_EQ(seq.terms[1].base, Base::kSndMaxWnd);
  EXPECT_TRUE(seq.terms[1].minus);
  EXPECT_EQ(seq.terms[2].base, Base::kLiteral);
  EXPECT_EQ(seq.offset, -1);
}

TEST(Compile, Segment) {
  const FlatProgram flat = compiled(
      "+0 < [ttl 9] SA. RCV.NXT+RCV.WND-1(4) ack =7 win SND.WND urg 3 "
      "<mss 5,wscale 7,sackOK,nop,TS val 3 ecr last,sack 1:SND.NXT,opt 253 len 9 0xab> \"abcd\" "
      "{sum=0x12 off=7 trunc=3 iplen=50}\n"
      "+0 > [ect01] . *(0) <TS val any ecr 5>");
  const SegmentSpec& spec = flat.segments.at(0);
  EXPECT_EQ(spec.flags, Flags(kSyn | kAck));
  EXPECT_EQ(spec.seq.base, Base::kRcvNxt);
  EXPECT_EQ(spec.seq.terms[0].base, Base::kRcvWnd);
  EXPECT_EQ(spec.seq.offset, -1);
  EXPECT_EQ(spec.ack->base, Base::kAbsolute);
  EXPECT_EQ(spec.window->base, Base::kSndWnd);
  EXPECT_EQ(spec.urgent, 3);
  EXPECT_EQ(spec.text, (std::vector<uint8_t>{'a', 'b', 'c', 'd'}));
  EXPECT_EQ(spec.ttl, 9);
  EXPECT_EQ(spec.malformation.checksum, wire::Malformation::Checksum::kValue);
  EXPECT_EQ(spec.malformation.checksum_value, 0x12);
  EXPECT_EQ(spec.malformation.data_offset, 7);
  EXPECT_EQ(spec.malformation.reserved, 1);
  EXPECT_EQ(spec.malformation.truncate, 3);
  EXPECT_EQ(spec.malformation.ip_length, 50);
  ASSERT_EQ(spec.options.size(), 7U);
  EXPECT_EQ(spec.options[0].value, 5U);
  EXPECT_TRUE(spec.options[4].echo_last);
  EXPECT_EQ(spec.options[5].sack.at(0).second.base, Base::kSndNxt);
  EXPECT_EQ(spec.options[6].raw_length, 9);
  EXPECT_EQ(spec.options[6].raw, (std::vector<uint8_t>{0xab}));
  const SegmentSpec& wanted = flat.segments.at(1);
  EXPECT_TRUE(wanted.any_seq);
  EXPECT_EQ(wanted.ecn, 5);
  EXPECT_FALSE(wanted.ack);
  EXPECT_TRUE(wanted.options.at(0).any_value);
  EXPECT_EQ(wanted.options.at(0).echo, 5U);
}

TEST(Compile, CallsThatMakeSockets) {
  const CallSpec made = compiled_call("socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3");
  EXPECT_EQ(made.name, CallName::kSocket);
  EXPECT_EQ(made.new_fd, 3);
  EXPECT_EQ(made.wanted, 3);
  EXPECT_EQ(made.type, SOCK_STREAM | SOCK_NONBLOCK);
  EXPECT_EQ(made.domain, AF_INET) << "which the IP version of the case replaces";
  EXPECT_EQ(compiled_call("accept(3, ..., ...) = -1 EAGAIN").new_fd, -1);
  EXPECT_EQ(compiled_call("accept(3, ..., ...) = 4").new_fd, 4);
  EXPECT_EQ(compiled_call("accept(3, ..., ...) = 4").fd, 3);
}

TEST(Compile, CallsWithOctets) {
  const CallSpec text = compiled_call(R"(write(4, "ab\x00", 3) = 3)");
  EXPECT_EQ(text.data, (std::vector<uint8_t>{'a', 'b', 0}));
  EXPECT_EQ(text.length, 3U);
  const CallSpec sent = compiled_call("send(4, ..., 1000, MSG_OOB|MSG_DONTWAIT)");
  EXPECT_TRUE(sent.data.empty());
  EXPECT_EQ(sent.length, 1000U);
  EXPECT_EQ(sent.flags, MSG_OOB | MSG_DONTWAIT);
  EXPECT_FALSE(sent.wanted);
  const CallSpec read = compiled_call(R"(read(4, "xy", 10) = 2)");
  EXPECT_EQ(read.wanted_data, (std::vector<uint8_t>{'x', 'y'}));
  EXPECT_TRUE(read.check_data);
  EXPECT_EQ(read.length, 10U);
  EXPECT_FALSE(compiled_call("recv(4, ..., 10, MSG_PEEK) = 2").check_data);
  EXPECT_EQ(compiled_call("sendto(3, ..., 5, MSG_FASTOPEN, ..., ...) = 5").flags, MSG_FASTOPEN);
}

TEST(Compile, SocketOptions) {
  const std::vector<uint8_t> one = {1, 0, 0, 0};
  const CallSpec set = compiled_call("setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
  EXPECT_EQ(set.level, SOL_SOCKET);
  EXPECT_EQ(set.option, SO_REUSEADDR);
  EXPECT_EQ(set.data, one);
  EXPECT_EQ(compiled_call("setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8)").data,
            (std::vector<uint8_t>{1, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(compiled_call("setsockopt(3, SOL_SOCKET, SO_RCVTIMEO, {1, 0}, 16)").data.size(), 16U);
  EXPECT_EQ(compiled_call("setsockopt(3, SOL_TCP, TCP_CONGESTION, \"reno\", 4)").data.size(), 4U);
  const CallSpec get = compiled_call("getsockopt(4, SOL_SOCKET, SO_ERROR, [1], [4]) = 0");
  EXPECT_EQ(get.wanted_data, one);
  EXPECT_TRUE(get.check_data);
  EXPECT_EQ(get.length, 4U);
  EXPECT_FALSE(compiled_call("getsockopt(4, SOL_TCP, TCP_INFO, ..., ...) = 0").check_data);
}

TEST(Compile, OtherCalls) {
  EXPECT_EQ(compiled_call("listen(3, 7) = 0").argument, 7);
  EXPECT_EQ(compiled_call("shutdown(4, SHUT_WR) = 0").flags, SHUT_WR);
  EXPECT_EQ(compiled_call("fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0").argument,
            O_RDWR | O_NONBLOCK);
  EXPECT_EQ(compiled_call("connect(3, ..., ...) = -1 EINPROGRESS (x)").wanted_errno, EINPROGRESS);
  EXPECT_EQ(compiled_call("ioctl(4, SIOCINQ, [5]) = 0").wanted_data.at(0), 5);
  EXPECT_TRUE(compiled_call("ioctl(4, SIOCINQ, [5]) = 0").check_data);
  EXPECT_EQ(compiled_call("ioctl(4, FIONBIO, [1]) = 0").data.at(0), 1);
  EXPECT_FALSE(compiled_call("ioctl(4, FIONBIO, [1]) = 0").check_data);
  const CallSpec poll =
      compiled_call("poll([{fd=4, events=POLLIN, revents=POLLIN|POLLOUT}], 1, 250) = 1");
  EXPECT_EQ(poll.fd, 4);
  EXPECT_EQ(poll.events, 1);
  EXPECT_EQ(poll.revents, 5);
  EXPECT_EQ(poll.argument, 250);
  const CallSpec bind = compiled_call(
      "bind(3, {sa_family = AF_INET6, sin_port = ..., sin_addr = inet_addr(\"::1\")}, ...)");
  ASSERT_TRUE(bind.address);
  EXPECT_TRUE(bind.own_port);
  EXPECT_TRUE(bind.address->address.v6);
  EXPECT_EQ(bind.address->address.octets[15], 1);
  EXPECT_FALSE(compiled_call("bind(3, ..., ...) = 0").address);
}

TEST(Compile, AddressesOfAPlaceOfItsOwn) {
  const FlatProgram flat = compiled(
      "`true`\n"
      "+0 bind(3, {sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr(\"0.0.0.0\")}, "
      "1)");
  EXPECT_EQ(flat.calls.at(0).address->port, 80);
}

TEST(Compile, Errors) {
  struct Bad {
    const char* text;
    const char* wanted;
  };
  constexpr Bad kBad[] = {
      {"//@ requires MUST-10 MUST-1000\n+0 wait",
       "f:1: there is no requirement MUST-1000; did you mean MUST-10"},
      {"//@ requires\n+0 wait", "f:1: annotation 'requires' has no value"},
      {"//@ require MUST-10\n+0 wait",
       "f:1: unknown annotation 'require' before the first step; did you mean requires?"},
      {"//@ state CLOSED\n+0 wait",
       "f:1: unknown annotation 'state' before the first step: it belongs"},
      {"//@ ip 5\n+0 wait", "f:1: 'ip 5': expected 4, 6 or both"},
      {"//@ needs sakc\n+0 wait", "f:1: unknown need 'sakc'; did you mean sack?"},
      {"//@ role x\n+0 wait", "f:1: 'role x': expected active, passive or both"},
      {"//@ sysctl x\n+0 wait", "f:1: expected //@ sysctl name=value"},
      {"//@ each x = 1\n+0 wait", "f:1: 'each' makes several programs"},
      {"+0 wait\n+0 wait //@ state ESTABLISHD",
       "f:2: there is no state 'ESTABLISHD'; did you mean ESTABLISHED?"},
      {"+0 wait //@ requires MUST-10", "f:1: unknown annotation 'requires' at a step: it belongs"},
      {"+0 wait //@ foo", "f:1: unknown annotation 'foo' at a step: expected 'state'"},
      {"+0 wait //@ state CLOSED\n//@ state LISTEN", "f:1: the step has two states"},
      {"\n+0 clsoe(3)", "f:2: unknown call clsoe(); did you mean close()?"},
      {"+0 cap_set(3)", "f:1: synfin has no call cap_set()"},
      {"+0 epoll_wait(3)", "f:1: epoll_wait(): the event is missing"},
      {"+0 close()", "f:1: close(): the descriptor is missing"},
      {"+0 close(3, 4)", "f:1: close(): there are too many arguments"},
      {"`true`\n+RTO > . 1:1(0)", "f:2: in a place of its own nobody knows the RTO"},
      {"+0 close(X)", "f:1: close(): unknown name X"},
      {"+0 close(\"a\")", "f:1: close(): the descriptor has to be a number or a NAME"},
      {"+0 close(99999999999)", "f:1: close(): the descriptor 99999999999 is out of range"},
      {"+0 setsockopt(3, SOL_SOKCET, 1, [1], 4)",
       "f:1: setsockopt(): unknown name SOL_SOKCET; did you mean SOL_SOCKET?"},
      {"+0 setsockopt(3, SOL_TCP, TCP_NODELAY, ..., 4)",
       "f:1: setsockopt(): setsockopt() needs a value"},
      {"+0 setsockopt(3, SOL_TCP, TCP_NODELAY, [4294967296], 4)",
       "f:1: setsockopt(): 4294967296 does not fit four octets"},
      {"+0 poll([{fd=2147483648}], 1, 0)", "f:1: poll(): fd 2147483648 is out of range"},
      {"+0 close(3) = -1 EBAD", "f:1: close(): unknown error EBAD; did you mean EBADF?"},
      {"+0 close(3) = \"a\"", "f:1: close(): the result has to be a number or a NAME"},
      {"+0 write(4, \"ab\", 3)", "f:1: write(): the text has 2 octets, but the call says 3"},
      {"+0 poll([], 0, 0)", "f:1: poll(): poll() takes one descriptor"},
      {"+0 poll([{events=1}], 1, 0)", "f:1: poll(): a descriptor of poll() has to have its fd"},
      {"+0 bind(3, {sa_family = AF_INET, sin_port = htons(1), sin_addr = inet_addr(\"::1\")}, 1)",
       "f:1: bind(): '::1' is no AF_INET address"},
      {"+0 bind(3, {sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr(\"0.0.0.0\")}, "
       "1)",
       "f:1: bind(): the port is the case's own: write sin_port = ..."},
      {"+0 connect(3, {sa_family = AF_INET, sin_port = ..., sin_addr = inet_addr(\"1.2.3.4\")}, 1)",
       "f:1: connect(): the peer's address is the case's own: write ... for 1.2.3.4"},
      {"+0 > . 0:0(0) {src=\"192.0.2.9\"}",
       "f:1: ipopt=, src= and dst= are for injected segments only"},
      {"+0 < icmp unreachabel", "f:1: there is no ICMP message 'unreachabel'"},
      {"+0 < icmp unreachable no", "f:1: there is no ICMP message 'unreachable no'"},
      {"+0 < . 0:0(0) <TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,nop>",
       "f:1: the TCP options take 41 octets; the header has room for 40"},
  };
  for (const Bad& bad : kBad) {
    EXPECT_TRUE(compile_error(bad.text).starts_with(bad.wanted))
        << bad.text << "\n got " << compile_error(bad.text);
  }
}

TEST(Compile, MessageWithAFamilyThatIsNone) {
  proto::Program program;
  program.set_name("made");
  proto::Call* call = program.add_steps()->mutable_call();
  call->set_name("connect");
  call->add_arguments()->set_integer(3);
  auto* address = call->add_arguments()->mutable_address();
  address->set_family("AF_INTE");
  address->set_ip("224.0.0.1");
  EXPECT_EQ(
      compile(program).error().message,
      "made: step 1: connect(): the family of an address is AF_INET or AF_INET6, not 'AF_INTE'");
  address->set_family("AF_INET");
  EXPECT_TRUE(compile(program));
}

// A program that came as a message, not as text, is checked as well.
TEST(Compile, Messages) {
  proto::Program program;
  program.set_name("made");
  EXPECT_EQ(compile(program).error().message, "made:1: the program has no steps");
  proto::Step* step = program.add_steps();
  EXPECT_EQ(compile(program).error().message, "made: step 1: the step is empty");
  proto::Segment* segment = step->mutable_packet()->mutable_segment();
  EXPECT_TRUE(compile(program));
  segment->set_flags(256);
  EXPECT_EQ(compile(program).error().message, "made: step 1: the flags are one octet");
  segment->set_flags(0);
  segment->mutable_seq()->set_offset(-1);
  EXPECT_EQ(compile(program).error().message, "made: step 1: number -1 is out of range");
  segment->mutable_seq()->set_offset(0);
  segment->set_any_seq(true);
  EXPECT_EQ(compile(program).error().message,
            "made: step 1: '*' is for expected sequence numbers only");
  segment->set_any_seq(false);
  segment->set_any_length(true);
  EXPECT_EQ(compile(program).error().message, "made: step 1: '*' is for expected lengths only");
  step->mutable_packet()->set_direction(proto::Packet::EXPECT);
  EXPECT_EQ(compile(program).error().message,
            "made: step 1: plain numbers have an end: no length is any length there");
  segment->set_any_seq(true);
  EXPECT_TRUE(compile(program));
  segment->set_length(1);
  EXPECT_EQ(compile(program).error().message, "made: step 1: any length is not one length");
  segment->set_length(0);
  segment->set_any_seq(false);
  segment->set_any_length(false);
  step->mutable_packet()->set_direction(proto::Packet::INJECT);
  for (int i = 0; i < 4; ++i) segment->mutable_seq()->add_minus(proto::Number::ISS);
  EXPECT_EQ(compile(program).error().message,
            "made: step 1: names are added to a name, or taken from one");
  segment->mutable_seq()->set_base(proto::Number::IRS);
  EXPECT_EQ(compile(program).error().message,
            "made: step 1: a number is a name and at most 3 more");
  segment->clear_seq();
  segment->add_options();
  EXPECT_EQ(compile(program).error().message, "made: step 1: a TCP option is empty");
  segment->clear_options();
  step->mutable_time()->set_kind(proto::Time::ANY);
  EXPECT_EQ(compile(program).error().message,
            "made: step 1: only an expected packet (>) can have '*', RTO or a range as its time");
  step->mutable_time()->set_kind(proto::Time::RELATIVE);
  step->mutable_time()->set_start_ns(-5);
  EXPECT_EQ(compile(program).error().message, "made: step 1: a time is out of range");
}

}  // namespace
}  // namespace synfin::script
