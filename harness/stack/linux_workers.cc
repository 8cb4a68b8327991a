#include "harness/stack/linux_workers.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "harness/link/clock.h"

namespace synfin::stack {
namespace {

using script::CallName;

constexpr auto kCancelStep = std::chrono::milliseconds(1);
constexpr int kCancelSteps = 2000;

int64_t do_read(LinuxJob& job) {
  const int64_t size = ::recv(job.fd.get(), job.data.data(), job.data.size(), job.flags);
  job.error = size < 0 ? errno : 0;
  job.data.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return size;
}

// As in the kernel, a call that has written something returns that, whatever happens next.
int64_t do_write(LinuxJob& job) {
  const bool addressed = job.name == CallName::kSendto && job.address.size > 0;
  const int64_t size =
      ::sendto(job.fd.get(), job.data.data() + job.written, job.data.size() - job.written,
               job.flags | MSG_NOSIGNAL, addressed ? job.address.get() : nullptr,
               addressed ? job.address.size : 0);
  job.error = size < 0 ? errno : 0;
  if (job.written == 0) return size;
  job.error = 0;
  return static_cast<int64_t>(job.written) + std::max<int64_t>(size, 0);
}

int64_t do_poll(LinuxJob& job) {
  pollfd waited{.fd = job.fd.get(), .events = static_cast<short>(job.events), .revents = 0};
  const int count = ::poll(&waited, 1, job.timeout);
  job.error = count < 0 ? errno : 0;
  const int32_t revents = waited.revents;
  const auto* octets = static_cast<const uint8_t*>(static_cast<const void*>(&revents));
  job.data.assign(octets, octets + sizeof(revents));
  return count;
}

int64_t with_errno(LinuxJob& job, int64_t value) {
  job.error = value < 0 ? errno : 0;
  return value;
}

void perform(LinuxJob& job) {
  if (job.call) {
    job.value = with_errno(job, job.call(job));
    job.returned_ns = link::monotonic_ns();
    return;
  }
  switch (job.name) {
    case CallName::kAccept:
      job.value =
          with_errno(job, ::accept4(job.fd.get(), nullptr, nullptr, job.flags | SOCK_CLOEXEC));
      break;
    case CallName::kConnect:
      job.value = with_errno(job, ::connect(job.fd.get(), job.address.get(), job.address.size));
      break;
    case CallName::kWrite:
    case CallName::kSend:
    case CallName::kSendto:
      job.value = do_write(job);
      break;
    case CallName::kClose:
      job.value = with_errno(job, ::close(job.fd.release()));
      break;
    case CallName::kPoll:
      job.value = do_poll(job);
      break;
    default:
      job.value = do_read(job);
      break;
  }
  job.returned_ns = link::monotonic_ns();
}

}  // namespace

struct LinuxWorkers::Shared {
  std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable job_ended;
  std::deque<std::unique_ptr<LinuxJob>> waiting;
  std::vector<LinuxJob*> running;
  std::vector<std::unique_ptr<LinuxJob>> done;
  std::size_t idle = 0;
  bool stop = false;
  link::Fd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};

  bool runs(CaseId id) const {
    return std::any_of(running.begin(), running.end(),
                       [&](const LinuxJob* job) { return job->id == id; });
  }
  // Makes the case's running calls return: at once for a thread in the call, and for one that is
  // only about to make it when this is repeated.
  void wake(CaseId id) const {
    for (const LinuxJob* job : running) {
      // close() gives its descriptor away while it runs; ending the connection ends it.
      if (job->id != id || job->name == CallName::kClose) continue;
      ::shutdown(job->fd.get(), SHUT_RDWR);
    }
  }
};

LinuxWorkers::LinuxWorkers(unsigned most_threads)
    : shared_(std::make_shared<Shared>()), most_threads_(std::max(most_threads, 1U)) {}

LinuxWorkers::~LinuxWorkers() {
  bool hangs = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
    shared_->waiting.clear();
    hangs = !shared_->running.empty();
  }
  shared_->work_came.notify_all();
  for (std::thread& thread : threads_) {
    if (hangs) {
      thread.detach();
    } else {
      thread.join();
    }
  }
}

int LinuxWorkers::fd() const { return shared_->event.get(); }

void LinuxWorkers::run(std::unique_ptr<LinuxJob> job) {
  bool need_thread = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->waiting.push_back(std::move(job));
    need_thread = shared_->waiting.size() > shared_->idle && threads_.size() < most_threads_;
  }
  if (need_thread) {
    // Signals are for the threads that the program knows of.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    threads_.emplace_back([shared = shared_] { work(shared); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  shared_->work_came.notify_one();
}

void LinuxWorkers::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    ++shared->idle;
    shared->work_came.wait(lock, [&] { return shared->stop || !shared->waiting.empty(); });
    --shared->idle;
    if (shared->stop) return;
    std::unique_ptr<LinuxJob> job = std::move(shared->waiting.front());
    shared->waiting.pop_front();
    shared->running.push_back(job.get());
    lock.unlock();
    perform(*job);
    lock.lock();
    std::erase(shared->running, job.get());
    shared->done.push_back(std::move(job));
    shared->job_ended.notify_all();
    const uint64_t one = 1;
    (void)!::write(shared->event.get(), &one, sizeof(one));
  }
}

void LinuxWorkers::take_done(std::vector<std::unique_ptr<LinuxJob>>& done) {
  uint64_t count = 0;
  (void)!::read(shared_->event.get(), &count, sizeof(count));
  const std::lock_guard lock(shared_->mutex);
  for (auto& job : shared_->done) done.push_back(std::move(job));
  shared_->done.clear();
}

bool LinuxWorkers::cancel(CaseId id) {
  std::unique_lock lock(shared_->mutex);
  std::erase_if(shared_->waiting, [&](const auto& job) { return job->id == id; });
  for (int step = 0; step < kCancelSteps && shared_->runs(id); ++step) {
    shared_->wake(id);
    shared_->job_ended.wait_for(lock, kCancelStep);
  }
  // The descriptor that an accept() got is nobody's.
  for (auto& job : shared_->done) {
    if (job->id == id && job->name == CallName::kAccept && job->value >= 0) {
      ::close(static_cast<int>(job->value));
    }
  }
  std::erase_if(shared_->done, [&](const auto& job) { return job->id == id; });
  return !shared_->runs(id);
}

}  // namespace synfin::stack
