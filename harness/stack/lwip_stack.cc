#include "harness/stack/lwip_stack.h"

#include <lwip/init.h>
#include <lwip/priv/tcp_priv.h>

#include <algorithm>
#include <vector>

#include "harness/stack/case_address.h"
#include "harness/stack/case_profile.h"
#include "harness/stack/delivery.h"
#include "harness/stack/lwip_core.h"
#include "harness/stack/lwip_tcp.h"
#include "harness/stack/socket_layer.h"

namespace synfin::stack {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTick = milliseconds(TCP_TMR_INTERVAL);
constexpr Duration kSlowTick = milliseconds(TCP_SLOW_INTERVAL);
constexpr uint16_t kFirstPort = 1024;
constexpr uint16_t kPorts = 60000;

uint16_t port_of(CaseId id) { return static_cast<uint16_t>(kFirstPort + id % kPorts); }

constexpr std::size_t kMaxPacket = 65535;
[[maybe_unused]] constexpr unsigned kNoLimit = 1U << 20U;

Identity identity_with(const Profile& profile) {
  Identity identity = lwip_identity();
  identity.settings.emplace("profile", profile.name);
  return identity;
}

class LwipStack final : public Stack, LwipCore::Network {
 public:
  LwipStack(const Profile& profile, const StackStart& from)
      : profile_(profile),
        identity_(identity_with(profile)),
        traits_(lwip_traits()),
        now_(from.now),
        ports_(kPorts),
        next_case_(from.first_case) {}
  // False when there is another one.
  bool take_core() {
    core_ = LwipCore::make(*this);
    return core_ != nullptr;
  }

  const Identity& identity() const override { return identity_; }
  const Traits& traits() const override { return traits_; }
  Result<CaseId> open(const CaseNeeds& needs) override;
  wire::FourTuple address(CaseId id, unsigned connection) const override;
  Time now() override { return now_; }
  Result<Time> inject(CaseId id, std::span<const uint8_t> packet) override;
  Ticket start(CaseId id, unsigned connection, const script::CallSpec& call) override;
  void run_until(Time until, Sink& sink) override;
  Result<State> snapshot(CaseId id, unsigned connection) override;
  void close(CaseId id) override;

 private:
  struct Case final : SocketLayer::Output {
    Case(LwipStack& owner, CaseId number, const CaseNeeds& needs)
        : stack(owner),
          id(number),
          ipv6(needs.ipv6),
          profile(case_profile(owner.profile_, needs.ipv6, {})),
          tcp(port_of(number)),
          sockets(profile, tcp, *this) {}
    void returned(Ticket ticket, const CallResult& result) override {
      stack.delivery_.add_return(id, ticket, stack.now_, result);
    }
    wire::FourTuple tuple(unsigned connection) const {
      return lwip_address_of(id, ipv6, connection);
    }

    LwipStack& stack;
    CaseId id;
    bool ipv6;
    Profile profile;
    LwipTcp tcp;
    SocketLayer sockets;
  };

  std::span<uint8_t> room(std::size_t size) override { return delivery_.begin_packet(size); }
  void sent(uint16_t local_port, std::size_t size) override;
  Case* find(CaseId id) const {
    const auto place = place_of(id);
    return place != cases_.end() && (*place)->id == id ? place->get() : nullptr;
  }
  std::vector<std::unique_ptr<Case>>::const_iterator place_of(CaseId id) const {
    return std::lower_bound(cases_.begin(), cases_.end(), id,
                            [](const auto& one, CaseId other) { return one->id < other; });
  }
  Time next_event() const;
  void pass(Time now);

