// Playing one program, for the commands that show what happens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/cli/common.h"
#include "harness/proto/program.pb.h"
#include "harness/proto/result.pb.h"
#include "harness/report/style.h"
#include "harness/script/flat.h"

namespace synfin::cli {

struct Played {
  proto::CaseResult result;  // with its trace
  proto::Provenance provenance;
};

struct PlayOneOptions {
  bool ipv6 = false;
  bool allow_shell = false;
  bool on_time = false;  // ERROR when the harness cannot keep the program's times
};

// Plays a program on the chosen stack and judges it. An error is one of set-up.
Result<Played> play_one(const StackChoice& choice,
                        const std::shared_ptr<const script::FlatProgram>& program,
                        const PlayOneOptions& options);

// A program as it was read, and compiled.
struct Loaded {
  proto::Program source;
  std::shared_ptr<const script::FlatProgram> program;
};

// All programs of a file whose names `glob` matches (empty: all). An error is one of usage.
Result<std::vector<Loaded>> load_compiled(const std::string& path, const std::string& glob);

// The whole ladder of what was played.
std::string whole_ladder(const Played& played, const script::FlatProgram& program,
                         const report::Style& style);

// Whether a program that may be played over both versions is played over IPv6.
bool plays_ipv6(const script::FlatProgram& program, bool wanted);

}  // namespace synfin::cli
