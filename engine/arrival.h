// An arriving segment as §3.10.7.4 step 1 idealises it: without the octets outside the window.
#pragma once

#include <cstdint>
#include <span>

#include "engine/rules.h"
#include "engine/segment.h"

namespace synfin {

struct Rules::Arrival {
  explicit Arrival(const Segment& whole)
      : segment(&whole),
        seq(whole.seq),
        text(whole.text),
        syn(whole.flags.syn()),
        fin(whole.flags.fin()) {}

  // Takes the SYN off the front.
  void trim_syn() {
    if (!syn) return;
    syn = false;
    seq = seq + 1;
  }

  void drop_text() {
    text = {};
    fin = false;
  }

  // Cuts off what lies before `left` and what lies at or after `right`.
  void trim_to(Seq left, Seq right) {
    if (seq.before(left)) {
      trimmed_left = true;
      trim_syn();
      const uint32_t old = seq.before(left) ? Seq::distance(seq, left) : 0;
      const auto cut = old < text.size() ? old : static_cast<uint32_t>(text.size());
      text = text.subspan(cut);
      seq = seq + cut;
      if (seq.before(left)) fin = false;  // the FIN itself is old
    }
    const Seq text_start = syn ? seq + 1 : seq;
    const uint32_t room = text_start.before(right) ? Seq::distance(text_start, right) : 0;
    if (text.size() > room) {
      text = text.first(room);
      fin = false;
    } else if (fin && text.size() == room) {
      fin = false;  // the FIN stands on the edge, outside
    }
  }

  const Segment* segment;
  Seq seq;  // of the first octet that is left
  std::span<const uint8_t> text;
  bool syn;
  bool fin;
  bool trimmed_left = false;
  bool at_edge = false;           // not acceptable, but Rules::is_at_edge()
  Clause test = Clause::kSmAcc7;  // step 1: which of the tests it was put to
};

}  // namespace synfin
