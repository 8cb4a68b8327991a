#include "harness/report/packetdrill.h"

#include <gtest/gtest.h>

#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/script/printer.h"
#include "tests/report/traces.h"

namespace synfin::report {
namespace {

constexpr const char* kListener = R"(+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
)";

// A program, and the trace of its play.
struct Played {
  explicit Played(const std::string& text)
      : program(script::parse(text, "a/case.pkt").value()),
        flat(script::compile(program).value()),
        trace(&result) {}

  Result<proto::Program> convert() { return for_packetdrill({program, flat, result, where}); }
  // Without the comments at its head.
  std::string text() {
    const auto converted = convert();
    if (!converted) return converted.error().message;
    const std::string whole = script::print(*converted);
    return whole.substr(whole.find("\n\n") + 2);
  }

  proto::Program program;
  script::FlatProgram flat;
  proto::CaseResult result;
  proto::Provenance where;
  TraceMaker trace;
};

// A listener, and a connection to it: steps 0 to 5.
struct Opened : Played {
  explicit Opened(const std::string& rest)
      : Played(std::string(kListener) + R"(+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
+.01 < . RCV.NXT(0) ack SND.NXT win 65535
)" + rest) {
    trace.step(0).call("socket").returned("socket", 3);
    trace.step(1).call("bind").returned("bind", 0);
    trace.step(2).call("listen").returned("listen", 0);
    trace.step(3).inject(kSyn, 0).sent(kSyn | kAck, 0, 1).taken();
    trace.step(5).at(10).inject(kAck, 1, 1);
  }
  std::string rest() {
    const std::string whole = text();
    const std::string last = "+0.01 < . 1:1(0) ack 1 win 65535\n";
    const std::size_t end = whole.find(last);
    return end == std::string::npos ? whole : whole.substr(end + last.size());
  }
};

TEST(ForPacketdrill, NamesBecomeNumbers) {
  EXPECT_EQ(Opened("").text(), std::string(kListener) + R"(+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
+0.01 < . 1:1(0) ack 1 win 65535
)");
}

TEST(ForPacketdrill, WhatIsNotWrittenIsWhatCame) {
  Opened played("+.01 < P. 1:11(10) ack 1 win 1000\n+0~+.5 > . SND.NXT(0)\n");
  played.trace.step(6).at(20).inject(kAck | kPsh, 1, 1, 10).at(60).sent(kAck, 1, 11).taken();
  EXPECT_EQ(played.rest(), "+0.01 < P. 1:11(10) ack 1 win 65535\n+0~+0.5 > . 1:1(0) ack 11\n");
}

// packetdrill takes packets one by one, so that what the program passes over has to be named.
TEST(ForPacketdrill, WhatWasNotAskedForIsExpectedToo) {
  Opened played("+.01 < P. 1:11(10) ack 1\n+.2 < F. 11:11(0) ack 1\n+0 > . 1:1(0) ack 12\n");
  played.trace.step(6).at(20).inject(kAck | kPsh, 1, 1, 10).at(60).sent(kAck, 1, 11);
  played.trace.step(7).at(220).inject(kAck | kFin, 11, 1).sent(kAck, 1, 12).taken();
  EXPECT_EQ(played.rest(), R"(+0.01 < P. 1:11(10) ack 1 win 65535
+0~+0.065 > . 1:1(0) ack 11  // not asked for
+0.16 < F. 11:11(0) ack 1 win 65535
+0 > . 1:1(0) ack 12
)");
}

TEST(ForPacketdrill, AWaitIsPartOfTheNextTime) {
  Opened played("+.5 wait\n+.01 < F. 1:1(0) ack 1\n");
  played.trace.step(7).at(520).inject(kAck | kFin, 1, 1);
  EXPECT_EQ(played.rest(), "+0.51 < F. 1:1(0) ack 1 win 65535\n");
}

TEST(ForPacketdrill, CallsHaveResultsNotesAndKnownNames) {
  Opened played(R"(+0 accept(3, ..., ...)
+0 ioctl(3, SIOCATMARK, [0]) = 0
+0 write(4, "abc", 3) = -1 EPIPE
+0...+.2 read(4, ..., 10) = 0
)");
  played.trace.step(6).at(10).call("accept").returned("accept", 4);
  played.trace.step(7).at(10).call("ioctl").returned("ioctl", 0);
  played.trace.step(8).at(10).call("write").returned("write", -1, "EPIPE (Broken pipe)");
  played.trace.step(9).at(10).call("read").at(210).returned("read", 0);
  EXPECT_EQ(played.rest(), R"(+0 accept(3, ..., ...) = 4
+0 ioctl(3, 35077, [0]) = 0
+0 write(4, ..., 3) = -1 EPIPE (Broken pipe)
+0...0.2 read(4, ..., 10) = 0
+0.2475 `true`
)");
}

