#include "tests/bench/linux_loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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
constexpr uint32_t kText = 10;  // each way before a cell's segment
constexpr std::size_t kHeaders = 54;
constexpr std::array<uint8_t, 4> kMss = {2, 4, 1460 >> 8, 1460 & 0xff};
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

synfin::Result<std::unique_ptr<LinuxLoop>> LinuxLoop::make(Options options) {
  (void)link::Netns::home();
  if (auto privilege = link::acquire_privilege(); !privilege) {
    return tl::make_unexpected(privilege.error());
  }
  static link::Clock clock;  // one that runs
  auto world = stack::LinuxWorld::make({}, {}, clock);
  if (!world) return tl::make_unexpected(world.error());
  return std::unique_ptr<LinuxLoop>(new LinuxLoop(std::move(*world), std::move(options)));
}

LinuxLoop::LinuxLoop(std::unique_ptr<stack::LinuxWorld> world, Options options)
    : world_(std::move(world)),
      options_(std::move(options)),
      frame_(kHeaders + atlas::kMostText, kOctet) {
  std::copy(link::kTargetMac.begin(), link::kTargetMac.end(), frame_.begin());
  std::copy(link::kRouterMac.begin(), link::kRouterMac.end(), frame_.begin() + 6);
  put16(&frame_[12], 0x0800);
  std::memcpy(&frame_[14], kIpHeader, sizeof(kIpHeader));
  ip_sum_ = sum(kIpHeader, sizeof(kIpHeader));
  put16(&frame_[36], kPort);
  header_sum_ = sum(&frame_[26], 8) + IPPROTO_TCP + 20;  // the pseudo-header
  if (!options_.own_listener) listener_ = open_listener(kPort);
}

LinuxLoop::~LinuxLoop() {
  if (listener_ >= 0) ::close(listener_);
  world_.reset();
  if (const link::Netns* home = link::Netns::home()) (void)home->enter();
}

int LinuxLoop::open_listener(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  const int small = 2048;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (!options_.cells.empty()) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0xc0000201);
  (void)::bind(fd, static_cast<const sockaddr*>(static_cast<const void*>(&address)),
               sizeof(address));
  ::listen(fd, 5);
  return fd;
}

void LinuxLoop::send(const Outgoing& segment) {
  const auto options = static_cast<uint32_t>(segment.mss ? kMss.size() : 0);
  const uint32_t added = options + segment.text;
  put16(&frame_[16], 40 + added);
  put16(&frame_[24], fold(ip_sum_ + added));
  uint8_t* tcp = &frame_[34];
  put16(tcp, peer_port_);
  put32(tcp + 4, segment.seq);
  put32(tcp + 8, segment.ack);
  tcp[12] = static_cast<uint8_t>((20 + options) << 2U);
  tcp[13] = segment.flags;
  put16(tcp + 14, segment.window);
  put16(tcp + 16, 0);
  put16(tcp + 18, segment.urgent);
  if (segment.mss) std::copy(kMss.begin(), kMss.end(), tcp + 20);
  // The pseudo-header counts what is added. Octets of text are alike: pairs, and perhaps one more.
  const uint32_t octets = (segment.text / 2) * (uint32_t{kOctet} << 8U | kOctet) +
                          (segment.text % 2) * (uint32_t{kOctet} << 8U);
  put16(tcp + 16, fold(header_sum_ + sum(tcp, 20 + options) + added + octets));
  (void)!::send(world_->link().fd(), frame_.data(), kHeaders + added, 0);
  if (segment.mss) std::fill_n(tcp + 20, kMss.size(), kOctet);
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
  send({.flags = kSyn, .seq = kIss});
  if (!receive(kSyn | kAck, theirs)) return false;
  send({.flags = kAck, .seq = kIss + 1, .ack = theirs + 1});
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  send({.flags = kFin | kPsh | kAck, .seq = kIss + 1, .ack = theirs + 1, .text = 1});
  uint8_t octet = 0;
  (void)!::read(fd, &octet, 1);
  ::close(fd);
  if (!receive(kFin | kAck, theirs)) return false;
  send({.flags = kAck, .seq = kIss + 3, .ack = theirs + 1});
  return true;
}

int LinuxLoop::begin_cell(int listener, const atlas::Stimulus& cell) {
  constexpr uint16_t kWindow = atlas::kPeerWindow;
  uint32_t iss = 0;
  uint32_t theirs = 0;
  send({.flags = kSyn, .seq = kIss, .window = kWindow, .mss = true});
  if (!receive(kSyn | kAck, iss)) return -1;
  send({.flags = kAck, .seq = kIss + 1, .ack = iss + 1, .window = kWindow});
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  uint8_t octets[kText];
  send({.flags = kPsh | kAck, .seq = kIss + 1, .ack = iss + 1, .text = kText, .window = kWindow});
  const bool good = ::read(fd, octets, sizeof(octets)) == kText &&
                    ::write(fd, octets, sizeof(octets)) == kText && receive(kPsh | kAck, theirs);
  send({.flags = kAck, .seq = kIss + 1 + kText, .ack = iss + 1 + kText, .window = kWindow});
  send({.flags = cell.flags.bits,
        .seq = kIss + cell.seq,
        .ack = cell.flags.ack() ? iss + cell.ack : 0,
        .text = cell.length,
        .window = cell.window,
        .urgent = cell.urgent});
  drain();
  if (good) return fd;
  end_cell(fd);
  return -1;
}

void LinuxLoop::drain() {
  link::Received received;
  while (world_->link().receive(received)) {
  }
}

void LinuxLoop::end_cell(int fd) {
  uint8_t octets[atlas::kPeerWindow];
  (void)!::recv(fd, octets, sizeof(octets), MSG_DONTWAIT);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  ::close(fd);
}

uint64_t LinuxLoop::play_cells(std::size_t cells) {
  uint64_t failed = 0;
  std::vector<std::pair<int, int>> open;  // a listener and what it accepted
  for (std::size_t i = 0; i < cells; ++i) {
    next_port();
    const auto port = static_cast<uint16_t>(kPort + i);
    put16(&frame_[36], port);
    const int listener = open_listener(port);
    const int fd = begin_cell(listener, options_.cells[next_cell_++ % options_.cells.size()]);
    failed += fd < 0 ? 1 : 0;
    open.emplace_back(listener, fd);
  }
  pollfd waiting{.fd = world_->link().fd(), .events = POLLIN, .revents = 0};
  const auto until = std::chrono::steady_clock::now() + options_.quiet_time;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
    drain();
  }
  for (const auto& [listener, fd] : open) {
    if (fd >= 0) end_cell(fd);
    ::close(listener);
  }
  return failed;
}

LinuxLoop::Result LinuxLoop::run(uint64_t programs) {
  Result result;
  if (!world_->netns().enter()) return result;
  const auto start = kernel::time_outside();
  for (uint64_t i = 0; i < programs;) {
    if (!options_.cells.empty()) {
      const std::size_t cells = std::min<std::size_t>(options_.together, programs - i);
      result.failed += play_cells(cells);
      i += cells;
      continue;
    }
    next_port();
    const int listener = options_.own_listener ? open_listener(kPort) : listener_;
    if (!play(listener)) ++result.failed;
    if (options_.own_listener) ::close(listener);
    ++i;
  }
  const double seconds = std::chrono::duration<double>(kernel::time_outside() - start).count();
  result.programs_per_second = static_cast<double>(programs) / seconds;
  return result;
}

}  // namespace synfin::bench
