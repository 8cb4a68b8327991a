#include "harness/script/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/script/compile_parts.h"
#include "harness/script/words.h"

namespace synfin::script {
namespace {

bool in_range(int64_t ns) { return ns >= 0 && ns <= kMaxSeconds * kNanoseconds; }

Result<When> compile_time(const proto::Time& time) {
  if (!in_range(time.start_ns()) || !in_range(time.end_ns()) || !in_range(time.returns_ns())) {
    return fail("a time is out of range");
  }
  const Duration start(time.start_ns());
  const Duration end(time.end_ns());
  const Duration returns(time.returns_ns());
  When when;
  when.start = start;
  switch (time.kind()) {
    case proto::Time::RELATIVE:
      when.kind = TimeKind::kRelative;
      break;
    case proto::Time::ABSOLUTE:
      when.kind = TimeKind::kAbsolute;
      break;
    case proto::Time::ANY:
      when.kind = TimeKind::kAny;
      break;
    case proto::Time::RELATIVE_RANGE:
      when.kind = TimeKind::kRelativeRange;
      break;
    case proto::Time::ABSOLUTE_RANGE:
      when.kind = TimeKind::kAbsoluteRange;
      break;
    case proto::Time::TIMEOUT:
      when.kind = TimeKind::kTimeout;
      break;
    case proto::Time::UNTIL_TIMEOUT:
      when.kind = TimeKind::kUntilTimeout;
      break;
    default:
      return fail("unknown kind of time");
  }
  if (when.kind == TimeKind::kRelativeRange || when.kind == TimeKind::kAbsoluteRange) {
    when.end = end;
    if (end < start) return fail("the range ends before it starts");
  }
  if (time.has_returns_ns()) {
    when.returns = returns;
    if (returns < start) return fail("the call would return before it starts");
  }
  return when;
}

bool expects(const proto::Step& step) {
  return step.has_packet() && step.packet().direction() == proto::Packet::EXPECT;
}

class Compiler {
 public:
  Compiler(const proto::Program& program, FlatProgram&& memory) : program_(program) {
    reuse(std::move(memory.steps), &flat_.steps);
    reuse(std::move(memory.segments), &flat_.segments);
    reuse(std::move(memory.calls), &flat_.calls);
    reuse(std::move(memory.connections), &flat_.connections);
  }

  Result<FlatProgram> run() {
    flat_.name = program_.name();
    flat_.file = program_.file();
    for (const auto& annotation : program_.annotations()) {
      if (auto done = compile_annotation(annotation, &flat_); !done) {
        return place(annotation.line(), done.error());
      }
    }
    if (auto done = compile_options(program_, &flat_); !done) return place(1, done.error());
    if (program_.steps().empty()) return place(1, Error{"the program has no steps"});
    reserve();
    for (const auto& command : program_.init_commands()) text_step(StepKind::kShell, command, 1);
    flat_.set_up = static_cast<uint32_t>(flat_.steps.size());
    uint32_t line = 1;
    for (const auto& step : program_.steps()) {
      line = step.line();
      if (auto done = add(step); !done) return place(step, done.error());
    }
    for (const auto& command : program_.cleanup_commands()) {
      text_step(StepKind::kShell, command, line);
    }
    if (flat_.connections.empty()) flat_.connections.emplace_back();
    flat_.shortest = std::max(now_, Duration(0));
    flat_.codes.resize(flat_.texts.size());
    for (const Step& step : flat_.steps) {
      if (step.kind == StepKind::kCode)
        flat_.codes[step.index] = parse_code(flat_.texts[step.index]);
    }
    return std::move(flat_);
  }

 private:
  template <typename T>
  static void reuse(std::vector<T>&& memory, std::vector<T>* list) {
    memory.clear();
    *list = std::move(memory);
  }

  void reserve() {
    std::size_t packets = 0;
    std::size_t calls = 0;
    for (const auto& step : program_.steps()) {
      packets += step.has_packet() ? 1 : 0;
      calls += step.has_call() ? 1 : 0;
    }
    flat_.steps.reserve(static_cast<std::size_t>(program_.steps_size()));
    flat_.segments.reserve(packets);
    flat_.calls.reserve(calls);
  }

  tl::unexpected<Error> place(uint32_t line, const Error& error) const {
    const std::string& file = program_.file().empty() ? program_.name() : program_.file();
    if (line == 0) return fail(fmt::format("{}: {}", file, error.message));
    return fail(fmt::format("{}:{}: {}", file, line, error.message));
  }

  // A program that was never text has no lines.
  tl::unexpected<Error> place(const proto::Step& step, const Error& error) const {
    if (step.line() > 0) return place(step.line(), error);
    return place(0, Error{fmt::format("step {}: {}", flat_.steps.size() + 1, error.message)});
  }

  // Init and clean-up commands are steps at no distance from their neighbours.
  void text_step(StepKind kind, const std::string& text, uint32_t line) {
    Step step;
    step.kind = kind;
    step.line = line;
    step.index = static_cast<uint32_t>(flat_.texts.size());
    flat_.texts.push_back(text);
    flat_.steps.push_back(step);
  }

