// Octets -> the file of an atlas: an error with the file and an offset, or an atlas that is the
// same again once it was written, and equal to itself.
//
// Checksums keep almost all changed files from being looked at: each input is read as it is, and
// with its parts sealed anew.
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "harness/atlas/compare.h"
#include "harness/atlas/file.h"

namespace synfin::atlas {
namespace {

constexpr std::size_t kLengthOctets = 4;
constexpr std::size_t kPartHeader = 8;

void require(bool holds) {
  if (!holds) std::abort();
}

void put32(std::string& octets, std::size_t at, std::size_t value) {
  for (std::size_t i = 0; i < kLengthOctets; ++i) {
    octets[at + i] = static_cast<char>(value >> 8 * i & 0xffU);
  }
}

// The same parts, or what there is of the last, with the checksums that they should have.
std::string sealed(std::string octets) {
  for (std::size_t at = kMagic.size() + 1; at + kPartHeader <= octets.size();) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < kLengthOctets; ++i) {
      size |= std::size_t{static_cast<uint8_t>(octets[at + i])} << 8 * i;
    }
    size = std::min(size, octets.size() - at - kPartHeader);
    const std::string message = octets.substr(at + kPartHeader, size);
    put32(octets, at, size);
    put32(octets, at + kLengthOctets,
          ::crc32_z(0, reinterpret_cast<const Bytef*>(message.data()), message.size()));
    at += kPartHeader + size;
  }
  return octets;
}

void check(std::string_view octets) {
  const auto loaded = from_octets(octets, "in.atlas");
  if (!loaded) return require(loaded.error().message.starts_with("in.atlas: offset "));
  const std::string written = to_octets(loaded->atlas);
  const auto again = from_octets(written, "again.atlas");
  require(again.has_value() && again->complete);
  require(to_octets(again->atlas) == written);
  require(compare(loaded->atlas, again->atlas).equal());
}

}  // namespace
}  // namespace synfin::atlas

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string octets(reinterpret_cast<const char*>(data), size);
  synfin::atlas::check(octets);
  synfin::atlas::check(synfin::atlas::sealed(octets));
  return 0;
}
