#include "engine/byte_ring.h"

#include <algorithm>
#include <cstddef>

namespace synfin {
namespace {

// Enough for the small exchanges of most test cases, and still cheap a thousand times over.
constexpr uint32_t kFirstAllocation = 256;
// Few copies on the way to a full window.
constexpr uint32_t kGrowth = 4;

uint32_t shorter(std::size_t length, uint32_t room) {
  return static_cast<uint32_t>(std::min<std::size_t>(length, room));
}

}  // namespace

ByteRing::ByteRing(uint32_t capacity) : capacity_(std::min(capacity, kMaxCapacity)) {}

uint32_t ByteRing::append(std::span<const uint8_t> octets) {
  const uint32_t count = shorter(octets.size(), free());
  write(size_, octets.first(count));
  size_ += count;
  extent_ = std::max(extent_, size_);
  return count;
}

ByteRing::Pieces ByteRing::peek(uint32_t offset, uint32_t length) const {
  if (offset >= size_) return {};
  length = std::min(length, size_ - offset);
  const std::span<const uint8_t> all(storage_);
  const uint32_t start = index(offset);
  const uint32_t until_wrap = std::min(length, allocated() - start);
  return {all.subspan(start, until_wrap), all.first(length - until_wrap)};
}

uint32_t ByteRing::copy_out(uint32_t offset, std::span<uint8_t> out) const {
  const Pieces pieces = peek(offset, shorter(out.size(), size_));
  const auto rest = std::copy(pieces.first.begin(), pieces.first.end(), out.begin());
  std::copy(pieces.second.begin(), pieces.second.end(), rest);
  return static_cast<uint32_t>(pieces.first.size() + pieces.second.size());
}

uint32_t ByteRing::consume(uint32_t count) {
  count = std::min(count, size_);
  if (count == 0) return 0;
  head_ = index(count);
  size_ -= count;
  extent_ -= count;
  if (extent_ == 0) head_ = 0;  // the next text then lies in one piece
  return count;
}

uint32_t ByteRing::retract(uint32_t count) {
  const uint32_t dropped = std::min(count, size_);
  size_ -= dropped;
  extent_ = size_;
  return dropped;
}

uint32_t ByteRing::write_at(uint32_t ahead, std::span<const uint8_t> octets) {
  if (ahead >= free()) return 0;
  const uint32_t count = shorter(octets.size(), free() - ahead);
  if (count == 0) return 0;
  write(size_ + ahead, octets.first(count));
  extent_ = std::max(extent_, size_ + ahead + count);
  return count;
}

bool ByteRing::holds(uint32_t ahead, std::span<const uint8_t> octets) const {
  if (octets.size() > extent_ - size_ || ahead > extent_ - size_ - octets.size()) return false;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (storage_[index(size_ + ahead + static_cast<uint32_t>(i))] != octets[i]) return false;
  }
  return true;
}

uint32_t ByteRing::commit(uint32_t count) {
  count = std::min(count, extent_ - size_);
  size_ += count;
  return count;
}

uint32_t ByteRing::set_capacity(uint32_t capacity) {
  capacity_ = std::clamp(capacity, extent_, kMaxCapacity);
  if (allocated() > capacity_) reallocate(capacity_);
  return capacity_;
}

void ByteRing::release() {
  if (extent_ == 0) reallocate(0);
}

uint32_t ByteRing::index(uint32_t offset) const {
  const uint32_t sum = head_ + offset;
  return sum < allocated() ? sum : sum - allocated();
}

void ByteRing::write(uint32_t offset, std::span<const uint8_t> octets) {
  if (octets.empty()) return;
  grow(offset + static_cast<uint32_t>(octets.size()));
  const uint32_t start = index(offset);
  const uint32_t until_wrap = shorter(octets.size(), allocated() - start);
  std::copy_n(octets.begin(), until_wrap, storage_.begin() + start);
  std::copy(octets.begin() + until_wrap, octets.end(), storage_.begin());
}

void ByteRing::grow(uint32_t needed) {
  if (needed <= allocated()) return;
  uint32_t octets = std::max(allocated(), kFirstAllocation);
  while (octets < needed)
    octets = octets > kMaxCapacity / kGrowth ? kMaxCapacity : kGrowth * octets;
  reallocate(std::min(octets, capacity_));
}

void ByteRing::reallocate(uint32_t octets) {
  std::vector<uint8_t, Uncleared> fresh(octets);
  for (uint32_t offset = 0; offset < extent_;) {
    const uint32_t start = index(offset);
    const uint32_t count = std::min(extent_ - offset, allocated() - start);
    std::copy_n(storage_.begin() + start, count, fresh.begin() + offset);
    offset += count;
  }
  storage_.swap(fresh);
  head_ = 0;
}

}  // namespace synfin
