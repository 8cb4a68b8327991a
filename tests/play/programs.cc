#include "tests/play/programs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/script/compile.h"
#include "harness/script/parser.h"

namespace synfin::testing {

std::shared_ptr<const script::FlatProgram> program(std::string_view text) {
  const auto parsed = script::parse(text, "test.pkt");
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message;
    return std::make_shared<script::FlatProgram>();
  }
  auto flat = script::compile(*parsed);
  if (!flat) {
    ADD_FAILURE() << flat.error().message;
    return std::make_shared<script::FlatProgram>();
  }
  return std::make_shared<const script::FlatProgram>(std::move(*flat));
}

play::PlayResult play_one(stack::Stack& stack, std::shared_ptr<const script::FlatProgram> program,
                          play::PlayOptions options, play::Observer* observer) {
  play::PlayResult out;
  play::Player player(stack, 1);
  player.add({std::move(program), options, observer,
              [&](play::PlayResult&& result) { out = std::move(result); }});
  player.run();
  return out;
}

std::string explain(const play::PlayResult& result) {
  std::string out;
  if (!result.broken.empty()) out += "broken: " + result.broken + "\n";
  if (result.unreliable) out += "unreliable: " + result.unreliable_reason + "\n";
  for (const auto& mismatch : result.mismatches) {
    out +=
        fmt::format("line {}: wanted {}, got {}\n", mismatch.line, mismatch.wanted, mismatch.got);
    for (const auto& difference : mismatch.differences) {
      out += fmt::format("  {}: wanted {}, got {}\n", difference.field, difference.wanted,
                         difference.got);
    }
  }
  return out;
}

std::vector<State> states_of(const play::PlayResult& result) {
  std::vector<State> states;
  for (const auto& event : result.trace.events) {
    if (event.kind == play::EventKind::kState) states.push_back(event.state);
  }
  return states;
}

}  // namespace synfin::testing
