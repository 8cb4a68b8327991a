#include "harness/report/json.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <memory>

#include "harness/script/file.h"

namespace synfin::report {

Result<std::string> to_json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  // By way of the wire form, which can be had with its maps in order: the same results give the
  // same text.
  std::string octets;
  {
    google::protobuf::io::StringOutputStream stream(&octets);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  constexpr const char* kTypes = "type.googleapis.com";
  const std::unique_ptr<google::protobuf::util::TypeResolver> types(
      google::protobuf::util::NewTypeResolverForDescriptorPool(
          kTypes, message.GetDescriptor()->file()->pool()));
  std::string text;
  const auto status = google::protobuf::util::BinaryToJsonString(
      types.get(), fmt::format("{}/{}", kTypes, message.GetDescriptor()->full_name()), octets,
      &text, options);
  if (!status.ok()) {
    return fail(fmt::format("the results cannot be written as JSON: {}", status.ToString()));
  }
  return text;
}

Result<void> write_json(const google::protobuf::Message& message, const std::string& path) {
  const auto text = to_json(message);
  if (!text) return tl::make_unexpected(text.error());
  return script::write_file(path, *text);
}

Result<proto::RunResult> read_results(const std::string& path) {
  const auto text = script::read_file(path);
  if (!text) return tl::make_unexpected(text.error());
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  proto::RunResult run;
  const auto status = google::protobuf::util::JsonStringToMessage(*text, &run, options);
  if (!status.ok()) {
    return fail(fmt::format("{}: not the results of a run: {}", path, status.ToString()));
  }
  return run;
}

}  // namespace synfin::report
