// synfin atlas: what a stack does in every state with every segment.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <vector>

#include "harness/atlas/file.h"
#include "harness/atlas/produce.h"
#include "harness/atlas/set_ups.h"
#include "harness/cli/atlas_commands.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/in_kernel.h"
#include "harness/report/exit_code.h"
#include "harness/report/terminal.h"

namespace synfin::cli {
namespace {

constexpr const char* kAtlasAbout =
    "Brings fresh connections into every state, injects one segment into each - every combination "
    "of flags, SEQ,\nACK and payload - and writes what the stack did to a file: its answers, its "
    "next state, what the API says.\n\nWhile it works, what is done is in FILE.part, which can be "
    "read as well.";

constexpr const char* kAtlasExamples = R"(

EXAMPLES
  synfin atlas --stack linux --link tun --out linux.atlas
  synfin atlas --stack lwip --shard 1/4 --out 1.atlas
  synfin atlas merge 1.atlas 2.atlas 3.atlas 4.atlas --out lwip.atlas
  synfin atlas show linux.atlas --state ESTABLISHED --flags R)";

struct AtlasOptions {
  StackChoice choice;
  atlas::ProduceOptions how;
  std::string out;
  std::string shard = "1/1";
  std::vector<std::string> with;
  bool ipv4 = false;
};

Result<atlas::Shard> read_shard(const std::string& text) {
  atlas::Shard shard;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%u/%u%c", &shard.index, &shard.count, &rest) == 2 &&
      shard.index >= 1 && shard.index <= shard.count && shard.count <= 100000) {
    return shard;
  }
  return fail(fmt::format("--shard {}: expected I/N, from 1/N to N/N", text));
}

Result<void> check(AtlasOptions* options) {
  if (auto checked = check(&options->choice); !checked) return checked;
  if (options->out.empty()) return fail("--out FILE says where the atlas goes");
  const auto shard = read_shard(options->shard);
  if (!shard) return tl::make_unexpected(shard.error());
  options->how.shard = *shard;
  options->how.seed = options->choice.seed;
  for (const std::string& with : options->with) {
    if (with != "ecn" && with != "options") {
      return fail(fmt::format("--with {}: there are ecn and options", with));
    }
    (with == "ecn" ? options->how.with.ecn : options->how.with.options) = true;
  }
  for (const std::string& id : options->how.only) {
    const atlas::SetUpInfo* known_set_up = atlas::find_set_up(id);
    if (known_set_up != nullptr && known_set_up->agrees && !options->how.with.options) {
      return fail(fmt::format("--state {}: it is there --with options", id));
    }
    if (known_set_up != nullptr) continue;
    std::string known;
    for (const auto& info : atlas::set_ups()) {
      known += fmt::format("{}{}", known.empty() ? "" : ", ", info.id);
    }
    return fail(fmt::format("--state {}: there are: {}", id, known));
  }
  return {};
}

// One run of the command.
class Making {
 public:
  explicit Making(const AtlasOptions& options)
      : options_(options), terminal_(stdout, report::style_of(STDOUT_FILENO), 0) {}

  int run();

 private:
  bool open();
  proto::Provenance provenance() const;
  void keep(const atlas::Atlas& part);
  int finish(atlas::Atlas atlas);

  const AtlasOptions& options_;
  report::Terminal terminal_;
  std::vector<OpenStack> open_;
  std::optional<atlas::Journal> journal_;
  bool broken_ = false;
};

// In virtual time a stack is one thread's work: there are as many as the machine has use for. One
// on a kernel waits for it most of the time.
bool Making::open() {
  std::size_t wanted = 1;
  do {
    auto stack = open_stack(options_.choice);
    if (!stack) {
      complain(stack.error().message);
      return false;
    }
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    if (stack->stack->traits().virtual_time) wanted = std::clamp<long>(cores, 1, 8);
    open_.push_back(std::move(*stack));
  } while (open_.size() < wanted);
  return true;
}

