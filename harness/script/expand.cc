#include "harness/script/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/script/parser.h"
#include "harness/script/text.h"

namespace synfin::script {
namespace {

constexpr std::string_view kMark = "//@";
constexpr std::size_t kMaxValues = 1000;
// Of all programs of a file together.
constexpr std::size_t kMaxExpanded = 16 * kMaxFileOctets;

struct Variable {
  std::string name;
  std::vector<std::string> values;
  std::size_t offset = 0;  // of its line in the text
  bool used = false;
};

// The words after `//@ each` if the line declares a variable.
std::optional<std::string_view> each_line(std::string_view line) {
  line = trim(line);
  if (!line.starts_with(kMark)) return std::nullopt;
  line = trim(line.substr(kMark.size()));
  constexpr std::string_view kKey = "each";
  if (!line.starts_with(kKey)) return std::nullopt;
  line.remove_prefix(kKey.size());
  if (!line.empty() && !is_space(line.front())) return std::nullopt;
  return trim(line);
}

// a | b | c; `\|` is a bar that does not part.
std::vector<std::string> split_values(std::string_view text) {
  std::vector<std::string> values(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '|') {
      values.back() += text[++i];
    } else if (text[i] == '|') {
      values.emplace_back();
    } else {
      values.back() += text[i];
    }
  }
  for (std::string& value : values) value = std::string(trim(value));
  return values;
}

class Expander {
 public:
  explicit Expander(std::string_view text) : text_(text) {}

  // Finds the variables; false when something is wrong with them.
  bool read() {
    std::size_t offset = 0;
    while (offset < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', offset), text_.size());
      const std::string_view line = text_.substr(offset, end - offset);
      if (const auto declaration = each_line(line); declaration && !declare(*declaration, offset)) {
        return false;
      }
      offset = end + 1;
    }
    return true;
  }

  std::size_t rows() const { return variables_.empty() ? 0 : variables_[0].values.size(); }

  // The text with the values of one row; lines that declare become empty, so that others keep
  // their numbers.
  std::string expand(std::size_t row) {
    std::string out;
    std::size_t offset = 0;
    while (offset < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', offset), text_.size());
      const std::string_view line = text_.substr(offset, end - offset);
      if (!each_line(line)) substitute(line, row, &out);
      if (end < text_.size()) out += '\n';
      offset = end + 1;
    }
    return out;
  }

  // "[a,b]"
  std::string suffix(std::size_t row) const {
    std::string out;
    for (const Variable& variable : variables_) {
      out += out.empty() ? "[" : ",";
      out += variable.values[row];
    }
    return out + "]";
  }

  const Variable* unused() const {
    for (const Variable& variable : variables_) {
      if (!variable.used) return &variable;
    }
    return nullptr;
  }

  bool fail(std::size_t offset, std::string message) {
    error_ = error_at(text_, offset, std::move(message));
    return false;
  }
  const ParseError& error() const { return *error_; }

 private:
  bool declare(std::string_view declaration, std::size_t offset) {
    const std::size_t equals = declaration.find('=');
    Variable variable{
        .name = std::string(trim(declaration.substr(0, equals))), .values = {}, .offset = offset};
    const bool word =
        !variable.name.empty() && std::all_of(variable.name.begin(), variable.name.end(), is_word);
    if (!word || equals == std::string_view::npos) {
      return fail(offset, "expected //@ each name = value | value");
    }
    for (const Variable& other : variables_) {
      if (other.name == variable.name)
        return fail(offset, fmt::format("'{}' is declared twice", other.name));
    }
    variable.values = split_values(declaration.substr(equals + 1));
    if (variable.values.size() > kMaxValues) {
      return fail(offset, fmt::format("'{}' has more than {} values", variable.name, kMaxValues));
    }
    for (const std::string& value : variable.values) {
      if (value.empty()) return fail(offset, fmt::format("'{}' has an empty value", variable.name));
    }
    if (!variables_.empty() && variables_[0].values.size() != variable.values.size()) {
      return fail(offset,
                  fmt::format("'{}' has {} values, but '{}' has {}: several variables form rows",
                              variable.name, variable.values.size(), variables_[0].name,
                              variables_[0].values.size()));
    }
    variables_.push_back(std::move(variable));
    return true;
  }

  Variable* find(std::string_view name) {
    for (Variable& variable : variables_) {
      if (variable.name == name) return &variable;
    }
    return nullptr;
  }

  // Puts values for ${name}. Other names stay: they may be the shell's.
  void substitute(std::string_view line, std::size_t row, std::string* out) {
    while (true) {
      const std::size_t start = line.find("${");
      const std::size_t end = start == std::string_view::npos ? start : line.find('}', start);
      if (end == std::string_view::npos) break;
      out->append(line.substr(0, start));
      if (Variable* variable = find(line.substr(start + 2, end - start - 2))) {
        variable->used = true;
        out->append(variable->values[row]);
      } else {
        out->append(line.substr(start, end + 1 - start));
      }
      line.remove_prefix(end + 1);
    }
    out->append(line);
  }

  std::string_view text_;
  std::vector<Variable> variables_;
  std::optional<ParseError> error_;
};

using Programs = tl::expected<std::vector<proto::Program>, ParseError>;

Programs parse_rows(Expander* expander, std::string_view file_name, const Defines& defines) {
  std::vector<proto::Program> programs;
  std::size_t octets = 0;
  for (std::size_t row = 0; row < expander->rows(); ++row) {
    const std::string text = expander->expand(row);
    octets += text.size();
    if (octets > kMaxExpanded) {
      return tl::make_unexpected(ParseError{
          1, 1, fmt::format("the programs of this file have more than {} octets", kMaxExpanded)});
    }
    auto program = parse(text, file_name, defines);
    if (!program) {
      ParseError error = program.error();
      error.message += fmt::format(" (in {})", expander->suffix(row));
      return tl::make_unexpected(std::move(error));
    }
    program->set_name(program->name() + expander->suffix(row));
    programs.push_back(std::move(*program));
  }
  if (const Variable* variable = expander->unused()) {
    expander->fail(variable->offset,
                   fmt::format("'{0}' is never used: expected ${{{0}}}", variable->name));
    return tl::make_unexpected(expander->error());
  }
  return programs;
}

}  // namespace

Programs parse_all(std::string_view text, std::string_view file_name, const Defines& defines) {
  Expander expander(text);
  if (text.size() <= kMaxFileOctets) {  // parse() says so of a file that is too large
    if (!expander.read()) return tl::make_unexpected(expander.error());
    if (expander.rows() > 0) return parse_rows(&expander, file_name, defines);
  }
  auto program = parse(text, file_name, defines);
  if (!program) return tl::make_unexpected(program.error());
  std::vector<proto::Program> programs;
  programs.push_back(std::move(*program));
  return programs;
}

}  // namespace synfin::script
