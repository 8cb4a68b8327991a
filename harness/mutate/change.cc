#include "harness/mutate/change.h"

#include <algorithm>
#include <array>

#include "engine/segment.h"
#include "harness/mutate/compose.h"
#include "harness/script/flat.h"
#include "harness/script/words.h"
#include "harness/wire/packet.h"

namespace synfin::mutate {
namespace {

using proto::Number;
using proto::TcpOption;

constexpr int64_t kMostOctets = 100'000;  // of a read or write

bool is_plain(const Number& number) {
  return number.base() == Number::LITERAL || number.base() == Number::ABSOLUTE;
}

// One of the numbers that a segment has, of those of its options too.
Number& pick_number(Chance& chance, proto::Segment& segment) {
  std::array<Number*, 8> numbers{};
  uint32_t count = 0;
  const auto add = [&](Number* number) {
    if (count < numbers.size()) numbers[count++] = number;
  };
  add(segment.mutable_seq());
  add(segment.mutable_seq());  // what most depends on
  if (segment.has_ack()) add(segment.mutable_ack());
  if (segment.has_window()) add(segment.mutable_window());
  for (TcpOption& option : *segment.mutable_options()) {
    if (option.has_timestamps()) add(option.mutable_timestamps()->mutable_value());
    if (!option.has_sack()) continue;
    for (auto& block : *option.mutable_sack()->mutable_blocks()) {
      add(block.mutable_left());
      add(block.mutable_right());
    }
  }
  return *numbers[chance.below(count)];
}

void change_option(Chance& chance, TcpOption& option) {
  if (option.has_sack() && chance.one_in(2)) {
    auto& block = *option.mutable_sack()->add_blocks();
    *block.mutable_left() = make_ack(chance);
    *block.mutable_right() = make_ack(chance);
  } else if (option.has_mss() && chance.one_in(2)) {
    option.mutable_mss()->set_value(chance.below(UINT16_MAX + 1U));
  } else if (option.has_window_scale() && chance.one_in(2)) {
    option.mutable_window_scale()->set_shift(chance.below(16));
  } else {
    option = make_option(chance);
  }
}

void mend_stamps(TcpOption::Timestamps& stamps) {
  for (Number* number : {stamps.mutable_value(), stamps.mutable_echo_reply()}) {
    number->clear_base();  // timestamps have no names
    mend(*number);
  }
  if (stamps.echo_last()) stamps.clear_echo_reply();
}

void mend_options(proto::Segment& segment) {
  std::size_t octets = 0;
  int kept = 0;
  for (TcpOption& option : *segment.mutable_options()) {
    if (option.has_sack()) {
      auto& blocks = *option.mutable_sack()->mutable_blocks();
      constexpr int kMost = static_cast<int>(Options::kMaxSackBlocks);
      if (blocks.size() > kMost) blocks.DeleteSubrange(kMost, blocks.size() - kMost);
      for (auto& block : blocks) {
        mend(*block.mutable_left());
        mend(*block.mutable_right());
      }
    }
    if (option.has_timestamps()) mend_stamps(*option.mutable_timestamps());
    octets += octets_of(option);
    if (octets > wire::OptionOctets::kCapacity) break;
    ++kept;
  }
  auto& options = *segment.mutable_options();
  kept = std::min(kept, static_cast<int>(kMostOptions));
  if (kept < options.size()) options.DeleteSubrange(kept, options.size() - kept);
}

}  // namespace

void mend(Number& number) {
  constexpr int kTerms = static_cast<int>(script::Number::kMaxTerms);
  if (is_plain(number)) {
    number.clear_plus();
    number.clear_minus();
    if (number.offset() < 0) number.set_offset(number.offset() & script::kMaxSequence);
  }
  if (number.plus_size() > kTerms) number.mutable_plus()->Truncate(kTerms);
  const int left = kTerms - number.plus_size();
  if (number.minus_size() > left) number.mutable_minus()->Truncate(left);
  number.set_offset(
      std::clamp(number.offset(), -script::kMaxSequence, int64_t{script::kMaxSequence}));
}

void mend(proto::Segment& segment) {
  const bool acks = (segment.flags() & kAck) != 0;
  if (!acks) segment.clear_ack();
  if (acks && !segment.has_ack()) segment.mutable_ack()->set_base(Number::SND_NXT);
  mend(*segment.mutable_seq());
  if (segment.has_ack()) mend(*segment.mutable_ack());
  if (segment.has_window()) {
    Number& window = *segment.mutable_window();
    if (window.base() == Number::ABSOLUTE) window.set_base(Number::LITERAL);
    mend(window);
    if (is_plain(window)) window.set_offset(window.offset() & UINT16_MAX);
  }
  if (segment.text().empty()) segment.set_length(std::min(segment.length(), kMostText));
  if (segment.malformation().ByteSizeLong() == 0) segment.clear_malformation();
  mend_options(segment);
}

void change_flags(Chance& chance, proto::Segment& segment) {
  const uint32_t before = segment.flags();
  if (chance.one_in(4)) {
    segment.set_flags(make_flags(chance));
  } else {
    const uint32_t flag = chance.pick<uint32_t>({kFin, kSyn, kRst, kPsh, kAck, kUrg, kEce, kCwr});
    segment.set_flags(before ^ flag);
  }
  if (segment.flags() == before) segment.set_flags(before ^ kAck);
  if ((segment.flags() & kAck) != 0 && !segment.has_ack()) {
    *segment.mutable_ack() = make_ack(chance);
  }
}

void change_base(Chance& chance, proto::Segment& segment) {
  Number& number = pick_number(chance, segment);
  if (&number == &segment.window() && chance.one_in(2)) {
    number = make_window(chance);
    return;
  }
  if (!is_plain(number) && chance.one_in(3)) {
    const auto name = chance.pick({Number::RCV_WND, Number::SND_WND, Number::SND_MAX_WND});
    if (number.plus_size() + number.minus_size() > 0) {
      number.clear_plus();
      number.clear_minus();
    } else if (chance.one_in(2)) {
      number.add_plus(name);
    } else {
      number.add_minus(name);
    }
    return;
  }
  number.set_base(chance.pick({Number::RCV_NXT, Number::RCV_NXT, Number::SND_NXT, Number::SND_UNA,
                               Number::IRS, Number::ISS, Number::RCV_WND, Number::LITERAL}));
}

void change_offset(Chance& chance, proto::Segment& segment) {
  Number& number = pick_number(chance, segment);
  number.set_offset(number.offset() + (chance.one_in(2) ? 1 : -1));
}

void change_options(Chance& chance, proto::Segment& segment) {
  auto& options = *segment.mutable_options();
  const auto size = static_cast<uint32_t>(options.size());
  if (size == 0 || chance.one_in(3)) {
    TcpOption made = make_option(chance);
    *options.Add() = std::move(made);
    options.SwapElements(static_cast<int>(chance.below(size + 1)), static_cast<int>(size));
  } else if (chance.one_in(3)) {
    options.DeleteSubrange(static_cast<int>(chance.below(size)), 1);
  } else {
    change_option(chance, *options.Mutable(static_cast<int>(chance.below(size))));
  }
}

void change_length(Chance& chance, proto::Segment& segment) {
  segment.clear_text();
  const uint32_t before = segment.length();
  if (chance.one_in(2)) {
    segment.set_length(make_length(chance));
  } else {
    segment.set_length(before == 0 || chance.one_in(2) ? before + 1 : before - 1);
  }
}

void change_header(Chance& chance, proto::Segment& segment) {
  switch (chance.below(12)) {
    case 0:
      segment.mutable_malformation()->set_checksum(chance.one_in(2) ? proto::Malformation::BAD
                                                                    : proto::Malformation::ZERO);
      break;
    case 1:
      segment.mutable_malformation()->set_reserved(chance.below(16));
      break;
    case 2:
      segment.mutable_malformation()->set_data_offset(chance.below(16));
      break;
    case 3:
      segment.mutable_malformation()->set_truncate(chance.below(40));
      break;
    case 4:
      segment.clear_malformation();
      segment.set_ecn(chance.below(5));
      break;
    case 5:
    case 6:
      segment.set_urgent(chance.pick({0U, 1U, 2U, 100U, 2000U, 65535U}));
      segment.set_flags(segment.flags() | kUrg);
      break;
    case 7:
      segment.clear_malformation();
      break;
    default:
      *segment.mutable_window() = make_window(chance);
      break;
  }
}

// Only lengths and backlogs change: another call is another step.
void change_call(Chance& chance, proto::Call& call) {
  const bool is_option = call.name() == "setsockopt";  // its last number is a size
  for (int i = is_option ? 0 : call.arguments_size() - 1; i > 0; --i) {
    proto::Value& value = *call.mutable_arguments(i);
    if (!value.has_integer()) continue;
    const int64_t next = chance.one_in(2) ? chance.pick<int64_t>({0, 1, 2, 536, 1460, 10000})
                                          : value.integer() + (chance.one_in(2) ? 1 : -1);
    value.set_integer(std::clamp<int64_t>(next, 0, kMostOctets));
    return;
  }
  proto::Step other = make_call_step(chance);
  call = std::move(*other.mutable_call());
}

void change_wait(Chance& chance, proto::Step& step) {
  step.mutable_time()->clear_kind();
  int64_t wait = step.time().start_ns();
  switch (chance.below(4)) {
    case 0:
      wait = chance.below(20) * kMillisecond;
      break;
    case 1:
      wait += chance.one_in(2) ? kMillisecond : -kMillisecond;
      break;
    case 2:
      wait = make_wait_step(chance).time().start_ns();
      break;
    default:
      wait = chance.one_in(2) ? wait * 2 : wait / 2;
      break;
  }
  step.mutable_time()->set_start_ns(std::clamp<int64_t>(wait, 0, kLongestWait));
}

}  // namespace synfin::mutate
