#include "harness/stack/linux_stack.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "harness/link/clock.h"
#include "harness/link/device.h"
#include "harness/link/error.h"
#include "harness/link/tun.h"
#include "harness/link/urgent.h"
#include "harness/stack/linux_calls.h"
#include "harness/stack/linux_case.h"
#include "harness/stack/linux_info.h"
#include "harness/stack/linux_packet.h"
#include "harness/stack/linux_workers.h"
#include "harness/stack/linux_world.h"

namespace synfin::stack {
namespace {

constexpr std::size_t kSlots = 1U << 16U;  // more than there are local ports; a power of two
constexpr std::size_t kMostOpen = 20000;
constexpr std::size_t kMostWorlds = 16;             // beyond it, those without cases go
constexpr std::optional<uint16_t> kOwnPort = 8080;  // where cases in their own places listen
constexpr std::size_t kMostLeft = 250;              // worlds that wait for their end
constexpr int64_t kDroppedIsGoodFor = 1'000'000;
// Where time stands but for waits, a round trip would last a whole number of the kernel's ticks,
// and nanoseconds decide to which an RTO is rounded. The kernel counts round trips in microseconds.
constexpr Duration kPastTheTick = std::chrono::microseconds(2);

class LinuxStack final : public Stack {
 public:
  static Result<std::unique_ptr<Stack>> make(const LinuxOptions& options);
  ~LinuxStack() override;

  const Identity& identity() const override { return identity_; }
  const Traits& traits() const override { return traits_; }
  Result<CaseId> open(const CaseNeeds& needs) override;
  wire::FourTuple address(CaseId id, unsigned connection) const override;
  Time now() override { return time_of(clock_.now()); }
  Result<Time> inject(CaseId id, std::span<const uint8_t> packet) override;
  Ticket start(CaseId id, unsigned connection, const script::CallSpec& call) override;
  void run_until(Time until, Sink& sink) override;
  Result<State> snapshot(CaseId id, unsigned connection) override;
  void close(CaseId id) override;
  Result<void> enter(CaseId id) override;
  std::optional<int64_t> tcp_info(CaseId id, unsigned connection,
                                  const std::string& field) override;
  uint64_t dropped() override;

 private:
  explicit LinuxStack(const LinuxOptions& options);
  void describe(link::Privilege privilege);

  Time time_of(int64_t monotonic_ns) const { return Time(Duration(monotonic_ns - start_ns_)); }
  // By the low bits of its number, which are also those of its remote address.
  LinuxCase* find(CaseId id) const {
    LinuxCase* found = slots_[id % kSlots];
    return found != nullptr && found->id == id ? found : nullptr;
  }
  LinuxCase* find_remote(uint32_t number) const {
    LinuxCase* found = slots_[number % kSlots];
    return found != nullptr && found->id % kLinuxRemotes == number ? found : nullptr;
  }

  Result<LinuxWorld*> world_for(const Sysctls& set);
  Result<LinuxWorld*> own_world(const CaseNeeds& needs);
  void drop_idle_world();
  void leave_own_worlds();
  void end_left_worlds();
  void rebuild_poll_list();
  LinuxCase& new_case();
  void take_finished_jobs();
  bool deliver(Sink& sink);
  bool deliver_returned(Sink& sink, int64_t until_ns);
  const LinuxCase* receiver_of(std::span<const uint8_t> packet, const LinuxWorld& world) const;
  void wait(Duration duration);

  LinuxOptions options_;
  Identity identity_;
  Traits traits_;
  link::Clock clock_;
  int64_t start_ns_;
  int timer_slack_;

  std::vector<std::unique_ptr<LinuxWorld>> worlds_;
  std::vector<std::unique_ptr<LinuxCase>> cases_;  // all there ever were at once
  std::vector<LinuxCase*> free_cases_;
  std::vector<LinuxCase*> slots_ = std::vector<LinuxCase*>(kSlots);
  std::size_t open_count_ = 0;
  CaseId next_id_ = 1;
  Ticket next_ticket_ = 1;
  uint64_t uses_ = 0;
  std::size_t own_worlds_ended_ = 0;  // and not left yet
  std::vector<std::unique_ptr<LinuxWorld>> left_worlds_;
  std::optional<link::Urgent> urgent_;
  uint64_t dropped_by_gone_worlds_ = 0;
  uint64_t dropped_ = 0;
  int64_t dropped_at_ns_ = 0;

