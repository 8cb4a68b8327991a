#include "harness/script/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/script/text.h"

namespace synfin::script {
namespace {

class Lexer {
 public:
  Lexer(std::string_view source, const Defines& defines) : source_(source) {
    for (const Define& define : defines) defines_.emplace_back(define.name, define.value);
  }

  tl::expected<Lexed, ParseError> run() {
    while (!failed() && skip_blanks()) {
      if (!comment()) token();
    }
    if (failed()) return tl::make_unexpected(std::move(*error_));
    add(TokenKind::kEnd, position_, 0);
    return std::move(lexed_);
  }

 private:
  bool failed() const { return error_.has_value(); }
  void fail(std::size_t offset, std::string message) {
    if (!failed()) error_ = error_at(source_, offset, std::move(message));
  }

  char at(std::size_t offset) const { return offset < source_.size() ? source_[offset] : '\0'; }
  bool starts(std::string_view what) const { return source_.substr(position_).starts_with(what); }

  // Moves to the next octet that is no blank; false at the end.
  bool skip_blanks() {
    while (position_ < source_.size() && is_blank(source_[position_])) advance(position_ + 1);
    return position_ < source_.size();
  }

  void advance(std::size_t to) {
    const auto passed = source_.substr(position_, to - position_);
    line_ += static_cast<uint32_t>(std::count(passed.begin(), passed.end(), '\n'));
    position_ = to;
  }

  // Adds what stands in [position_, position_ + whole) as a token that shows [from, from + size).
  void add(TokenKind kind, std::size_t from, std::size_t size, std::size_t whole) {
    Token token{
        .kind = kind, .text = source_.substr(from, size), .offset = position_, .line = line_};
    advance(position_ + whole);
    token.last_line = line_;
    lexed_.tokens.push_back(token);
  }
  void add(TokenKind kind, std::size_t from, std::size_t size) { add(kind, from, size, size); }

  bool comment() {
    if (starts("//")) return line_comment();
    if (starts("/*")) return block_comment();
    return false;
  }

  void add_trivia(std::string_view text, std::size_t offset, uint32_t line, bool annotation) {
    lexed_.trivia.push_back({text, offset, line, lexed_.tokens.size(), annotation});
  }

  bool line_comment() {
    const std::size_t end = std::min(source_.find('\n', position_), source_.size());
    const bool annotation = starts("//@");
    std::string_view text = source_.substr(position_, end - position_).substr(annotation ? 3 : 2);
    if (text.starts_with(' ')) text.remove_prefix(1);
    add_trivia(trim_end(text), position_, line_, annotation);
    advance(end);
    return true;
  }

  // Each line of it becomes a comment of its own.
  bool block_comment() {
    const std::size_t end = source_.find("*/", position_ + 2);
    if (end == std::string_view::npos) {
      fail(position_, "this comment has no end: expected '*/'");
      return true;
    }
    std::string_view rest = source_.substr(position_ + 2, end - position_ - 2);
    uint32_t line = line_;
    const std::size_t offset = position_;
    while (true) {
      const std::size_t eol = std::min(rest.find('\n'), rest.size());
      std::string_view text = trim(rest.substr(0, eol));
      if (text.starts_with('*')) text = trim(text.substr(1));
      if (!text.empty()) add_trivia(text, offset, line, false);
      if (eol == rest.size()) break;
      rest.remove_prefix(eol + 1);
      ++line;
    }
    advance(end + 2);
    return true;
  }

  void token() {
    const char c = source_[position_];
    if (c == '"' || c == '`') return quoted(c);
    if (starts("%{")) return code();
    if (starts("...")) return add(TokenKind::kEllipsis, position_, 3);
    if (starts("--") && is_word(at(position_ + 2))) return option();
    const char next = at(position_ + 1);
    const bool fraction = c == '.' && is_digit(next);
    const bool negative =
        c == '-' && (is_digit(next) || (next == '.' && is_digit(at(position_ + 2))));
    if (is_digit(c) || fraction || negative) return number();
    if (is_word(c)) return word();
    if (c > ' ' && c < 0x7f) return add(TokenKind::kPunct, position_, 1);
    fail(position_, fmt::format("found {}, which no step can have", describe_octet(c)));
  }

  void quoted(char quote) {
    std::size_t end = position_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) {
      return fail(position_, fmt::format("this text has no end: expected {}", quote));
    }
    const std::size_t size = end - position_;
    if (quote == '`') return add(TokenKind::kShell, position_ + 1, size - 1, size + 1);
    add(TokenKind::kText, position_, size + 1);
  }

  void code() {
    const std::size_t end = source_.find("}%", position_ + 2);
    if (end == std::string_view::npos) {
      return fail(position_, "this code has no end: expected '}%'");
    }
    std::size_t from = position_ + 2;
    std::size_t to = end;
    while (from < to && is_space(source_[from])) ++from;
    while (to > from && is_space(source_[to - 1])) --to;
    add(TokenKind::kCode, from, to - from, end + 2 - position_);
  }

