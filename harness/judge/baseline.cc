#include "harness/judge/baseline.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace synfin::judge {
namespace {

// Text-format errors with their places, for one sentence.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = fmt::format("{}:{}: {}", line + 1, column + 1, message);
  }
  std::string text;
};

// Takes the next number off the front of a version; what is not a digit separates.
unsigned long next_number(std::string_view& version) {
  while (!version.empty() && std::isdigit(static_cast<unsigned char>(version.front())) == 0) {
    version.remove_prefix(1);
  }
  unsigned long number = 0;
  while (!version.empty() && std::isdigit(static_cast<unsigned char>(version.front())) != 0) {
    number = number * 10 + static_cast<unsigned long>(version.front() - '0');
    version.remove_prefix(1);
  }
  return number;
}

// 6.1 < 6.12 < 6.12.3
bool older(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const unsigned long left = next_number(a);
    const unsigned long right = next_number(b);
    if (left != right) return left < right;
  }
  return false;
}

bool about(const proto::KnownDeviation& entry, std::string_view case_id, std::string_view stack,
           std::string_view version) {
  if (entry.stack() != stack) return false;
  if (!entry.from_version().empty() && older(version, entry.from_version())) return false;
  if (!entry.to_version().empty() && !older(version, entry.to_version())) return false;
  // An entry without an IP version is about both.
  const std::string whole(case_id);
  const std::string bare = whole.substr(0, whole.find('@'));
  return fnmatch(entry.case_id().c_str(), whole.c_str(), 0) == 0 ||
         fnmatch(entry.case_id().c_str(), bare.c_str(), 0) == 0;
}

}  // namespace

Result<Baseline> Baseline::load(const std::string& path) {
  Baseline baseline;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (auto added = baseline.add(path); !added) return tl::make_unexpected(added.error());
    return baseline;
  }
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() == ".textproto") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    if (auto added = baseline.add(file); !added) return tl::make_unexpected(added.error());
  }
  return baseline;
}

Result<void> Baseline::add(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(fmt::format("{}: the baseline cannot be read", path));
  std::stringstream text;
  text << file.rdbuf();
  proto::Baseline read;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text.str(), &read)) {
    return fail(fmt::format("{}:{}", path, error.text));
  }
  for (const auto& entry : read.deviations()) {
    if (entry.case_id().empty() || entry.reason().empty() || entry.stack().empty()) {
      return fail(fmt::format("{}: an entry needs case_id, stack and reason: {}", path,
                              entry.ShortDebugString()));
    }
  }
  entries_.MergeFrom(read);
  return {};
}

const proto::KnownDeviation* Baseline::find(std::string_view case_id, std::string_view clause,
                                            std::string_view got, std::string_view stack,
                                            std::string_view version) const {
  for (const auto& entry : entries_.deviations()) {
    if (!about(entry, case_id, stack, version)) continue;
    if (!entry.clause().empty() && entry.clause() != clause) continue;
    if (got.find(entry.got()) == std::string_view::npos) continue;
    return &entry;
  }
  return nullptr;
}

const proto::KnownDeviation* Baseline::any_for(std::string_view case_id, std::string_view stack,
                                               std::string_view version) const {
  for (const auto& entry : entries_.deviations()) {
    if (about(entry, case_id, stack, version)) return &entry;
  }
  return nullptr;
}

}  // namespace synfin::judge
