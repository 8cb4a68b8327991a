// One connection of the target, followed by the rules.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/profile.h"
#include "engine/rules.h"
#include "harness/judge/divergence.h"
#include "harness/judge/round_trips.h"
#include "harness/stack/stack.h"
#include "harness/wire/codec.h"
#include "harness/wire/icmp.h"
#include "harness/wire/text.h"

namespace synfin::judge {

// Where divergences go; the judge knows what the last stimulus was.
class Complaints {
 public:
  virtual ~Complaints() = default;
  virtual void add(Divergence divergence) = 0;
};

class Shadow {
 public:
  Shadow(const Profile& profile, const stack::Traits& traits, ClauseSet* coverage,
         Complaints& complaints, uint16_t connection);

  // --- what the program did to the target ------------------------------------------------------
  // A listener covers this connection, or no longer does.
  void listener(Time now, bool there);
  // `admission`: what the target's queues have room for by their usual size. A refusal is a choice:
  // when the target took the segment all the same, the shadow takes it then.
  void injected(Time now, const wire::Decoded& packet, Admission admission);
  void icmp(Time now, const wire::IcmpNotice& notice);
  // False: there is a connection already, and the call has to fail.
  bool open_active(Time now);
  // The call has failed; where no SYN was sent nothing was opened.
  void open_failed(Time now);
  // Returns how many octets count as offered.
  std::size_t send(Time now, std::span<const uint8_t> octets, SendFlags flags);
  // The write has ended and did not take the last `octets` of what was offered.
  void send_ended(uint32_t octets);
  // The target's user read `octets`.
  void received(Time now, std::span<const uint8_t> octets);
  void received_end(Time now);
  void close(Time now, CloseKind kind);
  void abort(Time now);
  void forget(Time now);
  // A call failed with ETIMEDOUT: the target has given up.
  void gave_up(Time now);
  void set_nagle(bool on) { rules_.set_nagle(on); }
  void set_keepalive(bool on, Duration idle) {
    keepalive_ = on;
    keepalive_idle_ = idle;
    rules_.set_keepalive(on, idle);
  }
  void set_user_timeout(Time now, Duration timeout) { rules_.set_user_timeout(now, timeout); }

  void set_crowded(bool crowded) { crowded_ = crowded; }
  // The user has asked for a receive buffer of so few octets that there may be no room.
  void set_tight(bool tight) { is_tight_ = tight && profile_->receive_buffer_is_memory; }

  // What becomes of the connection by the user's hand is not known: all that follows is in doubt.
  void is_unclear() { unclear_ = true; }

  // --- what the target did -----------------------------------------------------------------------
  struct Sent {
    bool allowed = true;
    bool repetition = false;
  };
  Sent sent(Time now, const wire::Decoded& packet);
  void observed(Time now, State state);
  // Whatever was due by `due` and has not come is missing.
  void missing(Time due);

  // The stimulus that what the rules owe now, and did not before, answers.
  void note_cause(std::size_t stimulus) {
    note_cause(Due::kAck, stimulus, ack_cause_);
    note_cause(Due::kReset, stimulus, reset_cause_);
  }

  const Rules& rules() const { return rules_; }
  // For the names of numbers: the variables of the connection, of the last one where it is gone.
  const Tcb& variables() const {
    return rules_.tcb().iss_known || rules_.tcb().irs_known ? rules_.tcb() : remembered_;
  }
  // What the numbers of the target's segments count from.
  wire::Isns isns() const;
  State state() const { return rules_.state(); }
  bool lost() const { return lost_; }
  // Counts the connections that had this 4-tuple: a descriptor belongs to one of them.
  unsigned incarnation() const { return incarnation_; }
  // Waits for accept(): came from a listener and is past SYN-RECEIVED, by the rules or as the
  // target has it.
  bool ready() const {
    return rules_.passive() && (is_synchronized(rules_.state()) || ready_early_);
  }
  uint8_t peer_shift() const { return rules_.tcb().snd.shift; }
  uint8_t own_shift() const { return rules_.tcb().rcv.shift; }

