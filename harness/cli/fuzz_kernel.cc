#include "harness/cli/fuzz_kernel.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "harness/cli/in_kernel.h"
#include "harness/kernel/board.h"
#include "harness/kernel/confine.h"
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

// One kernel after the other, until the time is over. Returns the exit code of all boots together.
Result<int> fuzz_one(const KernelFuzz& fuzz, StackChoice choice, const kernel::Kernel& kernel) {
  const auto end = Clock::now() + fuzz.for_so_long;
  int code = report::kExitOk;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(end - Clock::now());
    if (left.count() <= 0) return code;
    const auto booted = boot_for(
        choice, kernel, {fuzz.out, fuzz.corpus},
        {"--for", fmt::format("{}s", left.count()), "--seed", fmt::format("{:#x}", choice.seed)});
    if (!booted) return tl::make_unexpected(booted.error());
    if (interrupted()) return report::kExitInterrupted;
    if (!booted->panicked) return booted->exit_code == report::kExitOk ? code : booted->exit_code;
    code = report::kExitUnexpected;
    const auto kept = keep_panic(*booted, kernel.name(), fuzz.out);
    if (!kept) return tl::make_unexpected(kept.error());
    fmt::print("{}", *kept);
    std::fflush(stdout);
    ++choice.seed;
  }
}

// Of several exit codes that which says most.
int worse(int a, int b) {
  constexpr std::array kOrder = {int{report::kExitOk}, int{report::kExitUnexpected},
                                 int{report::kExitBroken}, int{report::kExitUsage},
                                 int{report::kExitInterrupted}};
  const auto* first = std::find(kOrder.begin(), kOrder.end(), a);
  return first < std::find(kOrder.begin(), kOrder.end(), b) ? b : a;
}

// Each in a process of its own, with seeds of its own; they hear of each other by the corpus.
Result<int> fuzz_side_by_side(const KernelFuzz& fuzz, const StackChoice& choice,
                              const kernel::Kernel& kernel) {
  const pid_t owner = ::getpid();
  std::vector<pid_t> children;
  for (uint64_t i = 0; i < fuzz.instances; ++i) {
    const pid_t child = ::fork();
    if (child < 0) break;
    if (child > 0) {
      children.push_back(child);
      continue;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != owner) _exit(report::kExitInterrupted);
    kernel::keep_to_cpu(i);
    StackChoice own = choice;
    own.seed += i << 32U;
    const auto code = fuzz_one(fuzz, own, kernel);
    if (!code) complain(code.error().message);
    std::fflush(nullptr);
    _exit(code.value_or(report::kExitBroken));
  }
  int code = children.size() == fuzz.instances ? report::kExitOk : report::kExitBroken;
  for (const pid_t child : children) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
      if (!interrupted()) continue;
      for (const pid_t each : children) ::kill(each, SIGTERM);
    }
    code = worse(code, WIFEXITED(status) ? WEXITSTATUS(status) : int{report::kExitBroken});
  }
  return code;
}

}  // namespace

int fuzz_in_kernel(const StackChoice& choice, const KernelFuzz& fuzz,
                   const std::function<int()>& command) {
  return here_or_outside(choice, command, [&](const kernel::Kernel& kernel) -> Result<int> {
    std::error_code error;
    for (const std::string& folder : {fuzz.out, fuzz.corpus}) {
      fs::create_directories(folder, error);
      if (error) return fail(fmt::format("{}: {}", folder, error.message()));
    }
    return fuzz.instances > 1 ? fuzz_side_by_side(fuzz, choice, kernel)
                              : fuzz_one(fuzz, choice, kernel);
  });
}

void note_program(const proto::Program& program) {
  if (kernel::inside()) kernel::note(program.SerializeAsString());
}

std::vector<proto::Program> panics_in(const std::string& out) {
  return CorpusFolder(out, kPanic).fresh();
}

bool shows_panic(const fs::path& script) { return script.filename().string().starts_with(kPanic); }

CorpusFolder::CorpusFolder(std::string folder, std::string_view begin)
    : folder_(std::move(folder)), begin_(begin) {}

// Beside its place first: others read what is there.
Result<void> CorpusFolder::keep(const proto::Program& program) {
  const std::string octets = program.SerializeAsString();
  const std::string name = fmt::format("{}{:08x}{}", begin_, hash_of(octets), kOctets);
  if (!seen_.insert(name).second) return {};
  const fs::path path = fs::path(folder_) / name;
  const std::string part = fmt::format("{}.{}", path.string(), ::getpid());
  if (auto wrote = script::write_file(part, octets); !wrote) return wrote;
  std::error_code error;
  fs::rename(part, path, error);
  if (error) return fail(fmt::format("{}: {}", path.string(), error.message()));
  return {};
}

std::vector<proto::Program> CorpusFolder::fresh() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(begin_) || !name.ends_with(kOctets)) continue;
    if (seen_.insert(name).second) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  std::vector<proto::Program> programs;
  for (const std::string& name : names) {
    std::ifstream file(fs::path(folder_) / name, std::ios::binary);
    const std::string octets{std::istreambuf_iterator<char>(file), {}};
    proto::Program program;
    if (program.ParseFromString(octets)) programs.push_back(std::move(program));
  }
  return programs;
}

}  // namespace synfin::cli
