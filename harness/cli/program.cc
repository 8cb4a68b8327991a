// The command line as a whole.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "harness/cli/commands.h"
#include "harness/cli/in_kernel.h"
#include "harness/kernel/guest.h"
#include "harness/report/exit_code.h"
#include "harness/report/version.h"

namespace synfin::cli {
namespace {

constexpr const char* kProgramAbout =
    "synfin plays programs of TCP segments, socket calls and waits to a TCP stack, holds what it "
    "does against the\nrules of RFC 9293 and its companions, and says where the two part.";

constexpr const char* kFooter = R"(EXIT CODES
  0    all as expected
  1    a FAIL, or an XPASS: a known deviation that is gone
  2    wrong usage, or a script that does not parse
  3    set-up failed, or a case ended in ERROR: the harness is at fault, not the stack
  4    nothing was selected
  130  interrupted
  Where several hold: 130, then 2, 3, 1, 4.

ENVIRONMENT
  SYNFIN_SPECS  the folder of the cases, where --specs is not given
  NO_COLOR      if not empty, no colours

EXAMPLES
  synfin run                            every case on the reference
  synfin run 'reset/*' --stack linux    one topic on this machine's kernel
  synfin run --kernel 6.12              every case on Linux 6.12, in virtual time ('synfin kernel')
  synfin show specs/close/figure-12-active.pkt --as ladder

'synfin COMMAND --help' tells more about each.)";

int parse_and_act(int argc, const char* const* argv) {
  CLI::App app(kProgramAbout, "synfin");
  app.set_version_flag("--version", "synfin " + std::string(report::kVersion),
                       "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this text and exit");
  app.get_formatter()->column_width(32);
  app.require_subcommand(1);
  app.footer(kFooter);
  Action action;
  for (const auto add : {
           add_run,
           add_list,
           add_show,
           add_replay,
           add_shrink,
           add_fuzz,
           add_probe,
           add_pair,
           add_merge,
           add_diff,
           add_explain,
           add_atlas,
           add_kernel,
           add_completion,
       }) {
    add(app, &action);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? report::kExitOk : report::kExitUsage;
  }
  return action();
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  // A kernel's first process has no command line of its own: it finds it on the board.
  if (argc == 2 && argv[1] == kernel::kGuestWord) {
    return kernel::be_first_process([](const std::vector<const char*>& arguments) {
      return run_program(static_cast<int>(arguments.size()), arguments.data());
    });
  }
  remember_arguments(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is no reason to leave namespaces behind
  try {
    return parse_and_act(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "synfin: %s\n", error.what());
    return report::kExitBroken;
  }
}

}  // namespace synfin::cli
