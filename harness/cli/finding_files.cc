#include "harness/cli/finding_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
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

// A name that nobody else uses, as others may keep findings in the same folder at the same moment:
// it is held by a folder NAME.part, which only one can make, and in which the files are written.
class Desk {
 public:
  static Result<Desk> take(const fs::path& folder, const std::string& name) {
    for (int i = 1;; ++i) {
      const std::string candidate = i == 1 ? name : fmt::format("{}-{}", name, i);
      const fs::path beside = folder / (candidate + ".part");
      std::error_code error;
      if (!fs::create_directory(beside, error)) {
        if (!error || error == std::errc::file_exists) continue;
        return fail(fmt::format("{}: cannot be written: {}", beside.string(), error.message()));
      }
      Desk desk(folder, candidate);
      if (!fs::exists(desk.place(".pkt"), error)) return desk;
    }
  }
  Desk(Desk&& other) noexcept
      : folder_(std::move(other.folder_)), name_(std::exchange(other.name_, {})) {}
  Desk& operator=(Desk&&) = delete;
  ~Desk() {
    std::error_code error;
    if (!name_.empty()) fs::remove_all(beside(), error);
  }

  const std::string& name() const { return name_; }
  fs::path beside() const { return folder_ / (name_ + ".part"); }
  fs::path place(std::string_view ending) const {
    return folder_ / fmt::format("{}{}", name_, ending);
  }

  // Written beside under its ending alone, which makes no script of it for who looks for some.
  Result<void> put(std::string_view ending, const std::string& text) const {
    if (const auto written = script::write_file((beside() / ending).string(), text); !written) {
      return written;
    }
    return hand_over(std::string(ending), ending);
  }
  // A file that was written beside, to its place.
  Result<void> hand_over(const std::string& file, std::string_view ending) const {
    std::error_code error;
    fs::rename(beside() / file, place(ending), error);
    if (error) return fail(fmt::format("{}: {}", place(ending).string(), error.message()));
    return {};
  }

 private:
  Desk(fs::path folder, std::string name) : folder_(std::move(folder)), name_(std::move(name)) {}

  fs::path folder_;
  std::string name_;
};

std::string ladder_of(const Finding& finding, const proto::Provenance& provenance) {
  const auto flat = script::compile(finding.program);
  report::LadderOptions options;
  options.target = provenance.stack();
  return report::draw_ladder(report::make_rungs(finding.result, flat ? &*flat : nullptr), options);
}

Result<void> put_capture(const Finding& finding, const Desk& desk) {
  proto::RunResult run;
  *run.add_cases() = finding.result;
  run.mutable_cases(0)->set_id(desk.name());
  if (auto written = report::write_captures(run, desk.beside().string()); !written) return written;
  const std::string file = report::capture_name(desk.name());
  std::error_code error;
  // There is none where no packet went.
  if (!fs::exists(desk.beside() / file, error)) return {};
  return desk.hand_over(file, ".pcap");
}

}  // namespace

Result<std::string> keep_finding(const Finding& finding, const std::string& folder,
                                 const proto::Provenance& provenance,
                                 const proto::Requirements& catalogue, const std::string& options) {
  const auto desk = Desk::take(folder, plain_name(finding.signature));
  if (!desk) return tl::make_unexpected(desk.error());
  const std::string script = desk->place(".pkt").string();
  const std::string repeat = fmt::format("synfin replay {} {}", script, options);
  const std::string paragraph = paragraph_of(finding, provenance, catalogue);
  if (finding.result.trace().events_size() > 0) {
    if (auto done = put_capture(finding, *desk); !done) return tl::make_unexpected(done.error());
  }
  const std::string text =
      fmt::format("{}\nRepeat: {}\n\n{}", paragraph, repeat, ladder_of(finding, provenance));
  // The script last: where it is, all is there.
  for (const auto& [ending, content] :
       {std::pair(".txt", text), std::pair(".pkt", script_of(finding, paragraph, repeat))}) {
    if (auto done = desk->put(ending, content); !done) return tl::make_unexpected(done.error());
  }
  return script;
}

}  // namespace synfin::cli