  Profile profile_;
  Identity identity_;
  Traits traits_;
  Time now_;
  Delivery delivery_;
  std::unique_ptr<LwipCore> core_;
  std::vector<CaseId> ports_;  // whose each local port is; 0: nobody's
  // In the order of their numbers, so that runs are equal. They still send while they go: after all
  // that this needs.
  std::vector<std::unique_ptr<Case>> cases_;
  CaseId next_case_;
  Ticket next_ticket_ = 1;
};

Result<CaseId> LwipStack::open(const CaseNeeds& needs) {
  if (auto same = check_no_change(profile_, needs.sysctls); !same) {
    return fail("lwIP " + same.error().message);
  }
  if (cases_.size() >= traits_.max_open_cases) return fail("too many cases are open on lwIP");
  while (ports_[next_case_ % kPorts] != 0) ++next_case_;
  const CaseId id = next_case_++;
  ports_[id % kPorts] = id;
  cases_.push_back(std::make_unique<Case>(*this, id, needs));
  return id;
}

// What is sent while a case goes belongs to nobody.
void LwipStack::close(CaseId id) {
  if (find(id) == nullptr) return;
  ports_[id % kPorts] = 0;
  cases_.erase(place_of(id));
}

wire::FourTuple LwipStack::address(CaseId id, unsigned connection) const {
  const Case* one = find(id);
  return one != nullptr ? one->tuple(connection) : wire::FourTuple{};
}

Result<Time> LwipStack::inject(CaseId id, std::span<const uint8_t> packet) {
  Case* one = find(id);
  if (one == nullptr) return fail("the case is closed");
  if (packet.size() > kMaxPacket) return fail("an IP packet has 65535 octets at most");
  if (!LwipCore::input(packet)) return fail("lwIP has no memory for the packet");
  one->tcp.refresh();
  one->sockets.settle(now_);
  return now_;
}

Ticket LwipStack::start(CaseId id, unsigned connection, const script::CallSpec& call) {
  const Ticket ticket = next_ticket_++;
  if (Case* one = find(id); one != nullptr) {
    one->sockets.call(now_, ticket, one->tuple(connection), call);
  }
  return ticket;
}

Result<State> LwipStack::snapshot(CaseId id, unsigned connection) {
  const Case* one = find(id);
  if (one == nullptr) return fail("the case is closed");
  return one->tcp.state(one->tuple(connection));
}

void LwipStack::sent(uint16_t local_port, std::size_t size) {
  const CaseId id = local_port < kFirstPort ? 0 : ports_[(local_port - kFirstPort) % kPorts];
  delivery_.end_packet(id, now_, size);
}

// --- time ---

// Ticks are at the multiples of kTick; while lwIP has nothing to time they are left out.
Time LwipStack::next_event() const {
  Time next = kNever;
  if (LwipCore::has_timers()) next = now_ + (kTick - now_.time_since_epoch() % kTick);
  for (const auto& one : cases_) {
    if (one->sockets.waits()) next = std::min(next, one->sockets.next_deadline());
  }
  return next;
}

// It becomes `now`: what is due happens.
void LwipStack::pass(Time now) {
  now_ = now;
  const Duration since = now.time_since_epoch();
  const bool ticks = since % kTick == Duration{0} && LwipCore::has_timers();
  if (ticks) LwipCore::tick(since % kSlowTick == Duration{0});
  for (const auto& one : cases_) {
    if (ticks) one->tcp.refresh();
    if (one->sockets.waits()) one->sockets.settle(now);
  }
}

void LwipStack::run_until(Time until, Sink& sink) {
  const auto is_open = [this](CaseId id) { return find(id) != nullptr; };
  if (delivery_.deliver(sink, is_open)) return;
  for (Time next = next_event(); next <= until; next = next_event()) {
    pass(std::max(now_, next));
    if (delivery_.deliver(sink, is_open)) return;
  }
  now_ = std::max(now_, until);
}

}  // namespace

wire::FourTuple lwip_address_of(CaseId id, bool ipv6, unsigned connection) {
  return case_tuple(id, ipv6, port_of(id), connection);
}

// What the code and the options of lwIP say, and `synfin probe` measures.
Profile lwip_profile() {
  Profile profile;
  profile.name = "lwip-default";
  profile.mss = TCP_MSS;
  profile.default_mss = 536;
  profile.path_mss = TCP_MSS;
  profile.receive_buffer = TCP_WND;
  profile.send_buffer = TCP_SND_BUF;
  profile.window_scale.reset();
#if LWIP_WND_SCALE
  profile.window_scale = TCP_RCV_SCALE;
#endif
  profile.timestamps = LWIP_TCP_TIMESTAMPS != 0;
  profile.sack = LWIP_TCP_SACK_OUT != 0;
  profile.rfc5961_ack_check = false;
  profile.rfc6191 = false;
  profile.time_wait_accepts_syn = false;
  profile.rfc1337 = true;
  profile.hard_icmp_aborts_synchronized = false;
  profile.dsack = false;
  profile.drop_without_timestamps = false;
  profile.timestamps_on_resets = false;
  profile.msl = milliseconds(TCP_MSL);
  profile.delayed_ack = milliseconds(TCP_FAST_INTERVAL);
  profile.rto_initial = seconds(3);                             // LWIP_TCP_RTO_TIME
  profile.rto_max = seconds(3U << 7U);                          // tcp_backoff
  profile.persist_max = 120 * milliseconds(TCP_SLOW_INTERVAL);  // tcp_persist_backoff
  profile.clock_granularity = milliseconds(TCP_SLOW_INTERVAL);
  // tcp_receive(): the deviation loses a quarter a sample, and nothing below four ticks.
  profile.rto_tick = milliseconds(TCP_SLOW_INTERVAL);
  profile.rto_starts_anew = false;
  profile.rtt_of_active_syn = false;  // in SYN-SENT tcp_process() leaves out tcp_receive()
  profile.rto_min = 3 * milliseconds(TCP_SLOW_INTERVAL);
  profile.syn_retries = TCP_SYNMAXRTX;
  profile.syn_ack_retries = 2;  // in TCP_SYN_RCVD_TIMEOUT
  profile.retries = TCP_MAXRTX;
  profile.fin_wait_2_timeout = milliseconds(TCP_FIN_WAIT_TIMEOUT);
  profile.last_ack_timeout = 2 * milliseconds(TCP_MSL);
  // tcp_slowtmr(): TCP_MAXRTX probes, how far apart depends on those before; SHLD-11's 100 s.
  profile.silent_window_timeout = std::chrono::seconds(100);
#if !TCP_LISTEN_BACKLOG
  profile.syn_queue_slack = profile.accept_queue_slack = kNoLimit;
#endif
  return profile;
}

