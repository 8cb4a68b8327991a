#include "harness/stack/child_stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/stack/case_profile.h"
#include "harness/stack/child_process.h"
#include "harness/stack/child_protocol.h"
#include "harness/stack/child_server.h"

namespace synfin::stack {
namespace {

// Ops of one request: what lies between two deliveries is far less.
constexpr int kMostOps = 4096;

class ChildStack final : public Stack {
 public:
  explicit ChildStack(ChildOptions options) : options_(std::move(options)) {}

  Result<void> begin();

  const Identity& identity() const override { return options_.identity; }
  const Traits& traits() const override { return options_.traits; }
  bool may_open() const override { return one_at_a_time_ == 0 || cases_.size() == closing_; }
  Result<CaseId> open(const CaseNeeds& needs) override;
  wire::FourTuple address(CaseId id, unsigned connection) const override;
  Time now() override { return now_; }
  Result<Time> inject(CaseId id, std::span<const uint8_t> packet) override;
  Ticket start(CaseId id, unsigned connection, const script::CallSpec& call) override;
  void run_until(Time until, Sink& sink) override;
  Result<State> snapshot(CaseId id, unsigned connection) override;
  void close(CaseId id) override;

 private:
  struct Case {
    bool ipv6 = false;
    uint16_t local_port = 0;
    std::vector<State> states;
    bool asked = false;  // ops of this case wait to be sent
    bool gone = false;   // with the child that had it
    // Closed by its owner; it stays until the child has answered.
    bool closing = false;
  };

  Case* find(CaseId id) {
    const auto found = cases_.find(id);
    return found == cases_.end() || found->second.closing ? nullptr : &found->second;
  }
  void forget_closed();
  proto::ChildOp& add(proto::ChildOp::Kind kind, CaseId id);
  void ask(Time until);
  void take_reply();
  void ended(const std::string& how);
  bool deliver(Sink& sink);
  void tell(Sink& sink, const proto::ChildEvent& event);