  LinuxCalls calls_;
  LinuxWorkers workers_;
  unsigned jobs_ = 0;
  std::vector<std::unique_ptr<LinuxJob>> finished_;
  // Two of each: the sink may start calls while it hears of others.
  std::vector<LinuxReturned> returned_, delivering_;
  std::vector<uint8_t> octets_, delivering_octets_;
  std::size_t next_returned_ = 0;
  std::vector<pollfd> poll_list_;
};

LinuxStack::LinuxStack(const LinuxOptions& options)
    : options_(options),
      clock_(options.virtual_time),
      start_ns_(clock_.now()),
      timer_slack_(::prctl(PR_GET_TIMERSLACK)),
      workers_(options.blocked_calls) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // wait no longer than asked
}

LinuxStack::~LinuxStack() {
  for (const auto& one : cases_) {
    if (one->id != 0) close(one->id);
  }
  worlds_.clear();
  end_left_worlds();
  ::prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(std::max(timer_slack_, 0)));
  if (const link::Netns* home = link::Netns::home()) (void)home->enter();
}

Result<std::unique_ptr<Stack>> LinuxStack::make(const LinuxOptions& options) {
  if (options.mtu < 576 || options.mtu > kLinuxDeviceMtu) {
    return fail(fmt::format("the MTU {} is not between 576 and {}", options.mtu, kLinuxDeviceMtu));
  }
  (void)link::Netns::home();  // before the thread is anywhere else
  const auto privilege = link::acquire_privilege();
  if (!privilege) return tl::make_unexpected(privilege.error());
  std::unique_ptr<LinuxStack> stack(new LinuxStack(options));
  if (auto world = stack->world_for({}); !world) return tl::make_unexpected(world.error());
  stack->describe(*privilege);
  return stack;
}

void LinuxStack::describe(link::Privilege privilege) {
  identity_ = describe_linux(options_, privilege);
  traits_ = linux_traits(options_, worlds_.front()->ipv6());
  traits_.max_open_cases = kMostOpen;
}

Result<LinuxWorld*> LinuxStack::world_for(const Sysctls& needs) {
  if (needs.empty() && !worlds_.empty()) return worlds_.front().get();
  std::map<std::string, std::string> merged;
  for (const Sysctls* each : std::array<const Sysctls*, 2>{&options_.set, &needs}) {
    for (const auto& [name, value] : *each) merged[link::full_sysctl_name(name)] = value;
  }
  const Sysctls set(merged.begin(), merged.end());
  for (const auto& world : worlds_) {
    if (!world->own() && world->set() == set) return world.get();
  }
  auto made = LinuxWorld::make(options_, set, clock_);
  if (!made) return tl::make_unexpected(made.error());
  worlds_.push_back(std::move(*made));
  rebuild_poll_list();
  return worlds_.back().get();
}

Result<LinuxWorld*> LinuxStack::own_world(const CaseNeeds& needs) {
  auto made = LinuxWorld::make_own(needs.ipv6, needs.place, clock_);
  if (!made) return tl::make_unexpected(made.error());
  worlds_.push_back(std::move(*made));
  rebuild_poll_list();
  if (!urgent_ && !options_.virtual_time) urgent_.emplace();
  return worlds_.back().get();
}

// Those whose case has ended. Their end itself takes its time, which no other case may wait for.
void LinuxStack::leave_own_worlds() {
  const auto ended = std::stable_partition(worlds_.begin(), worlds_.end(), [](const auto& world) {
    return !world->own() || world->open_cases > 0;
  });
  for (auto world = ended; world != worlds_.end(); ++world) {
    dropped_by_gone_worlds_ += (*world)->dropped();
    left_worlds_.push_back(std::move(*world));
  }
  worlds_.erase(ended, worlds_.end());
  own_worlds_ended_ = 0;
  rebuild_poll_list();
}

