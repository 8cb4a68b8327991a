// Any octets: the parser gives an error or a program, which prints to text that parses to the same.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "harness/script/compile.h"
#include "harness/script/expand.h"
#include "harness/script/parser.h"
#include "harness/script/printer.h"

namespace {

using namespace synfin::script;

[[noreturn]] void give_up(std::string_view why, const std::string& text) {
  std::fprintf(stderr, "%.*s:\n%s\n", static_cast<int>(why.size()), why.data(), text.c_str());
  std::abort();
}

void check(const synfin::proto::Program& program) {
  const std::string text = print(program);
  const auto again = parse(text, "fuzz");
  if (!again) give_up(to_string("the printed program does not parse", again.error()), text);
  if (!same(program, *again)) give_up("the printed program parses to another", text);
  (void)compile(program);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto programs = parse_all(text, "fuzz");
  if (!programs) {
    if (programs.error().line == 0 || programs.error().column == 0) give_up("no place", text);
    return 0;
  }
  for (const auto& program : *programs) check(program);
  return 0;
}
