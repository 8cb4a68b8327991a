// Which cells a set-up has, and the segment of each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/atlas/atlas.h"
#include "harness/script/flat.h"

namespace synfin::atlas {

// A number that a class stands for: counted from IRS (SEQ) or ISS (ACK), modulo 2^32; of kAny, from
// whatever number the peer or nobody has chosen.
uint32_t seq_of(SeqClass seq, const Variables& variables);
uint32_t ack_of(AckClass ack, const Variables& variables);
// Octets of text.
uint32_t length_of(PayloadClass payload, const Variables& variables);

// The classes that are distinct numbers in a set-up, in the order of their enumerators. Where some
// coincide, the one that says the most about the connection stands for them: RCV.NXT and SND.UNA
// before all others, then SND.NXT and what is next to these.
std::vector<SeqClass> seq_classes(const Variables& variables);
std::vector<AckClass> ack_classes(const Variables& variables);  // of segments with ACK
std::vector<PayloadClass> payload_classes(const Variables& variables);

// The class that stands for `seq` in a set-up; nothing where it has none.
std::optional<SeqClass> representative(SeqClass seq, const Variables& variables);
std::optional<AckClass> representative(AckClass ack, const Variables& variables);

// All cells of a set-up. ECN and options vary slowest, then flags, payload, SEQ and ACK.
std::vector<Cell> cells_of(const Variables& variables, const With& with);

inline constexpr std::size_t kFlagSets = 64;  // URG, ACK, PSH, RST, SYN, FIN: all sets of them

// Octets that fit a packet beside the largest headers there are without IP options.
inline constexpr uint32_t kMostText = 65535 - 20 - 60;

// What the peer of every set-up announces as its window, in octets.
inline constexpr uint16_t kPeerWindow = 10000;

// What the peer of the set-ups that agree on timestamps puts into them.
inline constexpr uint32_t kSetUpTsval = 900;

// The segment of a cell: SEQ counted from IRS, ACK from ISS.
struct Stimulus {
  Flags flags;
  uint32_t seq = 0;
  uint32_t ack = 0;     // with ACK
  uint32_t length = 0;  // octets of text
  uint16_t window = 0;  // such that SND.WND stays what it is
  uint16_t urgent = 0;  // with URG: all the text is urgent (RFC 9293 §3.8.5, MUST-62)
  OptionClass options = OptionClass::kNone;
  // The number after its last.
  uint32_t end() const { return seq + length + (flags.syn() ? 1U : 0U) + (flags.fin() ? 1U : 0U); }
};
Stimulus stimulus_of(const Cell& cell, const Variables& variables);

// The options that a class stands for, as a program has them and as they are on the wire.
std::vector<script::OptionSpec> options_of(OptionClass options);
std::vector<uint8_t> option_octets(OptionClass options);

// "SYN ACK seq RCV.NXT ack SND.NXT+1 payload 1".
std::string describe(const Cell& cell);

// "SYN ACK", "no flags". The opposite takes any order and what a program writes ("S."), and gives
// nothing for other words.
std::string flags_text(Flags flags);
std::optional<Flags> find_flags(std::string_view text);

}  // namespace synfin::atlas
