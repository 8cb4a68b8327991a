// The yardstick for everything that drives the Linux stack: the same program as a loop written by
// hand, with nothing between it and the system calls but the link that carries the packets.
#pragma once

#include <cstdint>
#include <memory>

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
  enum class Program : uint8_t {
    kPassiveClose,  // as above
    // What a cell of the atlas in ESTABLISHED is: a small receive buffer, ten octets each way, a
    // RST beyond RCV.NXT and its challenge ACK, a read, a close by RST.
    kAtlasCell,
  };
  struct Options {
    Program program = Program::kPassiveClose;
    // Every program makes a listener of its own first and closes it at last, as a script does;
    // without it there is one for all.
    bool own_listener = true;
  };
  struct Result {
    double programs_per_second = 0;
    uint64_t failed = 0;  // an answer that did not come
  };

  // The namespaces and the link are those that a LinuxStack makes.
  static synfin::Result<std::unique_ptr<LinuxLoop>> make(const Options& options);
  ~LinuxLoop();

  Result run(uint64_t programs);

 private:
  LinuxLoop(std::unique_ptr<stack::LinuxWorld> world, const Options& options);
  int open_listener();
  bool play(int listener);
  bool play_cell(int listener);
  // With PSH there are `text` octets.
  void send(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t text = 1);
  // The SEQ of the next packet that has just these `flags`.
  bool receive(uint8_t flags, uint32_t& seq);

  std::unique_ptr<stack::LinuxWorld> world_;
  Options options_;
  int listener_ = -1;
  uint16_t peer_port_ = 1024;
  uint32_t header_sum_ = 0;  // of what no packet changes, for the TCP checksum
  uint32_t ip_sum_ = 0;      // of an IP header without text behind it
  uint8_t frame_[64];        // Ethernet, IPv4, TCP, ten octets of text
};

}  // namespace synfin::bench
