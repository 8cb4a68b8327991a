#include "harness/stack/reference.h"

#include <sodium/crypto_shorthash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "harness/stack/case_address.h"
#include "harness/stack/case_profile.h"
#include "harness/stack/delivery.h"
#include "harness/stack/reference_tcp.h"
#include "harness/stack/socket_layer.h"
#include "harness/wire/codec.h"
#include "harness/wire/icmp.h"

namespace synfin::stack {
namespace {

constexpr Time kStart{std::chrono::seconds(1)};
constexpr uint16_t kLocalPort = 8080;

// Stirs `value` into `hash` (Steele, Lea, Flood: SplitMix).
uint64_t mix(uint64_t hash, uint64_t value) {
  uint64_t z = (hash ^ value) + 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

// The secret of a run: 128 bits, always the same for a seed.
using Secret = std::array<uint8_t, crypto_shorthash_KEYBYTES>;
Secret secret_of(uint64_t seed) {
  const std::array<uint64_t, 2> words = {mix(0, seed), mix(1, seed)};
  Secret secret;
  static_assert(sizeof words == sizeof secret);
  std::memcpy(secret.data(), words.data(), sizeof secret);
  return secret;
}

// RFC 6528 §3: F(localip, localport, remoteip, remoteport, secretkey), a pseudorandom function that
// nobody can compute without the secret: SipHash-2-4.
uint64_t prf(const wire::FourTuple& tuple, const Secret& secret) {
  std::array<uint8_t, 36> ends;
  auto* out = ends.data();
  for (const wire::Endpoint* end : {&tuple.local, &tuple.remote}) {
    out = std::copy(end->address.octets.begin(), end->address.octets.end(), out);
    *out++ = static_cast<uint8_t>(end->port >> 8U);
    *out++ = static_cast<uint8_t>(end->port);
  }
  uint64_t hash = 0;
  static_assert(sizeof hash == crypto_shorthash_BYTES);
  crypto_shorthash(reinterpret_cast<uint8_t*>(&hash), ends.data(), ends.size(), secret.data());
  return hash;
}

class ReferenceStack final : public Stack {
 public:
  explicit ReferenceStack(const ReferenceOptions& options);

  const Identity& identity() const override { return identity_; }
  const Traits& traits() const override { return traits_; }
  Result<CaseId> open(const CaseNeeds& needs) override;
  wire::FourTuple address(CaseId id, unsigned connection) const override;
  Time now() override { return now_; }
  Result<Time> inject(CaseId id, std::span<const uint8_t> packet) override;
  Ticket start(CaseId id, unsigned connection, const script::CallSpec& call) override;
  void run_until(Time until, Sink& sink) override;
  Result<State> snapshot(CaseId id, unsigned connection) override;
  void close(CaseId id) override { cases_.erase(id); }

 private:
  // One case: a host of its own, whose output goes to the stack's queue.
  struct Case final : SocketLayer::Output, ReferenceTcp::Network {
    Case(ReferenceStack& owner, CaseId number, const CaseNeeds& needs)
        : stack(owner),
          id(number),
          ipv6(needs.ipv6),
          profile(case_profile(owner.options_.profile, needs.ipv6, needs.sysctls)),
          tcp(profile, owner.options_.coverage, *this),
          sockets(profile, tcp, *this) {}
    void send(const wire::FourTuple& tuple, const Segment& segment, const IpFields& ip) override {
      stack.queue_packet(*this, tuple, segment, ip);
    }
    void returned(Ticket ticket, const CallResult& result) override {
      stack.delivery_.add_return(id, ticket, stack.now_, result);
    }
    Seq iss(const wire::FourTuple& tuple) const override { return stack.iss(tuple); }
    uint32_t timestamp_offset(const wire::FourTuple& tuple) const override {
      stack.hit(Clause::kRfc7323Ts14);
      return static_cast<uint32_t>(prf(tuple, stack.secret_) >> 32U);
    }
    Time next_deadline() const { return std::min(tcp.next_deadline(), sockets.next_deadline()); }

    ReferenceStack& stack;
    CaseId id;
    bool ipv6;
    uint16_t ip_id = 1;
    Profile profile;
    Time armed = kNever;  // its earliest entry in the heap of deadlines
    ReferenceTcp tcp;
    SocketLayer sockets;
  };
  struct Deadline {
    Time at{};
    CaseId id = 0;
    // For a heap with the earliest on top.
    friend bool operator<(const Deadline& a, const Deadline& b) { return a.at > b.at; }
  };

  void queue_packet(Case& from, const wire::FourTuple& tuple, const Segment& segment,
                    const IpFields& ip);
  void arm(Case& one);
  void after_event(Case& one);
  bool deliver(Sink& sink);
  Seq iss(const wire::FourTuple& tuple) const;
  void hit(Clause clause) const { cover(options_.coverage, clause); }
  Case* find(CaseId id) const {
    const auto found = cases_.find(id);
    return found == cases_.end() ? nullptr : found->second.get();
  }

  ReferenceOptions options_;
  Secret secret_;
  Identity identity_;
  Traits traits_;
  Time now_ = kStart;
  std::unordered_map<CaseId, std::unique_ptr<Case>> cases_;
  std::vector<Deadline> deadlines_;
  Delivery delivery_;
  CaseId next_case_ = 1;
  Ticket next_ticket_ = 1;
};

ReferenceStack::ReferenceStack(const ReferenceOptions& options)
    : options_(options), secret_(secret_of(options.seed)) {
  identity_.name = "reference";
  identity_.version = "0.1";
  identity_.link = "call";
  identity_.settings.emplace("profile", options_.profile.name);
  traits_.virtual_time = true;
  traits_.quiet_time = std::chrono::milliseconds(100);
  traits_.has_option = reference_has_option;
  traits_.lacks = lacking(options_.profile);
}

Result<CaseId> ReferenceStack::open(const CaseNeeds& needs) {
  for (const Sysctl& each : needs.sysctls) {
    if (auto checked = check_profile_sysctl(each); !checked) {
      return tl::make_unexpected(checked.error());
    }
  }
  const CaseId id = next_case_++;
  cases_.emplace(id, std::make_unique<Case>(*this, id, needs));
  return id;
}

wire::FourTuple ReferenceStack::address(CaseId id, unsigned connection) const {
  const Case* one = find(id);
  return case_tuple(id, one != nullptr && one->ipv6, kLocalPort, connection);
}

// RFC 6528 §3: ISN = M + F(localip, localport, remoteip, remoteport, secretkey), M a 4 µs clock.
Seq ReferenceStack::iss(const wire::FourTuple& tuple) const {
  hit(Clause::kShld1);
  hit(Clause::kRfc6528_3_1);
  hit(Clause::kRfc6528_3_2);
  hit(Clause::kMust9);
  const auto ticks =
      std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch()).count() / 4;
  return Seq(static_cast<uint32_t>(prf(tuple, secret_)) + static_cast<uint32_t>(ticks));
}

Result<Time> ReferenceStack::inject(CaseId id, std::span<const uint8_t> packet) {
  Case* one = find(id);
  if (one == nullptr) return fail("the case is closed");
  if (const auto notice = wire::decode_icmp(packet)) {
    one->tcp.on_icmp(now_, *notice);
    one->sockets.settle(now_);
    after_event(*one);
    return now_;
  }
  const auto decoded = wire::decode(packet, options_.coverage);
  // What is not TCP, or not whole, does not get as far as TCP; nor does a wrong checksum (MUST-3).
  if (!decoded || !decoded->ip_checksum_ok) return now_;
  if (!decoded->tcp_checksum_ok) {
    hit(Clause::kMust3);
    return now_;
  }
  if (decoded->destination.address != stack_address(one->ipv6)) {
    hit(Clause::kMust57);
    return now_;
  }
  if (!wire::names_one_host(decoded->source.address)) {
    hit(Clause::kMust63);
    return now_;
  }
  const wire::FourTuple tuple{decoded->destination, decoded->source};
  one->tcp.on_segment(now_, tuple, decoded->segment);
  one->sockets.settle(now_);
  after_event(*one);
  return now_;
}

Ticket ReferenceStack::start(CaseId id, unsigned connection, const script::CallSpec& call) {
  const Ticket ticket = next_ticket_++;
  if (Case* one = find(id); one != nullptr) {
    one->sockets.call(now_, ticket, case_tuple(id, one->ipv6, kLocalPort, connection), call);
    after_event(*one);
  }
  return ticket;
}

Result<State> ReferenceStack::snapshot(CaseId id, unsigned connection) {
  const Case* one = find(id);
  if (one == nullptr) return fail("the case is closed");
  return one->tcp.state(case_tuple(id, one->ipv6, kLocalPort, connection));
}

// --- time ---

void ReferenceStack::arm(Case& one) {
  const Time next = one.next_deadline();
  if (next >= one.armed) return;
  one.armed = next;
  deadlines_.push_back({next, one.id});
  std::push_heap(deadlines_.begin(), deadlines_.end());
}

void ReferenceStack::after_event(Case& one) {
  if (options_.watch) {
    one.tcp.visit([this](const Reference& tcp) { options_.watch(now_, tcp); });
  }
  arm(one);
}

void ReferenceStack::run_until(Time until, Sink& sink) {
  if (deliver(sink)) return;
  while (!deadlines_.empty() && deadlines_.front().at <= until) {
    const Deadline deadline = deadlines_.front();
    std::pop_heap(deadlines_.begin(), deadlines_.end());
    deadlines_.pop_back();
    Case* one = find(deadline.id);
    if (one == nullptr || one->armed != deadline.at) continue;
    one->armed = kNever;
    now_ = std::max(now_, deadline.at);
    if (one->next_deadline() <= now_) {
      one->tcp.on_time(now_);
      one->sockets.settle(now_);
    }
    if (one->next_deadline() <= now_) {
      sink.on_broken(one->id, {"a timer of the reference does not advance"});
      return;
    }
    after_event(*one);
    if (deliver(sink)) return;
  }
  now_ = std::max(now_, until);
}

// --- output ---

void ReferenceStack::queue_packet(Case& from, const wire::FourTuple& tuple, const Segment& segment,
                                  const IpFields& ip) {
  wire::Packet packet;
  packet.source = tuple.local;
  packet.destination = tuple.remote;
  packet.segment = segment;
  std::size_t padding = 0;
  packet.options = wire::encode_options(segment.options, &padding);
  if (padding > 1) hit(Clause::kMust69);  // something follows the EOL
  packet.ip_id = from.ip_id++;
  packet.traffic_class = static_cast<uint8_t>(ip.traffic_class | static_cast<uint8_t>(segment.ecn));
  packet.ttl = ip.ttl.value_or(packet.ttl);
  hit(Clause::kMust2);  // the encoder fills it in
  if (ip.traffic_class != 0) hit(Clause::kShld22);
  if (ip.ttl) hit(Clause::kMust49);
  if (segment.options.timestamps) hit(Clause::kRfc7323Paws8);  // it sets DF
  constexpr std::size_t kHeaders = 40 + 60;
  const auto room = delivery_.begin_packet(kHeaders + segment.text.size());
  delivery_.end_packet(from.id, now_, wire::encode(packet, room).value_or(0));
}

bool ReferenceStack::deliver(Sink& sink) {
  return delivery_.deliver(sink, [this](CaseId id) { return find(id) != nullptr; });
}

}  // namespace

std::unique_ptr<Stack> make_reference_stack(const ReferenceOptions& options) {
  return std::make_unique<ReferenceStack>(options);
}

}  // namespace synfin::stack
