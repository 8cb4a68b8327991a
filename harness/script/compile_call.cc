// Calls: each has a form for its arguments, and names become numbers.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "harness/script/compile_parts.h"
#include "harness/script/symbols.h"

namespace synfin::script {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
constexpr int64_t kMinInt = std::numeric_limits<int32_t>::min();
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

// The arguments of a call, taken one after another; the first error stays.
class Arguments {
 public:
  explicit Arguments(const proto::Call& call) : call_(call) {}

  // A number in the range of an int, or what `...` stands for.
  int32_t integer(std::string_view what, std::optional<int32_t> ellipsis = {}) {
    return static_cast<int32_t>(number(what, kMinInt, kMaxInt, ellipsis));
  }
  uint32_t octets(std::string_view what) {
    return static_cast<uint32_t>(number(what, 0, kMaxOctets, {}));
  }

  int64_t number(std::string_view what, int64_t low, int64_t high,
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

  const proto::Value* next(std::string_view what) {
    if (index_ < call_.arguments_size()) return &call_.arguments(index_++);
    set_error(fmt::format("{} is missing", what));
    return nullptr;
  }

  bool more() const { return index_ < call_.arguments_size(); }
  void skip_rest() { index_ = call_.arguments_size(); }

  // "octets" or `...`, and their count in the next argument. `write` has the pattern for `...`.
  void buffer(std::vector<uint8_t>* data, uint32_t* length, bool write) {
    const proto::Value* value = next("the buffer");
    *length = octets("the count of octets");
    if (value == nullptr || value->ellipsis()) return;
    if (value->what_case() != proto::Value::kText) {
      return set_error("the buffer has to be \"octets\" or ...");
    }
    data->assign(value->text().begin(), value->text().end());
    if (write && data->size() > *length) data->resize(*length);
    if (write && data->size() < *length) {
      set_error(fmt::format("the text has {} octets, but the call says {}", data->size(), *length));
    }
  }

  // `...` or a sockaddr.
  void address(std::optional<wire::Endpoint>* out) {
    const proto::Value* value = next("the address");
    if (value == nullptr || value->ellipsis()) return;
    if (!value->has_address()) {
      if (value->integer() == 0 && value->what_case() == proto::Value::kInteger) return;
      return set_error("the address has to be ... or {sa_family = AF_INET, ...}");
    }
    const proto::Value::Address& source = value->address();
    wire::Endpoint made;
    made.address.v6 = source.family() == "AF_INET6";
    made.port = static_cast<uint16_t>(source.port());
    const int family = made.address.v6 ? AF_INET6 : AF_INET;
    if (source.port() > 0xffff ||
        inet_pton(family, source.ip().c_str(), &made.address.octets) != 1) {
      return set_error(fmt::format("'{}' is no {} address", source.ip(), source.family()));
    }
    *out = made;
  }

  static Result<int64_t> to_number(const proto::Value& value, std::string_view what) {
    if (value.what_case() == proto::Value::kInteger) return value.integer();
    if (value.what_case() == proto::Value::kSymbol) return resolve(value.symbol());
    return fail(fmt::format("{} has to be a number or a NAME", what));
  }

  void set_error(std::string message) {
    if (!error_) error_ = Error{std::move(message)};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const proto::Call& call_;
  int index_ = 0;
  std::optional<Error> error_;
};

void append_native(int64_t value, std::size_t width, std::vector<uint8_t>* out) {
  for (std::size_t i = 0; i < width; ++i) {  // little-endian, as all machines that this runs on
    out->push_back(static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i)));
  }
}

// The scalars in [5], {1, 0} or {onoff=1, linger=0}.
std::vector<const proto::Value*> members(const proto::Value& value) {
  std::vector<const proto::Value*> out;
  for (const auto& item : value.array().values()) out.push_back(&item);
  for (const auto& field : value.struct_().fields()) out.push_back(&field.value());
  return out;
}

// The value of a socket option: each number takes an equal part of `size`, or four octets.
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
  const int64_t count = static_cast<int64_t>(parts.size());
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

// The number in `4` or `[4]`, the length of an option's value; -1 for `...`.
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

void socket_option(Arguments* arguments, bool set, CallSpec* spec) {
  spec->level = arguments->integer("the level");
  spec->option = arguments->integer("the option");
  const proto::Value* value = arguments->next("the option's value");
  const int64_t size = option_size(arguments);
  if (value == nullptr || arguments->error()) return;
  if (value->ellipsis()) {
    if (set) arguments->set_error("setsockopt() needs a value");
    spec->length = size < 0 ? 4096U : static_cast<uint32_t>(size);
    return;
  }
  std::vector<uint8_t> octets;
  option_value(*value, size, arguments, &octets);
  spec->length = size < 0 ? static_cast<uint32_t>(octets.size()) : static_cast<uint32_t>(size);
  if (set) {
    spec->data = std::move(octets);
  } else {
    spec->wanted_data = std::move(octets);
    spec->check_data = true;
  }
}

// [{fd=4, events=POLLIN, revents=POLLIN}], 1, 1000
void poll_form(Arguments* arguments, CallSpec* spec) {
  const proto::Value* value = arguments->next("the descriptors");
  const int32_t count = arguments->integer("the count of descriptors");
  spec->argument = arguments->integer("the timeout");
  if (value == nullptr) return;
  if (count != 1 || !value->has_array() || value->array().values_size() != 1 ||
      !value->array().values(0).has_struct_()) {
    return arguments->set_error("poll() takes one descriptor: [{fd=4, events=POLLIN}], 1, 0");
  }
  bool has_fd = false;
  for (const auto& field : value->array().values(0).struct_().fields()) {
    const auto number = Arguments::to_number(field.value(), field.name());
    if (!number) return arguments->set_error(number.error().message);
    if (*number < kMinInt || *number > kMaxInt) {
      return arguments->set_error(fmt::format("{} {} is out of range", field.name(), *number));
    }
    const int32_t narrow = static_cast<int32_t>(*number);
    if (field.name() == "fd") {
      spec->fd = narrow;
      has_fd = true;
    } else if (field.name() == "events") {
      spec->events = narrow;
    } else if (field.name() == "revents") {
      spec->revents = narrow;
    } else {
      return arguments->set_error("a descriptor of poll() has fd, events and revents");
    }
  }
  if (!has_fd) arguments->set_error("a descriptor of poll() has to have its fd");
}

void ioctl_form(Arguments* arguments, CallSpec* spec) {
  spec->flags = arguments->integer("the request");
  if (!arguments->more()) return;
  const proto::Value* value = arguments->next("the value");
  if (value->ellipsis()) return;
  const bool sets = find_constant("FIONBIO") == spec->flags;
  option_value(*value, -1, arguments, sets ? &spec->data : &spec->wanted_data);
  spec->check_data = !sets;
}

void fcntl_form(Arguments* arguments, CallSpec* spec) {
  spec->flags = arguments->integer("the command");
  if (arguments->more()) spec->argument = arguments->integer("the argument", 0);
}

void receive_form(Arguments* arguments, CallSpec* spec) {
  arguments->buffer(&spec->wanted_data, &spec->length, false);
  spec->check_data = !spec->wanted_data.empty();
  if (spec->name == CallName::kRead) return;
  spec->flags = arguments->integer("the flags");
  if (spec->name == CallName::kRecvfrom) arguments->skip_rest();  // where it came from is known
}

void send_form(Arguments* arguments, CallSpec* spec) {
  arguments->buffer(&spec->data, &spec->length, true);
  if (spec->name == CallName::kWrite) return;
  spec->flags = arguments->integer("the flags");
  if (spec->name == CallName::kSendto) {
    arguments->address(&spec->address);
    arguments->skip_rest();
  }
}

void socket_form(Arguments* arguments, CallSpec* spec) {
  spec->domain = arguments->integer("the domain", AF_INET);
  spec->type = arguments->integer("the type", 0);
  spec->protocol = arguments->integer("the protocol", 0);
}

void other_form(Arguments* arguments, CallSpec* spec) {
  switch (spec->name) {
    case CallName::kBind:
    case CallName::kConnect:
      arguments->address(&spec->address);
      arguments->skip_rest();
      break;
    case CallName::kAccept:
      arguments->skip_rest();
      break;
    case CallName::kListen:
      spec->argument = arguments->integer("the backlog");
      break;
    case CallName::kShutdown:
      spec->flags = arguments->integer("how");
      break;
    default:
      break;  // close
  }
}

void form(Arguments* arguments, CallSpec* spec) {
  if (spec->name == CallName::kSocket) return socket_form(arguments, spec);
  if (spec->name == CallName::kPoll) return poll_form(arguments, spec);
  spec->fd = arguments->integer("the descriptor");
  switch (spec->name) {
    case CallName::kRead:
    case CallName::kRecv:
    case CallName::kRecvfrom:
      return receive_form(arguments, spec);
    case CallName::kWrite:
    case CallName::kSend:
    case CallName::kSendto:
      return send_form(arguments, spec);
    case CallName::kSetsockopt:
      return socket_option(arguments, true, spec);
    case CallName::kGetsockopt:
      return socket_option(arguments, false, spec);
    case CallName::kFcntl:
      return fcntl_form(arguments, spec);
    case CallName::kIoctl:
      return ioctl_form(arguments, spec);
    default:
      return other_form(arguments, spec);
  }
}

Result<CallName> call_name(const proto::Call& call) {
  if (const auto name = find_call(call.name())) return *name;
  if (is_foreign_call(call.name())) {
    return fail(fmt::format("synfin has no call {}()", call.name()));
  }
  const std::string_view near = nearest_call(call.name());
  return fail(fmt::format("unknown call {}(){}{}{}", call.name().substr(0, 60),
                          near.empty() ? "" : "; did you mean ", near, near.empty() ? "" : "()?"));
}

Result<void> set_result(const proto::Call& call, CallSpec* spec) {
  if (call.has_result() && !call.result().ellipsis()) {
    const auto wanted = Arguments::to_number(call.result(), "the result");
    if (!wanted) return fail(wanted.error().message);
    spec->wanted = *wanted;
    const bool makes = spec->name == CallName::kSocket || spec->name == CallName::kAccept;
    if (makes && *wanted >= 0 && *wanted <= kMaxInt) spec->new_fd = static_cast<int32_t>(*wanted);
  }
  if (call.error().empty()) return {};
  const auto error = find_error(call.error());
  if (!error) {
    const std::string_view near = nearest_error(call.error());
    return fail(fmt::format("unknown error {}{}{}{}", call.error().substr(0, 60),
                            near.empty() ? "" : "; did you mean ", near, near.empty() ? "" : "?"));
  }
  spec->wanted_errno = *error;
  return {};
}

}  // namespace

Result<CallSpec> compile_call(const proto::Call& call) {
  const auto name = call_name(call);
  if (!name) return fail(name.error().message);
  CallSpec spec;
  spec.name = *name;
  Arguments arguments(call);
  form(&arguments, &spec);
  if (!arguments.error() && arguments.more()) arguments.set_error("there are too many arguments");
  if (arguments.error())
    return fail(fmt::format("{}(): {}", call.name(), arguments.error()->message));
  if (auto done = set_result(call, &spec); !done) {
    return fail(fmt::format("{}(): {}", call.name(), done.error().message));
  }
  return spec;
}

}  // namespace synfin::script
