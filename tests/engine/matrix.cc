#include "tests/engine/matrix.h"

#include <algorithm>
#include <array>

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<uint8_t, 20> kText{'0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
                                        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'};

// --- the events ----------------------------------------------------------------------------------

template <CallStatus (*Call)(Lab&)>
std::string_view call(Lab& lab, Segment&) {
  return to_string(Call(lab));
}

CallStatus open_passive(Lab& lab) { return lab.tcp.open_passive(lab.now, Lab::kIss); }
CallStatus open_active(Lab& lab) { return lab.tcp.open_active(lab.now, Lab::kIss); }
CallStatus send(Lab& lab) { return lab.send("text"); }
CallStatus close(Lab& lab) { return lab.tcp.close(lab.now, CloseKind::kSending); }
CallStatus close_both(Lab& lab) { return lab.tcp.close(lab.now, CloseKind::kBoth); }
CallStatus abort(Lab& lab) { return lab.tcp.abort(lab.now); }
CallStatus receive(Lab& lab) {
  std::array<uint8_t, 100> buffer;
  std::size_t got = 0;
  return lab.tcp.receive(lab.now, buffer, got);
}

// A segment of the peer with these control bits, its SEQ and ACK so far from what they would be
// next, and so many octets of text.
template <unsigned Flags, int Seq = 0, int Ack = 0, unsigned Text = 0>
std::string_view segment(Lab& lab, Segment& out) {
  out = lab.next(Flags);
  out.seq += static_cast<uint32_t>(Seq);
  out.ack += static_cast<uint32_t>(Ack);
  out.text = std::span(kText).first(Text);
  if (out.flags.urg()) out.up = Text;
  lab.arrive(out);
  return "";
}

// An acknowledgment of nothing that is not acknowledged yet.
template <unsigned Flags>
std::string_view duplicate(Lab& lab, Segment& out) {
  out = lab.next(Flags);
  if (lab.tcb().iss_known) out.ack = lab.tcb().snd.una;
  lab.arrive(out);
  return "";
}

// The peer's SYN, once more; and what ends at RCV.NXT, once more.
template <unsigned Flags>
std::string_view repeated_syn(Lab& lab, Segment& out) {
  out = lab.next(Flags);
  if (lab.tcb().irs_known) out.seq = lab.tcb().rcv.irs;
  lab.arrive(out);
  return "";
}

std::string_view retransmission_timeout(Lab& lab, Segment&) {
  // The first timeout is at 1 s, or at 3 s after a handshake that was repeated.
  lab.wait(milliseconds(1500));
  return "";
}

std::string_view user_timeout(Lab& lab, Segment&) {
  lab.send("text");
  lab.take();
  lab.tcp.set_user_timeout(lab.now, milliseconds(500));
  lab.wait(milliseconds(600));
  return "";
}

std::string_view last_retransmission(Lab& lab, Segment&) {
  lab.send("text");
  for (int i = 0; i < 100 && lab.state() != State::kClosed; ++i) {
    lab.wait(seconds(60));
    const auto sent = lab.take();
    if (sent.empty()) break;
  }
  return "";
}

std::string_view two_msl(Lab& lab, Segment&) {
  if (lab.state() == State::kTimeWait) lab.wait(2 * plain_profile().msl);
  return "";
}

}  // namespace

