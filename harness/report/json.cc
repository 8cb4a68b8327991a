#include "harness/report/json.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

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
  if (path == "-") {
    if (std::fwrite(text->data(), 1, text->size(), stdout) == text->size()) return {};
    return fail("the standard output takes no more");
  }
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"),
                                                       [](std::FILE* f) { return std::fclose(f); });
  if (!file) return fail(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  const bool written = std::fwrite(text->data(), 1, text->size(), file.get()) == text->size();
  if (std::fclose(file.release()) != 0 || !written) {
    return fail(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  }
  return {};
}

}  // namespace synfin::report
