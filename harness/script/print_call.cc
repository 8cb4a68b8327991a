#include <fmt/format.h>

#include "harness/script/print_parts.h"
#include "harness/script/text.h"

namespace synfin::script {
namespace {

void print_value(const proto::Value& value, std::string* out);

void print_struct(const proto::Value::Struct& source, std::string* out) {
  *out += '{';
  bool first = true;
  for (const auto& field : source.fields()) {
    if (!first) *out += ", ";
    first = false;
    if (!field.name().empty()) *out += field.name() + "=";
    print_value(field.value(), out);
  }
  *out += '}';
}

void print_array(const proto::Value::Array& source, std::string* out) {
  *out += '[';
  bool first = true;
  for (const auto& value : source.values()) {
    if (!first) *out += ", ";
    first = false;
    print_value(value, out);
  }
  *out += ']';
}

void print_value(const proto::Value& value, std::string* out) {
  switch (value.what_case()) {
    case proto::Value::kInteger:
      *out += fmt::format("{}", value.integer());
      break;
    case proto::Value::kSymbol:
      *out += value.symbol();
      break;
    case proto::Value::kText:
      *out += quote(value.text());
      break;
    case proto::Value::kStruct:
      print_struct(value.struct_(), out);
      break;
    case proto::Value::kArray:
      print_array(value.array(), out);
      break;
    case proto::Value::kAddress:
      *out += fmt::format(
          "{{sa_family = {}, sin_port = {}, sin_addr = inet_addr(\"{}\")}}",
          value.address().family(),
          value.address().own_port() ? "..." : fmt::format("htons({})", value.address().port()),
          value.address().ip());
      break;
    default:
      *out += "...";
      break;
  }
}

}  // namespace

void print_call(const proto::Call& call, std::string* out) {
  *out += call.name() + "(";
  bool first = true;
  for (const auto& argument : call.arguments()) {
    if (!first) *out += ", ";
    first = false;
    print_value(argument, out);
  }
  *out += ')';
  if (!call.has_result()) return;
  *out += " = ";
  print_value(call.result(), out);
  if (!call.error().empty()) *out += " " + call.error();
  if (!call.note().empty()) *out += fmt::format(" ({})", call.note());
}

}  // namespace synfin::script
