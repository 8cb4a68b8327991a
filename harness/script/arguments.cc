#include "harness/script/arguments.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/script/symbols.h"

namespace synfin::script {
namespace {

constexpr int64_t kMaxOctets = int64_t{1} << 24;  // of one read or write

// A NAME, or names and numbers joined by `|`.
Result<int64_t> resolve(std::string_view joined) {
  int64_t value = 0;
  while (true) {
    const std::size_t end = std::min(joined.find('|'), joined.size());
    const std::string_view part = joined.substr(0, end);
    if (const auto constant = find_constant(part)) {
      value |= *constant;
    } else {
      int64_t number = 0;
      const bool digits = !part.empty() && part.size() < 19 &&
                          part.find_first_not_of("0123456789") == std::string_view::npos;
      if (!digits) {
        const std::string_view near = nearest_constant(part);
        return fail(fmt::format("unknown name {}{}{}{}", part.substr(0, 60),
                                near.empty() ? "" : "; did you mean ", near,
                                near.empty() ? "" : "?"));
      }
      for (const char digit : part) number = number * 10 + (digit - '0');
      value |= number;
    }
    if (end == joined.size()) return value;
    joined.remove_prefix(end + 1);
  }
}

}  // namespace

uint32_t Arguments::octets(std::string_view what) {
  return static_cast<uint32_t>(number(what, 0, kMaxOctets, {}));
}

int64_t Arguments::number(std::string_view what, int64_t low, int64_t high,
                          std::optional<int64_t> ellipsis) {
  const proto::Value* value = next(what);
  if (value == nullptr) return 0;
  if (value->ellipsis() && ellipsis) return *ellipsis;
  const auto resolved = to_number(*value, what);
  if (!resolved) return set_error(resolved.error().message), 0;
  if (*resolved < low || *resolved > high) {
    return set_error(fmt::format("{} {} is out of range", what, *resolved)), 0;
  }
  return *resolved;
}

const proto::Value* Arguments::next(std::string_view what) {
  if (index_ < call_.arguments_size()) return &call_.arguments(index_++);
  set_error(fmt::format("{} is missing", what));
  return nullptr;
}

void Arguments::buffer(CallSpec* spec, std::vector<uint8_t>* data, bool write) {
  const proto::Value* value = next("the buffer");
  spec->length = octets("the count of octets");
  if (value == nullptr || value->ellipsis()) return;
  if (value->symbol() == "NULL") {
    spec->no_buffer = true;
    return;
  }
  if (value->what_case() != proto::Value::kText) {
    return set_error("the buffer has to be \"octets\", ... or NULL");
  }
  data->assign(value->text().begin(), value->text().end());
  if (write && data->size() > spec->length) data->resize(spec->length);
  if (write && data->size() < spec->length) {
    set_error(
        fmt::format("the text has {} octets, but the call says {}", data->size(), spec->length));
  }
}

void Arguments::address(CallSpec* spec) {
  const proto::Value* value = next("the address");
  if (value == nullptr || value->ellipsis()) return;
  if (value->symbol() == "AF_UNSPEC") {
    spec->no_family = true;
    return;
  }
  if (!value->has_address()) {
    if (value->integer() == 0 && value->what_case() == proto::Value::kInteger) return;
    return set_error("the address has to be ... or {sa_family = AF_INET, ...}");
  }
  const proto::Value::Address& source = value->address();
  wire::Endpoint made;
  made.address.v6 = source.family() == "AF_INET6";
  if (!made.address.v6 && source.family() != "AF_INET") {
    return set_error(
        fmt::format("the family of an address is AF_INET or AF_INET6, not '{}'", source.family()));
  }
  made.port = static_cast<uint16_t>(source.port());
  const int family = made.address.v6 ? AF_INET6 : AF_INET;
  if (source.port() > 0xffff || inet_pton(family, source.ip().c_str(), &made.address.octets) != 1) {
    return set_error(fmt::format("'{}' is no {} address", source.ip(), source.family()));
  }
  spec->address = made;
  spec->own_port = source.own_port();
}

Result<int64_t> Arguments::to_number(const proto::Value& value, std::string_view what) {
  if (value.what_case() == proto::Value::kInteger) return value.integer();
  if (value.what_case() == proto::Value::kSymbol) return resolve(value.symbol());
  return fail(fmt::format("{} has to be a number or a NAME", what));
}

int32_t Arguments::to_integer(const proto::Value& value, std::string_view what) {
  const auto number = to_number(value, what);
  if (number && *number > kMaxInt) {
    return set_error(fmt::format("{} {} is out of range", what, *number)), 0;
  }
  return to_bits(value, what);
}

int32_t Arguments::to_bits(const proto::Value& value, std::string_view what) {
  const auto number = to_number(value, what);
  if (!number) return set_error(number.error().message), 0;
  if (*number < kMinInt || *number > 2 * kMaxInt + 1) {
    return set_error(fmt::format("{} {} is out of range", what, *number)), 0;
  }
  return static_cast<int32_t>(static_cast<uint32_t>(*number));
}

void append_native(int64_t value, std::size_t width, std::vector<uint8_t>* out) {
  for (std::size_t i = 0; i < width; ++i) {  // little-endian, as all machines that this runs on
    out->push_back(static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i)));
  }
}

namespace {

// The scalars in [5], {1, 0} or {onoff=1, linger=0}.
std::vector<const proto::Value*> members(const proto::Value& value) {
  std::vector<const proto::Value*> out;
  for (const auto& item : value.array().values()) out.push_back(&item);
  for (const auto& field : value.struct_().fields()) out.push_back(&field.value());
  return out;
}

}  // namespace

void option_value(const proto::Value& value, int64_t size, Arguments* arguments,
                  std::vector<uint8_t>* out) {
  if (value.what_case() == proto::Value::kText) {
    out->assign(value.text().begin(), value.text().end());
    if (size >= 0 && static_cast<std::size_t>(size) < out->size()) {
      out->resize(static_cast<std::size_t>(size));
    }
    return;
  }
  const bool scalar = !value.has_array() && !value.has_struct_();
  const std::vector<const proto::Value*> parts =
      scalar ? std::vector<const proto::Value*>{&value} : members(value);
  const auto count = static_cast<int64_t>(parts.size());
  const bool wide = count > 0 && size == 8 * count;
  for (const proto::Value* part : parts) {
    if (part->has_struct_() || part->has_array()) {
      option_value(*part, -1, arguments, out);
      continue;
    }
    const auto number = Arguments::to_number(*part, "the option's value");
    if (!number) return arguments->set_error(number.error().message);
    if (!wide && (*number < kMinInt || *number > 2 * kMaxInt + 1)) {
      return arguments->set_error(fmt::format("{} does not fit four octets", *number));
    }
    append_native(*number, wide ? 8 : 4, out);
  }
  if (size >= 0 && static_cast<std::size_t>(size) < out->size()) {
    out->resize(static_cast<std::size_t>(size));
  }
}

int64_t option_size(Arguments* arguments) {
  const proto::Value* value = arguments->next("the length of the option's value");
  if (value == nullptr || value->ellipsis()) return -1;
  const proto::Value* inner = value;
  if (value->has_array() && value->array().values_size() == 1) inner = &value->array().values(0);
  if (inner->ellipsis()) return -1;
  const auto number = Arguments::to_number(*inner, "the length of the option's value");
  if (!number) return arguments->set_error(number.error().message), -1;
  if (*number < 0 || *number > kMaxInt)
    return arguments->set_error("the length is out of range"), -1;
  return *number;
}

}  // namespace synfin::script
