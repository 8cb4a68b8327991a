// One reference under random calls and segments, most of them near what its TCB expects: whatever
// comes, the invariants below hold after each.
#include "engine/invariants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "tests/engine/lab.h"
#include "tests/engine/pair.h"

namespace synfin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint32_t kBuffer = 3000;

Profile random_profile(std::mt19937& random) {
  Profile profile;
  profile.mss = profile.path_mss = 500;
  profile.receive_buffer = kBuffer;
  profile.send_buffer = kBuffer;
  const unsigned bits = random();
  profile.timestamps = (bits & 1U) != 0;
  profile.sack = (bits & 2U) != 0;
  if ((bits & 4U) != 0) profile.window_scale.reset();
  profile.rfc5961 = (bits & 8U) != 0;
  profile.rfc5961_ack_check = (bits & 16U) != 0;
  profile.rfc6191 = (bits & 32U) != 0;
  profile.syn_received_returns_to_listen = (bits & 64U) != 0;
  profile.nagle = (bits & 128U) != 0;
  profile.rfc1337 = (bits & 256U) != 0;
  profile.user_timeout = (bits & 512U) != 0 ? seconds(20) : Duration{0};
  profile.fin_wait_2_timeout = (bits & 1024U) != 0 ? seconds(60) : Duration{0};
  return profile;
}

// An assertion of the engine ends the process: what led to it is shown first.
const std::string* current_log = nullptr;
void show_log(int) {
  if (current_log != nullptr) std::fputs(current_log->c_str(), stderr);
}

