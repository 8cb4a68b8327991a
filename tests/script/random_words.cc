#include "tests/script/random_words.h"

namespace synfin::script {
namespace {

// Pieces that are likely to break something.
constexpr std::string_view kPieces[] = {"word", "a b",   "//",   "/*", "*/",  "@",  "\"",  "'",
                                        "{",    "}",     "%",    "#",  "...", "+0", "é",   "日本",
                                        "<",    ">",     "(x)",  "=",  "RST", "|",  "\t-", "\\\\",
                                        "${x}", "--o=1", "\x7f", ":",  "0x1", "-1", ";",   ","};

std::string pieces(Random& random, std::size_t most) {
  std::string out;
  for (auto n = random.below(most + 1); n > 0; --n) {
    if (!out.empty() && random.one_in(2)) out += ' ';
    out += random.pick(kPieces);
  }
  return out;
}

}  // namespace

std::string random_word(Random& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  std::string out = "z";
  for (auto n = random.below(8); n > 0; --n) out += kLetters[random.below(kLetters.size())];
  return out;
}

std::string random_line(Random& random) { return "x" + pieces(random, 5) + "."; }

std::string random_comment(Random& random) {
  if (random.one_in(4)) return "";
  const std::string_view start = random.one_in(3) ? "  " : random.one_in(3) ? "@" : "";
  return std::string(start) + pieces(random, 5) + "x";
}

std::string random_shell(Random& random) {
  std::string out = pieces(random, 6);
  if (random.one_in(3)) out += "\nsecond line \\` \\\\";
  return out;
}

std::string random_code(Random& random) {
  if (random.one_in(5)) return "";
  std::string out = "assert " + pieces(random, 4) + "\n  x == 1}";
  for (std::size_t at = out.find("}%"); at != std::string::npos; at = out.find("}%"))
    out.erase(at, 1);
  return out;
}

std::string random_octets(Random& random, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(random.below(256));
  return out;
}

proto::Number random_number(Random& random, bool absolute) {
  proto::Number number;
  if (absolute && random.one_in(6)) {
    number.set_base(proto::Number::ABSOLUTE);
    number.set_offset(random.number(0xffffffff));
  } else if (random.one_in(2)) {
    number.set_offset(random.number(0xffffffff));
  } else {
    const auto name = [&] {
      return static_cast<proto::Number::Base>(
          random.between(proto::Number::ISS, proto::Number::RCV_WND));
    };
    number.set_base(name());
    if (random.one_in(3)) number.add_plus(name());
    while (number.minus_size() < 2 && random.one_in(4)) number.add_minus(name());
    const int64_t offset = random.number(0xffffffff);
    if (!random.one_in(3)) number.set_offset(random.one_in(2) ? offset : -offset);
  }
  return number;
}

}  // namespace synfin::script
