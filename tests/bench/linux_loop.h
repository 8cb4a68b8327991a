// The yardstick for everything that drives the Linux stack: the same program as a loop written by
// hand, with nothing between it and the system calls but the link that carries the packets.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/atlas/cells.h"
#include "harness/stack/linux_world.h"
#include "harness/wire/error.h"

namespace synfin::bench {

// A handshake and a passive close, over and over:
//   SYN, SYN-ACK, ACK, accept(), an octet with FIN, read(), close(), FIN-ACK, ACK.
//
// The octet is there because Linux acknowledges a bare FIN at the next tick of its clock, which now
// and then comes before close() and so adds a packet. With text it waits for 40 ms: every program
// then is the same.
class LinuxLoop {
 public:
  struct Options {
    // Every program makes a listener of its own first and closes it at last, as a script does;
    // without it there is one for all.
    bool own_listener = true;
    // Not empty: in place of the above what cells of the atlas in ESTABLISHED are, one after
    // another: a small receive buffer, ten octets each way, the segment of the cell and what
    // answers it, a read, a close by RST.
    std::vector<atlas::Stimulus> cells{};
    // So many cells, each with a listener of its own, wait together for what answers them within
    // the quiet time, as they do in the atlas. With 1 what does not come at once is not waited for.
    std::size_t together = 1;
    Duration quiet_time{0};
  };
  struct Result {
    double programs_per_second = 0;
    uint64_t failed = 0;  // an answer that did not come
  };

  // The namespaces and the link are those that a LinuxStack makes.
  static synfin::Result<std::unique_ptr<LinuxLoop>> make(Options options);
  ~LinuxLoop();

  Result run(uint64_t programs);

 private:
  struct Outgoing {
    uint8_t flags = 0;
    uint32_t seq = 0;
    uint32_t ack = 0;
    uint32_t text = 0;  // octets
    uint16_t window = 65535;
    uint16_t urgent = 0;
    bool mss = false;  // an option that says 1460; of a SYN without text
  };

  LinuxLoop(std::unique_ptr<stack::LinuxWorld> world, Options options);
  int open_listener(uint16_t port);
  bool play(int listener);
  uint64_t play_cells(std::size_t cells);  // returns how many failed
  // The connection after the cell's segment; -1: it went otherwise.
  int begin_cell(int listener, const atlas::Stimulus& cell);
  static void end_cell(int fd);
  void drain();
  void next_port() {
    peer_port_ = peer_port_ == 65535 ? 1024 : static_cast<uint16_t>(peer_port_ + 1);
  }
  void send(const Outgoing& segment);
  // The SEQ of the next packet that has just these `flags`.
  bool receive(uint8_t flags, uint32_t& seq);

  std::unique_ptr<stack::LinuxWorld> world_;
  Options options_;
  int listener_ = -1;
  uint16_t peer_port_ = 1024;
  std::size_t next_cell_ = 0;
  uint32_t header_sum_ = 0;     // of what no packet changes, for the TCP checksum
  uint32_t ip_sum_ = 0;         // of an IP header without text behind it
  std::vector<uint8_t> frame_;  // Ethernet, IPv4, TCP, text
};

}  // namespace synfin::bench
