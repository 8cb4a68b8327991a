#include "fuzz/common/guarded_lwip.h"

#include <lwip/priv/tcp_priv.h>

#include <algorithm>
#include <utility>

#include "harness/judge/trial.h"
#include "harness/stack/lwip_core.h"
#include "harness/stack/lwip_stack.h"
#include "harness/wire/codec.h"

namespace synfin::fuzz {
namespace {

// tcp_out.c, "mss_local is too small" and "inconsistent oversize vs. space": tcp_write() adds to
// the last segment that was not sent yet, and takes for granted that this and the room behind it
// are no longer than what is now the most: half of the widest window that the peer has shown. While
// that was 0, it was the MSS.
bool outgrows_its_window(const tcp_pcb& pcb) {
  if (pcb.unsent == nullptr) return false;
  const tcp_seg* last = pcb.unsent;
  while (last->next != nullptr) last = last->next;
  const unsigned half = static_cast<unsigned>(pcb.snd_wnd_max) / 2;
  const unsigned most = half == 0 ? pcb.mss : std::min<unsigned>(pcb.mss, half);
  unsigned length = last->len + LWIP_TCP_OPT_LENGTH(last->flags);
#if TCP_OVERSIZE
  length += pcb.unsent_oversize;
#endif
  return length > most;
}

// tcp_in.c, "insane offset!": whether RCV.NXT lies within a segment is asked as SEQ+1 <= RCV.NXT <=
// SEQ+LEN-1, which is also true of a segment of one octet half the sequence space away.
bool is_half_way_round(const tcp_pcb& pcb, const Segment& segment) {
  const std::size_t length = segment.text.size() + (segment.flags.syn() || segment.flags.fin());
  return length == 1 && segment.seq.value() - pcb.rcv_nxt == 1U << 31U;
}

// tcp_in.c, tcp_parseopt(): the length of an option that begins in the last octet of the header is
// read from the octet behind, which AddressSanitizer reports where the packet ends there.
bool is_read_beyond(const wire::Decoded& packet) {
  return packet.segment.text.empty() && wire::room_of_illegal_option(packet.option_octets) == 1;
}

// tcp.c, "persist ticking with empty send buffer": the timer goes on after the last octet that
// waited was sent as a probe and acknowledged. tcp_out.c, "split <= mss": what it divides to fit
// the window was cut to an MSS that a later segment has made less. "Can't split segment into length
// 0": of the window it takes the lower 16 bits.
bool fails_at_the_next_tick(const tcp_pcb& pcb) {
  if (pcb.persist_backoff == 0) return false;
  if (pcb.unsent == nullptr) return true;
  const auto split = static_cast<u16_t>(pcb.snd_wnd);
  if (split == 0) return pcb.snd_wnd != 0;
  return split > pcb.mss && pcb.unsent->len > split;
}

class GuardedLwip final : public stack::Stack {
 public:
  explicit GuardedLwip(std::unique_ptr<stack::Stack> lwip) : lwip_(std::move(lwip)) {}

  const stack::Identity& identity() const override { return lwip_->identity(); }
  const stack::Traits& traits() const override { return lwip_->traits(); }
  Result<stack::CaseId> open(const stack::CaseNeeds& needs) override { return lwip_->open(needs); }
  wire::FourTuple address(stack::CaseId id, unsigned connection) const override {
    return lwip_->address(id, connection);
  }
  Time now() override { return lwip_->now(); }
  Result<Time> inject(stack::CaseId id, std::span<const uint8_t> packet) override {
    if (const auto decoded = wire::decode_unverified(packet)) {
      const tcp_pcb* pcb = stack::find_pcb({decoded->destination, decoded->source});
      if (is_read_beyond(*decoded)) throw judge::Stop();
      if (pcb != nullptr && is_half_way_round(*pcb, decoded->segment)) throw judge::Stop();
    }
    return lwip_->inject(id, packet);
  }
  stack::Ticket start(stack::CaseId id, unsigned connection,
                      const script::CallSpec& call) override {
    if (call.name == script::CallName::kWrite || call.name == script::CallName::kSend) {
      const tcp_pcb* pcb = stack::find_pcb(lwip_->address(id, connection));
      if (pcb != nullptr && outgrows_its_window(*pcb)) throw judge::Stop();
    }
    return lwip_->start(id, connection, call);
  }
  void run_until(Time until, stack::Sink& sink) override {
    for (const tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next) {
      if (fails_at_the_next_tick(*pcb)) throw judge::Stop();
    }
    lwip_->run_until(until, sink);
  }
  Result<State> snapshot(stack::CaseId id, unsigned connection) override {
    return lwip_->snapshot(id, connection);
  }
  void close(stack::CaseId id) override { lwip_->close(id); }

 private:
  std::unique_ptr<stack::Stack> lwip_;
};

}  // namespace

std::unique_ptr<stack::Stack> make_guarded_lwip(const Profile& profile) {
  auto lwip = stack::make_lwip_in_process(profile);
  if (!lwip) return nullptr;
  return std::make_unique<GuardedLwip>(std::move(*lwip));
}

}  // namespace synfin::fuzz
