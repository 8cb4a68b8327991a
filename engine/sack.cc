// Selective acknowledgments: RFC 2018, and RFC 2883 for what arrived twice. Our own as a receiver,
// which are made and judged from the same queue, and the peer's, which tell a sender what to spare.
#include <algorithm>

#include "engine/rules.h"

namespace synfin {
namespace {

// RFC 2018 §3: how many blocks fit beside timestamps, and without them.
constexpr std::size_t kBlocksBesideTimestamps = 3;

bool holds(const SackBlock& block, Seq seq) {
  return block.left.at_or_before(seq) && seq.before(block.right);
}

bool is_within(const SackBlock& inner, const SackBlock& outer) {
  return outer.left.at_or_before(inner.left) && inner.right.at_or_before(outer.right);
}

std::span<const SackBlock> blocks_of(const Segment& segment) {
  return std::span(segment.options.sack).first(segment.options.sack_count);
}

// RFC 2883 §5: the first block lies below the segment's own ACK, or within the second. SND.UNA has
// no say in it: segments may have overtaken each other.
bool reports_duplicate(std::span<const SackBlock> blocks, Seq ack) {
  if (blocks.empty()) return false;
  return blocks[0].right.at_or_before(ack) ||
         (blocks.size() > 1 && is_within(blocks[0], blocks[1]));
}

// Whether it is one of the ranges as a whole.
bool is_island(const RangeSet& queue, const SackBlock& block) {
  return std::find(queue.begin(), queue.end(), block) != queue.end();
}

}  // namespace

// --- the receiver's side -------------------------------------------------------------------------

// Before the queue takes it: which of the segment's text has come before. Of several such parts
// only the first is told (RFC 2883 §4.2). That it is owed is settled by what becomes of the
// segment.
void Rules::note_duplicate(const Segment& segment) {
  // One that was not told yet may still be, by an ACK that is late.
  if (duplicate_) told_late_ = duplicate_;
  duplicate_.reset();
  newest_.reset();
  if (!tcb_.sack || segment.flags.rst()) return;
  const Seq left = segment.seq;
  const Seq right = segment.text_seq() + static_cast<uint32_t>(segment.text.size());
  // Half way round the circle of numbers is as far behind as ahead: it may count as old.
  if (tcb_.rcv.nxt.after(left)) {
    const Seq with_fin = earlier(segment.end(), tcb_.rcv.nxt);
    const Seq end = earlier(right, tcb_.rcv.nxt);
    // A SYN or a FIN is no data, but it has a number that may be told.
    if (left == with_fin) return;
    if (end.before(right)) hit(Clause::kRfc2883_4);
    duplicate_ = {.block = {left, left == end ? with_fin : end},
                  .with_fin = with_fin,
                  .may_be_told = !left.before(tcb_.rcv.nxt)};
    return;
  }
  if (!left.in_window(tcb_.rcv.nxt, tcb_.rcv.wnd())) return;
  for (const SackBlock& range : queued_) {
    const bool ends_with_fin = fin_waits() && range.right == peer_fin_seq_;
    const Seq end = ends_with_fin ? range.right + 1 : range.right;
    const SackBlock both{later(left, range.left), earlier(right, range.right)};
    const Seq with_fin = earlier(segment.end(), end);
    if (both.left.before(both.right)) {
      if (both != SackBlock{left, right}) hit(Clause::kRfc2883_4);
      duplicate_ = {.block = both, .with_fin = with_fin};
      return;
    }
    if (both.left.before(with_fin)) {  // a FIN at the number of text, or text at that of a FIN
      duplicate_ = {.block = {both.left, with_fin}, .with_fin = with_fin, .may_be_told = true};
      return;
    }
  }
  // Where the FIN stood alone it is there again, or text in its place.
  if (fin_waits() && peer_fin_seq_.in_window(left, segment.len())) {
    duplicate_ = {.block = {peer_fin_seq_, peer_fin_seq_ + 1},
                  .with_fin = peer_fin_seq_ + 1,
                  .may_be_told = true};
  }
}

// What a block tells of text: a FIN that waits beyond a hole is none, but it has a number that may
// be told. Where text has come at that number too, the block is that of the text.
SackBlock Rules::without_fin(SackBlock block) const {
  if (fin_waits() && !queued_.contains(peer_fin_seq_) && block.left.before(block.right) &&
      block.right == peer_fin_seq_ + 1) {
    block.right = peer_fin_seq_;
  }
  return block;
}

bool Rules::is_fin_alone(const SackBlock& block) const {
  return block.left.before(block.right) && without_fin(block).left == without_fin(block).right;
}

const SackBlock* Rules::owed_dsack() const {
  const bool owed =
      profile_->dsack && duplicate_ && duplicate_->owed && due_.find(Due::kAck) != nullptr;
  return owed ? &duplicate_->block : nullptr;
}

std::span<const SackBlock> Rules::sack_blocks(std::array<SackBlock, 4>& storage) const {
  if (!tcb_.sack || state_ == State::kTimeWait) return {};
  if (queued_.empty() && !duplicate_) return {};
  const std::size_t most = tcb_.timestamps ? kBlocksBesideTimestamps : storage.size();
  std::size_t count = 0;
  if (const SackBlock* block = owed_dsack()) storage[count++] = *block;
  std::array<SeqRange, Options::kMaxSackBlocks> ranges;
  const uint32_t islands = queued_.recent(std::span(ranges).first(most - count));
  for (uint32_t i = 0; i < islands; ++i) storage[count++] = {ranges[i].left, ranges[i].right};
  return std::span(storage).first(count);
}

void Rules::sack_findings(const Segment& segment, Findings& out) const {
  // An ACK that later arrivals have overtaken tells of a queue that was.
  if (!tcb_.sack || state_ == State::kTimeWait || segment.ack != tcb_.rcv.nxt) return;
  const auto complain = [&out](Clause clause, std::string_view sentence) {
    out.add({.clause = clause, .field = Field::kOptions, .sentence = sentence});
  };
  auto blocks = blocks_of(segment);
  const bool exact = duplicate_ && !blocks.empty() && duplicate_->is(blocks[0]);
  const bool late = told_late_ && !blocks.empty() && told_late_->is(blocks[0]);
  const bool again =
      !blocks.empty() && std::find(blocks.begin() + 1, blocks.end(), blocks[0]) != blocks.end();
  const bool island =
      !blocks.empty() && (is_island(queued_, without_fin(blocks[0])) || is_fin_alone(blocks[0]));
  const bool reports = reports_duplicate(blocks, segment.ack) || (exact && (!island || again));
  if (reports && late) {
    // The ACK of what came before.
  } else if (reports && !exact && blocks[0].right.after(tcb_.rcv.edge)) {
    complain(Clause::kRfc2018_10, "a SACK block that ends beyond the window");
  } else if (duplicate_ && reports) {
    if (!exact) complain(Clause::kRfc2883_4, "the D-SACK block is not what arrived twice");
  } else if (reports) {
    complain(Clause::kRfc2883_2, "a D-SACK block though the last segment brought nothing twice");
  } else if (owed_dsack() != nullptr) {
    complain(Clause::kRfc2883_1, "no D-SACK block for text that arrived twice");
  }
  if (reports) blocks = blocks.subspan(1);
  if (duplicate_ && reports && !late && !tcb_.rcv.nxt.after(duplicate_->block.left) &&
      (blocks.empty() || !holds(blocks[0], duplicate_->block.left))) {
    complain(Clause::kRfc2883_3, "the second block does not hold what the first says came twice");
  } else if (!reports && newest_ && !blocks.empty() && !holds(blocks[0], *newest_)) {
    complain(Clause::kRfc2018_4, "the first SACK block does not hold the segment that came last");
  }
  island_findings(blocks, reports, out);
}

// The blocks other than that of RFC 2883: each is an island of the queue, and there are as many as
// fit.
void Rules::island_findings(std::span<const SackBlock> blocks, bool one_taken,
                            Findings& out) const {
  const auto complain = [&out](Clause clause, std::string_view sentence) {
    out.add({.clause = clause, .field = Field::kOptions, .sentence = sentence});
  };
  std::size_t islands = queued_.size();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const SackBlock text = without_fin(blocks[i]);
    if (is_fin_alone(blocks[i])) {
      ++islands;
    } else if (!text.left.before(text.right) || !queued_.covers(text.left, text.right)) {
      complain(Clause::kRfc2018_10, text.right.after(tcb_.rcv.edge)
                                        ? "a SACK block that ends beyond the window"
                                        : "a SACK block with text that is not in the queue");
    } else if (!is_island(queued_, text)) {
      complain(Clause::kRfc2018_4, "a SACK block that is not all of the contiguous text");
    } else if (std::find(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(i),
                         blocks[i]) != blocks.begin() + static_cast<std::ptrdiff_t>(i)) {
      complain(Clause::kRfc2018_5, "the same SACK block twice");
    }
  }
  const std::size_t room =
      (tcb_.timestamps ? kBlocksBesideTimestamps : Options::kMaxSackBlocks) - (one_taken ? 1U : 0U);
  if (blocks.size() >= std::min<std::size_t>(room, islands)) return;
  if (blocks.empty() && !one_taken) {
    complain(Clause::kRfc2018_3, "an ACK without SACK though text is queued beyond RCV.NXT");
  } else {
    complain(Clause::kRfc2018_5, "fewer SACK blocks than there are islands and room");
  }
}

