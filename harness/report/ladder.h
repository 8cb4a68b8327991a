// A ladder: the two ends of a connection, every segment between them, and the state of each end
// once the segment has come or gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/proto/result.pb.h"
#include "harness/report/style.h"
#include "harness/script/flat.h"

namespace synfin::report {

// One rung. What is not known is empty.
struct Rung {
  enum class Kind : uint8_t {
    kToTarget,
    kFromTarget,
    kCall,   // made at the target's end, or returned there
    kState,  // a state that was read when nothing else had happened
    kNote,   // nothing happened, and that is the point
    kGap,    // rungs left out
  };
  Kind kind = Kind::kToTarget;
  int64_t at_ns = 0;
  uint32_t step = 0;
  std::string connection;
  // Of a segment: flags, "seq 0", "ack 1", "len 10". Of a call and the like: one text.
  std::vector<std::string> cells;
  std::string window;   // "win 65535"
  std::string options;  // "<mss 1460,sackOK>"
  std::string wrong;    // "{sum=bad}"
  std::string script;   // "S. 0:0(0)": how a message about it begins
  std::string peer_state;
  std::string target_state;
  std::vector<std::string> notes;  // what was wanted here instead
};

struct LadderOptions {
  Style style;
  std::string peer = "peer";
  std::string target = "target";
  std::size_t indent = 0;
  bool times = true;
  bool options = true;  // of the segments
  bool windows = true;
  std::size_t widest_label = 56;
};

// All rungs of a result's trace. `program` (may be null) gives numbers their base where the
// connection had no SYN.
std::vector<Rung> make_rungs(const proto::CaseResult& result, const script::FlatProgram* program);

// Those around the rungs with notes: at most `before` and `after` them. All, when none has notes.
std::vector<Rung> around_notes(const std::vector<Rung>& rungs, std::size_t before,
                               std::size_t after);

// Lines, each with its line end.
std::string draw_ladder(const std::vector<Rung>& rungs, const LadderOptions& options);

}  // namespace synfin::report