  Result<void> add(const proto::Step& source) {
    Step step;
    step.line = source.line();
    auto when = compile_time(source.time());
    if (!when) return fail(when.error().message);
    step.when = *when;
    if (when->kind != TimeKind::kRelative && when->kind != TimeKind::kAbsolute &&
        !expects(source)) {
      return fail("only an expected packet (>) can have '*', RTO or a range as its time");
    }
    const bool timeout = when->kind == TimeKind::kTimeout || when->kind == TimeKind::kUntilTimeout;
    if (timeout && flat_.place.own) return fail("in a place of its own nobody knows the RTO");
    if (when->returns && !source.has_call()) {
      return fail("only a call can have the time at which it returns");
    }
    if (auto done = connection(source, &step); !done) return done;
    if (auto done = action(source, &step); !done) return done;
    for (const auto& annotation : source.annotations()) {
      if (auto done = compile_annotation(annotation, &step); !done) return done;
    }
    pass(*when);
    flat_.steps.push_back(step);
    return {};
  }

  // The least time that has passed when this step is done.
  void pass(const When& when) {
    const bool absolute = when.kind == TimeKind::kAbsolute || when.kind == TimeKind::kAbsoluteRange;
    const Duration from = absolute ? Duration(0) : now_;
    if (when.kind != TimeKind::kAny) {
      now_ = std::max(now_, from + std::max(when.start, when.returns.value_or(Duration(0))));
    }
  }

  Result<void> connection(const proto::Step& source, Step* step) {
    const bool speaks = source.has_packet() || source.has_call();
    if (!speaks && source.connection().empty()) return {};  // of no connection
    auto& labels = flat_.connections;
    auto known = std::find(labels.begin(), labels.end(), source.connection());
    if (known == labels.end()) known = labels.insert(labels.end(), source.connection());
    const auto index = known - labels.begin();
    if (index > 0xffff) return fail("more than 65536 connections");
    step->connection = static_cast<uint16_t>(index);
    return {};
  }

  template <typename T>
  Result<void> keep(Result<T> made, StepKind kind, std::vector<T>* list, Step* step) {
    if (!made) return fail(made.error().message);
    step->kind = kind;
    step->index = static_cast<uint32_t>(list->size());
    list->push_back(std::move(*made));
    return {};
  }

  Result<void> packet(const proto::Packet& packet, Step* step) {
    const bool inject = packet.direction() == proto::Packet::INJECT;
    if (packet.has_segment()) {
      step->kind = inject ? StepKind::kInject : StepKind::kExpect;
      step->index = static_cast<uint32_t>(flat_.segments.size());
      return compile_segment(packet.segment(), inject, &flat_.segments.emplace_back());
    }
    if (!packet.has_icmp()) return fail("the packet is empty");
    if (!inject) return fail("an ICMP message can only be injected (<)");
    return keep(compile_icmp(packet.icmp()), StepKind::kIcmp, &flat_.icmps, step);
  }

  Result<void> call(const proto::Call& call, Step* step) {
    auto done = keep(compile_call(call), StepKind::kCall, &flat_.calls, step);
    if (!done) return done;
    CallSpec& made = flat_.calls.back();
    made.blocking = step->when.returns.has_value();
    if (flat_.place.own) return {};
    if (auto followed = follow(made); !followed) {
      return fail(fmt::format("{}(): {}", call.name(), followed.error().message));
    }
    return {};
  }

  // Where a connection has other ends than those that the case has been given, nobody sees it.
  static Result<void> follow(const CallSpec& call) {
    if (!call.address) return {};
    if (call.name == CallName::kBind) {
      if (call.own_port) return {};
      return fail("the port is the case's own: write sin_port = ...");
    }
    if (!wire::names_one_host(call.address->address)) return {};
    return fail(fmt::format("the peer's address is the case's own: write ... for {}",
                            wire::to_string(call.address->address)));
  }

  Result<void> action(const proto::Step& source, Step* step) {
    switch (source.what_case()) {
      case proto::Step::kPacket:
        return packet(source.packet(), step);
      case proto::Step::kCall:
        return call(source.call(), step);
      case proto::Step::kShell:
        return keep(Result<std::string>(source.shell()), StepKind::kShell, &flat_.texts, step);
      case proto::Step::kCode:
        return keep(Result<std::string>(source.code()), StepKind::kCode, &flat_.texts, step);
      case proto::Step::kNothing:
        step->kind = StepKind::kWait;
        return {};
      default:
        return fail("the step is empty");
    }
  }

  const proto::Program& program_;
  FlatProgram flat_;
  Duration now_{0};
};

}  // namespace

Result<FlatProgram> compile(const proto::Program& program, FlatProgram&& memory) {
  return Compiler(program, std::move(memory)).run();
}

}  // namespace synfin::script