// --- the sender's side ---------------------------------------------------------------------------

// RFC 2018 §5: what the peer holds is remembered, and spared. A block that tells of a hole may also
// tell of a loss before three duplicate acknowledgments have come: RFC 6675 §4 counts octets and
// blocks, RFC 8985 takes time. By RFC 2018 §5.1 one segment out of order is no loss yet.
void Rules::take_sack(const Segment& segment) {
  if (!tcb_.sack) return;
  auto blocks = blocks_of(segment);
  if (!blocks.empty() && blocks[0].right.at_or_before(tcb_.snd.una)) hit(Clause::kRfc2883_5);
  if (reports_duplicate(blocks, segment.ack)) blocks = blocks.subspan(1);
  for (const SackBlock& block : blocks) {
    // Who holds what stands at SND.UNA would acknowledge it.
    if (block.left.at_or_before(tcb_.snd.una) || block.right.after(tcb_.snd.nxt)) continue;
    hit(Clause::kRfc2018_7);
    sacked_.add(block.left, block.right);
  }
  constexpr uint32_t kDuplicates = 3;  // DupThresh
  const bool many = sacked_.size() >= kDuplicates ||
                    sacked_.total() > (kDuplicates - 1) * uint32_t{tcb_.send_mss};
  if (sacked_.empty() || !(many || profile_->time_based_loss)) return;
  recovering_ = true;
  recover_ = tcb_.snd.nxt;
}

// What the peer holds is skipped, until a timeout.
bool Rules::repeats_sacked(Time now, const Segment& segment) const {
  return is_repetition(segment) && sacked_.covers(segment.seq, segment.end()) &&
         now < front_sent_at_ + profile_->rto_min - profile_->clock_granularity;
}

// After a timeout the peer is no longer trusted to have kept what it reported (RFC 2018 §5, §8).
void Rules::forget_sacked() {
  if (sacked_.empty()) return;
  hit(Clause::kRfc2018_8);
  sacked_.clear();
}

}  // namespace synfin
