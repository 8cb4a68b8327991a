#include "harness/kernel/board.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <utility>

#include "harness/link/error.h"

namespace synfin::kernel {
namespace {

constexpr const char* kDevice = "/dev/mmapper";
constexpr std::size_t kSize = 1U << 20U;
constexpr std::size_t kNoteAt = kSize - (1U << 18U);
constexpr std::size_t kTimeAt = kNoteAt - sizeof(int64_t);  // since the outside's clock began

// Each part is its length and its octets.
void put(char* at, std::string_view text) {
  const auto size = static_cast<uint64_t>(text.size());
  std::memcpy(at + sizeof(size), text.data(), text.size());
  std::memcpy(at, &size, sizeof(size));
}

std::string get(const char* at, std::size_t most) {
  uint64_t size = 0;
  std::memcpy(&size, at, sizeof(size));
  return {at + sizeof(size), std::min<std::size_t>(size, most - sizeof(size))};
}

char* map(int fd) {
  void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

char* map_inside() {
  const link::Fd device(::open(kDevice, O_RDWR | O_CLOEXEC));
  return device ? map(device.get()) : nullptr;
}

// Stays for as long as the process; nullptr where this is in no kernel of ours.
char* board_inside() {
  static char* const memory = map_inside();
  return memory;
}

std::atomic_ref<int64_t> time_of(char* memory) {
  return std::atomic_ref<int64_t>(*static_cast<int64_t*>(static_cast<void*>(memory + kTimeAt)));
}

}  // namespace

Result<Board> Board::make(const Job& job) {
  const std::string text = encode(job);
  if (text.size() > kTimeAt - sizeof(uint64_t)) {
    return fail(
        fmt::format("the arguments are too long to go into a kernel: {} octets", text.size()));
  }
  link::Fd fd(::memfd_create("synfin-board", MFD_CLOEXEC));
  if (!fd || ::ftruncate(fd.get(), kSize) != 0) return link::fail_errno("memory for a job");
  char* memory = map(fd.get());
  if (memory == nullptr) return link::fail_errno("memory for a job");
  put(memory, text);
  Board board(std::move(fd), memory);
  board.tell_time();
  return board;
}

Board::Board(Board&& other) noexcept
    : fd_(std::move(other.fd_)), memory_(std::exchange(other.memory_, nullptr)) {}

Board::~Board() {
  if (memory_ != nullptr) ::munmap(memory_, kSize);
}

std::string Board::note() const { return get(memory_ + kNoteAt, kSize - kNoteAt); }

void Board::tell_time() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  time_of(memory_).store(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

Result<Job> read_job() {
  char* memory = map_inside();
  if (memory == nullptr) return link::fail_errno(kDevice);
  auto job = decode(get(memory, kTimeAt));
  ::munmap(memory, kSize);
  return job;
}

void note(std::string_view text) {
  char* const memory = board_inside();
  if (memory != nullptr) put(memory + kNoteAt, text.substr(0, kLongestNote));
}

std::chrono::steady_clock::time_point time_outside() {
  char* const memory = board_inside();
  if (memory == nullptr) return std::chrono::steady_clock::now();
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(time_of(memory).load()));
}

}  // namespace synfin::kernel
