#include "harness/atlas/classes.h"

#include <algorithm>

namespace synfin::atlas {
namespace {

constexpr std::array<std::string_view, kSeqClasses> kSeqNames = {"any",
                                                                 "IRS",
                                                                 "RCV.NXT-1",
                                                                 "RCV.NXT",
                                                                 "RCV.NXT+1",
                                                                 "middle",
                                                                 "RCV.NXT+RCV.WND-1",
                                                                 "RCV.NXT+RCV.WND",
                                                                 "RCV.NXT+RCV.WND+1",
                                                                 "RCV.NXT+2147483648"};

constexpr std::array<std::string_view, kAckClasses> kAckNames = {"none",
                                                                 "any",
                                                                 "SND.UNA-SND.MAX.WND-1",
                                                                 "SND.UNA-SND.MAX.WND",
                                                                 "SND.UNA-1",
                                                                 "SND.UNA",
                                                                 "between",
                                                                 "SND.NXT",
                                                                 "SND.NXT+1",
                                                                 "SND.NXT+2147483648"};

constexpr std::array<std::string_view, kPayloadClasses> kPayloadNames = {"0", "1", "straddling",
                                                                         "window+1"};
constexpr std::array<std::string_view, kEcnClasses> kEcnNames = {"none", "ECE", "CWR", "ECE,CWR"};
constexpr std::array<std::string_view, kOptionClasses> kOptionNames = {
    "none", "timestamps", "old-timestamps", "bad-length", "unknown"};

template <typename Class, std::size_t size>
std::optional<Class> find(const std::array<std::string_view, size>& names, std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Class>(found - names.begin());
}

}  // namespace

std::string_view to_string(SeqClass seq) { return kSeqNames[static_cast<std::size_t>(seq)]; }
std::string_view to_string(AckClass ack) { return kAckNames[static_cast<std::size_t>(ack)]; }
std::string_view to_string(PayloadClass payload) {
  return kPayloadNames[static_cast<std::size_t>(payload)];
}
std::string_view to_string(EcnClass ecn) { return kEcnNames[static_cast<std::size_t>(ecn)]; }
std::string_view to_string(OptionClass options) {
  return kOptionNames[static_cast<std::size_t>(options)];
}

std::optional<SeqClass> find_seq_class(std::string_view text) {
  return find<SeqClass>(kSeqNames, text);
}
std::optional<AckClass> find_ack_class(std::string_view text) {
  return find<AckClass>(kAckNames, text);
}
std::optional<PayloadClass> find_payload_class(std::string_view text) {
  return find<PayloadClass>(kPayloadNames, text);
}
std::optional<EcnClass> find_ecn_class(std::string_view text) {
  return find<EcnClass>(kEcnNames, text);
}
std::optional<OptionClass> find_option_class(std::string_view text) {
  return find<OptionClass>(kOptionNames, text);
}

}  // namespace synfin::atlas
