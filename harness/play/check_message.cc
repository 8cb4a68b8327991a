#include "harness/play/check_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "harness/play/describe.h"

namespace synfin::play {
namespace {

// Takes values off the front; zeros when there is too little.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> data) : data_(data) {}

  bool at_end() const { return data_.empty(); }
  template <typename T>
  T take() {
    T value{};
    const auto octets = take(sizeof(T));
    if (octets.size() == sizeof(T)) std::memcpy(&value, octets.data(), sizeof(T));
    return value;
  }
  std::span<const uint8_t> take(std::size_t size) {
    const auto taken = data_.first(std::min(size, data_.size()));
    data_ = data_.subspan(taken.size());
    return taken;
  }

 private:
  std::span<const uint8_t> data_;
};

std::string name_of(int32_t level, int32_t type) {
  return fmt::format("control message {}/{}", level, type);
}

std::string hex(std::span<const uint8_t> octets) {
  return fmt::format("{:02x}", fmt::join(octets, " "));
}

void check_control(const script::ControlSpec& wanted, int32_t level, int32_t type,
                   std::span<const uint8_t> data, const MessageTimes& times,
                   std::vector<Difference>& differences) {
  if (wanted.level != level || wanted.type != type) {
    differences.push_back(
        {"msg_control", name_of(wanted.level, wanted.type), name_of(level, type)});
    return;
  }
  if (wanted.stamp) {
    const Duration at = times.now - Duration(Reader(data).take<int64_t>());
    const Duration latest = *wanted.stamp + times.tolerance + times.slipped;
    if (at >= *wanted.stamp - times.tolerance && at <= latest) return;
    differences.push_back({"time stamp", describe(*wanted.stamp), describe(at)});
    return;
  }
  // Behind an extended error stands the address of who caused it.
  const auto got = data.first(std::min(data.size(), wanted.data.size()));
  if (std::equal(got.begin(), got.end(), wanted.data.begin(), wanted.data.end())) return;
  differences.push_back({name_of(level, type), hex(wanted.data), hex(got)});
}

}  // namespace

void check_message(const script::MessageSpec& wanted, std::span<const uint8_t> data,
                   const MessageTimes& times, std::vector<Difference>& differences) {
  Reader reader(data);
  const auto flags = reader.take<int32_t>();
  if (wanted.flags && *wanted.flags != flags) {
    differences.push_back(
        {"msg_flags", fmt::format("{:#x}", *wanted.flags), fmt::format("{:#x}", flags)});
  }
  if (!wanted.check_control) return;
  std::size_t count = 0;
  while (!reader.at_end()) {
    const auto level = reader.take<int32_t>();
    const auto type = reader.take<int32_t>();
    const auto size = reader.take<int32_t>();
    const auto octets = reader.take(static_cast<std::size_t>(std::max(size, 0)));
    if (count < wanted.control.size()) {
      check_control(wanted.control[count], level, type, octets, times, differences);
    }
    ++count;
  }
  if (count != wanted.control.size()) {
    differences.push_back(
        {"msg_control", fmt::to_string(wanted.control.size()), fmt::to_string(count)});
  }
}

}  // namespace synfin::play
