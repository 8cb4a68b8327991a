// One line of text for a segment, as packetdrill and tcpdump write it:
//
//   S. seq 0 ack 1 win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
//   P. seq 1:101(100) ack 1 win 256
//   . seq 1 ack 1 win 256 {sum=bad off=4}
//
// What is wrong with a packet follows in braces, as a script writes it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "engine/segment.h"
#include "harness/wire/codec.h"
#include "harness/wire/packet.h"

namespace synfin::wire {

// What sequence numbers are counted from: the ISNs of a packet's sender and of its receiver. With
// zeros, numbers are those on the wire. Where there is none a number is that on the wire, and says
// so as a script does: "=3735928559".
struct Isns {
  std::optional<Seq> sender = Seq(0);
  std::optional<Seq> receiver = Seq(0);

  // For the packets of the other direction.
  Isns reversed() const { return {.sender = receiver, .receiver = sender}; }
};

// The letters of the control bits in the order in which they are written. ACK, the dot, comes last.
inline constexpr std::array<std::pair<char, ControlBit>, 7> kFlagLetters = {
    {{'S', kSyn}, {'F', kFin}, {'R', kRst}, {'P', kPsh}, {'U', kUrg}, {'E', kEce}, {'W', kCwr}}};

// `number` as it counts from `isn`: "17", or "=3735928559" where there is none.
std::string number_text(std::optional<Seq> isn, Seq number);

// "S", "FP."; "-" when no bit is set.
std::string to_text(Flags flags);

// One option that takes all of `octets`, as in "mss 1460". One of another kind, or whose length is
// not its kind's, is written in octets: "opt 2 len 3 0x05". SACK blocks are numbers of the packet's
// receiver.
std::string option_text(std::span<const uint8_t> octets, Seq receiver_isn = Seq(0));

// All options between commas, without brackets. What no walk can tell apart, after a length that
// does not fit or after an EOL, is one more "opt". Zeros that pad to a multiple of four are left
// out. So the text always stands for the same octets.
std::string options_text(std::span<const uint8_t> octets, Seq receiver_isn = Seq(0));

// "{sum=bad off=4 res=1 trunc=12 iplen=40}"; empty when nothing is wrong.
std::string to_text(const Malformation& malformation);

// A packet that was received. In braces: a checksum that does not verify, reserved bits.
std::string to_text(const Decoded& packet, const Isns& isns = {});

// A packet to send.
std::string to_text(const Packet& packet, const Isns& isns = {});

}  // namespace synfin::wire
