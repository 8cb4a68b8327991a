#include "harness/report/captures.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <set>
#include <vector>

#include "harness/wire/pcap.h"

namespace synfin::report {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".pcap";

std::vector<wire::CapturedPacket> packets_of(const proto::Trace& trace) {
  std::vector<wire::CapturedPacket> packets;
  for (const proto::TraceEvent& event : trace.events()) {
    if (event.packet().empty()) continue;
    const Time at{Duration(trace.epoch_ns() + event.at_ns())};
    packets.push_back({at, {event.packet().begin(), event.packet().end()}});
  }
  return packets;
}

}  // namespace

std::string capture_name(const std::string& id) {
  constexpr std::string_view kPlain = "/-._@=+,[]()";
  std::string name;
  for (const char c : id) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       kPlain.find(c) != std::string_view::npos;
    name += plain ? c : '_';
  }
  // A file that was named by its path stays below the folder.
  for (std::size_t dots = name.find(".."); dots != std::string::npos; dots = name.find("..")) {
    name.replace(dots, 2, "__");
  }
  name.erase(0, name.find_first_not_of('/'));
  return name.append(kEnding);
}

Result<void> write_captures(const proto::RunResult& run, const std::string& folder) {
  std::set<std::string> taken;
  for (const proto::CaseResult& result : run.cases()) {
    const auto packets = packets_of(result.trace());
    if (packets.empty()) continue;
    std::string name = capture_name(result.id());
    const std::string stem = name.substr(0, name.size() - kEnding.size());
    for (int more = 2; !taken.insert(name).second; ++more) {
      name = fmt::format("{}-{}{}", stem, more, kEnding);
    }
    const fs::path path = fs::path(folder) / name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) {
      return fail(
          fmt::format("{}: cannot be made: {}", path.parent_path().string(), error.message()));
    }
    auto written = wire::write_capture(path.string(), wire::CaptureLink::kRawIp, packets);
    if (!written) return written;
  }
  return {};
}

}  // namespace synfin::report