Profile lwip_followed_profile() {
  Profile profile = lwip_profile();
  profile.name = "lwip-followed";
  profile.drops_crossing_syn = true;     // tcp_process(), case SYN_SENT
  profile.dropped_syn_may_scale = true;  // tcp_parseopt()
  // tcp_slowtmr(), TCP_OOSEQ_TIMEOUT: six timeouts, and its estimate goes no lower than 1.5 s
  profile.hole_patience = 6 * milliseconds(1500);
  profile.last_times_count_from_peer = true;    // tcp_process(), pcb->tmr
  profile.scales_window_of_syn_ack = true;      // tcp_receive(), SND_WND_SCALE()
  profile.challenges_resets_beyond = true;      // tcp_process(), TCP_SEQ_BETWEEN()
  profile.takes_any_ack = true;                 // tcp_process()
  profile.text_needs_no_ack = true;             // tcp_receive()
  profile.queues_whole_segments = true;         // tcp_receive(), ooseq
  profile.any_segment_tells_its_window = true;  // tcp_receive(), Update window
  return profile;
}

Identity lwip_identity() {
  Identity identity;
  identity.name = "lwip";
  identity.version = LWIP_VERSION_STRING;
  identity.link = "call";
  const auto set = [&](const char* name, long value) {
    identity.settings.emplace(name, std::to_string(value));
  };
  set("TCP_MSS", TCP_MSS);
  set("TCP_WND", TCP_WND);
  set("TCP_SND_BUF", TCP_SND_BUF);
  set("TCP_LISTEN_BACKLOG", TCP_LISTEN_BACKLOG);
  set("LWIP_WND_SCALE", LWIP_WND_SCALE);
  set("LWIP_TCP_TIMESTAMPS", LWIP_TCP_TIMESTAMPS);
  set("LWIP_TCP_SACK_OUT", LWIP_TCP_SACK_OUT);
  return identity;
}

Traits lwip_traits() {
  Traits traits;
  traits.virtual_time = true;
  // Its delayed ACKs come with the next tick.
  traits.quiet_time = milliseconds(TCP_FAST_INTERVAL + 50);
  traits.timer_slack_min = kSlowTick;
  traits.start_step = kSlowTick;
  // Its lists are searched from the front.
  traits.max_open_cases = 256;
  traits.has_option = lwip_has_option;
  traits.lacks = lacking(lwip_profile());
  traits.only_profile = lwip_profile().name;
  return traits;
}

Result<std::unique_ptr<Stack>> make_lwip_stack(const Profile& profile) {
  ChildOptions options;
  options.identity = identity_with(profile);
  options.traits = lwip_traits();
  options.profile = profile;
  options.make = [profile](const StackStart& from) { return make_lwip_in_process(profile, from); };
  options.address = lwip_address_of;
  return make_child_stack(std::move(options));
}

Result<std::unique_ptr<Stack>> make_lwip_in_process(const Profile& profile,
                                                    const StackStart& from) {
  auto made = std::make_unique<LwipStack>(profile, from);
  if (!made->take_core()) {
    return fail("lwIP keeps its state in global variables: there is one at a time in a process");
  }
  return made;
}

}  // namespace synfin::stack
