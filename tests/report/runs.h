// Results made by hand: one case of each verdict.
#pragma once

#include <string>
#include <vector>

#include "harness/proto/result.pb.h"
#include "tests/report/traces.h"

namespace synfin::report {

inline proto::CaseResult* add_case(proto::RunResult* run, const std::string& id,
                                   proto::Verdict verdict,
                                   const std::vector<std::string>& requirements = {}) {
  proto::CaseResult* result = run->add_cases();
  result->set_id(id);
  result->set_verdict(verdict);
  result->set_attempts(1);
  for (const std::string& requirement : requirements) result->add_requirements(requirement);
  return result;
}

inline proto::Divergence* diverge(proto::CaseResult* result, const std::string& clause,
                                  const std::string& level) {
  proto::Divergence* divergence = result->add_divergences();
  divergence->set_clause(clause);
  divergence->set_level(level);
  divergence->set_state("ESTABLISHED");
  divergence->set_wanted("<state> \"ESTABLISHED\" & an ACK");
  divergence->set_got("CLOSED #1");
  divergence->set_step(2);
  divergence->set_line(14);
  return divergence;
}

// A handshake and a RST that is not at RCV.NXT.
inline void add_trace(proto::CaseResult* result) {
  result->mutable_trace()->set_epoch_ns(1'700'000'000'123'456'000);
  TraceMaker(result)
      .inject(kSyn, 0)
      .sent(kSyn | kAck, 0, 1)
      .state("SYN-RECEIVED")
      .at(10)
      .step(1)
      .inject(kAck, 1, 1)
      .state("ESTABLISHED")
      .at(20)
      .step(2)
      .inject(kRst, 501)
      .state("CLOSED");
}

inline proto::RunResult every_verdict() {
  proto::RunResult run;
  proto::Provenance& from = *run.mutable_provenance();
  from.set_version("0.1.0");
  from.set_stack("linux");
  from.set_stack_version("6.18.44");
  from.set_profile("linux-default");
  from.set_link("veth");
  from.set_seed(0x5eed);
  from.set_started("2026-01-31T12:00:00Z");
  (*from.mutable_settings())["net.ipv4.tcp_syncookies"] = "0";
  add_case(&run, "a/pass", proto::PASS, {"MUST-10", "SM-RST-2"});
  proto::CaseResult* fail = add_case(&run, "reset/in-window[1,2]@ipv6", proto::FAIL, {"SM-RST-2"});
  fail->set_file("specs/reset/in-window.pkt");
  fail->set_repeat("synfin run 'reset/in-window[1,2]' -6 --stack linux");
  fail->set_duration_ns(20'000'000);
  diverge(fail, "RFC5961-3-2", "MUST");
  add_trace(fail);
  diverge(add_case(&run, "a/warn", proto::WARN, {"SHLD-3"}), "SHLD-3", "SHOULD");
  diverge(add_case(&run, "a/info", proto::INFO, {"MAY-2"}), "MAY-2", "MAY");
  add_case(&run, "a/skip", proto::SKIP)->set_reason("no TCP-AO in this kernel");
  proto::CaseResult* known = add_case(&run, "a/xfail", proto::XFAIL, {"MUST-11"});
  known->set_reason("known # since \\ 6.1");
  diverge(known, "MUST-11", "MUST")->set_known(true);
  add_case(&run, "a/xpass", proto::XPASS, {"MUST-12"})->set_reason("gone");
  add_case(&run, "a/flaky", proto::FLAKY, {"MUST-13"})->set_reason("FAIL, then PASS");
  add_case(&run, "a/error", proto::ERROR, {"MUST-14"})->set_reason("no \x01 room \xff left");
  for (const proto::CaseResult& result : run.cases()) {
    ++(*run.mutable_verdicts())[proto::Verdict_Name(result.verdict())];
  }
  run.add_clauses_hit("MUST-10");
  proto::EdgeTaken& edge = *run.add_edges_taken();
  edge.set_from("LISTEN");
  edge.set_to("SYN-RECEIVED");
  edge.set_event("segment");
  edge.set_cases(3);
  return run;
}

}  // namespace synfin::report
