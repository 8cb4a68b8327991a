#include "harness/play/queue.h"

#include <gtest/gtest.h>

#include <memory>

namespace synfin::play {
namespace {

TEST(Queue, FirstInFirstOut) {
  Queue<std::unique_ptr<int>> queue;
  int in = 0;
  int out = 0;
  // It grows while it is emptied, far beyond what it keeps of those that were taken.
  for (int round = 0; round < 5000; ++round) {
    for (int i = 0; i < 3; ++i) queue.push(std::make_unique<int>(in++));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(*queue.pop(), out++);
    ASSERT_EQ(queue.size(), static_cast<std::size_t>(in - out));
    EXPECT_EQ(*queue.front(), out);
  }
  while (!queue.empty()) EXPECT_EQ(*queue.pop(), out++);
  EXPECT_EQ(out, in);
}

}  // namespace
}  // namespace synfin::play
