#include "engine/listener.h"

#include <algorithm>
#include <utility>

namespace synfin {
namespace {

std::size_t not_negative(int backlog) {
  return backlog < 0 ? std::size_t{0} : static_cast<std::size_t>(backlog);
}

// Nothing is left of it: it is back where it began, or gone.
bool is_over(State state) { return state == State::kListen || state == State::kClosed; }

}  // namespace

Listener::Listener(const Profile& profile, int backlog, ClauseSet* coverage)
    : profile_(&profile), coverage_(coverage), backlog_(not_negative(backlog)) {}

void Listener::set_backlog(int backlog) { backlog_ = not_negative(backlog); }

Listener::Child* Listener::find(const PeerKey& peer) {
  // A connection that is over answers nothing; it may still wait for accept().
  const auto found = std::find_if(children_.begin(), children_.end(), [&](const Child& child) {
    return child.peer == peer && !is_over(child.connection->state());
  });
  return found == children_.end() ? nullptr : &*found;
}

std::size_t Listener::half_open() const {
  return static_cast<std::size_t>(std::count_if(
      children_.begin(), children_.end(),
      [](const Child& child) { return child.connection->state() == State::kSynReceived; }));
}

bool Listener::has_room() const {
  return half_open() < std::max<std::size_t>(backlog_ + profile_->syn_queue_slack, 1) &&
         accept_queue_.size() < backlog_ + profile_->accept_queue_slack;
}

std::optional<State> Listener::state(const PeerKey& peer) const {
  for (const Child& child : children_) {
    if (child.peer == peer && !is_over(child.connection->state())) {
      return child.connection->state();
    }
  }
  return std::nullopt;
}

void Listener::queue_if_open(Child& child) {
  if (child.queued || !is_synchronized(child.connection->state())) return;
  child.queued = true;
  accept_queue_.push_back(child.peer);
}

// MAY-2 (2): back to TIME-WAIT when the SYN that left it was an old duplicate, which a reset tells.
std::unique_ptr<Reference> Listener::settle_lingering(Child& child) {
  const State state = child.connection->state();
  if (state == State::kSynReceived) return nullptr;
  std::unique_ptr<Reference> lingering = std::move(child.lingering);
  return state == State::kListen ? std::move(lingering) : nullptr;
}

std::unique_ptr<Reference> Listener::on_segment(Time now, const PeerKey& peer,
                                                const Segment& segment, Seq iss,
                                                std::unique_ptr<Reference> lingering,
                                                uint32_t timestamp_offset) {
  if (closed_) return nullptr;
  Admission admission;
  admission.syn = has_room();
  admission.third_ack = accept_queue_.size() < backlog_ + profile_->accept_queue_slack;
  Child* child = find(peer);
  if (child == nullptr) {
    children_.push_back({.peer = peer,
                         .connection = std::make_unique<Reference>(*profile_, coverage_),
                         .queued = false,
                         .lingering = std::move(lingering)});
    child = &children_.back();
    child->connection->set_timestamp_offset(timestamp_offset);
    child->connection->open_passive(now, iss);
  }
  child->connection->on_segment(now, segment, admission);
  queue_if_open(*child);
  return settle_lingering(*child);
}

void Listener::on_time(Time now) {
  for (Child& child : children_) {
    if (child.connection->next_deadline() <= now) child.connection->on_time(now);
  }
}

bool Listener::poll_transmit(Time now, PeerKey& peer, Segment& out) {
  for (Child& child : children_) {
    if (!child.connection->poll_transmit(now, out)) continue;
    peer = child.peer;
    return true;
  }
  std::erase_if(children_, [](const Child& child) {
    return !child.queued && is_over(child.connection->state());
  });
  return false;
}

Time Listener::next_deadline() const {
  Time earliest = kNever;
  for (const Child& child : children_) {
    earliest = std::min(earliest, child.connection->next_deadline());
  }
  return earliest;
}

std::unique_ptr<Reference> Listener::accept(PeerKey& peer) {
  if (accept_queue_.empty()) return nullptr;
  peer = accept_queue_.front();
  accept_queue_.pop_front();
  const auto child = std::find_if(children_.begin(), children_.end(), [&](const Child& each) {
    return each.queued && each.peer == peer;
  });
  auto connection = std::move(child->connection);
  children_.erase(child);
  return connection;
}

void Listener::close(Time now) {
  closed_ = true;
  accept_queue_.clear();
  for (Child& child : children_) {
    child.queued = false;
    child.connection->abort(now);
  }
}

}  // namespace synfin
