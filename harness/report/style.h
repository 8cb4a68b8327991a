// How text is shown: colours, widths, and plain ASCII where UTF-8 is not understood.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace synfin::report {

enum class Ink : unsigned char { kPlain, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// What a reader's end can show. Texts are always made with all characters; who writes them out
// calls for_reader(), so that widths are the same in either form.
struct Style {
  bool utf8 = true;
  bool color = false;
  bool terminal = false;  // the last line can be written over
  std::size_t columns = 100;

  std::string paint(Ink ink, std::string_view text) const;
  // The text with the characters that the reader has: "│" becomes "|", "§" becomes "section ".
  std::string for_reader(std::string text) const;
};

// What the file descriptor leads to. Colours only on a terminal and without NO_COLOR
// (https://no-color.org) or TERM=dumb; UTF-8 as LC_ALL, LC_CTYPE and LANG have it.
Style style_of(int fd);

// Each character becomes one of ASCII; few become several, and those never stand in columns.
std::string to_ascii(std::string_view text);

// The text with '?' for each octet that belongs to no character of UTF-8 and for each control
// character but the line end: what XML, HTML and YAML can carry.
std::string plain_text(std::string_view text);

// How many columns a text takes: its characters. It holds no escape sequences.
std::size_t columns_of(std::string_view text);
std::string pad_right(std::string_view text, std::size_t columns);
std::string pad_left(std::string_view text, std::size_t columns);
// At most `columns`, with "…" for what is cut off.
std::string shorten(std::string_view text, std::size_t columns);

}  // namespace synfin::report
