#include "harness/judge/judge.h"

#include <algorithm>
#include <utility>

#include "harness/judge/numbering.h"
#include "harness/judge/shadow.h"
#include "harness/judge/sockets.h"
#include "harness/play/describe.h"
#include "harness/stack/case_profile.h"
#include "harness/wire/codec.h"
#include "harness/wire/icmp.h"
#include "harness/wire/text.h"

namespace synfin::judge {

using play::Event;
using play::EventKind;

class Judge::Impl : public Complaints {
 public:
  Impl(const Profile& profile, const stack::Traits& traits, ClauseSet* coverage)
      : usual_profile_(profile),
        traits_(traits),
        coverage_(coverage),
        sockets_(profile, shadows_),
        numbering_(*this) {
    // How much a call took is told when it returns; until then all that was offered counts.
    usual_profile_.send_buffer = ByteRing::kMaxCapacity;
  }

  void add(Divergence divergence) override;
  void begin(const script::FlatProgram& program, std::span<const wire::FourTuple> tuples,
             const play::Trace& trace);
  void begin_shadows(std::size_t count);
  void on_event(const Event& event, const wire::Decoded* packet);
  void injected(const Event& event, const wire::Decoded* packet);
  void sent(const Event& event, const wire::Decoded* packet);
  std::string describe_stimulus(std::size_t stimulus) const;

  // The second follows what a case sets.
  Profile usual_profile_;
  Profile profile_;
  const stack::Traits& traits_;
  ClauseSet* coverage_;
  const script::FlatProgram* program_ = nullptr;
  const play::Trace* trace_ = nullptr;
  std::vector<wire::FourTuple> tuples_;
  std::vector<std::unique_ptr<Shadow>> shadows_;
  Sockets sockets_;
  Numbering numbering_;
  std::vector<Divergence> divergences_;
  std::vector<State> states_;
  std::size_t stimulus_ = 0;  // index + 1 of the event of the last stimulus; 0: none yet
  uint32_t step_ = 0;
  Shadow::Sent last_;
};

void Judge::Impl::begin(const script::FlatProgram& program, std::span<const wire::FourTuple> tuples,
                        const play::Trace& trace) {
  std::vector<stack::Sysctl> sysctls;
  for (const auto& [key, value] : program.needs) {
    const auto equals = value.find('=');
    if (key != "sysctl" || equals == std::string::npos) continue;
    sysctls.emplace_back(value.substr(0, equals), value.substr(equals + 1));
  }
  const bool ipv6 = !tuples.empty() && tuples[0].local.address.v6;
  profile_ = stack::case_profile(usual_profile_, ipv6, sysctls);
  program_ = &program;
  tuples_.assign(tuples.begin(), tuples.end());
  trace_ = &trace;
  begin_shadows(program.connections.size());
  sockets_.begin();
  numbering_.begin(program.requirements);
  divergences_.clear();
  states_.clear();
  states_.reserve(3 * program.steps.size());  // most steps are an event or two and a state
  stimulus_ = 0;
  step_ = 0;
  last_ = {};
}

void Judge::Impl::begin_shadows(std::size_t count) {
  if (shadows_.size() > count) shadows_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    Shadow shadow(profile_, traits_, coverage_, *this, static_cast<uint16_t>(i));
    if (i < shadows_.size()) {
      *shadows_[i] = std::move(shadow);
    } else {
      shadows_.push_back(std::make_unique<Shadow>(std::move(shadow)));
    }
  }
}

void Judge::Impl::add(Divergence divergence) {
  const auto same = [&](const Divergence& other) {
    return other.clause == divergence.clause && other.wanted == divergence.wanted &&
           other.got == divergence.got && other.step == step_;
  };
  if (std::any_of(divergences_.begin(), divergences_.end(), same)) return;
  divergence.step = step_;
  divergence.stimulus = describe_stimulus(divergence.cause != 0 ? divergence.cause : stimulus_);
  divergences_.push_back(std::move(divergence));
}

std::string Judge::Impl::describe_stimulus(std::size_t stimulus) const {
  if (stimulus == 0 || stimulus > trace_->events.size()) return "nothing in the trace";
  const Event& event = trace_->events[stimulus - 1];
  if (event.kind != EventKind::kInjected) {
    return play::describe(program_->calls[event.call]);
  }
  const auto packet = wire::decode(trace_->data(event));
  if (!packet) return "a malformed packet";
  return wire::to_text(*packet, shadows_[event.connection]->isns().reversed());
}

