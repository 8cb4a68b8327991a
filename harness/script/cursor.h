// A place in a list of tokens, and the first error met there. What the parsers share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/script/lexer.h"

namespace synfin::script {

class Cursor {
 public:
  Cursor(std::string_view source, const Lexed& lexed) : source_(source), lexed_(lexed) {}

  // The last token is kEnd, and every place after it shows that one.
  const Token& peek(std::size_t ahead = 0) const {
    const std::size_t last = lexed_.tokens.size() - 1;
    return lexed_.tokens[next_ + ahead < last ? next_ + ahead : last];
  }
  const Token& take() {
    const Token& token = peek();
    if (next_ + 1 < lexed_.tokens.size()) ++next_;
    return token;
  }
  std::size_t position() const { return next_; }
  const Token& at(std::size_t index) const { return lexed_.tokens[index]; }

  bool at_end() const { return peek().kind == TokenKind::kEnd; }
  bool is(char punct) const { return peek().is(punct); }
  bool is(TokenKind kind) const { return peek().kind == kind; }
  bool word(std::string_view what) const { return peek().word(what); }

  // Takes the next token if it is this one.
  bool accept(char punct) {
    if (!is(punct)) return false;
    take();
    return true;
  }
  bool accept(std::string_view what) {
    if (!word(what)) return false;
    take();
    return true;
  }

  // Takes the next token, which has to be this one.
  bool expect(char punct);
  bool expect(std::string_view what);
  // A whole number, decimal or hexadecimal, in [low, high]; `what` names it: "a port".
  bool integer(std::string_view what, int64_t low, int64_t high, int64_t* out);
  bool word(std::string_view what, std::string* out);

  // All return false. The first error stays.
  bool fail(std::string message) { return fail(peek(), std::move(message)); }
  bool fail(const Token& token, std::string message) {
    return fail_at(token.offset, std::move(message));
  }
  bool fail_at(std::size_t offset, std::string message);
  // "found X, expected `what`".
  bool unexpected(std::string_view what);

  bool failed() const { return error_.has_value(); }
  const ParseError& error() const { return *error_; }
  std::string_view source() const { return source_; }

 private:
  std::string_view source_;
  const Lexed& lexed_;
  std::size_t next_ = 0;
  std::optional<ParseError> error_;
};

// "'word'", cut when it is long, or "the end of the file".
std::string describe(const Token& token);

// The value of a kInteger or kHex token, unless it needs more than 62 bits.
std::optional<int64_t> integer_value(const Token& token);

}  // namespace synfin::script
