#include "harness/atlas/example.h"

#include <fmt/format.h>

#include <string_view>

#include "harness/atlas/set_ups.h"
#include "harness/script/parser.h"

namespace synfin::atlas {
namespace {

using ProtoNumber = proto::Number;

ProtoNumber number(ProtoNumber::Base base, int64_t offset) {
  ProtoNumber out;
  out.set_base(base);
  out.set_offset(offset);
  return out;
}

ProtoNumber in_window(int64_t offset) {
  ProtoNumber out = number(ProtoNumber::RCV_NXT, offset);
  out.add_plus(ProtoNumber::RCV_WND);
  return out;
}

ProtoNumber old_ack(int64_t offset) {
  ProtoNumber out = number(ProtoNumber::SND_UNA, offset);
  out.add_minus(ProtoNumber::SND_MAX_WND);
  return out;
}

ProtoNumber seq_number(SeqClass seq, const Variables& variables) {
  constexpr int64_t kHalfTurn = int64_t{1} << 31;
  switch (seq) {
    case SeqClass::kAny:
      return number(ProtoNumber::LITERAL, seq_of(seq, variables));
    case SeqClass::kIrs:
      return number(ProtoNumber::IRS, 0);
    case SeqClass::kLeftBefore:
      return number(ProtoNumber::RCV_NXT, -1);
    case SeqClass::kLeft:
      return number(ProtoNumber::RCV_NXT, 0);
    case SeqClass::kLeftAfter:
      return number(ProtoNumber::RCV_NXT, 1);
    case SeqClass::kMiddle:
      return number(ProtoNumber::RCV_NXT, variables.rcv_wnd / 2);
    case SeqClass::kRightBefore:
      return in_window(-1);
    case SeqClass::kRight:
      return in_window(0);
    case SeqClass::kRightAfter:
      return in_window(1);
    case SeqClass::kOpposite:
      break;
  }
  return number(ProtoNumber::RCV_NXT, kHalfTurn);
}

ProtoNumber ack_number(AckClass ack, const Variables& variables) {
  constexpr int64_t kHalfTurn = int64_t{1} << 31;
  switch (ack) {
    case AckClass::kNone:
    case AckClass::kAny:
      return number(ProtoNumber::LITERAL, ack_of(ack, variables));
    case AckClass::kTooOld:
      return old_ack(-1);
    case AckClass::kOldest:
      return old_ack(0);
    case AckClass::kUnaBefore:
      return number(ProtoNumber::SND_UNA, -1);
    case AckClass::kUna:
      return number(ProtoNumber::SND_UNA, 0);
    case AckClass::kBetween:
      return number(ProtoNumber::SND_UNA, (variables.snd_nxt - variables.snd_una) / 2);
    case AckClass::kNxt:
      return number(ProtoNumber::SND_NXT, 0);
    case AckClass::kNxtAfter:
      return number(ProtoNumber::SND_NXT, 1);
    case AckClass::kOpposite:
      break;
  }
  return number(ProtoNumber::SND_NXT, kHalfTurn);
}

void add_options(OptionClass options, proto::Segment& segment) {
  for (const script::OptionSpec& spec : options_of(options)) {
    proto::TcpOption& option = *segment.add_options();
    if (spec.kind == script::OptionSpec::Kind::kTimestamps) {
      option.mutable_timestamps()->mutable_value()->set_offset(spec.value);
      option.mutable_timestamps()->mutable_echo_reply()->set_offset(spec.echo);
      continue;
    }
    proto::TcpOption::Raw& raw = *option.mutable_raw();
    raw.set_kind(spec.value);
    if (spec.raw_length) raw.set_length(*spec.raw_length);
    raw.set_data(std::string(spec.raw.begin(), spec.raw.end()));
  }
}

proto::Step& add_step(proto::Program& program) { return *program.add_steps(); }

}  // namespace

proto::Segment segment_of(const Cell& cell, const Variables& variables) {
  const Stimulus stimulus = stimulus_of(cell, variables);
  proto::Segment segment;
  segment.set_flags(stimulus.flags.bits);
  *segment.mutable_seq() = seq_number(cell.seq, variables);
  segment.set_length(stimulus.length);
  if (stimulus.flags.ack()) *segment.mutable_ack() = ack_number(cell.ack, variables);
  segment.mutable_window()->set_offset(stimulus.window);
  if (stimulus.flags.urg()) segment.set_urgent(stimulus.urgent);
  add_options(cell.options, segment);
  return segment;
}

Result<proto::Program> cell_as_program(const Atlas& atlas, const Place& place,
                                       const std::vector<std::string>& comments) {
  const SetUp& set_up = atlas.set_ups[place.set_up];
  const Cell cell = cells_of(set_up.variables, atlas.with)[place.entry];
  auto program = script::parse(set_up.program, set_up.id);
  if (!program) return fail(script::to_string(set_up.id, program.error()));
  for (const std::string& comment : comments) program->add_comments(" " + comment);
  proto::Annotation& versions = *program->add_annotations();
  versions.set_key("ip");
  versions.set_value(atlas.ipv6 ? "6" : "4");
  proto::Packet& packet = *add_step(*program).mutable_packet();
  packet.set_direction(proto::Packet::INJECT);
  *packet.mutable_segment() = segment_of(cell, set_up.variables);
  proto::Step& quiet = add_step(*program);
  quiet.mutable_time()->set_start_ns(atlas.quiet_time.count());
  quiet.set_nothing(true);
  const SetUpInfo* info = find_set_up(set_up.id);
  if (info == nullptr || !info->reads || info->accepts) return *program;
  proto::Call& read = *add_step(*program).mutable_call();
  read.set_name("recv");
  read.add_arguments()->set_integer(kConnectionFd);
  read.add_arguments()->set_ellipsis(true);
  read.add_arguments()->set_integer(4096);
  read.add_arguments()->set_symbol("MSG_DONTWAIT");
  return *program;
}

}  // namespace synfin::atlas
