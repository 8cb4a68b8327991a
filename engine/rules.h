// The rules of RFC 9293 §3.10 for one connection: what an arriving segment, a call or a timeout
// does to the TCB, which segments must then be sent (obligations), and which may be (permissions).
//
// The rules never send by themselves. Whoever sends, the reference's own policy or a target under
// judgement, asks findings() whether a segment is right and tells sent() that it went out.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/byte_ring.h"
#include "engine/clause.h"
#include "engine/finding.h"
#include "engine/obligation.h"
#include "engine/profile.h"
#include "engine/range_set.h"
#include "engine/rtt.h"
#include "engine/segment.h"
#include "engine/state.h"
#include "engine/tcb.h"
#include "engine/time.h"

namespace synfin {

// What a call returns (the texts of RFC 9293 §3.10).
enum class CallStatus : uint8_t {
  kOk,
  kConnectionDoesNotExist,
  kRemoteSocketUnspecified,
  kConnectionExists,
  kConnectionClosing,
  kConnectionReset,
  kConnectionRefused,
  kConnectionTimedOut,
  kInsufficientResources,
};

// What the user is told without having asked.
enum class Signal : uint8_t {
  kEstablished,
  kConnectionClosing,  // the peer's FIN
  kConnectionReset,
  kConnectionRefused,
  kUserTimeout,
  kSoftError,        // an ICMP error that leaves the connection as it is
  kHardError,        // and one that has ended it
  kDeliveryTrouble,  // R1 retransmissions without an answer (SHLD-9)
  kUrgent,           // RCV.UP has moved, ahead of what the user has read
};

// Whether a passive OPEN named the remote socket: then a SEND in LISTEN opens actively (§3.10.2).
enum class Remote : uint8_t { kUnspecified, kSpecified };

// CLOSE ends sending. kBoth also says that the user will not read any more: the half-duplex close
// of RFC 9293 §3.6.1, which is what a BSD socket's close() does.
enum class CloseKind : uint8_t { kSending, kBoth };

// What a SEND says of its text (RFC 9293 §3.9.1.2).
struct SendFlags {
  bool urgent = false;
  bool push = true;  // MAY-15: without it the text may wait for more
};

// What a listener has room for when a segment arrives (Listener decides; alone there is always
// room).
struct Admission {
  bool syn = true;        // room in the SYN queue
  bool third_ack = true;  // room in the accept queue
  // For judging. False: a segment is processed up to step 5, and its text and FIN are still to
  // come.
  bool text = true;
};

// What an ICMP message says of a segment that was sent (RFC 9293 §3.9.2.2).
enum class IcmpError : uint8_t {
  kSoft,          // network or host unreachable, source route failed, time exceeded, …
  kHard,          // protocol or port unreachable, fragmentation needed with DF (codes 2 to 4)
  kSourceQuench,  // to be discarded (MUST-55)
};

class Rules {
 public:
  // `profile` and `coverage` (may be null) must outlive the object.
  explicit Rules(const Profile& profile, ClauseSet* coverage = nullptr);

  // --- user calls, §3.10.1 to §3.10.5 ---
  CallStatus open_passive(Time now, Remote remote = Remote::kUnspecified);
  // The ISS is whatever the SYN that goes out carries.
  CallStatus open_active(Time now);
  // Queues as many of `octets` as the send buffer takes.
  CallStatus send(Time now, std::span<const uint8_t> octets, std::size_t& taken, SendFlags flags);
  // For judging: send() was told all that the user offered; the call has now ended and did not take
  // the last `octets` of it.
  void send_ended(uint32_t octets);
  CallStatus receive(Time now, std::span<uint8_t> out, std::size_t& got);
  CallStatus close(Time now, CloseKind kind);
  CallStatus abort(Time now);
  // The TCB is deleted without a call: what a stack does with connections that nobody has accepted
  // when their listener goes. The peer may be told by a RST.
  void forget(Time now);
  // For judging: the answers that are owed to segments that came before do not have to come.
  void forgive_answers() {
    due_.remove(Due::kReset);
    if (state_ != State::kSynReceived) due_.remove(Due::kSynAck);
  }