// One connection and all that happens to it.
class Episode {
 public:
  explicit Episode(unsigned seed)
      : random_(seed), profile_(random_profile(random_)), tcp_(profile_) {
    log("seed " + std::to_string(seed));
    current_log = &log_;
  }
  ~Episode() { current_log = nullptr; }
  Episode(const Episode&) = delete;
  Episode& operator=(const Episode&) = delete;

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      answers_ = 0;
      got_reset_ = false;
      step();
      settle();
      check();
    }
    if (::testing::Test::HasFailure()) ADD_FAILURE() << log_;
  }

 private:
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_()) % bound; }
  bool chance(uint32_t percent) { return below(100) < percent; }

  void step() {
    const uint32_t roll = below(100);
    if (tcp_.state() == State::kClosed && chance(70)) {
      open();
    } else if (roll < 70) {
      arrive();
    } else if (roll < 85) {
      call();
    } else {
      pass_time();
    }
  }

  void open() {
    const Seq iss(static_cast<uint32_t>(random_()));
    if (chance(50)) {
      log("active OPEN");
      tcp_.open_active(now_, iss);
    } else {
      log("passive OPEN");
      tcp_.open_passive(now_, iss);
    }
  }

  void call() {
    std::array<uint8_t, 1000> octets{};
    std::size_t count = 0;
    switch (below(20)) {
      case 0:
        log("CLOSE");
        tcp_.close(now_, CloseKind::kSending);
        break;
      case 1:
        if (!chance(30)) break;
        log("CLOSE, both ways");
        tcp_.close(now_, CloseKind::kBoth);
        break;
      case 2:
        if (!chance(10)) break;
        log("ABORT");
        tcp_.abort(now_);
        break;
      case 3:
        if (tcp_.state() == State::kClosed) break;
        log("keep-alive");
        tcp_.set_keepalive(now_, chance(50), seconds(5), seconds(1), 3);
        break;
      case 4:
        tcp_.set_nagle(chance(50));
        break;
      default:
        if (chance(50)) {
          log("SEND");
          tcp_.send(now_, std::span(octets).first(1 + below(1000)), count,
                    {.urgent = chance(10), .push = chance(80)});
        } else {
          log("RECEIVE");
          tcp_.receive(now_, std::span(octets).first(1 + below(1000)), count);
        }
    }
  }

  void pass_time() {
    const Time deadline = tcp_.next_deadline();
    if (deadline == kNever || chance(50)) {
      now_ += milliseconds(below(300));
    } else {
      now_ = std::max(now_, deadline);
    }
    if (tcp_.next_deadline() > now_) return;
    log("time");
    tcp_.on_time(now_);
    // What is due now has been done or dropped; it may be due again only by sending.
    settle();
    EXPECT_GT(tcp_.next_deadline(), now_) << "a deadline that stays in the past";
  }

  // A number at `place` or near it, or anywhere.
  Seq near(Seq place) {
    const uint32_t roll = below(100);
    if (roll < 75) return place;
    if (roll < 97) return place + below(1200) - 600;
    if (roll < 98) return place + 0x8000'0000U;
    return Seq(static_cast<uint32_t>(random_()));
  }

  // Mostly what brings the connection further.
  Flags random_flags() {
    const uint32_t roll = below(100);
    if (tcp_.state() == State::kListen && roll < 70) return Flags(kSyn);
    if (tcp_.state() == State::kSynSent && roll < 60) return Flags(roll < 20 ? kSyn : kSyn | kAck);
    if (roll < 85) return Flags(kAck);
    if (roll < 88) return Flags(kSyn);
    if (roll < 91) return Flags(kSyn | kAck);
    if (roll < 96) return Flags(kFin | kAck);
    if (roll < 97) return Flags(kRst);
    return Flags(below(256));
  }

  void arrive() {
    const Tcb& tcb = tcp_.rules().tcb();
    Segment segment;
    segment.flags = random_flags();
    segment.seq = near(tcb.irs_known ? tcb.rcv.nxt : Seq(5000));
    segment.ack = near(chance(50) ? tcb.snd.nxt : tcb.snd.una);
    segment.wnd = static_cast<uint16_t>(chance(20) ? 0 : below(65536));
    segment.up = static_cast<uint16_t>(below(1000));
    if (segment.flags.syn() && chance(80)) {
      segment.options.mss = static_cast<uint16_t>(chance(90) ? 500 : below(65536));
      if (chance(70)) segment.options.window_scale = static_cast<uint8_t>(below(20));
      segment.options.sack_permitted = chance(70);
    }
    if (chance(90)) segment.options.timestamps = Timestamps{clock_, 0};
    if (chance(50)) ++clock_;
    text_.assign(chance(60) ? 0 : below(1200), 'x');
    segment.text = text_;
    log("<- " + describe(segment));
    got_reset_ = segment.flags.rst();
    tcp_.on_segment(now_, segment);
  }

  // Takes what it sends and signals.
  void settle() {
    Segment out;
    for (;;) {
      if (!tcp_.poll_transmit(now_, out)) break;
      log("-> " + describe(out));
      ++answers_;
      EXPECT_FALSE(got_reset_ && out.flags.rst()) << "a RST for a RST (§3.5.2)";
      EXPECT_LE(out.text.size(), 500U) << "longer than the MSS of the path";
      if (answers_ > 50) {
        ADD_FAILURE() << "it never stops sending";
        return;
      }
    }
    while (tcp_.poll_signal()) {
    }
  }

  void check() {
    EXPECT_EQ(broken_invariant(tcp_, now_), "");
    EXPECT_LE(tcp_.rules().readable(), kBuffer + 2 * 1200U) << "unbounded memory";
    Segment again;
    EXPECT_FALSE(tcp_.poll_transmit(now_, again)) << "it had said that nothing is left to send";
  }

  void log(const std::string& line) {
    if (log_.size() > 100000) return;
    log_.append(synfin::to_string(tcp_.state())).append(": ").append(line).append("\n");
  }

  std::mt19937 random_;
  Profile profile_;
  Reference tcp_;
  Time now_{seconds(1000)};
  std::vector<uint8_t> text_;
  std::string log_;
  uint32_t clock_ = 1;
  int answers_ = 0;
  bool got_reset_ = false;
};

// The moves that it makes are checked against kEdges by an assertion in the engine.
TEST(Invariants, HoldUnderRandomInput) {
  auto* const before = std::signal(SIGABRT, show_log);
  const char* const wanted = std::getenv("SYNFIN_EPISODES");  // for a longer search
  const unsigned episodes = wanted == nullptr ? 2500 : static_cast<unsigned>(std::atoi(wanted));
  constexpr int kSteps = 100;
  for (unsigned seed = 0; seed < episodes; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Episode(seed).run(kSteps);
    if (HasFailure()) break;
  }
  std::signal(SIGABRT, before);
}

}  // namespace
}  // namespace synfin::testing
