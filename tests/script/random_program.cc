#include "tests/script/random_program.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/clause.h"
#include "engine/state.h"
#include "tests/script/random_words.h"

namespace synfin::script {
namespace {

void random_time(Random& random, bool expects, bool call, proto::Time* time) {
  const auto span = [&] { return random.one_in(3) ? 0 : random.between(0, 3'000'000'000); };
  const bool relative = !random.one_in(4);
  time->set_kind(relative ? proto::Time::RELATIVE : proto::Time::ABSOLUTE);
  if (expects && random.one_in(5)) {
    time->set_kind(proto::Time::ANY);
    return;
  }
  time->set_start_ns(span());
  if (expects && random.one_in(4)) {
    time->set_kind(relative ? proto::Time::RELATIVE_RANGE : proto::Time::ABSOLUTE_RANGE);
    time->set_end_ns(time->start_ns() + span());
  } else if (call && random.one_in(4)) {
    time->set_returns_ns(time->start_ns() + span());
  }
}

void random_annotation(Random& random, bool sensible, bool head, proto::Annotation* out) {
  if (!sensible) {
    out->set_key(random.one_in(2) ? "state" : random_word(random) + "-key");
    if (!random.one_in(4)) out->set_value(random_line(random));
    return;
  }
  if (!head) {
    out->set_key("state");
    out->set_value(std::string(to_string(static_cast<State>(random.below(kStateCount)))));
  } else if (random.one_in(2)) {
    out->set_key("requires");
    out->set_value(std::string(kClauses[random.below(kClauseCount)].id));
  } else {
    constexpr std::string_view kOthers[][2] = {{"doc", "One sentence."},
                                               {"ip", "both"},
                                               {"role", "passive"},
                                               {"needs", "sack"},
                                               {"sysctl", "net.ipv4.tcp_sack=0"}};
    const auto& other = random.pick(kOthers);
    out->set_key(std::string(other[0]));
    out->set_value(std::string(other[1]));
  }
}

void random_icmp(Random& random, bool sensible, proto::Icmp* icmp) {
  icmp->set_type(sensible ? "unreachable" : random_word(random));
  if (random.one_in(2)) icmp->set_code(sensible ? "frag_needed" : random_word(random));
  if (random.one_in(2)) icmp->set_mtu(random.number(0xffffffff));
  if (random.one_in(2)) {
    *icmp->mutable_seq() = random_number(random, true);
    icmp->set_length(random.number(0xffff));
  }
}

void random_head(Random& random, const RandomShape& shape, proto::Program* program) {
  for (auto n = random.below(3); n > 0; --n) program->add_comments(random_comment(random));
  for (auto n = random.below(3); n > 0; --n) {
    random_annotation(random, shape.sensible, true, program->add_annotations());
  }
  for (auto n = random.below(3); n > 0; --n) {
    program->add_options(random.one_in(2)
                             ? "--" + random_word(random)
                             : fmt::format("--{}={}", random_word(random), random.number(99)));
  }
  if (random.one_in(4)) program->add_options("--name=\"a b\"");
  for (auto n = random.below(2); n > 0; --n) program->add_init_commands(random_shell(random));
}

}  // namespace

uint32_t Random::number(uint32_t high) {
  switch (below(4)) {
    case 0:
      return static_cast<uint32_t>(below(std::min(high, 3U) + 1));
    case 1:
      return high - static_cast<uint32_t>(below(std::min(high, 2U) + 1));
    case 2:
      return static_cast<uint32_t>(below(std::min(high, 3000U) + 1));
    default:
      return static_cast<uint32_t>(below(uint64_t{high} + 1));
  }
}

proto::Step random_step(Random& random, const RandomShape& shape) {
  proto::Step step;
  const bool labelled = random.one_in(4);
  if (labelled) step.set_connection(random.one_in(2) ? "b" : random_word(random));
  bool inject = random.one_in(2);
  switch (random.below(10)) {
    case 0:
      step.set_shell(random_shell(random));
      break;
    case 1:
      step.set_code(random_code(random));
      break;
    case 2:
      step.set_nothing(true);
      break;
    case 3:
    case 4:
      *step.mutable_call() = random_call(random, shape);
      break;
    case 5:
      step.mutable_packet()->set_direction(proto::Packet::INJECT);
      random_icmp(random, shape.sensible, step.mutable_packet()->mutable_icmp());
      inject = true;
      break;
    default:
      step.mutable_packet()->set_direction(inject ? proto::Packet::INJECT : proto::Packet::EXPECT);
      *step.mutable_packet()->mutable_segment() = random_segment(random, inject, shape);
      break;
  }
  random_time(random, step.has_packet() && !inject, step.has_call(), step.mutable_time());
  if (step.time().ByteSizeLong() == 0) step.clear_time();  // as the parser has it
  if (random.one_in(3)) random_annotation(random, shape.sensible, false, step.add_annotations());
  if (random.one_in(9) && !shape.sensible) {
    random_annotation(random, false, false, step.add_annotations());
  }
  if (random.one_in(4)) step.set_remark(random_line(random));
  if (random.one_in(4)) {
    for (auto n = random.below(4); n > 0; --n) step.add_comments(random_comment(random));
  }
  return step;
}

proto::Program random_program(Random& random, const RandomShape& shape) {
  proto::Program program;
  random_head(random, shape, &program);
  const auto steps = random.between(1, std::max(shape.max_steps, 1));
  for (auto n = steps; n > 0; --n) *program.add_steps() = random_step(random, shape);
  for (auto n = random.below(2); n > 0; --n) program.add_cleanup_commands(random_shell(random));
  for (auto n = random.below(2); n > 0; --n) program.add_end_comments(random_comment(random));
  return program;
}

}  // namespace synfin::script
