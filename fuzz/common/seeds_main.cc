// Makes seeds of programs for the fuzz targets, a file each.
//
//   synfin_seeds programs FOLDER PATH...
//     The octets of each program of the .pkt files below the PATHs.
//   synfin_seeds packets FOLDER PATH...
//     The packets that pass when the reference plays them.
//   synfin_seeds choose FOLDER PATH...
//     Of all those programs the few that touch every rule that all touch, as scripts of stimuli. A
//     PATH may be an atlas: of it one cell of each set-up, and those that touch more.
//
// Octets are in files named by a hash of them, so that none is there twice.
// Exit code: 0 done, 2 wrong usage or a file that cannot be read or written.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/atlas/cells.h"
#include "harness/atlas/file.h"
#include "harness/atlas/replay.h"
#include "harness/judge/judge.h"
#include "harness/play/player.h"
#include "harness/script/compile.h"
#include "harness/script/file.h"
#include "harness/script/parser.h"
#include "harness/script/printer.h"
#include "harness/script/program_file.h"
#include "harness/script/text.h"
#include "harness/shrink/edits.h"
#include "harness/stack/reference.h"

namespace synfin::fuzz {
namespace {

namespace fs = std::filesystem;

bool complain(const std::string& why) {
  std::fprintf(stderr, "synfin_seeds: %s\n", why.c_str());
  return false;
}

enum class What { kPrograms, kPackets, kChoice };

std::optional<What> parse_what(std::string_view word) {
  if (word == "programs") return What::kPrograms;
  if (word == "packets") return What::kPackets;
  if (word == "choose") return What::kChoice;
  return std::nullopt;
}

class Seeds {
 public:
  Seeds(fs::path folder, What what) : folder_(std::move(folder)), what_(what) {}

  // Every .pkt below the path, or the file itself.
  bool add(const fs::path& path) {
    if (what_ == What::kChoice && path.extension() == ".atlas") return add_cells(path);
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

  // One of each set-up, and then the one that touches most of what is not yet touched, again and
  // again.
  bool choose() {
    ClauseSet touched;
    const auto keep = [&](const Candidate& chosen) {
      touched |= chosen.clauses;
      return keep_script(chosen);
    };
    std::set<std::string> set_ups;
    for (const Candidate& each : candidates_) set_ups.insert(each.set_up);
    for (const std::string& set_up : set_ups) {
      const bool of_atlas = !set_up.empty();
      if (of_atlas && !keep(*most_gain(touched, &set_up))) return false;
    }
    while (true) {
      const auto best = most_gain(touched, nullptr);
      if (best == candidates_.end() || (best->clauses & ~touched).none()) return true;
      if (!keep(*best)) return false;
    }
  }

 private:
  struct Candidate {
    proto::Program program;
    ClauseSet clauses;
    std::string set_up;  // of the atlas; of a case there is none
  };

  bool add_file(const std::string& file) {
    auto programs = script::parse_file(file);
    if (!programs) return complain(programs.error().message);
    for (proto::Program& program : *programs) {
      const bool done = what_ == What::kPrograms ? keep(octets_of(program)) : play(program);
      if (!done) return false;
    }
    return true;
  }

  // Each cell as the program that reaches it.
  bool add_cells(const fs::path& path) {
    const auto loaded = atlas::load(path.string());
    if (!loaded) return complain(loaded.error().message);
    const atlas::Atlas& atlas = loaded->atlas;
    for (const atlas::SetUp& set_up : atlas.set_ups) {
      if (!set_up.reached) continue;
      set_up_ = set_up.id;
      for (const atlas::Cell& cell : atlas::cells_of(set_up.variables, atlas.with)) {
        const std::string name = "atlas/" + set_up.id + "/" + atlas::describe(cell);
        auto program = script::parse(atlas::cell_text(atlas, set_up, cell, nullptr), name);
        if (!program) return complain(script::to_string(name, program.error()));
        program->set_name(name);
        if (!play(*program)) return false;
      }
    }
    set_up_.clear();
    return true;
  }

  // Without what only tells people where it came from; known deviations are those of "fuzz".
  static std::string octets_of(proto::Program& program) {
    program.set_name("fuzz");
    program.clear_file();
    program.clear_comments();
    return program.SerializeAsString();
  }

  // On the reference.
  bool play(proto::Program& program) {
    if (what_ == What::kChoice) shrink::drop_expectations(program);
    auto flat = script::compile(program);
    if (!flat) return complain(flat.error().message);
    if (flat->place.own) return true;  // the kernel's only
    ClauseSet clauses;
    const Profile profile;
    const auto stack = stack::make_reference_stack({.profile = profile, .coverage = &clauses});
    judge::Judge judge(profile, stack->traits(), &clauses);
    play::PlayResult result;
    play::Player player(*stack, 1);
    play::Job job;
    job.options.ipv6 = !flat->ipv4;
    const bool plain = flat->needs.empty() && flat->profile.empty();
    job.program = std::make_shared<const script::FlatProgram>(std::move(*flat));
    job.observer = &judge;
    job.done = [&](play::PlayResult&& played) { result = std::move(played); };
    player.add(std::move(job));
    player.run();
    if (what_ == What::kPackets) return keep_packets(result.trace);
    if (plain) add_candidate({program, clauses, set_up_});
    return true;
  }

  bool keep_packets(const play::Trace& trace) {
    for (const play::Event& event : trace.events) {
      if (event.kind != play::EventKind::kInjected && event.kind != play::EventKind::kSent)
        continue;
      const std::span<const uint8_t> packet = trace.data(event);
      if (!keep({packet.begin(), packet.end()})) return false;
    }
    return true;
  }

  // As a script of stimuli that says where it is from.
  bool keep_script(const Candidate& candidate) {
    proto::Program program = candidate.program;
    std::string name = program.name();
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !script::is_word(c) && c != '-'; }, '-');
    const std::string from = candidate.set_up.empty()
                                 ? "From specs/" + program.name() + ", without what it expects."
                                 : program.name() + ".";
    for (proto::Step& step : *program.mutable_steps()) {
      step.clear_annotations();
      step.clear_comments();
      step.clear_remark();
    }
    program.clear_annotations();
    program.clear_comments();
    program.clear_end_comments();
    program.add_comments(from);
    const auto written =
        script::write_file((folder_ / (name + ".pkt")).string(), script::print(program));
    return written || complain(written.error().message);
  }