void LinuxStack::end_left_worlds() {
  urgent_.reset();
  end_worlds(std::exchange(left_worlds_, {}));
  clock_.waited();
}

// The first one, for cases without needs, stays.
void LinuxStack::drop_idle_world() {
  auto oldest = worlds_.end();
  for (auto world = worlds_.begin() + 1; world != worlds_.end(); ++world) {
    if ((*world)->open_cases > 0 || (*world)->own()) continue;
    if (oldest == worlds_.end() || (*world)->last_used < (*oldest)->last_used) oldest = world;
  }
  if (oldest == worlds_.end()) return;
  dropped_by_gone_worlds_ += (*oldest)->dropped();
  worlds_.erase(oldest);
  rebuild_poll_list();
}

// Worlds come and go, which takes its time.
void LinuxStack::rebuild_poll_list() {
  clock_.waited();
  poll_list_.clear();
  poll_list_.push_back({.fd = workers_.fd(), .events = POLLIN, .revents = 0});
  for (const auto& world : worlds_) {
    poll_list_.push_back({.fd = world->link().fd(), .events = POLLIN, .revents = 0});
  }
}

LinuxCase& LinuxStack::new_case() {
  if (free_cases_.empty()) {
    cases_.push_back(std::make_unique<LinuxCase>());
    free_cases_.push_back(cases_.back().get());
  }
  LinuxCase& taken = *free_cases_.back();
  free_cases_.pop_back();
  while (slots_[next_id_ % kSlots] != nullptr || next_id_ == 0) ++next_id_;
  taken.id = next_id_++;
  slots_[taken.id % kSlots] = &taken;
  return taken;
}

Result<CaseId> LinuxStack::open(const CaseNeeds& needs) {
  const auto world = needs.place.own ? own_world(needs) : world_for(needs.sysctls);
  if (!world) return tl::make_unexpected(world.error());
  if (needs.ipv6 && !(*world)->ipv6()) return fail("this kernel has no IPv6");
  const unsigned connections = std::max(needs.connections, 1U);
  if (connections > 1000) return fail("a case has at most 1000 connections");
  if (open_count_ >= kMostOpen) return fail("too many cases are open; close some first");
  // With several connections, some may be opened while another socket listens.
  const unsigned ports = connections == 1 ? 1 : 1 + connections;
  const auto first = (*world)->own() ? kOwnPort : (*world)->take_ports(ports);
  if (!first) return fail("no local port is left; close some cases first");

  LinuxCase& taken = new_case();
  taken.world = *world;
  taken.start_anew(needs.ipv6);
  taken.first_port = *first;
  taken.port_count = static_cast<uint16_t>(ports);
  taken.connections.assign(connections, {.active = false, .local_port = *first});
  ++taken.world->open_cases;
  taken.world->only_case = taken.id;
  taken.world->last_used = ++uses_;
  ++open_count_;
  return taken.id;
}

wire::FourTuple LinuxStack::address(CaseId id, unsigned connection) const {
  const LinuxCase* found = find(id);
  return found == nullptr ? wire::FourTuple{} : found->tuple(connection);
}

Result<Time> LinuxStack::inject(CaseId id, std::span<const uint8_t> packet) {
  LinuxCase* found = find(id);
  if (found == nullptr) return fail("no such case");
  // Before the packet is on its way: no answer may seem to come earlier than it.
  const Time at = now();
  if (auto sent = found->inject(packet, clock_.moment()); !sent) {
    return tl::make_unexpected(sent.error());
  }
  return at;
}

