// Calls whose arguments are lists and structures.
#include <gtest/gtest.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstring>

#include "harness/script/compile.h"
#include "harness/script/parser.h"

namespace synfin::script {
namespace {

Result<CallSpec> call(const std::string& text) {
  const auto program = parse("+0 " + text, "t.pkt");
  if (!program) return fail(program.error().message);
  const auto flat = compile(*program);
  if (!flat) return fail(flat.error().message);
  return flat->calls.at(0);
}

std::string error_of(const std::string& text) {
  const auto made = call(text);
  return made ? "no error" : made.error().message;
}

TEST(CompileMessage, EpollWatchesOneDescriptor) {
  const auto create = call("epoll_create(1) = 5");
  ASSERT_TRUE(create) << create.error().message;
  EXPECT_EQ(create->new_fd, 5);
  const auto control = call("epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLET, fd=4}) = 0");
  ASSERT_TRUE(control) << control.error().message;
  EXPECT_EQ(control->fd, 5);
  EXPECT_EQ(control->flags, EPOLL_CTL_ADD);
  EXPECT_EQ(control->other_fd, 4);
  EXPECT_EQ(static_cast<uint32_t>(control->events), EPOLLIN | EPOLLET);
  const auto wait = call("epoll_wait(5, {events=EPOLLOUT, ptr=4}, 1, 20) = 1");
  ASSERT_TRUE(wait) << wait.error().message;
  EXPECT_EQ(wait->revents, EPOLLOUT);
  EXPECT_EQ(wait->length, 1U);
  EXPECT_EQ(wait->argument, 20);
  EXPECT_NE(error_of("epoll_wait(5, 3, 1, 0)").find("{events=EPOLLIN, fd=4}"), std::string::npos);
  EXPECT_NE(error_of("epoll_wait(5, {data=3}, 1, 0)").find("fd, ptr"), std::string::npos);
}

TEST(CompileMessage, BuffersAreParts) {
  const auto write = call("writev(4, [{..., 10}, {..., 20}], 2) = 30");
  ASSERT_TRUE(write) << write.error().message;
  EXPECT_EQ(write->message.parts, (std::vector<uint32_t>{10, 20}));
  EXPECT_EQ(write->length, 30U);
  EXPECT_NE(error_of("readv(4, [10], 1)").find("{..., 10}"), std::string::npos);
  EXPECT_NE(error_of("readv(4, [{..., -1}], 1)").find("out of range"), std::string::npos);
  EXPECT_NE(error_of("readv(4, [{..., 16777217}], 1)").find("too large"), std::string::npos);
}

TEST(CompileMessage, AMessageHasControl) {
  const auto got =
      call(R"(recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 8}], msg_flags=MSG_ERRQUEUE,
      msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING,
                    cmsg_data={scm_sec=1, scm_nsec=500}},
                   {cmsg_level=CMSG_LEVEL_IP, cmsg_type=CMSG_TYPE_RECVERR,
                    cmsg_data={ee_errno=ENOMSG, ee_origin=SO_EE_ORIGIN_TIMESTAMPING, ee_type=0,
                               ee_code=0, ee_info=SCM_TSTAMP_ACK, ee_data=9}},
                   {cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=7}]}, MSG_ERRQUEUE) = 0)");
  ASSERT_TRUE(got) << got.error().message;
  const MessageSpec& message = got->message;
  EXPECT_TRUE(message.named);
  EXPECT_EQ(message.flags, MSG_ERRQUEUE);
  EXPECT_TRUE(message.check_control);
  ASSERT_EQ(message.control.size(), 3U);
  EXPECT_EQ(message.control[0].stamp, Duration(1'000'000'500));
  ASSERT_EQ(message.control[1].data.size(), sizeof(sock_extended_err));
  sock_extended_err error{};
  std::memcpy(&error, message.control[1].data.data(), sizeof(error));
  EXPECT_EQ(error.ee_errno, static_cast<uint32_t>(ENOMSG));
  EXPECT_EQ(error.ee_info, static_cast<uint32_t>(SCM_TSTAMP_ACK));
  EXPECT_EQ(error.ee_data, 9U);
  EXPECT_EQ(message.control[2].data, (std::vector<uint8_t>{7, 0, 0, 0}));
  EXPECT_NE(error_of("recvmsg(4, {msg_size=1}, 0)").find("msg_control"), std::string::npos);
  EXPECT_NE(error_of("recvmsg(4, {msg_control=[{cmsg_data={ee_what=1}}]}, 0)").find("ee_what"),
            std::string::npos);
}

TEST(CompileMessage, OtherDescriptors) {
  const auto pipe = call("pipe([5, 6]) = 0");
  ASSERT_TRUE(pipe) << pipe.error().message;
  EXPECT_EQ(pipe->new_fd, 5);
  EXPECT_EQ(pipe->other_fd, 6);
  const auto splice = call("splice(4, NULL, 6, NULL, 99, 0) = 99");
  ASSERT_TRUE(splice) << splice.error().message;
  EXPECT_EQ(splice->other_fd, 6);
  EXPECT_EQ(splice->length, 99U);
  const auto send = call("sendfile(4, 5, [3], 10) = 10");
  ASSERT_TRUE(send) << send.error().message;
  EXPECT_EQ(send->argument, 3);
  const auto open = call(R"(open("/dev/zero", O_RDONLY) = 7)");
  ASSERT_TRUE(open) << open.error().message;
  EXPECT_EQ(open->new_fd, 7);
  EXPECT_NE(error_of("pipe([5])").find("[5, 6]"), std::string::npos);
}

TEST(CompileMessage, NothingInPlaceOfABuffer) {
  const auto write = call("write(4, NULL, 1000) = -1 EFAULT (Bad address)");
  ASSERT_TRUE(write) << write.error().message;
  EXPECT_TRUE(write->no_buffer);
  EXPECT_EQ(write->length, 1000U);
  const auto send = call("sendto(4, ..., 0, MSG_FASTOPEN, AF_UNSPEC, ...) = -1 EOPNOTSUPP");
  ASSERT_TRUE(send) << send.error().message;
  EXPECT_TRUE(send->no_family);
}

}  // namespace
}  // namespace synfin::script
