#include "harness/script/parser.h"

#include <gtest/gtest.h>

#include "engine/segment.h"
#include "harness/script/printer.h"

namespace synfin::script {
namespace {

proto::Program parsed(std::string_view text) {
  auto program = parse(text, "specs/topic/name.pkt");
  EXPECT_TRUE(program) << text << "\n" << to_string("", program.error());
  return program ? *program : proto::Program();
}

proto::Step step(const std::string& text) {
  const proto::Program program = parsed(text);
  EXPECT_EQ(program.steps_size(), 1) << text;
  return program.steps_size() > 0 ? program.steps(0) : proto::Step();
}

const proto::Segment& segment(const proto::Step& of) { return of.packet().segment(); }

struct Sample {
  const char* source;
  const char* printed;  // nullptr: as it was
};

TEST(Parser, EveryFormPrintsInItsPlainForm) {
  constexpr Sample kSamples[] = {
      // Times.
      {"+0 wait", nullptr},
      {"0.100 wait", "0.1 wait"},
      {"+.000000001 wait", "+0.000000001 wait"},
      {"1000000000 wait", nullptr},
      {"* > . 1:1(0)", nullptr},
      {"+0~+.1 > . 1:1(0)", "+0~+0.1 > . 1:1(0)"},
      {"0~.2 > . 1:1(0)", "0~0.2 > . 1:1(0)"},
      {"+RTO > . 1:1(0)", nullptr},
      {"+.9~+RTO > . 1:1(0)", "+0.9~+RTO > . 1:1(0)"},
      {"0...0.2 accept(3, ..., ...) = 4", nullptr},
      {"+0...+.1 read(4, ..., 5) = 5", "+0...0.1 read(4, ..., 5) = 5"},
      // Flags.
      {"+0 < SFRPUEW. 0:0(0)", nullptr},
      {"+0 < WEUPRFS 0:0(0)", "+0 < SFRPUEW 0:0(0)"},
      {"+0 < - 0:0(0)", nullptr},
      {"+0 < SEWA 0:0(0)", nullptr},
      {"+0 > P.5 1:2(1)", "+0 > PEA. 1:2(1)"},
      {"+0 > .0 1:1(0)", "+0 > . 1:1(0)"},
      // The IP header.
      {"+0 > [tos 0x10] . 1:1(0)", nullptr},
      {"+0 < (tos 3) . 1:1(0)", "+0 < [tos 0x03] . 1:1(0)"},
      {"+0 < [tos 0x10] . 1:1(0) {ttl=3}", nullptr},
      {"+0 < S 0:0(0) {ipopt=0x9E04abcd}", "+0 < S 0:0(0) {ipopt=0x9e04abcd}"},
      {"+0 < S 0:0(0) {dst=\"ff02::1\", src=\"::\"}", "+0 < S 0:0(0) {src=\"::\" dst=\"ff02::1\"}"},
      // Numbers.
      {"+0 < . 4294967295:4(5)", nullptr},
      {"+0 < . RCV.NXT(10) ack SND.NXT-1 win RCV.WND", nullptr},
      {"+0 < . RCV.NXT+RCV.WND-1(1) ack SND.UNA+SND.MAX.WND+4294967295", nullptr},
      {"+0 < . ISS+0(0) ack IRS+1", "+0 < . ISS(0) ack IRS+1"},
      {"+0 < . =1234(0) ack =0x10", "+0 < . =1234(0) ack =16"},
      {"+0 > . *(0) ack 1", nullptr},
      {"+0 < . 1:1(0) ack 1 win 0x100 urg 5", "+0 < . 1:1(0) ack 1 win 256 urg 5"},
      // Options.
      {"+0 < S 0:0(0) <mss 1460,sackOK,nop,nop,nop,wscale 7,eol>", nullptr},
      {"+0 < S 0:0(0) <TS val 100 ecr 0,nop>", nullptr},
      {"+0 < . 1:1(0) <TS val 1 ecr last>", nullptr},
      {"+0 > . 1:1(0) <TS val any ecr any>", nullptr},
      {"+0 > . *(*) ack 1 <...>", nullptr},
      {"+0 > . SND.NXT-1(*)", nullptr},
      {"+0 > . 1:1(0) <sack 1:1001 2001:3001>", nullptr},
      {"+0 < . 1:1(0) <sack SND.NXT:SND.NXT+10 =5:=6>", nullptr},
      {"+0 < . 1:1(0) <sack>", nullptr},
      {"+0 > . 1:1(0) <...>", nullptr},
      {"+0 < S 0:0(0) <opt 253 len 4 0xABCD>", "+0 < S 0:0(0) <opt 253 len 4 0xabcd>"},
      {"+0 < S 0:0(0) <opt 253>", nullptr},
      {"+0 < S 0:0(0) <opt 253 0x01>", nullptr},
      {"+0 < S 0:0(0) <opt 34 len 2>", "+0 < S 0:0(0) <FO>"},
      {"+0 < S 0:0(0) <FO 3021b9d8,FOEXP,FOEXP 12>", nullptr},
      {"+0 < S 0:0(0) <md5 00112233445566778899aabbccddeeff>", nullptr},
      {"+0 > S. 0:0(0) <ECN e1b 1 ceb 0 e0b 16777215,ECN e0b 1>", nullptr},
      // What else a packet has.
      {"+0 > [ect0] . 1:1(0)", nullptr},
      {"+0 > (ce) . 1:1(0)", "+0 > [ce] . 1:1(0)"},
      {"+0 > [ect01] . 1:1(0)", nullptr},
      {"+0 < [ttl 5] . 1:1(0)", nullptr},
      {"+0 < . 1:1(0) {ttl=5}", "+0 < [ttl 5] . 1:1(0)"},
      {"+0 < [ect1] . 1:1(0) {ttl=5}", nullptr},
      {"+0 < . 1:1(0) {ttl=0}", nullptr},
      {R"(+0 < P. 1:5(4) ack 1 <nop> "a\n\x00\"" {sum=bad})", nullptr},
      {"+0 < . 1:1(0) {sum=0x1234 off=4 res=2 trunc=12 iplen=40}", nullptr},
      {"+0 < . 1:1(0) {sum=zero, off=4}", "+0 < . 1:1(0) {sum=zero off=4}"},
      {"+0 < . 1:1(0) {res=1}", "+0 < A. 1:1(0)"},
      {"+0 < . 1:1(0) {res=0}", "+0 < . 1:1(0)"},
      {"+0 @b < S 0:0(0)", nullptr},
      {"+0 @7 close(3) = 0", nullptr},
      // ICMP.
      {"+0 < icmp unreachable", nullptr},
      {"+0 < icmp unreachable frag_needed mtu 1200 [1:1001(1000)]", nullptr},
      {"+0 < icmp packet_too_big mtu 1280 [SND.UNA(10)]", nullptr},
      // Calls.
      {"+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3", nullptr},
      {"+0 fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK|0x10) = 0",
       "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK|16) = 0"},
      {"+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now  in progress)",
       "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)"},
      {"+0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)", "+0 fcntl(3, F_GETFL) = 2 (flags O_RDWR)"},
      {"+0 close(3)", nullptr},
      {"+0 f() = ...", nullptr},
      {"+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, 8) = 0", nullptr},
      {"+0 setsockopt(3, SOL_TCP, 7, [1, [], {}], 4) = 0", nullptr},
      {R"(+0 write(4, "ab" "c\x00", 4) = 4)", R"(+0 write(4, "abc\x00", 4) = 4)"},
      {"+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLIN}], 1, 0) = 1", nullptr},
      {"+0 bind(3, {sa_family = AF_INET, sin_port = htons(80), "
       "sin_addr = inet_addr(\"192.0.2.1\")}, ...) = 0",
       nullptr},
      {"+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 9}], msg_flags=0}, 0) = 9", nullptr},
      // Others.
      {"+0 `sysctl -q a=b; echo \\`x\\``", nullptr},
      {"+0 %{assert tcpi_state == 1\n}%", "+0 %{ assert tcpi_state == 1\n }%"},
  };
  for (const auto& sample : kSamples) {
    const std::string wanted = sample.printed != nullptr ? sample.printed : sample.source;
    EXPECT_EQ(print(step(sample.source)), wanted) << sample.source;
    EXPECT_EQ(print(step(wanted)), wanted) << "the plain form has to stay";
  }
}

TEST(Parser, NumbersAreSumsOfNames) {
  const auto number = [](const std::string& text) {
    return segment(step("+0 < . " + text + "(0)")).seq();
  };
  const proto::Number difference = number("SND.UNA-SND.MAX.WND");
  EXPECT_EQ(difference.base(), proto::Number::SND_UNA);
  ASSERT_EQ(difference.minus_size(), 1);
  EXPECT_EQ(difference.minus(0), proto::Number::SND_MAX_WND);
  EXPECT_EQ(difference.plus_size(), 0);
  EXPECT_EQ(difference.offset(), 0);
  const proto::Number sum = number("RCV.NXT-5+RCV.WND-ISS+IRS+4294967295");
  ASSERT_EQ(sum.plus_size(), 2);
  EXPECT_EQ(sum.plus(1), proto::Number::IRS);
  ASSERT_EQ(sum.minus_size(), 1);
  EXPECT_EQ(sum.minus(0), proto::Number::ISS);
  EXPECT_EQ(sum.offset(), 4294967290);
}

TEST(Parser, Fields) {
  const proto::Step syn =
      step("+.5 @b > [ect0] SE. 7:17(10) ack RCV.NXT+RCV.WND-1 win 9 urg 3 <mss 5> {off=6}");
  EXPECT_EQ(syn.connection(), "b");
  EXPECT_EQ(syn.time().start_ns(), 500'000'000);
  EXPECT_EQ(syn.packet().direction(), proto::Packet::EXPECT);
  const proto::Segment& seg = segment(syn);
  EXPECT_EQ(seg.flags(), kSyn | kAck | kEce);
  EXPECT_EQ(seg.seq().offset(), 7);
  EXPECT_EQ(seg.length(), 10U);
  EXPECT_EQ(seg.ack().base(), proto::Number::RCV_NXT);
  ASSERT_EQ(seg.ack().plus_size(), 1);
  EXPECT_EQ(seg.ack().plus(0), proto::Number::RCV_WND);
  EXPECT_EQ(seg.ack().offset(), -1);
  EXPECT_EQ(seg.window().offset(), 9);
  EXPECT_EQ(seg.urgent(), 3U);
  EXPECT_EQ(seg.ecn(), 2U);
  EXPECT_EQ(seg.options(0).mss().value(), 5U);
  EXPECT_EQ(seg.malformation().data_offset(), 6U);
  EXPECT_FALSE(segment(step("+0 > . 1:1(0)")).has_ack()) << "not checked";
}

TEST(Parser, EveryNameOfANumberHasItsBase) {
  constexpr const char* kNames[] = {"",        "ISS",         "IRS",     "SND.UNA", "SND.NXT",
                                    "SND.WND", "SND.MAX.WND", "RCV.NXT", "RCV.WND"};
  for (int base = proto::Number::ISS; base <= proto::Number::RCV_WND; ++base) {
    const std::string name = kNames[base];
    EXPECT_EQ(segment(step("+0 < . " + name + "(0)")).seq().base(), base) << name;
    std::string enumerator = name;
    for (char& c : enumerator) c = c == '.' ? '_' : c;
    EXPECT_EQ(proto::Number::Base_Name(static_cast<proto::Number::Base>(base)), enumerator);
  }
}

TEST(Parser, ThePartsOfAFile) {
  const proto::Program program = parsed(R"(// About the file.

//@ requires MUST-10 SM-ACK-3
--tolerance_usecs=100 // odd
//@ doc One sentence.
`true`

// About the
// first step.
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3   // open it
/* About the
 * second. */
+0 < S 0:0(0)  //@ state SYN-RECEIVED
  // About the third.
+0 close(3)
   = 0  // a remark
    //@ state CLOSED
`false`
// The end.
)");
  EXPECT_EQ(program.name(), "topic/name");
  EXPECT_EQ(program.file(), "specs/topic/name.pkt");
  ASSERT_EQ(program.comments_size(), 2);
  EXPECT_EQ(program.comments(0), "About the file.");
  EXPECT_EQ(program.comments(1), "odd");
  ASSERT_EQ(program.annotations_size(), 2);
  EXPECT_EQ(program.annotations(0).key(), "requires");
  EXPECT_EQ(program.annotations(0).value(), "MUST-10 SM-ACK-3");
  EXPECT_EQ(program.annotations(0).line(), 3U);
  EXPECT_EQ(program.options(0), "--tolerance_usecs=100");
  EXPECT_EQ(program.init_commands(0), "true");
  ASSERT_EQ(program.steps_size(), 3);
  EXPECT_EQ(program.steps(0).comments_size(), 2);
  EXPECT_EQ(program.steps(0).comments(1), "first step.");
  EXPECT_EQ(program.steps(0).remark(), "open it");
  EXPECT_EQ(program.steps(0).line(), 10U);
  ASSERT_EQ(program.steps(1).comments_size(), 2);
  EXPECT_EQ(program.steps(1).comments(1), "second.");
  ASSERT_EQ(program.steps(1).annotations_size(), 1);
  EXPECT_EQ(program.steps(1).annotations(0).value(), "SYN-RECEIVED");
  EXPECT_EQ(program.steps(2).comments(0), "About the third.");
  EXPECT_EQ(program.steps(2).remark(), "a remark");
  EXPECT_EQ(program.steps(2).annotations(0).value(), "CLOSED");
  EXPECT_EQ(program.cleanup_commands(0), "false");
  EXPECT_EQ(program.end_comments(0), "The end.");
}

TEST(Parser, CommentsOnTheFirstStepNeedToTouchIt) {
  EXPECT_EQ(parsed("// a\n// b\n+0 wait").steps(0).comments_size(), 2);
  EXPECT_EQ(parsed("// a\n\n// b\n+0 wait").steps(0).comments_size(), 1);
  EXPECT_EQ(parsed("// a\n// b\n\n+0 wait").comments_size(), 2);
}

TEST(Parser, AStepMayTakeSeveralLinesAndALineSeveralSteps) {
  EXPECT_EQ(parsed("+0 < S 0:0(0) +0 > S.\n 0:0(0)\nack 1 +0 wait +.1\nwait").steps_size(), 4);
}

TEST(Parser, ANumberEndsWhereTheNextTimeStarts) {
  const proto::Program program = parsed("+0 < . 1:1(0) ack SND.NXT\n+5 wait");
  ASSERT_EQ(program.steps_size(), 2);
  EXPECT_EQ(segment(program.steps(0)).ack().offset(), 0);
}

TEST(Parser, Names) {
  EXPECT_EQ(program_name("specs/a/b.pkt"), "a/b");
  EXPECT_EQ(program_name("/x/specs/a/b.pkt"), "a/b");
  EXPECT_EQ(program_name("corpus/c.pkt"), "corpus/c");
  EXPECT_EQ(program_name("-"), "-");
}

}  // namespace
}  // namespace synfin::script
