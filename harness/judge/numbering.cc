#include "harness/judge/numbering.h"

#include <fmt/format.h>

#include <algorithm>

namespace synfin::judge {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// So many connections have to be numbered one after the other before chance is ruled out.
constexpr std::size_t kConnections = 8;

// A clock is not read from shorter spans than this.
constexpr Duration kSpan = milliseconds(900);

int64_t ticks(Duration span, Duration tick) { return span.count() / tick.count(); }

// A tenth more or less, and what the scheduler of a busy machine adds.
bool about(int64_t got, int64_t wanted, int64_t grace) {
  return std::abs(got - wanted) <= wanted / 10 + grace;
}

}  // namespace

void Numbering::begin(const std::vector<std::string>& requirements) {
  for (const Clause clause : {Clause::kMust8, Clause::kMust9, Clause::kRfc7323Ts9,
                              Clause::kRfc7323Ts14, Clause::kRfc7323Paws7}) {
    const bool named =
        std::find(requirements.begin(), requirements.end(), info(clause).id) != requirements.end();
    tested_.set(static_cast<std::size_t>(clause), named);
  }
  ends_.clear();
  first_isses_.clear();
  first_stamps_.clear();
}

void Numbering::complain(Clause clause, uint16_t connection, std::string wanted, std::string got) {
  if (!tests(clause)) return;
  Divergence divergence;
  divergence.clause = clause;
  divergence.wanted = std::move(wanted);
  divergence.got = std::move(got);
  divergence.connection = connection;
  complaints_->add(std::move(divergence));
}

void Numbering::sent(Time now, uint16_t connection, const Segment& segment) {
  if (tested_.none() || segment.flags.rst()) return;
  if (ends_.size() <= connection) ends_.resize(connection + std::size_t{1});
  Ends& ends = ends_[connection];
  if (segment.flags.syn()) numbered(now, connection, ends, segment.seq.value());
  if (segment.options.timestamps) stamped(now, connection, ends, segment.options.timestamps->value);
}

// RFC 9293 §3.4.1: of one 4-tuple, a number that grows by one every 4 µs; of another, no relation.
void Numbering::numbered(Time now, uint16_t connection, Ends& ends, uint32_t iss) {
  if (!ends.iss) {
    compare(connection, first_isses_, iss, Clause::kMust9, 1U << 27U, "initial sequence numbers");
  } else if (ends.iss->value == iss) {
    return;
  } else if (const Duration span = now - ends.iss->at; span >= kSpan) {
    const int64_t wanted = ticks(span, microseconds(4));
    const int64_t got = uint32_t{iss - ends.iss->value};
    if (!about(got, wanted, ticks(milliseconds(20), microseconds(4)))) {
      complain(Clause::kMust8, connection,
               fmt::format("an ISN about {} higher: a tick each 4 µs", wanted),
               fmt::format("{} higher", got));
    }
  }
  ends = {.iss = Reading{iss, now}, .stamp = {}, .halfway = {}};
}

void Numbering::stamped(Time now, uint16_t connection, Ends& ends, uint32_t value) {
  if (!ends.stamp) {
    if (ends.iss && first_stamps_.size() < first_isses_.size()) {
      compare(connection, first_stamps_, value, Clause::kRfc7323Ts14, 1U << 20U, "timestamps");
    }
    ends.stamp = Reading{value, now};
    return;
  }
  const Reading here{value, now};
  if (now - ends.stamp->at < kSpan) return;
  rate(connection, *ends.stamp, here);
  if (!ends.halfway) {
    ends.halfway = here;
    return;
  }
  if (now - ends.halfway->at < kSpan) return;
  // RFC 7323 §4.1: proportional to the time that has passed: the rate of before still holds.
  const auto before = static_cast<double>(uint32_t{ends.halfway->value - ends.stamp->value}) /
                      static_cast<double>((ends.halfway->at - ends.stamp->at).count());
  const auto wanted =
      static_cast<int64_t>(before * static_cast<double>((now - ends.halfway->at).count()));
  const int64_t got = uint32_t{value - ends.halfway->value};
  const auto grace =
      static_cast<int64_t>(before * static_cast<double>(Duration(milliseconds(40)).count())) + 2;
  if (about(got, wanted, grace)) return;
  complain(Clause::kRfc7323Ts9, connection,
           fmt::format("a timestamp about {} higher, at the rate of before", wanted),
           fmt::format("{} higher", got));
}

// RFC 7323 §5.4: between 1 ms and 1 s a tick.
void Numbering::rate(uint16_t connection, const Reading& from, const Reading& to) {
  const Duration span = to.at - from.at;
  const int64_t got = uint32_t{to.value - from.value};
  const int64_t most = ticks(span + milliseconds(40), milliseconds(1));
  const int64_t least = ticks(span, seconds(1)) - 1;
  if (got >= least && got <= most + most / 10) return;
  complain(Clause::kRfc7323Paws7, connection,
           fmt::format("{} to {} ticks: of 1 s to 1 ms each", std::max<int64_t>(least, 0), most),
           fmt::to_string(got));
}

// Whether the first numbers of all connections so far each lie near the one before. Of eight that
// are drawn at random this is true once in 10^8 for 2^27, and never for less.
void Numbering::compare(uint16_t connection, std::vector<uint32_t>& starts, uint32_t value,
                        Clause clause, uint32_t near, const char* what) {
  starts.push_back(value);
  if (starts.size() != kConnections) return;
  const auto is_near = [near](uint32_t a, uint32_t b) { return b - a < near || a - b < near; };
  const bool all = std::adjacent_find(starts.begin(), starts.end(), [&](uint32_t a, uint32_t b) {
                     return !is_near(a, b);
                   }) == starts.end();
  if (!all) return;
  complain(clause, connection,
           fmt::format("{} of connections that do not tell of each other", what),
           fmt::format("{} in a row, each within {} of the last", kConnections, near));
}

}  // namespace synfin::judge
