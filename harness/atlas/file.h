// The file of an atlas.
//
// The magic "synatlas" and a format version, then parts. Each is the length of its message, the
// CRC-32 of that (both four octets, the lowest first), and the message (proto/atlas.proto): a
// header, set-ups, an end. So what was written before a kill is readable, and damage has a place.
// Only a journal may break off within a part: its header says that it grows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/atlas/atlas.h"
#include "harness/link/fd.h"
#include "harness/wire/error.h"

namespace synfin::atlas {

inline constexpr std::string_view kMagic = "synatlas";
inline constexpr uint8_t kFormat = 1;

// The same atlas gives the same octets.
std::string to_octets(const Atlas& atlas);

struct Loaded {
  Atlas atlas;
  bool complete = true;             // false: it breaks off, as a kill leaves it
  std::optional<std::size_t> torn;  // a journal's last part, of which some is missing: its offset
};

// An error names the file and the offset of what is wrong there. Octets are believed in nothing:
// numbers are checked, and what is kept is not larger than a small multiple of the file.
Result<Loaded> from_octets(std::string_view octets, const std::string& file);
Result<Loaded> load(const std::string& file);

// Writes the whole file anew, through a temporary beside it: `file` is the old one or the new.
Result<void> save(const Atlas& atlas, const std::string& file);

// A file that grows by a set-up at a time while an atlas is made: `file` is readable at any time,
// but for a set-up that is being written.
class Journal {
 public:
  static Result<Journal> create(const std::string& file, const Atlas& header);
  // Appends the set-ups of `atlas`, or nothing where that fails.
  Result<void> add(const Atlas& atlas);
  // The whole atlas is saved elsewhere.
  void remove();
  const std::string& file() const { return file_; }

 private:
  Journal(std::string file, link::Fd fd) : file_(std::move(file)), fd_(std::move(fd)) {}

  std::string file_;
  link::Fd fd_;
};

}  // namespace synfin::atlas
