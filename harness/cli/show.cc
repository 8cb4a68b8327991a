// synfin show: a program in each of its forms, and what it does on the wire.
#include <fmt/format.h>
#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/in_kernel.h"
#include "harness/cli/playing.h"
#include "harness/report/exit_code.h"
#include "harness/report/failure.h"
#include "harness/report/packetdrill.h"
#include "harness/report/terminal.h"
#include "harness/script/printer.h"
#include "harness/wire/layers.h"

namespace synfin::cli {
namespace {

constexpr const char* kShowAbout =
    "Shows the programs of a file.\n\n"
    "  pkt        as a script (default)\n"
    "  textproto  as protobuf text, which 'synfin replay' reads\n"
    "  binary     as protobuf octets, likewise; of one program only\n"
    "  ladder     played on a stack, and drawn: both ends, each segment, the states\n"
    "  layers     played on a stack: every packet, field by field\n"
    "  packetdrill  played on a stack, and written with the numbers of that play as a script that\n"
    "             packetdrill runs; refused where packetdrill has no words for a step";

constexpr const char* kShowExamples = R"(

EXAMPLES
  synfin show specs/close/simple.pkt --as ladder
  synfin show specs/close/simple.pkt --as layers --stack linux
  synfin show specs/close/simple.pkt --as binary > simple.pb
  synfin show specs/close/simple.pkt --as packetdrill --stack linux > simple.pkt)";

struct ShowOptions {
  std::string file;
  std::string as = "pkt";
  std::string glob;
  StackChoice choice;
  bool ipv6 = false;
  bool allow_shell = false;
};

void write(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string layers_of(const proto::Trace& trace, const std::string& target) {
  std::string out;
  int number = 0;
  for (const proto::TraceEvent& event : trace.events()) {
    const bool injected = event.kind() == proto::TraceEvent::INJECTED;
    if (!injected && event.kind() != proto::TraceEvent::SENT) continue;
    const std::string& packet = event.packet();
    out += fmt::format("packet {} · {:.6f} s · step {} · {} · {} octets\n", ++number,
                       static_cast<double>(event.at_ns()) * 1e-9, event.step() + 1,
                       injected ? "to " + target : "from " + target, packet.size());
    out += wire::print_layers({reinterpret_cast<const uint8_t*>(packet.data()), packet.size()});
    out += "\n";
  }
  return out;
}

// Plays and shows; the verdict matters only where nothing was to be seen.
int show_played(const ShowOptions& options, const std::vector<Loaded>& loaded) {
  const report::Style style = report::style_of(STDOUT_FILENO);
  report::RunOutcome outcome;
  catch_interrupt();
  for (const Loaded& each : loaded) {
    const bool ipv6 = plays_ipv6(*each.program, options.ipv6);
    const auto played = play_one(options.choice, each.program, {ipv6, options.allow_shell});
    if (!played) {
      complain(played.error().message);
      return report::kExitBroken;
    }
    if (loaded.size() > 1) write(style.paint(report::Ink::kBold, each.source.name()) + "\n");
    const std::string text = options.as == "layers"
                                 ? layers_of(played->result.trace(), played->provenance.stack())
                                 : whole_ladder(*played, *each.program, style);
    write(style.for_reader(text));
    if (played->result.verdict() != proto::PASS) {
      write("\n" + style.for_reader(report::result_line(played->result, style)));
    }
    if (loaded.size() > 1) write("\n");
    const bool broken = played->result.verdict() == proto::ERROR;
    outcome.broken = outcome.broken || broken;
    ++outcome.selected;
    outcome.interrupted = interrupted();
    if (outcome.interrupted) break;
  }
  return report::exit_code(outcome);
}

int show_for_packetdrill(const ShowOptions& options, const Loaded& loaded) {
  const bool ipv6 = plays_ipv6(*loaded.program, options.ipv6);
  // Its numbers and times are what is written.
  const auto played = play_one(options.choice, loaded.program,
                               {.ipv6 = ipv6, .allow_shell = options.allow_shell, .on_time = true});
  if (!played) {
    complain(played.error().message);
    return report::kExitBroken;
  }
  const proto::CaseResult& result = played->result;
  if (result.verdict() == proto::ERROR || result.verdict() == proto::SKIP) {
    complain(loaded.source.name() + " could not be played: " + result.reason());
    return result.verdict() == proto::ERROR ? report::kExitBroken : report::kExitUsage;
  }
  const auto script =
      report::for_packetdrill({loaded.source, *loaded.program, result, played->provenance, ipv6});
  if (!script) {
    complain(script.error().message);
    return report::kExitUsage;
  }
  write(script::print(*script));
  return report::kExitOk;
}

int show(const ShowOptions& options) {
  const auto loaded = load_compiled(options.file, options.glob);
  if (!loaded) {
    complain(loaded.error().message);
    return report::kExitUsage;
  }
  if (options.as == "ladder" || options.as == "layers") return show_played(options, *loaded);
  if (options.as == "binary" || options.as == "packetdrill") {
    if (loaded->size() > 1) {
      complain(
          fmt::format("{} holds {} programs; name one with --case", options.file, loaded->size()));
      return report::kExitUsage;
    }
    if (options.as == "packetdrill") return show_for_packetdrill(options, loaded->front());
    write(loaded->front().source.SerializeAsString());
    return report::kExitOk;
  }
  for (const Loaded& each : *loaded) {
    if (options.as == "textproto") {
      std::string text;
      google::protobuf::TextFormat::PrintToString(each.source, &text);
      if (loaded->size() > 1) text.insert(0, "# " + each.source.name() + "\n");
      write(text);
      continue;
    }
    if (loaded->size() > 1) write("// " + each.source.name() + "\n");
    write(script::print(each.source));
    if (loaded->size() > 1) write("\n");
  }
  return report::kExitOk;
}

}  // namespace

void add_show(CLI::App& app, Action* action) {
  auto options = std::make_shared<ShowOptions>();
  CLI::App* command = app.add_subcommand("show", "Show a program, or what it does on the wire");
  command->footer(std::string(kShowAbout) + kShowExamples);
  command->add_option("file", options->file, "A program: a script, or a message as text or binary")
      ->type_name("FILE")
      ->required();
  command->add_option("--as", options->as, "The form")
      ->type_name("FORM")
      ->check(CLI::IsMember({"pkt", "textproto", "binary", "ladder", "layers", "packetdrill"}))
      ->capture_default_str();
  add_stack_options(*command, &options->choice);
  command->add_option("--case", options->glob, "Of a file with several programs, those it matches")
      ->type_name("GLOB");
  command->add_flag("-6", options->ipv6, "Play it over IPv6");
  command->add_flag("--allow-shell", options->allow_shell, "Run the shell commands of the script");
  command->callback([options, action] {
    *action = [options] {
      const auto checked = check(&options->choice);
      if (checked) return in_kernel(options->choice, {}, [&] { return show(*options); });
      complain(checked.error().message);
      return static_cast<int>(report::kExitUsage);
    };
  });
}

}  // namespace synfin::cli
