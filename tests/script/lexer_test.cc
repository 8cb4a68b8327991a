#include "harness/script/lexer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/script/text.h"

namespace synfin::script {
namespace {

// "kind:text" of each token.
std::string tokens(std::string_view source, const Defines& defines = {}) {
  constexpr std::string_view kKinds[] = {"word", "int",  "hex",    "dec",  "sym", "text",
                                         "sh",   "code", "option", "dots", "p",   "end"};
  const auto lexed = lex(source, defines);
  if (!lexed) return to_string("", lexed.error());
  std::string out;
  for (const Token& token : lexed->tokens) {
    if (token.kind == TokenKind::kEnd) break;
    out += fmt::format("{}{}:{}", out.empty() ? "" : " ",
                       kKinds[static_cast<std::size_t>(token.kind)], token.text);
  }
  return out;
}

struct Lexed {
  const char* source;
  const char* wanted;
};

TEST(Lexer, Tokens) {
  constexpr Lexed kSamples[] = {
      {"", ""},
      {" \t\r\n ", ""},
      {"+0.1", "p:+ dec:0.1"},
      {"+.1", "p:+ dec:.1"},
      {"0...0.2", "int:0 dots:... dec:0.2"},
      {"0....2", "int:0 dots:... dec:.2"},
      {"+0~+.1", "p:+ int:0 p:~ p:+ dec:.1"},
      {"*", "p:*"},
      {"S. 0:0(0)", "word:S p:. int:0 p:: int:0 p:( int:0 p:)"},
      {"P.5", "word:P dec:.5"},
      {". 1:1", "p:. int:1 p:: int:1"},
      {"-1 - -.5", "int:-1 p:- dec:-.5"},
      {"0x1F 0xg 12ab 007", "hex:0x1F word:0xg word:12ab int:007"},
      {"RCV.NXT-1 +1", "sym:RCV.NXT-1 p:+ int:1"},
      {"RCV.NXT+RCV.WND-1:5", "sym:RCV.NXT+RCV.WND-1 p:: int:5"},
      {"RCV.NXT\n+0", "sym:RCV.NXT p:+ int:0"},
      {"ISS+1(0) IRS ISSX", "sym:ISS+1 p:( int:0 p:) sym:IRS word:ISSX"},
      {"SND.MAX.WND,x", "sym:SND.MAX.WND p:, word:x"},
      {R"("a\"b" `x\`y`)", R"(text:"a\"b" sh:x\`y)"},
      {"%{ x = {1} }% y", "code:x = {1} word:y"},
      {"--tolerance_usecs=10 --strict", "option:--tolerance_usecs=10 option:--strict"},
      {"--ip=fd::1 --x=192.0.2.1 a", "option:--ip=fd::1 option:--x=192.0.2.1 word:a"},
      {"--define=A=12 A B", "int:12 word:B"},
      {"--define=A=0x1 --define=A=zz A", "word:zz"},
      {"--define=A=\"x y\" --define=B=`c` A B", "text:\"x y\" sh:c"},
      {"a // b\nc /* d\n e */ f", "word:a word:c word:f"},
      {"@b", "p:@ word:b"},
  };
  for (const auto& sample : kSamples)
    EXPECT_EQ(tokens(sample.source), sample.wanted) << sample.source;
}

TEST(Lexer, DefinesFromOutside) {
  EXPECT_EQ(tokens("A+A", {{"A", "5"}}), "int:5 p:+ int:5");
  EXPECT_EQ(tokens("A", {{"A", ""}}),
            ":1:1: A is defined as what is no number, word, text or command");
  EXPECT_EQ(tokens("A", {{"A", "`x\\`"}}),
            ":1:1: A is defined as what is no number, word, text or command");
}

TEST(Lexer, KeepsComments) {
  const auto lexed = lex("//one\n//  two  \n//@ key value\na /* three\n * four\n*/ b //", {});
  ASSERT_TRUE(lexed);
  std::string out;
  for (const Trivia& trivia : lexed->trivia) {
    out += fmt::format("[{}|{}|{}|{}]", trivia.text, trivia.line, trivia.next_token,
                       trivia.annotation);
  }
  EXPECT_EQ(out,
            "[one|1|0|false][ two|2|0|false][key value|3|0|true]"
            "[three|4|1|false][four|5|1|false][|6|2|false]");
}

TEST(Lexer, KnowsWhereTokensEnd) {
  const auto lexed = lex("`a\nb`\n  c", {});
  ASSERT_TRUE(lexed);
  EXPECT_EQ(lexed->tokens[0].line, 1U);
  EXPECT_EQ(lexed->tokens[0].last_line, 2U);
  EXPECT_EQ(lexed->tokens[1].line, 3U);
}

TEST(Lexer, ColumnsCountCharacters) {
  const ParseError error = error_at("x\n\xc3\xa9\xe6\x97\xa5z", 7, "here");
  EXPECT_EQ(error.line, 2U);
  EXPECT_EQ(error.column, 3U);
}

TEST(Lexer, Limits) {
  EXPECT_EQ(tokens(std::string(kMaxFileOctets, ' ')), "");
  EXPECT_EQ(tokens(std::string(kMaxFileOctets + 1, ' ')),
            ":1:1: the file has 1048577 octets; at most 1048576 are read");
}

TEST(Text, Utf8) {
  const auto bad = [](std::string_view text) {
    return static_cast<int>(find_invalid_utf8(text).value_or(99));
  };
  EXPECT_EQ(bad("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 99);
  EXPECT_EQ(bad("a\x80"), 1);
  EXPECT_EQ(bad("\xc0\xaf"), 0) << "a long form";
  EXPECT_EQ(bad("\xe0\x80\x80"), 0) << "a long form";
  EXPECT_EQ(bad("\xed\xa0\x80"), 0) << "a surrogate";
  EXPECT_EQ(bad("\xf4\x90\x80\x80"), 0) << "beyond U+10FFFF";
  EXPECT_EQ(bad("ab\xe2\x82"), 2) << "cut";
}

TEST(Text, QuoteAndUnescapeAreOpposites) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(unescape(quote(all)).value(), all);
  EXPECT_EQ(unescape(R"("\x41\n\t\"\\")").value(), "A\n\t\"\\");
  for (const char* bad : {R"("\q")", R"("\x4")", R"("\xgg")", "\"\\\""})
    EXPECT_FALSE(unescape(bad)) << bad;
}

TEST(Text, SuggestsTheNearestWord) {
  constexpr std::string_view kKnown[] = {"ESTABLISHED", "CLOSED", "LISTEN"};
  EXPECT_EQ(nearest("ESTABLISHD", kKnown), "ESTABLISHED");
  EXPECT_EQ(nearest("LISTN", kKnown), "LISTEN");
  EXPECT_EQ(nearest("banana", kKnown), "");
}

}  // namespace
}  // namespace synfin::script
