// Where a kernel's process runs.
#include "harness/kernel/confine.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

#include "harness/link/fd.h"

namespace synfin::kernel {
namespace {

cpu_set_t cpus_of_this_thread() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  EXPECT_EQ(::sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  return cpus;
}

TEST(Confine, KernelsSideBySideAreOnOneCpuEach) {
  const cpu_set_t all = cpus_of_this_thread();
  const auto count = static_cast<std::size_t>(CPU_COUNT(&all));
  cpu_set_t used;
  CPU_ZERO(&used);
  for (std::size_t i = 0; i < 2 * count; ++i) {
    std::thread([&] {
      keep_to_cpu(i);
      const cpu_set_t own = cpus_of_this_thread();
      EXPECT_EQ(CPU_COUNT(&own), 1);
      CPU_OR(&used, &used, &own);
    }).join();
    EXPECT_EQ(CPU_COUNT(&used), static_cast<int>(std::min(i + 1, count)));
  }
  EXPECT_TRUE(CPU_EQUAL(&used, &all));
}

TEST(Confine, AKernelStaysOnOneCpu) {
  const link::Fd said(::memfd_create("said", MFD_CLOEXEC));
  const auto pid = start_confined(
      {"/usr/bin/nproc"},
      {.log = said.get(), .out = said.get(), .error = said.get(), .board = said.get()});
  ASSERT_TRUE(pid) << pid.error().message;
  int status = 0;
  ASSERT_EQ(::waitpid(*pid, &status, 0), *pid);
  EXPECT_EQ(status, 0);
  std::array<char, 16> text{};
  ASSERT_GT(::pread(said.get(), text.data(), text.size() - 1, 0), 0);
  EXPECT_STREQ(text.data(), "1\n");
}

}  // namespace
}  // namespace synfin::kernel
