// A program as upstream packetdrill runs it: a finding for people who have only that.
#pragma once

#include "harness/proto/program.pb.h"
#include "harness/proto/result.pb.h"
#include "harness/script/flat.h"
#include "harness/wire/error.h"

namespace synfin::report {

// A program, and what happened when it was played: all numbers are those of this play.
struct ForPacketdrill {
  const proto::Program& program;
  const script::FlatProgram& flat;
  const proto::CaseResult& played;  // with its trace
  const proto::Provenance& where;
  bool ipv6 = false;
};

// A program of packetdrill's words only: names are numbers, what the stack sent unasked is
// expected, the sysctls of synfin's namespaces are set by a command. Annotations stay: packetdrill
// takes them for comments. It ends with the first expectation that was not met, as packetdrill
// does. The error names the step and what packetdrill cannot say.
Result<proto::Program> for_packetdrill(const ForPacketdrill& source);

}  // namespace synfin::report