  // --- segments and timeouts, §3.10.7 and §3.10.8 ---
  void on_segment(Time now, const Segment& segment, Admission admission = {});
  // An ICMP error that quotes a segment of ours with sequence number `quoted` (MUST-54).
  void on_icmp(Time now, IcmpError error, Seq quoted);
  // The retransmission timer has run out; what the peer has reported by SACK counts no more.
  void forget_sacked();
  // The sender has reduced its congestion window: the first new text tells so where ECN is in use.
  void congestion_window_reduced() { tcb_.ecn_reduced = tcb_.ecn; }
  void on_user_timeout(Time now);  // also R2: the limit of retransmissions
  void on_time_wait_timeout(Time now);
  void on_fin_wait_2_timeout(Time now);  // an implementation gave up on an orphan

  // --- output ---
  // What is wrong with sending `segment` now; empty when the rules allow it.
  Findings findings(Time now, const Segment& segment) const;
  // True when every octet of `segment` that takes sequence space has been sent before.
  bool is_repetition(const Segment& segment) const;
  // `segment` went out: takes its choices (ISS, window, options, boundaries) and discharges what it
  // discharges. Also to be told of segments that findings() objects to, as far as they can be
  // taken.
  void sent(Time now, const Segment& segment);

  // --- what is due ---
  const Obligations& obligations() const { return due_; }
  // The most urgent obligation whose time has passed; it is dropped from the list. For judging: the
  // target's timeout may be `longer` than what the rules count with.
  std::optional<Obligation> overdue(Time now, Duration longer = Duration{0});

  // --- clause coverage ---------------------------------------------------------------------------
  // A rule was applied, here or by the policy of whoever sends.
  void hit(Clause clause) const { cover(coverage_, clause); }
  ClauseSet* coverage() const { return coverage_; }

