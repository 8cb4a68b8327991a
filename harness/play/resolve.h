// The numbers of a program as they stand on the wire.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "harness/play/connection.h"
#include "harness/play/observer.h"
#include "harness/script/flat.h"

namespace synfin::play {

// The values that the names had at one moment. A packet that waits for its expectation is compared
// with what held when it came.
class Values {
 public:
  // The names from kIss to kRcvWnd.
  static constexpr std::size_t kNames = 8;

  // All names, as the observer has them now.
  static Values of(const Observer& observer, uint16_t connection);
  // Takes from `other` what has no value here: the stack's SYN itself brings its ISS.
  void fill(const Values& other);
  std::optional<uint32_t> get(script::Base name) const;

 private:
  std::array<std::optional<uint32_t>, kNames> values_{};
};

// Where the values of names come from: frozen values, the observer now, or the packets alone.
struct Names {
  const Connection& own;
  const Observer* observer = nullptr;
  uint16_t connection = 0;
  const Values* frozen = nullptr;

  std::optional<uint32_t> get(script::Base name) const;
  uint8_t peer_window_shift() const;
  uint8_t stack_window_shift() const;
};

// base + terms + offset; literals count from `literal_base`. nullopt while a name has no value.
std::optional<uint32_t> resolve(const script::Number& number, uint32_t literal_base,
                                const Names& names);

// The window field: a literal as it stands; symbols are octets, and shifted down by `shift`.
std::optional<uint16_t> resolve_window(const script::Number& number, uint8_t shift,
                                       const Names& names);

// "RCV.NXT"; empty for literals.
std::string_view name_of(script::Base base);

}  // namespace synfin::play
