// A bare fuzz target of lwIP, to compare diff_lwip with: the same programs, made by the same
// mutator, go straight into lwIP. Segments, the usual calls and ticks; no player, no options, no
// reference, no judge. It looks at nothing but the numbers of what lwIP sends.
#include <lwip/priv/tcp_priv.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "fuzz/common/program_input.h"
#include "harness/stack/lwip_core.h"
#include "harness/wire/codec.h"

namespace synfin::fuzz {
namespace {

constexpr uint16_t kPort = 8080;
constexpr uint16_t kPeerPort = 4000;
constexpr uint32_t kPeerIsn = 1000;
constexpr std::size_t kMostText = 4096;
constexpr int64_t kTickNs = 250'000'000;     // TCP_TMR_INTERVAL
constexpr int64_t kMostTicks = 4 * 60 * 10;  // ten minutes in a wait

class Bare final : stack::LwipCore::Network {
 public:
  Bare() : core_(stack::LwipCore::make(*this)) {
    packet_.source = {*wire::parse_address("192.0.2.9"), kPeerPort};
    packet_.destination = {*wire::parse_address("192.0.2.1"), kPort};
  }

  void play(const proto::Program& program) {
    next_ = kPeerIsn;
    sent_ = {};
    for (const proto::Step& step : program.steps()) {
      for (int64_t i = 0; i < kMostTicks && (i + 1) * kTickNs <= step.time().start_ns(); ++i) {
        if (!stack::LwipCore::has_timers()) break;
        stack::LwipCore::tick(slow_ = !slow_);
      }
      if (step.packet().has_segment()) inject(step.packet().segment());
      if (step.has_call()) call(step.call());
    }
    listening_ = open_ = false;
    stack::LwipCore::forget(kPort);
  }

 private:
  std::span<uint8_t> room(std::size_t size) override { return std::span(out_).first(size); }
  void sent(uint16_t, std::size_t size) override {
    if (const auto decoded = wire::decode(std::span(out_).first(size))) sent_ = decoded->segment;
  }

  uint32_t number(const proto::Number& number, uint32_t isn) const {
    const auto offset = static_cast<uint32_t>(number.offset());
    switch (number.base()) {
      case proto::Number::RCV_NXT:
        return next_ + offset;
      case proto::Number::SND_NXT:
        return sent_.seq.value() + sent_.len() + offset;
      case proto::Number::SND_UNA:
        return sent_.seq.value() + offset;
      case proto::Number::ABSOLUTE:
        return offset;
      default:
        return isn + offset;
    }
  }

  void inject(const proto::Segment& step) {
    Segment& segment = packet_.segment;
    segment.flags = Flags(step.flags());
    segment.seq = Seq(number(step.seq(), kPeerIsn));
    segment.ack = Seq(number(step.ack(), 0));
    segment.wnd = static_cast<uint16_t>(step.has_window() ? step.window().offset() : UINT16_MAX);
    segment.text = std::span(text_).first(std::min<std::size_t>(step.length(), kMostText));
    // What would end the process: see guarded_lwip.cc.
    const tcp_pcb* pcb = control_block();
    if (pcb != nullptr && segment.seq.value() - pcb->rcv_nxt == 1U << 31U) return;
    const auto size = wire::encode(packet_, in_);
    if (size) stack::LwipCore::input(std::span(in_).first(*size));
    if (sent_.flags.ack()) next_ = sent_.ack.value();
    if (segment.flags.syn()) next_ = segment.seq.value() + 1;
  }

  void call(const proto::Call& call) {
    if (call.name() == "listen" && !listening_ && !open_) listen();
    if (call.name() == "connect" && !listening_ && !open_) connect();
    tcp_pcb* pcb = control_block();
    if (pcb == nullptr || !open_) return;
    if (call.name() == "write" && pcb->unsent == nullptr) {  // else as in inject()
      const auto& size = call.arguments(call.arguments_size() - 1);
      const auto octets = static_cast<std::size_t>(std::max<int64_t>(size.integer(), 1));
      tcp_write(pcb, text_.data(), static_cast<u16_t>(std::min(octets, kMostText)),
                TCP_WRITE_FLAG_COPY);
      tcp_output(pcb);
    } else if (call.name() == "shutdown") {
      tcp_shutdown(pcb, 0, 1);
    } else if (call.name() == "close") {
      open_ = false;
      tcp_close(pcb);
    }
  }

  // lwIP frees connections that have ended without a word, so that none is kept here.
  tcp_pcb* control_block() const { return stack::find_pcb({packet_.destination, packet_.source}); }

  void listen() {
    tcp_pcb* listener = tcp_new();
    tcp_bind(listener, IP_ADDR_ANY, kPort);
    listener = tcp_listen(listener);
    listening_ = true;
    tcp_arg(listener, this);
    tcp_accept(listener, [](void* self, tcp_pcb* accepted, err_t) {
      static_cast<Bare*>(self)->take(accepted);
      return static_cast<err_t>(ERR_OK);
    });
  }
  void connect() {
    tcp_pcb* pcb = tcp_new();
    tcp_bind(pcb, IP_ADDR_ANY, kPort);
    take(pcb);
    const ip_addr_t peer = stack::lwip_address(packet_.source.address);
    tcp_connect(pcb, &peer, kPeerPort, nullptr);
  }
  void take(tcp_pcb* pcb) {
    open_ = true;
    tcp_recv(pcb, [](void*, tcp_pcb* from, pbuf* text, err_t) {
      if (text != nullptr) return tcp_recv_null(nullptr, from, text, ERR_OK);
      return static_cast<err_t>(ERR_OK);
    });
  }

  std::unique_ptr<stack::LwipCore> core_;
  wire::Packet packet_;
  Segment sent_;
  uint32_t next_ = kPeerIsn;  // RCV.NXT
  bool listening_ = false;
  bool open_ = false;  // the user has a connection and has not closed it
  bool slow_ = false;  // each second tick is
  std::array<uint8_t, kMostText> text_{};
  std::array<uint8_t, 8192> in_{};
  std::array<uint8_t, 8192> out_{};
};

}  // namespace
}  // namespace synfin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace synfin;
  static fuzz::Bare bare;
  if (const proto::Program* program = fuzz::read_program(data, size)) bare.play(*program);
  return 0;
}
