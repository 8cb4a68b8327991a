#include "harness/stack/delivery.h"

namespace synfin::stack {

std::span<uint8_t> Delivery::begin_packet(std::size_t most) {
  begun_ = queue_.octets.size();
  queue_.octets.resize(begun_ + most);
  return std::span(queue_.octets).subspan(begun_);
}

void Delivery::end_packet(CaseId id, Time at, std::size_t size) {
  queue_.octets.resize(begun_ + size);
  Item item;
  item.id = id;
  item.at = at;
  item.offset = begun_;
  item.size = size;
  queue_.items.push_back(item);
}

void Delivery::add_return(CaseId id, Ticket ticket, Time at, const CallResult& result) {
  Item item;
  item.id = id;
  item.is_packet = false;
  item.ticket = ticket;
  item.at = at;
  item.value = result.value;
  item.error = result.error;
  item.offset = queue_.octets.size();
  item.size = result.data.size();
  queue_.octets.insert(queue_.octets.end(), result.data.begin(), result.data.end());
  queue_.items.push_back(item);
}

void Delivery::tell(Sink& sink, const Item& item) const {
  const auto octets = std::span(delivering_.octets).subspan(item.offset, item.size);
  if (item.is_packet) {
    sink.on_packet(item.id, item.at, octets);
  } else {
    sink.on_return(item.id, item.ticket, item.at, {item.value, item.error, octets});
  }
}

}  // namespace synfin::stack
