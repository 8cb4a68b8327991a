#include "harness/script/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/script/cursor.h"
#include "harness/script/parser_parts.h"
#include "harness/script/text.h"
#include "harness/script/words.h"

namespace synfin::script {
namespace {

class Parser {
 public:
  Parser(std::string_view source, const Lexed& lexed)
      : cursor_(source, lexed), trivia_(lexed.trivia) {}

  bool program(proto::Program* program) {
    while (cursor_.is(TokenKind::kOption)) {
      program->add_options(std::string(cursor_.take().text));
    }
    while (cursor_.is(TokenKind::kShell)) {
      program->add_init_commands(std::string(cursor_.take().text));
    }
    if (cursor_.at_end()) return cursor_.fail("the file has no steps: expected a time");
    if (!head_trivia(program)) return false;
    while (!cursor_.at_end() && !cursor_.is(TokenKind::kShell)) {
      proto::Step* next = program->add_steps();
      next->mutable_comments()->Swap(&comments_);
      comments_.Clear();
      if (!step(next)) return false;
    }
    return tail(program);
  }

  const ParseError& error() const { return cursor_.error(); }

 private:
  // Comments right above the first step are its own; the others speak of the file.
  bool head_trivia(proto::Program* program) {
    const std::size_t first_token = cursor_.position();
    std::size_t end = 0;
    while (end < trivia_.size() && trivia_[end].next_token <= first_token) ++end;
    uint32_t line = cursor_.peek().line;
    std::size_t own = end;
    while (own > 0 && !trivia_[own - 1].annotation && trivia_[own - 1].line + 1 >= line) {
      --own;
      line = trivia_[own].line;
    }
    for (; next_trivia_ < end; ++next_trivia_) {
      const Trivia& trivia = trivia_[next_trivia_];
      if (trivia.annotation) {
        if (!annotation(trivia, program->add_annotations())) return false;
      } else if (next_trivia_ < own) {
        program->add_comments(std::string(trivia.text));
      } else {
        comments_.Add(std::string(trivia.text));
      }
    }
    return true;
  }

  bool annotation(const Trivia& trivia, proto::Annotation* out) {
    const std::string_view text = trim(trivia.text);
    std::size_t end = 0;
    while (end < text.size() && (is_word(text[end]) || text[end] == '-')) ++end;
    if (end == 0 || (end < text.size() && !is_space(text[end]))) {
      return cursor_.fail_at(trivia.offset, "expected an annotation: //@ key value");
    }
    out->set_key(std::string(text.substr(0, end)));
    out->set_value(std::string(trim(text.substr(end))));
    out->set_line(trivia.line);
    return true;
  }

  bool step(proto::Step* step) {
    step->set_line(cursor_.peek().line);
    const Token& start = cursor_.peek();
    if (!time(step->mutable_time()) || !label(step) || !action(step)) return false;
    if (step->time().ByteSizeLong() == 0) step->clear_time();  // +0, as where there is none
    if (!check_time(start, *step)) return false;
    return step_trivia(step);
  }

  // Annotations up to the next step, and comments up to the end of the line, are this step's.
  bool step_trivia(proto::Step* step) {
    const uint32_t last_line = cursor_.at(cursor_.position() - 1).last_line;
    for (; next_trivia_ < trivia_.size(); ++next_trivia_) {
      const Trivia& trivia = trivia_[next_trivia_];
      if (trivia.next_token > cursor_.position()) break;
      if (trivia.annotation) {
        if (!annotation(trivia, step->add_annotations())) return false;
      } else if (trivia.line > last_line) {
        comments_.Add(std::string(trivia.text));
      } else if (!trivia.text.empty()) {
        if (!step->remark().empty()) step->mutable_remark()->push_back(' ');
        step->mutable_remark()->append(trivia.text);
      }
    }
    return true;
  }

  bool tail(proto::Program* program) {
    while (cursor_.is(TokenKind::kShell)) {
      program->add_cleanup_commands(std::string(cursor_.take().text));
    }
    if (!cursor_.at_end()) {
      return cursor_.unexpected("the end of the file after the commands that clean up");
    }
    program->mutable_end_comments()->Swap(&comments_);
    for (; next_trivia_ < trivia_.size(); ++next_trivia_) {
      const Trivia& trivia = trivia_[next_trivia_];
      if (trivia.annotation) {
        proto::Step* last = program->mutable_steps(program->steps_size() - 1);
        if (!annotation(trivia, last->add_annotations())) return false;
      } else {
        program->add_end_comments(std::string(trivia.text));
      }
    }
    return true;
  }

  bool time(proto::Time* time) {
    if (cursor_.accept('*')) {
      time->set_kind(proto::Time::ANY);
      return true;
    }
    const bool relative = cursor_.accept('+');
    if (!relative && !is_time()) return cursor_.unexpected("a step's time (+0, .1, *)");
    if (relative && cursor_.accept("RTO")) {
      time->set_kind(proto::Time::TIMEOUT);
      return true;
    }
    time->set_kind(relative ? proto::Time::RELATIVE : proto::Time::ABSOLUTE);
    int64_t ns = 0;
    if (!seconds(&ns)) return false;
    time->set_start_ns(ns);
    if (cursor_.accept('~')) return range(relative, time);
    if (!cursor_.is(TokenKind::kEllipsis)) return true;
    cursor_.take();
    if (relative) cursor_.accept('+');
    const Token& token = cursor_.peek();
    if (!seconds(&ns)) return false;
    if (ns < time->start_ns()) return cursor_.fail(token, "the call would return before it starts");
    time->set_returns_ns(ns);
    return true;
  }