 private:
  struct Cause {
    std::size_t stimulus = 0;
    State state{};  // that it led to
    Time by{};      // a later one may make it more urgent, and is the cause then
  };
  void note_cause(Due due, std::size_t stimulus, Cause& cause) {
    const Obligation* owed = rules_.obligations().find(due);
    if (owed == nullptr) {
      cause = {};
    } else if (cause.stimulus == 0 || owed->by < cause.by) {
      cause = {stimulus, rules_.state(), owed->by};
    }
  }
  void complain(Clause clause, std::string wanted, std::string got,
                std::vector<play::Difference> fields = {}, const Cause* cause = nullptr);
  bool follow(Time now, State observed);
  Clause clause_of_state(Time now, State observed) const;
  // Whether the target may have ended the connection by itself.
  bool may_have_given_up(Time now) const;
  unsigned most_retransmissions() const;
  bool is_orphan() const;
  bool has_repeated_enough(Time now) const;
  bool has_waited_enough(Time now) const;
  Time last_time_from(Time begun) const;
  void take_declined(Time now);
  void reopen(Time now, const Segment& segment);
  void settle_reopening(const Segment& answer);
  void note_half_way(Time now, const Segment& segment, Admission admission);
  bool goes_half_way(Time now, const Segment& segment);
  void settle_resets();
  void leave_in_time_wait();
  void come_back_to_time_wait();
  // What has not come, and what it would have answered.
  struct Missing {
    Obligation late;
    Cause cause;
  };
  Missing missing_of(const Obligation& late) const;
  void complain_missing(const Missing& missing);
  void judge_sent(const wire::Decoded& packet, const Findings& findings);
  void keep_unread(Time now);
  void count_incarnation(State before);
  bool drops_for_options(const wire::Decoded& packet) const;
  bool drops_for_flags(const Segment& segment) const;
  bool leaves_doubt(Time now, const Segment& segment) const;
  bool meets_queue(const Segment& segment) const;
  bool may_scale(const Segment& syn, State before) const;
  void note_syn_with_more(const Segment& segment, State before);
  bool acks_all_of_syn(const Segment& segment) const;
  void begin_incarnation();
  std::string name(Seq number, bool own) const;

  const Profile* profile_;
  const stack::Traits* traits_;
  Complaints* complaints_;
  Rules rules_;
  RoundTrips round_trips_;
  // A segment that the target's queues were thought to have no room for.
  struct Declined {
    Segment segment;
    std::vector<uint8_t> text;
  };
  std::optional<Declined> declined_;
  // A SYN in TIME-WAIT is the target's to take or to leave: the shadow takes it, and this is the
  // way back.
  struct Reopening {
    Rules before;
    Segment segment;  // without its text, which no TIME-WAIT takes
    Time at{};
    Clause clause{};
    unsigned incarnation = 0;
    bool taken = false;  // the target answered with a SYN,ACK
  };
  std::unique_ptr<Reopening> reopening_;
  // The last segment up to step 5, where its ACK may let something go and there is more to it.
  std::unique_ptr<Rules> half_way_;
  Cause ack_cause_;    // of the ACK that is owed
  Cause reset_cause_;  // and of the RST
  // What is missing of a target that may have given up without a word; see observed().
  std::vector<Missing> doubtful_;
  std::vector<uint8_t> unread_;  // of a connection that is gone, whose user may still read it
  Tcb remembered_;
  uint16_t connection_;
  Time fin_wait_2_since_{};
  Time last_heard_{};
  // Neither RST nor SYN, before reading ended: what puts off the end of LAST-ACK.
  Time last_of_peer_{};
  unsigned incarnation_ = 0;
  bool listener_ = false;
  bool used_ = false;      // has left CLOSED or LISTEN at least once
  bool crowded_ = false;   // its listener's SYN queue
  bool is_tight_ = false;  // its receive buffer
  bool keepalive_ = false;
  Duration keepalive_idle_{0};
  // After a divergence of state what follows is not judged, until the target's answers and its
  // state are again those of the rules.
  bool lost_ = false;
  std::optional<Time> rejoined_at_;
  // Until the target acknowledges the text or the FIN that came with a SYN, what it does may follow
  // from its having dropped them.
  bool syn_with_more_ = false;
  Seq syn_end_;                // after that text and FIN
  bool syn_replaced_ = false;  // something else has come in their place
  bool syn_acked_ = false;     // its last segment did so
  // Its user has read something else than the rules have, so that what is left to read is not
  // known, or has done what the rules have no word for.
  bool unclear_ = false;
  bool urgent_came_ = false;
  // Its listener went: whether the TCB goes at once or with the next segment is the target's
  // affair.
  bool left_half_open_ = false;
  std::optional<Seq> left_iss_;  // of the last such TCB; one that stays takes the next SYN
  bool outlived_ = false;        // and may be in the way of this connection
  bool may_end_ = false;         // by a hard ICMP error, and does not have to
  // Of the last segment that acknowledged something and that the rules did not take.
  std::optional<Seq> dropped_ack_;
  State seen_{};                 // of the target
  bool ready_early_ = false;     // the target ended the handshake where the rules did not
  bool more_came_last_ = false;  // the last segment had text or a FIN
  bool agreed_ = false;          // the last answer since then was as the rules have it
  bool in_doubt_ = false;  // a divergence has not been followed by such an answer and state yet
};

}  // namespace synfin::judge
