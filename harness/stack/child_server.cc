#include "harness/stack/child_server.h"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/stack/child_protocol.h"

namespace synfin::stack {
namespace {

class Server final : public Sink {
 public:
  explicit Server(Stack& stack) : stack_(stack) {}

  void answer(const proto::ChildRequest& request, proto::ChildReply& reply) {
    reply_ = &reply;
    for (const proto::ChildOp& op : request.ops()) perform(op);
    stack_.run_until(time_of(request.until_ns()), *this);
    tell_states();
    reply.set_now_ns(nanoseconds_of(stack_.now()));
  }

  void on_packet(CaseId id, Time at, std::span<const uint8_t> packet) override {
    proto::ChildEvent& event = add(proto::ChildEvent::PACKET, id);
    event.set_at_ns(nanoseconds_of(at));
    event.set_data(packet.data(), packet.size());
  }
  void on_return(CaseId id, Ticket ticket, Time at, const CallResult& result) override {
    proto::ChildEvent& event = add(proto::ChildEvent::RETURN, id);
    event.set_at_ns(nanoseconds_of(at));
    const auto known = tickets_.find(ticket);
    if (known != tickets_.end()) event.set_ticket(known->second);
    tickets_.erase(ticket);
    event.set_value(result.value);
    event.set_error(result.error);
    event.set_data(result.data.data(), result.data.size());
  }
  void on_broken(CaseId id, const Error& error) override {
    add(proto::ChildEvent::BROKEN, id).set_message(error.message);
  }

 private:
  // The states of a case's connections as they were last told.
  using Told = std::vector<std::optional<State>>;

  proto::ChildEvent& add(proto::ChildEvent::Kind kind, CaseId id) {
    proto::ChildEvent& event = *reply_->add_events();
    event.set_kind(kind);
    event.set_case_id(id);
    return event;
  }

  void perform(const proto::ChildOp& op) {
    const CaseId id = op.case_id();
    switch (op.kind()) {
      case proto::ChildOp::OPEN: {
        CaseNeeds needs;
        needs.ipv6 = op.ipv6();
        needs.connections = op.connections();
        const auto opened = stack_.open(needs);
        if (!opened) return on_broken(id, opened.error());
        if (*opened != id) return on_broken(id, {"the child counts its cases otherwise"});
        told_[id].resize(op.connections());
        break;
      }
      case proto::ChildOp::INJECT: {
        const auto* octets = static_cast<const void*>(op.packet().data());
        const auto given =
            stack_.inject(id, {static_cast<const uint8_t*>(octets), op.packet().size()});
        if (!given) on_broken(id, given.error());
        break;
      }
      case proto::ChildOp::START:
        tickets_[stack_.start(id, op.connection(), from_proto(op.call()))] = op.ticket();
        break;
      default:
        stack_.close(id);
        told_.erase(id);
        break;
    }
  }

  void tell_states() {
    for (auto& [id, told] : told_) {
      for (unsigned i = 0; i < told.size(); ++i) {
        const auto state = stack_.snapshot(id, i);
        if (!state || told[i] == *state) continue;
        told[i] = *state;
        proto::ChildEvent& event = add(proto::ChildEvent::STATE, id);
        event.set_connection(i);
        event.set_state(static_cast<uint32_t>(*state));
      }
    }
  }

  Stack& stack_;
  proto::ChildReply* reply_ = nullptr;
  std::map<CaseId, Told> told_;
  std::unordered_map<Ticket, Ticket> tickets_;  // the owner's, by the stack's own
};

}  // namespace

void serve_stack(Stack& stack, int fd) {
  Server server(stack);
  proto::ChildRequest request;
  proto::ChildReply reply;
  std::string scratch;
  while (receive_message(fd, request, scratch, -1) == Received::kMessage) {
    reply.Clear();
    server.answer(request, reply);
    if (!send_message(fd, reply, scratch)) return;
  }
}

}  // namespace synfin::stack
