#include "harness/script/code.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "harness/script/text.h"

namespace synfin::script {
namespace {

constexpr int kMaxCodeDepth = 64;
constexpr std::size_t kMaxNodes = 4096;

constexpr std::pair<std::string_view, int64_t> kCodeConstants[] = {
    {"TCP_ESTABLISHED", 1},
    {"TCP_SYN_SENT", 2},
    {"TCP_SYN_RECV", 3},
    {"TCP_FIN_WAIT1", 4},
    {"TCP_FIN_WAIT2", 5},
    {"TCP_TIME_WAIT", 6},
    {"TCP_CLOSE", 7},
    {"TCP_CLOSE_WAIT", 8},
    {"TCP_LAST_ACK", 9},
    {"TCP_LISTEN", 10},
    {"TCP_CLOSING", 11},
    {"TCP_CA_Open", 0},
    {"TCP_CA_Disorder", 1},
    {"TCP_CA_CWR", 2},
    {"TCP_CA_Recovery", 3},
    {"TCP_CA_Loss", 4},
    {"TCPI_OPT_TIMESTAMPS", 1},
    {"TCPI_OPT_SACK", 2},
    {"TCPI_OPT_WSCALE", 4},
    {"TCPI_OPT_ECN", 8},
    {"TCPI_OPT_ECN_SEEN", 16},
    {"TCPI_OPT_SYN_DATA", 32},
    {"TCPI_OPT_USEC_TS", 64},
    {"TCPI_OPT_TFO_CHILD", 128},
    {"TCP_INFINITE_SSTHRESH", 0x7fffffff},
    {"True", 1},
    {"False", 0},
};

// Operators that bind alike, the loosest first.
constexpr std::array<std::array<std::string_view, 7>, 9> kLevels = {
    {{"or"},
     {"and"},
     {"==", "!=", "<=", ">=", "<", ">"},
     {"|"},
     {"^"},
     {"&"},
     {"<<", ">>"},
     {"+", "-"},
     {"*", "//", "%"}}};
constexpr std::size_t kComparisons = 2;

class CodeParser {
 public:
  explicit CodeParser(std::string_view code) : code_(code) {}

  std::optional<std::vector<CodeStatement>> run() {
    while (skip(true)) {
      if (!statement()) return std::nullopt;
    }
    return std::move(statements_);
  }

 private:
  char at(std::size_t offset) const {
    return position_ + offset < code_.size() ? code_[position_ + offset] : '\0';
  }

  // Past blanks and comments, and past what ends a statement or stands in parentheses. False at the
  // end.
  bool skip(bool lines) {
    while (position_ < code_.size()) {
      const char c = at(0);
      if (c == '#') {
        position_ = std::min(code_.find('\n', position_), code_.size());
      } else if (is_blank(c) && (c != '\n' || lines)) {
        ++position_;
      } else if (c == '\\' && at(1) == '\n') {
        position_ += 2;
      } else if (lines && c == ';' && parentheses_ == 0) {
        ++position_;
      } else {
        return true;
      }
    }
    return false;
  }
  bool skip() { return skip(parentheses_ > 0); }
  bool at_end() {
    const bool more = skip(false);
    return !more || at(0) == ';' || at(0) == '\n';
  }

  bool accept(std::string_view what) {
    if (!skip() || !code_.substr(position_).starts_with(what)) return false;
    const char next = at(what.size());
    const char last = what.back();
    if (is_letter(last) && is_word(next)) return false;
    // `<` is not the start of `<=` or `<<`, nor `*` that of `**`.
    if (!is_letter(last) && last != '(' && last != ')' && (next == '=' || next == last)) {
      if (what.size() == 1 && what != "-" && what != "+") return false;
    }
    position_ += what.size();
    return true;
  }

  std::string word() {
    if (!skip() || !is_letter(at(0))) return "";
    const std::size_t start = position_;
    while (is_word(at(0))) ++position_;
    return std::string(code_.substr(start, position_ - start));
  }

  bool statement() {
    const std::size_t start = position_;
    CodeStatement made;
    if (accept("assert")) {
      if (!expression(&made, 0, 0) || !message()) return false;
    } else if (accept("print")) {
      return rest();
    } else {
      made.assigned = word();
      if (made.assigned.empty() || !assigned(&made)) return false;
    }
    if (!at_end()) return false;
    made.text = std::string(trim(code_.substr(start, position_ - start)));
    statements_.push_back(std::move(made));
    return true;
  }