  // --- looking in ---
  State state() const { return state_; }
  const Profile& profile() const { return *profile_; }
  const Tcb& tcb() const { return tcb_; }
  const RttEstimator& rtt() const { return rtt_; }
  bool passive() const { return passive_; }
  // The rule that decided the state: the one that made the last move, or, where what came since has
  // left the state alone, the one that did so.
  Clause last_clause() const { return deciding_; }
  // The moves that this connection has made since it was made.
  const EdgeSet& edges() const { return edges_; }
  std::optional<Signal> poll_signal();
  // Octets that the user may read now; those queued and not yet sent; those in flight or queued.
  std::size_t readable() const { return receive_ring_.size(); }
  // MUST-33: whether urgent text remains to be read, and whether its last octet stands next.
  bool urgent_pending() const { return tcb_.receive_urgent; }
  // Octets that may be read before that one; everything there is when no mark stands ahead.
  std::size_t readable_before_mark() const {
    const Seq start = ring_start();
    if (!tcb_.receive_urgent || !(tcb_.rcv.up - 1).after(start)) return readable();
    return std::min<std::size_t>(readable(), Seq::distance(start, tcb_.rcv.up - 1));
  }
  bool at_urgent_mark() const { return tcb_.receive_urgent && tcb_.rcv.up == ring_start() + 1; }
  uint32_t unsent() const {
    const Seq next = later(tcb_.snd.nxt, tcb_.snd.iss + 1);
    const Seq end = send_end();
    return next.before(end) ? Seq::distance(next, end) : 0;
  }
  // After the last octet that was sent with PUSH.
  Seq push_end() const {
    return send_end() - std::min<uint32_t>(unpushed_, static_cast<uint32_t>(send_ring_.size()));
  }
  std::size_t send_room() const { return send_ring_.free(); }
  bool syn_acked() const { return tcb_.iss_known && tcb_.snd.una != tcb_.snd.iss; }
  bool fin_queued() const { return fin_queued_; }
  bool is_deaf() const { return deaf_; }  // a CLOSE ended reading too
  bool fin_sent() const { return fin_sent_; }
  bool fin_acked() const { return fin_sent_ && !tcb_.snd.una.before(fin_seq_ + 1); }
  bool peer_closed() const { return peer_fin_taken_; }
  // It said of one number that a FIN stands there, and that text does or another FIN, or that two
  // octets do: what follows from that no rule says.
  bool peer_contradicts_itself() const { return contradicted_; }
  // The first sequence number after all text that the user has sent (where a FIN stands).
  Seq send_end() const {
    if (fin_sent_) return fin_seq_;
    return later(tcb_.snd.una, tcb_.snd.iss + 1) + send_ring_.size();
  }
  // Up to `length` octets of queued text from `seq` on. They lie in the send buffer, or in
  // `scratch` where they would be in two pieces; valid until the next call that is not const.
  std::span<const uint8_t> text(Seq seq, uint32_t length, std::vector<uint8_t>& scratch) const;
  uint16_t effective_mss() const;  // §3.7.1, MUST-16: without option octets
  uint32_t usable_window() const;  // octets beyond SND.NXT that SND.WND allows
  uint32_t receive_room() const;   // free octets of the receive buffer
  // The blocks of the SACK option of the next ACK; none where SACK is not in use.
  std::span<const SackBlock> sack_blocks(std::array<SackBlock, 4>& storage) const;
  // The first stretch of [from, limit) that the peer has not reported as held (RFC 2018 §5).
  std::optional<SeqRange> not_sacked(Seq from, Seq limit) const {
    return sacked_.first_gap(from, limit);
  }
  // RFC 5961 §5.2: an ACK before it is too old.
  Seq oldest_ack() const;
  // What waits beyond RCV.NXT: text; that or a FIN.
  const RangeSet& queued() const { return queued_; }
  bool has_hole() const { return !queued_.empty() || fin_waits(); }
  unsigned duplicate_acks() const { return duplicate_acks_; }
  unsigned probes() const { return probes_; }                    // of a window that is closed
  unsigned retransmissions() const { return retransmissions_; }  // of what is now unacknowledged
  // TIME-WAIT ends no earlier than this by the rules that bind, and no later than that by those
  // that permit a restart; kNever in other states.
  Time time_wait_earliest() const { return time_wait_earliest_; }
  Time time_wait_latest() const { return time_wait_latest_; }
  // Whether `segment` is a SYN that opens a new incarnation out of TIME-WAIT where a listener has
  // room, and the rule that lets it: RFC6191-2 (SHOULD) or MAY-2.
  std::optional<Clause> reopens_time_wait(const Segment& segment) const;
  // When the retransmission timer was last started (RFC 6298 §5).
  Time last_progress() const { return last_progress_; }
  Time last_heard() const { return last_heard_; }  // when an acceptable ACK last came
  // Since when something waits to be acknowledged; kNever: nothing does.
  Time unacknowledged_since() const { return unacknowledged_since_; }
  // When the user timeout ends the connection; kNever when none runs.
  Time user_timeout_at() const;
  void set_user_timeout(Time now, Duration timeout);
  // RFC 5482: what the peer's option has led to (0: nothing), and the value that the next segment
  // should advertise; none where the option is not enabled or all has been told.
  Duration adopted_user_timeout() const { return adopted_user_timeout_; }
  std::optional<uint16_t> user_timeout_to_tell() const {
    if (!profile_->user_timeout_option || told_user_timeout_) return std::nullopt;
    return advertised_user_timeout();
  }
  void set_nagle(bool on) {
    hit(Clause::kMust17);
    nagle_ = on;
  }
  // §3.8.4: keep-alives, sent when nothing was received for `idle`.
  void set_keepalive(bool on, Duration idle) {
    hit(Clause::kMust24);
    if (on && idle == profile_->keepalive_idle) hit(Clause::kMust28);
    keepalive_ = on;
    keepalive_idle_ = std::chrono::duration_cast<Milliseconds>(idle);
  }
  Duration keepalive_idle() const { return keepalive_idle_; }
  bool nagle() const { return nagle_; }
  // The effective retransmission timeout, back-off included (RFC 6298).
  Duration rto() const { return rtt_.rto(); }

