#include "harness/report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/kernel/board.h"
#include "harness/report/requirement.h"

namespace synfin::report {
namespace {

// In the order in which sums are told.
constexpr std::array kOrder = {
    proto::PASS,  proto::FAIL,  proto::WARN, proto::INFO,  proto::XFAIL,
    proto::XPASS, proto::FLAKY, proto::SKIP, proto::ERROR, proto::VERDICT_UNSPECIFIED};

using Counts = std::map<proto::Verdict, std::size_t>;

Ink ink_of_count(proto::Verdict verdict) {
  if (is_unexpected(verdict)) return Ink::kRed;
  return verdict == proto::WARN ? Ink::kYellow : Ink::kPlain;
}

// "no TCP-AO in this kernel": the reason, or how many there are.
std::string reasons(const proto::RunResult& run, proto::Verdict verdict) {
  std::vector<std::string> found;
  for (const proto::CaseResult& result : run.cases()) {
    if (result.verdict() != verdict || result.reason().empty()) continue;
    if (std::find(found.begin(), found.end(), result.reason()) == found.end()) {
      found.push_back(result.reason());
    }
  }
  if (found.empty()) return "";
  if (found.size() == 1) return " (" + found[0] + ")";
  return fmt::format(" ({}, and {} other {})", found[0], found.size() - 1,
                     found.size() == 2 ? "reason" : "reasons");
}

}  // namespace

std::string topic_of(const std::string& id) {
  const std::size_t slash = id.find('/');
  return slash == std::string::npos ? "." : id.substr(0, slash);
}

std::string head_line(const proto::Provenance& provenance, std::size_t cases) {
  std::string out = fmt::format("synfin {} · target {}", provenance.version(), provenance.stack());
  if (!provenance.stack_version().empty()) out += " " + provenance.stack_version();
  std::string way = provenance.link();
  if (!provenance.privilege().empty()) way += (way.empty() ? "" : ", ") + provenance.privilege();
  if (!way.empty()) out += " (" + way + ")";
  if (!provenance.profile().empty()) out += " · profile " + provenance.profile();
  out += fmt::format(" · seed {:#x}", provenance.seed());
  return out + fmt::format(" · {} case{}", cases, cases == 1 ? "" : "s");
}

std::string duration_text(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 0.001) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 600) return fmt::format("{:.0f} s", seconds);
  return fmt::format("{:.0f} min", seconds / 60);
}

std::string bar_text(std::size_t done, std::size_t total, std::size_t columns) {
  const std::size_t full = total == 0 ? 0 : std::min(columns, done * columns / total);
  std::string out;
  for (std::size_t i = 0; i < columns; ++i) out += i < full ? "█" : "░";
  return out;
}

std::string topics_text(const proto::RunResult& run, const Style& style) {
  std::map<std::string, Counts> topics;
  std::size_t widest = 12;
  for (const proto::CaseResult& result : run.cases()) {
    const std::string topic = topic_of(result.id());
    widest = std::max(widest, columns_of(topic));
    ++topics[topic][result.verdict()];
  }
  std::string out;
  for (const auto& [topic, counts] : topics) {
    out += "  " + pad_right(topic, widest);
    for (const proto::Verdict verdict : kOrder) {
      const auto count = counts.find(verdict);
      if (count == counts.end()) continue;
      const std::string text = fmt::format("{:>4} {}", count->second, verdict_word(verdict));
      out += "  " + style.paint(ink_of_count(verdict), text);
    }
    out += "\n";
  }
  return out;
}

namespace {

// After a divergence of state the judge has lost the target: what follows was not judged.
std::string judged_text(const proto::RunResult& run) {
  std::size_t judged = 0;
  std::size_t whole = 0;
  for (const proto::CaseResult& result : run.cases()) {
    if (result.verdict() == proto::SKIP || result.verdict() == proto::ERROR) continue;
    ++judged;
    if (result.judged_to_the_end()) ++whole;
  }
  return fmt::format("judged to the last step {} of {}", whole, judged);
}

}  // namespace

