// A bare fuzz target of lwIP, to compare with: a listener, then octets -> segments, a few calls and
// ticks, all gone again. It looks at nothing.
#include <lwip/priv/tcp_priv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "harness/stack/lwip_core.h"
#include "harness/wire/codec.h"

namespace synfin::fuzz {
namespace {

class Bare final : stack::LwipCore::Network {
 public:
  Bare() : core_(stack::LwipCore::make(*this)) {
    packet_.source = {*wire::parse_address("192.0.2.9"), 4000};
    packet_.destination = {*wire::parse_address("192.0.2.1"), kPort};
    packet_.segment.wnd = 5000;
  }

  // Three octets a segment, at least as many as diff_lwip's programs have.
  void play(std::span<const uint8_t> octets) {
    listen();
    inject(kSyn, 1000, 0);
    for (std::size_t i = 0; i + 3 <= octets.size() && i < 3 * kMostSegments; i += 3) {
      const uint8_t what = octets[i];
      inject(what & 63U, 1001U + octets[i + 1], sent_.seq.value() + 1U + octets[i + 2] % 4U);
      if (what > 192) stack::LwipCore::tick(slow_ = !slow_);
      if (what % 4 == 0 && accepted_ != nullptr) tcp_write(accepted_, "hello", 5, 1);
    }
    accepted_ = nullptr;
    stack::LwipCore::forget(kPort);
  }

 private:
  static constexpr uint16_t kPort = 8080;
  static constexpr std::size_t kMostSegments = 10;

  std::span<uint8_t> room(std::size_t size) override { return std::span(out_).first(size); }
  void sent(uint16_t, std::size_t size) override {
    if (const auto decoded = wire::decode(std::span(out_).first(size))) sent_ = decoded->segment;
  }
  void listen() {
    tcp_pcb* listener = tcp_new();
    tcp_bind(listener, IP_ADDR_ANY, kPort);
    listener = tcp_listen(listener);
    tcp_arg(listener, this);
    tcp_accept(listener, [](void* self, tcp_pcb* pcb, err_t) {
      static_cast<Bare*>(self)->accepted_ = pcb;
      tcp_err(pcb, [](void* bare, err_t) { static_cast<Bare*>(bare)->accepted_ = nullptr; });
      tcp_recv(pcb, [](void* bare, tcp_pcb* from, pbuf* text, err_t) {
        if (text == nullptr) static_cast<Bare*>(bare)->accepted_ = nullptr;
        return tcp_recv_null(nullptr, from, text, ERR_OK);
      });
      return static_cast<err_t>(ERR_OK);
    });
  }
  void inject(unsigned flags, uint32_t seq, uint32_t ack) {
    packet_.segment.flags = Flags(flags);
    packet_.segment.seq = Seq(seq);
    packet_.segment.ack = Seq(ack);
    const auto size = wire::encode(packet_, in_);
    if (size) stack::LwipCore::input(std::span(in_).first(*size));
  }

  std::unique_ptr<stack::LwipCore> core_;
  wire::Packet packet_;
  Segment sent_;
  tcp_pcb* accepted_ = nullptr;
  bool slow_ = false;  // each second tick is
  std::array<uint8_t, 2048> in_{};
  std::array<uint8_t, 2048> out_{};
};

}  // namespace
}  // namespace synfin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static synfin::fuzz::Bare bare;
  bare.play({data, size});
  return 0;
}