  ChildOptions options_;
  std::unique_ptr<Zygote> zygote_;
  std::unique_ptr<ChildProcess> child_;
  std::map<CaseId, Case> cases_;
  proto::ChildRequest request_;
  proto::ChildReply reply_;
  std::string scratch_;
  std::vector<proto::ChildEvent> waiting_;  // to be delivered
  std::vector<CaseId> lost_;                // when the child ended, until that is delivered
  std::size_t closing_ = 0;                 // how many cases are
  std::string how_;                         // it ended
  Time now_ = StackStart{}.now;
  CaseId next_case_ = 1;
  Ticket next_ticket_ = 1;
  std::size_t one_at_a_time_ = 0;  // so many cases more are let in alone
};

// In the child. `given`: from where it counts.
static_assert(std::is_trivially_copyable_v<StackStart>);
void run_stack(const ChildOptions& options, int talk, std::span<const uint8_t> given) {
  StackStart from;
  std::memcpy(&from, given.data(), sizeof from);
  auto made = options.make(from);
  if (made) return serve_stack(**made, talk);
  std::fputs(made.error().message.c_str(), stderr);
}

Result<void> ChildStack::begin() {
  if (zygote_ == nullptr) {
    auto zygote = Zygote::make(
        [this](int talk, std::span<const uint8_t> given) { run_stack(options_, talk, given); });
    if (!zygote) return tl::make_unexpected(zygote.error());
    zygote_ = std::move(*zygote);
  }
  const StackStart from{next_case_, now_};
  std::array<uint8_t, sizeof from> given{};
  std::memcpy(given.data(), &from, sizeof from);
  auto child = ChildProcess::start(*zygote_, given);
  if (!child) return tl::make_unexpected(child.error());
  child_ = std::move(*child);
  return {};
}

// --- what the owner wants ---

proto::ChildOp& ChildStack::add(proto::ChildOp::Kind kind, CaseId id) {
  if (request_.ops_size() >= kMostOps) ask(now_);
  proto::ChildOp& op = *request_.add_ops();
  op.set_kind(kind);
  op.set_case_id(id);
  if (Case* one = find(id); one != nullptr) one->asked = true;
  return op;
}

Result<CaseId> ChildStack::open(const CaseNeeds& needs) {
  if (auto same = check_no_change(options_.profile, needs.sysctls); !same) {
    return fail(options_.identity.name + " " + same.error().message);
  }
  if (!may_open()) return fail("after a crash cases are let in one at a time");
  // Else it would share a request with the end of another case.
  if (one_at_a_time_ > 0 && closing_ > 0) ask(now_);
  if (child_ == nullptr) {
    if (auto begun = begin(); !begun) return tl::make_unexpected(begun.error());
  }
  if (one_at_a_time_ > 0) --one_at_a_time_;
  // The stack in the child counts likewise: it passes over numbers whose port is in use.
  const auto port = [&] { return options_.address(next_case_, needs.ipv6, 0).local.port; };
  const auto in_use = [&](const auto& open) {
    return !open.second.closing && open.second.local_port == port();
  };
  while (std::any_of(cases_.begin(), cases_.end(), in_use)) ++next_case_;
  const CaseId id = next_case_;
  Case& one = cases_[id];
  one.local_port = port();
  ++next_case_;
  one.ipv6 = needs.ipv6;
  one.states.resize(needs.connections, State::kClosed);
  proto::ChildOp& op = add(proto::ChildOp::OPEN, id);
  op.set_ipv6(needs.ipv6);
  op.set_connections(needs.connections);
  return id;
}

wire::FourTuple ChildStack::address(CaseId id, unsigned connection) const {
  const auto found = cases_.find(id);
  return options_.address(id, found != cases_.end() && found->second.ipv6, connection);
}

Result<Time> ChildStack::inject(CaseId id, std::span<const uint8_t> packet) {
  const Case* one = find(id);
  if (one == nullptr) return fail("the case is closed");
  if (one->gone) return now_;
  add(proto::ChildOp::INJECT, id).set_packet(packet.data(), packet.size());
  return now_;
}

Ticket ChildStack::start(CaseId id, unsigned connection, const script::CallSpec& call) {
  const Ticket ticket = next_ticket_++;
  const Case* one = find(id);
  if (one == nullptr || one->gone) return ticket;
  proto::ChildOp& op = add(proto::ChildOp::START, id);
  op.set_ticket(ticket);
  op.set_connection(connection);
  to_proto(call, *op.mutable_call());
  return ticket;
}

Result<State> ChildStack::snapshot(CaseId id, unsigned connection) {
  Case* one = find(id);
  if (one == nullptr || connection >= one->states.size()) return fail("the case is closed");
  if (one->asked) ask(now_);
  // What ended the child meanwhile is told by the next run_until().
  return one->states[connection];
}

void ChildStack::close(CaseId id) {
  Case* one = find(id);
  if (one == nullptr) return;
  if (one->gone) {
    cases_.erase(id);
    return;
  }
  add(proto::ChildOp::CLOSE, id);
  one->closing = true;
  ++closing_;
}

// The child has outlived their ends.
void ChildStack::forget_closed() {
  if (closing_ == 0) return;
  std::erase_if(cases_, [](const auto& one) { return one.second.closing; });
  closing_ = 0;
}

// --- the conversation ---

// Sends what has gathered and takes the reply.
void ChildStack::ask(Time until) {
  if (child_ == nullptr) {
    request_.clear_ops();
    forget_closed();
    return;
  }
  request_.set_until_ns(nanoseconds_of(until));
  const auto patience =
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.patience).count();
  auto answer = Received::kGone;
  if (send_message(child_->fd(), request_, scratch_)) {
    answer = receive_message(child_->fd(), reply_, scratch_, static_cast<int>(patience));
  }
  request_.clear_ops();
  for (auto& [id, one] : cases_) one.asked = false;
  if (answer == Received::kLate) {
    return ended(fmt::format("did not answer within {} ms and was ", patience));
  }
  if (answer == Received::kGone) return ended("");
  if (answer == Received::kNonsense) return ended("sent what is no answer, and was ");
  ChildContext context;
  context.now = now_;
  context.until = std::max(now_, until);
  context.next_ticket = next_ticket_;
  context.connections = [this](uint32_t id) {
    const Case* one = find(id);
    return one == nullptr ? 0U : static_cast<unsigned>(one->states.size());
  };
  if (auto checked = check_reply(reply_, context); !checked) {
    return ended(
        fmt::format("gave an answer that makes no sense ({}), and was ", checked.error().message));
  }
  take_reply();
}

void ChildStack::take_reply() {
  forget_closed();
  now_ = time_of(reply_.now_ns());
  for (proto::ChildEvent& event : *reply_.mutable_events()) {
    Case* one = find(event.case_id());
    if (one == nullptr) continue;  // closed meanwhile
    if (event.kind() == proto::ChildEvent::STATE) {
      one->states[event.connection()] = static_cast<State>(event.state());
    } else {
      waiting_.emplace_back().Swap(&event);
    }
  }
}

void ChildStack::ended(const std::string& how) {
  how_ = fmt::format("{}: {}{}", options_.identity.name, how, child_->last_words());
  child_.reset();
  for (auto& [id, one] : cases_) {
    if (!std::exchange(one.gone, true)) lost_.push_back(id);
  }
  if (lost_.size() > 1) one_at_a_time_ = std::max(one_at_a_time_, lost_.size());
  forget_closed();
}

// --- what is told ---

void ChildStack::tell(Sink& sink, const proto::ChildEvent& event) {
  const CaseId id = event.case_id();
  if (find(id) == nullptr) return;
  const auto* start = static_cast<const void*>(event.data().data());
  const std::span octets(static_cast<const uint8_t*>(start), event.data().size());
  if (event.kind() == proto::ChildEvent::PACKET) {
    sink.on_packet(id, time_of(event.at_ns()), octets);
  } else if (event.kind() == proto::ChildEvent::RETURN) {
    sink.on_return(id, event.ticket(), time_of(event.at_ns()),
                   {event.value(), event.error(), octets});
  } else {
    sink.on_broken(id, {event.message()});
  }
}

bool ChildStack::deliver(Sink& sink) {
  if (waiting_.empty() && lost_.empty()) return false;
  for (const proto::ChildEvent& event : std::exchange(waiting_, {})) tell(sink, event);
  const std::vector<CaseId> lost = std::exchange(lost_, {});
  for (const CaseId id : lost) {
    if (lost.size() == 1) {
      sink.on_crashed(id, {how_});
    } else {
      sink.on_lost(id, {how_});
    }
  }
  return true;
}

void ChildStack::run_until(Time until, Sink& sink) {
  if (closing_ > 0) ask(now_);  // whether it outlives that is told before anything else
  if (deliver(sink)) return;
  if (request_.ops_size() > 0 || until > now_) ask(until);
  if (!deliver(sink) && child_ == nullptr) now_ = std::max(now_, until);
}

}  // namespace

Result<std::unique_ptr<Stack>> make_child_stack(ChildOptions options) {
  options.traits.mortal = true;
  auto made = std::make_unique<ChildStack>(std::move(options));
  if (auto begun = made->begin(); !begun) return tl::make_unexpected(begun.error());
  return made;
}

}  // namespace synfin::stack