Ticket LinuxStack::start(CaseId id, unsigned connection, const script::CallSpec& call) {
  LinuxReturned returned{.id = id, .ticket = next_ticket_++};
  LinuxCase* found = find(id);
  if (found == nullptr || !found->world->netns().enter()) {
    returned.value = -1;
    returned.error = found == nullptr ? EBADF : ENONET;
    returned.at_ns = clock_.now();
    returned_.push_back(returned);
    return returned.ticket;
  }
  found->begins(call.name);
  returned.offset = octets_.size();
  CallOutcome outcome = calls_.make(*found, connection, call, octets_);
  if (outcome.job) {
    outcome.job->id = id;
    outcome.job->ticket = returned.ticket;
    outcome.job->connection = connection;
    ++found->waiting;
    ++jobs_;
    workers_.run(std::move(outcome.job));
    found->world->link().collect();
    return returned.ticket;
  }
  found->world->link().collect();
  returned.size = octets_.size() - returned.offset;
  returned.value = outcome.value;
  returned.error = outcome.error;
  returned.at_ns = clock_.now();
  returned_.push_back(returned);
  return returned.ticket;
}

void LinuxStack::take_finished_jobs() {
  workers_.take_done(finished_);
  for (const auto& job : finished_) {
    LinuxCase* found = find(job->id);
    if (found == nullptr) continue;  // one that close() could not end
    --jobs_;
    --found->waiting;
    LinuxCalls::finish(*found, *job);
    returned_.push_back({.id = job->id,
                         .ticket = job->ticket,
                         .at_ns = job->returned_ns,
                         .value = job->value,
                         .error = job->error,
                         .offset = octets_.size(),
                         .size = job->data.size()});
    octets_.insert(octets_.end(), job->data.begin(), job->data.end());
  }
  if (finished_.empty()) return;
  finished_.clear();
  std::stable_sort(
      returned_.begin(), returned_.end(),
      [](const LinuxReturned& a, const LinuxReturned& b) { return a.at_ns < b.at_ns; });
}

// Those of `delivering_` that returned before `until_ns`: what a call sends comes before it
// returns.
bool LinuxStack::deliver_returned(Sink& sink, int64_t until_ns) {
  bool any = false;
  while (next_returned_ < delivering_.size() && delivering_[next_returned_].at_ns < until_ns) {
    const LinuxReturned& one = delivering_[next_returned_++];
    if (find(one.id) == nullptr) continue;
    const CallResult result{.value = one.value,
                            .error = one.error,
                            .data = std::span(delivering_octets_).subspan(one.offset, one.size)};
    sink.on_return(one.id, one.ticket, time_of(one.at_ns), result);
    any = true;
  }
  return any;
}

// The case that a packet from a world belongs to.
const LinuxCase* LinuxStack::receiver_of(std::span<const uint8_t> packet,
                                         const LinuxWorld& world) const {
  if (world.own()) return is_tcp(packet) ? find(world.only_case) : nullptr;
  const auto number = remote_number(packet);
  const LinuxCase* found = number ? find_remote(*number) : nullptr;
  if (found != nullptr && found->world == &world) return found;
  return number ? nullptr : find_linux_case(cases_, world, local_port(packet));
}

// Everything that is there, in the order of time.
bool LinuxStack::deliver(Sink& sink) {
  if (jobs_ > 0) take_finished_jobs();
  std::swap(returned_, delivering_);
  std::swap(octets_, delivering_octets_);
  next_returned_ = 0;
  bool any = false;
  // A packet that comes after the look makes the wait that follows end at once.
  const timespec at_once{};
  if (any_own(worlds_)) (void)::ppoll(poll_list_.data(), poll_list_.size(), &at_once, nullptr);
  for (std::size_t i = 0; i < worlds_.size(); ++i) {  // the sink may open a world
    // Its packet socket has to be asked, which is dear where there are hundreds.
    if (worlds_[i]->own() && i + 1 < poll_list_.size() && poll_list_[i + 1].revents == 0) continue;
    link::Link& link = worlds_[i]->link();
    link::Received received;
    while (link.receive(received)) {
      const LinuxCase* found = receiver_of(received.packet, *worlds_[i]);
      if (found == nullptr) continue;
      const CaseId id = found->id;
      any |= deliver_returned(sink, received.monotonic_ns);
      if (find(id) == nullptr) continue;  // closed by what it heard
      sink.on_packet(id, time_of(received.monotonic_ns), received.packet);
      any = true;
    }
  }
  any |= deliver_returned(sink, std::numeric_limits<int64_t>::max());
  delivering_.clear();
  delivering_octets_.clear();
  if (own_worlds_ended_ > 0) leave_own_worlds();
  if (left_worlds_.size() > (open_count_ == 0 ? 0 : kMostLeft)) end_left_worlds();
  if (worlds_.size() > kMostWorlds) drop_idle_world();
  return any;
}

