// A small set of ranges of sequence numbers: what arrived out of order, or what was SACKed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/segment.h"
#include "engine/seq.h"

namespace synfin {

// [left, right), in the same form as it travels in a SACK option.
using SeqRange = SackBlock;

// Disjoint, non-touching ranges in sequence order, at most capacity() of them. As a receiver's
// reassembly queue it gives the blocks of RFC 2018 §4; as a sender's scoreboard it takes them.
//
// Everything in one set, and every argument, must lie within 2^31 of each other, or "in order"
// means nothing (Seq). The caller ensures it by dropping what is outside the window, or outside
// [SND.UNA, SND.NXT], first. Otherwise the answers are wrong, though nothing worse happens.
//
// Storage is allocated once, at the first add(), for the full capacity.
class RangeSet {
 public:
  static constexpr uint32_t kDefaultCapacity = 32;

  // `capacity` in ranges. The bound is what keeps a peer from making every octet a range.
  explicit RangeSet(uint32_t capacity = kDefaultCapacity) : capacity_(capacity) {}

  // Adds [left, right), joined with every range that it overlaps or touches; the result becomes the
  // most recent one, even if it held all of it before (RFC 2018 §4: the first block is the one that
  // holds the segment just received). An empty range changes nothing. Returns false, and changes
  // nothing, if a new range would exceed the capacity or if right is before left.
  bool add(Seq left, Seq right);

  // Removes every range that begins at or before `from` and returns how far the octets from `from`
  // on reach without a gap; that is `from` itself if there is nothing there.
  Seq pop_contiguous(Seq from);

  // Removes everything before `left`, cutting a range that spans it.
  void trim_before(Seq left);

  // Whether all of [left, right) is in the set; true for an empty range.
  bool covers(Seq left, Seq right) const;
  bool contains(Seq seq) const { return covers(seq, seq + 1); }

  // The first stretch in [from, limit) that is not in the set; empty if there is none.
  std::optional<SeqRange> first_gap(Seq from, Seq limit) const;

  // Octets in all ranges together.
  uint32_t total() const;

  // Writes the most recently added-to ranges into `blocks`, the latest first, and returns how many:
  // the content of a SACK option (RFC 2018 §4). At most blocks.size() are written; the option has
  // room for four, or three beside timestamps (§3).
  uint32_t recent(std::span<SeqRange> blocks) const;

  // Empties the set and keeps its storage.
  void clear() { ranges_.clear(); }
  // Empties the set and frees its storage.
  void release() { std::vector<Entry>().swap(ranges_); }

  // The ranges, in sequence order.
  uint32_t size() const { return static_cast<uint32_t>(ranges_.size()); }
  bool empty() const { return ranges_.empty(); }
  uint32_t capacity() const { return capacity_; }
  const SeqRange& operator[](uint32_t i) const { return ranges_[i]; }
  const SeqRange& front() const { return ranges_.front(); }  // requires !empty()
  const SeqRange& back() const { return ranges_.back(); }    // requires !empty()
  // Dereference to SeqRange.
  auto begin() const { return ranges_.begin(); }
  auto end() const { return ranges_.end(); }

 private:
  struct Entry : SeqRange {
    uint32_t touched;  // additions_ when it was last added to
  };

  std::vector<Entry> ranges_;
  uint32_t capacity_;
  uint32_t additions_ = 0;  // counts add(); may wrap, see recent()
};

}  // namespace synfin
