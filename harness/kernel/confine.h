// Starting a kernel's process: nothing random from the host, nothing left behind.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/error.h"

namespace synfin::kernel {

struct Confinement {
  int log = -1;    // what it finds as its descriptors 1 and 2
  int out = -1;    // as 3
  int error = -1;  // as 4
  int board = -1;  // as 5; 6 is this program
  // The kernel cannot take this machine's registers whole: it is to keep those of x87 and SSE
  // alone. Programs inside must use no others (kNoWideRegisters): each page fault clears them.
  bool without_xstate = false;
};

// Has glibc use no wide registers, as a word of a kernel's command line: it becomes part of the
// environment inside. The names are those of glibc 2.33 and of those before it.
inline constexpr std::string_view kNoWideRegisters =
    "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,"
    "-AVX_Fast_Unaligned_Load,-AVX2_Usable,-AVX512F_Usable";

// Whether that is so: before 6.13 it has room for 2696 octets (HOST_FP_SIZE), and a machine with
// AMX has 11008.
bool needs_no_xstate(std::string_view version);

// Keeps this process, and those that it starts from now on, to one of the CPUs that it may use, the
// `number`th, counted round and round: for kernels that start side by side.
void keep_to_cpu(std::size_t number);

// The kernel's process, in a session and process group of its own, whose number is its own.
// It dies with this process. It and the processes in which its programs run take turns, twice for
// each system call, so they stay on the one CPU on which it begins: on two, each turn would have to
// wake an idle one.
Result<pid_t> start_confined(const std::vector<std::string>& command,
                             const Confinement& confinement);

}  // namespace synfin::kernel
