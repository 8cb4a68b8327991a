// What can be left out of a segment, and the numbers that it would ordinarily have.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <tuple>
#include <utility>

#include "engine/segment.h"
#include "harness/shrink/edits.h"

namespace synfin::shrink {
namespace {

using proto::Number;
using proto::Segment;

constexpr uint32_t kUsualWindow = 65535;
constexpr uint32_t kUsualMss = 1460;
// Flags that anybody would send, from the plainest on.
constexpr std::array<uint32_t, 7> kUsualFlags = {kAck, kPsh | kAck, kFin | kAck, kSyn,
                                                 kRst, kSyn | kAck, kRst | kAck};
// From the least ordinary on.
constexpr std::array<uint32_t, 8> kBits = {kCwr, kEce, kUrg, kPsh, kFin, kSyn, kRst, kAck};

bool is_usual(uint32_t flags) {
  return std::find(kUsualFlags.begin(), kUsualFlags.end(), flags) != kUsualFlags.end();
}

Segment& segment_of(proto::Program& program, int step) {
  return *program.mutable_steps(step)->mutable_packet()->mutable_segment();
}

// Enters `change(segment)`.
template <typename Change>
void add(int step, Edits* edits, Change change) {
  edits->emplace_back(
      [step, change](proto::Program& program) { change(segment_of(program, step)); });
}

void set_length(Segment& segment, uint32_t length) {
  segment.set_length(length);
  if (segment.text().size() > length) segment.mutable_text()->resize(length);
  if (length == 0) segment.clear_text();
}

void add_malformation_fields(const Segment& segment, int step, Edits* edits) {
  if (!segment.has_malformation()) return;
  add(step, edits, [](Segment& changed) { changed.clear_malformation(); });
  const auto* reflection = segment.malformation().GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(segment.malformation(), &fields);
  if (fields.size() < 2) return;
  for (const auto* field : fields) {
    add(step, edits, [field](Segment& changed) {
      proto::Malformation& malformation = *changed.mutable_malformation();
      malformation.GetReflection()->ClearField(&malformation, field);
    });
  }
}

// How far from ordinary: names before plain numbers, few terms, a small offset.
std::tuple<int, uint64_t> oddity(const Number& number, Number::Base usual, bool plain_zero) {
  const auto size = static_cast<uint64_t>(std::llabs(number.offset()));
  if (number.base() == Number::LITERAL) return {plain_zero && size == 0 ? 0 : 20, size};
  if (number.base() == Number::ABSOLUTE) return {21, size};
  return {2 * (number.plus_size() + number.minus_size()) + (number.base() == usual ? 0 : 1), size};
}

Number make_number(Number::Base base, int64_t offset, std::optional<Number::Base> plus = {},
                   std::optional<Number::Base> minus = {}) {
  Number number;
  number.set_base(base);
  number.set_offset(offset);
  if (plus) number.add_plus(*plus);
  if (minus) number.add_minus(*minus);
  return number;
}

// Nearer to zero, from the nearest on.
void add_offsets(const Number& number, std::vector<Number>* out) {
  const int64_t offset = number.offset();
  for (const int64_t nearer :
       {int64_t{0}, offset / 2, offset - offset / 4, offset - (offset > 0 ? 1 : -1)}) {
    Number candidate = number;
    candidate.set_offset(nearer);
    out->push_back(candidate);
  }
}

std::vector<Number> usual_sequences(const Number& now, bool syn) {
  std::vector<Number> out;
  if (syn) out.push_back(make_number(Number::LITERAL, 0));
  for (const int64_t offset : {0, -1, 1}) out.push_back(make_number(Number::RCV_NXT, offset));
  for (const int64_t offset : {0, -1, 1}) {
    out.push_back(make_number(Number::RCV_NXT, offset, Number::RCV_WND));
  }
  // After the handshake plain 1 is RCV.NXT.
  if (now.base() == Number::LITERAL) out.push_back(make_number(Number::RCV_NXT, now.offset() - 1));
  return out;
}

std::vector<Number> usual_acknowledgments(const Number& now) {
  std::vector<Number> out;
  for (const Number::Base base : {Number::SND_NXT, Number::SND_UNA}) {
    for (const int64_t offset : {0, -1, 1}) out.push_back(make_number(base, offset));
    if (now.base() == Number::LITERAL) out.push_back(make_number(base, now.offset() - 1));
  }
  for (const int64_t offset : {0, -1}) {
    out.push_back(make_number(Number::SND_UNA, offset, {}, Number::SND_MAX_WND));
  }
  return out;
}

// Enters each candidate that is more ordinary than what stands there now. `where(segment)` is the
// number to change.
template <typename Where>
void add_numbers(const Number& now, Number::Base usual, bool plain_zero,
                 const std::vector<Number>& candidates, int step, Edits* edits, Where where) {
  for (const Number& candidate : candidates) {
    if (oddity(candidate, usual, plain_zero) >= oddity(now, usual, plain_zero)) continue;
    add(step, edits, [where, candidate](Segment& changed) { *where(changed) = candidate; });
  }
}

void add_window(const Segment& segment, int step, Edits* edits) {
  if (!segment.has_window()) return;
  const Number& window = segment.window();
  const bool literal = window.base() == Number::LITERAL;
  for (const int64_t usual : {int64_t{kUsualWindow}, int64_t{0}}) {
    if (literal && (window.offset() == usual || window.offset() == kUsualWindow)) return;
    add(step, edits, [usual](Segment& changed) {
      *changed.mutable_window() = make_number(Number::LITERAL, usual);
    });
  }
}

void add_option_values(const Segment& segment, int step, Edits* edits) {
  for (int i = 0; i < segment.options_size(); ++i) {
    const proto::TcpOption& option = segment.options(i);
    if (option.has_mss() && option.mss().value() != kUsualMss) {
      add(step, edits,
          [i](Segment& s) { s.mutable_options(i)->mutable_mss()->set_value(kUsualMss); });
    }
    if (option.window_scale().shift() != 0) {
      add(step, edits,
          [i](Segment& s) { s.mutable_options(i)->mutable_window_scale()->set_shift(0); });
    }
    if (!option.raw().data().empty()) {
      add(step, edits, [i](Segment& s) {
        std::string& data = *s.mutable_options(i)->mutable_raw()->mutable_data();
        data.resize(data.size() / 2);
      });
    }
    for (int block = 0; block < option.sack().blocks_size() && option.sack().blocks_size() > 1;
         ++block) {
      add(step, edits, [i, block](Segment& s) {
        s.mutable_options(i)->mutable_sack()->mutable_blocks()->DeleteSubrange(block, 1);
      });
    }
  }
}

}  // namespace

void add_segment_fields(const Segment& segment, int step, Edits* edits) {
  if (segment.options_size() > 1) {
    add(step, edits, [](Segment& changed) { changed.clear_options(); });
  }
  for (int i = 0; i < segment.options_size(); ++i) {
    add(step, edits, [i](Segment& changed) { changed.mutable_options()->DeleteSubrange(i, 1); });
  }
  add_malformation_fields(segment, step, edits);
  if (segment.length() > 0) add(step, edits, [](Segment& changed) { set_length(changed, 0); });
  if (!segment.text().empty()) add(step, edits, [](Segment& changed) { changed.clear_text(); });
  if (segment.has_urgent()) add(step, edits, [](Segment& changed) { changed.clear_urgent(); });
  if (segment.ecn() != 0) add(step, edits, [](Segment& changed) { changed.clear_ecn(); });
  if (segment.has_traffic_class()) {
    add(step, edits, [](Segment& changed) { changed.clear_traffic_class(); });
  }
  const uint32_t flags = segment.flags();
  if (!is_usual(flags)) {
    for (const uint32_t usual : kUsualFlags) {
      add(step, edits, [usual](Segment& changed) { changed.set_flags(usual); });
    }
  }
  for (const uint32_t bit : kBits) {
    // Never from usual flags to others.
    if ((flags & bit) == 0 || (is_usual(flags) && !is_usual(flags & ~bit))) continue;
    add(step, edits, [bit](Segment& changed) { changed.set_flags(changed.flags() & ~bit); });
  }
  if (segment.has_ack() && (flags & kAck) == 0) {
    add(step, edits, [](Segment& changed) { changed.clear_ack(); });
  }
}

void add_segment_values(const Segment& segment, int step, Edits* edits) {
  const bool syn = (segment.flags() & kSyn) != 0;
  std::vector<Number> sequences = usual_sequences(segment.seq(), syn);
  add_offsets(segment.seq(), &sequences);
  add_numbers(segment.seq(), Number::RCV_NXT, syn, sequences, step, edits,
              [](Segment& changed) { return changed.mutable_seq(); });
  if (segment.has_ack()) {
    std::vector<Number> acknowledgments = usual_acknowledgments(segment.ack());
    add_offsets(segment.ack(), &acknowledgments);
    add_numbers(segment.ack(), Number::SND_NXT, false, acknowledgments, step, edits,
                [](Segment& changed) { return changed.mutable_ack(); });
  }
  add_window(segment, step, edits);
  for (const uint32_t shorter : {1U, segment.length() / 2, segment.length() - 1}) {
    if (segment.length() <= 1 || shorter >= segment.length()) continue;
    add(step, edits, [shorter](Segment& changed) { set_length(changed, shorter); });
  }
  if (segment.urgent() > 1) {
    add(step, edits, [](Segment& changed) { changed.set_urgent(1); });
  }
  add_option_values(segment, step, edits);
}

}  // namespace synfin::shrink
