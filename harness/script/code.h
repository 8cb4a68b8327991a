// Code of packetdrill's, as far as it is asserts on numbers: these need no Python.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace synfin::script {

// A node of an expression; its operands are nodes before it.
struct CodeNode {
  enum class Kind : uint8_t { kNumber, kName, kUnary, kBinary };
  Kind kind = Kind::kNumber;
  std::string text;  // the name, or the operator: "==", "and", "-", …
  int64_t number = 0;
  uint32_t left = 0;
  uint32_t right = 0;
};

struct CodeStatement {
  std::string assigned;         // the variable; empty: an assert
  std::string text;             // as it was written
  std::vector<CodeNode> nodes;  // the last is the whole expression
};

// The statements of `assert`, assignments and print() (which says nothing here); nothing when there
// is more to the code than that.
std::optional<std::vector<CodeStatement>> parse_code(std::string_view code);

// The value of a name; nothing when there is none.
using CodeNames = std::function<std::optional<int64_t>(const std::string&)>;

// The value of the expression; nothing when a name has none (it is then in `missing`), or the
// number is none (a division by zero).
std::optional<int64_t> evaluate(const CodeStatement& statement, const CodeNames& names,
                                std::string* missing);

// TCP_ESTABLISHED, TCPI_OPT_SACK and others that packetdrill defines for its code.
std::optional<int64_t> find_code_constant(std::string_view name);

}  // namespace synfin::script