 private:
  using Milliseconds = std::chrono::duration<uint32_t, std::milli>;  // up to 49 days
  struct Arrival;

  // SEGMENT ARRIVES, arrives.cc: one function per numbered step of §3.10.7. Steps that return false
  // have ended the processing of the segment.
  void arrives_closed(const Segment& segment);
  void arrives_listen(const Segment& segment, Admission admission);
  void arrives_syn_sent(const Segment& segment);
  void syn_sent_step_4_syn(const Segment& segment);
  void arrives_other(const Segment& segment, Admission admission);
  bool step_1_sequence(Arrival& arrival);
  bool step_1_not_acceptable(Arrival& arrival);
  bool step_2_rst(const Arrival& arrival);
  bool step_4_syn(const Arrival& arrival);
  bool step_5_ack(const Arrival& arrival, Admission admission);
  bool step_5_syn_received(const Segment& segment, Admission admission);
  bool step_5_established(const Segment& segment);
  bool step_5_after_close(const Segment& segment);
  void step_6_urg(const Arrival& arrival);
  void step_7_text(const Arrival& arrival);
  void step_8_fin(const Arrival& arrival);

  // What comes before the steps, arrives_early.cc.
  bool check_time_wait_syn(const Segment& segment, Admission admission);
  bool honours_time_wait_syn(const Segment& segment);
  bool check_timestamps(const Segment& segment);
  bool is_in_full() const;
  bool is_at_edge(const Segment& segment) const;
  bool is_guarded(const Segment& segment) const;
  void follow_ack(const Arrival& arrival, Admission admission);

  // What the steps are made of, arrives_parts.cc.
  void count_from_syn(const Segment& segment);
  void take_syn(const Segment& segment);
  void agree_on_options();
  void take_timestamp(const Segment& segment);
  void update_send_window(const Segment& segment);
  bool keeps_window_out(const Segment& segment) const;
  void follow_window(const Segment& segment);
  void count_windows_from_syn();
  void take_first_window(const Segment& segment);
  void take_acknowledgment(const Segment& segment);
  void count_duplicate(const Segment& segment);
  void sample_round_trip();
  void queue_text(Seq seq, std::span<const uint8_t> text);
  void drain_queue();
  void discard_queue();
  void take_fin();
  void fin_after_fin(const Arrival& arrival);
  void note_contradiction(const Arrival& arrival);
  void become_established(Clause clause);
  void enter_time_wait(Clause clause);
  void restart_time_wait();
  void reset_by_peer(Clause clause);

  // Selective acknowledgments, sack.cc.
  void note_duplicate(const Segment& segment);
  void owe_dsack(bool owed) { duplicate_->owed = owed && !duplicate_->may_be_told; }
  const SackBlock* owed_dsack() const;  // null: none
  void sack_findings(const Segment& segment, Findings& out) const;
  void island_findings(std::span<const SackBlock> blocks, bool one_taken, Findings& out) const;
  bool fin_waits() const { return peer_fin_known_ && !peer_fin_taken_; }
  SackBlock without_fin(SackBlock block) const;
  bool is_fin_alone(const SackBlock& block) const;
  void take_sack(const Segment& segment);
  bool repeats_sacked(Time now, const Segment& segment) const;

  // RFC 5482, user_timeout.cc.
  uint16_t advertised_user_timeout() const;
  void take_user_timeout(const Segment& segment);
  void user_timeout_findings(const Segment& segment, Findings& out) const;

  // RFC 3168, ecn.cc.
  void take_congestion_marks(const Segment& segment);
  void ecn_findings(Time now, const Segment& segment, Findings& out) const;
  void sent_ecn(const Segment& segment);

