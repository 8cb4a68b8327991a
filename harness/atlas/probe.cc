#include "harness/atlas/probe.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "harness/judge/judge.h"
#include "harness/play/player.h"
#include "harness/script/compile.h"
#include "harness/script/printer.h"

namespace synfin::atlas {
namespace {

// More than a set-up leaves room for, but where the window is as large as a packet.
constexpr uint32_t kReadAtMost = 4096;
// A set-up that the harness disturbed is played again so often.
constexpr unsigned kProbeTries = 4;

script::CallSpec accept_call() {
  script::CallSpec call;
  call.name = script::CallName::kAccept;
  call.fd = kListenerFd;
  call.new_fd = kConnectionFd;
  return call;
}

script::CallSpec read_call() {
  script::CallSpec call;
  call.name = script::CallName::kRecv;
  call.fd = kConnectionFd;
  call.flags = MSG_DONTWAIT;
  call.length = kReadAtMost;
  return call;
}

uint32_t add_step(script::FlatProgram& flat, script::StepKind kind, std::size_t index) {
  script::Step step;
  step.kind = kind;
  step.index = static_cast<uint32_t>(index);
  flat.steps.push_back(step);
  return static_cast<uint32_t>(flat.steps.size() - 1);
}

uint32_t add_call(script::FlatProgram& flat, script::CallSpec call) {
  flat.calls.push_back(std::move(call));
  return add_step(flat, script::StepKind::kCall, flat.calls.size() - 1);
}

Variables variables_of(const judge::Judge& judge) {
  const auto value = [&](script::Base name) { return judge.value(0, name).value_or(0); };
  Variables out;
  out.iss_known = judge.value(0, script::Base::kIss).has_value();
  out.irs_known = judge.value(0, script::Base::kIrs).has_value();
  if (out.iss_known) {
    out.snd_una = value(script::Base::kSndUna) - value(script::Base::kIss);
    out.snd_nxt = value(script::Base::kSndNxt) - value(script::Base::kIss);
    out.snd_wnd = value(script::Base::kSndWnd);
    out.snd_max_wnd = value(script::Base::kSndMaxWnd);
  }
  if (out.irs_known) {
    out.rcv_nxt = value(script::Base::kRcvNxt) - value(script::Base::kIrs);
    out.rcv_wnd = value(script::Base::kRcvWnd);
  }
  return out;
}

std::string what_happened(const play::PlayResult& result) {
  if (result.mismatches.empty()) return result.broken;
  const play::Mismatch& mismatch = result.mismatches.front();
  return fmt::format("line {}: wanted {}, got {}", mismatch.line, mismatch.wanted, mismatch.got);
}

// Plays it once; the judge has followed when it returns.
play::PlayResult play_once(stack::Stack& target, play::Job job) {
  play::PlayResult played;
  play::Player player(target, 1);
  job.done = [&](play::PlayResult&& result) { played = std::move(result); };
  player.add(std::move(job));
  player.run();
  return played;
}

}  // namespace

Result<CellProgram> cell_program(const proto::Program& set_up, const SetUpInfo& info,
                                 Duration quiet_time) {
  auto flat = script::compile(set_up);
  if (!flat) return tl::make_unexpected(flat.error());
  CellProgram out;
  out.flat = std::move(*flat);
  // The probe has seen them; a play with the same packets and calls has the same states.
  for (script::Step& step : out.flat.steps) step.state.reset();
  out.flat.segments.emplace_back();
  out.cell_step = add_step(out.flat, script::StepKind::kInject, out.flat.segments.size() - 1);
  const uint32_t wait = add_step(out.flat, script::StepKind::kWait, 0);
  out.flat.steps[wait].when.start = quiet_time;
  if (info.accepts) out.accept_step = add_call(out.flat, accept_call());
  if (info.reads) out.read_step = add_call(out.flat, read_call());
  return out;
}

Result<Probed> probe(stack::Stack& target, const Profile& profile, const SetUpInfo& info,
                     uint32_t window, bool ipv6, uint64_t seed) {
  const auto source = set_up_program(info, window, target.traits());
  if (!source) return tl::make_unexpected(source.error());
  auto flat = script::compile(*source);
  if (!flat) return tl::make_unexpected(flat.error());
  const auto program = std::make_shared<const script::FlatProgram>(std::move(*flat));
  Probed out;
  out.set_up.id = info.id;
  out.set_up.state = info.state;
  out.set_up.program = script::print(*source);
  for (unsigned tried = 0; tried < kProbeTries; ++tried) {
    judge::Judge judge(profile, target.traits());
    play::Job job;
    job.program = program;
    job.options.ipv6 = ipv6;
    job.options.seed = seed;
    job.options.read_states = false;
    job.observer = &judge;
    const play::PlayResult result = play_once(target, std::move(job));
    out.set_up.reached = result.outcome == play::Outcome::kPlayed && result.mismatches.empty();
    out.set_up.why = out.set_up.reached ? "" : what_happened(result);
    record_set_up(result, static_cast<uint32_t>(program->steps.size()), out.set_up.events);
    out.set_up.variables = variables_of(judge);
    if (!result.in_doubt()) break;
  }
  if (!out.set_up.reached) return out;
  auto made = cell_program(*source, info, target.traits().quiet_time);
  if (!made) return tl::make_unexpected(made.error());
  out.program = std::move(*made);
  return out;
}

}  // namespace synfin::atlas
