// What is to be done inside a kernel, as it is told to the first process there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/error.h"

namespace synfin::kernel {

struct Job {
  std::vector<std::string> arguments;    // of the program, its name first
  std::vector<std::string> environment;  // "TERM=xterm"
  std::vector<std::string> writable;     // folders of the host, absolute
  std::string folder;                    // where it runs, absolute
  bool out_is_terminal = false;          // where its standard output leads to in the end
  bool error_is_terminal = false;
  unsigned columns = 0;  // of the terminal; 0: not known
};

// As a text, and back; a text that is no job is an error.
std::string encode(const Job& job);
Result<Job> decode(std::string_view text);

}  // namespace synfin::kernel
