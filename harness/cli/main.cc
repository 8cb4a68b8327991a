#include "harness/cli/commands.h"

int main(int argc, char** argv) { return synfin::cli::run_program(argc, argv); }
