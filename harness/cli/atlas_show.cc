// synfin atlas show: an atlas in words.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "harness/atlas/cells.h"
#include "harness/atlas/describe.h"
#include "harness/atlas/file.h"
#include "harness/atlas/replay.h"
#include "harness/cli/atlas_commands.h"
#include "harness/cli/common.h"
#include "harness/report/exit_code.h"
#include "harness/report/terminal.h"

namespace synfin::cli {
namespace {

using atlas::Atlas;
using atlas::Cell;
using atlas::Entry;
using atlas::SetUp;

constexpr const char* kAtlasShowAbout =
    "Without a choice of cells: a line for each set-up. With one: the cells that it leaves, those "
    "that are answered alike\nin one line where they follow each other.\n\nClasses that coincide "
    "in "
    "a set-up are found under each of their names.";

constexpr const char* kAtlasShowExamples = R"(

EXAMPLES
  synfin atlas show linux.atlas --state ESTABLISHED --flags R --seq RCV.NXT+1
  synfin atlas show linux.atlas --state SYN-SENT --flags S. --ack SND.NXT --payload 0 --as pkt > x.pkt
  synfin replay x.pkt --stack linux)";

struct ShowOptions {
  std::string file;
  std::string state;
  std::string flags;
  std::string seq;
  std::string ack;
  std::string payload;
  std::string ecn;
  std::string options;
  std::string as = "text";
  std::size_t most = 200;

  bool chooses() const {
    return !(state + flags + seq + ack + payload + ecn + options).empty() || as == "pkt";
  }
};

// What a cell has to be; what is absent, it may be any.
struct Choice {
  std::optional<Flags> flags;
  std::optional<atlas::SeqClass> seq;
  std::optional<atlas::AckClass> ack;
  std::optional<atlas::PayloadClass> payload;
  std::optional<atlas::EcnClass> ecn;
  std::optional<atlas::OptionClass> options;

  bool takes(const Cell& cell, const atlas::Variables& variables) const {
    return (!flags || flags->bits == cell.flags) &&
           (!seq || atlas::representative(*seq, variables) == cell.seq) &&
           (!ack || atlas::representative(*ack, variables) == cell.ack) &&
           (!payload || *payload == cell.payload) && (!ecn || *ecn == cell.ecn) &&
           (!options || *options == cell.options);
  }
};

// A word of the command line by `find`; false when there is no such.
template <typename Value, typename Find>
bool read_word(const char* name, const std::string& word, const Find& find,
               std::optional<Value>* out) {
  if (word.empty()) return true;
  *out = find(word);
  if (*out) return true;
  complain(
      fmt::format("--{}: there is no '{}'; the atlas' own words are in the lines that 'synfin "
                  "atlas show FILE --state ESTABLISHED' prints",
                  name, word));
  return false;
}

bool read_choice(const ShowOptions& in, Choice* out) {
  return read_word("flags", in.flags, atlas::find_flags, &out->flags) &&
         read_word("seq", in.seq, atlas::find_seq_class, &out->seq) &&
         read_word("ack", in.ack, atlas::find_ack_class, &out->ack) &&
         read_word("payload", in.payload, atlas::find_payload_class, &out->payload) &&
         read_word("ecn", in.ecn, atlas::find_ecn_class, &out->ecn) &&
         read_word("options", in.options, atlas::find_option_class, &out->options);
}

struct Chosen {
  const SetUp* set_up = nullptr;
  Cell cell;
  Entry entry;
};

std::vector<Chosen> choose(const Atlas& atlas, const std::string& state, const Choice& choice) {
  std::vector<Chosen> chosen;
  for (const SetUp& set_up : atlas.set_ups) {
    if (!state.empty() && set_up.id != state) continue;
    const std::vector<Cell> cells =
        set_up.reached ? cells_of(set_up.variables, atlas.with) : std::vector<Cell>();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (choice.takes(cells[i], set_up.variables)) {
        chosen.push_back({&set_up, cells[i], set_up.entries[i]});
      }
    }
  }
  return chosen;
}

const atlas::Behaviour* behaviour_of(const Atlas& atlas, const Chosen& chosen) {
  const uint32_t number = chosen.entry.behaviour;
  return number == atlas::kNotPlayed ? nullptr : &atlas.behaviours[number];
}

// A line for cells that follow each other and are answered alike.
void print_cells(const Atlas& atlas, const std::vector<Chosen>& chosen, std::size_t most) {
  std::size_t lines = 0;
  for (std::size_t at = 0; at < chosen.size();) {
    std::size_t end = at;
    while (end < chosen.size() && chosen[end].entry == chosen[at].entry &&
           chosen[end].set_up == chosen[at].set_up) {
      ++end;
    }
    if (lines++ == most) {
      fmt::print("... and {} cells more; --most N shows more lines\n", chosen.size() - at);
      return;
    }
    const atlas::Behaviour* behaviour = behaviour_of(atlas, chosen[at]);
    fmt::print("{} {}{}\n    {}{}\n", chosen[at].set_up->id, atlas::describe(chosen[at].cell),
               end - at > 1 ? fmt::format(" .. {} ({} cells)",
                                          atlas::describe(chosen[end - 1].cell), end - at)
                            : "",
               behaviour == nullptr ? "not played" : atlas::describe(*behaviour),
               chosen[at].entry.again ? " (came out otherwise before)" : "");
    at = end;
  }
}

