#include "harness/cli/update_baseline.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>
#include <vector>

#include "harness/judge/baseline.h"
#include "harness/script/file.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;
using google::protobuf::TextFormat;

constexpr std::string_view kIpv6 = "@ipv6";

// A case ID as the glob that matches nothing else.
std::string as_glob(const std::string& id) {
  std::string glob;
  for (const char c : id) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) glob += '\\';
    glob += c;
  }
  return glob;
}

// What an entry is told by: the case, the clause and what was got.
using Key = std::tuple<std::string, std::string, std::string>;

// What was got, without what differs from run to run: window and options of a segment.
std::string lasting(const std::string& got) {
  return got.substr(0, std::min(got.find(" win "), got.find(" <")));
}

// The deviations that nobody knows; of a case that deviates over both versions, one for both.
std::set<Key> unknown_deviations(const proto::RunResult& run) {
  std::set<Key> found;
  for (const proto::CaseResult& result : run.cases()) {
    if (result.verdict() != proto::FAIL && result.verdict() != proto::WARN) continue;
    for (const proto::Divergence& divergence : result.divergences()) {
      if (!divergence.known())
        found.emplace(result.id(), divergence.clause(), lasting(divergence.got()));
    }
  }
  std::erase_if(found, [&](const Key& key) {
    const auto& [id, clause, got] = key;
    return id.ends_with(kIpv6) &&
           found.contains({id.substr(0, id.size() - kIpv6.size()), clause, got});
  });
  return found;
}

std::string entries_text(const proto::RunResult& run, const std::set<Key>& deviations) {
  const proto::Provenance& provenance = run.provenance();
  std::string text;
  for (const auto& [id, clause, got] : deviations) {
    proto::Baseline one;
    proto::KnownDeviation& entry = *one.add_deviations();
    entry.set_case_id(as_glob(id));
    entry.set_clause(clause);
    entry.set_stack(provenance.stack());
    entry.set_got(got);
    entry.set_reason("The reason is still to be found.");
    entry.set_source(
        fmt::format("seen with {} {}", provenance.stack(), provenance.stack_version()));
    std::string printed;
    TextFormat::PrintToString(one, &printed);
    text += printed;
  }
  return text;
}

bool is_gone(const proto::KnownDeviation& entry, const proto::RunResult& run) {
  proto::Baseline one;
  *one.add_deviations() = entry;
  const judge::Baseline alone(std::move(one));
  const std::string& stack = run.provenance().stack();
  const std::string& version = run.provenance().stack_version();
  bool gone = false;
  for (const proto::CaseResult& result : run.cases()) {
    if (alone.any_for(result.id(), stack, version) == nullptr) continue;
    gone = gone || result.verdict() == proto::XPASS;
    for (const proto::Divergence& divergence : result.divergences()) {
      const auto seen = judge::Baseline::seen(divergence);
      if (alone.find(result.id(), seen, stack, version) != nullptr) return false;
    }
  }
  return gone;
}

// The entries of a file as protobuf's parser found them: where each begins.
std::vector<std::size_t> lines_of(const std::string& text, proto::Baseline* entries) {
  TextFormat::ParseInfoTree places;
  TextFormat::Parser parser;
  parser.WriteLocationsTo(&places);
  std::vector<std::size_t> lines;
  if (!parser.ParseFromString(text, entries)) return lines;
  const auto* field = proto::Baseline::descriptor()->FindFieldByName("deviations");
  for (int i = 0; i < entries->deviations_size(); ++i) {
    lines.push_back(static_cast<std::size_t>(places.GetLocation(field, i).line));
  }
  return lines;
}

// Takes the gone entries out of a file's text: the lines from where one begins to where the next
// does, or up to a line that is a comment. Returns how many.
std::size_t take_out(const proto::RunResult& run, std::string* text) {
  proto::Baseline entries;
  const std::vector<std::size_t> begins = lines_of(*text, &entries);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size() - 1);
    lines.push_back(text->substr(at, end + 1 - at));
    at = end + 1;
  }
  std::vector<bool> keep(lines.size(), true);
  std::size_t taken = 0;
  for (std::size_t i = 0; i < begins.size(); ++i) {
    if (!is_gone(entries.deviations(static_cast<int>(i)), run)) continue;
    ++taken;
    const std::size_t end = i + 1 < begins.size() ? begins[i + 1] : lines.size();
    for (std::size_t line = begins[i]; line < end && !lines[line].starts_with('#'); ++line) {
      keep[line] = false;
    }
  }
  text->clear();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (keep[i]) *text += lines[i];
  }
  return taken;
}

Result<void> append(const fs::path& path, const std::string& entries) {
  std::error_code error;
  std::string text =
      "# proto-file: harness/proto/result.proto\n# proto-message: synfin.proto.Baseline\n";
  if (fs::exists(path, error)) {
    auto read = script::read_file(path.string());
    if (!read) return tl::make_unexpected(read.error());
    text = std::move(*read);
  }
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  return script::write_file(path.string(), text + entries);
}

}  // namespace

Result<std::string> update_baseline(const proto::RunResult& run, const std::string& path) {
  std::error_code error;
  const bool file = path.ends_with(".textproto") || fs::is_regular_file(path, error);
  std::size_t taken = 0;
  for (const std::string& each : judge::Baseline::files(path)) {
    if (!fs::exists(each, error)) continue;
    auto text = script::read_file(each);
    if (!text) return tl::make_unexpected(text.error());
    const std::size_t gone = take_out(run, &*text);
    taken += gone;
    if (gone == 0) continue;
    if (auto written = script::write_file(each, *text); !written) {
      return tl::make_unexpected(written.error());
    }
  }
  const std::set<Key> deviations = unknown_deviations(run);
  const fs::path place = file ? fs::path(path) : fs::path(path) / "new.textproto";
  if (!deviations.empty()) {
    auto appended = append(place, entries_text(run, deviations));
    if (!appended) return tl::make_unexpected(appended.error());
  }
  return fmt::format("baseline {}: {} entered{}, {} taken out\n", path, deviations.size(),
                     deviations.empty() ? "" : " in " + place.string(), taken);
}

}  // namespace synfin::cli
