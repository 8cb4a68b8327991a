#include "engine/range_set.h"

#include <algorithm>

namespace synfin {

bool RangeSet::add(Seq left, Seq right) {
  if (!left.before(right)) return left == right;
  // [first, last) are the ranges that the new one overlaps or touches.
  const auto first = std::find_if(ranges_.begin(), ranges_.end(),
                                  [left](const Entry& e) { return e.right.at_or_after(left); });
  const auto last =
      std::find_if(first, ranges_.end(), [right](const Entry& e) { return e.left.after(right); });
  if (first == last) {
    if (ranges_.size() >= capacity_) return false;
    const auto at = first - ranges_.begin();
    ranges_.reserve(capacity_);
    ranges_.insert(ranges_.begin() + at, Entry{{left, right}, ++additions_});
    return true;
  }
  first->left = earlier(left, first->left);
  first->right = later(right, (last - 1)->right);
  first->touched = ++additions_;
  ranges_.erase(first + 1, last);
  return true;
}

Seq RangeSet::pop_contiguous(Seq from) {
  auto it = ranges_.begin();
  for (; it != ranges_.end() && it->left.at_or_before(from); ++it) from = later(from, it->right);
  ranges_.erase(ranges_.begin(), it);
  return from;
}

void RangeSet::trim_before(Seq left) {
  const auto kept = std::find_if(ranges_.begin(), ranges_.end(),
                                 [left](const Entry& e) { return e.right.after(left); });
  ranges_.erase(ranges_.begin(), kept);
  if (!ranges_.empty()) ranges_.front().left = later(left, ranges_.front().left);
}

bool RangeSet::covers(Seq left, Seq right) const {
  if (left == right) return true;
  return std::any_of(ranges_.begin(), ranges_.end(), [left, right](const Entry& e) {
    return e.left.at_or_before(left) && e.right.at_or_after(right);
  });
}

std::optional<SeqRange> RangeSet::first_gap(Seq from, Seq limit) const {
  for (const Entry& range : ranges_) {
    if (range.right.at_or_before(from)) continue;
    if (range.left.after(from)) {
      limit = earlier(limit, range.left);
      break;
    }
    from = range.right;
  }
  if (!from.before(limit)) return std::nullopt;
  return SeqRange{from, limit};
}

uint32_t RangeSet::total() const {
  uint32_t octets = 0;
  for (const Entry& range : ranges_) octets += Seq::distance(range.left, range.right);
  return octets;
}

uint32_t RangeSet::recent(std::span<SeqRange> blocks) const {
  // Age, not `touched` itself, is ordered, so that a wrap of the counter does not matter. No two
  // ranges are of one age, so each turn finds the youngest one older than the last.
  const auto count = static_cast<uint32_t>(std::min(blocks.size(), ranges_.size()));
  uint32_t youngest_left = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Entry* next = nullptr;
    for (const Entry& range : ranges_) {
      const uint32_t age = additions_ - range.touched;
      if (age < youngest_left) continue;
      if (next == nullptr || age < additions_ - next->touched) next = &range;
    }
    blocks[i] = *next;
    youngest_left = additions_ - next->touched + 1;
  }
  return count;
}

}  // namespace synfin
