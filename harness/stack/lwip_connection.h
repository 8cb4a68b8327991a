// One connection of lwIP's raw API, as the socket layer sees it.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/stack/lwip_core.h"
#include "harness/stack/lwip_tcp.h"

namespace synfin::stack {

// lwIP frees its control blocks by itself: after tcp_close(), after an error that it tells of, and,
// without a word, at the end of TIME-WAIT. So this holds one only as long as none of that can
// happen unheard, and looks it up by its ends from then on.
class LwipTcp::Connection final : public TcpConnection {
 public:
  // Takes over a control block: of a connection that was accepted, or one that opens.
  Connection(tcp_pcb* pcb, const wire::FourTuple& ends, const Profile& profile);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  State state() const override;
  TcpStatus status() const override;
  int error() const override { return error_; }
  int take_error() override;

  CallStatus send(Time now, std::span<const uint8_t> octets, std::size_t& taken,
                  SendFlags flags) override;
  CallStatus receive(Time now, std::span<uint8_t> out, std::size_t& got) override;
  void close(Time now, CloseKind kind) override;
  void abort(Time now) override;

  void set_nagle(bool on) override;
  void set_delayed_ack(bool) override {}
  void set_user_timeout(Time, Duration) override {}
  void set_keepalive(Time now, const KeepAlive& how) override;
  void set_ip(const IpFields& fields) override;

  void open();
  // Notes the state, and lets go of a control block that has come into TIME-WAIT.
  void refresh();
  // Whether lwIP may still call it.
  bool is_held() const { return pcb_ != nullptr; }

 private:
  static err_t on_receive(void* self, tcp_pcb* pcb, pbuf* data, err_t error);
  static void on_error(void* self, err_t error);
  // lwIP calls it no more; the control block still tells whose it is.
  tcp_pcb* let_go();
  // Held or not; null once it has come to its end.
  tcp_pcb* control_block() const;

  tcp_pcb* pcb_;
  wire::FourTuple tuple_;
  std::size_t send_buffer_;
  std::vector<uint8_t> received_;
  State last_ = State::kClosed;  // before what lwIP does next
  int error_ = 0;
  bool peer_closed_ = false;
  bool fin_queued_ = false;
};

}  // namespace synfin::stack
