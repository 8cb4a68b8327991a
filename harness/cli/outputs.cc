#include "harness/cli/outputs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "harness/report/captures.h"
#include "harness/report/catalogue.h"
#include "harness/report/html.h"
#include "harness/report/json.h"
#include "harness/report/junit.h"
#include "harness/report/tap.h"
#include "harness/script/file.h"

namespace synfin::cli {
namespace {

std::array<const std::string*, 4> files_of(const Outputs& outputs) {
  return {&outputs.json, &outputs.junit, &outputs.tap, &outputs.html};
}

// Traces are long, and those of what passed are seldom looked at.
Result<void> write_json(const Outputs& outputs, const proto::RunResult& run) {
  if (outputs.keep_traces) return report::write_json(run, outputs.json);
  proto::RunResult shorter = run;
  for (proto::CaseResult& result : *shorter.mutable_cases()) {
    if (result.verdict() == proto::PASS) result.clear_trace();
  }
  return report::write_json(shorter, outputs.json);
}

Result<void> write_html(const std::string& path, const proto::RunResult& run,
                        const std::optional<std::filesystem::path>& specs) {
  const auto catalogue = report::load_catalogue(specs);
  if (!catalogue) return tl::make_unexpected(catalogue.error());
  return script::write_file(path, report::to_html(run, *catalogue));
}

}  // namespace

bool Outputs::to_standard_output() const {
  const auto files = files_of(*this);
  return std::any_of(files.begin(), files.end(), [](const auto* file) { return *file == "-"; });
}

void add_output_options(CLI::App& app, Outputs* outputs) {
  const auto file = [&](const char* name, std::string* path, const char* about) {
    app.add_option(name, *path, about)->type_name("FILE");
  };
  file("--html", &outputs->html, "Write the results to FILE as one page");
  file("--json", &outputs->json, "Write the results to FILE as JSON; - is standard output");
  file("--junit", &outputs->junit, "The same as JUnit XML");
  file("--tap", &outputs->tap, "The same as TAP version 14");
  app.add_option("--pcap", outputs->pcap, "Write the packets to DIR, a capture a case")
      ->type_name("DIR");
}

Result<void> check(const Outputs& outputs) {
  const auto files = files_of(outputs);
  if (std::count_if(files.begin(), files.end(), [](const auto* f) { return *f == "-"; }) > 1) {
    return fail("only one form of the results can go to the standard output");
  }
  return {};
}

Result<void> write(const Outputs& outputs, const proto::RunResult& run,
                   const std::optional<std::filesystem::path>& specs) {
  Result<void> all;
  const auto keep = [&](Result<void> written) {
    if (!written && all) all = std::move(written);
  };
  if (!outputs.json.empty()) keep(write_json(outputs, run));
  if (!outputs.junit.empty()) keep(script::write_file(outputs.junit, report::to_junit(run)));
  if (!outputs.tap.empty()) keep(script::write_file(outputs.tap, report::to_tap(run)));
  if (!outputs.html.empty()) keep(write_html(outputs.html, run, specs));
  if (!outputs.pcap.empty()) keep(report::write_captures(run, outputs.pcap));
  return all;
}

}  // namespace synfin::cli
