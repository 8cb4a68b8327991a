#include "harness/script/printer.h"

#include <fmt/format.h>

#include <utility>

#include "harness/script/print_parts.h"
#include "harness/script/words.h"

namespace synfin::script {
namespace {

// 1.25: without zeros at the end.
std::string seconds(int64_t ns) {
  std::string text = fmt::format("{}", ns / kNanoseconds);
  if (ns % kNanoseconds == 0) return text;
  text += fmt::format(".{:09}", ns % kNanoseconds);
  while (text.back() == '0') text.pop_back();
  return text;
}

void print_time(const proto::Time& time, std::string* out) {
  const bool relative = time.kind() == proto::Time::RELATIVE ||
                        time.kind() == proto::Time::RELATIVE_RANGE ||
                        time.kind() == proto::Time::UNTIL_TIMEOUT;
  const bool range =
      time.kind() == proto::Time::RELATIVE_RANGE || time.kind() == proto::Time::ABSOLUTE_RANGE;
  const std::string_view sign = relative ? "+" : "";
  if (time.kind() == proto::Time::ANY) {
    *out += '*';
    return;
  }
  if (time.kind() == proto::Time::TIMEOUT) {
    *out += "+RTO";
    return;
  }
  *out += fmt::format("{}{}", sign, seconds(time.start_ns()));
  if (range) *out += fmt::format("~{}{}", sign, seconds(time.end_ns()));
  if (time.kind() == proto::Time::UNTIL_TIMEOUT) *out += "~+RTO";
  if (time.has_returns_ns()) *out += fmt::format("...{}", seconds(time.returns_ns()));
}

void print_step(const proto::Step& step, std::string* out) {
  print_time(step.time(), out);
  if (!step.connection().empty()) *out += fmt::format(" @{}", step.connection());
  *out += ' ';
  switch (step.what_case()) {
    case proto::Step::kPacket:
      print_packet(step.packet(), out);
      break;
    case proto::Step::kCall:
      print_call(step.call(), out);
      break;
    case proto::Step::kShell:
      *out += fmt::format("`{}`", step.shell());
      break;
    case proto::Step::kCode:
      *out += fmt::format("%{{ {} }}%", step.code());
      break;
    default:
      *out += "wait";
      break;
  }
}

void print_comment(const std::string& comment, std::string* out) {
  *out += comment.empty() ? "//\n" : fmt::format("// {}\n", comment);
}

std::string annotation(const proto::Annotation& annotation) {
  const std::string_view blank = annotation.value().empty() ? "" : " ";
  return fmt::format("//@ {}{}{}\n", annotation.key(), blank, annotation.value());
}

// The step's line, and what is said of it. A comment takes the rest of the line, so that only one
// fits there.
void print_line(const proto::Step& step, std::string* out) {
  print_step(step, out);
  int next = 0;
  if (!step.remark().empty()) {
    *out += fmt::format("  // {}\n", step.remark());
  } else if (step.annotations_size() > 0) {
    *out += "  " + annotation(step.annotations(next++));
  } else {
    *out += '\n';
  }
  for (; next < step.annotations_size(); ++next) {
    *out += "    " + annotation(step.annotations(next));
  }
}

void print_head(const proto::Program& program, std::string* out) {
  for (const auto& comment : program.comments()) print_comment(comment, out);
  for (const auto& item : program.annotations()) *out += annotation(item);
  for (const auto& option : program.options()) *out += option + '\n';
  for (const auto& command : program.init_commands()) *out += fmt::format("`{}`\n", command);
}

void clear_places(proto::Program* program) {
  program->clear_name();
  program->clear_file();
  for (auto& item : *program->mutable_annotations()) item.clear_line();
  for (auto& step : *program->mutable_steps()) {
    step.clear_line();
    for (auto& item : *step.mutable_annotations()) item.clear_line();
  }
}

}  // namespace

std::string print(const proto::Program& program) {
  std::string out;
  print_head(program, &out);
  bool first = true;
  for (const auto& step : program.steps()) {
    // The blank line parts comments on the file from those on the first step.
    if (first ? !out.empty() : step.comments_size() > 0) out += '\n';
    first = false;
    for (const auto& comment : step.comments()) print_comment(comment, &out);
    print_line(step, &out);
  }
  for (const auto& command : program.cleanup_commands()) out += fmt::format("`{}`\n", command);
  for (const auto& comment : program.end_comments()) print_comment(comment, &out);
  return out;
}

std::string print(const proto::Step& step) {
  std::string out;
  print_step(step, &out);
  return out;
}

std::string print(const proto::Segment& segment) {
  std::string out;
  print_segment(segment, &out);
  return out;
}

bool same(const proto::Program& a, const proto::Program& b) {
  proto::Program left = a;
  proto::Program right = b;
  clear_places(&left);
  clear_places(&right);
  return left.SerializeAsString() == right.SerializeAsString();  // no maps: one form each
}

}  // namespace synfin::script
