// Every error tells the line, the column, what was found and what was expected.
#include <gtest/gtest.h>

#include "harness/script/parser.h"

namespace synfin::script {
namespace {

struct Bad {
  std::string text;
  const char* wanted;  // line:column: the start of the message
};

std::string error_of(std::string_view text) {
  const auto program = parse(text, "f");
  return program ? "no error" : to_string("", program.error()).substr(1);
}

void check(const std::vector<Bad>& list) {
  for (const Bad& bad : list) {
    EXPECT_TRUE(error_of(bad.text).starts_with(bad.wanted))
        << bad.text.substr(0, 200) << "\n  wanted " << bad.wanted << "\n  got    "
        << error_of(bad.text);
  }
}

TEST(ParseError, Files) {
  check({
      {"", "1:1: the file has no steps: expected a time"},
      {"\n// only a comment\n", "3:1: the file has no steps"},
      {"`true`\n", "2:1: the file has no steps"},
      {"+0 wait\n`a`\n+0 wait", "3:1: found '+', expected the end of the file"},
      {"+0 wait\n--late=1", "2:1: found '--late=1', expected a step's time"},
      {"+0 wait\n/* no end", "2:1: this comment has no end: expected '*/'"},
      {"+0 `no end", "1:4: this text has no end: expected `"},
      {"+0 %{ no end }", "1:4: this code has no end: expected '}%'"},
      {"+0 write(3, \"no end, 1)", "1:13: this text has no end: expected \""},
      {"# x\n+0 wait", "1:1: found '#', expected a step's time (+0, .1, *)"},
      {"+0 wait \x01", "1:9: found octet 0x01, which no step can have"},
      {"+0 // \xc3\xa9\xff", "1:8: found octet 0xff, which is not UTF-8"},
      {"--x=\"a\nb\"\n+0 wait", "1:5: this value has no end"},
      {"--x=a;b\n+0 wait", "1:6: found ';' in an option"},
      {"--define=A\n+0 wait", "1:1: expected --define=NAME=value"},
      {"//@\n+0 wait", "1:1: expected an annotation: //@ key value"},
      {"+0 wait //@ !x y", "1:9: expected an annotation: //@ key value"},
  });
}

TEST(ParseError, Times) {
  check({
      {"+0", "1:3: found the end of the file, expected a packet (< or >), a call"},
      {"+0\n+0 wait", "2:1: found '+', expected a packet"},
      {"+ wait", "1:3: found 'wait', expected a time in seconds"},
      {"-1 wait", "1:1: a time cannot be negative"},
      {"1000000001 wait", "1:1: a time can be at most 1000000000 s"},
      {"+0.0000000001 wait", "1:2: a time has at most nine decimals"},
      {"* wait", "1:1: only an expected packet (>) can have '*', RTO or a range"},
      {"+0~+1 < . 0:0(0)", "1:1: only an expected packet (>) can have '*', RTO or a range"},
      {"+0~1 > . 0:0(0)", "1:4: found '1', expected '+'"},
      {"+RTO < . 0:0(0)", "1:1: only an expected packet (>) can have '*', RTO or a range"},
      {"RTO > . 0:0(0)", "1:1: found 'RTO', expected a step's time"},
      {"+RTO~+1 > . 0:0(0)", "1:5: found '~'"},
      {"+2~+1 > . 0:0(0)", "1:5: the range ends before it starts"},
      {"+2...1 close(3)", "1:6: the call would return before it starts"},
      {"+0...1 wait", "1:1: only a call can have the time at which it returns"},
      {"+0 @ b wait", "1:6: found 'b', expected the label of a connection right after '@'"},
      {"+0 @-1 wait", "1:5: found '-1', expected the label"},
      {"+0 wait 5", "1:10: found the end of the file, expected a packet"},
  });
}

TEST(ParseError, Packets) {
  check({
      {"+0 < 0:0(0)", "1:6: found '0', expected flags"},
      {"+0 < SX 0:0(0)", "1:7: found 'X' in 'SX', expected flags"},
      {"+0 < .8 0:0(0)", "1:6: '.8' is no ACE counter"},
      {"+0 < S", "1:7: found the end of the file, expected a sequence number"},
      {"+0 < S 0(0)", "1:9: found '(', expected ':'"},
      {"+0 < S 0:1(0)", "1:8: 0:1(0) does not add up: the end should be 0"},
      {"+0 < S 4294967296:0(0)", "1:8: '4294967296' is out of range: expected a sequence number"},
      {"+0 < S 99999999999999999999999:0(0)", "1:8: '99999999999999999999999' is out of range"},
      {"+0 < S -1:0(1)", "1:8: '-1' is out of range"},
      {"+0 < . 0:65536(65536)", "1:16: '65536' is out of range: expected a length from 0 to 65535"},
      {"+0 < . RCV.NXT:5(5)", "1:15: only plain numbers have an end"},
      {"+0 < . RCV.NEXT(5)", "1:8: unknown name 'RCV.NEXT', expected ISS, IRS"},
      {"+0 < . RCV.NXT+RCV.WIN(5)", "1:16: unknown name 'RCV.WIN'"},
      {"+0 < . RCV.NXT-RCV.WIN(5)", "1:16: unknown name 'RCV.WIN'"},
      {"+0 < . RCV.NXT+1-1x(5)", "1:17: found '-1x', expected a number"},
      {"+0 < . ISS+ISS-ISS+ISS-ISS(5)", "1:8: a number is a name and at most 3 more"},
      {"+0 < . RCV.NXT+4294967296(5)", "1:15: found '+4294967296', expected a number"},
      {"+0 < . RCV.NXT+4294967295+1(5)", "1:26: found '+1', expected a number"},
      {"+0 < . *(5)", "1:8: only an expected segment can have '*'"},
      {"+0 < . RCV.NXT(*)", "1:16: found '*', expected a length"},
      {"+0 > . 1:1(*)", "1:12: found '*', expected a length"},
      {"+0 < . 0:0(0) ack", "1:18: found the end of the file, expected an acknowledgment number"},
      {"+0 < . 0:0(0) win 65536",
       "1:19: '65536' is out of range: expected a window from 0 to 65535"},
      {"+0 < . 0:0(0) win =5", "1:19: found '=', expected a window"},
      {"+0 < . 0:0(0) urg 65536", "1:19: '65536' is out of range"},
      {"+0 < [ect01] . 0:0(0)", "1:7: [ect01] is for expected packets only"},
      {"+0 < [ecn] . 0:0(0)", "1:7: found 'ecn', expected one of ect0 ect1"},
      {"+0 < [ect0 . 0:0(0)", "1:12: found '.', expected ']'"},
      {"+0 < [flowlabel 3] . 0:0(0)",
       "1:7: 'flowlabel' is packetdrill's, but synfin does not have it"},
      {"+0 < [tos 256] . 0:0(0)", "1:11: '256' is out of range: expected the octet of the traffic"},
      {"+0 < udp (5)", "1:6: 'udp' is packetdrill's, but synfin tests TCP only"},
      {"+0 < 5 > 6 S 0:0(0)", "1:6: ports are chosen by synfin"},
      {"+0 > icmp unreachable", "1:11: an ICMP message can only be injected"},
      {"+0 < icmp 5", "1:11: found '5', expected a type of ICMP message"},
      {"+0 < icmp unreachable [1:2(1)", "1:30: found the end of the file, expected ']'"},
      {"+0 < . 0:3(3) \"ab\"", "1:15: this text has 2 octets, but the segment says 3"},
      {"+0 < . 0:1(1) \"\\q\"", "1:17: found \\ before 'q'"},
      {"+0 < . 0:0(0) {}", "1:16: found '}', expected one of sum= off="},
      {"+0 < . 0:0(0) {sum}", "1:19: found '}', expected '='"},
      {"+0 < . 0:0(0) {sum=good}",
       "1:20: found 'good', expected a checksum (bad, zero or a number)"},
      {"+0 < . 0:0(0) {ipopt=0x123}", "1:22: found '0x123', expected at most 40 octets as pairs"},
      {"+0 < . 0:0(0) {src=\"1.2.3\"}",
       "1:20: found '\"1.2.3\"', expected an IP address in quotes"},
      {"+0 < . 0:0(0) {off=16}", "1:20: '16' is out of range: expected a data offset from 0 to 15"},
      {"+0 < . 0:0(0) {off=1", "1:21: found the end of the file, expected one of"},
  });
}

TEST(ParseError, Options) {
  check({
      {"+0 < . 0:0(0) <>", "1:16: found '>', expected a TCP option (mss, wscale"},
      {"+0 < . 0:0(0) <...>", "1:16: <...> is for expected segments only"},
      {"+0 < . 0:0(0) <mss>", "1:19: found '>', expected a segment size"},
      {"+0 < . 0:0(0) <mss 65536>", "1:20: '65536' is out of range"},
      {"+0 < . 0:0(0) <wscale 256>", "1:23: '256' is out of range"},
      {"+0 < . 0:0(0) <nop nop>", "1:20: found 'nop', expected '>'"},
      {"+0 < . 0:0(0) <TS 1>", "1:19: found '1', expected 'val'"},
      {"+0 < . 0:0(0) <TS val any ecr 0>", "1:23: found 'any', expected a timestamp"},
      {"+0 > . 0:0(0) <TS val any ecr last>", "1:31: found 'last', expected a timestamp or 'any'"},
      {"+0 < . 0:0(0) <sack 1>", "1:22: found '>', expected ':'"},
      {"+0 < . 0:0(0) <opt 256>", "1:20: '256' is out of range: expected a kind of option"},
      {"+0 < . 0:0(0) <opt 1 len>", "1:25: found '>', expected a length"},
      {"+0 < . 0:0(0) <opt 1 abcd>", "1:22: found 'abcd', expected at most 40 octets"},
      {"+0 < . 0:0(0) <opt 1 0xabc>", "1:22: found '0xabc', expected at most 40 octets"},
      {"+0 < . 0:0(0) <opt 1 0x" + std::string(82, '0') + ">", "1:22: found '0x0"},
      {"+0 < . 0:0(0) <md5 zz>", "1:20: found 'zz', expected at most 40 octets"},
      {"+0 < . 0:0(0) <ECN ceb 1>", "1:20: found 'ceb', expected 'e0b' or 'e1b'"},
  });
}

TEST(ParseError, Calls) {
  check({
      {"+0 close", "1:9: found the end of the file, expected '('"},
      {"+0 close(3", "1:11: found the end of the file, expected ',' or ')'"},
      {"+0 close(3,)", "1:12: found ')', expected a value"},
      {"+0 close(3) =", "1:14: found the end of the file, expected a value"},
      {"+0 close(A|)", "1:12: found ')', expected a NAME or a number after '|'"},
      {"+0 close(9223372036854775807)", "1:10: '9223372036854775807' is out of range"},
      {"+0 close(3) = -1 EBADF ()", "1:25: found ')', expected a note"},
      {"+0 close(3) = -1 EBADF (a <", "1:27: found '<', expected a word or ')'"},
      {"+0 bind(3, {sa_family = AF_UNIX}, 1)",
       "1:25: found 'AF_UNIX', expected AF_INET or AF_INET6"},
      {"+0 bind(3, {sa_family = AF_INET, sin_port = htons(70000)", "1:51: '70000' is out of range"},
      {"+0 f({a(b)=1})", "1:8: found '(', expected '=', ',' or '}'"},
      {"+0 f(" + std::string(15, '[') + ")", "1:21: found ')', expected a value"},
      {"+0 f(" + std::string(16, '[') + ")", "1:22: values are nested more than 16 deep"},
  });
}

TEST(ParseError, LongWordsAreCut) {
  EXPECT_EQ(error_of("+0 < S 0:0(0) <" + std::string(1000, 'x') + ">").substr(0, 70),
            "1:16: found 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...', expected a ");
}

TEST(ParseError, DeepNestingDoesNotOverflow) {
  EXPECT_NE(error_of("+0 f(" + std::string(500'000, '{')), "no error");
  EXPECT_NE(error_of("+0 f(" + std::string(500'000, '[')), "no error");
}

}  // namespace
}  // namespace synfin::script
