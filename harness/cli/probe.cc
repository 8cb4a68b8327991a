// synfin probe: measures the choices of a stack.
#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/in_kernel.h"
#include "harness/cli/probe_measure.h"
#include "harness/cli/probe_programs.h"
#include "harness/play/player.h"
#include "harness/report/exit_code.h"
#include "harness/report/json.h"
#include "harness/report/style.h"

namespace synfin::cli {
namespace {

bool was_broken(const play::PlayResult& result) {
  return result.outcome == play::Outcome::kBroken || result.outcome == play::Outcome::kCrashed;
}

constexpr const char* kProbeAbout =
    "Measures what a stack chooses where the RFCs leave it open: MSS, windows and options, "
    "retransmission times,\ndelayed ACKs, rate limits, and how its ISNs look.\n\n"
    "On a real-time stack this takes 20 s. --long also measures how long it stays in TIME-WAIT and "
    "FIN-WAIT-2\nand when it gives up retransmitting, and takes 20 minutes. In virtual time "
    "everything is "
    "measured at once.";

struct ProbeOptions {
  StackChoice choice;
  std::string json;
  bool whole = false;
};

// Plays all programs at once. What breaks says so and is left out.
ProbeResults play_all(stack::Stack& stack, const std::vector<ProbeProgram>& programs,
                      uint64_t seed) {
  ProbeResults results;
  play::Player player(stack, programs.size());
  for (const ProbeProgram& each : programs) {
    play::Job job;
    job.program = each.program;
    job.options.seed = seed;
    job.done = [&results, &each](play::PlayResult&& result) {
      if (was_broken(result) && !interrupted()) {
        complain(fmt::format("probe {}: {}", each.name, result.broken));
      } else if (result.outcome == play::Outcome::kCut && !result.mismatches.empty()) {
        const play::Mismatch& mismatch = result.mismatches.front();
        complain(
            fmt::format("probe {}: wanted {}, got {}", each.name, mismatch.wanted, mismatch.got));
      }
      results.emplace(each.kind, std::move(result));
    };
    player.add(std::move(job));
  }
  player.run([] { return !interrupted(); });
  return results;
}

void print_table(const proto::Provenance& from, const std::vector<Measurement>& measured,
                 std::FILE* out) {
  const report::Style style = report::style_of(fileno(out));
  std::string text =
      fmt::format("{} {} ({}{}{})\n\n", from.stack(), from.stack_version(), from.link(),
                  from.privilege().empty() ? "" : ", ", from.privilege());
  std::size_t title = 0;
  for (const Measurement& each : measured) title = std::max(title, report::columns_of(each.title));
  for (const Measurement& each : measured) {
    text += fmt::format("  {}  {}\n", report::pad_right(each.title, title), each.text);
  }
  const std::string shown = style.for_reader(text);
  std::fwrite(shown.data(), 1, shown.size(), out);
}

google::protobuf::Value to_value(const Measurement& measurement) {
  google::protobuf::Value value;
  if (const auto* text = std::get_if<std::string>(&measurement.value))
    value.set_string_value(*text);
  if (const auto* number = std::get_if<double>(&measurement.value)) value.set_number_value(*number);
  if (const auto* flag = std::get_if<bool>(&measurement.value)) value.set_bool_value(*flag);
  if (const auto* numbers = std::get_if<Numbers>(&measurement.value)) {
    auto* list = value.mutable_list_value();
    for (const double number : *numbers) list->add_values()->set_number_value(number);
  }
  return value;
}

// {"stack": …, "version": …, "settings": {…}, "measured": {"syn_ack_mss": 1460, …}}
Result<void> write(const proto::Provenance& from, const std::vector<Measurement>& measured,
                   const std::string& path) {
  google::protobuf::Struct whole;
  auto& fields = *whole.mutable_fields();
  fields["synfin"].set_string_value(from.version());
  fields["stack"].set_string_value(from.stack());
  fields["stack_version"].set_string_value(from.stack_version());
  fields["link"].set_string_value(from.link());
  fields["started"].set_string_value(from.started());
  auto& settings = *fields["settings"].mutable_struct_value()->mutable_fields();
  for (const auto& [key, value] : from.settings()) settings[key].set_string_value(value);
  auto& values = *fields["measured"].mutable_struct_value()->mutable_fields();
  for (const Measurement& each : measured) values[each.key] = to_value(each);
  return report::write_json(whole, path);
}

int probe(const ProbeOptions& options) {
  const auto open = open_stack(options.choice);
  if (!open) {
    complain(open.error().message);
    return report::kExitBroken;
  }
  const bool whole = options.whole || open->stack->traits().virtual_time;
  const auto programs = probe_programs(whole);
  if (!programs) {
    complain(programs.error().message);
    return report::kExitBroken;
  }
  catch_interrupt();
  const proto::Provenance from = provenance_of(*open, options.choice);
  const ProbeResults results = play_all(*open->stack, *programs, options.choice.seed);
  const std::vector<Measurement> measured = measure(results);
  print_table(from, measured, options.json == "-" ? stderr : stdout);
  report::RunOutcome outcome;
  outcome.selected = measured.size();
  outcome.interrupted = interrupted();
  outcome.broken = measured.empty();
  for (const auto& [kind, result] : results) {
    outcome.broken = outcome.broken || was_broken(result);
  }
  if (!options.json.empty()) {
    const auto written = write(from, measured, options.json);
    if (!written) {
      complain(written.error().message);
      outcome.broken = true;
    }
  }
  return report::exit_code(outcome);
}

}  // namespace

void add_probe(CLI::App& app, Action* action) {
  auto options = std::make_shared<ProbeOptions>();
  CLI::App* command = app.add_subcommand("probe", "Measure what a stack chooses");
  command->footer(kProbeAbout);
  add_stack_options(*command, &options->choice);
  command->add_flag("--long", options->whole, "Wait for the stack's limits too");
  command
      ->add_option("--json", options->json,
                   "Write the numbers to FILE as JSON; - is standard output")
      ->type_name("FILE");
  command->callback([options, action] {
    *action = [options] {
      const auto checked = check(&options->choice);
      if (checked) {
        return in_kernel(options->choice, {options->json}, [&] { return probe(*options); });
      }
      complain(checked.error().message);
      return static_cast<int>(report::kExitUsage);
    };
  });
}

}  // namespace synfin::cli
