// A zygote bears children that do as they were told, and takes them along when it goes.
#include "harness/stack/zygote.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace synfin::testing {
namespace {

using stack::Zygote;

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    mine = link::Fd(ends[0]);
    its = link::Fd(ends[1]);
  }
  link::Fd mine;
  link::Fd its;
};

// Whether the other end has come to its own: with the process that had it, or by an answer.
bool ends(int fd) {
  pollfd one{fd, POLLIN, 0};
  char octet = 0;
  return poll(&one, 1, 10000) == 1 && read(fd, &octet, 1) == 0;
}

void live_on(int, std::span<const uint8_t>) {
  for (;;) pause();
}

TEST(Zygote, AChildIsToldAndItsEndIsTold) {
  auto zygote = Zygote::make([](int talk, std::span<const uint8_t> given) {
    EXPECT_EQ(write(talk, given.data(), given.size()), 2);
    EXPECT_EQ(write(STDOUT_FILENO, "printed", 7), 7);
    std::_Exit(given[0]);
  });
  ASSERT_TRUE(zygote);
  for (const uint8_t status : {7, 9}) {
    Pair pair;
    const link::Fd printed(memfd_create("test", MFD_CLOEXEC));
    const auto child =
        (*zygote)->start(pair.its.get(), printed.get(), std::array<uint8_t, 2>{status, 1});
    ASSERT_TRUE(child);
    const auto ended = (*zygote)->wait(*child);
    ASSERT_TRUE(ended);
    EXPECT_EQ(WEXITSTATUS(*ended), status);
    std::array<uint8_t, 2> answer{};
    EXPECT_EQ(read(pair.mine.get(), answer.data(), 2), 2);
    EXPECT_EQ(answer, (std::array<uint8_t, 2>{status, 1}));
    EXPECT_EQ(lseek(printed.get(), 0, SEEK_END), 7);
  }
}

TEST(Zygote, AChildOutlivesTheThreadThatAskedForIt) {
  auto zygote = Zygote::make(live_on);
  ASSERT_TRUE(zygote);
  Pair pair;
  pid_t child = 0;
  std::thread([&] { child = (*zygote)->start(pair.its.get(), STDERR_FILENO, {}).value(); }).join();
  EXPECT_EQ(kill(child, SIGTERM), 0);
  const auto ended = (*zygote)->wait(child);
  ASSERT_TRUE(ended);
  EXPECT_EQ(WTERMSIG(*ended), SIGTERM) << "and was not killed before";
}

TEST(Zygote, ChildrenGoWithTheOwnerHoweverItEnds) {
  Pair pair;
  const pid_t owner = fork();
  ASSERT_GE(owner, 0);
  if (owner == 0) {
    auto zygote = Zygote::make(live_on);
    const bool begun = zygote && (*zygote)->start(pair.its.get(), STDERR_FILENO, {});
    kill(getpid(), begun ? SIGKILL : SIGTERM);
  }
  pair.its.reset();
  int status = 0;
  ASSERT_EQ(waitpid(owner, &status, 0), owner);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_TRUE(ends(pair.mine.get()));
}

TEST(Zygote, ItsOwnEndIsAnError) {
  auto zygote = Zygote::make([](int, std::span<const uint8_t>) { kill(getppid(), SIGKILL); });
  ASSERT_TRUE(zygote);
  Pair pair;
  const auto child = (*zygote)->start(pair.its.get(), STDERR_FILENO, {});
  pair.its.reset();
  EXPECT_TRUE(ends(pair.mine.get()));
  EXPECT_FALSE(child && (*zygote)->wait(*child));
  EXPECT_FALSE((*zygote)->start(pair.mine.get(), STDERR_FILENO, {}));
}

}  // namespace
}  // namespace synfin::testing