const std::vector<MatrixEvent>& matrix_events() {
  static const std::vector<MatrixEvent> kEvents = {
      {"OPEN, passive", call<open_passive>},
      {"OPEN, active", call<open_active>},
      {"SEND", call<send>},
      {"RECEIVE", call<receive>},
      {"CLOSE", call<close>},
      {"CLOSE, both ways", call<close_both>},
      {"ABORT", call<abort>},
      {"SYN", segment<kSyn>},
      {"SYN, with text", segment<kSyn, 0, 0, 4>},
      {"SYN, repeated", repeated_syn<kSyn>},
      {"SYN, outside", segment<kSyn, 5000>},
      {"SYN|ACK", segment<kSyn | kAck>},
      {"SYN|ACK, text", segment<kSyn | kAck, 0, 0, 4>},
      {"SYN|ACK, repeated", repeated_syn<kSyn | kAck>},
      {"SYN|ACK, ACK high", segment<kSyn | kAck, 0, 500>},
      {"SYN|FIN", segment<kSyn | kFin>},
      {"SYN|RST", segment<kSyn | kRst>},
      {"ACK", segment<kAck>},
      {"ACK, duplicate", duplicate<kAck>},
      {"ACK, too high", segment<kAck, 0, 500>},
      {"ACK, too old", segment<kAck, 0, -9000>},
      {"ACK, SEQ in window", segment<kAck, 10>},
      {"ACK, SEQ outside", segment<kAck, 5000>},
      {"ACK, SEQ old", segment<kAck, -1>},
      {"FIN|ACK", segment<kFin | kAck>},
      {"FIN|ACK, ACK old", duplicate<kFin | kAck>},
      {"FIN|ACK, text", segment<kFin | kAck, 0, 0, 4>},
      {"FIN|ACK, after a gap", segment<kFin | kAck, 10>},
      {"FIN|ACK, repeated", segment<kFin | kAck, -1>},
      {"FIN", segment<kFin>},
      {"RST", segment<kRst>},
      {"RST|ACK", segment<kRst | kAck>},
      {"RST|ACK, too high", segment<kRst | kAck, 0, 500>},
      {"RST, in window", segment<kRst, 10>},
      {"RST, outside", segment<kRst, 5000>},
      {"RST, old", segment<kRst, -1>},
      {"text", segment<kAck, 0, 0, 4>},
      {"text, ACK old",
       [](Lab& lab, Segment& out) {
         out = lab.next();
         if (lab.tcb().iss_known) out.ack = lab.tcb().snd.una;
         out.text = std::span(kText).first(4);
         lab.arrive(out);
         return std::string_view();
       }},
      {"text, after a gap", segment<kAck, 10, 0, 4>},
      {"text, partly old", segment<kAck, -2, 0, 4>},
      {"text, old", segment<kAck, -4, 0, 4>},
      {"text, outside", segment<kAck, 5000, 0, 4>},
      {"text, no ACK", segment<0, 0, 0, 4>},
      {"text, urgent", segment<kAck | kUrg, 0, 0, 4>},
      {"no flags", segment<0>},
      {"all flags", segment<0xff>},
      {"retransm. timeout", retransmission_timeout},
      {"user timeout", user_timeout},
      {"R2", last_retransmission},
      {"2 MSL", two_msl},
  };
  return kEvents;
}

// --- a cell --------------------------------------------------------------------------------------

namespace {

std::string control_bits(Flags flags) {
  std::string out;
  const auto add = [&](ControlBit bit, std::string_view name) {
    if (flags.has(bit)) out.append(out.empty() ? "" : ",").append(name);
  };
  add(kSyn, "SYN");
  add(kFin, "FIN");
  add(kRst, "RST");
  add(kUrg, "URG");
  add(kAck, "ACK");
  return out;
}

// How RFC 9293 would write the number. All that are named here are different numbers, unless they
// mean the same.
class Names {
 public:
  void add(Seq value, std::string name) {
    for (const auto& [known, other] : names_) {
      if (known == value) return;
    }
    names_.emplace_back(value, std::move(name));
  }
  std::string of(Seq value) const {
    for (const auto& [known, name] : names_) {
      if (known == value) return name;
    }
    return std::to_string(value.value());
  }

