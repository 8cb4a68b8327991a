// synfin pair: the reference as the live peer of another stack.
#include "harness/judge/pair.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/stack/registry.h"

namespace synfin::cli {
namespace {

constexpr const char* kPairAbout =
    "Lets two stacks talk: real transfers and closes in both directions.\n\nThe reference is the "
    "live peer of the other stack. Four conversations run at once: each end opens, and each end "
    "closes first. Both streams must arrive whole, and the other stack is judged\nall the while, "
    "unless --repeat or "
    "--reorder makes segments cross.";

struct PairCommand {
  StackChoice choice;
  std::string first = "reference";
  std::string second;
  judge::PairOptions options;
  bool ipv6 = false;
};

void print(const judge::Conversation& talk) {
  fmt::print(
      "{:<5} {:<44} {:>9} octets to the stack, {:>9} to the reference, {} packets, {} lost, "
      "{:.2f} s\n",
      talk.whole ? (talk.divergences.empty() ? "PASS" : "FAIL") : "FAIL", talk.name, talk.to_stack,
      talk.to_reference, talk.packets, talk.lost,
      std::chrono::duration<double>(talk.duration).count());
  if (!talk.trouble.empty()) {
    fmt::print("      {} (stack {}, reference {})\n", talk.trouble, to_string(talk.stack_state),
               to_string(talk.reference_state));
  }
  constexpr std::size_t kMost = 5;
  const std::size_t shown = std::min(talk.divergences.size(), kMost);
  for (const judge::Divergence& found : std::span(talk.divergences).first(shown)) {
    const ClauseInfo& clause = info(found.clause);
    fmt::print("      {} RFC {} §{} in {}: wanted {}, got {}\n      after {}\n", clause.id,
               clause.rfc, clause.section, to_string(found.state), found.wanted, found.got,
               found.stimulus);
    for (const auto& field : found.fields) {
      fmt::print("        {}: wanted {}, got {}\n", field.field, field.wanted, field.got);
    }
  }
  if (talk.divergences.size() > shown) {
    fmt::print("      and {} more\n", talk.divergences.size() - shown);
  }
}

int run(PairCommand& command) {
  if (command.first != "reference") {
    complain("the first of a pair is the reference: synfin pair reference " + command.first);
    return 2;
  }
  command.choice.stack = command.second;
  if (auto checked = check(&command.choice); !checked) {
    complain(checked.error().message);
    return 2;
  }
  auto open = open_stack(command.choice);
  if (!open) {
    complain(open.error().message);
    return 3;
  }
  command.options.seed = command.choice.seed;
  command.options.ipv6 = command.ipv6;
  const Profile reference = stack::find_stack("reference")->profile();
  catch_interrupt();
  const auto talks = judge::run_pair(*open->stack, open->profile, reference, command.options,
                                     [] { return !interrupted(); });
  if (!talks) {
    complain(talks.error().message);
    return 3;
  }
  bool good = true;
  for (const judge::Conversation& talk : *talks) {
    print(talk);
    good = good && talk.whole && talk.divergences.empty();
  }
  if (interrupted()) return 130;
  return good ? 0 : 1;
}

}  // namespace

void add_pair(CLI::App& app, Action* action) {
  auto command = std::make_shared<PairCommand>();
  CLI::App* pair = app.add_subcommand("pair", kPairAbout);
  pair->add_option("FIRST", command->first, "reference")->required();
  pair->add_option("SECOND", command->second, "The other stack")->required();
  const auto share = CLI::Range(0.0, 0.9);
  pair->add_option("--loss", command->options.loss, "Share of packets lost, each way")
      ->check(share);
  pair->add_option("--repeat", command->options.repeat, "Share of packets that arrive twice")
      ->check(share);
  pair->add_option("--reorder", command->options.reorder, "Share of packets that are held back")
      ->check(share);
  pair->add_option("--bytes", command->options.octets, "Octets sent each way")
      ->check(CLI::Range(1U, 1U << 30U));
  pair->add_option("--link", command->choice.link, "How packets reach the stack: veth, tun");
  pair->add_option("--seed", command->choice.seed_text, "Of the network's choices");
  pair->add_flag("-6,--ipv6", command->ipv6, "Over IPv6");
  pair->callback([command, action] { *action = [command] { return run(*command); }; });
}

}  // namespace synfin::cli
