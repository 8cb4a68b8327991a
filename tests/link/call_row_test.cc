#include "harness/link/call_row.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "harness/link/fd.h"

namespace synfin::link {
namespace {

class CallRowTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto row = CallRow::open();
    if (!row) GTEST_SKIP() << row.error().message;
    row_.emplace(std::move(*row));
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    near_ = Fd(pair[0]);
    far_ = Fd(pair[1]);
    ASSERT_EQ(::pipe2(pair.data(), O_CLOEXEC | O_NONBLOCK), 0);
    out_ = Fd(pair[0]);
    in_ = Fd(pair[1]);
  }

  std::optional<CallRow> row_;
  Fd near_, far_;  // of a pair of sockets
  Fd in_, out_;    // of a pipe
  const std::vector<uint8_t> octets_{1, 2, 3};
  std::array<uint8_t, 8> got_{};
};

TEST_F(CallRowTest, MakesItsCallsInTheirOrder) {
  for (int turn = 0; turn < 3; ++turn) {
    row_->write(in_.get(), octets_);
    row_->send(near_.get(), octets_);
    row_->receive(far_.get(), got_);
    const auto results = row_->run();
    EXPECT_EQ(std::vector<int>(results.begin(), results.end()), (std::vector<int>{3, 3, 3}));
    EXPECT_EQ(std::vector<uint8_t>(got_.begin(), got_.begin() + 3), octets_);
    EXPECT_EQ(::read(out_.get(), got_.data(), got_.size()), 3);
  }
}

TEST_F(CallRowTest, ThoseBehindOneThatFailsAreNotMade) {
  out_.reset();
  ::signal(SIGPIPE, SIG_IGN);
  row_->write(in_.get(), octets_);
  row_->send(near_.get(), octets_);
  const auto results = row_->run();
  EXPECT_EQ(std::vector<int>(results.begin(), results.end()),
            (std::vector<int>{-EPIPE, -ECANCELED}));
  EXPECT_EQ(::recv(far_.get(), got_.data(), got_.size(), MSG_DONTWAIT), -1);
  row_->send(near_.get(), octets_);
  EXPECT_EQ(row_->run().front(), 3) << "another row begins anew";
}

TEST_F(CallRowTest, AnEmptyRowIsNothing) { EXPECT_TRUE(row_->run().empty()); }

}  // namespace
}  // namespace synfin::link