int show(const ShowOptions& options) {
  const auto atlas = load_atlas(options.file);
  Choice choice;
  if (!atlas) complain(atlas.error().message);
  if (!atlas || !read_choice(options, &choice)) return report::kExitUsage;
  if (!options.chooses()) {
    fmt::print("{}\n\n{}", report::head_line(atlas->provenance, atlas->set_ups.size()),
               atlas_summary(*atlas));
    return report::kExitOk;
  }
  const std::vector<Chosen> chosen = choose(*atlas, options.state, choice);
  if (chosen.empty()) {
    complain("no cell is like that");
    return report::kExitNothing;
  }
  if (options.as == "text") {
    print_cells(*atlas, chosen, options.most);
    return report::kExitOk;
  }
  if (chosen.size() > 1) {
    complain(fmt::format("--as pkt writes one cell, and {} are like that; the first is: {} {}",
                         chosen.size(), chosen[0].set_up->id, describe(chosen[0].cell)));
    return report::kExitUsage;
  }
  const Chosen& one = chosen.front();
  fmt::print("{}", cell_text(*atlas, *one.set_up, one.cell, behaviour_of(*atlas, one)));
  return report::kExitOk;
}

}  // namespace

Result<Atlas> load_atlas(const std::string& file) {
  auto loaded = atlas::load(file);
  if (!loaded) return tl::make_unexpected(loaded.error());
  if (loaded->torn) {
    complain(
        fmt::format("{}: not whole: the part at offset {} breaks off; what is before it is read",
                    file, *loaded->torn));
  } else if (!loaded->complete) {
    complain(fmt::format("{}: not whole: it was not finished", file));
  }
  return std::move(loaded->atlas);
}

std::string atlas_summary(const Atlas& atlas) {
  std::size_t width = 0;
  for (const SetUp& set_up : atlas.set_ups) width = std::max(width, set_up.id.size());
  std::string text;
  std::size_t cells = 0;
  std::size_t played = 0;
  std::size_t again = 0;
  std::size_t unreached = 0;
  for (const SetUp& set_up : atlas.set_ups) {
    if (!set_up.reached) {
      ++unreached;
      text += fmt::format("  {:<{}}  not reached: {}\n", set_up.id, width, set_up.why);
      continue;
    }
    std::set<uint32_t> behaviours;
    for (const Entry& entry : set_up.entries) {
      if (entry.behaviour != atlas::kNotPlayed) {
        behaviours.insert(entry.behaviour);
        ++played;
      }
      if (entry.again) ++again;
    }
    cells += set_up.entries.size();
    text += fmt::format("  {:<{}}  {:>6} cells  {:>4} behaviours\n", set_up.id, width,
                        set_up.entries.size(), behaviours.size());
  }
  text += fmt::format("\n{} cells", cells);
  if (played != cells) text += fmt::format(", {} of them played", played);
  text += fmt::format("; {} behaviours", atlas.behaviours.size());
  if (again > 0) text += fmt::format("; {} cells played again", again);
  if (unreached > 0) text += fmt::format("; {} states not reached", unreached);
  return text + "\n";
}

void add_atlas_show(CLI::App& atlas, Action* action) {
  auto options = std::make_shared<ShowOptions>();
  CLI::App* command = atlas.add_subcommand("show", "Print an atlas, or some of its cells");
  command->footer(std::string(kAtlasShowAbout) + kAtlasShowExamples);
  command->add_option("file", options->file, "An atlas")->type_name("FILE")->required();
  const auto word = [&](const char* name, std::string* value, const char* about, const char* type) {
    command->add_option(name, *value, about)->type_name(type);
  };
  word("--state", &options->state, "Of this set-up", "NAME");
  word("--flags", &options->flags, "With these flags alone: S., 'SYN ACK', none", "FLAGS");
  word("--seq", &options->seq, "Of this SEQ class: RCV.NXT+1, middle", "CLASS");
  word("--ack", &options->ack, "Of this ACK class: SND.UNA, between, none", "CLASS");
  word("--payload", &options->payload, "0, 1, straddling, window+1", "CLASS");
  word("--ecn", &options->ecn, "none, ECE, CWR or ECE,CWR", "CLASS");
  word("--options", &options->options, "none, timestamps, bad-length, unknown", "CLASS");
  command->add_option("--as", options->as, "As what: text, or one cell as a program")
      ->type_name("FORM:{text,pkt}")
      ->check(CLI::IsMember({"text", "pkt"}).description(""))
      ->capture_default_str();
  command->add_option("--most", options->most, "At most so many lines of cells")
      ->type_name("N")
      ->capture_default_str();
  command->callback([options, action] { *action = [options] { return show(*options); }; });
}

}  // namespace synfin::cli
