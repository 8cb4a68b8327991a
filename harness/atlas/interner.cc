#include "harness/atlas/interner.h"

#include <functional>
#include <span>
#include <string_view>

namespace synfin::atlas {
namespace {

// Fowler, Noll, Vo: FNV-1a, over words.
class Hash {
 public:
  void add(uint64_t word) { value_ = (value_ ^ word) * 0x100000001b3U; }
  void add(const Number& number) {
    add(static_cast<uint64_t>(number.base) << 32U | static_cast<uint32_t>(number.offset));
  }
  void add(const std::vector<uint8_t>& octets) {
    add(octets.size());
    for (const uint8_t octet : octets) add(octet);
  }
  void add(const std::optional<Api::Outcome>& outcome) {
    add(outcome ? 1U : 0U);
    if (!outcome) return;
    add(static_cast<uint64_t>(outcome->value));
    add(static_cast<uint64_t>(outcome->error));
  }
  void add(const Wire& wire) {
    add(uint64_t{wire.flags.bits} | uint64_t{wire.reserved} << 8U | uint64_t{wire.window} << 16U |
        uint64_t{wire.urgent} << 32U | uint64_t{wire.bad_checksum} << 48U);
    add(wire.length);
    add(wire.seq);
    add(wire.ack);
    add(wire.options);
    add(wire.text);
  }
  std::size_t value() const { return static_cast<std::size_t>(value_); }

 private:
  uint64_t value_ = 0xcbf29ce484222325U;
};

std::size_t hash_of(const Behaviour& behaviour) {
  Hash hash;
  hash.add(behaviour.answers.size());
  for (const Wire& wire : behaviour.answers) hash.add(wire);
  hash.add(static_cast<uint64_t>(behaviour.state) | uint64_t{behaviour.other_packets} << 8U |
           uint64_t{behaviour.api.other_text} << 40U);
  hash.add(behaviour.api.accept);
  hash.add(behaviour.api.read);
  hash.add(std::hash<std::string_view>{}(behaviour.broken));
  return hash.value();
}

}  // namespace

uint32_t Interner::intern(const Behaviour& behaviour) {
  const std::size_t hash = hash_of(behaviour);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto each = first; each != last; ++each) {
    if (behaviours_[each->second] == behaviour) return each->second;
  }
  const auto index = static_cast<uint32_t>(behaviours_.size());
  behaviours_.push_back(behaviour);
  by_hash_.emplace(hash, index);
  return index;
}

}  // namespace synfin::atlas
