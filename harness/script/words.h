// The fixed words of the language, shared by the parser and the printer. Calls, constants, error
// names and ICMP types are in symbols.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace synfin::script {

// By proto::Number::Base (a test compares), which starts with LITERAL and ends with ABSOLUTE.
inline constexpr std::array<std::string_view, 10> kBaseNames = {
    "", "ISS", "IRS", "SND.UNA", "SND.NXT", "SND.WND", "SND.MAX.WND", "RCV.NXT", "RCV.WND", ""};

// The lowest of the four reserved bits has the letter A (AE, RFC 9768).
inline constexpr uint32_t kAccurateEcnBit = 1;

inline constexpr std::array<std::string_view, 6> kEcnNames = {"",     "noecn", "ect0",
                                                              "ect1", "ce",    "ect01"};

// The option kinds that packetdrill has a word for and that we keep as octets.
inline constexpr uint8_t kKindMd5 = 19;
inline constexpr uint8_t kKindFastOpen = 34;
inline constexpr uint8_t kKindAccurateEcn0 = 172;
inline constexpr uint8_t kKindAccurateEcn1 = 174;
inline constexpr uint8_t kKindExperimental = 254;
inline constexpr std::string_view kFastOpenMagic = "\xf9\x89";

inline constexpr int64_t kMaxSequence = 0xffffffff;
inline constexpr int64_t kMaxSeconds = 1'000'000'000;
inline constexpr int64_t kNanoseconds = 1'000'000'000;

}  // namespace synfin::script
