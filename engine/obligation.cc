#include "engine/obligation.h"

#include <algorithm>

namespace synfin {

void Obligations::add_reset(const Obligation& reset) {
  if (size_ == kCapacity && !forget_reset()) return;
  items_[size_++] = reset;
  kinds_ |= bit(Due::kReset);
}

void Obligations::forget_permitted_resets() {
  for (std::size_t i = size_; i > 0; --i) {
    if (items_[i - 1].due == Due::kReset && items_[i - 1].by == kNever) remove_at(i - 1);
  }
}

// The oldest; false when there is none.
bool Obligations::forget_reset() {
  if (!has(Due::kReset)) return false;
  remove_at(index_of(Due::kReset));
  return true;
}

void Obligations::remove_present(Due due) {
  const auto end = std::remove_if(items_.begin() + index_of(due), items_.begin() + size_,
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

}  // namespace synfin
