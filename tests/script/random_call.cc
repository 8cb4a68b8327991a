#include <fmt/format.h>

#include "tests/script/random_words.h"

namespace synfin::script {
namespace {

void random_value(Random& random, int depth, proto::Value* value);

std::string random_symbol(Random& random) {
  constexpr std::string_view kNames[] = {"SOL_SOCKET", "O_RDWR", "MSG_PEEK",
                                         "NULL",       "zero",   "EAGAIN"};
  std::string out(random.pick(kNames));
  while (random.one_in(3)) {
    out += '|';
    out += random.one_in(3) ? fmt::format("{}", random.between(-9, 9))
                            : std::string(random.pick(kNames));
  }
  return out;
}

void random_address(Random& random, proto::Value::Address* address) {
  const bool v6 = random.one_in(2);
  address->set_family(v6 ? "AF_INET6" : "AF_INET");
  if (random.one_in(4)) {
    address->set_own_port(true);
  } else {
    address->set_port(random.number(0xffff));
  }
  address->set_ip(v6 ? "2001:db8::1" : "192.0.2.1");
}

void random_struct(Random& random, int depth, proto::Value::Struct* out) {
  for (auto n = random.below(4); n > 0; --n) {
    auto* field = out->add_fields();
    const auto kind = random.below(4);
    if (kind == 1) field->set_name(random_word(random));
    if (kind == 2) field->set_name(random_word(random) + "(...)");
    if (kind == 3) field->set_name(random_word(random) + "(3)");
    random_value(random, depth + 1, field->mutable_value());
  }
}

void random_value(Random& random, int depth, proto::Value* value) {
  switch (random.below(depth > 4 ? 4 : 7)) {
    case 0:
      value->set_ellipsis(true);
      break;
    case 1:
      value->set_symbol(random_symbol(random));
      break;
    case 2:
      value->set_text(random_octets(random, random.below(12)));
      break;
    case 3:
      value->set_integer(random.between(-(int64_t{1} << 40), int64_t{1} << 40));
      break;
    case 4:
      random_struct(random, depth, value->mutable_struct_());
      break;
    case 5:
      value->mutable_array();
      for (auto n = random.below(4); n > 0; --n) {
        random_value(random, depth + 1, value->mutable_array()->add_values());
      }
      break;
    default:
      random_address(random, value->mutable_address());
      break;
  }
}

proto::Value integer(int64_t number) {
  proto::Value value;
  value.set_integer(number);
  return value;
}

proto::Value name(std::string_view symbol) {
  proto::Value value;
  value.set_symbol(std::string(symbol));
  return value;
}

proto::Value ellipsis() {
  proto::Value value;
  value.set_ellipsis(true);
  return value;
}

proto::Call make(std::string_view call, std::initializer_list<proto::Value> arguments) {
  proto::Call made;
  made.set_name(std::string(call));
  for (const auto& argument : arguments) *made.add_arguments() = argument;
  return made;
}

proto::Call sensible_call(Random& random) {
  const proto::Value fd = integer(random.between(3, 6));
  const proto::Value octets = integer(random.number(10000));
  proto::Call call;
  switch (random.below(11)) {
    case 0:
      return call = make("socket", {ellipsis(), name("SOCK_STREAM"), name("IPPROTO_TCP")});
    case 1:
      return call = make("bind", {fd, ellipsis(), ellipsis()});
    case 2:
      return call = make("listen", {fd, integer(random.between(0, 3))});
    case 3:
      return call = make("accept", {fd, ellipsis(), ellipsis()});
    case 4:
      return call = make("connect", {fd, ellipsis(), ellipsis()});
    case 5:
      return call = make("read", {fd, ellipsis(), octets});
    case 6:
      return call = make("write", {fd, ellipsis(), octets});
    case 7:
      return call = make("send", {fd, ellipsis(), octets, name("MSG_OOB|MSG_DONTWAIT")});
    case 8:
      return call = make("shutdown", {fd, name(random.one_in(2) ? "SHUT_WR" : "SHUT_RDWR")});
    case 9:
      return call = make("fcntl", {fd, name("F_SETFL"), name("O_RDWR|O_NONBLOCK")});
    default:
      return call = make("close", {fd});
  }
}

}  // namespace

proto::Call random_call(Random& random, const RandomShape& shape) {
  proto::Call call;
  if (shape.sensible) {
    call = sensible_call(random);
  } else {
    call.set_name(random.one_in(2) ? "setsockopt" : random_word(random));
    for (auto n = random.below(5); n > 0; --n) random_value(random, 0, call.add_arguments());
  }
  if (random.one_in(5)) return call;
  if (shape.sensible) {
    *call.mutable_result() = integer(random.between(-1, 5));
  } else {
    random_value(random, 0, call.mutable_result());
  }
  if (random.one_in(3)) call.set_error("EAGAIN");
  if (random.one_in(3)) call.set_note("Resource temporarily unavailable 2");
  return call;
}

}  // namespace synfin::script