  // = N, or += N and its like.
  bool assigned(CodeStatement* made) {
    std::string_view operation;
    for (const std::string_view one : {"+", "-", "*", "|", "&"}) {
      if (skip() && at(0) == one[0] && at(1) == '=') operation = one;
    }
    if (!operation.empty()) ++position_;
    if (at(0) != '=' || at(1) == '=') return false;
    ++position_;
    if (!expression(made, 0, 0)) return false;
    if (operation.empty()) return true;
    const uint32_t right = last(*made);
    if (!add(made, {.kind = CodeNode::Kind::kName, .text = made->assigned})) return false;
    return binary(made, operation, last(*made), right);
  }

  // What an assert says when it fails.
  bool message() { return at_end() || (accept(",") && rest()); }

  // Up to the end of the statement: parentheses match, and strings end.
  bool rest() {
    int depth = 0;
    while (position_ < code_.size()) {
      const char c = at(0);
      if (c == '\'' || c == '"') {
        const std::size_t end = code_.find(c, position_ + 1);
        if (end == std::string_view::npos) return false;
        position_ = end;
      } else if (c == '(' || c == '[') {
        ++depth;
      } else if (c == ')' || c == ']') {
        --depth;
      } else if (depth <= 0 && (c == ';' || c == '\n' || c == '#')) {
        return true;
      }
      ++position_;
    }
    return depth == 0;
  }

  static uint32_t last(const CodeStatement& made) {
    return static_cast<uint32_t>(made.nodes.size() - 1);
  }
  static bool add(CodeStatement* made, CodeNode node) {
    if (made->nodes.size() >= kMaxNodes) return false;
    made->nodes.push_back(std::move(node));
    return true;
  }
  static bool binary(CodeStatement* made, std::string_view operation, uint32_t left,
                     uint32_t right) {
    return add(made, {.kind = CodeNode::Kind::kBinary,
                      .text = std::string(operation),
                      .left = left,
                      .right = right});
  }

  std::string_view operator_of(std::size_t level) {
    for (const std::string_view one : kLevels[level]) {
      if (!one.empty() && accept(one)) return one;
    }
    return "";
  }

  bool expression(CodeStatement* made, std::size_t level, int depth) {
    if (depth > kMaxCodeDepth) return false;
    if (level == kComparisons) {
      if (accept("not")) return expression(made, level, depth + 1) && unary(made, "not");
      return comparisons(made, depth);
    }
    if (level == kLevels.size()) return factor(made, depth);
    if (!expression(made, level + 1, depth + 1)) return false;
    for (auto one = operator_of(level); !one.empty(); one = operator_of(level)) {
      const uint32_t left = last(*made);
      if (!expression(made, level + 1, depth + 1)) return false;
      if (!binary(made, one, left, last(*made))) return false;
    }
    return true;
  }

  // a < b < c is a < b and b < c.
  bool comparisons(CodeStatement* made, int depth) {
    if (!expression(made, kComparisons + 1, depth + 1)) return false;
    uint32_t left = last(*made);
    std::optional<uint32_t> before;
    for (auto one = operator_of(kComparisons); !one.empty(); one = operator_of(kComparisons)) {
      if (!expression(made, kComparisons + 1, depth + 1)) return false;
      const uint32_t right = last(*made);
      if (!binary(made, one, left, right)) return false;
      if (before && !binary(made, "and", *before, last(*made))) return false;
      before = last(*made);
      left = right;
    }
    return true;
  }

  bool unary(CodeStatement* made, std::string_view operation) {
    const uint32_t of = last(*made);
    return add(made, {.kind = CodeNode::Kind::kUnary, .text = std::string(operation), .left = of});
  }