 private:
  std::vector<std::pair<Seq, std::string>> names_;
};

std::string show(const Segment& out, const Names& seqs, const Names& acks) {
  std::string text = "<SEQ=" + seqs.of(out.seq) + ">";
  if (out.flags.ack()) text += "<ACK=" + acks.of(out.ack) + ">";
  text += "<CTL=" + control_bits(out.flags) + ">";
  if (!out.text.empty()) text += "<" + std::to_string(out.text.size()) + " octets>";
  return text;
}

void join(std::string& text, const std::string& part) {
  if (!text.empty()) text += "; ";
  text += part;
}

// SEQ and ACK of answers are named by what the TCB was before the event and is after it.
void name_all(Names& seqs, Names& acks, const Tcb& before, const Tcb& after,
              const Segment& segment) {
  if (after.iss_known && after.snd.iss != Lab::kIss) seqs.add(after.snd.iss, "new ISS");
  seqs.add(before.iss_known || after.iss_known ? Lab::kIss : Seq(1), "ISS");
  if (before.iss_known) {
    seqs.add(before.snd.nxt, "SND.NXT");
    seqs.add(before.snd.una, "SND.UNA");
    seqs.add(before.snd.nxt + 4, "SND.NXT+4");
  }
  if (after.iss_known) seqs.add(after.snd.nxt, "SND.NXT");
  if (segment.flags.ack()) seqs.add(segment.ack, "SEG.ACK");
  seqs.add(Seq(0), "0");
  if (after.irs_known) acks.add(after.rcv.nxt, "RCV.NXT");
  if (segment.flags.bits != 0 || !segment.text.empty()) {
    acks.add(segment.end(), "SEG.SEQ+SEG.LEN");
  } else {
    acks.add(segment.end(), "SEG.SEQ");
  }
}

}  // namespace

std::string matrix_cell(const Profile& profile, Place place, const MatrixEvent& event) {
  Lab lab(profile);
  lab.go_to(place);
  const Tcb before = lab.tcb();
  const State from = lab.state();
  Segment segment;
  std::string cell(event.happen(lab, segment));
  std::vector<Kept> sent = lab.take();
  Names seqs;
  Names acks;
  name_all(seqs, acks, before, lab.tcb(), segment);
  Names reset_seqs;
  if (segment.flags.ack()) reset_seqs.add(segment.ack, "SEG.ACK");
  for (const Seq seq : {before.snd.nxt, Seq(0)}) reset_seqs.add(seq, seqs.of(seq));
  for (Kept& kept : sent) {
    join(cell, show(kept.get(), kept.segment.flags.rst() ? reset_seqs : seqs, acks));
  }
  if (lab.state() != from) join(cell, "to " + std::string(synfin::to_string(lab.state())));
  for (const Signal signal : lab.take_signals()) {
    join(cell, "signals " + std::string(to_string(signal)));
  }
  if (const std::size_t readable = lab.tcp.rules().readable(); readable > 0) {
    join(cell, std::to_string(readable) + " octets to read");
  }
  return cell.empty() ? "-" : cell;
}

// --- the table -----------------------------------------------------------------------------------

namespace {

std::string line_of(const MatrixEvent& event, const std::string& cell) {
  std::string name(event.name);
  name.resize(22, ' ');
  return name + cell + "\n";
}

}  // namespace

std::string matrix(const Profile& profile) {
  std::string out;
  for (const Place place : kPlaces) {
    out.append("\n").append(to_string(place)).append("\n");
    for (const MatrixEvent& event : matrix_events()) {
      out += "  " + line_of(event, matrix_cell(profile, place, event));
    }
  }
  return out;
}

std::string matrix_difference(const Profile& a, const Profile& b) {
  std::string out;
  for (const Place place : kPlaces) {
    std::string lines;
    for (const MatrixEvent& event : matrix_events()) {
      const std::string of_a = matrix_cell(a, place, event);
      const std::string of_b = matrix_cell(b, place, event);
      if (of_a != of_b) lines += "- " + line_of(event, of_a) + "+ " + line_of(event, of_b);
    }
    if (!lines.empty()) out.append("\n").append(to_string(place)).append("\n").append(lines);
  }
  return out;
}

}  // namespace synfin::testing
