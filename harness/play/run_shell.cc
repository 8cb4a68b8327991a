// Shell commands and code of a program.
//
// The commands before the first step prepare the case's own place. Its clock starts when those of
// all cases have ended that began with it: they keep every processor busy.
#include <fmt/format.h>

#include <algorithm>

#include "harness/play/plain_commands.h"
#include "harness/play/run.h"

namespace synfin::play {
namespace {

// How often a command that is under way is looked at, and how many may be.
constexpr Duration kLook = std::chrono::milliseconds(1);
constexpr unsigned kMostShells = 8;
// Places that were prepared together start one after the other: scripts have the same times.
constexpr Duration kApart = std::chrono::milliseconds(3);

}  // namespace

// Before the clock starts; nothing once it may, or while there are commands to run.
Run::Progress Run::hold(Time now) {
  if (prepares()) {
    if (shared_.shells >= kMostShells) return Next{Next::Kind::kWait, now + kLook};
    return {};
  }
  if (preparing_) {
    preparing_ = false;
    held_ = true;
    starts_.reset();
    --shared_.preparing;
  }
  if (shared_.preparing > 0) return Next{Next::Kind::kWait, now + kLook};
  if (!starts_) shared_.next_start = starts_.emplace(std::max(now, shared_.next_start)) + kApart;
  if (now < *starts_) return Next{Next::Kind::kWait, *starts_};
  held_ = false;
  result_.started = last_time_ = shared_.stack.now();
  return {};
}

void Run::shell(const script::Step& what, Time now) {
  if (auto entered = shared_.stack.enter(id_); !entered) return break_off(entered.error().message);
  std::string commands = program_->texts[what.index];
  if (prepares() && !shell_) {
    PlainPart part = plain_part(commands, program_->place.directory);
    const bool worked = run_plain(part.commands);
    if (part.rest.empty()) {
      if (!worked) return mismatch(step_, "`" + commands + "` succeeds", "it failed");
      return finish_step(now);
    }
    commands = std::move(part.rest);
  }
  if (!shell_) {
    auto opened = Shell::open(program_->place.directory);
    if (!opened) return break_off(opened.error().message);
    shell_ = std::move(*opened);
  }
  if (auto started = shell_->start(commands); !started) {
    return break_off(fmt::format("line {}: {}", what.line, started.error().message));
  }
  in_shell_ = true;
  ++shared_.shells;
  phase_ = Phase::kShell;
}

Run::Progress Run::wait_for_shell(Time now) {
  const auto status = shell_->ended();
  if (!status) return Next{Next::Kind::kWait, now + kLook};
  in_shell_ = false;
  --shared_.shells;
  const std::string& command = program_->texts[step().index];
  if (*status != 0) {
    mismatch(step_, "`" + command + "` succeeds", fmt::format("status {}", *status));
    return {};
  }
  finish_step(now);
  return {};
}

// The code's asserts, on what the stack tells of its connection now.
void Run::code(const script::Step& what, Time now) {
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

void Run::leave_shell() {
  if (in_shell_) --shared_.shells;
  if (preparing_) --shared_.preparing;
  in_shell_ = preparing_ = held_ = false;
  shell_.reset();
}

}  // namespace synfin::play
