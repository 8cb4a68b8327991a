#include "harness/judge/baseline.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "harness/kernel/version.h"
#include "harness/script/compile.h"
#include "harness/script/file.h"

namespace synfin::judge {
namespace {

// An empty glob is about everything.
bool covers(const std::string& glob, const char* text) {
  return glob.empty() || fnmatch(glob.c_str(), text, FNM_EXTMATCH) == 0;
}

bool covers(const std::string& glob, std::string_view text) {
  return covers(glob, std::string(text).c_str());
}

bool about(const proto::KnownDeviation& entry, std::string_view case_id, std::string_view stack,
           std::string_view version) {
  if (entry.stack() != stack) return false;
  if (!entry.from_version().empty() && kernel::older(version, entry.from_version())) return false;
  if (!entry.to_version().empty() && !kernel::older(version, entry.to_version())) return false;
  // An entry without an IP version is about both.
  return covers(entry.case_id(), case_id) ||
         covers(entry.case_id(), case_id.substr(0, case_id.find('@')));
}

}  // namespace

Baseline::Baseline(proto::Baseline entries) : entries_(std::move(entries)) { expand_states(); }

// A fuzzer asks for each divergence of each program, and most entries are about another state.
void Baseline::expand_states() {
  for (auto i = static_cast<int>(states_.size()); i < entries_.deviations_size(); ++i) {
    auto& covered = states_.emplace_back();
    for (std::size_t state = 0; state < kStateCount; ++state) {
      covered[state] = covers(entries_.deviations(i).state(), to_string(static_cast<State>(state)));
    }
    covered[kStateCount] = covers(entries_.deviations(i).state(), "");
  }
}

bool Baseline::knows(std::size_t index, const Seen& seen) const {
  if (!states_[index][seen.state ? static_cast<std::size_t>(*seen.state) : kStateCount]) {
    return false;
  }
  const proto::KnownDeviation& entry = entries_.deviations(static_cast<int>(index));
  if (!entry.clause().empty() && entry.clause() != seen.clause) return false;
  return seen.got.find(entry.got()) != std::string_view::npos &&
         seen.wanted.find(entry.wanted()) != std::string_view::npos &&
         covers(entry.stimulus(), seen.stimulus);
}

Baseline::Seen Baseline::seen(const Divergence& divergence) {
  return {info(divergence.clause).id, divergence.got, divergence.state, divergence.stimulus.c_str(),
          divergence.wanted};
}

Baseline::Seen Baseline::seen(const proto::Divergence& divergence) {
  return {divergence.clause(), divergence.got(), script::find_state(divergence.state()),
          divergence.stimulus().c_str(), divergence.wanted()};
}

template <typename About>
const proto::KnownDeviation* Baseline::first(const Seen& seen, About&& about_case) const {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!knows(i, seen)) continue;
    const proto::KnownDeviation& entry = entries_.deviations(static_cast<int>(i));
    if (about_case(entry)) return &entry;
  }
  return nullptr;
}

std::vector<std::string> Baseline::files(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() == ".textproto") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<Baseline> Baseline::load(const std::string& path) {
  Baseline baseline;
  for (const std::string& file : files(path)) {
    if (auto added = baseline.add(file); !added) return tl::make_unexpected(added.error());
  }
  return baseline;
}

Result<void> Baseline::add(const std::string& path) {
  const auto text = script::read_file(path);
  if (!text) return tl::make_unexpected(text.error());
  proto::Baseline read;
  google::protobuf::TextFormat::ParseInfoTree places;
  if (auto parsed = script::parse_message(path, *text, &read, &places); !parsed) {
    return parsed;
  }
  const auto* field = read.GetDescriptor()->FindFieldByName("deviations");
  for (int i = 0; i < read.deviations_size(); ++i) {
    const auto& entry = read.deviations(i);
    places_.push_back(fmt::format("{}:{}", path, places.GetLocation(field, i).line + 1));
    if (entry.case_id().empty() || entry.reason().empty() || entry.stack().empty()) {
      return fail(fmt::format("{}: an entry needs case_id, stack and reason: {}", path,
                              entry.ShortDebugString()));
    }
  }
  entries_.MergeFrom(read);
  expand_states();
  return {};
}

const proto::KnownDeviation* Baseline::find(std::string_view case_id, const Seen& seen,
                                            std::string_view stack,
                                            std::string_view version) const {
  return first(seen, [&](const auto& entry) { return about(entry, case_id, stack, version); });
}

const proto::KnownDeviation* Baseline::find(const Seen& seen) const {
  return first(seen, [](const auto& /*entry*/) { return true; });
}

std::string Baseline::place(const proto::KnownDeviation& entry) const {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (&entries_.deviations(static_cast<int>(i)) == &entry) return places_[i];
  }
  return {};
}

Baseline Baseline::of_case(std::string_view case_id, std::string_view stack,
                           std::string_view version) const {
  Baseline chosen;
  for (const auto& entry : entries_.deviations()) {
    if (!about(entry, case_id, stack, version)) continue;
    *chosen.entries_.add_deviations() = entry;
    chosen.places_.push_back(place(entry));
  }
  chosen.expand_states();
  return chosen;
}

const proto::KnownDeviation* Baseline::any_for(std::string_view case_id, std::string_view stack,
                                               std::string_view version) const {
  for (const auto& entry : entries_.deviations()) {
    if (about(entry, case_id, stack, version)) return &entry;
  }
  return nullptr;
}

}  // namespace synfin::judge
