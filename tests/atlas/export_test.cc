// A cell as a program does to a stack what the cell did.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "harness/atlas/describe.h"
#include "harness/atlas/record.h"
#include "harness/atlas/replay.h"
#include "harness/judge/judge.h"
#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/wire/codec.h"
#include "tests/atlas/maps.h"

namespace synfin::atlas {
namespace {

// The last packet that was injected, as flags, SEQ and ACK counted from the ISNs, and length.
struct Injected {
  Flags flags;
  uint32_t seq = 0;
  uint32_t ack = 0;
  std::size_t length = 0;
  std::vector<uint8_t> options;
  friend bool operator==(const Injected&, const Injected&) = default;
};

Injected injected(const play::Trace& trace, const Variables& variables) {
  Injected out;
  std::optional<Seq> iss;
  std::optional<Seq> irs;
  for (const play::Event& event : trace.events) {
    const auto packet = wire::decode(trace.data(event));
    if (!packet) continue;
    const Segment& segment = packet->segment;
    if (event.kind == play::EventKind::kSent && segment.flags.syn() && !iss) iss = segment.seq;
    if (event.kind != play::EventKind::kInjected) continue;
    if (segment.flags.syn() && !irs) irs = segment.seq;
    out.flags = segment.flags;
    out.seq = variables.irs_known ? segment.seq.value() - irs->value() : 0;
    out.ack = segment.flags.ack() && variables.iss_known ? segment.ack.value() - iss->value() : 0;
    out.length = segment.text.size();
    out.options.assign(packet->option_octets.begin(), packet->option_octets.end());
  }
  return out;
}

TEST(Export, AProgramForEveryClass) {
  const testing::Target target("reference");
  const Atlas& atlas = testing::reference_atlas();
  constexpr std::size_t kStep = 397;
  for (const auto& set_up : atlas.set_ups) {
    const std::vector<Cell> cells = cells_of(set_up.variables, {.ecn = true, .options = true});
    for (std::size_t i = 0; i < cells.size(); i += kStep * (cells.size() > 5000 ? 16 : 1)) {
      const std::string text = cell_text(atlas, set_up, cells[i], nullptr);
      const auto parsed = script::parse(text, "cell.pkt");
      ASSERT_TRUE(parsed) << script::to_string("cell", parsed.error()) << "\n" << text;
      auto flat = script::compile(*parsed);
      ASSERT_TRUE(flat) << flat.error().message << "\n" << text;
      const auto program = std::make_shared<const script::FlatProgram>(std::move(*flat));
      judge::Judge judge(target.profile, target.stack->traits());
      play::PlayResult result;
      play::Player player(*target.stack, 1);
      player.add({program, {}, &judge, [&](play::PlayResult&& played) { result = played; }});
      player.run();
      EXPECT_EQ(result.outcome, play::Outcome::kPlayed) << result.broken << "\n" << text;
      EXPECT_TRUE(result.mismatches.empty()) << text;
      EXPECT_TRUE(judge.divergences().empty()) << text;
      const Stimulus stimulus = stimulus_of(cells[i], set_up.variables);
      const Injected wanted{stimulus.flags, set_up.variables.irs_known ? stimulus.seq : 0,
                            set_up.variables.iss_known ? stimulus.ack : 0, stimulus.length,
                            option_octets(stimulus.options)};
      EXPECT_EQ(injected(result.trace, set_up.variables), wanted) << text;
    }
  }
}

TEST(Export, SaysWhatTheStackDid) {
  Atlas atlas = testing::reference_atlas();
  atlas.provenance.set_stack("reference");
  atlas.provenance.set_stack_version("0.1");
  const auto* set_up = testing::find(atlas, "LISTEN");
  const Cell cell{kRst, SeqClass::kAny, AckClass::kNone};
  Behaviour behaviour;
  behaviour.state = State::kListen;
  const std::string text = cell_text(atlas, *set_up, cell, &behaviour);
  EXPECT_EQ(text.find("// LISTEN: RST seq any payload 0.\n"
                      "// reference 0.1: silence; LISTEN.\n"
                      "//@ ip 4\n"),
            0U)
      << text;
  EXPECT_NE(text.find("\n+0 < R 0:0(0) win 10000\n+0.100 wait\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace synfin::atlas
