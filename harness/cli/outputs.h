// The files that results are written to.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/proto/result.pb.h"
#include "harness/wire/error.h"

namespace synfin::cli {

struct Outputs {
  std::string json;
  std::string junit;
  std::string tap;
  std::string html;
  std::string pcap;          // a folder
  bool keep_traces = false;  // of passing cases in the JSON too

  // Whether one of them is the standard output; what is told to people goes to the other then.
  bool to_standard_output() const;
};

void add_output_options(CLI::App& app, Outputs* outputs);

// Two that are both the standard output: an error of usage.
Result<void> check(const Outputs& outputs);

// `specs` has the catalogue of rules.
Result<void> write(const Outputs& outputs, const proto::RunResult& run,
                   const std::optional<std::filesystem::path>& specs);

}  // namespace synfin::cli
