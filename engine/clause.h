// The single list of the rules: their IDs, levels and sections.
//
// IDs are RFC 9293's own (MUST-10, SHLD-3, MAY-2, REC-1), ours where it leaves a rule unnumbered
// (SM-LISTEN-2), and RFCnnnn-* for the other RFCs. What each rule says stands in
// specs/requirements.textproto; a test compares the two lists.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace synfin {

// How strongly a rule binds. Lower-case "should" and RECOMMENDED count as kShould.
enum class Level : uint8_t { kMust, kMustNot, kShould, kShouldNot, kMay };

// "MUST NOT": as the RFCs write it.
constexpr std::string_view to_string(Level level) {
  constexpr std::array<std::string_view, 5> kNames = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT",
                                                      "MAY"};
  return kNames[static_cast<std::size_t>(level)];
}

// X(enumerator, ID, level, RFC, section)
// clang-format off
#define SYNFIN_CLAUSES(X) \
  X(kMust1, "MUST-1", kMust, 9293, "3.1") \
  X(kMust2, "MUST-2", kMust, 9293, "3.1") \
  X(kMust3, "MUST-3", kMust, 9293, "3.1") \
  X(kMust4, "MUST-4", kMust, 9293, "3.1") \
  X(kMust5, "MUST-5", kMust, 9293, "3.1") \
  X(kMust6, "MUST-6", kMust, 9293, "3.1") \
  X(kMust7, "MUST-7", kMust, 9293, "3.1") \
  X(kMust8, "MUST-8", kMust, 9293, "3.4.1") \
  X(kMust9, "MUST-9", kMust, 9293, "3.4.1") \
  X(kMust10, "MUST-10", kMust, 9293, "3.5") \
  X(kMust11, "MUST-11", kMust, 9293, "3.5") \
  X(kMust12, "MUST-12", kMust, 9293, "3.6") \
  X(kMust13, "MUST-13", kMust, 9293, "3.6.1") \
  X(kMust14, "MUST-14", kMust, 9293, "3.7.1") \
  X(kMust15, "MUST-15", kMust, 9293, "3.7.1") \
  X(kMust16, "MUST-16", kMust, 9293, "3.7.1") \
  X(kMust17, "MUST-17", kMust, 9293, "3.7.4") \
  X(kMust18, "MUST-18", kMust, 9293, "3.8.1") \
  X(kMust19, "MUST-19", kMust, 9293, "3.8.2") \
  X(kMust20, "MUST-20", kMust, 9293, "3.8.3") \
  X(kMust21, "MUST-21", kMust, 9293, "3.8.3") \
  X(kMust22, "MUST-22", kMust, 9293, "3.8.3") \
  X(kMust23, "MUST-23", kMust, 9293, "3.8.3") \
  X(kMust24, "MUST-24", kMust, 9293, "3.8.4") \
  X(kMust25, "MUST-25", kMust, 9293, "3.8.4") \
  X(kMust26, "MUST-26", kMust, 9293, "3.8.4") \
  X(kMust27, "MUST-27", kMust, 9293, "3.8.4") \
  X(kMust28, "MUST-28", kMust, 9293, "3.8.4") \
  X(kMust29, "MUST-29", kMust, 9293, "3.8.4") \
  X(kMust30, "MUST-30", kMust, 9293, "3.8.5") \
  X(kMust31, "MUST-31", kMust, 9293, "3.8.5") \
  X(kMust32, "MUST-32", kMust, 9293, "3.8.5") \
  X(kMust33, "MUST-33", kMust, 9293, "3.8.5") \
  X(kMust34, "MUST-34", kMust, 9293, "3.8.6") \
  X(kMust35, "MUST-35", kMust, 9293, "3.8.6") \
  X(kMust36, "MUST-36", kMust, 9293, "3.8.6.1") \
  X(kMust37, "MUST-37", kMust, 9293, "3.8.6.1") \
  X(kMust38, "MUST-38", kMust, 9293, "3.8.6.2.1") \
  X(kMust39, "MUST-39", kMust, 9293, "3.8.6.2.2") \
  X(kMust40, "MUST-40", kMust, 9293, "3.8.6.3") \
  X(kMust41, "MUST-41", kMust, 9293, "3.9.1.1") \
  X(kMust42, "MUST-42", kMust, 9293, "3.9.1.1") \
  X(kMust43, "MUST-43", kMust, 9293, "3.9.1.1") \
  X(kMust44, "MUST-44", kMust, 9293, "3.9.1.1") \
  X(kMust45, "MUST-45", kMust, 9293, "3.9.1.1") \
  X(kMust46, "MUST-46", kMust, 9293, "3.9.1.1") \
  X(kMust47, "MUST-47", kMust, 9293, "3.9.1.8") \
  X(kMust48, "MUST-48", kMust, 9293, "3.9.1.9") \
  X(kMust49, "MUST-49", kMust, 9293, "3.9.2") \
  X(kMust50, "MUST-50", kMust, 9293, "3.9.2") \
  X(kMust51, "MUST-51", kMust, 9293, "3.9.2.1") \
  X(kMust52, "MUST-52", kMust, 9293, "3.9.2.1") \
  X(kMust53, "MUST-53", kMust, 9293, "3.9.2.1") \
  X(kMust54, "MUST-54", kMust, 9293, "3.9.2.2") \
  X(kMust55, "MUST-55", kMust, 9293, "3.9.2.2") \
  X(kMust56, "MUST-56", kMustNot, 9293, "3.9.2.2") \
  X(kMust57, "MUST-57", kMust, 9293, "3.9.2.3") \
  X(kMust58, "MUST-58", kMust, 9293, "3.10.7.4") \
  X(kMust59, "MUST-59", kMust, 9293, "3.10.7.4") \
  X(kMust60, "MUST-60", kMustNot, 9293, "3.9.1.2") \
  X(kMust61, "MUST-61", kMust, 9293, "3.9.1.2") \
  X(kMust62, "MUST-62", kMust, 9293, "3.8.5") \
  X(kMust63, "MUST-63", kMust, 9293, "3.9.2.3") \
  X(kMust64, "MUST-64", kMust, 9293, "3.2") \
  X(kMust65, "MUST-65", kMustNot, 9293, "3.2") \
  X(kMust66, "MUST-66", kMust, 9293, "3.4") \
  X(kMust67, "MUST-67", kMust, 9293, "3.7.1") \
  X(kMust68, "MUST-68", kMust, 9293, "3.1") \
  X(kMust69, "MUST-69", kMust, 9293, "3.1") \
  X(kShld1, "SHLD-1", kShould, 9293, "3.4.1") \
  X(kShld2, "SHLD-2", kShould, 9293, "3.5.3") \
  X(kShld3, "SHLD-3", kShould, 9293, "3.6.1") \
  X(kShld4, "SHLD-4", kShould, 9293, "3.6.1") \
  X(kShld5, "SHLD-5", kShould, 9293, "3.7.1") \
  X(kShld6, "SHLD-6", kShould, 9293, "3.7.3") \
  X(kShld7, "SHLD-7", kShould, 9293, "3.7.4") \
  X(kShld8, "SHLD-8", kShould, 9293, "3.8.2") \
  X(kShld9, "SHLD-9", kShould, 9293, "3.8.3") \
  X(kShld10, "SHLD-10", kShould, 9293, "3.8.3") \
  X(kShld11, "SHLD-11", kShould, 9293, "3.8.3") \
  X(kShld12, "SHLD-12", kShould, 9293, "3.8.4") \
  X(kShld13, "SHLD-13", kShouldNot, 9293, "3.8.5/3.9.1.2") \
  X(kShld14, "SHLD-14", kShouldNot, 9293, "3.8.6") \
  X(kShld15, "SHLD-15", kShouldNot, 9293, "3.8.6") \
  X(kShld16, "SHLD-16", kShould, 9293, "3.8.6") \
  X(kShld17, "SHLD-17", kShouldNot, 9293, "3.8.6") \
  X(kShld18, "SHLD-18", kShould, 9293, "3.8.6.3") \
  X(kShld19, "SHLD-19", kShould, 9293, "3.8.6.3") \
  X(kShld20, "SHLD-20", kShould, 9293, "3.9.1.8") \
  X(kShld21, "SHLD-21", kShould, 9293, "3.9.1.9") \
  X(kShld22, "SHLD-22", kShould, 9293, "3.9.1.9") \
  X(kShld23, "SHLD-23", kShouldNot, 9293, "3.9.2") \
  X(kShld24, "SHLD-24", kShould, 9293, "3.9.2.1") \
  X(kShld25, "SHLD-25", kShould, 9293, "3.9.2.2") \
  X(kShld26, "SHLD-26", kShould, 9293, "3.9.2.2") \
  X(kShld27, "SHLD-27", kShould, 9293, "3.9.1.2") \
  X(kShld28, "SHLD-28", kShould, 9293, "3.9.1.2") \
  X(kShld29, "SHLD-29", kShould, 9293, "3.8.6.1") \
  X(kShld30, "SHLD-30", kShould, 9293, "3.8.6.1") \
  X(kShld31, "SHLD-31", kShould, 9293, "3.10.7.4") \
  X(kRec1, "REC-1", kShould, 9293, "3.1") \
  X(kMay1, "MAY-1", kMay, 9293, "3.6.1") \
  X(kMay2, "MAY-2", kMay, 9293, "3.6.1") \
  X(kMay3, "MAY-3", kMay, 9293, "3.7.1") \
  X(kMay4, "MAY-4", kMay, 9293, "3.8.1") \
  X(kMay5, "MAY-5", kMay, 9293, "3.8.4") \
  X(kMay6, "MAY-6", kMay, 9293, "3.8.4") \
  X(kMay7, "MAY-7", kMay, 9293, "3.8.6") \
  X(kMay8, "MAY-8", kMay, 9293, "3.8.6.1") \
  X(kMay9, "MAY-9", kMay, 9293, "3.9.1.9") \
  X(kMay10, "MAY-10", kMay, 9293, "3.9.2") \
  X(kMay11, "MAY-11", kMay, 9293, "3.9.2") \
  X(kMay12, "MAY-12", kMay, 9293, "3.10.7.4") \
  X(kMay13, "MAY-13", kMay, 9293, "3.10.7.4") \
  X(kMay14, "MAY-14", kMay, 9293, "3.9.1.7") \
  X(kMay15, "MAY-15", kMay, 9293, "3.9.1.2") \
  X(kMay16, "MAY-16", kMay, 9293, "3.9.1.2") \
  X(kMay17, "MAY-17", kMay, 9293, "3.9.1.3") \
  X(kMay18, "MAY-18", kMay, 9293, "3.8.2") \
  X(kSmHdr1, "SM-HDR-1", kMust, 9293, "3.1") \
  X(kSmAcc1, "SM-ACC-1", kMust, 9293, "3.4/3.10.7.4") \
  X(kSmAcc2, "SM-ACC-2", kMust, 9293, "3.4/3.10.7.4") \
  X(kSmAcc3, "SM-ACC-3", kMust, 9293, "3.4/3.10.7.4") \
  X(kSmAcc4, "SM-ACC-4", kMust, 9293, "3.4/3.10.7.4") \
  X(kSmAcc5, "SM-ACC-5", kShould, 9293, "3.10.7.4") \
  X(kSmAcc6, "SM-ACC-6", kMust, 9293, "3.10.7.4") \
  X(kSmAcc7, "SM-ACC-7", kMust, 9293, "3.10.7.4") \
  X(kSmClosed1, "SM-CLOSED-1", kMust, 9293, "3.10.7.1/3.5.2") \
  X(kSmClosed2, "SM-CLOSED-2", kMust, 9293, "3.10.7.1") \
  X(kSmClosed3, "SM-CLOSED-3", kMust, 9293, "3.10.7.1") \
  X(kSmListen1, "SM-LISTEN-1", kMust, 9293, "3.10.7.2") \
  X(kSmListen2, "SM-LISTEN-2", kMust, 9293, "3.10.7.2") \
  X(kSmListen3, "SM-LISTEN-3", kMust, 9293, "3.10.7.2") \
  X(kSmListen4, "SM-LISTEN-4", kMust, 9293, "3.10.7.2") \
  X(kSmSs1, "SM-SS-1", kMust, 9293, "3.10.7.3") \
  X(kSmSs2, "SM-SS-2", kMust, 9293, "3.10.7.3") \
  X(kSmSs3, "SM-SS-3", kMust, 9293, "3.10.7.3") \
  X(kSmSs4, "SM-SS-4", kMust, 9293, "3.10.7.3") \
  X(kSmSs5, "SM-SS-5", kMust, 9293, "3.10.7.3") \
  X(kSmSs6, "SM-SS-6", kMust, 9293, "3.10.7.3") \
  X(kSmRst1, "SM-RST-1", kMust, 9293, "3.10.7.4") \
  X(kSmRst2, "SM-RST-2", kMust, 9293, "3.10.7.4") \
  X(kSmRst3, "SM-RST-3", kMust, 9293, "3.10.7.4") \
  X(kSmSyn1, "SM-SYN-1", kMust, 9293, "3.10.7.4") \
  X(kSmAck1, "SM-ACK-1", kMust, 9293, "3.10.7.4") \
  X(kSmAck2, "SM-ACK-2", kMust, 9293, "3.10.7.4") \
  X(kSmAck3, "SM-ACK-3", kMust, 9293, "3.10.7.4") \
  X(kSmAck4, "SM-ACK-4", kMust, 9293, "3.10.7.4") \
  X(kSmAck5, "SM-ACK-5", kMay, 9293, "3.10.7.4") \
  X(kSmAck6, "SM-ACK-6", kMust, 9293, "3.10.7.4") \
  X(kSmAck7, "SM-ACK-7", kMust, 9293, "3.10.7.4") \
  X(kSmAck8, "SM-ACK-8", kMust, 9293, "3.10.7.4") \
  X(kSmAck9, "SM-ACK-9", kMust, 9293, "3.10.7.4") \
  X(kSmAck10, "SM-ACK-10", kMust, 9293, "3.10.7.4") \
  X(kSmTxt1, "SM-TXT-1", kMust, 9293, "3.10.7.4") \
  X(kSmTxt2, "SM-TXT-2", kMust, 9293, "3.10.7.4") \
  X(kSmFin1, "SM-FIN-1", kMust, 9293, "3.10.7.4") \
  X(kSmFin2, "SM-FIN-2", kMust, 9293, "3.10.7.4") \
  X(kSmFin3, "SM-FIN-3", kMust, 9293, "3.10.7.4") \
  X(kSmFin4, "SM-FIN-4", kMust, 9293, "3.10.7.4") \
  X(kSmFin5, "SM-FIN-5", kMust, 9293, "3.10.7.4") \
  X(kSmFin6, "SM-FIN-6", kMust, 9293, "3.10.7.4") \
  X(kSmFin7, "SM-FIN-7", kMust, 9293, "3.10.7.4") \
  X(kSmUsr1, "SM-USR-1", kMust, 9293, "3.10.4") \
  X(kSmUsr2, "SM-USR-2", kMust, 9293, "3.10.4") \
  X(kSmUsr3, "SM-USR-3", kMust, 9293, "3.10.4") \
  X(kSmUsr4, "SM-USR-4", kMust, 9293, "3.10.4") \
  X(kSmUsr5, "SM-USR-5", kMust, 9293, "3.10.5") \
  X(kSmUsr6, "SM-USR-6", kMust, 9293, "3.10.2") \
  X(kSmTmo1, "SM-TMO-1", kMust, 9293, "3.10.8") \
  X(kSmTmo2, "SM-TMO-2", kMust, 9293, "3.10.8") \
  X(kSmRstgen1, "SM-RSTGEN-1", kMust, 9293, "3.5.2") \
  X(kSmOld1, "SM-OLD-1", kMust, 9293, "3.5") \
  X(kSmHalf1, "SM-HALF-1", kMust, 9293, "3.5.1") \
  X(kSmOpen1, "SM-OPEN-1", kMust, 9293, "3.10.1") \
  X(kSmOpen2, "SM-OPEN-2", kMust, 9293, "3.10.1") \
  X(kSmOpen3, "SM-OPEN-3", kMust, 9293, "3.10.1") \
  X(kSmUsr7, "SM-USR-7", kMust, 9293, "3.10.4") \
  X(kSmTmo3, "SM-TMO-3", kMust, 9293, "3.10.8") \
  X(kSmRcv1, "SM-RCV-1", kMust, 9293, "3.10.3") \
  X(kSmOut1, "SM-OUT-1", kMust, 9293, "3.4") \
  X(kSmOut2, "SM-OUT-2", kMust, 9293, "3.10.7.4") \
  X(kSmOut3, "SM-OUT-3", kMust, 9293, "3.10.2") \
  X(kSmOut4, "SM-OUT-4", kMust, 9293, "3.10.4") \
  X(kSmOut5, "SM-OUT-5", kMust, 9293, "3.10") \
  X(kSmBacklog1, "SM-BACKLOG-1", kMay, 9293, "3.10.1") \
  X(kRfc1337F1, "RFC1337-F1", kMay, 1337, "4") \
  X(kSmTmo4, "SM-TMO-4", kMay, 9293, "3.6") \
  X(kRfc5961_3_1, "RFC5961-3-1", kShould, 5961, "3.2") \
  X(kRfc5961_3_2, "RFC5961-3-2", kMust, 5961, "3.2") \
  X(kRfc5961_3_3, "RFC5961-3-3", kMust, 5961, "3.2") \
  X(kRfc5961_3_4, "RFC5961-3-4", kMust, 5961, "3.2") \
  X(kRfc5961_4_1, "RFC5961-4-1", kMust, 5961, "4.2") \
  X(kRfc5961_4_2, "RFC5961-4-2", kMust, 5961, "4.2") \
  X(kRfc5961_5_1, "RFC5961-5-1", kMay, 5961, "5.2") \
  X(kRfc5961_7_1, "RFC5961-7-1", kShould, 5961, "7") \
  X(kRfc5961_7_2, "RFC5961-7-2", kShould, 5961, "7") \
  X(kRfc6298_1, "RFC6298-1", kMustNot, 6298, "1") \
  X(kRfc6298_2_1, "RFC6298-2.1", kShould, 6298, "2.1") \
  X(kRfc6298_2_2, "RFC6298-2.2", kMust, 6298, "2.2") \
  X(kRfc6298_2_3, "RFC6298-2.3", kMust, 6298, "2.3") \
  X(kRfc6298_2_4, "RFC6298-2.4", kShould, 6298, "2.4") \
  X(kRfc6298_2_5, "RFC6298-2.5", kMay, 6298, "2.5") \
  X(kRfc6298_3_1, "RFC6298-3-1", kMust, 6298, "3") \
  X(kRfc6298_3_2, "RFC6298-3-2", kMust, 6298, "3") \
  X(kRfc6298_4, "RFC6298-4", kMust, 6298, "4") \
  X(kRfc6298_5_0, "RFC6298-5-0", kMust, 6298, "5") \
  X(kRfc6298_5_1_5_3, "RFC6298-5.1-5.3", kShould, 6298, "5") \
  X(kRfc6298_5_4, "RFC6298-5.4", kMust, 6298, "5") \
  X(kRfc6298_5_5, "RFC6298-5.5", kMust, 6298, "5") \
  X(kRfc6298_5_7, "RFC6298-5.7", kMust, 6298, "5") \
  X(kRfc7323Ws1, "RFC7323-WS-1", kShould, 7323, "2.2/2.3") \
  X(kRfc7323Ws2, "RFC7323-WS-2", kMust, 7323, "2.2") \
  X(kRfc7323Ws3, "RFC7323-WS-3", kMust, 7323, "2.2") \
  X(kRfc7323Ws4, "RFC7323-WS-4", kMustNot, 7323, "2.2") \
  X(kRfc7323Ws5, "RFC7323-WS-5", kMust, 7323, "2.3") \
  X(kRfc7323Ws6, "RFC7323-WS-6", kMust, 7323, "2.3") \
  X(kRfc7323Ws7, "RFC7323-WS-7", kMust, 7323, "2.4") \
  X(kRfc7323Ws8, "RFC7323-WS-8", kShould, 7323, "2.4") \
  X(kRfc7323Ws9, "RFC7323-WS-9", kMust, 7323, "2.4") \
  X(kRfc7323Ts1, "RFC7323-TS-1", kShould, 7323, "3.2") \
  X(kRfc7323Ts2, "RFC7323-TS-2", kMust, 7323, "3.2") \
  X(kRfc7323Ts3, "RFC7323-TS-3", kMust, 7323, "3.2") \
  X(kRfc7323Ts4, "RFC7323-TS-4", kMay, 7323, "3.2") \
  X(kRfc7323Ts5, "RFC7323-TS-5", kMust, 7323, "3.2") \
  X(kRfc7323Ts6, "RFC7323-TS-6", kShould, 7323, "3.2") \
  X(kRfc7323Ts7, "RFC7323-TS-7", kMustNot, 7323, "3.2") \
  X(kRfc7323Ts8, "RFC7323-TS-8", kMust, 7323, "3.2") \
  X(kRfc7323Ts9, "RFC7323-TS-9", kMust, 7323, "4.1") \
  X(kRfc7323Ts10, "RFC7323-TS-10", kShould, 7323, "4.3(A)") \
  X(kRfc7323Ts11, "RFC7323-TS-11", kShould, 7323, "4.3(B)") \
  X(kRfc7323Ts12, "RFC7323-TS-12", kMust, 7323, "4.3(C)") \
  X(kRfc7323Ts13, "RFC7323-TS-13", kMay, 7323, "4.1") \
  X(kRfc7323Paws1, "RFC7323-PAWS-1", kMust, 7323, "5.3") \
  X(kRfc7323Paws2, "RFC7323-PAWS-2", kMustNot, 7323, "5.2") \
  X(kRfc7323Paws3, "RFC7323-PAWS-3", kMust, 7323, "5.3") \
  X(kRfc7323Paws4, "RFC7323-PAWS-4", kMust, 7323, "5.3") \
  X(kRfc7323Paws5, "RFC7323-PAWS-5", kShould, 7323, "5.2") \
  X(kRfc7323Paws6, "RFC7323-PAWS-6", kMust, 7323, "5.5") \
  X(kRfc7323Paws7, "RFC7323-PAWS-7", kMust, 7323, "5.4") \
  X(kRfc7323Paws8, "RFC7323-PAWS-8", kMust, 7323, "5.7") \
  X(kRfc7323Ts14, "RFC7323-TS-14", kShould, 7323, "7") \
  X(kRfc6191_2, "RFC6191-2", kShould, 6191, "2") \
  X(kRfc6528_3_1, "RFC6528-3-1", kShould, 6528, "3") \
  X(kRfc6528_3_2, "RFC6528-3-2", kMustNot, 6528, "3") \
  X(kRfc6528_3_3, "RFC6528-3-3", kMust, 6528, "3") \
  X(kRfc2018_1, "RFC2018-1", kMustNot, 2018, "2") \
  X(kRfc2018_2, "RFC2018-2", kMustNot, 2018, "4") \
  X(kRfc2018_3, "RFC2018-3", kShould, 2018, "4") \
  X(kRfc2018_4, "RFC2018-4", kMust, 2018, "4") \
  X(kRfc2018_5, "RFC2018-5", kShould, 2018, "4") \
  X(kRfc2018_6, "RFC2018-6", kShould, 2018, "4") \
  X(kRfc2018_7, "RFC2018-7", kShould, 2018, "5") \
  X(kRfc2018_8, "RFC2018-8", kShould, 2018, "5/5.1") \
  X(kRfc2018_9, "RFC2018-9", kMustNot, 2018, "8") \
  X(kRfc2018_10, "RFC2018-10", kMust, 2018, "8") \
  X(kRfc2018_11, "RFC2018-11", kMust, 2018, "5.1") \
  X(kRfc2883_1, "RFC2883-1", kShould, 2883, "4") \
  X(kRfc2883_2, "RFC2883-2", kShould, 2883, "4") \
  X(kRfc2883_3, "RFC2883-3", kShould, 2883, "4") \
  X(kRfc2883_4, "RFC2883-4", kShould, 2883, "4.2") \
  X(kRfc2883_5, "RFC2883-5", kMustNot, 2883, "5") \
  X(kRfc5681_1, "RFC5681-1", kMustNot, 5681, "2") \
  X(kRfc5681_2, "RFC5681-2", kMust, 5681, "3.1") \
  X(kRfc5681_3, "RFC5681-3", kMust, 5681, "3.1") \
  X(kRfc5681_4, "RFC5681-4", kMustNot, 5681, "3.1") \
  X(kRfc5681_5, "RFC5681-5", kMust, 5681, "3.1") \
  X(kRfc5681_6, "RFC5681-6", kMust, 5681, "3.1") \
  X(kRfc5681_7, "RFC5681-7", kMust, 5681, "3.1") \
  X(kRfc5681_8, "RFC5681-8", kShould, 5681, "3.1") \
  X(kRfc5681_9, "RFC5681-9", kShould, 5681, "3.1") \
  X(kRfc5681_10, "RFC5681-10", kShould, 5681, "3.2/4.2") \
  X(kRfc5681_11, "RFC5681-11", kShould, 5681, "3.2/4.2") \
  X(kRfc5681_12, "RFC5681-12", kShould, 5681, "3.2") \
  X(kRfc5681_13, "RFC5681-13", kShould, 5681, "3.2(1)") \
  X(kRfc5681_14, "RFC5681-14", kMust, 5681, "3.2(2-4)") \
  X(kRfc5681_15, "RFC5681-15", kMust, 5681, "3.2(6)") \
  X(kRfc5681_16, "RFC5681-16", kShould, 5681, "4.1") \
  X(kRfc5681_17, "RFC5681-17", kShould, 5681, "4.2") \
  X(kRfc5681_18, "RFC5681-18", kMustNot, 5681, "4.2") \
  X(kRfc5681_19, "RFC5681-19", kMust, 5681, "4.3") \
  X(kRfc6582_1, "RFC6582-1", kShould, 6582, "3.2(1)") \
  X(kRfc6582_2, "RFC6582-2", kShould, 6582, "3.2(2)") \
  X(kRfc6582_3, "RFC6582-3", kShould, 6582, "3.2(3)") \
  X(kRfc6582_4, "RFC6582-4", kShould, 6582, "3.2(3)") \
  X(kRfc6582_5, "RFC6582-5", kShould, 6582, "3.2(4)") \
  X(kRfc6429_1, "RFC6429-1", kMustNot, 6429, "4") \
  X(kRfc6429_2, "RFC6429-2", kMust, 6429, "4") \
  X(kRfc5482_1, "RFC5482-1", kMust, 5482, "3") \
  X(kRfc5482_2, "RFC5482-2", kMust, 5482, "3") \
  X(kRfc5482_3, "RFC5482-3", kShould, 5482, "3") \
  X(kRfc5482_4, "RFC5482-4", kMust, 5482, "3.1") \
  X(kRfc5482_5, "RFC5482-5", kShould, 5482, "3.1") \
  X(kRfc5482_6, "RFC5482-6", kMustNot, 5482, "3.2") \
  X(kRfc5482_7, "RFC5482-7", kMust, 5482, "3.3") \
  X(kRfc5482_8, "RFC5482-8", kMustNot, 5482, "3.4") \
  X(kRfc5482_9, "RFC5482-9", kMust, 5482, "4.2")