// Nothing that differs from run to run.
proto::Provenance Making::provenance() const {
  const stack::Identity& identity = open_.front().stack->identity();
  proto::Provenance from = provenance_of(open_.front(), options_.choice);
  from.set_stack_version(identity.version);
  from.clear_started();
  from.clear_dropped_packets();
  return from;
}

// A set-up is done: what was found out about it is safe from here on.
void Making::keep(const atlas::Atlas& part) {
  if (!journal_ || broken_) return;
  const auto added = journal_->add(part);
  if (added) return;
  complain(added.error().message + "; what was done before is there");
  broken_ = true;
}

int Making::finish(atlas::Atlas atlas) {
  atlas.provenance = provenance();
  if (interrupted()) {
    complain(fmt::format("interrupted; what is done is in {}", journal_->file()));
    return report::kExitInterrupted;
  }
  if (const auto saved = atlas::save(atlas, options_.out); !saved) {
    complain(saved.error().message + "; what is done is in " + journal_->file());
    return report::kExitBroken;
  }
  journal_->remove();
  terminal_.write(atlas_summary(atlas));
  return report::kExitOk;
}

int Making::run() {
  catch_interrupt();
  if (!open()) return report::kExitBroken;
  atlas::Atlas header;
  header.provenance = provenance();
  header.ipv6 = options_.how.ipv6;
  header.with = options_.how.with;
  header.quiet_time = open_.front().stack->traits().quiet_time;
  auto journal = atlas::Journal::create(options_.out + ".part", header);
  if (!journal) {
    complain(journal.error().message);
    return report::kExitBroken;
  }
  journal_ = std::move(*journal);
  std::vector<stack::Stack*> stacks;
  for (const OpenStack& each : open_) stacks.push_back(each.stack.get());
  atlas::Watchers watchers;
  watchers.between = [this](const atlas::Progress& progress) {
    terminal_.progress(progress.done, progress.total);
    return !interrupted() && !broken_;
  };
  watchers.on_set_up = [this](const atlas::Atlas& part) { keep(part); };
  auto atlas = atlas::produce(stacks, open_.front().profile, options_.how, watchers);
  if (!atlas) complain(atlas.error().message);
  if (!atlas || broken_) return report::kExitBroken;
  return finish(std::move(*atlas));
}

}  // namespace

void add_atlas(CLI::App& app, Action* action) {
  auto options = std::make_shared<AtlasOptions>();
  CLI::App* command =
      app.add_subcommand("atlas", "Map what a stack does in every state with every segment");
  command->footer(std::string(kAtlasAbout) + kAtlasExamples);
  add_stack_options(*command, &options->choice);
  command->add_option("--out", options->out, "Write the atlas to FILE")->type_name("FILE");
  command->add_option("--shard", options->shard, "Of N equal parts the one with this number")
      ->type_name("I/N");
  command->add_option("--with", options->with, "More dimensions: ecn, options")
      ->type_name("NAMES")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--state", options->how.only, "This set-up alone; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command->add_flag("--confirm", options->how.confirm,
                    "Play each cell twice; where that differs a third time, and mark it");
  auto* ipv4 = command->add_flag("-4", options->ipv4, "Over IPv4, which is the default");
  command->add_flag("-6", options->how.ipv6, "Over IPv6")->excludes(ipv4);
  for (const auto add : {add_atlas_show, add_atlas_merge, add_atlas_compare, add_atlas_judge})
    add(*command, action);
  command->callback([command, options, action] {
    if (!command->get_subcommands().empty()) return;
    *action = [options] {
      const auto checked = check(options.get());
      if (checked) {
        return in_kernel(options->choice, {options->out}, [&] { return Making(*options).run(); });
      }
      complain(checked.error().message);
      return static_cast<int>(report::kExitUsage);
    };
  });
}

}  // namespace synfin::cli
