// Shell commands of a program.
//
// The commands before the first step prepare the case's own place. Its clock starts when those of
// all cases have ended that began with it: they keep every processor busy. Where the play goes
// before other work, only what the harness does itself is waited for.
#include <fmt/format.h>

#include <algorithm>

#include "harness/play/plain_commands.h"
#include "harness/play/run.h"

namespace synfin::play {
namespace {

// How many commands may be under way while places are prepared.
constexpr unsigned kMostShells = 8;
constexpr Duration kQueue = std::chrono::milliseconds(10);  // for one of them
// Places that were prepared together start one after the other: scripts have the same times.
constexpr Duration kApart = std::chrono::milliseconds(3);

}  // namespace

// Before the clock starts; nothing once it may, or while there are commands to run.
Next Run::hold(Time now) {
  if (prepares()) return {};
  others_need_not_wait();
  if (shared_.preparing > 0) return {Next::Kind::kWait, now + kLook};
  if (!starts_) shared_.next_start = starts_.emplace(std::max(now, shared_.next_start)) + kApart;
  if (now < *starts_) return {Next::Kind::kWait, *starts_};
  preparing_ = false;
  result_.started = last_time_ = shared_.stack.now();
  slipped_ = slipped_in_row_ = Duration{0};
  return {};
}

void Run::others_need_not_wait() {
  if (disturbs_) --shared_.preparing;
  disturbs_ = false;
}

void Run::shell(const script::Step& what, Time now) {
  if (auto entered = shared_.stack.enter(id_); !entered) return break_off(entered.error().message);
  commands_ = program_->texts[what.index];
  if (prepares() && !shell_) {
    PlainPart part = plain_part(commands_, program_->place.directory);
    const bool worked = run_plain(part.commands);
    if (part.rest.empty()) {
      if (!worked) return mismatch(step_, "`" + commands_ + "` succeeds", "it failed");
      return finish_step(now);
    }
    commands_ = std::move(part.rest);
  }
  if (shared_.traits.goes_first) others_need_not_wait();
  phase_ = Phase::kShell;
  if (!prepares()) start_shell();
}

void Run::start_shell() {
  const auto start = [&]() -> Result<void> {
    if (program_->place.own) {
      if (auto entered = shared_.stack.enter(id_); !entered) return entered;
    }
    if (!shell_) {
      auto opened = Shell::open(program_->place.directory);
      if (!opened) return tl::make_unexpected(opened.error());
      shell_ = std::move(*opened);
    }
    return shell_->start(commands_);
  };
  if (auto started = start(); !started) {
    const uint32_t line = step_ < program_->steps.size() ? step().line : 0;
    return break_off(fmt::format("line {}: {}", line, started.error().message));
  }
  in_shell_ = true;
  ++shared_.shells;
}

Next Run::wait_for_shell(Time now) {
  if (!in_shell_) {
    if (shared_.shells >= kMostShells) return {Next::Kind::kWait, now + kQueue};
    start_shell();
    return {};
  }
  const auto status = shell_->ended();
  if (!status) return {Next::Kind::kWait, now + kLook};
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

void Run::leave_shell() {
  if (in_shell_) --shared_.shells;
  others_need_not_wait();
  in_shell_ = preparing_ = false;
  shell_.reset();
}

}  // namespace synfin::play