// clang-format on

enum class Clause : uint16_t {
#define SYNFIN_ENUMERATOR(name, id, level, rfc, section) name,
  SYNFIN_CLAUSES(SYNFIN_ENUMERATOR)
#undef SYNFIN_ENUMERATOR
};

struct ClauseInfo {
  std::string_view id;
  Level level;
  uint16_t rfc;
  std::string_view section;  // "3.10.7.4", without the sign
};

inline constexpr auto kClauses = std::to_array<ClauseInfo>({
#define SYNFIN_INFO(name, id, level, rfc, section) {id, Level::level, rfc, section},
    SYNFIN_CLAUSES(SYNFIN_INFO)
#undef SYNFIN_INFO
});
inline constexpr std::size_t kClauseCount = kClauses.size();

constexpr const ClauseInfo& info(Clause clause) {
  return kClauses[static_cast<std::size_t>(clause)];
}

// The clause of this ID, or nullptr.
constexpr const ClauseInfo* find_clause(std::string_view id) {
  for (const ClauseInfo& clause : kClauses) {
    if (clause.id == id) return &clause;
  }
  return nullptr;
}

// Clause coverage: which rules the code of the reference went through. Passed in by whoever counts.
using ClauseSet = std::bitset<kClauseCount>;

// A rule was applied. `coverage` is null where nobody counts.
inline void cover(ClauseSet* coverage, Clause clause) {
  if (coverage != nullptr) coverage->set(static_cast<std::size_t>(clause));
}

}  // namespace synfin
