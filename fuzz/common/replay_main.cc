// A fuzz target as an ordinary program: plays files once each, in the order of their names.
//
//   replay_x [--programs] PATH...     a PATH may be a folder; with --programs each .pkt is compiled
//   to the
//                                     octets of its programs, and every other file is octets as it
//                                     is
//
// Exit code: 0 all were played, 2 a file cannot be read. A crash is a crash.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/script/file.h"
#include "harness/script/program_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size);

namespace synfin::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path.string()};
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void play(const std::string& octets) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(octets.data()), octets.size());
}

bool complain(const std::string& file, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", file.c_str(), why.c_str());
  return false;
}

bool play_file(const std::string& file, bool programs, std::size_t* played) {
  if (programs && file.ends_with(".pkt")) {
    const auto read = script::parse_file(file);
    if (!read) return complain(file, read.error().message);
    for (const auto& program : *read) {
      ++*played;
      play(program.SerializeAsString());
    }
    return true;
  }
  const auto octets = script::read_file(file);
  if (!octets) return complain(file, octets.error().message);
  ++*played;
  play(*octets);
  return true;
}

int run(std::vector<std::string> arguments) {
  const bool programs = !arguments.empty() && arguments.front() == "--programs";
  if (programs) arguments.erase(arguments.begin());
  bool good = true;
  std::size_t played = 0;
  for (const std::string& path : arguments) {
    if (!fs::exists(path)) good = complain(path, "there is no such file");
    if (!fs::exists(path)) continue;
    for (const std::string& file : files_of(path)) {
      // A crash has to tell which one it was.
      std::fprintf(stderr, "%s\n", file.c_str());
      good = play_file(file, programs, &played) && good;
    }
  }
  play("");
  std::printf("%zu inputs played\n", played);
  return good && played > 0 ? 0 : 2;
}

}  // namespace
}  // namespace synfin::fuzz

int main(int argc, char** argv) { return synfin::fuzz::run({argv + 1, argv + argc}); }