// The finding itself: what the stack did not do stands as the program wants it, and is the end.
TEST(ForPacketdrill, AnUnmetExpectationEndsTheScript) {
  Opened played("+.01 < F. RCV.NXT(0) ack 1\n+0 > . SND.NXT(0) ack RCV.NXT\n+.1 < R 2:2(0)\n");
  played.trace.step(6).at(20).inject(kAck | kFin, 1, 1);
  proto::Divergence& missing = *played.result.add_divergences();
  missing.set_step(7);
  missing.set_clause("SM-FIN-2");
  missing.set_wanted(". SND.NXT(0) ack RCV.NXT");
  missing.set_got("nothing");
  missing.mutable_numbers()->set_seq(TraceMaker::kStackIsn + 1);
  missing.mutable_numbers()->set_ack(TraceMaker::kPeerIsn + 2);
  EXPECT_EQ(played.rest(), "+0.01 < F. 1:1(0) ack 1 win 65535\n+0 > . 1:1(0) ack 2\n");
  const std::string whole = script::print(*played.convert());
  EXPECT_NE(whole.find("parts from SM-FIN-2"), std::string::npos) << whole;
}

TEST(ForPacketdrill, SetsWhatTheNamespaceSets) {
  Played played("//@ sysctl net.ipv4.tcp_retries2=3\n//@ ip 4\n//@ doc It resets.\n" +
                std::string(kListener));
  played.where.set_stack("linux");
  played.where.set_stack_version("6.18");
  auto& settings = *played.where.mutable_settings();
  settings["net.ipv4.tcp_syncookies"] = "0";
  settings["net.ipv4.ip_local_port_range"] = "61000 65535";
  settings["net.ipv4.icmp_ratelimit"] = "0";
  settings["path_mtu"] = "1500";
  EXPECT_EQ(script::print(*played.convert()),
            "// For packetdrill, with the numbers of linux 6.18: unshare -n packetdrill FILE\n"
            "//@ doc It resets.\n"
            "--ip_version=ipv4\n"
            "--mtu=1500\n"
            "--tolerance_usecs=10000\n"
            "`sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.tcp_syncookies=0 "
            "net.ipv4.tcp_retries2=3 && ethtool -K tun0 sg off tso off gso off`\n");
}

// One program for each thing that packetdrill has no words for.
TEST(ForPacketdrill, RefusesWhatPacketdrillCannotSay) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"+0 < . 1:1(0) ack 1 {sum=bad}", "a wrong checksum"},
      {"+0 < . 1:1(0) ack 1 {off=4}", "a data offset"},
      {"+0 < . 1:1(0) ack 1 {res=2}", "reserved bits"},
      {"+0 < . 1:1(0) ack 1 {trunc=8}", "a segment that is cut short"},
      {"+0 < . 1:1(0) ack 1 {iplen=30}", "a length in the IP header"},
      {"+0 < . 1:1(0) ack 1 {ttl=0}", "a time to live of 0"},
      {"+0 < [ce] . 1:1(0) ack 1 {ttl=3}", "a time to live beside the Diffserv field"},
      {"+0 < . 1:1(0) ack 1 {ipopt=0x01}", "IP options"},
      {"+0 < . 1:1(0) ack 1 {src=\"224.0.0.1\"}", "addresses of a single segment"},
      {"+0 < . 1:1(0) ack 1 <opt 253 len 4 0xabcd>", "options of kind 253 with these octets"},
      {"+0 < . 1:1(0) ack 1 <sack>", "a SACK option without blocks"},
      {"+0 @b < . 1:1(0) ack 1", "several connections"},
  };
  for (const auto& [step, why] : kRefused) {
    Opened played(step);
    played.trace.step(6).at(10).inject(kAck, 1, 1);
    const auto converted = played.convert();
    ASSERT_FALSE(converted) << step;
    EXPECT_NE(converted.error().message.find(why), std::string::npos) << converted.error().message;
  }
  Opened played("+0 < . 1:1(0) ack 1 {sum=bad}");
  played.trace.step(6).at(10).inject(kAck, 1, 1);
  EXPECT_EQ(played.convert().error().message,
            "a/case: step 7 (line 7): packetdrill cannot say a wrong checksum");
}

TEST(ForPacketdrill, RefusesASecondConnection) {
  Opened played("+.01 < R 1:1(0)\n+0 < S 9:9(0)\n+0 > S. *(0)\n");
  played.trace.step(6).at(20).inject(kRst, 1);
  played.trace.step(7).at(20).inject(kSyn, 9).sent(kSyn | kAck, 77, 10).taken();
  EXPECT_NE(played.text().find("a second connection, with another ISS"), std::string::npos);
}

TEST(ForPacketdrill, RefusesASegmentAcrossTheEndOfTheNumbers) {
  Opened played("+.01 < . RCV.NXT-2(3) ack 1\n");
  played.trace.step(6).at(20).inject(kAck, 0xffffffffU, 1, 3);
  EXPECT_NE(played.text().find("a segment across the number 2^32"), std::string::npos);
}

}  // namespace
}  // namespace synfin::report
