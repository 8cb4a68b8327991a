// What waits for its turn.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace synfin::play {

// First in, first out, in one block of memory that is kept.
template <class T>
class Queue {
 public:
  bool empty() const { return first_ == items_.size(); }
  std::size_t size() const { return items_.size() - first_; }
  const T& front() const { return items_[first_]; }
  void push(T item) {
    if (first_ > kMostTaken && first_ > size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    items_.push_back(std::move(item));
  }
  T pop() {
    T item = std::move(items_[first_++]);
    if (empty()) clear();
    return item;
  }
  void clear() {
    items_.clear();
    first_ = 0;
  }

 private:
  static constexpr std::size_t kMostTaken = 1024;  // that still lie there

  std::vector<T> items_;
  std::size_t first_ = 0;
};

}  // namespace synfin::play
