// Explicit congestion notification: RFC 3168, which SHLD-8 asks for.
#include "engine/rules.h"

namespace synfin {

// A segment in the window whose ACK was acceptable. A CWR ends the echo of the marks before it, and
// a mark on the same packet begins a new one (§6.1.3). An ECE that acknowledges nothing beyond what
// was out when the window was last reduced tells of the same congestion (§6.1.2).
void Rules::take_congestion_marks(const Segment& segment) {
  if (!tcb_.ecn) return;
  if (segment.flags.has(kCwr)) tcb_.ecn_echo = false;
  if (segment.ecn == Ecn::kCe && !segment.text.empty()) tcb_.ecn_echo = true;
  if (!segment.flags.has(kEce) || segment.flags.syn()) return;
  // A SYN is not ECN-capable (§6.1.1): before any text nothing can have met with congestion.
  if (tcb_.snd.nxt.at_or_before(tcb_.snd.iss + 1)) return;
  if (tcb_.ecn_reduced || segment.ack.at_or_before(tcb_.ecn_recover)) return;
  tcb_.ecn_reduced = true;
}

// What is sent. That text is ECN-capable, and that a window is reduced for other reasons, is the
// sender's choice.
void Rules::ecn_findings(Time now, const Segment& segment, Findings& out) const {
  if (!profile_->ecn) return;
  const auto complain = [&out](Field field, std::string_view sentence) {
    out.add({.clause = Clause::kShld8, .field = field, .sentence = sentence});
  };
  const bool ece = segment.flags.has(kEce);
  // §6.1.5, §6.1.6: neither what goes again nor a probe of a closed window.
  const bool again = segment.seq.before(tcb_.snd.nxt) || is_probe(now, segment);
  const bool capable = segment.ecn != Ecn::kNotEct;
  if (capable && (segment.text.empty() || segment.flags.syn() || again || !tcb_.ecn)) {
    complain(Field::kSegment, "ECN-capable though it is no new text of a connection with ECN");
  }
  if (segment.flags.syn()) {
    if (segment.flags.ack() && segment.flags.sets_up_ecn() && !tcb_.peer_offered.ecn) {
      complain(Field::kFlags, "an ECN-setup SYN,ACK though the SYN did not ask for ECN");
    }
    return;
  }
  if (ece && !tcb_.ecn_echo) {
    complain(Field::kFlags, "ECE though no CE mark has come that was not answered by CWR");
  }
  // §6.1.1 has no echo in TIME-WAIT; whether that is so for the ACK of the FIN that leads there,
  // who sends it before the state changes is not told.
  if (!ece && tcb_.ecn && tcb_.ecn_echo) {
    complain(Field::kFlags, "no ECE though a CE mark has come and no CWR");
  }
  const bool cwr = segment.flags.has(kCwr);
  if (cwr && !tcb_.ecn) complain(Field::kFlags, "CWR without ECN");
  if (!cwr && tcb_.ecn_reduced && !segment.text.empty() && !again) {
    complain(Field::kFlags, "new text without CWR after an ECE");
  }
}

// CWR has told of the reduction, in new text.
void Rules::sent_ecn(const Segment& segment) {
  if (!tcb_.ecn_reduced || !segment.flags.has(kCwr) || segment.seq.before(tcb_.snd.nxt)) return;
  tcb_.ecn_reduced = false;
  tcb_.ecn_recover = segment.seq;
}

}  // namespace synfin
