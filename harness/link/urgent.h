// Going before others: for plays whose times are judged to a few milliseconds.
#pragma once

namespace synfin::link {

// While one lives, the thread that made it is scheduled before all ordinary ones (SCHED_RR, the
// least priority), and so are threads that it starts; nothing changes where the system does not
// allow that. packetdrill does the same.
class Urgent {
 public:
  Urgent();
  ~Urgent();
  Urgent(const Urgent&) = delete;
  Urgent& operator=(const Urgent&) = delete;
  bool raised() const { return raised_; }

 private:
  bool raised_ = false;
};

}  // namespace synfin::link
