// A run as people watch it: one line about what is tested, progress, what failed, the sums.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/proto/result.pb.h"
#include "harness/report/failure.h"
#include "harness/report/style.h"

namespace synfin::report {

// "synfin 0.1.0 · target linux 6.18.44 (veth, rootless) · profile x · seed 0x5eed · 212 cases"
std::string head_line(const proto::Provenance& provenance, std::size_t cases);

// The folder that begins a case's ID; "." where there is none.
std::string topic_of(const std::string& id);

// A line a topic, the folder that begins a case's ID: "  handshake   24 pass   1 fail".
std::string topics_text(const proto::RunResult& run, const Style& style);

// The two last lines: how many cases of each verdict, and how many requirements are met.
std::string summary_text(const proto::RunResult& run, std::chrono::nanoseconds took,
                         const Style& style);

// "0.42 s", "63 s", "12 min": as exact as anybody wants to know it.
std::string duration_text(std::chrono::nanoseconds duration);

// "[####....]" in the reader's characters, `columns` long.
std::string bar_text(std::size_t done, std::size_t total, std::size_t columns);

// Writes a run to a stream while it happens. On a terminal the last line tells how far it is; else
// there are plain lines only, one every ten seconds.
class Terminal {
 public:
  Terminal(std::FILE* out, Style style, int verbosity);

  void head(const proto::Provenance& provenance, std::size_t cases);
  void progress(std::size_t done, std::size_t total);
  // A case has ended. Shown at once with -v.
  void result(const proto::CaseResult& result);
  // Topics, everything that is unexpected, the sums. `took`: for who waited, whatever time it is
  // for the stack. `program_of` may return nullptr.
  using ProgramOf = std::function<const script::FlatProgram*(const std::string& id)>;
  void summary(const proto::RunResult& run, std::chrono::nanoseconds took,
               const ProgramOf& program_of);

  void write(const std::string& text);

 private:
  void clear_progress();

  std::FILE* out_;
  Style style_;
  int verbosity_;
  std::string target_ = "target";
  std::map<proto::Verdict, std::size_t> counts_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point last_progress_;
  bool progress_shown_ = false;
};

}  // namespace synfin::report