  // Obligations, rules.cc.
  void owe_reset(const Segment& cause, Clause clause);
  void owe_reset_at(Seq seq, Clause clause, const Segment* cause = nullptr);
  void permit_reset(Seq seq, Clause clause);
  void stamp_reset(Obligation& reset, const Segment* cause);
  bool is_throttled(Clause clause);
  Seq timed_end() const { return timed_seq_ + timed_length_; }
  void owe_ack(Clause clause, Duration within = Duration{0});
  // The segment is dropped, and answered by an ACK.
  void refuse(Clause clause);
  // One more bare ACK may be sent; a flood of segments permits no more than can be counted.
  static void permit(uint8_t& permits) {
    if (permits < UINT8_MAX) ++permits;
  }
  void review_sending();
  void review_text();
  void owe_probe();
  Duration longest_timeout(unsigned doublings) const;
  // Intervals between probes are only compared while the timeout is the same.
  void start_probing_anew() {
    probed_at_ = kNever;
    probe_interval_ = probe_interval_.zero();
  }
  void review_retransmission();

  // Output, output.cc.
  void reset_findings(const Segment& segment, Findings& out) const;
  static void stamp_findings(const Obligation& owed, const Segment& segment, Findings& out);
  void syn_findings(const Segment& segment, Findings& out) const;
  void ordinary_findings(Time now, const Segment& segment, Findings& out) const;
  void sequence_findings(Time now, const Segment& segment, Findings& out) const;
  void new_text_findings(const Segment& segment, Findings& out) const;
  void bare_ack_findings(const Segment& segment, Findings& out) const;
  void header_findings(const Segment& segment, Findings& out) const;
  void option_findings(const Segment& segment, Findings& out) const;
  bool may_repeat(Time now, const Segment& segment) const;
  bool same_text(const Segment& segment) const;
  void probe_findings(Time now, Findings& out) const;
  bool of_same_probe(Time now) const;
  void keepalive_findings(Time now, Findings& out) const;
  bool may_answer() const;
  bool is_probe(Time now, const Segment& segment) const;
  bool may_probe(Time now, bool fin) const;
  bool is_keepalive(const Segment& segment) const;
  bool opens_window(const Segment& segment) const;
  bool is_urgent_pointer(const Segment& segment) const;
  bool meets(const Segment& segment, const Obligation& owed) const;
  const Obligation* owed_reset(const Segment& segment) const;
  void count_retransmission();
  void sent_reset(const Segment& segment);
  void sent_syn(const Segment& segment);
  void sent_ordinary(const Segment& segment);
  void sent_sequence_space(const Segment& segment);

  // The one way in which the state changes; the move must stand in kEdges.
  void transition(State to, EventKind event, Clause clause);
  void enter_closed(EventKind event, Clause clause);
  void return_to_listen(Clause clause);
  void forget_connection();
  void start_anew();
  void signal(Signal what);
  // Something happens to the connection: a segment, a call, a timeout.
  void begin(Time now) {
    now_ = now;
    moved_ = false;
  }
  // The state stays by this rule. Where the same event has moved it already, that counts.
  void decide(Clause clause) {
    hit(clause);
    if (!moved_) deciding_ = clause;
  }
  // Clause coverage of a segment as a whole, coverage.cc.
  void cover_arrival(const Segment& segment);
  void cover_sent(const Segment& segment);
  void cover_sent_syn(const Segment& segment);
  void cover_sent_duplicate();
  void cover_sent_text(const Segment& segment);
  void go_active(EventKind event);
  CallStatus abort_connection(Clause clause);
  CallStatus close_synchronized(CloseKind kind);
  void queue_fin();
  Seq ring_start() const;  // the sequence number of the first octet in receive_ring_