void Judge::Impl::on_event(const Event& event, const wire::Decoded* packet) {
  step_ = event.step;
  Shadow& shadow = *shadows_[event.connection];
  // What had to come before this and could have been seen is missing.
  const Time due = event.at - traits_.quiet_time;
  for (auto& each : shadows_) each->missing(due);
  const bool was_ready = shadow.ready();
  switch (event.kind) {
    case EventKind::kInjected:
      stimulus_ = trace_->events.size();
      injected(event, packet);
      break;
    case EventKind::kSent:
      sent(event, packet);
      break;
    case EventKind::kCallStart:
      stimulus_ = trace_->events.size();
      sockets_.call_starts(event.at, program_->calls[event.call], event.connection);
      break;
    case EventKind::kCallReturn:
      sockets_.call_returns(event.at, program_->calls[event.call], event.connection, event.value,
                            event.error, trace_->data(event));
      break;
    case EventKind::kState:
      if (shadow.state() == State::kSynReceived) shadow.set_crowded(sockets_.is_crowded());
      shadow.observed(event.at, event.state);
      break;
    case EventKind::kQuiet:
      break;  // what is missing by now was told above
  }
  shadow.note_cause(stimulus_);
  if (!was_ready && shadow.ready()) sockets_.ready(event.connection);
  states_.push_back(shadow.state());
}

void Judge::Impl::injected(const Event& event, const wire::Decoded* packet) {
  if (packet == nullptr) {
    const auto notice = wire::decode_icmp(trace_->data(event));
    if (notice) shadows_[event.connection]->icmp(event.at, *notice);
    return;
  }
  // What has a wrong checksum has not arrived (MUST-3).
  if (!packet->tcp_checksum_ok || !packet->ip_checksum_ok) return;
  // MUST-57, MUST-63: what is not from this peer to this stack is nothing to the connection, and no
  // case sends it so that it might be another's.
  const wire::FourTuple& tuple = tuples_[event.connection];
  if (packet->source.address != tuple.remote.address ||
      packet->destination.address != tuple.local.address) {
    return;
  }
  shadows_[event.connection]->injected(event.at, *packet, sockets_.admission(event.connection));
}

void Judge::Impl::sent(const Event& event, const wire::Decoded* packet) {
  last_ = {};
  if (packet == nullptr) return;
  last_ = shadows_[event.connection]->sent(event.at, *packet);
  numbering_.sent(event.at, event.connection, packet->segment);
}

// --- Judge ---------------------------------------------------------------------------------------

Judge::Judge(const Profile& profile, const stack::Traits& traits, ClauseSet* coverage)
    : impl_(std::make_unique<Impl>(profile, traits, coverage)) {}

Judge::~Judge() = default;

void Judge::begin(const script::FlatProgram& program, std::span<const wire::FourTuple> tuples,
                  const play::Trace& trace) {
  impl_->begin(program, tuples, trace);
}

void Judge::on_event(const Event& event, const wire::Decoded* packet) {
  impl_->on_event(event, packet);
}

std::optional<uint32_t> Judge::value(uint16_t connection, script::Base name) const {
  const Tcb& tcb = impl_->shadows_[connection]->variables();
  switch (name) {
    case script::Base::kIss:
      return tcb.iss_known ? std::optional(tcb.snd.iss.value()) : std::nullopt;
    case script::Base::kSndUna:
      return tcb.iss_known ? std::optional(tcb.snd.una.value()) : std::nullopt;
    case script::Base::kSndNxt:
      return tcb.iss_known ? std::optional(tcb.snd.nxt.value()) : std::nullopt;
    case script::Base::kIrs:
      return tcb.irs_known ? std::optional(tcb.rcv.irs.value()) : std::nullopt;
    case script::Base::kRcvNxt:
      return tcb.irs_known ? std::optional(tcb.rcv.nxt.value()) : std::nullopt;
    case script::Base::kSndWnd:
      return tcb.snd.wnd;
    case script::Base::kSndMaxWnd:
      return tcb.snd.max_wnd;
    case script::Base::kRcvWnd:
      return tcb.rcv.wnd();
    default:
      return std::nullopt;
  }
}

uint8_t Judge::peer_window_shift(uint16_t connection) const {
  return impl_->shadows_[connection]->peer_shift();
}

uint8_t Judge::stack_window_shift(uint16_t connection) const {
  return impl_->shadows_[connection]->own_shift();
}

Judge::Timer Judge::retransmission_timer(uint16_t connection) const {
  const Rules& rules = impl_->shadows_[connection]->rules();
  return {rules.last_progress(), rules.rto()};
}

bool Judge::last_was_allowed_repetition() const {
  return impl_->last_.repetition && impl_->last_.allowed;
}

bool Judge::last_was_allowed() const { return impl_->last_.allowed; }

const std::vector<Divergence>& Judge::divergences() const { return impl_->divergences_; }

void Judge::take_divergences(std::vector<Divergence>& taken) {
  taken.clear();
  taken.swap(impl_->divergences_);
}

bool Judge::judged_to_the_end() const {
  return std::none_of(impl_->shadows_.begin(), impl_->shadows_.end(),
                      [](const auto& shadow) { return shadow->lost(); });
}

const std::vector<State>& Judge::states() const { return impl_->states_; }

const Rules& Judge::rules(uint16_t connection) const {
  return impl_->shadows_[connection]->rules();
}

EdgeSet Judge::edges() const {
  EdgeSet edges;
  for (const auto& shadow : impl_->shadows_) edges |= shadow->rules().edges();
  return edges;
}

}  // namespace synfin::judge
