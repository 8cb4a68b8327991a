// Calls with lists of buffers and control messages, epoll, and descriptors of other kinds.
#include <fcntl.h>
#include <linux/errqueue.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "harness/link/clock.h"
#include "harness/stack/linux_calls.h"

namespace synfin::stack {
namespace {

using script::CallName;
using script::CallSpec;
using script::ControlSpec;

constexpr std::size_t kControlRoom = 4096;

template <typename T>
void append(const T& value, std::vector<uint8_t>& out) {
  const auto* octets = static_cast<const uint8_t*>(static_cast<const void*>(&value));
  out.insert(out.end(), octets, octets + sizeof(value));
}

// The buffers of the call, one after the other in `octets`, with `gap` octets between them.
std::vector<iovec> parts_of(const CallSpec& call, uint8_t* octets, std::size_t gap = 0) {
  std::vector<iovec> parts;
  for (const uint32_t length : call.message.parts) {
    parts.push_back({.iov_base = call.no_buffer ? nullptr : octets, .iov_len = length});
    octets += length + gap;
  }
  return parts;
}

// What is sent without a copy the kernel joins where it lies together: buffers do not.
constexpr std::size_t kGap = 16;

std::vector<uint8_t> spread(const CallSpec& call, std::span<const uint8_t> octets) {
  std::vector<uint8_t> out;
  for (const uint32_t length : call.message.parts) {
    const auto part = octets.first(std::min<std::size_t>(length, octets.size()));
    out.insert(out.end(), part.begin(), part.end());
    out.resize(out.size() + (length - part.size()) + kGap);
    octets = octets.subspan(part.size());
  }
  return out;
}

std::vector<uint8_t> control_of(const std::vector<ControlSpec>& messages) {
  std::vector<uint8_t> out;
  for (const ControlSpec& message : messages) {
    const std::size_t start = out.size();
    out.resize(start + CMSG_SPACE(message.data.size()));
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(message.data.size());
    header.cmsg_level = message.level;
    header.cmsg_type = message.type;
    std::memcpy(out.data() + start, &header, sizeof(header));
    std::copy(message.data.begin(), message.data.end(),
              out.begin() + static_cast<std::ptrdiff_t>(start + CMSG_LEN(0)));
  }
  return out;
}

// How many nanoseconds ago the first of the three times of SCM_TIMESTAMPING was.
int64_t age_of(const uint8_t* octets) {
  timespec time{};
  std::memcpy(&time, octets, sizeof(time));
  link::ClockOffset clock;
  return link::monotonic_ns() -
         clock.to_monotonic(int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
}

// msg_flags (int32_t), then of each control message its level, its type, the count of its octets
// (int32_t each) and these. A time stamp is one int64_t: so many nanoseconds ago.
// IPV6_RECVERR reads as IP_RECVERR, whatever the version of the case.
void append_message(msghdr& message, std::vector<uint8_t>& out) {
  append(static_cast<int32_t>(message.msg_flags), out);
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    const bool error = one->cmsg_level == SOL_IPV6 && one->cmsg_type == IPV6_RECVERR;
    const bool stamp = one->cmsg_level == SOL_SOCKET && one->cmsg_type == SCM_TIMESTAMPING;
    const std::size_t size = one->cmsg_len - CMSG_LEN(0);
    append(static_cast<int32_t>(error ? SOL_IP : one->cmsg_level), out);
    append(static_cast<int32_t>(error ? IP_RECVERR : one->cmsg_type), out);
    append(static_cast<int32_t>(stamp ? sizeof(int64_t) : size), out);
    if (stamp) {
      append(age_of(CMSG_DATA(one)), out);
    } else {
      out.insert(out.end(), CMSG_DATA(one), CMSG_DATA(one) + size);
    }
  }
}

int64_t receive(int fd, const CallSpec& call, int flags, std::vector<uint8_t>& data) {
  std::vector<uint8_t> octets(call.length);
  std::vector<uint8_t> control(kControlRoom);
  sockaddr_storage from{};
  std::vector<iovec> parts = parts_of(call, octets.data());
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (call.name == CallName::kRecvmsg) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (call.message.named) {
      message.msg_name = &from;
      message.msg_namelen = sizeof(from);
    }
  }
  const ssize_t size = ::recvmsg(fd, &message, flags);
  const int error = errno;
  if (size >= 0 && call.name == CallName::kRecvmsg) append_message(message, data);
  if (size > 0 && call.name == CallName::kReadv) {
    data.insert(data.end(), octets.begin(), octets.begin() + size);
  }
  errno = error;
  return size;
}

}  // namespace

