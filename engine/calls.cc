// The user calls of RFC 9293 §3.10.1 to §3.10.5, in the RFC's order of calls and states.
#include <algorithm>

#include "engine/rules.h"

namespace synfin {

// --- OPEN, §3.10.1 -------------------------------------------------------------------------------

CallStatus Rules::open_passive(Time now, Remote remote) {
  begin(now);
  if (state_ != State::kClosed) {
    hit(Clause::kSmOpen3);
    return CallStatus::kConnectionExists;
  }
  start_anew();
  due_.forget_permitted_resets();
  transition(State::kListen, EventKind::kOpenPassive, Clause::kSmOpen1);
  passive_ = true;
  remote_specified_ = remote == Remote::kSpecified;
  return CallStatus::kOk;
}

CallStatus Rules::open_active(Time now) {
  begin(now);
  if (state_ != State::kClosed && state_ != State::kListen) {
    hit(Clause::kSmOpen3);
    return CallStatus::kConnectionExists;
  }
  go_active(EventKind::kOpenActive);
  return CallStatus::kOk;
}

void Rules::go_active(EventKind event) {
  start_anew();
  transition(State::kSynSent, event, Clause::kSmOpen2);
  passive_ = false;
  last_progress_ = unacknowledged_since_ = now_;
  due_.add(Due::kSyn, Clause::kSmOpen2, now_);
}

// --- SEND, §3.10.2 -------------------------------------------------------------------------------

CallStatus Rules::send(Time now, std::span<const uint8_t> octets, std::size_t& taken,
                       SendFlags flags) {
  begin(now);
  taken = 0;
  switch (state_) {
    case State::kClosed:
      return CallStatus::kConnectionDoesNotExist;
    case State::kListen:
      if (!remote_specified_) return CallStatus::kRemoteSocketUnspecified;
      go_active(EventKind::kSend);
      break;
    case State::kSynSent:
    case State::kSynReceived:
    case State::kEstablished:
    case State::kCloseWait:
      if (fin_queued_) return CallStatus::kConnectionClosing;
      break;
    default:
      hit(Clause::kSmUsr6);
      return CallStatus::kConnectionClosing;
  }
  if (!is_synchronized(state_)) hit(Clause::kSmUsr6);  // queued until ESTABLISHED
  before_send_ = {send_end(), tcb_.snd.up, unpushed_, tcb_.send_urgent, true};
  taken = send_ring_.append(octets);
  if (taken == 0 && !octets.empty()) return CallStatus::kInsufficientResources;
  // §3.9.1.1: the timeout is for text that was submitted, though a closed window keeps it here.
  if (taken > 0 && unacknowledged_since_ == kNever) unacknowledged_since_ = now_;
  if (flags.push) {
    unpushed_ = 0;
  } else {
    hit(Clause::kMay15);
    unpushed_ = before_send_.unpushed + static_cast<uint32_t>(taken);
  }
  if (flags.urgent) {
    // MUST-62: the pointer names the octet that follows the urgent text.
    hit(Clause::kMust62);
    tcb_.snd.up = send_end();
    tcb_.send_urgent = true;
  }
  review_sending();
  return CallStatus::kOk;
}

void Rules::send_ended(uint32_t octets) {
  before_send_.under_way = false;
  const uint32_t lost = std::min(octets, unsent());
  send_ring_.retract(lost);
  unpushed_ -= std::min(unpushed_, lost);
  if (lost > 0 && send_end() == before_send_.end) unpushed_ = before_send_.unpushed;
  if (tcb_.send_urgent && tcb_.snd.up.after(send_end())) {
    const bool nothing = send_end() == before_send_.end;
    tcb_.snd.up = nothing ? before_send_.up : send_end();
    tcb_.send_urgent = !nothing || before_send_.urgent;
  }
  if (is_synchronized(state_) && tcb_.snd.una == tcb_.snd.nxt && unsent() == 0) {
    unacknowledged_since_ = kNever;
  }
  review_sending();
}

// --- RECEIVE, §3.10.3 ----------------------------------------------------------------------------

// In CLOSING, LAST-ACK and TIME-WAIT too the text that is there is given out before "connection
// closing". §3.10.3 has the error alone in these states, but a CLOSE ends sending only: the user
// "may continue to RECEIVE until the TCP receiver is told that the remote peer has CLOSED also" and
// has to "keep reading ... until the TCP implementation indicates there is no more data" (§3.6).
// Text that came before the peer's FIN has been acknowledged; to drop it because the FIN came would
// lose it.
CallStatus Rules::receive(Time now, std::span<uint8_t> out, std::size_t& got) {
  now_ = now;
  got = 0;
  if (receive_ring_.empty()) {
    switch (state_) {
      case State::kClosed:
        return CallStatus::kConnectionDoesNotExist;
      case State::kCloseWait:
      case State::kClosing:
      case State::kLastAck:
      case State::kTimeWait:
        hit(Clause::kSmRcv1);
        return CallStatus::kConnectionClosing;
      default:
        return CallStatus::kOk;  // nothing there yet: the user asks again
    }
  }
  got = receive_ring_.copy_out(0, out);
  receive_ring_.consume(static_cast<uint32_t>(got));
  if (tcb_.receive_urgent) hit(Clause::kMust33);
  if (tcb_.receive_urgent && !tcb_.rcv.up.after(ring_start())) tcb_.receive_urgent = false;
  return CallStatus::kOk;
}

// --- CLOSE, §3.10.4 ------------------------------------------------------------------------------

CallStatus Rules::close(Time now, CloseKind kind) {
  begin(now);
  switch (state_) {
    case State::kClosed:
      return CallStatus::kConnectionDoesNotExist;
    case State::kListen:
      enter_closed(EventKind::kClose, Clause::kSmUsr7);
      return CallStatus::kOk;
    case State::kSynSent:
      hit(Clause::kSmUsr1);
      enter_closed(EventKind::kClose, Clause::kSmUsr1);
      return CallStatus::kOk;
    case State::kSynReceived:
      deaf_ = deaf_ || kind == CloseKind::kBoth;
      if (fin_queued_) return CallStatus::kConnectionClosing;
      queue_fin();
      // With text to send the CLOSE waits until ESTABLISHED (become_established).
      decide(Clause::kSmUsr2);
      if (send_ring_.empty()) {
        transition(State::kFinWait1, EventKind::kClose, Clause::kSmUsr2);
      }
      review_sending();
      return CallStatus::kOk;
    default:
      return close_synchronized(kind);
  }
}

CallStatus Rules::close_synchronized(CloseKind kind) {
  if (tcb_.snd.wnd == 0) hit(Clause::kRfc6429_2);
  if (kind == CloseKind::kBoth) {
    const bool unread = !receive_ring_.empty();
    deaf_ = true;
    // §3.6.1, SHLD-3: text that the user will never read is lost, and a RST says so.
    if (unread && state_ != State::kTimeWait) {
      hit(Clause::kShld3);
      return abort_connection(Clause::kShld3);
    }
  }
  if (fin_queued_) {
    // A second FIN must not be sent; "ok" is an acceptable answer only where reading ends now.
    decide(Clause::kSmUsr4);
    return kind == CloseKind::kBoth ? CallStatus::kOk : CallStatus::kConnectionClosing;
  }
  switch (state_) {
    case State::kEstablished:
      queue_fin();
      transition(State::kFinWait1, EventKind::kClose, Clause::kSmUsr3);
      review_sending();
      return CallStatus::kOk;
    case State::kCloseWait:
      decide(Clause::kSmUsr3);
      queue_fin();  // LAST-ACK once the FIN is sent
      review_sending();
      return CallStatus::kOk;
    default:
      return CallStatus::kConnectionClosing;
  }
}

void Rules::queue_fin() {
  fin_queued_ = true;
  fin_is_new_ = true;
  if (unacknowledged_since_ == kNever) unacknowledged_since_ = now_;
}

// --- ABORT, §3.10.5 ------------------------------------------------------------------------------

CallStatus Rules::abort(Time now) {
  begin(now);
  if (state_ == State::kClosed) return CallStatus::kConnectionDoesNotExist;
  return abort_connection(Clause::kSmUsr5);
}

void Rules::forget(Time now) {
  begin(now);
  if (state_ == State::kClosed) return;
  const Seq next = tcb_.snd.nxt;
  enter_closed(EventKind::kAbort, Clause::kSmUsr5);
  permit_reset(next, Clause::kSmUsr5);
}

// One that may be sent and does not have to.
void Rules::permit_reset(Seq seq, Clause clause) {
  due_.add_reset(
      {.due = Due::kReset, .clause = clause, .by = kNever, .seq = seq, .flags = Flags(kRst)});
}

CallStatus Rules::abort_connection(Clause clause) {
  const bool resets = state_ == State::kSynReceived || state_ == State::kEstablished ||
                      state_ == State::kFinWait1 || state_ == State::kFinWait2 ||
                      state_ == State::kCloseWait || clause == Clause::kShld3;
  const Seq next = tcb_.snd.nxt;
  // §3.6.1: what the user has not read is lost, which a RST may tell in any state.
  const bool loses_text = is_synchronized(state_) && readable() > 0;
  enter_closed(EventKind::kAbort, clause);
  if (loses_text && !resets) permit_reset(next, Clause::kShld3);
  receive_ring_.consume(receive_ring_.size());
  if (resets) owe_reset_at(next, clause);
  return CallStatus::kOk;
}

}  // namespace synfin
