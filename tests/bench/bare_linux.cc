#include "tests/bench/bare_linux.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "harness/link/clock.h"
#include "harness/play/build.h"
#include "harness/stack/linux_address.h"
#include "harness/wire/codec.h"

namespace synfin::bench {
namespace {

constexpr uint16_t kFirstPort = 1024;
constexpr uint16_t kLastPort = 60000;
constexpr uint16_t kRemotePort = 10000;
constexpr uint32_t kPeerIsn = 1'000'000;
constexpr Duration kQuiet = std::chrono::milliseconds(100);  // at the end, as others wait for it

using script::Base;
using script::CallName;
using script::StepKind;

}  // namespace

void PlainNumbers::reset(const wire::FourTuple& tuple) {
  connection_.reset(tuple, kPeerIsn);
  snd_una_ = snd_nxt_ = rcv_nxt_ = std::nullopt;
  snd_wnd_ = snd_max_wnd_ = rcv_wnd_ = 0;
  peer_shift_ = stack_shift_ = 0;
}

void PlainNumbers::injected(const Segment& segment, uint32_t written) {
  connection_.injected(segment, written);
  if (segment.flags.syn()) peer_shift_ = segment.options.window_scale.value_or(0);
  if (segment.flags.syn()) rcv_nxt_ = segment.seq + 1;
  if (!segment.flags.ack()) return;
  snd_una_ = segment.ack;
  snd_wnd_ = uint32_t{segment.wnd} << (segment.flags.syn() ? 0U : peer_shift_);
  snd_max_wnd_ = std::max(snd_max_wnd_, snd_wnd_);
}

void PlainNumbers::sent(const Segment& segment) {
  connection_.sent(segment);
  if (segment.flags.rst()) return;
  if (segment.flags.syn()) stack_shift_ = segment.options.window_scale.value_or(0);
  if (segment.flags.syn()) snd_una_ = segment.seq;
  if (segment.flags.syn() || !snd_nxt_) snd_nxt_ = segment.end();
  snd_nxt_ = later(*snd_nxt_, segment.end());
  if (segment.flags.ack()) rcv_nxt_ = segment.ack;
  rcv_wnd_ = uint32_t{segment.wnd} << (segment.flags.syn() ? 0U : stack_shift_);
}

std::optional<uint32_t> PlainNumbers::value(uint16_t, Base name) const {
  const auto number = [](const std::optional<Seq>& seq) {
    return seq ? std::optional(seq->value()) : std::nullopt;
  };
  switch (name) {
    case Base::kIss:
      return connection_.known_iss();
    case Base::kIrs:
      return connection_.known_irs();
    case Base::kSndUna:
      return number(snd_una_);
    case Base::kSndNxt:
      return number(snd_nxt_);
    case Base::kSndWnd:
      return snd_wnd_;
    case Base::kSndMaxWnd:
      return snd_max_wnd_;
    case Base::kRcvNxt:
      return number(rcv_nxt_);
    case Base::kRcvWnd:
      return rcv_wnd_;
    default:
      return std::nullopt;
  }
}

synfin::Result<std::unique_ptr<BareLinux>> BareLinux::make(bool ringed) {
  (void)link::Netns::home();
  if (auto privilege = link::acquire_privilege(); !privilege) {
    return tl::make_unexpected(privilege.error());
  }
  static link::Clock clock(true);  // nobody looks at it
  auto world =
      stack::LinuxWorld::make({.link = stack::LinuxLink::kTun, .virtual_time = ringed}, {}, clock);
  if (!world) return tl::make_unexpected(world.error());
  return std::unique_ptr<BareLinux>(new BareLinux(std::move(*world), ringed));
}

BareLinux::~BareLinux() {
  close_all();
  world_.reset();
  if (const link::Netns* home = link::Netns::home()) (void)home->enter();
}

// Addresses that no program of late had.
void BareLinux::open() {
  port_ = port_ < kFirstPort || port_ == kLastPort ? kFirstPort : static_cast<uint16_t>(port_ + 1);
  const stack::LinuxAddresses& addresses = world_->addresses(false);
  tuple_.local = {addresses.target, port_};
  tuple_.remote = {addresses.remotes, kRemotePort};
  tuple_.remote.address.octets[2] = static_cast<uint8_t>(port_ >> 8U);
  tuple_.remote.address.octets[3] = static_cast<uint8_t>(port_);
  numbers_.reset(tuple_);
}

void BareLinux::play(const script::FlatProgram& program) {
  if (!world_->netns().enter()) return;
  open();
  for (const script::Step& step : program.steps) {
    if (step.when.start > Duration{0}) wait(step.when.start);
    if (step.kind == StepKind::kInject) inject(program.segments[step.index]);
    if (step.kind == StepKind::kCall) call(program.calls[step.index]);
    listen_in();
  }
  wait(kQuiet);
  listen_in();
  close_all();
}

void BareLinux::inject(const script::SegmentSpec& spec) {
  wire::Packet packet;
  const play::Names names{.own = numbers_.connection(), .observer = &numbers_};
  if (!play::build(spec, names, text_, packet)) return;
  const auto size = wire::encode(packet, packet_);
  if (!size) return;
  const auto written = spec.seq.symbolic() ? 0 : static_cast<uint32_t>(spec.seq.offset);
  if (!spec.strays()) numbers_.injected(packet.segment, written);
  ++segments_;
  if (ringed_) {
    (void)world_->link().send(std::span(packet_).first(*size));
  } else {
    (void)!::write(world_->link().fd(), packet_.data(), *size);
  }
}

void BareLinux::listen_in() {
  link::Received received;
  while (ringed_ && world_->link().receive(received)) heard(received.packet);
  if (ringed_) return;
  ssize_t size = 0;
  while ((size = ::read(world_->link().fd(), packet_.data(), packet_.size())) > 0) {
    heard(std::span(packet_).first(static_cast<std::size_t>(size)));
  }
}

void BareLinux::heard(std::span<const uint8_t> octets) {
  const auto packet = wire::decode(octets);
  if (packet && packet->source == tuple_.local) numbers_.sent(packet->segment);
}

void BareLinux::wait(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const timespec time{.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
  ::nanosleep(&time, nullptr);
}

int BareLinux::fd_of(int number) const {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                  [&](const Socket& one) { return one.number == number; });
  return found == sockets_.end() ? -1 : found->fd.get();
}

void BareLinux::put(int number, int fd) {
  if (fd >= 0) sockets_.push_back({number, link::Fd(fd)});
}

void BareLinux::call(const script::CallSpec& call) {
  const int fd = fd_of(call.fd);
  const auto address_of = [](const wire::Endpoint& end) {
    return stack::socket_address(end, AF_INET);
  };
  const std::size_t length = std::min<std::size_t>(call.length, octets_.size());
  switch (call.name) {
    case CallName::kSocket:
      return put(call.new_fd, ::socket(AF_INET, call.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    case CallName::kBind: {
      const auto local = address_of(tuple_.local);
      ::bind(fd, local.get(), local.size);
      return;
    }
    case CallName::kListen:
      ::listen(fd, static_cast<int>(call.argument));
      return;
    case CallName::kAccept:
      return put(call.new_fd, ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    case CallName::kConnect: {
      const auto local = address_of(tuple_.local);
      const auto remote = address_of(tuple_.remote);
      ::bind(fd, local.get(), local.size);
      ::connect(fd, remote.get(), remote.size);
      return;
    }
    case CallName::kFcntl:
      ::fcntl(fd, call.flags, call.argument);
      return;
    case CallName::kSetsockopt:
      ::setsockopt(fd, call.level, call.option, call.data.data(),
                   static_cast<socklen_t>(call.data.size()));
      return;
    case CallName::kRead:
    case CallName::kRecv:
      (void)!::recv(fd, octets_.data(), length, MSG_DONTWAIT);
      return;
    case CallName::kWrite:
    case CallName::kSend:
      (void)!::send(fd, octets_.data(), length, MSG_DONTWAIT | MSG_NOSIGNAL);
      return;
    case CallName::kShutdown:
      ::shutdown(fd, call.flags);
      return;
    case CallName::kClose:
      std::erase_if(sockets_, [&](const Socket& one) { return one.number == call.fd; });
      return;
    default:
      return;
  }
}

// By RST, so that nothing is left but what the program itself left.
void BareLinux::close_all() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  for (const Socket& socket : sockets_) {
    ::setsockopt(socket.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  sockets_.clear();
  listen_in();
}

}  // namespace synfin::bench
