#include "harness/play/connection.h"

namespace synfin::play {

void Connection::reset(const wire::FourTuple& addresses, uint32_t isn) {
  tuple = addresses;
  read = 0;
  peer_isn_ = isn;
  peer_syn_ = false;
  renewed_ = false;
  iss_.reset();
  highest_.reset();
  repetition_ = false;
  last_timestamp_.reset();
  timestamps_.clear();
}

void Connection::injected(const Segment& segment) {
  if (!segment.flags.syn()) return;
  peer_syn_ = true;
  renewed_ = iss_.has_value();
}

void Connection::sent(const Segment& segment) {
  const bool new_iss = segment.flags.syn() && (!iss_ || (renewed_ && *iss_ != segment.seq.value()));
  if (new_iss) {
    iss_ = segment.seq.value();
    highest_.reset();
    renewed_ = false;
  }
  if (segment.options.timestamps) last_timestamp_ = segment.options.timestamps->value;
  // A reset takes its numbers from what it answers (RFC 9293 §3.10.7.1), so it says nothing of
  // them.
  repetition_ = false;
  if (segment.flags.rst() || segment.len() == 0) return;
  repetition_ = highest_ && segment.end().at_or_before(*highest_);
  highest_ = highest_ ? later(*highest_, segment.end()) : segment.end();
}

std::optional<uint32_t> Connection::known_irs() const {
  return peer_syn_ ? std::optional(peer_isn_) : std::nullopt;
}

uint32_t Connection::bind_timestamp(uint32_t written, uint32_t on_wire) {
  for (const auto& [script, wire] : timestamps_) {
    if (script == written) return wire;
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
