#include "harness/cli/finding_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "harness/report/captures.h"
#include "harness/report/ladder.h"
#include "harness/script/compile.h"
#include "harness/script/file.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;

std::string plain_name(const shrink::Signature& signature) {
  std::string name = signature.clause;
  if (name.empty()) name = signature.objector == shrink::Objector::kNobody ? "crash" : "script";
  if (!signature.state.empty()) name += "-in-" + signature.state;
  return name;
}

std::string free_name(const fs::path& folder, const std::string& name) {
  std::error_code error;
  std::string candidate = name;
  for (int i = 2; fs::exists(folder / (candidate + ".pkt"), error); ++i) {
    candidate = fmt::format("{}-{}", name, i);
  }
  return candidate;
}

Result<void> put(const fs::path& path, const std::string& text) {
  const fs::path part = path.string() + ".part";
  std::error_code error;
  if (const auto written = script::write_file(part.string(), text); !written) {
    fs::remove(part, error);
    return written;
  }
  fs::rename(part, path, error);
  if (error) return fail(fmt::format("{}: {}", path.string(), error.message()));
  return {};
}

std::string ladder_of(const Finding& finding, const proto::Provenance& provenance) {
  const auto flat = script::compile(finding.program);
  report::LadderOptions options;
  options.target = provenance.stack();
  return report::draw_ladder(report::make_rungs(finding.result, flat ? &*flat : nullptr), options);
}

// Beside its place first, as the other files: in a folder of its own.
Result<void> put_capture(const Finding& finding, const fs::path& folder, const std::string& name) {
  proto::RunResult run;
  *run.add_cases() = finding.result;
  run.mutable_cases(0)->set_id(name);
  const fs::path beside = folder / (name + ".part");
  std::error_code error;
  const auto written = report::write_captures(run, beside.string());
  if (written) {
    const std::string file = report::capture_name(name);
    // There is none where no packet went.
    if (fs::exists(beside / file, error)) {
      fs::rename(beside / file, folder / (name + ".pcap"), error);
    }
  }
  std::error_code ignored;
  fs::remove_all(beside, ignored);
  if (!written) return written;
  if (error) return fail(fmt::format("{}: {}", (folder / name).string(), error.message()));
  return {};
}

}  // namespace

Result<std::string> keep_finding(const Finding& finding, const std::string& folder,
                                 const proto::Provenance& provenance,
                                 const proto::Requirements& catalogue, const std::string& options) {
  const fs::path place = folder;
  const std::string name = free_name(place, plain_name(finding.signature));
  const fs::path script = place / (name + ".pkt");
  const std::string repeat = fmt::format("synfin replay {} {}", script.string(), options);
  const std::string paragraph = paragraph_of(finding, provenance, catalogue);
  // The script last: where it is, all is there.
  if (finding.result.trace().events_size() > 0) {
    if (auto done = put_capture(finding, place, name); !done) {
      return tl::make_unexpected(done.error());
    }
  }
  const std::string text =
      fmt::format("{}\nRepeat: {}\n\n{}", paragraph, repeat, ladder_of(finding, provenance));
  for (const auto& [path, content] : {std::pair(place / (name + ".txt"), text),
                                      std::pair(script, script_of(finding, paragraph, repeat))}) {
    if (auto done = put(path, content); !done) return tl::make_unexpected(done.error());
  }
  return script.string();
}

}  // namespace synfin::cli
