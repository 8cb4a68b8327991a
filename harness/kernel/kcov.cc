#include "harness/kernel/kcov.h"

#include <fcntl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "harness/link/error.h"

namespace synfin::kernel {
namespace {

constexpr const char* kFile = "/sys/kernel/debug/kcov";
constexpr std::size_t kWords = Kcov::kMost + 1;

}  // namespace

Result<Kcov> Kcov::open() {
  link::Fd fd(::open(kFile, O_RDWR | O_CLOEXEC));
  if (!fd) return link::fail_errno(kFile);
  if (::ioctl(fd.get(), KCOV_INIT_TRACE, kWords) != 0) return link::fail_errno("memory for KCOV");
  void* memory =
      ::mmap(nullptr, kWords * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return link::fail_errno("memory for KCOV");
  Kcov kcov(std::move(fd), static_cast<uint64_t*>(memory));
  if (::ioctl(kcov.fd_.get(), KCOV_ENABLE, KCOV_TRACE_PC) != 0) return link::fail_errno("KCOV");
  return kcov;
}

Kcov::Kcov(Kcov&& other) noexcept
    : fd_(std::move(other.fd_)), memory_(std::exchange(other.memory_, nullptr)) {}

Kcov::~Kcov() {
  if (memory_ == nullptr) return;
  ::ioctl(fd_.get(), KCOV_DISABLE, 0);
  ::munmap(memory_, kWords * sizeof(uint64_t));
}

void Kcov::clear() { std::atomic_ref<uint64_t>(*memory_).store(0, std::memory_order_relaxed); }

std::span<const uint64_t> Kcov::places() const {
  const uint64_t count = std::atomic_ref<uint64_t>(*memory_).load(std::memory_order_relaxed);
  return {memory_ + 1, std::min<std::size_t>(count, kMost)};
}

bool Places::add(std::span<const uint64_t> passed) {
  const std::size_t before = all_.size();
  for (const uint64_t place : passed) {
    // Fibonacci hashing (Knuth, TAOCP 3, §6.4).
    uint64_t& latest = lately_[(place * 0x9e3779b97f4a7c15U) >> (64U - kBits)];
    if (latest == place) continue;
    latest = place;
    all_.insert(place);
  }
  return all_.size() > before;
}

}  // namespace synfin::kernel
