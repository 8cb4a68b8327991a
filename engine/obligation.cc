#include "engine/obligation.h"

#include <algorithm>

namespace synfin {

// One of this kind stands, or all places are taken.
void Obligations::add_to_others(const Obligation& obligation) {
  if (obligation.due != Due::kReset && has(obligation.due)) {
    Obligation& same = items_[static_cast<std::size_t>(first(obligation.due) - items_.data())];
    if (obligation.by < same.by) same = obligation;
    return;
  }
  if (size_ == kCapacity) {
    if (!has(Due::kReset)) return;
    remove_at(static_cast<std::size_t>(first(Due::kReset) - items_.data()));
  }
  items_[size_++] = obligation;
  kinds_ |= bit(obligation.due);
}

void Obligations::set(const Obligation& obligation) {
  remove(obligation.due);
  add(obligation);
}

void Obligations::remove(Due due) {
  if (!has(due)) return;
  const auto end = std::remove_if(items_.begin(), items_.begin() + size_,
                                  [due](const Obligation& o) { return o.due == due; });
  size_ = static_cast<uint8_t>(end - items_.begin());
  kinds_ &= static_cast<uint8_t>(~bit(due));
}

void Obligations::remove_at(std::size_t index) {
  std::move(items_.begin() + index + 1, items_.begin() + size_, items_.begin() + index);
  --size_;
  kinds_ = 0;
  for (const Obligation& obligation : all()) kinds_ |= bit(obligation.due);
}

// There is one.
const Obligation* Obligations::first(Due due) const {
  const Obligation* found = items_.data();
  while (found->due != due) ++found;
  return found;
}

Time Obligations::earliest() const {
  Time earliest = kNever;
  for (const Obligation& obligation : all()) earliest = std::min(earliest, obligation.by);
  return earliest;
}

}  // namespace synfin