std::string summary_text(const proto::RunResult& run, std::chrono::nanoseconds took,
                         const Style& style) {
  Counts counts;
  for (const proto::CaseResult& result : run.cases()) ++counts[result.verdict()];
  std::string out = fmt::format("{} case{}: ", run.cases_size(), run.cases_size() == 1 ? "" : "s");
  bool first = true;
  for (const proto::Verdict verdict : kOrder) {
    const auto count = counts.find(verdict);
    if (count == counts.end()) continue;
    if (!first) out += ", ";
    first = false;
    out += style.paint(ink_of_count(verdict),
                       fmt::format("{} {}", count->second, verdict_word(verdict)));
    if (verdict == proto::SKIP) out += reasons(run, verdict);
  }
  out += fmt::format("   {}\n", duration_text(took));
  const Tally sums = tally(run);
  out += fmt::format("MUST {} of {} · SHOULD {} of {} · clause coverage {:.1f} %", sums.must_met,
                     sums.must, sums.should_met, sums.should,
                     100.0 * run.clauses_hit_size() / static_cast<double>(kClauseCount));
  return out + " · " + judged_text(run) + "\n";
}

Terminal::Terminal(std::FILE* out, Style style, int verbosity)
    : out_(out),
      style_(style),
      verbosity_(verbosity),
      started_(kernel::time_outside()),
      last_progress_(started_) {}

void Terminal::write(const std::string& text) {
  clear_progress();
  const std::string shown = style_.for_reader(text);
  std::fwrite(shown.data(), 1, shown.size(), out_);
  std::fflush(out_);
}

void Terminal::clear_progress() {
  if (progress_shown_) std::fputs("\r\033[K", out_);
  progress_shown_ = false;
}

void Terminal::head(const proto::Provenance& provenance, std::size_t cases) {
  target_ = provenance.stack();
  write(style_.paint(Ink::kBold, head_line(provenance, cases)) + "\n\n");
}

void Terminal::progress(std::size_t done, std::size_t total) {
  const auto now = kernel::time_outside();
  const auto rest = style_.terminal ? std::chrono::milliseconds(100) : std::chrono::seconds(10);
  if (now - last_progress_ < rest) return;
  last_progress_ = now;
  std::string line = fmt::format("{}/{}   {}", done, total, duration_text(now - started_));
  for (const proto::Verdict verdict : {proto::FAIL, proto::XPASS, proto::ERROR}) {
    if (counts_[verdict] == 0) continue;
    line += "   " +
            style_.paint(Ink::kRed, fmt::format("{} {}", counts_[verdict], verdict_word(verdict)));
  }
  if (!style_.terminal) {
    write(line + "\n");
    return;
  }
  constexpr std::size_t kBeside = 44;  // columns that the bar leaves to the words
  if (style_.columns > kBeside + 10) {
    const std::size_t columns = std::min<std::size_t>(30, style_.columns - kBeside);
    line = bar_text(done, total, columns) + "  " + line;
  }
  write("  " + line);
  progress_shown_ = true;
}

void Terminal::result(const proto::CaseResult& result) {
  ++counts_[result.verdict()];
  if (verbosity_ > 0) write(result_line(result, style_));
}

void Terminal::summary(const proto::RunResult& run, std::chrono::nanoseconds took,
                       const ProgramOf& program_of) {
  if (verbosity_ > 0) write("\n");
  if (run.cases_size() > 1) write(topics_text(run, style_) + "\n");
  FailureOptions options;
  options.style = style_;
  options.target = target_;
  options.all = verbosity_ > 0;
  bool warned = false;
  for (const proto::CaseResult& result : run.cases()) {
    const bool warning = result.verdict() == proto::WARN;
    if (is_unexpected(result.verdict()) || (warning && verbosity_ > 0)) {
      write(failure_text(result, program_of(result.id()), options) + "\n");
    } else if (warning) {
      write(result_line(result, style_));
      warned = true;
    }
  }
  write((warned ? "\n" : "") + summary_text(run, took, style_));
}

}  // namespace synfin::report
