#include "harness/script/file.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace synfin::script {
namespace {

// Keeps the first error that protobuf's own parser meets.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = fmt::format("{}:{}: {}", line + 1, column + 1, message);
  }
  std::string text;
};

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fail(path + ": is a folder, not a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(fmt::format("{}: {}", path, std::strerror(errno)));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return fail(path + ": cannot be read");
  return text;
}

Result<void> write_file(const std::string& path, std::string_view text) {
  if (path == "-") {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (written && std::fflush(stdout) == 0) return {};
    return fail("the standard output takes no more");
  }
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"),
                                                       [](std::FILE* f) { return std::fclose(f); });
  if (!file) return fail(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  if (std::fclose(file.release()) != 0 || !written) {
    return fail(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  }
  return {};
}

Result<void> parse_message(const std::string& path, const std::string& text,
                           google::protobuf::Message* message,
                           google::protobuf::TextFormat::ParseInfoTree* places) {
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (places != nullptr) parser.WriteLocationsTo(places);
  if (!parser.ParseFromString(text, message)) return fail(fmt::format("{}:{}", path, error.text));
  return {};
}

}  // namespace synfin::script
