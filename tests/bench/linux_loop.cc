#include "tests/bench/linux_loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "engine/segment.h"
#include "harness/kernel/board.h"
#include "harness/link/clock.h"
#include "harness/link/veth.h"

namespace synfin::bench {
namespace {

constexpr uint16_t kPort = 80;
constexpr uint32_t kIss = 1000;
constexpr uint8_t kOctet = 'a';
constexpr uint32_t kMostText = 10;
constexpr uint8_t kIpHeader[20] = {0x45, 0, 0,  40,  0, 0, 0x40, 0, 64, 6,
                                   0,    0, 10, 128, 0, 1, 192,  0, 2,  1};

void put16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8U);
  at[1] = static_cast<uint8_t>(value);
}
void put32(uint8_t* at, uint32_t value) {
  put16(at, value >> 16U);
  put16(at + 2, value & 0xffffU);
}
uint32_t get32(const uint8_t* at) {
  return uint32_t{at[0]} << 24U | uint32_t{at[1]} << 16U | uint32_t{at[2]} << 8U | at[3];
}
uint32_t sum(const uint8_t* at, std::size_t octets) {
  uint32_t total = 0;
  for (std::size_t i = 0; i < octets; i += 2) total += uint32_t{at[i]} << 8U | at[i + 1];
  return total;
}
uint16_t fold(uint32_t total) {
  while (total > 0xffffU) total = (total >> 16U) + (total & 0xffffU);
  return static_cast<uint16_t>(~total);
}

}  // namespace

synfin::Result<std::unique_ptr<LinuxLoop>> LinuxLoop::make(const Options& options) {
  (void)link::Netns::home();
  if (auto privilege = link::acquire_privilege(); !privilege) {
    return tl::make_unexpected(privilege.error());
  }
  static link::Clock clock;  // one that runs
  auto world = stack::LinuxWorld::make({}, {}, clock);
  if (!world) return tl::make_unexpected(world.error());
  return std::unique_ptr<LinuxLoop>(new LinuxLoop(std::move(*world), options));
}

LinuxLoop::LinuxLoop(std::unique_ptr<stack::LinuxWorld> world, const Options& options)
    : world_(std::move(world)), options_(options), frame_{} {
  std::copy(link::kTargetMac.begin(), link::kTargetMac.end(), frame_);
  std::copy(link::kRouterMac.begin(), link::kRouterMac.end(), frame_ + 6);
  put16(frame_ + 12, 0x0800);
  std::memcpy(frame_ + 14, kIpHeader, sizeof(kIpHeader));
  ip_sum_ = sum(kIpHeader, sizeof(kIpHeader));
  std::memset(frame_ + 54, kOctet, kMostText);
  put16(frame_ + 36, kPort);
  frame_[46] = 0x50;
  put16(frame_ + 48, 65535);
  header_sum_ = sum(frame_ + 26, 8) + IPPROTO_TCP + 20;  // the pseudo-header
  if (!options_.own_listener) listener_ = open_listener();
}

LinuxLoop::~LinuxLoop() {
  if (listener_ >= 0) ::close(listener_);
  world_.reset();
  if (const link::Netns* home = link::Netns::home()) (void)home->enter();
}

int LinuxLoop::open_listener() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  const int small = 2048;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (options_.program == Program::kAtlasCell) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  address.sin_addr.s_addr = htonl(0xc0000201);
  ::bind(fd, static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof(address));
  ::listen(fd, 5);
  return fd;
}

void LinuxLoop::send(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t text) {
  if ((flags & kPsh) == 0) text = 0;
  put16(frame_ + 16, 40 + text);
  put16(frame_ + 24, fold(ip_sum_ + text));
  uint8_t* tcp = frame_ + 34;
  put16(tcp, peer_port_);
  put32(tcp + 4, seq);
  put32(tcp + 8, ack);
  tcp[13] = flags;
  put16(tcp + 16, 0);
  // The pseudo-header counts the text, and its octets are alike: pairs, and perhaps one more.
  const uint32_t octets =
      (text / 2) * (uint32_t{kOctet} << 8U | kOctet) + (text % 2) * (uint32_t{kOctet} << 8U);
  put16(tcp + 16, fold(header_sum_ + sum(tcp, 20) + text + octets));
  (void)!::send(world_->link().fd(), frame_, 54 + text, 0);
}

bool LinuxLoop::receive(uint8_t flags, uint32_t& seq) {
  link::Received received;
  pollfd waiting{.fd = world_->link().fd(), .events = POLLIN, .revents = 0};
  do {
    while (world_->link().receive(received)) {
      const uint8_t* tcp = received.packet.data() + 20;
      const unsigned port = unsigned{tcp[2]} << 8U | tcp[3];
      if (tcp[13] != flags || port != peer_port_) continue;
      seq = get32(tcp + 4);
      return true;
    }
  } while (::poll(&waiting, 1, 100) > 0);
  return false;
}

bool LinuxLoop::play(int listener) {
  uint32_t theirs = 0;
  send(kSyn, kIss, 0);
  if (!receive(kSyn | kAck, theirs)) return false;
  send(kAck, kIss + 1, theirs + 1);
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  send(kFin | kPsh | kAck, kIss + 1, theirs + 1);
  uint8_t octet = 0;
  (void)!::read(fd, &octet, 1);
  ::close(fd);
  if (!receive(kFin | kAck, theirs)) return false;
  send(kAck, kIss + 3, theirs + 1);
  return true;
}

bool LinuxLoop::play_cell(int listener) {
  uint32_t theirs = 0;
  send(kSyn, kIss, 0);
  if (!receive(kSyn | kAck, theirs)) return false;
  send(kAck, kIss + 1, theirs + 1);
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  uint8_t octets[kMostText];
  send(kPsh | kAck, kIss + 1, theirs + 1, kMostText);
  bool good = ::read(fd, octets, sizeof(octets)) == kMostText &&
              ::write(fd, octets, sizeof(octets)) == kMostText && receive(kPsh | kAck, theirs);
  send(kAck, kIss + 11, theirs + kMostText);
  send(kRst, kIss + 12, 0);
  good = good && receive(kAck, theirs);
  (void)!::recv(fd, octets, sizeof(octets), MSG_DONTWAIT);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  ::close(fd);
  return good;
}

LinuxLoop::Result LinuxLoop::run(uint64_t programs) {
  Result result;
  if (!world_->netns().enter()) return result;
  const auto start = kernel::time_outside();
  for (uint64_t i = 0; i < programs; ++i) {
    peer_port_ = peer_port_ == 65535 ? 1024 : static_cast<uint16_t>(peer_port_ + 1);
    const int listener = options_.own_listener ? open_listener() : listener_;
    const bool good =
        options_.program == Program::kAtlasCell ? play_cell(listener) : play(listener);
    if (!good) ++result.failed;
    if (options_.own_listener) ::close(listener);
  }
  const double seconds = std::chrono::duration<double>(kernel::time_outside() - start).count();
  result.programs_per_second = static_cast<double>(programs) / seconds;
  return result;
}

}  // namespace synfin::bench
