#include "harness/cli/fuzz_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "harness/cli/in_kernel.h"
#include "harness/kernel/board.h"
#include "harness/kernel/guest.h"
#include "harness/report/exit_code.h"
#include "harness/script/file.h"
#include "harness/script/printer.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kPanic = "panic-";
constexpr const char* kOctets = ".pb";

uint32_t hash_of(std::string_view text) {
  uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

std::vector<proto::Program> programs_in(const std::string& folder, std::string_view begin) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with(kOctets)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<proto::Program> programs;
  for (const fs::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::string octets{std::istreambuf_iterator<char>(file), {}};
    proto::Program program;
    if (program.ParseFromString(octets)) programs.push_back(std::move(program));
  }
  return programs;
}

// The line that says what is wrong, without addresses, which differ from play to play.
std::string kind_of(const std::string& reason) {
  static const std::regex kAddress("0x[0-9a-f]+|[0-9a-f]{8,}|\\+[^ ]*");
  return std::regex_replace(reason.substr(0, reason.find('\n')), kAddress, "");
}

// Returns what to tell: where it was kept.
Result<std::string> keep_panic(const kernel::BootResult& booted, const std::string& kernel,
                               const std::string& out) {
  const std::string reason = kernel::reason_of_panic(booted.log);
  proto::Program program;
  const bool known = program.ParseFromString(booted.note) && program.steps_size() > 0;
  const std::string text = known ? script::print(program) : "";
  // All programs are kept, as they are not to be played again; one script for each kind.
  const fs::path octets = fs::path(out) / fmt::format("{}{:08x}{}", kPanic, hash_of(text), kOctets);
  if (auto wrote = script::write_file(octets, booted.note); !wrote) {
    return tl::make_unexpected(wrote.error());
  }
  const std::string kind = kind_of(reason);
  const fs::path script = fs::path(out) / fmt::format("{}{:08x}.pkt", kPanic, hash_of(kind));
  std::error_code error;
  if (fs::exists(script, error)) return std::string();
  fs::path log = script;
  log.replace_extension(".txt");
  const std::string head = fmt::format("// Linux {}: {}\n// synfin replay {} --kernel {}\n", kernel,
                                       kind, script.string(), kernel);
  for (const auto& [path, what] : {std::pair(script, head + text), std::pair(log, booted.log)}) {
    if (auto wrote = script::write_file(path, what); !wrote)
      return tl::make_unexpected(wrote.error());
  }
  return fmt::format("PANIC  {}: {}\n", kind, script.string());
}

}  // namespace

int fuzz_in_kernel(const StackChoice& choice, const std::string& out, const std::string& corpus,
                   std::chrono::seconds for_so_long, const std::function<int()>& command) {
  if (choice.kernel.empty() || kernel::inside()) return command();
  const auto broken = [](const Error& error) {
    complain(error.message);
    return static_cast<int>(report::kExitBroken);
  };
  const auto found = kernel_of(choice);
  if (!found) return broken(found.error());
  std::error_code error;
  for (const std::string& folder : {out, corpus}) {
    fs::create_directories(folder, error);
    if (error) return broken({fmt::format("{}: {}", folder, error.message())});
  }
  catch_interrupt();
  const auto end = Clock::now() + for_so_long;
  StackChoice next = choice;
  int code = report::kExitOk;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(end - Clock::now());
    if (left.count() <= 0) return code;
    const auto booted = boot_for(
        next, *found, {out, corpus},
        {"--for", fmt::format("{}s", left.count()), "--seed", fmt::format("{:#x}", next.seed)});
    if (!booted) return broken(booted.error());
    if (interrupted()) return report::kExitInterrupted;
    if (!booted->panicked) return booted->exit_code == report::kExitOk ? code : booted->exit_code;
    code = report::kExitUnexpected;
    const auto kept = keep_panic(*booted, found->name(), out);
    if (!kept) return broken(kept.error());
    fmt::print("{}", *kept);
    std::fflush(stdout);
    ++next.seed;
  }
}

void note_program(const proto::Program& program) {
  if (kernel::inside()) kernel::note(program.SerializeAsString());
}

std::vector<proto::Program> panics_in(const std::string& out) { return programs_in(out, kPanic); }

Result<void> CorpusFolder::keep(const proto::Program& program) const {
  const std::string octets = program.SerializeAsString();
  return script::write_file(fs::path(folder_) / fmt::format("{:08x}{}", hash_of(octets), kOctets),
                            octets);
}

std::vector<proto::Program> CorpusFolder::all() const { return programs_in(folder_, ""); }

}  // namespace synfin::cli
