// Clause coverage (clause.h) of what a segment shows as a whole. Rules that one step decides are
// marked where that step is; these hold of a segment that came, or went, whatever the step.
#include <algorithm>

#include "engine/rules.h"

namespace synfin {

// What an arriving segment asks of the rules; before it is processed.
void Rules::cover_arrival(const Segment& segment) {
  if (coverage_ == nullptr) return;
  const Flags flags = segment.flags;
  const bool opening =
      state_ == State::kClosed || state_ == State::kListen || state_ == State::kSynSent;
  if (flags.fin() && opening) hit(Clause::kSmFin1);
  if (flags.rst() && !segment.text.empty()) hit(Clause::kShld2);
  if (segment.options.timestamps && !flags.ack()) hit(Clause::kRfc7323Ts3);
  if (opening || state_ == State::kSynReceived) return;
  if (segment.options.window_scale && !flags.syn()) hit(Clause::kRfc7323Ws3);
  if (segment.options.timestamps && !tcb_.timestamps) hit(Clause::kRfc7323Ts8);
  if (tcb_.timestamps && !segment.options.timestamps) {
    hit(flags.rst() ? Clause::kRfc7323Paws2 : Clause::kRfc7323Ts7);
  }
  if (flags.ack() && segment.options.sack_count > 0 && tcb_.sack) hit(Clause::kRfc2018_9);
  if (tcb_.snd.wnd == 0 && flags.ack() && due_.find(Due::kProbe) != nullptr) {
    hit(Clause::kMust37);  // the probes are answered, and the connection lives on
    hit(Clause::kRfc6429_1);
  }
  const bool in_order = segment.seq == tcb_.rcv.nxt && !segment.text.empty();
  if (tcb_.timestamps && in_order) {
    if (!queued_.empty()) {
      hit(Clause::kRfc7323Ts12);
      hit(Clause::kRfc7323Paws4);
    } else if (due_.find(Due::kAck) != nullptr) {
      hit(Clause::kRfc7323Ts10);
    }
  }
  if (!queued_.empty() && !segment.text.empty()) hit(Clause::kRfc2018_6);
}

// What a segment that goes out keeps to; before it is taken as sent.
void Rules::cover_sent(const Segment& segment) {
  if (coverage_ == nullptr) return;
  if (segment.flags.rst()) {
    hit(Clause::kSmOut5);
    return;
  }
  const Options& options = segment.options;
  if (segment.flags.syn()) {
    cover_sent_syn(segment);
    return;
  }
  hit(Clause::kSmOut2);
  hit(Clause::kMust65);
  hit(Clause::kRfc2018_1);
  if (may_receive_text(state_)) hit(Clause::kShld14);
  if (tcb_.timestamps && options.timestamps) {
    hit(Clause::kRfc7323Ts2);
    hit(Clause::kRfc7323Ts5);
    if (!queued_.empty()) hit(Clause::kRfc7323Ts11);
  }
  if (options.sack_count > 0) {
    hit(Clause::kRfc2018_2);
    hit(Clause::kRfc2018_3);
    hit(options.sack_count > 1 ? Clause::kRfc2018_5 : Clause::kRfc2018_4);
    if (owed_dsack() != nullptr) cover_sent_duplicate();
  }
  if (segment.len() == 0) {
    hit(Clause::kRfc5681_18);
    if (unacknowledged_in_ > 0) hit(Clause::kMust58);
    return;
  }
  cover_sent_text(segment);
}

// RFC 2883 §4: the first block tells what came twice.
void Rules::cover_sent_duplicate() {
  hit(Clause::kRfc2883_1);
  hit(Clause::kRfc2883_2);  // sent() forgets it: the next ACK does not tell it again
  if (!duplicate_->block.left.before(tcb_.rcv.nxt)) hit(Clause::kRfc2883_3);
}

void Rules::cover_sent_syn(const Segment& segment) {
  const Options& options = segment.options;
  if (options.mss) {
    hit(Clause::kMust67);
    hit(Clause::kShld5);
    hit(Clause::kMay3);
  }
  if (options.window_scale) hit(Clause::kRfc7323Ws1);
  if (options.timestamps) hit(segment.flags.ack() ? Clause::kRfc7323Ts4 : Clause::kRfc7323Ts1);
  if (!tcb_.iss_known) return;
  hit(Clause::kMust22);
  hit(Clause::kRfc6298_2_1);
}

void Rules::cover_sent_text(const Segment& segment) {
  const bool again = is_repetition(segment);
  hit(Clause::kSmOut1);
  if (segment.flags.urg()) hit(Clause::kMust31);
  if (segment.flags.fin()) hit(Clause::kSmOut4);
  if (segment.flags.psh()) hit(Clause::kMust61);
  if (tcb_.snd.wnd > 0 && again && tcb_.snd.max_edge.after(tcb_.snd.una + tcb_.snd.wnd)) {
    hit(Clause::kShld16);
  }
  if (again) {
    hit(Clause::kRfc6298_5_0);
    hit(Clause::kRfc6298_1);
  }
  if (segment.text.empty()) return;
  hit(Clause::kSmOut3);
  hit(Clause::kMust16);
  hit(Clause::kMust60);
  hit(Clause::kRfc5681_1);
  if (!again) hit(Clause::kRfc7323Ws9);
  if (segment.text.size() == effective_mss()) hit(Clause::kShld28);
  if (segment.flags.psh() && segment.text.size() > 1) hit(Clause::kShld27);
}

}  // namespace synfin