void LinuxStack::wait(Duration duration) {
  if (options_.virtual_time) duration += kPastTheTick;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  timespec timeout{};
  timeout.tv_sec = seconds.count();
  timeout.tv_nsec = (duration - seconds).count();
  (void)::ppoll(poll_list_.data(), poll_list_.size(), &timeout, nullptr);
  clock_.waited();
  if (poll_list_.front().revents != 0) take_finished_jobs();  // or it ends each wait that follows
}

void LinuxStack::run_until(Time until, Sink& sink) {
  while (!deliver(sink)) {
    const Time at = now();
    if (until <= at) return;
    wait(until - at);
  }
}

Result<State> LinuxStack::snapshot(CaseId id, unsigned connection) {
  LinuxCase* found = find(id);
  if (found == nullptr) return fail("no such case");
  auto state = found->state(connection, clock_.moment());
  // That holds until the next packet or call.
  if (state && found->ends_with_its_socket(*state)) found->touched = false;
  // A listener on the port says nothing of a connection that the case opened actively.
  if (state == State::kListen && connection < found->connections.size() &&
      found->connections[connection].active) {
    return State::kClosed;
  }
  return state;
}

void LinuxStack::close(CaseId id) {
  LinuxCase* found = find(id);
  if (found == nullptr) return;
  LinuxWorld& world = *found->world;
  const linger reset{.l_onoff = 1, .l_linger = 0};
  for (LinuxSocket& socket : found->sockets) {
    if (!socket.listening) {
      ::setsockopt(socket.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    socket.fd.reset();
  }
  found->sockets.clear();
  if (found->touched) {
    for (unsigned i = 0; i < found->connections.size(); ++i) world.diag().destroy(found->tuple(i));
  }
  bool ended = true;
  if (found->waiting > 0) {
    jobs_ -= found->waiting;
    ended = workers_.cancel(id);
    clock_.waited();
  }
  // What the reset sent finds no case with its remote address any more.
  if (ended && !world.own()) world.give_back_ports(found->first_port, found->port_count);
  --world.open_cases;
  if (world.own()) ++own_worlds_ended_;
  --open_count_;
  slots_[id % kSlots] = nullptr;
  found->id = 0;
  free_cases_.push_back(found);
}

Result<void> LinuxStack::enter(CaseId id) {
  const LinuxCase* found = find(id);
  if (found == nullptr || !found->world->own()) {
    return fail("shell commands run in a case's own place only");
  }
  clock_.waited();  // the commands will
  return found->world->netns().enter();
}

// Of the socket that the case got last: a case has one connection after the other.
std::optional<int64_t> LinuxStack::tcp_info(CaseId id, unsigned, const std::string& field) {
  const LinuxCase* found = find(id);
  const LinuxSocket* socket = found == nullptr ? nullptr : found->last_connected();
  return socket == nullptr ? std::nullopt : read_tcp_info(socket->fd.get(), field);
}

// Asked for with every case, and dear: an answer is good for a millisecond, in which no case can
// have waited in vain for the packet that was lost.
uint64_t LinuxStack::dropped() {
  const int64_t at_ns = clock_.now();
  if (at_ns - dropped_at_ns_ < kDroppedIsGoodFor) return dropped_;
  dropped_at_ns_ = at_ns;
  dropped_ = dropped_by_gone_worlds_;
  for (const auto& world : worlds_) dropped_ += world->dropped();
  return dropped_;
}

}  // namespace

Result<std::unique_ptr<Stack>> make_linux_stack(const LinuxOptions& options) {
  return LinuxStack::make(options);
}

}  // namespace synfin::stack
