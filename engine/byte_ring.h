// The octets of one direction of a connection: a send queue, or a receive buffer with room for
// text that came out of order.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace synfin {

// A ring of octets that holds at most capacity() of them.
//
//   [ readable: size() ][ staged: written ahead, with holes ][ unused ]
//   ^ offset 0          ^ the readable end                            ^ capacity()
//
// Storage is allocated at the first write and grows fourfold up to the capacity, so an idle
// connection owns none and a busy one soon stops allocating. It is kept when the ring runs empty;
// release() gives it back. A moved-from ring may only be assigned to or destroyed.
class ByteRing {
 public:
  // No window exceeds 2^30 octets (RFC 7323 §2.3); this bound keeps index sums within 32 bits.
  static constexpr uint32_t kMaxCapacity = 0x7FFF'FFFF;

  // Octets in ring order: `second` follows `first`, and is empty when they lie in one piece.
  struct Pieces {
    std::span<const uint8_t> first;
    std::span<const uint8_t> second;
  };

  // `capacity` in octets, lowered to kMaxCapacity.
  explicit ByteRing(uint32_t capacity = 0);

  // Readable octets.
  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  uint32_t capacity() const { return capacity_; }
  // Octets that may still follow the readable end. Staged text does not count against it: it lies
  // inside the window already offered, and the window's right edge must not move left for it
  // (RFC 9293 §3.8.6, SHLD-14).
  uint32_t free() const { return capacity_ - size_; }
  // Octets of storage held now.
  uint32_t allocated() const { return static_cast<uint32_t>(storage_.size()); }

  // Adds octets at the readable end, over any staged there, and returns how many fitted.
  uint32_t append(std::span<const uint8_t> octets);

  // The `length` octets from `offset` on, cut at the readable end. Valid until the next call that
  // is not const.
  Pieces peek(uint32_t offset, uint32_t length) const;

  // Copies octets from `offset` on into `out`; returns how many, which is less than out.size()
  // only at the readable end.
  uint32_t copy_out(uint32_t offset, std::span<uint8_t> out) const;

  // Drops octets from the front; returns how many, at most size(). Staged text stays in place.
  uint32_t consume(uint32_t count);

  // Drops octets from the readable end; returns how many, at most size(). Not with staged text.
  uint32_t retract(uint32_t count);

  // Stages octets that begin `ahead` octets past the readable end, over any staged there, and
  // returns how many fitted. They are not readable before commit(). Which octets are there and
  // which are holes is for the caller to know (RangeSet).
  uint32_t write_at(uint32_t ahead, std::span<const uint8_t> octets);

  // Whether these octets are what is staged there.
  bool holds(uint32_t ahead, std::span<const uint8_t> octets) const;

  // Moves the readable end forward over staged text; returns by how many octets, at most up to
  // the last one staged.
  uint32_t commit(uint32_t count);

  // Forgets all staged text.
  void drop_staged() { extent_ = size_; }

  // Sets the capacity, but not below what is readable or staged, and returns the new one.
  uint32_t set_capacity(uint32_t capacity);

  // Frees the storage when nothing is readable or staged; otherwise does nothing.
  void release();

 private:
  // The index in storage_ of the octet `offset` after the front.
  uint32_t index(uint32_t offset) const;
  void write(uint32_t offset, std::span<const uint8_t> octets);
  void grow(uint32_t needed);
  void reallocate(uint32_t octets);

  // What is neither readable nor staged is never read: growing does not clear it.
  struct Uncleared : std::allocator<uint8_t> {
    template <typename>
    struct rebind {
      using other = Uncleared;
    };
    void construct(uint8_t* octet) noexcept { ::new (octet) uint8_t; }
    void construct(uint8_t* octet, uint8_t value) noexcept { *octet = value; }
  };

  std::vector<uint8_t, Uncleared> storage_;
  uint32_t capacity_;
  uint32_t head_ = 0;    // index of the first readable octet
  uint32_t size_ = 0;    // readable octets
  uint32_t extent_ = 0;  // octets up to the last one readable or staged; at least size_
};

}  // namespace synfin
