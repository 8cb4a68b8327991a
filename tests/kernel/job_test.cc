// What the first process inside a kernel is told, and what a panic tells.
#include "harness/kernel/job.h"

#include <gtest/gtest.h>

#include "harness/kernel/board.h"
#include "harness/kernel/boot.h"

namespace synfin::kernel {
namespace {

Job example() {
  Job job;
  job.arguments = {"synfin", "run", "a b;c,d%e", "", "ü\n"};
  job.environment = {"TERM=xterm", "EMPTY="};
  job.writable = {"/tmp/x y"};
  job.folder = "/work";
  job.error_is_terminal = true;
  job.columns = 120;
  return job;
}

TEST(Job, ComesOutAsItWentIn) {
  const Job job = example();
  const auto back = decode(encode(job));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->arguments, job.arguments);
  EXPECT_EQ(back->environment, job.environment);
  EXPECT_EQ(back->writable, job.writable);
  EXPECT_EQ(back->folder, job.folder);
  EXPECT_FALSE(back->out_is_terminal);
  EXPECT_TRUE(back->error_is_terminal);
  EXPECT_EQ(back->columns, 120U);
}

TEST(Job, CutOffAnywhereIsNone) {
  const std::string whole = encode(example());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode(std::string_view(whole).substr(0, size))) << size;
  }
}

TEST(Job, BrokenEscapesAreErrors) {
  for (const char* text : {"%,;;;/,0,0,0,;", "%4,;;;/,0,0,0,;", "%zz,;;;/,0,0,0,;"}) {
    EXPECT_FALSE(decode(text)) << text;
  }
}

TEST(Board, TakesNoJobThatIsTooLong) {
  Job job = example();
  EXPECT_TRUE(Board::make(job));
  job.arguments.assign(1000, std::string(1000, 'x'));
  const auto board = Board::make(job);
  ASSERT_FALSE(board);
  EXPECT_NE(board.error().message.find("too long"), std::string::npos) << board.error().message;
}

TEST(ReasonOfPanic, BeginsWithTheFirstBadLine) {
  const std::string log =
      "[    0.000000] Run /bin/synfin as init process\r\n"
      "[   12.500000] BUG: KASAN: slab-out-of-bounds in tcp_check_urg+0x1/0x2\r\n"
      "[   12.500000] Kernel panic - not syncing\r\n";
  EXPECT_EQ(reason_of_panic(log),
            "BUG: KASAN: slab-out-of-bounds in tcp_check_urg+0x1/0x2\n"
            "Kernel panic - not syncing\n");
}

TEST(ReasonOfPanic, WithoutABadLineIsTheLastOne) {
  EXPECT_EQ(reason_of_panic("[    0.000000] one\r\ntwo\r\n\r\n"), "two");
}

}  // namespace
}  // namespace synfin::kernel
