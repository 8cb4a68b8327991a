// The dimensions of the atlas: the classes of SEQ, ACK and payload that a segment is made of.
//
// A class says where a number stands among the variables of the connection; what that is on the
// wire follows from the variables of a set-up. Classes that are the same number there coincide.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace synfin::atlas {

enum class SeqClass : uint8_t {
  kAny,  // the stack expects no number yet: one stands for all
  kIrs,
  kLeftBefore,   // RCV.NXT-1
  kLeft,         // RCV.NXT
  kLeftAfter,    // RCV.NXT+1
  kMiddle,       // RCV.NXT+RCV.WND/2
  kRightBefore,  // RCV.NXT+RCV.WND-1, the last number in the window
  kRight,        // RCV.NXT+RCV.WND
  kRightAfter,   // RCV.NXT+RCV.WND+1
  kOpposite,     // RCV.NXT+2^31
};
inline constexpr std::size_t kSeqClasses = 10;

enum class AckClass : uint8_t {
  kNone,       // the ACK bit is off
  kAny,        // the stack has sent no number yet: one stands for all
  kTooOld,     // SND.UNA-MAX.SND.WND-1 (RFC 5961 §5.2)
  kOldest,     // SND.UNA-MAX.SND.WND
  kUnaBefore,  // SND.UNA-1
  kUna,        // SND.UNA
  kBetween,    // halfway from SND.UNA to SND.NXT
  kNxt,        // SND.NXT
  kNxtAfter,   // SND.NXT+1: of what was never sent
  kOpposite,   // SND.NXT+2^31
};
inline constexpr std::size_t kAckClasses = 10;

enum class PayloadClass : uint8_t {
  kEmpty,
  kOne,           // one octet
  kStraddling,    // two octets, of which the first stands before RCV.NXT: its SEQ is RCV.NXT-1
  kBeyondWindow,  // RCV.WND+1 octets, where a packet holds them
};
inline constexpr std::size_t kPayloadClasses = 4;

// RFC 3168 §6.1: the two bits beside the six.
enum class EcnClass : uint8_t { kNone, kEce, kCwr, kBoth };
inline constexpr std::size_t kEcnClasses = 4;

enum class OptionClass : uint8_t {
  kNone,
  kTimestamps,     // later ones than any of a set-up
  kOldTimestamps,  // earlier ones than any of a set-up
  kBadLength,      // a length octet that runs beyond the header
  kUnknown,        // an option of an experiment (RFC 4727) that no stack knows, well-formed
};
inline constexpr std::size_t kOptionClasses = 5;

// Dimensions beyond flags, SEQ, ACK and payload.
struct With {
  bool ecn = false;
  bool options = false;
  friend bool operator==(const With&, const With&) = default;
};

// "RCV.NXT+RCV.WND-1": as a program writes the class, where it can. kMiddle and kBetween are words,
// "middle" and "between", as are "any" and "none".
std::string_view to_string(SeqClass seq);
std::string_view to_string(AckClass ack);
// "0", "1", "straddling", "window+1".
std::string_view to_string(PayloadClass payload);
// "none", "ECE", "CWR", "ECE,CWR".
std::string_view to_string(EcnClass ecn);
// "none", "timestamps", "old-timestamps", "bad-length", "unknown".
std::string_view to_string(OptionClass options);

// The opposite; nothing for any other word.
std::optional<SeqClass> find_seq_class(std::string_view text);
std::optional<AckClass> find_ack_class(std::string_view text);
std::optional<PayloadClass> find_payload_class(std::string_view text);
std::optional<EcnClass> find_ecn_class(std::string_view text);
std::optional<OptionClass> find_option_class(std::string_view text);

}  // namespace synfin::atlas
