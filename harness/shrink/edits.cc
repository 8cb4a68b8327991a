#include "harness/shrink/edits.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace synfin::shrink {
namespace {

// What makes a program play on another stack, or under other addresses: never left out.
constexpr std::array<std::string_view, 2> kKept = {"profile", "ip"};
// Calls whose result is the number that later steps have for a descriptor.
constexpr std::array<std::string_view, 5> kMakers = {"socket", "accept", "open", "pipe",
                                                     "epoll_create"};
// Waits that anybody would write, in nanoseconds.
constexpr std::array<int64_t, 6> kWaits = {0,           1'000'000,     10'000'000,
                                           100'000'000, 1'000'000'000, 10'000'000'000};
// Where a transfer says how many octets it is of: write(4, ..., 1000).
constexpr int kLengthArgument = 2;

template <typename List, typename Item>
bool contains(const List& list, const Item& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool is_expected(const proto::Step& step) {
  return step.has_packet() && step.packet().direction() == proto::Packet::EXPECT;
}

void drop_comments(proto::Program& program) {
  program.clear_comments();
  program.clear_end_comments();
  for (proto::Step& step : *program.mutable_steps()) {
    step.clear_comments();
    step.clear_remark();
    step.clear_annotations();
  }
}

void drop_result(proto::Step& step) {
  step.mutable_call()->clear_result();
  step.mutable_call()->clear_error();
  step.mutable_call()->clear_note();
}

// Other than the 0 that anybody would write, and no descriptor of later steps.
bool has_odd_result(const proto::Step& step) {
  const proto::Call& call = step.call();
  if (contains(kMakers, call.name())) return false;
  return !call.error().empty() || (call.has_result() && call.result().integer() != 0);
}

void set_wait(proto::Step& step, int64_t ns) {
  step.mutable_time()->Clear();
  step.mutable_time()->set_start_ns(ns);
}

// A blocking call's time says when it returns.
bool has_plain_time(const proto::Step& step) { return !step.time().has_returns_ns(); }

void add_call_values(const proto::Call& call, int at, Edits* edits) {
  if (call.arguments_size() <= kLengthArgument) return;
  const proto::Value& length = call.arguments(kLengthArgument);
  if (length.what_case() != proto::Value::kInteger || length.integer() <= 1) return;
  for (const int64_t shorter : {int64_t{1}, length.integer() / 2}) {
    edits->push_back([at, shorter](proto::Program& program) {
      proto::Call& changed = *program.mutable_steps(at)->mutable_call();
      proto::Value& argument = *changed.mutable_arguments(kLengthArgument);
      if (changed.result().integer() == argument.integer()) {
        changed.mutable_result()->set_integer(shorter);
      }
      argument.set_integer(shorter);
    });
  }
}

void add_waits(const proto::Step& step, int at, Edits* edits) {
  if (!has_plain_time(step)) return;
  const proto::Time& time = step.time();
  const bool relative = time.kind() == proto::Time::RELATIVE;
  for (const int64_t wait : kWaits) {
    if (relative && wait >= time.start_ns()) break;
    edits->push_back([at, wait](proto::Program& p) { set_wait(*p.mutable_steps(at), wait); });
  }
  if (!relative || contains(kWaits, time.start_ns())) return;
  const int64_t half = time.start_ns() / 2;
  edits->push_back([at, half](proto::Program& p) { set_wait(*p.mutable_steps(at), half); });
}

}  // namespace

void drop_expectations(proto::Program& program) {
  auto* steps = program.mutable_steps();
  steps->erase(std::remove_if(steps->begin(), steps->end(), is_expected), steps->end());
  for (proto::Step& step : *steps) {
    if (has_odd_result(step)) drop_result(step);
  }
}

Edits bulk_edits(const proto::Program& program) {
  Edits edits;
  edits.emplace_back(drop_comments);
  edits.emplace_back(drop_expectations);
  edits.emplace_back([](proto::Program& changed) {
    for (proto::Step& step : *changed.mutable_steps()) {
      if (has_plain_time(step)) set_wait(step, 0);
    }
  });
  for (int i = 0; i < program.annotations_size(); ++i) {
    if (contains(kKept, program.annotations(i).key())) continue;
    edits.emplace_back(
        [i](proto::Program& changed) { changed.mutable_annotations()->DeleteSubrange(i, 1); });
  }
  for (int i = 0; i < program.options_size(); ++i) {
    edits.emplace_back(
        [i](proto::Program& changed) { changed.mutable_options()->DeleteSubrange(i, 1); });
  }
  return edits;
}

Edits step_edits(const proto::Program& program, int count) {
  Edits edits;
  for (int at = 0; at < program.steps_size(); at += count) {
    const int cut = std::min(count, program.steps_size() - at);
    edits.emplace_back(
        [at, cut](proto::Program& changed) { changed.mutable_steps()->DeleteSubrange(at, cut); });
  }
  return edits;
}

Edits field_edits(const proto::Program& program) {
  Edits edits;
  for (int at = 0; at < program.steps_size(); ++at) {
    const proto::Step& step = program.steps(at);
    if (!step.connection().empty()) {
      edits.emplace_back([at](proto::Program& p) { p.mutable_steps(at)->clear_connection(); });
    }
    if (step.annotations_size() > 0) {
      edits.emplace_back([at](proto::Program& p) { p.mutable_steps(at)->clear_annotations(); });
    }
    if (has_odd_result(step)) {
      edits.emplace_back([at](proto::Program& p) { drop_result(*p.mutable_steps(at)); });
    }
    if (step.packet().has_segment() && !is_expected(step)) {
      add_segment_fields(step.packet().segment(), at, &edits);
    }
  }
  return edits;
}

Edits value_edits(const proto::Program& program) {
  Edits edits;
  for (int at = 0; at < program.steps_size(); ++at) {
    const proto::Step& step = program.steps(at);
    add_waits(step, at, &edits);
    if (step.has_call()) add_call_values(step.call(), at, &edits);
    if (step.packet().has_segment() && !is_expected(step)) {
      add_segment_values(step.packet().segment(), at, &edits);
    }
  }
  return edits;
}

}  // namespace synfin::shrink
