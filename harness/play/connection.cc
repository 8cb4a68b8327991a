#include "harness/play/connection.h"

namespace synfin::play {

void Connection::reset(const wire::FourTuple& addresses, uint32_t isn) {
  tuple = addresses;
  read = 0;
  retired = false;
  peer_isn_ = isn;
  irs_.reset();
  peer_acknowledged_ = false;
  renewal_.reset();
  iss_.reset();
  highest_.reset();
  repetition_ = false;
  last_timestamp_.reset();
  timestamps_.clear();
}

// Until the stack has acknowledged one, the peer's last SYN is the one that counts. After that only
// a SYN that draws another ISS does: what else comes in a connection is a stray.
void Connection::injected(const Segment& segment, uint32_t written) {
  if (!segment.flags.syn()) return;
  const PeerSyn syn{.irs = segment.seq.value(), .written = written};
  if (iss_) renewal_ = syn;
  if (!peer_acknowledged_) accept(syn);
}

void Connection::accept(const PeerSyn& syn) {
  irs_ = syn.irs;
  peer_isn_ = syns_name_isn ? syn.irs : syn.irs - syn.written;
  written_irs = syn.written;
}

void Connection::sent(const Segment& segment) {
  const bool new_iss = segment.flags.syn() && (!iss_ || (renewal_ && *iss_ != segment.seq.value()));
  if (new_iss) {
    if (renewal_ && segment.flags.ack()) accept(*renewal_);
    renewal_.reset();
    peer_acknowledged_ = false;
    iss_ = segment.seq.value();
    highest_.reset();
  }
  if (segment.flags.ack() && !segment.flags.rst()) peer_acknowledged_ = true;
  if (segment.options.timestamps) last_timestamp_ = segment.options.timestamps->value;
  // A reset takes its numbers from what it answers (RFC 9293 §3.10.7.1), so it says nothing of
  // them.
  repetition_ = false;
  if (segment.flags.rst() || segment.len() == 0) return;
  repetition_ = highest_ && segment.end().at_or_before(*highest_);
  highest_ = highest_ ? later(*highest_, segment.end()) : segment.end();
}

uint32_t Connection::bind_timestamp(uint32_t written, uint32_t on_wire) {
  for (auto& [script, wire] : timestamps_) {
    if (script != written) continue;
    if (syns_name_isn) wire = on_wire;
    return wire;
  }
  timestamps_.emplace_back(written, on_wire);
  return on_wire;
}

uint32_t Connection::timestamp(uint32_t written) const {
  for (const auto& [script, wire] : timestamps_) {
    if (script == written) return wire;
  }
  return written;
}

}  // namespace synfin::play
