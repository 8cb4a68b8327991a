#include "harness/report/json.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "harness/script/file.h"

namespace synfin::report {

Result<std::string> to_json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
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
