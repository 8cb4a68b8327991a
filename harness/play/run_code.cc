// Code of a program, as packetdrill's scripts have it.
//
// Asserts on numbers are evaluated where they stand. A program with more than that has all of its
// code run by python3, at its end and on what the stack told where each piece stands: packetdrill
// does so with any.
#include <fmt/format.h>

#include <algorithm>

#include "harness/play/run.h"

namespace synfin::play {
namespace {

constexpr Duration kLongestPython = std::chrono::seconds(10);

bool needs_python(const script::FlatProgram& program) {
  return std::any_of(program.steps.begin(), program.steps.end(), [&](const script::Step& step) {
    return step.kind == script::StepKind::kCode && !program.codes[step.index];
  });
}

}  // namespace

// Why this code cannot be run; empty when it can. It may do all that a shell command may.
std::string Run::uncodeable(const script::Step& what) const {
  if (program_->codes[what.index]) return "";
  const auto because = [&](const char* why) {
    return fmt::format("line {} holds Python code that is more than asserts on numbers{}",
                       what.line, why);
  };
  if (!job_.options.allow_shell) return because(", which is off unless shell commands are allowed");
  if (!has_python()) return because(", and there is no python3");
  std::size_t pieces = 0;
  std::size_t octets = 0;
  for (const script::Step& step : program_->steps) {
    if (step.kind != script::StepKind::kCode) continue;
    ++pieces;
    octets += 2 * program_->texts[step.index].size();
  }
  return pieces > kMostPieces || octets > kMostPython / 2 ? because(", and too much of it") : "";
}

// The code's asserts, on what the stack tells of its connection now.
void Run::code(const script::Step& what, Time now) {
  if (needs_python(*program_)) return keep_for_python(what, now);
  std::string told;
  const auto names = [&](const std::string& name) -> std::optional<int64_t> {
    const auto known = variables_.find(name);
    if (known != variables_.end()) return known->second;
    const auto value = shared_.stack.tcp_info(id_, what.connection, name);
    if (value) told += fmt::format("{}{} = {}", told.empty() ? "" : ", ", name, *value);
    return value;
  };
  for (const script::CodeStatement& statement : *program_->codes[what.index]) {
    std::string missing;
    told.clear();
    const auto value = script::evaluate(statement, names, &missing);
    if (!value) {
      result_.outcome = Outcome::kSkipped;
      result_.broken = missing.empty()
                           ? fmt::format("line {}: {} has no value", what.line, statement.text)
                           : fmt::format("line {} asks for {}, which the stack does not tell",
                                         what.line, missing);
      phase_ = Phase::kOver;
      return;
    }
    if (!statement.assigned.empty()) {
      variables_[statement.assigned] = *value;
    } else if (*value == 0) {
      return mismatch(step_, statement.text, told.empty() ? "it does not hold" : told);
    }
  }
  finish_step(now);
}

void Run::keep_for_python(const script::Step& what, Time now) {
  CodePiece& piece = pieces_.emplace_back();
  piece.step = step_;
  piece.code = program_->texts[what.index];
  for (const std::string& word : words_of(piece.code)) {
    auto value = shared_.stack.tcp_info(id_, what.connection, word);
    if (!value) value = script::find_code_constant(word);
    if (value) {
      piece.names.emplace_back(word, *value);
    } else if (word.starts_with("tcpi_")) {
      result_.outcome = Outcome::kSkipped;
      result_.broken =
          fmt::format("line {} asks for {}, which the stack does not tell", what.line, word);
      phase_ = Phase::kOver;
      return;
    }
  }
  finish_step(now);
}

Next Run::wait_for_python(Time now) {
  if (!in_shell_) {
    commands_ = python_command(pieces_);
    start_shell();
    limit_ = now + kLongestPython;
    return {};
  }
  const auto status = shell_->ended();
  if (!status && now < limit_) return {Next::Kind::kWait, now + kLook};
  in_shell_ = false;
  --shared_.shells;
  const std::size_t failed = status ? static_cast<std::size_t>(*status) : pieces_.size();
  phase_ = Phase::kFinal;
  if (failed == 0) return {};
  const CodePiece& piece = pieces_[std::min(failed, pieces_.size()) - 1];
  std::string told;
  for (const auto& [name, value] : piece.names) {
    if (name.starts_with("tcpi_")) told += fmt::format(", {} = {}", name, value);
  }
  mismatch(piece.step, piece.code,
           (status ? "python3 raises an error" : "python3 does not end") + told);
  return {};
}

}  // namespace synfin::play
