// Makes seeds of programs for the fuzz targets, a file each.
//
//   synfin_seeds programs FOLDER PATH...   the octets of each program of the .pkt files in the
//   PATHs synfin_seeds packets FOLDER PATH...    the packets that pass when the reference plays
//   them
//
// A file is named by a hash of what it holds, so that none is there twice.
// Exit code: 0 done, 2 wrong usage or a file that cannot be read or written.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/judge.h"
#include "harness/play/player.h"
#include "harness/script/compile.h"
#include "harness/script/file.h"
#include "harness/script/program_file.h"
#include "harness/stack/reference.h"

namespace synfin::fuzz {
namespace {

namespace fs = std::filesystem;

bool complain(const std::string& why) {
  std::fprintf(stderr, "synfin_seeds: %s\n", why.c_str());
  return false;
}

class Seeds {
 public:
  Seeds(fs::path folder, bool packets) : folder_(std::move(folder)), packets_(packets) {}

  // Every .pkt below the path, or the file itself.
  bool add(const fs::path& path) {
    std::vector<std::string> files;
    if (!fs::is_directory(path)) {
      files.push_back(path.string());
    } else {
      for (const auto& entry : fs::recursive_directory_iterator(path)) {
        if (entry.path().extension() == ".pkt") files.push_back(entry.path().string());
      }
    }
    std::sort(files.begin(), files.end());
    return std::all_of(files.begin(), files.end(),
                       [this](const std::string& file) { return add_file(file); });
  }

 private:
  bool add_file(const std::string& file) {
    auto programs = script::parse_file(file);
    if (!programs) return complain(programs.error().message);
    for (proto::Program& program : *programs) {
      if (packets_ ? !play(program) : !keep(octets_of(program))) return false;
    }
    return true;
  }

  // Without what only tells people where it came from.
  static std::string octets_of(proto::Program& program) {
    program.clear_file();
    program.clear_comments();
    return program.SerializeAsString();
  }

  bool play(const proto::Program& program) {
    auto flat = script::compile(program);
    if (!flat) return complain(flat.error().message);
    if (flat->place.own) return true;  // the kernel's only
    const auto stack = stack::make_reference_stack({});
    const Profile profile;
    judge::Judge judge(profile, stack->traits());
    play::PlayResult result;
    play::Player player(*stack, 1);
    play::Job job;
    job.options.ipv6 = !flat->ipv4;
    job.program = std::make_shared<const script::FlatProgram>(std::move(*flat));
    job.observer = &judge;
    job.done = [&](play::PlayResult&& played) { result = std::move(played); };
    player.add(std::move(job));
    player.run();
    for (const play::Event& event : result.trace.events) {
      if (event.kind != play::EventKind::kInjected && event.kind != play::EventKind::kSent)
        continue;
      const std::span<const uint8_t> packet = result.trace.data(event);
      if (!keep({packet.begin(), packet.end()})) return false;
    }
    return true;
  }

  bool keep(const std::string& octets) {
    uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (const char c : octets) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    char name[17];
    std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(hash));
    const auto written = script::write_file((folder_ / name).string(), octets);
    return written || complain(written.error().message);
  }

  fs::path folder_;
  bool packets_;
};

int run(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (argc < 4 || (what != "programs" && what != "packets")) {
    complain("usage: synfin_seeds programs|packets FOLDER PATH...");
    return 2;
  }
  std::error_code error;
  fs::create_directories(argv[2], error);
  if (error) return complain(std::string(argv[2]) + ": " + error.message()), 2;
  Seeds seeds(argv[2], what == "packets");
  for (int i = 3; i < argc; ++i) {
    if (!seeds.add(argv[i])) return 2;
  }
  return 0;
}

}  // namespace
}  // namespace synfin::fuzz

int main(int argc, char** argv) { return synfin::fuzz::run(argc, argv); }
