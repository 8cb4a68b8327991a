// Counts what this executable allocates. The global operator new is replaced here, so that one file
// of an executable includes this.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace synfin::testing {

struct Allocations {
  std::size_t count = 0;
  std::size_t octets = 0;  // never taken back
};

// Of this thread so far.
inline thread_local Allocations allocations;

}  // namespace synfin::testing

// Not inlined: g++ takes a free() that it sees beside a new for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++synfin::testing::allocations.count;
  synfin::testing::allocations.octets += size;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
