#include "harness/stack/lwip_connection.h"

#include <lwip/priv/tcp_priv.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace synfin::stack {

LwipTcp::Connection::Connection(tcp_pcb* pcb, const wire::FourTuple& ends, const Profile& profile)
    : pcb_(pcb), tuple_(ends), send_buffer_(profile.send_buffer), last_(state_of(*pcb)) {
  ip_set_option(pcb_, SOF_REUSEADDR);
  tcp_arg(pcb_, this);
  tcp_recv(pcb_, on_receive);
  tcp_err(pcb_, on_error);
}

LwipTcp::Connection::~Connection() {
  let_go();
  if (tcp_pcb* pcb = control_block()) tcp_arg(pcb, nullptr);
}

// --- what lwIP tells ---

err_t LwipTcp::Connection::on_receive(void* self, tcp_pcb*, pbuf* data, err_t) {
  auto& mine = *static_cast<Connection*>(self);
  if (data == nullptr) {
    mine.peer_closed_ = true;
    return ERR_OK;
  }
  const std::size_t had = mine.received_.size();
  mine.received_.resize(had + data->tot_len);
  pbuf_copy_partial(data, mine.received_.data() + had, data->tot_len, 0);
  pbuf_free(data);
  return ERR_OK;
}

// The control block is gone.
void LwipTcp::Connection::on_error(void* self, err_t error) {
  auto& mine = *static_cast<Connection*>(self);
  mine.pcb_ = nullptr;
  if (error == ERR_RST) {
    mine.error_ = reset_error(mine.last_);
    mine.received_.clear();  // SEGMENT ARRIVES, step 2: all queues are flushed
  }
  if (error == ERR_ABRT) mine.error_ = ETIMEDOUT;
}

void LwipTcp::Connection::refresh() {
  if (pcb_ == nullptr) return;
  last_ = state_of(*pcb_);
  if (last_ == State::kTimeWait) let_go();
}

tcp_pcb* LwipTcp::Connection::let_go() {
  if (pcb_ == nullptr) return nullptr;
  tcp_recv(pcb_, nullptr);
  tcp_err(pcb_, nullptr);
  return std::exchange(pcb_, nullptr);
}

// What has these ends may be another connection by now.
tcp_pcb* LwipTcp::Connection::control_block() const {
  if (pcb_ != nullptr) return pcb_;
  tcp_pcb* found = find_pcb(tuple_);
  return found != nullptr && found->callback_arg == this ? found : nullptr;
}

// --- what the user asks ---

State LwipTcp::Connection::state() const {
  const tcp_pcb* pcb = control_block();
  return pcb != nullptr ? state_of(*pcb) : State::kClosed;
}

TcpStatus LwipTcp::Connection::status() const {
  TcpStatus out;
  out.state = state();
  out.readable = out.readable_before_mark = received_.size();
  out.peer_closed = peer_closed_;
  out.fin_queued = fin_queued_;
  out.fin_acked = out.state == State::kFinWait2 || out.state == State::kTimeWait;
  if (pcb_ == nullptr) return out;
  const std::size_t queued = pcb_->snd_lbb - pcb_->lastack;
  out.unacked = queued;
  if (may_send_text(out.state) && queued < send_buffer_) {
    out.send_room = std::min<std::size_t>(tcp_sndbuf(pcb_), send_buffer_ - queued);
  }
  out.effective_mss = tcp_mss(pcb_);
  return out;
}

int LwipTcp::Connection::take_error() { return std::exchange(error_, 0); }

CallStatus LwipTcp::Connection::send(Time, std::span<const uint8_t> octets, std::size_t& taken,
                                     SendFlags flags) {
  taken = 0;
  if (fin_queued_) return CallStatus::kConnectionClosing;
  if (pcb_ == nullptr) return CallStatus::kConnectionDoesNotExist;
  const std::size_t size = std::min({octets.size(), status().send_room, std::size_t{0xffff}});
  if (size == 0) return CallStatus::kOk;
  const auto length = static_cast<u16_t>(size);
  const auto more = static_cast<u8_t>(flags.push ? 0 : TCP_WRITE_FLAG_MORE);  // no PSH
  if (tcp_write(pcb_, octets.data(), length, TCP_WRITE_FLAG_COPY | more) != ERR_OK) {
    return CallStatus::kInsufficientResources;
  }
  taken = size;
  tcp_output(pcb_);
  return CallStatus::kOk;
}

CallStatus LwipTcp::Connection::receive(Time, std::span<uint8_t> out, std::size_t& got) {
  got = std::min({out.size(), received_.size(), std::size_t{0xffff}});
  if (got == 0) {
    if (peer_closed_) return CallStatus::kConnectionClosing;
    return pcb_ == nullptr ? CallStatus::kConnectionDoesNotExist : CallStatus::kOk;
  }
  const auto end = received_.begin() + static_cast<std::ptrdiff_t>(got);
  std::copy(received_.begin(), end, out.begin());
  received_.erase(received_.begin(), end);
  if (pcb_ != nullptr) tcp_recved(pcb_, static_cast<u16_t>(got));
  return CallStatus::kOk;
}

void LwipTcp::Connection::close(Time, CloseKind kind) {
  if (pcb_ == nullptr) return;
  fin_queued_ = true;
  // In SYN-SENT tcp_shutdown() refuses; CLOSE deletes the TCB (RFC 9293 §3.10.4).
  if (kind == CloseKind::kSending && state() != State::kSynSent) {
    tcp_shutdown(pcb_, 0, 1);
    return refresh();
  }
  tcp_pcb* pcb = let_go();
  if (tcp_close(pcb) != ERR_OK) tcp_abort(pcb);
}

void LwipTcp::Connection::abort(Time) {
  tcp_pcb* pcb = control_block();
  let_go();
  if (pcb != nullptr) tcp_abort(pcb);
}

void LwipTcp::Connection::open() {
  const ip_addr_t local = lwip_address(tuple_.local.address);
  const ip_addr_t remote = lwip_address(tuple_.remote.address);
  const auto connected = [](void*, tcp_pcb*, err_t) -> err_t { return ERR_OK; };
  if (tcp_bind(pcb_, &local, tuple_.local.port) != ERR_OK ||
      tcp_connect(pcb_, &remote, tuple_.remote.port, connected) != ERR_OK) {
    error_ = EADDRNOTAVAIL;
    tcp_abort(let_go());
    return;
  }
  refresh();
}

void LwipTcp::Connection::set_nagle(bool on) {
  if (pcb_ == nullptr) return;
  if (on) {
    tcp_nagle_enable(pcb_);
  } else {
    tcp_nagle_disable(pcb_);
  }
}

void LwipTcp::Connection::set_ip(const IpFields& fields) {
  if (pcb_ == nullptr) return;
  pcb_->tos = fields.traffic_class;
  if (fields.ttl) pcb_->ttl = *fields.ttl;
}

void LwipTcp::Connection::set_keepalive(Time, const KeepAlive& how) {
  if (pcb_ == nullptr) return;
  if (!how.on) {
    ip_reset_option(pcb_, SOF_KEEPALIVE);
    return;
  }
  const auto milliseconds = [](Duration time) {
    return static_cast<u32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  };
  ip_set_option(pcb_, SOF_KEEPALIVE);
  pcb_->keep_idle = milliseconds(how.idle);
#if LWIP_TCP_KEEPALIVE
  pcb_->keep_intvl = milliseconds(how.interval);
  pcb_->keep_cnt = how.probes;
#endif
}

}  // namespace synfin::stack