  bool range(bool relative, proto::Time* time) {
    if (relative && !cursor_.accept('+')) {
      return cursor_.unexpected("'+': both ends of a relative range have it (+0~+.1)");
    }
    if (relative && cursor_.accept("RTO")) {
      time->set_kind(proto::Time::UNTIL_TIMEOUT);
      return true;
    }
    const Token& token = cursor_.peek();
    int64_t ns = 0;
    if (!seconds(&ns)) return false;
    if (ns < time->start_ns()) return cursor_.fail(token, "the range ends before it starts");
    time->set_kind(relative ? proto::Time::RELATIVE_RANGE : proto::Time::ABSOLUTE_RANGE);
    time->set_end_ns(ns);
    return true;
  }

  bool is_time() const {
    return cursor_.is(TokenKind::kInteger) || cursor_.is(TokenKind::kDecimal);
  }

  // 1, .5 or 1.25: at most nine decimals, so that it is whole nanoseconds.
  bool seconds(int64_t* ns) {
    if (!is_time()) return cursor_.unexpected("a time in seconds");
    const std::string_view text = cursor_.peek().text;
    if (text.starts_with('-')) return cursor_.fail("a time cannot be negative");
    const std::size_t dot = std::min(text.find('.'), text.size());
    int64_t whole = 0;
    for (const char digit : text.substr(0, dot)) {
      whole = whole * 10 + (digit - '0');
      if (whole > kMaxSeconds) {
        return cursor_.fail(fmt::format("a time can be at most {} s", kMaxSeconds));
      }
    }
    int64_t unit = kNanoseconds;
    int64_t fraction = 0;
    for (const char digit : text.substr(std::min(dot + 1, text.size()))) {
      unit /= 10;
      if (unit == 0 && digit != '0') return cursor_.fail("a time has at most nine decimals");
      fraction += unit * (digit - '0');
    }
    cursor_.take();
    *ns = whole * kNanoseconds + fraction;
    return true;
  }

  // @name: letters, digits, _.
  bool label(proto::Step* step) {
    if (!cursor_.is('@')) return true;
    const Token at = cursor_.take();
    const Token& name = cursor_.peek();
    const bool joined = name.offset == at.offset + 1;
    if (!joined || (name.kind != TokenKind::kWord && name.kind != TokenKind::kInteger) ||
        name.text.starts_with('-')) {
      return cursor_.unexpected("the label of a connection right after '@'");
    }
    step->set_connection(std::string(cursor_.take().text));
    return true;
  }

  bool action(proto::Step* step) {
    const Token& token = cursor_.peek();
    if (token.is('<') || token.is('>')) return parse_packet(cursor_, step->mutable_packet());
    if (token.kind == TokenKind::kShell) {
      step->set_shell(std::string(cursor_.take().text));
      return true;
    }
    if (token.kind == TokenKind::kCode) {
      step->set_code(std::string(cursor_.take().text));
      return true;
    }
    if (token.word("wait") && !cursor_.peek(1).is('(')) {
      cursor_.take();
      step->set_nothing(true);
      return true;
    }
    if (token.kind == TokenKind::kWord) return parse_call(cursor_, step->mutable_call());
    return cursor_.unexpected("a packet (< or >), a call, `commands`, %{ code }% or 'wait'");
  }

  bool check_time(const Token& start, const proto::Step& step) {
    const proto::Time& time = step.time();
    const bool expects = step.has_packet() && step.packet().direction() == proto::Packet::EXPECT;
    const bool open = time.kind() != proto::Time::RELATIVE && time.kind() != proto::Time::ABSOLUTE;
    if (open && !expects) {
      return cursor_.fail(start,
                          "only an expected packet (>) can have '*', RTO or a range as its time");
    }
    if (time.has_returns_ns() && !step.has_call()) {
      return cursor_.fail(start, "only a call can have the time at which it returns (0...1)");
    }
    return true;
  }

  Cursor cursor_;
  const std::vector<Trivia>& trivia_;
  std::size_t next_trivia_ = 0;
  google::protobuf::RepeatedPtrField<std::string> comments_;  // of the step to come
};

}  // namespace

std::string program_name(std::string_view file_name) {
  constexpr std::string_view kFolder = "specs/";
  const std::size_t inner = file_name.rfind("/specs/");
  if (inner != std::string_view::npos) {
    file_name.remove_prefix(inner + 1 + kFolder.size());
  } else if (file_name.starts_with(kFolder)) {
    file_name.remove_prefix(kFolder.size());
  }
  if (file_name.ends_with(".pkt")) file_name.remove_suffix(4);
  return std::string(file_name);
}

tl::expected<proto::Program, ParseError> parse(std::string_view text, std::string_view file_name,
                                               const Defines& defines) {
  const auto lexed = lex(text, defines);
  if (!lexed) return tl::make_unexpected(lexed.error());
  proto::Program program;
  program.set_name(program_name(file_name));
  program.set_file(std::string(file_name));
  Parser parser(text, *lexed);
  if (!parser.program(&program)) return tl::make_unexpected(parser.error());
  return program;
}

}  // namespace synfin::script
