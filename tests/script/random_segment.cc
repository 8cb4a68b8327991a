#include "tests/script/random_words.h"

namespace synfin::script {
namespace {

void random_timestamps(Random& random, bool inject, proto::TcpOption::Timestamps* out) {
  if (!inject && random.one_in(3)) {
    out->set_any_value(true);
  } else {
    out->mutable_value()->set_offset(random.number(0xffffffff));
  }
  if (!inject && random.one_in(3)) {
    out->set_any_echo(true);
  } else if (inject && random.one_in(3)) {
    out->set_echo_last(true);
  } else {
    out->mutable_echo_reply()->set_offset(random.number(0xffffffff));
  }
}

void random_raw(Random& random, bool sensible, proto::TcpOption::Raw* raw) {
  constexpr uint32_t kKinds[] = {0, 2, 3, 5, 8, 19, 34, 69, 172, 174, 253, 254, 255};
  raw->set_kind(random.pick(kKinds));
  const std::string magic = random.one_in(4) ? "\xf9\x89" : "";
  raw->set_data(magic + random_octets(random, random.below(sensible ? 5 : 20)));
  if (random.one_in(2)) raw->set_length(static_cast<uint32_t>(raw->data().size() + 2));
  if (random.one_in(4)) raw->set_length(random.number(255));
}

void random_option(Random& random, bool inject, bool sensible, proto::TcpOption* option) {
  switch (random.below(8)) {
    case 0:
      option->mutable_mss()->set_value(random.number(0xffff));
      break;
    case 1:
      option->mutable_window_scale()->set_shift(random.number(255));
      break;
    case 2:
      option->set_sack_permitted(true);
      break;
    case 3:
      option->mutable_sack();
      for (auto n = random.below(sensible ? 2 : 5); n > 0; --n) {
        auto* block = option->mutable_sack()->add_blocks();
        *block->mutable_left() = random_number(random, true);
        *block->mutable_right() = random_number(random, true);
      }
      break;
    case 4:
      random_timestamps(random, inject, option->mutable_timestamps());
      break;
    case 5:
      option->set_nop(true);
      break;
    case 6:
      option->set_eol(true);
      break;
    default:
      random_raw(random, sensible, option->mutable_raw());
      break;
  }
}

void random_envelope(Random& random, proto::Malformation* made) {
  constexpr const char* kAddresses[] = {"0.0.0.0", "224.0.0.1", "ff02::1", "2001:db8::1"};
  if (random.one_in(3)) made->set_ip_options(random_octets(random, random.below(41)));
  if (random.one_in(3)) made->set_source(random.pick(kAddresses));
  if (random.one_in(3)) made->set_destination(random.pick(kAddresses));
}

void random_malformation(Random& random, bool inject, proto::Segment* segment) {
  proto::Malformation made;
  switch (random.below(5)) {
    case 0:
      made.set_checksum(proto::Malformation::BAD);
      break;
    case 1:
      made.set_checksum(proto::Malformation::ZERO);
      break;
    case 2:
      made.set_checksum(proto::Malformation::VALUE);
      made.set_checksum_value(random.number(0xffff));
      break;
    default:
      break;
  }
  if (random.one_in(3)) made.set_data_offset(random.number(15));
  if (random.one_in(3)) made.set_reserved(random.number(15));
  if (random.one_in(3)) made.set_truncate(random.number(0xffff));
  if (random.one_in(3)) made.set_ip_length(random.number(0xffff));
  if (random.one_in(3)) made.set_ttl(random.number(255));
  if (inject) random_envelope(random, &made);
  if (made.ByteSizeLong() > 0) *segment->mutable_malformation() = made;
}

}  // namespace

proto::Segment random_segment(Random& random, bool inject, const RandomShape& shape) {
  proto::Segment segment;
  constexpr uint32_t kFlags[] = {0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x00, 0xff};
  segment.set_flags(random.one_in(3) ? static_cast<uint32_t>(random.below(256))
                                     : random.pick(kFlags));
  segment.set_length(random.one_in(2) ? 0 : random.number(0xffff));
  if (!inject && random.one_in(5)) {
    segment.set_any_seq(true);
  } else {
    *segment.mutable_seq() = random_number(random, true);
  }
  if (!inject && random.one_in(5) &&
      (segment.any_seq() || segment.seq().base() != proto::Number::LITERAL)) {
    segment.set_any_length(true);
    segment.set_length(0);
  }
  if (!random.one_in(3)) *segment.mutable_ack() = random_number(random, true);
  if (random.one_in(2)) {
    *segment.mutable_window() = random_number(random, false);
    if (segment.window().base() == proto::Number::LITERAL) {
      segment.mutable_window()->set_offset(random.number(0xffff));
    }
  }
  if (random.one_in(4)) segment.set_urgent(random.number(0xffff));
  if (!inject && random.one_in(5)) {
    segment.set_any_options(true);
  } else {
    for (auto n = random.below(shape.sensible ? 3 : 7); n > 0; --n) {
      random_option(random, inject, shape.sensible, segment.add_options());
    }
  }
  if (!segment.any_length() && random.one_in(5)) {
    segment.set_text(random_octets(random, random.below(40)));
    segment.set_length(static_cast<uint32_t>(segment.text().size()));
  }
  if (random.one_in(3)) random_malformation(random, inject, &segment);
  if (random.one_in(4)) {
    segment.set_ecn(static_cast<uint32_t>(random.below(inject ? 5 : 6)));
  } else if (random.one_in(4)) {
    segment.set_traffic_class(random.number(255));
  }
  return segment;
}

}  // namespace synfin::script
