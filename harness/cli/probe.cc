#include "harness/cli/commands.h"
namespace synfin::cli {
void add_probe(CLI::App&, Action*) {}
}  // namespace synfin::cli
