#include "engine/obligation.h"

#include <algorithm>

namespace synfin {

void Obligations::add(const Obligation& obligation) {
  if (obligation.due != Due::kReset) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (items_[i].due != obligation.due) continue;
      if (obligation.by < items_[i].by) items_[i] = obligation;
      return;
    }
  }
  if (size_ == kCapacity) {
    const auto oldest = std::find_if(items_.begin(), items_.end(),
                                     [](const Obligation& o) { return o.due == Due::kReset; });
    if (oldest == items_.end()) return;
    remove_at(static_cast<std::size_t>(oldest - items_.begin()));
  }
  items_[size_++] = obligation;
}

void Obligations::set(const Obligation& obligation) {
  remove(obligation.due);
  add(obligation);
}

void Obligations::remove(Due due) {
  const auto end = std::remove_if(items_.begin(), items_.begin() + size_,
                                  [due](const Obligation& o) { return o.due == due; });
  size_ = static_cast<std::size_t>(end - items_.begin());
}

void Obligations::remove_at(std::size_t index) {
  std::move(items_.begin() + index + 1, items_.begin() + size_, items_.begin() + index);
  --size_;
}

const Obligation* Obligations::find(Due due) const {
  for (const Obligation& obligation : all()) {
    if (obligation.due == due) return &obligation;
  }
  return nullptr;
}

Time Obligations::earliest() const {
  Time earliest = kNever;
  for (const Obligation& obligation : all()) earliest = std::min(earliest, obligation.by);
  return earliest;
}

}  // namespace synfin
