// What a stack in this process has to tell, kept until run_until() delivers it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/time.h"
#include "harness/stack/stack.h"

namespace synfin::stack {

class Delivery {
 public:
  // Room for a packet of at most `most` octets, valid until the next call of any method.
  std::span<uint8_t> begin_packet(std::size_t most);
  // The packet that was begun has `size` octets and belongs to the case.
  void end_packet(CaseId id, Time at, std::size_t size);
  void add_return(CaseId id, Ticket ticket, Time at, const CallResult& result);

  // Tells the sink all of it, in order; false when there was nothing. What belongs to a case for
  // which `is_open` says no is dropped.
  template <typename IsOpen>
  bool deliver(Sink& sink, const IsOpen& is_open) {
    if (queue_.items.empty()) return false;
    std::swap(queue_, delivering_);
    for (const Item& item : delivering_.items) {
      if (is_open(item.id)) tell(sink, item);
    }
    delivering_.items.clear();
    delivering_.octets.clear();
    return true;
  }

 private:
  struct Item {
    CaseId id = 0;
    bool is_packet = true;
    Ticket ticket = 0;
    Time at{};
    int64_t value = 0;
    int error = 0;
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  struct Queue {
    std::vector<Item> items;
    std::vector<uint8_t> octets;
  };

  void tell(Sink& sink, const Item& item) const;

  Queue queue_;
  Queue delivering_;
  std::size_t begun_ = 0;  // where the packet that was begun starts
};

}  // namespace synfin::stack
