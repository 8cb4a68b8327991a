// Traces made by hand.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/proto/result.pb.h"
#include "harness/wire/codec.h"
#include "harness/wire/packet.h"

namespace synfin::report {

// Appends events to the trace of a result. Numbers are relative to ISNs that are not zero.
class TraceMaker {
 public:
  static constexpr uint32_t kPeerIsn = 0xfffffff0U;  // wraps soon
  static constexpr uint32_t kStackIsn = 5000;

  explicit TraceMaker(proto::CaseResult* result) : result_(result) {}

  TraceMaker& at(int64_t ms) {
    at_ns_ = ms * 1'000'000;
    return *this;
  }
  TraceMaker& step(uint32_t step) {
    step_ = step;
    return *this;
  }
  TraceMaker& on(const std::string& connection) {
    connection_ = connection;
    return *this;
  }
  TraceMaker& inject(unsigned flags, uint32_t seq, uint32_t ack = 0, uint32_t size = 0,
                     bool bad_sum = false) {
    packet(proto::TraceEvent::INJECTED, flags, kPeerIsn + seq, kStackIsn + ack, size, bad_sum);
    return *this;
  }
  TraceMaker& sent(unsigned flags, uint32_t seq, uint32_t ack = 0, uint32_t size = 0) {
    packet(proto::TraceEvent::SENT, flags, kStackIsn + seq, kPeerIsn + ack, size, false);
    return *this;
  }
  // The segment sent last met an expectation of the program.
  TraceMaker& taken() {
    result_->mutable_trace()->mutable_events()->rbegin()->set_expected(true);
    return *this;
  }
  TraceMaker& state(const std::string& name) {
    add(proto::TraceEvent::STATE)->set_state(name);
    return *this;
  }
  TraceMaker& call(const std::string& text) {
    add(proto::TraceEvent::CALL_START)->set_call(text);
    return *this;
  }
  TraceMaker& returned(const std::string& text, int64_t value, const std::string& error = "") {
    proto::TraceEvent* event = add(proto::TraceEvent::CALL_RETURN);
    event->set_call(text);
    event->set_result(value);
    event->set_error(error);
    return *this;
  }

 private:
  proto::TraceEvent* add(proto::TraceEvent::Kind kind) {
    proto::TraceEvent* event = result_->mutable_trace()->add_events();
    event->set_kind(kind);
    event->set_at_ns(at_ns_);
    event->set_step(step_);
    event->set_connection(connection_);
    return event;
  }

  void packet(proto::TraceEvent::Kind kind, unsigned flags, uint32_t seq, uint32_t ack,
              uint32_t size, bool bad_sum) {
    const std::vector<uint8_t> text(size, 'x');
    wire::Packet packet;
    packet.source = {wire::Address::ipv4(192, 0, 2, 1), 1000};
    packet.destination = {wire::Address::ipv4(192, 0, 2, 2), 2000};
    packet.segment.flags = Flags(flags);
    packet.segment.seq = Seq(seq);
    if (packet.segment.flags.ack()) packet.segment.ack = Seq(ack);
    packet.segment.wnd = 65535;
    packet.segment.text = text;
    if (packet.segment.flags.syn()) packet.options.mss(1460);
    if (bad_sum) packet.malformation.checksum = wire::Malformation::Checksum::kBad;
    std::array<uint8_t, 4096> octets{};
    const std::size_t length = wire::encode(packet, octets).value();
    add(kind)->set_packet(std::string(octets.begin(), octets.begin() + static_cast<long>(length)));
  }

  proto::CaseResult* result_;
  int64_t at_ns_ = 0;
  uint32_t step_ = 0;
  std::string connection_;
};

}  // namespace synfin::report
