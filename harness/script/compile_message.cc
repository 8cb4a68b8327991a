// Calls whose arguments are lists and structures: poll, epoll, readv, sendmsg and their like.
#include <fmt/format.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "harness/script/arguments.h"

namespace synfin::script {
namespace {

using Struct = proto::Value::Struct;

constexpr std::size_t kMaxParts = 1024;  // IOV_MAX

// {fd=4, events=POLLIN, revents=POLLIN}
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
  for (const Struct::Field& field : value->array().values(0).struct_().fields()) {
    const int32_t number = arguments->to_integer(field.value(), field.name());
    if (field.name() == "fd") {
      spec->fd = number;
      has_fd = true;
    } else if (field.name() == "events") {
      spec->events = number;
    } else if (field.name() == "revents") {
      spec->revents = number;
    } else {
      return arguments->set_error("a descriptor of poll() has fd, events and revents");
    }
  }
  if (!has_fd) arguments->set_error("a descriptor of poll() has to have its fd");
}

// {events=EPOLLIN, fd=4}: what is to be watched, or what is wanted. Returns the events.
int32_t epoll_event(Arguments* arguments, CallSpec* spec) {
  const proto::Value* value = arguments->next("the event");
  int32_t events = 0;
  if (value == nullptr || value->ellipsis() || value->symbol() == "NULL") return events;
  if (!value->has_struct_()) {
    return arguments->set_error("an event is written {events=EPOLLIN, fd=4}"), events;
  }
  for (const Struct::Field& field : value->struct_().fields()) {
    const int32_t number = arguments->to_bits(field.value(), field.name());
    if (field.name() == "events") {
      events = number;
    } else if (field.name() == "fd" || field.name() == "ptr" || field.name() == "u32" ||
               field.name() == "u64") {
      spec->argument = number;  // comes back with the event
    } else {
      arguments->set_error("an event has events, and one of fd, ptr, u32 and u64");
    }
  }
  return events;
}

void epoll_control_form(Arguments* arguments, CallSpec* spec) {
  spec->fd = arguments->integer("the descriptor of epoll");
  spec->flags = arguments->integer("the operation");
  spec->other_fd = arguments->integer("the descriptor");
  spec->argument = spec->other_fd;
  spec->events = epoll_event(arguments, spec);
}

void epoll_wait_form(Arguments* arguments, CallSpec* spec) {
  spec->fd = arguments->integer("the descriptor of epoll");
  spec->argument = -1;
  spec->revents = epoll_event(arguments, spec);
  spec->other_fd = static_cast<int32_t>(spec->argument);
  spec->length = arguments->octets("the count of events");
  spec->argument = arguments->integer("the timeout");
}

// [{..., 10}, {..., 20}]
void add_parts(const proto::Value& value, Arguments* arguments, CallSpec* spec) {
  if (!value.has_array() || value.array().values_size() > static_cast<int>(kMaxParts)) {
    return arguments->set_error("buffers are written [{..., 10}, {..., 20}]");
  }
  for (const proto::Value& part : value.array().values()) {
    if (!part.has_struct_() || part.struct_().fields_size() != 2) {
      return arguments->set_error("a buffer is written {..., 10}");
    }
    const Struct& both = part.struct_();
    const int32_t length = arguments->to_integer(both.fields(1).value(), "the count of octets");
    if (length < 0) return arguments->set_error("a count of octets is out of range");
    if (both.fields(0).value().symbol() == "NULL") spec->no_buffer = true;
    spec->message.parts.push_back(static_cast<uint32_t>(length));
    spec->length += static_cast<uint32_t>(length);
    if (spec->length > (1U << 24U)) return arguments->set_error("the buffers are too large");
  }
}

void vector_form(Arguments* arguments, CallSpec* spec) {
  spec->fd = arguments->integer("the descriptor");
  if (const proto::Value* value = arguments->next("the buffers"))
    add_parts(*value, arguments, spec);
  arguments->integer("the count of buffers");
}

// {ee_errno=0, ee_origin=…, …} as struct sock_extended_err.
void extended_error(const Struct& source, Arguments* arguments, ControlSpec* control) {
  sock_extended_err made{};
  for (const Struct::Field& field : source.fields()) {
    const auto number = static_cast<uint32_t>(arguments->to_bits(field.value(), field.name()));
    if (field.name() == "ee_errno") {
      made.ee_errno = number;
    } else if (field.name() == "ee_origin") {
      made.ee_origin = static_cast<uint8_t>(number);
    } else if (field.name() == "ee_type") {
      made.ee_type = static_cast<uint8_t>(number);
    } else if (field.name() == "ee_code") {
      made.ee_code = static_cast<uint8_t>(number);
    } else if (field.name() == "ee_info") {
      made.ee_info = number;
    } else if (field.name() == "ee_data") {
      made.ee_data = number;
    } else {
      return arguments->set_error("unknown field of an extended error: " + field.name());
    }
  }
  const auto* octets = static_cast<const uint8_t*>(static_cast<const void*>(&made));
  control->data.assign(octets, octets + sizeof(made));
}

// {scm_sec=0, scm_nsec=10000000}
void time_stamp(const Struct& source, Arguments* arguments, ControlSpec* control) {
  int64_t ns = 0;
  for (const Struct::Field& field : source.fields()) {
    const int64_t number = arguments->to_integer(field.value(), field.name());
    if (number < 0) return arguments->set_error("a time stamp is out of range");
    ns += field.name() == "scm_sec" ? number * 1'000'000'000 : number;
  }
  control->stamp = Duration(ns);
}

void control_data(const proto::Value& value, Arguments* arguments, ControlSpec* control) {
  if (value.has_struct_() && value.struct_().fields_size() > 0) {
    const std::string& first = value.struct_().fields(0).name();
    if (first.starts_with("ee_")) return extended_error(value.struct_(), arguments, control);
    if (first.starts_with("scm_")) return time_stamp(value.struct_(), arguments, control);
  }
  option_value(value, -1, arguments, &control->data);
}

// {cmsg_level=SOL_SOCKET, cmsg_type=…, cmsg_data=…}
void add_control(const proto::Value& value, Arguments* arguments, MessageSpec* message) {
  ControlSpec control;
  for (const Struct::Field& field : value.struct_().fields()) {
    if (field.name() == "cmsg_level") {
      control.level = arguments->to_integer(field.value(), field.name());
    } else if (field.name() == "cmsg_type") {
      control.type = arguments->to_integer(field.value(), field.name());
    } else if (field.name() == "cmsg_data") {
      control_data(field.value(), arguments, &control);
    } else {
      return arguments->set_error("a control message has cmsg_level, cmsg_type and cmsg_data");
    }
  }
  // What is read is told so too, whatever the version of the case (linux_messages.cc).
  if (control.level == SOL_IPV6 && control.type == IPV6_RECVERR) {
    control.level = SOL_IP;
    control.type = IP_RECVERR;
  }
  message->control.push_back(std::move(control));
}

void message_field(const Struct::Field& field, Arguments* arguments, CallSpec* spec) {
  MessageSpec& message = spec->message;
  if (field.name().starts_with("msg_name")) {
    message.named = true;
  } else if (field.name().starts_with("msg_iov")) {
    add_parts(field.value(), arguments, spec);
  } else if (field.name() == "msg_flags") {
    message.flags = arguments->to_integer(field.value(), field.name());
  } else if (field.name().starts_with("msg_control")) {
    if (!field.value().has_array()) return;
    message.check_control = true;
    for (const proto::Value& control : field.value().array().values()) {
      add_control(control, arguments, &message);
    }
  } else {
    arguments->set_error("a message has msg_name, msg_iov, msg_flags and msg_control");
  }
}

void struct_form(Arguments* arguments, CallSpec* spec) {
  spec->fd = arguments->integer("the descriptor");
  const proto::Value* value = arguments->next("the message");
  spec->flags = arguments->integer("the flags");
  if (value == nullptr) return;
  if (!value->has_struct_()) {
    return arguments->set_error("a message is written {msg_name(...)=..., msg_iov(1)=[{..., 10}]}");
  }
  for (const Struct::Field& field : value->struct_().fields()) {
    message_field(field, arguments, spec);
  }
}

// [5, 6]: reading and writing end.
void pipe_form(Arguments* arguments, CallSpec* spec) {
  const proto::Value* value = arguments->next("the ends of the pipe");
  if (value == nullptr) return;
  if (!value->has_array() || value->array().values_size() != 2) {
    return arguments->set_error("the ends of a pipe are written [5, 6]");
  }
  spec->new_fd = arguments->to_integer(value->array().values(0), "the end to read from");
  spec->other_fd = arguments->to_integer(value->array().values(1), "the end to write to");
}

void open_form(Arguments* arguments, CallSpec* spec) {
  const proto::Value* value = arguments->next("the file");
  spec->flags = arguments->integer("the flags");
  if (value == nullptr) return;
  if (value->what_case() != proto::Value::kText)
    return arguments->set_error("the file has to be \"text\"");
  spec->data.assign(value->text().begin(), value->text().end());
}

// An offset: NULL, or [0].
void offset(Arguments* arguments, CallSpec* spec) {
  const proto::Value* value = arguments->next("the offset");
  if (value == nullptr || value->symbol() == "NULL") return;
  if (!value->has_array() || value->array().values_size() != 1) {
    return arguments->set_error("an offset is NULL or [0]");
  }
  spec->argument = arguments->to_integer(value->array().values(0), "the offset");
}

void splice_form(Arguments* arguments, CallSpec* spec) {
  spec->fd = arguments->integer("the descriptor to read from");
  offset(arguments, spec);
  spec->other_fd = arguments->integer("the descriptor to write to");
  offset(arguments, spec);
  spec->length = arguments->octets("the count of octets");
  spec->flags = arguments->integer("the flags");
}

void sendfile_form(Arguments* arguments, CallSpec* spec) {
  spec->fd = arguments->integer("the descriptor to write to");
  spec->other_fd = arguments->integer("the descriptor to read from");
  offset(arguments, spec);
  spec->length = arguments->octets("the count of octets");
}

}  // namespace

bool message_form(Arguments* arguments, CallSpec* spec) {
  switch (spec->name) {
    case CallName::kPoll:
      return poll_form(arguments, spec), true;
    case CallName::kEpollCreate:
      arguments->integer("the size");
      return true;
    case CallName::kEpollCtl:
      return epoll_control_form(arguments, spec), true;
    case CallName::kEpollWait:
      return epoll_wait_form(arguments, spec), true;
    case CallName::kReadv:
    case CallName::kWritev:
      return vector_form(arguments, spec), true;
    case CallName::kSendmsg:
    case CallName::kRecvmsg:
      return struct_form(arguments, spec), true;
    case CallName::kPipe:
      return pipe_form(arguments, spec), true;
    case CallName::kOpen:
      return open_form(arguments, spec), true;
    case CallName::kSplice:
      return splice_form(arguments, spec), true;
    case CallName::kSendfile:
      return sendfile_form(arguments, spec), true;
    default:
      return false;
  }
}

}  // namespace synfin::script