CallOutcome LinuxCalls::send_message(LinuxCase& owner, unsigned connection, const CallSpec& call) {
  LinuxSocket* socket = owner.find(call.fd);
  const uint32_t position = socket != nullptr ? socket->written : 0;
  const auto octets = octets_to_write(owner, position, call, octets_);
  std::vector<uint8_t> writable(octets.begin(), octets.end());
  const bool pinned = (call.flags & MSG_ZEROCOPY) != 0;
  if (pinned) owner.zero_copied.back() = spread(call, writable);
  std::vector<iovec> parts = pinned ? parts_of(call, owner.zero_copied.back().data(), kGap)
                                    : parts_of(call, writable.data());
  std::vector<uint8_t> control = control_of(call.message.control);
  SocketAddress address;
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control.empty() ? nullptr : control.data();
  message.msg_controllen = control.size();
  if (socket != nullptr && call.message.named && call.name == CallName::kSendmsg) {
    const auto where = open_fast(owner, *socket, connection, call);
    if (!where) return outcome(-1);
    address = *where;
    message.msg_name = &address.storage;
    message.msg_namelen = address.size;
  }
  const int flags = (call.name == CallName::kWritev ? 0 : call.flags) | MSG_NOSIGNAL;
  const bool may_wait = socket != nullptr && !socket->nonblocking && (flags & MSG_DONTWAIT) == 0;
  const ssize_t size = ::sendmsg(fd_of(socket), &message, flags | (may_wait ? MSG_DONTWAIT : 0));
  const int error = errno;
  const auto taken = static_cast<std::size_t>(std::max<ssize_t>(size, 0));
  const bool fast_open = (flags & MSG_FASTOPEN) != 0 && error == EINPROGRESS;
  if (may_wait && (size < 0 ? error == EAGAIN || fast_open : taken < writable.size())) {
    auto job = new_job(call, *socket);
    if (job) {
      job->name = CallName::kSend;
      job->flags = flags & ~MSG_FASTOPEN;
      job->data = std::move(writable);
      job->written = taken;
    }
    return wait_with(std::move(job));
  }
  if (socket != nullptr) socket->written += static_cast<uint32_t>(taken);
  errno = error;
  return outcome(size);
}

CallOutcome LinuxCalls::receive_message(LinuxCase& owner, const CallSpec& call,
                                        std::vector<uint8_t>& data) {
  LinuxSocket* socket = owner.find(call.fd);
  const int flags = call.name == CallName::kReadv ? 0 : call.flags;
  // The error queue never waits.
  const bool may_wait =
      socket != nullptr && !socket->nonblocking && (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) == 0;
  const int64_t size = receive(fd_of(socket), call, flags | (may_wait ? MSG_DONTWAIT : 0), data);
  if (size >= 0 || !may_wait || errno != EAGAIN) return outcome(size);
  auto job = new_job(call, *socket);
  if (job) {
    job->call = [spec = call, flags](LinuxJob& waiting) {
      return receive(waiting.fd.get(), spec, flags, waiting.data);
    };
  }
  return wait_with(std::move(job));
}

CallOutcome LinuxCalls::epoll(LinuxCase& owner, const CallSpec& call, std::vector<uint8_t>& data) {
  if (call.name == CallName::kEpollCreate) {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) return outcome(-1);
    const int number = call.new_fd >= 0 ? call.new_fd : fd;
    add_socket(owner, number, fd, 0, false, false);
    return outcome(number);
  }
  LinuxSocket* watcher = owner.find(call.fd);
  if (call.name == CallName::kEpollCtl) {
    epoll_event event{};
    event.events = static_cast<uint32_t>(call.events);
    event.data.fd = static_cast<int>(call.argument);
    return outcome(
        ::epoll_ctl(fd_of(watcher), call.flags, fd_of(owner.find(call.other_fd)), &event));
  }
  const auto wait = [count = std::max<int>(static_cast<int>(call.length), 1)](
                        int fd, int timeout, std::vector<uint8_t>& out) -> int64_t {
    std::vector<epoll_event> events(static_cast<std::size_t>(std::min(count, 1024)));
    const int got = ::epoll_wait(fd, events.data(), static_cast<int>(events.size()), timeout);
    if (got > 0) append(static_cast<int32_t>(events.front().events), out);
    return got;
  };
  const int64_t got = wait(fd_of(watcher), 0, data);
  if (got != 0 || call.argument == 0) return outcome(got);
  auto job = new_job(call, *watcher);
  if (job) {
    job->call = [wait, timeout = static_cast<int>(call.argument)](LinuxJob& waiting) {
      return wait(waiting.fd.get(), timeout, waiting.data);
    };
  }
  return wait_with(std::move(job));
}

CallOutcome LinuxCalls::file(LinuxCase& owner, const CallSpec& call) {
  if (call.name == CallName::kPipe) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return outcome(-1);
    add_socket(owner, call.new_fd, ends[0], 0, false, false);
    add_socket(owner, call.other_fd, ends[1], 0, false, false);
    return outcome(0);
  }
  if (call.name == CallName::kOpen) {
    const std::string path(call.data.begin(), call.data.end());
    // A program makes and changes no files.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | (call.flags & O_NONBLOCK));
    if (fd < 0) return outcome(-1);
    const int number = call.new_fd >= 0 ? call.new_fd : fd;
    add_socket(owner, number, fd, 0, false, false);
    return outcome(number);
  }
  const int first = fd_of(owner.find(call.fd));
  const int second = fd_of(owner.find(call.other_fd));
  if (call.name == CallName::kSendfile) {
    off_t offset = call.argument;
    return outcome(::sendfile(first, second, &offset, call.length));
  }
  return outcome(::splice(first, nullptr, second, nullptr, call.length,
                          static_cast<unsigned>(call.flags) | SPLICE_F_NONBLOCK));
}

}  // namespace synfin::stack
