#include "fuzz/common/difference.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "fuzz/common/program_input.h"

namespace synfin::fuzz {
namespace {

// Beside the executable, where it has been taken elsewhere; else in the source tree.
std::string baselines() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = self.parent_path() / "baselines";
  if (!error && std::filesystem::is_directory(beside, error)) return beside.string();
  return SYNFIN_SOURCE_DIR "/specs/baselines";
}

}  // namespace

judge::Baseline baseline_of(const std::string& stack) {
  auto loaded = judge::Baseline::load((std::filesystem::path(baselines()) / stack).string());
  if (loaded) return std::move(*loaded);
  fmt::print(stderr, "synfin: {}\n", loaded.error().message);
  std::exit(3);
}

Difference::Difference(judge::Trial::Make make, const Profile& profile, judge::Baseline baseline)
    : trial_(std::move(make), profile, std::move(baseline), &feedback_, feedback_.clauses()) {}

Difference::~Difference() {
  if (programs_ == 0) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  const auto share = [this](uint64_t part) {
    return static_cast<double>(part) / static_cast<double>(programs_);
  };
  fmt::print(
      stderr,
      "synfin: {} programs, {:.0f} a second, {:.1f} segments each, {:.1f} % judged to the last "
      "step\n",
      programs_, static_cast<double>(programs_) / took.count(), share(segments_),
      100 * share(judged_));
}

int Difference::play(const uint8_t* data, std::size_t size) {
  const proto::Program* program = read_program(data, size);
  if (program == nullptr) return 0;
  const auto result = trial_.run(*program);
  if (!result || (*result)->outcome == play::Outcome::kSkipped) return 0;
  feedback_.end();
  ++programs_;
  segments_ += (*result)->segments;
  judged_ += (*result)->judged_to_the_last_step ? 1 : 0;
  if (const judge::Finding* found = judge::Trial::first_unknown(**result)) {
    give_up(judge::Trial::describe(*found), *program);
  }
  return 0;
}

}  // namespace synfin::fuzz