  const Profile* profile_;
  ClauseSet* coverage_;
  Tcb tcb_;
  Obligations due_;
  RttEstimator rtt_;
  ByteRing send_ring_;     // text from max(SND.UNA, ISS+1) on
  ByteRing receive_ring_;  // text that the user has not read, up to RCV.NXT; more beyond it
  RangeSet queued_;        // text beyond RCV.NXT that has arrived (SHLD-31)
  RangeSet sacked_;        // text beyond SND.UNA that the peer reports to hold (RFC 2018 §5)
  // What the last segment brought a second time (RFC 2883), until an ACK has gone out.
  struct Duplicate {
    SackBlock block;
    Seq with_fin;              // the right edge with the FIN behind the text
    bool may_be_told = false;  // no rule asks for it
    bool owed = false;         // a D-SACK block should tell of it
    bool is(const SackBlock& told) const {
      return told.left == block.left && (told.right == block.right || told.right == with_fin);
    }
  };
  std::optional<Duplicate> duplicate_;
  std::optional<Duplicate> told_late_;  // the one before, where no ACK has gone out between them
  std::optional<Seq> newest_;           // where the last segment's text was queued beyond a hole
  Time now_{};
  EdgeSet edges_;
  State state_ = State::kClosed;
  uint8_t signal_count_ = 0;
  Clause deciding_ = Clause::kSmOpen1;
  bool moved_ = false;       // by the event that is being processed
  bool passive_ = false;     // came from LISTEN (MUST-11)
  bool fin_queued_ = false;  // CLOSE was called
  bool fin_sent_ : 1 = false;
  bool peer_fin_known_ : 1 = false;  // a FIN has arrived, perhaps ahead of a gap
  bool recovering_ : 1 = false;      // something was retransmitted; until SND.UNA reaches recover_
  // Those that are seldom asked share octets.
  bool remote_specified_ : 1 = false;  // by the passive OPEN
  bool fin_is_new_ : 1 = false;        // CLOSE was called, and nothing has been sent since
  bool deaf_ : 1 = false;
  bool told_user_timeout_ : 1 = false;    // what is advertised has been sent (RFC 5482 §3)
  bool user_timeout_is_set_ : 1 = false;  // by the user: CHANGEABLE is false
  bool nagle_ : 1 = true;
  bool keepalive_ : 1 = false;
  bool syn_ack_permitted_ : 1 = false;  // a duplicate SYN came: the SYN,ACK may go again
  bool throttled_ : 1 = false;          // the last segment drew no challenge ACK (RFC 5961 §7)
  bool peer_fin_taken_ : 1 = false;
  bool contradicted_ : 1 = false;
  bool gave_up_ : 1 = false;  // the user timeout has ended the connection
  // After so many probes the window opened, and no round trip was measured since.
  uint8_t reopened_after_ : 4 = 0;
  uint16_t first_window_ = 0;     // of the SYN that went out before IRS was known
  uint8_t in_order_permits_ = 0;  // bare ACKs that may be sent for text taken in order
  uint8_t other_permits_ = 0;     // and one for each other segment that may draw one
  uint8_t duplicate_acks_ = 0;
  uint8_t probes_ = 0;  // zero-window probes since the window closed
  uint16_t retransmissions_ = 0;
  uint16_t timed_length_ = 0;       // of the segment at timed_seq_
  uint32_t unpushed_ = 0;           // octets at the end of the text that came without PUSH
  uint32_t unacknowledged_in_ = 0;  // octets of text taken and not yet acknowledged
  // Between two probes: from the first, or from an ACK since (either may start the timer), on.
  Milliseconds probe_interval_{0};
  Milliseconds keepalive_idle_{0};
  Milliseconds adopted_user_timeout_{0};  // from the peer's option (RFC 5482 §3.1)
  Seq fin_seq_;                           // of our FIN, once sent
  Seq peer_fin_seq_;
  Seq recover_;
  Seq timed_seq_;  // RFC 6298: the segment whose round trip is being measured
  Time timed_at_ = kNever;
  Time front_sent_at_{};     // when the front of the retransmission queue was last sent
  Time last_heard_{};        // when an acceptable ACK last came
  Time acknowledged_at_{};   // when SND.UNA last moved
  Time probed_at_ = kNever;  // when a closed window was last probed
  Time window_closed_at_{};  // when the peer's window last became 0
  Time last_progress_{};     // when the retransmission timer was last started
  Time time_wait_earliest_ = kNever;
  Time time_wait_latest_ = kNever;
  Time unacknowledged_since_ = kNever;
  Time challenged_at_ = kNever;
  Duration user_timeout_{0};
  struct {
    Seq end;
    Seq up;
    uint32_t unpushed = 0;
    bool urgent = false;
    bool under_way = false;
  } before_send_;  // for send_ended(): as it was before the last SEND
  std::array<Signal, 8> signals_{};
};

}  // namespace synfin
