// Obligations: segments that the rules say must be sent, by when, and under which clause.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/clause.h"
#include "engine/segment.h"
#include "engine/time.h"

namespace synfin {

enum class Due : uint8_t {
  kSyn,         // <SEQ=ISS><CTL=SYN>
  kSynAck,      // <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>
  kAck,         // <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>, alone or with text or FIN
  kReset,       // exactly the RST in seq, ack, flags
  kText,        // queued text or FIN that nothing holds back
  kRetransmit,  // the front of the retransmission queue
  kProbe,       // a zero-window probe
};

// Which timestamps a RST should have (RFC 7323 §5.2).
enum class Stamp : uint8_t {
  kNone,
  kOwn,   // of the connection that is aborted
  kEcho,  // TSval 0, TSecr the TSval of the segment that caused it
};

struct Obligation {
  Due due = Due::kAck;
  Clause clause = Clause::kSmOut5;
  Time by{};  // the segment is late after this
  Seq seq{};  // kReset only: the segment's fields
  Seq ack{};
  Flags flags{};
  Stamp stamp = Stamp::kNone;
  uint32_t echo = 0;  // with Stamp::kEcho
};

// A few obligations in place. Those of one kind but kReset are one: the earliest time stands, since
// one segment answers them all (RFC 9293 §3.10.7.4, MUST-58).
class Obligations {
 public:
  static constexpr std::size_t kCapacity = 8;

  // When all places are taken the oldest RST is forgotten: a flood owes no more than it can show.
  void add_reset(const Obligation& reset);
  // Of the other kinds, which the time and the clause say all about.
  void add(Due due, Clause clause, Time by) {
    if (!has(due)) {
      append(due, clause, by);
    } else if (by < find(due)->by) {
      set(due, clause, by);
    }
  }
  // Keeps one of this kind, with this time: replaces what stands.
  void set(Due due, Clause clause, Time by) {
    if (!has(due)) return append(due, clause, by);
    Obligation& same = items_[index_of(due)];
    same.clause = clause;
    same.by = by;
  }
  void remove(Due due) {
    if (has(due)) remove_present(due);
  }
  void remove_at(std::size_t index);
  // Those that may come and do not have to, of a connection that is gone.
  void forget_permitted_resets();
  void clear() { size_ = kinds_ = 0; }

  const Obligation* find(Due due) const { return has(due) ? &items_[index_of(due)] : nullptr; }
  std::span<const Obligation> all() const { return {items_.data(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  static uint8_t bit(Due due) { return static_cast<uint8_t>(1U << static_cast<unsigned>(due)); }
  bool has(Due due) const { return (kinds_ & bit(due)) != 0; }
  // Of the first of this kind, which is there.
  std::size_t index_of(Due due) const {
    std::size_t index = 0;
    while (items_[index].due != due) ++index;
    return index;
  }
  // Written where it stands: one that is made elsewhere and copied costs more than all the rest.
  void append(Due due, Clause clause, Time by) {
    if (size_ == kCapacity && !forget_reset()) return;
    Obligation& fresh = items_[size_++];
    fresh.due = due;
    fresh.clause = clause;
    fresh.by = by;
    kinds_ |= bit(due);
  }
  bool forget_reset();
  void remove_present(Due due);

  std::array<Obligation, kCapacity> items_{};
  uint8_t size_ = 0;
  uint8_t kinds_ = 0;  // a bit for each kind that is there: most questions need no search
};

}  // namespace synfin
