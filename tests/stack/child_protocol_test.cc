// What a child says is believed only as far as it can be true.
#include "harness/stack/child_protocol.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "harness/link/fd.h"

namespace synfin::testing {
namespace {

class ReplyTest : public ::testing::Test {
 protected:
  ReplyTest() {
    context.now = Time(std::chrono::seconds(10));
    context.until = Time(std::chrono::seconds(20));
    context.next_ticket = 5;
    context.connections = [](uint32_t id) { return id == 3 ? 2U : 0U; };
    reply.set_now_ns(stack::nanoseconds_of(context.until));
    event = reply.add_events();
    event->set_case_id(3);
    event->set_at_ns(stack::nanoseconds_of(context.now));
  }
  bool holds() const { return stack::check_reply(reply, context).has_value(); }

  stack::ChildContext context;
  proto::ChildReply reply;
  proto::ChildEvent* event = nullptr;
};

TEST_F(ReplyTest, TheEdgesHold) {
  EXPECT_TRUE(holds());
  event->set_data(std::string(65535, 'x'));
  EXPECT_TRUE(holds());
  event->set_at_ns(stack::nanoseconds_of(context.until));
  EXPECT_TRUE(holds());
  event->set_kind(proto::ChildEvent::RETURN);
  event->set_ticket(4);
  EXPECT_TRUE(holds());
  event->set_kind(proto::ChildEvent::STATE);
  event->set_connection(1);
  event->set_state(10);
  EXPECT_TRUE(holds());
}

TEST_F(ReplyTest, BeyondThemNothingDoes) {
  const auto refused = [this](auto change) {
    const proto::ChildReply kept = reply;
    change();
    const bool held = holds();
    reply = kept;
    event = reply.mutable_events(0);
    return !held;
  };
  EXPECT_TRUE(refused([this] { reply.set_now_ns(reply.now_ns() + 1); }));
  EXPECT_TRUE(refused([this] { reply.set_now_ns(event->at_ns() - 1); }));
  EXPECT_TRUE(refused([this] { event->set_at_ns(event->at_ns() - 1); }));
  EXPECT_TRUE(refused([this] { event->set_at_ns(reply.now_ns() + 1); }));
  EXPECT_TRUE(refused([this] { event->set_data(std::string(65536, 'x')); }));
  event->set_kind(proto::ChildEvent::RETURN);
  EXPECT_TRUE(refused([this] { event->set_ticket(5); }));
  event->set_kind(proto::ChildEvent::STATE);
  EXPECT_TRUE(refused([this] { event->set_connection(2); }));
  EXPECT_TRUE(refused([this] { event->set_state(11); }));
  EXPECT_TRUE(refused([this] { event->set_kind(static_cast<proto::ChildEvent::Kind>(4)); }));
}

TEST_F(ReplyTest, WhatIsOfNoOpenCaseIsLetBe) {
  event->set_case_id(4);
  event->set_at_ns(0);
  EXPECT_TRUE(holds());
}

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    here = link::Fd(ends[0]);
    there = link::Fd(ends[1]);
  }
  stack::Received receive(int milliseconds = -1) {
    return stack::receive_message(here.get(), reply, scratch, milliseconds);
  }
  void send(const std::string& octets) {
    ASSERT_EQ(write(there.get(), octets.data(), octets.size()),
              static_cast<ssize_t>(octets.size()));
  }

  link::Fd here;
  link::Fd there;
  proto::ChildReply reply;
  std::string scratch;
};

TEST_F(StreamTest, AMessageArrivesWhole) {
  proto::ChildReply sent;
  sent.set_now_ns(-7);
  sent.add_events()->set_data(std::string(5000, 'x'));
  ASSERT_TRUE(stack::send_message(there.get(), sent, scratch));
  ASSERT_EQ(receive(), stack::Received::kMessage);
  EXPECT_EQ(reply.SerializeAsString(), sent.SerializeAsString());
}

TEST_F(StreamTest, WhatIsNoMessageIsTold) {
  EXPECT_EQ(receive(0), stack::Received::kLate);
  send({'\xff', '\xff', '\xff', '\xff'});
  EXPECT_EQ(receive(), stack::Received::kNonsense) << "too long";
  send(std::string("\x02\0\0\0\xff\xff", 6));
  EXPECT_EQ(receive(), stack::Received::kNonsense) << "no protobuf";
  send(std::string("\x09\0\0\0abc", 7));
  EXPECT_EQ(receive(0), stack::Received::kLate) << "the rest is missing";
  there.reset();
  EXPECT_EQ(receive(), stack::Received::kGone);
  EXPECT_FALSE(stack::send_message(here.get(), reply, scratch));
}

TEST(ChildCall, ComesOutAsItWentIn) {
  script::CallSpec call;
  call.name = script::CallName::kPoll;
  call.fd = 3;
  call.new_fd = -1;
  call.flags = -5;
  call.level = 6;
  call.option = 9;
  call.argument = -1;
  call.events = 4;
  call.data = {0, 255, 7};
  call.length = 1U << 31U;
  call.blocking = call.no_buffer = call.no_family = call.own_port = true;
  for (const bool v6 : {false, true}) {
    call.address = wire::Endpoint{{.v6 = v6, .octets = {1, 2, 3, 4}}, 65535};
    if (v6) call.address->address.octets[15] = 9;
    proto::ChildCall sent;
    stack::to_proto(call, sent);
    const script::CallSpec got = stack::from_proto(sent);
    proto::ChildCall again;
    stack::to_proto(got, again);
    EXPECT_EQ(again.SerializeAsString(), sent.SerializeAsString());
    EXPECT_EQ(got.address, call.address);
    EXPECT_EQ(got.data, call.data);
    EXPECT_EQ(got.flags, call.flags);
    EXPECT_TRUE(got.own_port);
    EXPECT_EQ(got.argument, call.argument);
  }
}

}  // namespace
}  // namespace synfin::testing
