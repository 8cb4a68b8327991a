// A bare fuzz target of the kernel that this runs on, to compare with: the segments, calls and
// waits of a program over a TUN, with nobody who reads states, follows the rules or judges.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "harness/link/fd.h"
#include "harness/play/connection.h"
#include "harness/play/observer.h"
#include "harness/script/flat.h"
#include "harness/stack/linux_world.h"
#include "harness/wire/error.h"

namespace synfin::bench {

// The numbers that a program's names stand for, as far as the packets alone tell them.
class PlainNumbers final : public play::Observer {
 public:
  void reset(const wire::FourTuple& tuple);
  void injected(const Segment& segment, uint32_t written);
  void sent(const Segment& segment);
  const play::Connection& connection() const { return connection_; }

  std::optional<uint32_t> value(uint16_t connection, script::Base name) const override;
  uint8_t peer_window_shift(uint16_t) const override { return peer_shift_; }
  uint8_t stack_window_shift(uint16_t) const override { return stack_shift_; }

  void begin(const script::FlatProgram&, std::span<const wire::FourTuple>,
             const play::Trace&) override {}
  void on_event(const play::Event&, const wire::Decoded*) override {}
  Timer retransmission_timer(uint16_t) const override { return {}; }
  bool last_was_allowed_repetition() const override { return false; }
  bool last_was_allowed() const override { return true; }

 private:
  play::Connection connection_;
  std::optional<Seq> snd_una_, snd_nxt_, rcv_nxt_;
  uint32_t snd_wnd_ = 0;
  uint32_t snd_max_wnd_ = 0;
  uint32_t rcv_wnd_ = 0;
  uint8_t peer_shift_ = 0;
  uint8_t stack_shift_ = 0;
};

class BareLinux {
 public:
  // Over a TUN as whoever writes such a target uses it, by read() and write(); or, `ringed`, over
  // the link that the linux stack has in virtual time, which reads by a ring.
  static synfin::Result<std::unique_ptr<BareLinux>> make(bool ringed);
  ~BareLinux();

  // Plays a program of one connection.
  void play(const script::FlatProgram& program);
  uint64_t segments() const { return segments_; }  // injected so far

 private:
  BareLinux(std::unique_ptr<stack::LinuxWorld> world, bool ringed)
      : world_(std::move(world)), ringed_(ringed) {}
  void open();
  void inject(const script::SegmentSpec& spec);
  void call(const script::CallSpec& call);
  int fd_of(int number) const;
  void put(int number, int fd);
  void wait(Duration duration);
  void listen_in();
  void heard(std::span<const uint8_t> octets);
  void close_all();

  struct Socket {
    int number;
    link::Fd fd;
  };

  std::unique_ptr<stack::LinuxWorld> world_;
  bool ringed_;
  std::vector<Socket> sockets_;
  wire::FourTuple tuple_;
  uint16_t port_ = 0;
  PlainNumbers numbers_;
  uint64_t segments_ = 0;
  std::vector<uint8_t> text_;
  std::vector<uint8_t> packet_ = std::vector<uint8_t>(1U << 16U);
  std::vector<uint8_t> octets_ = std::vector<uint8_t>(1U << 20U);  // that calls read and write
};

}  // namespace synfin::bench