  bool keep(const std::string& octets) {
    uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (const char c : octets) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    char name[17];
    std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(hash));
    const auto written = script::write_file((folder_ / name).string(), octets);
    return written || complain(written.error().message);
  }

  // An atlas has tens of thousands of cells, of which most do the same.
  void add_candidate(Candidate candidate) {
    if (!seen_.insert(candidate.set_up + candidate.clauses.to_string()).second) return;
    candidates_.push_back(std::move(candidate));
  }

  // Among those of one set-up, or all.
  std::vector<Candidate>::const_iterator most_gain(const ClauseSet& touched,
                                                   const std::string* set_up) const {
    const auto gain = [&](const Candidate& each) {
      const bool counts = set_up == nullptr || each.set_up == *set_up;
      return counts ? static_cast<int>((each.clauses & ~touched).count()) : -1;
    };
    return std::max_element(
        candidates_.begin(), candidates_.end(),
        [&](const Candidate& a, const Candidate& b) { return gain(a) < gain(b); });
  }

  fs::path folder_;
  What what_;
  std::string set_up_;  // of the cells that are being played
  std::vector<Candidate> candidates_;
  std::set<std::string> seen_;
};

int run(int argc, char** argv) {
  const auto what = parse_what(argc > 1 ? argv[1] : "");
  if (argc < 4 || !what) {
    complain("usage: synfin_seeds programs|packets|choose FOLDER PATH...");
    return 2;
  }
  std::error_code error;
  fs::create_directories(argv[2], error);
  if (error) return complain(std::string(argv[2]) + ": " + error.message()), 2;
  Seeds seeds(argv[2], *what);
  for (int i = 3; i < argc; ++i) {
    if (!seeds.add(argv[i])) return 2;
  }
  return seeds.choose() ? 0 : 2;
}

}  // namespace
}  // namespace synfin::fuzz

int main(int argc, char** argv) { return synfin::fuzz::run(argc, argv); }