  // --name[=value[=value]]: a value is a word without blanks, or quoted.
  void option() {
    std::size_t end = position_ + 2;
    while (is_word(at(end))) ++end;
    while (at(end) == '=') {
      ++end;
      const char quote = at(end);
      if (quote == '"' || quote == '`') {
        std::size_t last = end + 1;
        while (last < source_.size() && source_[last] != quote && source_[last] != '\n') ++last;
        if (at(last) != quote) {
          return fail(end, fmt::format("this value has no end: expected {}", quote));
        }
        end = last + 1;
      } else {
        while (is_option_value(at(end))) ++end;
      }
    }
    if (end < source_.size() && !is_blank(source_[end])) {
      return fail(end, fmt::format("found {} in an option", describe_octet(source_[end])));
    }
    if (!define(source_.substr(position_, end - position_))) {
      return add(TokenKind::kOption, position_, end - position_);
    }
    advance(end);
  }

  // Whether the option is a definition, which is kept here.
  bool define(std::string_view text) {
    constexpr std::string_view kStart = "--define=";
    if (!text.starts_with(kStart)) return false;
    text.remove_prefix(kStart.size());
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
      fail(position_, "expected --define=NAME=value");
    } else {
      defines_.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return true;
  }

  // A word that was defined becomes what it stands for.
  void use_define(Token* token) {
    const auto found = std::find_if(defines_.rbegin(), defines_.rend(),
                                    [&](const auto& pair) { return pair.first == token->text; });
    if (found == defines_.rend()) return;
    const std::string_view value = found->second;
    if (is_quoted(value, '`')) {
      token->kind = TokenKind::kShell;
      token->text = value.substr(1, value.size() - 2);
    } else if (is_quoted(value, '"')) {
      token->kind = TokenKind::kText;
      token->text = value;
    } else if (!value.empty() && std::all_of(value.begin(), value.end(), is_word)) {
      token->kind = word_kind(value);
      token->text = value;
    } else {
      fail(token->offset,
           fmt::format("{} is defined as what is no number, word, text or command", token->text));
    }
  }

  void number() {
    std::size_t end = position_;
    if (at(end) == '-') ++end;
    while (is_digit(at(end))) ++end;
    if (at(end) == '.' && is_digit(at(end + 1))) {
      ++end;
      while (is_digit(at(end))) ++end;
      return add(TokenKind::kDecimal, position_, end - position_);
    }
    if (is_word(at(end)) && at(position_) != '-') return word();
    add(TokenKind::kInteger, position_, end - position_);
  }

  void word() {
    std::size_t end = position_;
    while (is_word(at(end))) ++end;
    const std::string_view text = source_.substr(position_, end - position_);
    const bool dotted = at(end) == '.' && is_letter(at(end + 1));
    if (dotted || text == "ISS" || text == "IRS") return symbolic();
    add(word_kind(text), position_, text.size());
    if (Token& token = lexed_.tokens.back(); token.kind == TokenKind::kWord) use_define(&token);
  }

  // Whether the first quote is closed by the last character.
  static bool is_quoted(std::string_view value, char quote) {
    if (!value.starts_with(quote) || find_invalid_utf8(value)) return false;
    std::size_t end = 1;
    while (end < value.size() && value[end] != quote) end += value[end] == '\\' ? 2 : 1;
    return end + 1 == value.size();
  }

  static TokenKind word_kind(std::string_view text) {
    if (std::all_of(text.begin(), text.end(), is_digit)) return TokenKind::kInteger;
    const bool hex = text.size() > 2 && text.starts_with("0x") &&
                     std::all_of(text.begin() + 2, text.end(), is_hex);
    return hex ? TokenKind::kHex : TokenKind::kWord;
  }

  // name{.name}{(+|-)(name{.name}|digits)}: no blanks, since a `+1` after one is the next step's
  // time.
  void symbolic() {
    std::size_t end = position_;
    const auto run = [&] {
      while (is_word(at(end)) || (at(end) == '.' && is_letter(at(end + 1)))) ++end;
    };
    run();
    while ((at(end) == '+' || at(end) == '-') && is_word(at(end + 1))) {
      ++end;
      run();
    }
    add(TokenKind::kSymbolic, position_, end - position_);
  }

  std::string_view source_;
  std::size_t position_ = 0;
  uint32_t line_ = 1;
  Lexed lexed_;
  std::vector<std::pair<std::string_view, std::string_view>> defines_;
  std::optional<ParseError> error_;
};

}  // namespace

std::string to_string(std::string_view file, const ParseError& error) {
  return fmt::format("{}:{}:{}: {}", file, error.line, error.column, error.message);
}

ParseError error_at(std::string_view source, std::size_t offset, std::string message) {
  offset = std::min(offset, source.size());
  const std::string_view before = source.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  const std::string_view line =
      newline == std::string_view::npos ? before : before.substr(newline + 1);
  ParseError error;
  error.line = 1 + static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n'));
  error.column = 1 + static_cast<uint32_t>(std::count_if(
                         line.begin(), line.end(), [](char c) { return !is_continuation(c); }));
  error.message = std::move(message);
  return error;
}

tl::expected<Lexed, ParseError> lex(std::string_view source, const Defines& defines) {
  if (source.size() > kMaxFileOctets) {
    return tl::make_unexpected(ParseError{
        1, 1,
        fmt::format("the file has {} octets; at most {} are read", source.size(), kMaxFileOctets)});
  }
  if (const auto bad = find_invalid_utf8(source)) {
    return tl::make_unexpected(error_at(
        source, *bad, fmt::format("found {}, which is not UTF-8", describe_octet(source[*bad]))));
  }
  return Lexer(source, defines).run();
}

}  // namespace synfin::script