  bool factor(CodeStatement* made, int depth) {
    if (depth > kMaxCodeDepth || !skip()) return false;
    if (accept("-")) return factor(made, depth + 1) && unary(made, "-");
    if (accept("~")) return factor(made, depth + 1) && unary(made, "~");
    if (accept("(")) {
      ++parentheses_;
      const bool inner = expression(made, 0, depth + 1) && accept(")");
      --parentheses_;
      return inner;
    }
    if (is_digit(at(0))) return number(made);
    std::string name = word();
    if (name.empty() || at(0) == '(' || at(0) == '.' || at(0) == '[') return false;
    return add(made, {.kind = CodeNode::Kind::kName, .text = std::move(name)});
  }

  bool number(CodeStatement* made) {
    const bool hex = at(0) == '0' && (at(1) == 'x' || at(1) == 'X');
    const std::size_t start = position_ + (hex ? 2 : 0);
    std::size_t end = start;
    while (end < code_.size() && (is_word(code_[end]) || code_[end] == '.')) ++end;
    CodeNode node;
    const auto [stop, error] =
        std::from_chars(code_.data() + start, code_.data() + end, node.number, hex ? 16 : 10);
    if (error != std::errc() || stop != code_.data() + end) return false;
    position_ = end;
    return add(made, std::move(node));
  }

  std::string_view code_;
  std::size_t position_ = 0;
  int parentheses_ = 0;
  std::vector<CodeStatement> statements_;
};

// As Python rounds: down.
int64_t floor_divide(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

std::optional<int64_t> arithmetic(std::string_view operation, int64_t a, int64_t b) {
  // Wrapping is what the fields' own arithmetic would do; Python's numbers have no end.
  const auto x = static_cast<uint64_t>(a);
  const auto y = static_cast<uint64_t>(b);
  const bool shifts = b >= 0 && b < 63;
  if (operation == "+") return static_cast<int64_t>(x + y);
  if (operation == "-") return static_cast<int64_t>(x - y);
  if (operation == "*") return static_cast<int64_t>(x * y);
  if (operation == "|") return a | b;
  if (operation == "&") return a & b;
  if (operation == "^") return a ^ b;
  if (operation == "<<") return shifts ? std::optional(static_cast<int64_t>(x << y)) : std::nullopt;
  if (operation == ">>") return shifts ? std::optional(a >> b) : std::nullopt;
  if (b == 0 || b == -1) return std::nullopt;  // -1: INT64_MIN / -1 has no value
  const int64_t quotient = floor_divide(a, b);
  if (operation == "//") return quotient;
  return a - quotient * b;
}

std::optional<int64_t> binary_value(std::string_view operation, int64_t a, int64_t b) {
  if (operation == "or") return a != 0 ? a : b;
  if (operation == "and") return a != 0 ? b : a;
  if (operation == "==") return a == b;
  if (operation == "!=") return a != b;
  if (operation == "<=") return a <= b;
  if (operation == ">=") return a >= b;
  if (operation == "<") return a < b;
  if (operation == ">") return a > b;
  return arithmetic(operation, a, b);
}

int64_t unary_value(std::string_view operation, int64_t a) {
  if (operation == "not") return a == 0;
  if (operation == "~") return ~a;
  return static_cast<int64_t>(0U - static_cast<uint64_t>(a));
}

}  // namespace

std::optional<std::vector<CodeStatement>> parse_code(std::string_view code) {
  return CodeParser(code).run();
}

std::optional<int64_t> evaluate(const CodeStatement& statement, const CodeNames& names,
                                std::string* missing) {
  std::vector<int64_t> values;
  for (const CodeNode& node : statement.nodes) {
    std::optional<int64_t> value;
    switch (node.kind) {
      case CodeNode::Kind::kNumber:
        value = node.number;
        break;
      case CodeNode::Kind::kName:
        value = names(node.text);
        if (!value) value = find_code_constant(node.text);
        if (!value) *missing = node.text;
        break;
      case CodeNode::Kind::kUnary:
        value = unary_value(node.text, values[node.left]);
        break;
      case CodeNode::Kind::kBinary:
        value = binary_value(node.text, values[node.left], values[node.right]);
        break;
    }
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values.back();
}

std::optional<int64_t> find_code_constant(std::string_view name) {
  const auto found = std::find_if(std::begin(kCodeConstants), std::end(kCodeConstants),
                                  [&](const auto& entry) { return entry.first == name; });
  if (found == std::end(kCodeConstants)) return std::nullopt;
  return found->second;
}

}  // namespace synfin::script
