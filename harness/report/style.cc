#include "harness/report/style.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace synfin::report {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kInAscii = {{
    {"│", "|"},  {"─", "-"},  {"▶", ">"},        {"◀", "<"}, {"·", "-"}, {"⋮", ":"},
    {"█", "#"},  {"░", "."},  {"–", "-"},        {"—", "-"}, {"×", "x"}, {"→", ">"},
    {"≤", "<="}, {"≥", ">="}, {"§", "section "}, {"…", "~"}, {"µ", "u"}, {"±", "+-"},
    {"┄", "."},  {"✓", "*"},  {"●", "*"},        {"←", "<"},
}};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// The first of these variables that is set decides, as in setlocale(3).
bool locale_has_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string folded;
    for (const char c : std::string_view(value)) {
      if (c != '-') folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return folded.find("utf8") != std::string::npos;
  }
  return false;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

std::string_view code_of(Ink ink) {
  switch (ink) {
    case Ink::kBold:
      return "1";
    case Ink::kDim:
      return "2";
    case Ink::kRed:
      return "1;31";
    case Ink::kGreen:
      return "32";
    case Ink::kYellow:
      return "33";
    case Ink::kCyan:
      return "36";
    case Ink::kPlain:
      break;
  }
  return "";
}

// How many octets the character at the front takes; 0 when they are none of UTF-8 (RFC 3629 §4).
std::size_t character_at(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = octet(0);
  if (first < 0x80U) return 1;
  if (first < 0xc2U || first > 0xf4U) return 0;
  const std::size_t length = first < 0xe0U ? 2 : first < 0xf0U ? 3 : 4;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return 0;
  }
  // Longer than need be, halves of UTF-16 pairs, and beyond the last character.
  const unsigned second = octet(1);
  if ((first == 0xe0U && second < 0xa0U) || (first == 0xedU && second > 0x9fU) ||
      (first == 0xf0U && second < 0x90U) || (first == 0xf4U && second > 0x8fU)) {
    return 0;
  }
  return length;
}

}  // namespace

std::string Style::paint(Ink ink, std::string_view text) const {
  if (!color || ink == Ink::kPlain || text.empty()) return std::string(text);
  std::string out = "\033[";
  out.append(code_of(ink)).append("m").append(text).append("\033[0m");
  return out;
}

std::string Style::for_reader(std::string text) const { return utf8 ? text : to_ascii(text); }

Style style_of(int fd) {
  Style style;
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  style.utf8 = locale_has_utf8();
  style.terminal = isatty(fd) == 1 && !dumb;
  style.color = style.terminal && !is_set("NO_COLOR");
  winsize size{};
  if (style.terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = size.ws_col;
  }
  return style;
}

std::string to_ascii(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && continues(text[end])) ++end;
    const std::string_view character = text.substr(i, end - i);
    const auto found = std::find_if(kInAscii.begin(), kInAscii.end(),
                                    [&](const auto& entry) { return entry.first == character; });
    if (found != kInAscii.end()) {
      out.append(found->second);
    } else if (static_cast<unsigned char>(text[i]) < 0x80U) {
      out.append(character);
    } else {
      out += '?';
    }
    i = end;
  }
  return out;
}

std::string plain_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_at(text.substr(i));
    const auto first = static_cast<unsigned char>(text[i]);
    const bool control = first < 0x20U ? first != '\n' : first == 0x7fU;
    if (length > 0 && !control) {
      out.append(text.substr(i, length));
    } else {
      out += '?';
    }
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string pad_right(std::string_view text, std::size_t columns) {
  std::string out(text);
  const std::size_t width = columns_of(text);
  if (width < columns) out.append(columns - width, ' ');
  return out;
}

std::string pad_left(std::string_view text, std::size_t columns) {
  const std::size_t width = columns_of(text);
  std::string out(width < columns ? columns - width : 0, ' ');
  return out.append(text);
}

std::string shorten(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::size_t end = 0;
  for (std::size_t kept = 0; end < text.size(); ++end) {
    if (!continues(text[end]) && ++kept >= columns) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace synfin::report
