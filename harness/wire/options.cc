#include "harness/wire/options.h"

#include <algorithm>

#include "harness/wire/bytes.h"
#include "harness/wire/packet.h"

namespace synfin::wire {
namespace {

constexpr std::size_t kBlockOctets = 8;

// Places options so that their 32-bit numbers fall on multiples of four, as stacks usually do, but
// never spends more NOPs than Options::header_octets() counts: the engine derives its segment size
// from that (RFC 9293 §3.7.1), so the two must agree.
class AlignedWriter {
 public:
  explicit AlignedWriter(std::size_t spare_nops) : spare_(spare_nops) {}

  // Makes the next option begin at `place` modulo four, as far as there are spare NOPs.
  void align(std::size_t place) {
    while (spare_ > 0 && out.octets().size() % 4 != place) {
      out.nop();
      --spare_;
    }
  }

  OptionOctets out;

 private:
  std::size_t spare_;
};

// RFC 2018 §3: as many blocks as the room allows.
std::size_t blocks_that_fit(const Options& options, std::size_t used) {
  const std::size_t wanted = std::min<std::size_t>(options.sack_count, Options::kMaxSackBlocks);
  const std::size_t room = OptionOctets::kCapacity - used;
  return room < 2 + kBlockOctets ? 0 : std::min(wanted, (room - 2) / kBlockOctets);
}

}  // namespace

bool option_length_ok(uint8_t kind, std::size_t length) {
  switch (kind) {
    case kOptionEol:
    case kOptionNop:
      return length == 1;
    case kOptionMss:
      return length == 4;
    case kOptionWindowScale:
      return length == 3;
    case kOptionSackPermitted:
      return length == 2;
    case kOptionSack:
      return length > 2 && (length - 2) % kBlockOctets == 0 &&
             (length - 2) / kBlockOctets <= Options::kMaxSackBlocks;
    case kOptionTimestamps:
      return length == 10;
    case kOptionUserTimeout:
      return length == 4;
    default:
      return length >= 2;
  }
}

std::string_view option_name(uint8_t kind) {
  switch (kind) {
    case kOptionEol:
      return "End of Option List";
    case kOptionNop:
      return "No-Operation";
    case kOptionMss:
      return "Maximum Segment Size";
    case kOptionWindowScale:
      return "Window Scale";
    case kOptionSackPermitted:
      return "SACK Permitted";
    case kOptionSack:
      return "SACK";
    case kOptionTimestamps:
      return "Timestamps";
    case kOptionMd5:
      return "MD5 Signature";
    case kOptionUserTimeout:
      return "User Timeout";
    case kOptionAo:
      return "TCP Authentication";
    case kOptionMptcp:
      return "Multipath TCP";
    case kOptionFastOpen:
      return "Fast Open Cookie";
    case kOptionAccEcn0:
      return "Accurate ECN Order 0";
    case kOptionAccEcn1:
      return "Accurate ECN Order 1";
    case kOptionExperiment1:
    case kOptionExperiment2:
      return "Experiment";
    default:
      return "unknown";
  }
}

bool OptionOctets::append(std::span<const uint8_t> octets) {
  if (octets.size() > kCapacity - size_) return false;
  std::copy(octets.begin(), octets.end(), octets_.data() + size_);
  size_ += octets.size();
  return true;
}

bool OptionOctets::eol() {
  constexpr uint8_t kOctets[] = {kOptionEol};
  return append(kOctets);
}

bool OptionOctets::nop() {
  constexpr uint8_t kOctets[] = {kOptionNop};
  return append(kOctets);
}

bool OptionOctets::mss(uint16_t value) {
  uint8_t octets[] = {kOptionMss, 4, 0, 0};
  put16(octets + 2, value);
  return append(octets);
}

bool OptionOctets::window_scale(uint8_t shift) {
  const uint8_t octets[] = {kOptionWindowScale, 3, shift};
  return append(octets);
}

bool OptionOctets::sack_permitted() {
  constexpr uint8_t kOctets[] = {kOptionSackPermitted, 2};
  return append(kOctets);
}

bool OptionOctets::sack(std::span<const SackBlock> blocks) {
  const std::size_t length = 2 + kBlockOctets * blocks.size();
  if (blocks.size() > Options::kMaxSackBlocks || length > kCapacity - size_) return false;
  const uint8_t head[] = {kOptionSack, static_cast<uint8_t>(length)};
  bool fits = append(head);
  for (const SackBlock& block : blocks) {
    uint8_t edges[kBlockOctets];
    put32(edges, block.left.value());
    put32(edges + 4, block.right.value());
    fits = fits && append(edges);
  }
  return fits;
}

bool OptionOctets::timestamps(uint32_t value, uint32_t echo_reply) {
  uint8_t octets[10] = {kOptionTimestamps, 10};
  put32(octets + 2, value);
  put32(octets + 6, echo_reply);
  return append(octets);
}

bool OptionOctets::user_timeout(uint16_t value) {
  uint8_t octets[] = {kOptionUserTimeout, 4, 0, 0};
  put16(octets + 2, value);
  return append(octets);
}

bool OptionOctets::raw(uint8_t kind, std::optional<uint8_t> length, std::span<const uint8_t> data) {
  const uint8_t head[] = {kind, length.value_or(0)};
  const std::size_t head_octets = length ? 2 : 1;
  if (head_octets + data.size() > kCapacity - size_) return false;
  return append({head, head_octets}) && append(data);
}

std::size_t OptionOctets::pad() {
  const std::size_t before = size_;
  while (size_ % 4 != 0) octets_[size_++] = kOptionEol;
  return size_ - before;
}

OptionOctets encode_options(const Options& options, std::size_t* padding) {
  std::size_t used = (options.mss ? 4U : 0U) + (options.window_scale ? 3U : 0U) +
                     (options.sack_permitted ? 2U : 0U) + (options.timestamps ? 10U : 0U) +
                     (options.user_timeout ? 4U : 0U);
  const std::size_t blocks = blocks_that_fit(options, used);
  if (blocks > 0) used += 2 + kBlockOctets * blocks;

  AlignedWriter writer((4 - used % 4) % 4);
  OptionOctets& out = writer.out;
  if (options.mss) out.mss(*options.mss);
  // With timestamps right behind it, it takes the place of their two NOPs.
  if (options.sack_permitted) out.sack_permitted();
  if (options.timestamps) {
    writer.align(2);
    out.timestamps(options.timestamps->value, options.timestamps->echo_reply);
  }
  if (options.user_timeout) {
    writer.align(0);
    out.user_timeout(*options.user_timeout);
  }
  if (options.window_scale) out.window_scale(*options.window_scale);
  if (blocks > 0) {
    writer.align(2);
    out.sack({options.sack.data(), blocks});
  }
  const std::size_t padded = out.pad();
  if (padding != nullptr) *padding = padded;
  return out;
}

}  // namespace synfin::wire
