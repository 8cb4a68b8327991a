// Calls: each has a form for its arguments, and names become numbers.
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "harness/script/arguments.h"
#include "harness/script/compile_parts.h"
#include "harness/script/symbols.h"

namespace synfin::script {
namespace {

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
  arguments->buffer(spec, &spec->wanted_data, false);
  spec->check_data = !spec->wanted_data.empty();
  if (spec->name == CallName::kRead) return;
  spec->flags = arguments->integer("the flags");
  if (spec->name == CallName::kRecvfrom) arguments->skip_rest();  // where it came from is known
}

void send_form(Arguments* arguments, CallSpec* spec) {
  arguments->buffer(spec, &spec->data, true);
  if (spec->name == CallName::kWrite) return;
  spec->flags = arguments->integer("the flags");
  if (spec->name == CallName::kSendto) {
    arguments->address(spec);
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
      arguments->address(spec);
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
  if (message_form(arguments, spec)) return;
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
    const bool makes = spec->name == CallName::kSocket || spec->name == CallName::kAccept ||
                       spec->name == CallName::kEpollCreate || spec->name == CallName::kOpen;
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
