#include "harness/stack/case_profile.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace synfin::stack {
namespace {

using std::chrono::seconds;

// One sysctl of Linux and what it means to a profile.
struct Entry {
  std::string_view name;
  void (*apply)(Profile& profile, long value);
  std::string_view word = {};  // the only value, where values are no numbers
};

constexpr auto kEntries = std::to_array<Entry>({
    {"tcp_syn_retries",
     [](Profile& p, long value) { p.syn_retries = static_cast<unsigned>(value); }},
    // 0 is what the RFC has: each repetition waits twice as long as the one before.
    {"tcp_syn_linear_timeouts", [](Profile&, long) {}},
    // What the RFC has is all that the reference has: reno, and neither F-RTO nor RACK nor TLP.
    {"tcp_congestion_control", [](Profile&, long) {}, "reno"},
    {"tcp_frto", [](Profile&, long) {}},
    {"tcp_recovery", [](Profile&, long) {}},
    {"tcp_early_retrans", [](Profile&, long) {}},
    // For how long ACKs of islands may be held back: the reference's go at once.
    {"tcp_comp_sack_delay_ns", [](Profile&, long) {}},
    {"tcp_synack_retries",
     [](Profile& p, long value) { p.syn_ack_retries = static_cast<unsigned>(value); }},
    {"tcp_retries2", [](Profile& p, long value) { p.retries = static_cast<unsigned>(value); }},
    {"tcp_timestamps", [](Profile& p, long value) { p.timestamps = value != 0; }},
    {"tcp_sack", [](Profile& p, long value) { p.sack = value != 0; }},
    {"tcp_ecn",
     [](Profile& p, long value) {
       p.ecn = value != 0;
       p.ecn_requested = value == 1;
     }},
    // Whether a SYN that is sent again asks no more: the reference's does.
    {"tcp_ecn_fallback", [](Profile&, long) {}},
    {"tcp_dsack", [](Profile& p, long value) { p.dsack = value != 0; }},
    {"tcp_invalid_ratelimit",
     [](Profile& p, long value) { p.challenge_ack_interval = std::chrono::milliseconds(value); }},
    // No kernel has these two: MAY-6; RFC 5482's ENABLED, and ADV_UTO in seconds.
    {"tcp_keepalive_octet", [](Profile& p, long value) { p.keepalive_octet = value != 0; }},
    {"tcp_user_timeout_option",
     [](Profile& p, long value) {
       p.user_timeout_option = value != 0;
       p.advertised_user_timeout = seconds(value);
     }},
    {"tcp_window_scaling",
     [](Profile& p, long value) {
       if (value == 0) p.window_scale.reset();
     }},
    {"tcp_fin_timeout", [](Profile& p, long value) { p.fin_wait_2_timeout = seconds(value); }},
    {"tcp_rfc1337", [](Profile& p, long value) { p.rfc1337 = value != 0; }},
    {"tcp_abort_on_overflow",
     [](Profile& p, long value) { p.accept_overflow_resets = value != 0; }},
    {"tcp_keepalive_time", [](Profile& p, long value) { p.keepalive_idle = seconds(value); }},
    {"tcp_keepalive_intvl", [](Profile& p, long value) { p.keepalive_interval = seconds(value); }},
    {"tcp_keepalive_probes",
     [](Profile& p, long value) { p.keepalive_probes = static_cast<unsigned>(value); }},
});

const Entry* find(const std::string& name) {
  constexpr std::string_view kFolder = "net.ipv4.";
  if (!name.starts_with(kFolder)) return nullptr;
  const std::string_view rest = std::string_view(name).substr(kFolder.size());
  const auto found = std::find_if(kEntries.begin(), kEntries.end(),
                                  [rest](const Entry& entry) { return entry.name == rest; });
  return found == kEntries.end() ? nullptr : &*found;
}

std::optional<long> number_of(const std::string& text) {
  long value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && rest == end && value >= 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<void> check_profile_sysctl(const Sysctl& sysctl) {
  const auto& [name, value] = sysctl;
  const Entry* entry = find(name);
  if (entry == nullptr) return fail("the sysctl " + name + " is a kernel's: no profile has it");
  if (!entry->word.empty()) {
    if (value == entry->word) return {};
    return fail("the sysctl " + name + "=" + value + ": a profile has " + std::string(entry->word));
  }
  if (!number_of(value)) return fail("the sysctl " + name + "=" + value + " is not a number");
  return {};
}

Result<void> check_no_change(const Profile& profile, std::span<const Sysctl> sysctls) {
  for (const Sysctl& sysctl : sysctls) {
    const bool known = check_profile_sysctl(sysctl).has_value();
    if (known && case_profile(profile, false, std::span(&sysctl, 1)) == profile) continue;
    return fail("has no sysctl " + sysctl.first);
  }
  return {};
}

std::vector<std::string_view> lacking(const Profile& profile) {
  std::vector<std::string_view> out;
  if (!profile.timestamps) out.emplace_back("timestamps");
  if (!profile.sack) out.emplace_back("sack");
  if (!profile.sack || !profile.dsack) out.emplace_back("dsack");
  return out;
}

Profile case_profile(const Profile& profile, bool ipv6, std::span<const Sysctl> sysctls) {
  Profile out = profile;
  if (ipv6) {
    // The IP header is 20 octets longer (RFC 9293 §3.7.1, MUST-15 and MUST-67).
    constexpr uint16_t kMore = 20;
    out.default_mss = std::max<uint16_t>(out.default_mss, 1220);
    out.mss = static_cast<uint16_t>(out.mss - kMore);
    out.path_mss = static_cast<uint16_t>(out.path_mss - kMore);
  }
  for (const auto& [name, text] : sysctls) {
    const Entry* entry = find(name);
    const auto value = number_of(text);
    if (entry != nullptr && value) entry->apply(out, *value);
  }
  return out;
}

}  // namespace synfin::stack
