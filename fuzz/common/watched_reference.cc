#include "fuzz/common/watched_reference.h"

#include "fuzz/common/program_input.h"
#include "harness/stack/reference.h"

namespace synfin::fuzz {

WatchedReference::WatchedReference()
    : trial_(
          [this] {
            return stack::make_reference_stack(
                {.profile = {},
                 .watch = [this](Time now, const Reference& tcp) { look_at(now, tcp); }});
          },
          Profile{}, {}, this, clauses()) {}

int WatchedReference::play(const uint8_t* data, std::size_t size) {
  program_ = read_program(data, size);
  if (program_ == nullptr) return 0;
  (void)trial_.run(*program_);
  end();
  return 0;
}

void WatchedReference::on_event(const judge::Judge& judge, const play::Event& event,
                                const wire::Decoded* packet) {
  Feedback::on_event(judge, event, packet);
  see(judge, event, packet);
}

void WatchedReference::fail(std::string_view what) const { give_up(what, *program_); }

}  // namespace synfin::fuzz
