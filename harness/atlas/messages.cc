#include "harness/atlas/messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "harness/atlas/cells.h"

namespace synfin::atlas {
namespace {

// --- to messages ---------------------------------------------------------------------------------

void put(const Number& number, proto::atlas::Number* out) {
  out->set_base(static_cast<proto::atlas::Base>(number.base));
  out->set_offset(number.offset);
}

void put(const Wire& wire, proto::atlas::Wire* out) {
  out->set_flags(wire.flags.bits);
  put(wire.seq, out->mutable_seq());
  if (wire.flags.ack()) put(wire.ack, out->mutable_ack());
  out->set_window(wire.window);
  out->set_urgent(wire.urgent);
  out->set_length(wire.length);
  out->set_options(wire.options.data(), wire.options.size());
  out->set_text(wire.text.data(), wire.text.size());
  out->set_reserved(wire.reserved);
  out->set_bad_checksum(wire.bad_checksum);
}

void put(const Api::Outcome& outcome, proto::atlas::Outcome* out) {
  out->set_value(outcome.value);
  out->set_error(outcome.error);
}

void put(const Behaviour& behaviour, proto::atlas::Behaviour* out) {
  for (const Wire& wire : behaviour.answers) put(wire, out->add_answers());
  out->set_other_packets(behaviour.other_packets);
  out->set_state(static_cast<uint32_t>(behaviour.state));
  if (behaviour.api.accept) put(*behaviour.api.accept, out->mutable_accept());
  if (behaviour.api.read) put(*behaviour.api.read, out->mutable_read());
  out->set_other_text(behaviour.api.other_text);
  out->set_broken(behaviour.broken);
}

void put(const Variables& variables, proto::atlas::Variables* out) {
  out->set_iss_known(variables.iss_known);
  out->set_snd_una(variables.snd_una);
  out->set_snd_nxt(variables.snd_nxt);
  out->set_snd_wnd(variables.snd_wnd);
  out->set_snd_max_wnd(variables.snd_max_wnd);
  out->set_irs_known(variables.irs_known);
  out->set_rcv_nxt(variables.rcv_nxt);
  out->set_rcv_wnd(variables.rcv_wnd);
}

void put(const Happening& happening, proto::atlas::Happening* out) {
  out->set_kind(static_cast<proto::atlas::Happening::Kind>(happening.kind));
  out->set_step(happening.step);
  if (happening.kind <= Happening::Kind::kSent) put(happening.wire, out->mutable_wire());
  out->set_value(happening.value);
  out->set_error(happening.error);
  out->set_state(static_cast<uint32_t>(happening.state));
}

void put_runs(const SetUp& set_up, const std::vector<Behaviour>& behaviours,
              proto::atlas::SetUp* out) {
  std::vector<uint32_t> numbers(behaviours.size(), 0);  // as in Run::behaviour
  proto::atlas::Run* run = nullptr;
  const Entry* last = nullptr;
  for (const Entry& entry : set_up.entries) {
    if (last == nullptr || *last != entry) {
      run = out->add_runs();
      run->set_again(entry.again);
      if (entry.behaviour != kNotPlayed) {
        uint32_t& number = numbers[entry.behaviour];
        if (number == 0) {
          put(behaviours[entry.behaviour], out->add_behaviours());
          number = static_cast<uint32_t>(out->behaviours_size());
        }
        run->set_behaviour(number);
      }
    }
    run->set_cells(run->cells() + 1);
    last = &entry;
  }
}

// --- from messages -------------------------------------------------------------------------------

// Reads one message; the first thing that is wrong stays.
class Reader {
 public:
  State state(uint32_t value) {
    if (value >= kStateCount) complain(fmt::format("state {}", value));
    return error_.empty() ? static_cast<State>(value) : State::kClosed;
  }
  Number number(const proto::atlas::Number& in) {
    if (in.base() < 0 || static_cast<std::size_t>(in.base()) >= kBases) {
      complain(fmt::format("base {} of a number", static_cast<int>(in.base())));
      return {};
    }
    return {static_cast<Base>(in.base()), in.offset()};
  }
  Wire wire(const proto::atlas::Wire& in);
  Behaviour behaviour(const proto::atlas::Behaviour& in);
  Variables variables(const proto::atlas::Variables& in);
  Happening happening(const proto::atlas::Happening& in);
  std::vector<Entry> entries(const proto::atlas::SetUp& in, std::size_t cells,
                             const std::vector<uint32_t>& numbers);

  void complain(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }
  const std::string& error() const { return error_; }

 private:
  uint32_t at_most(uint32_t value, uint32_t most, const char* what) {
    if (value > most) complain(fmt::format("{} {}", what, value));
    return std::min(value, most);
  }

  std::string error_;
};

Wire Reader::wire(const proto::atlas::Wire& in) {
  Wire out;
  out.flags = Flags(at_most(in.flags(), 0xff, "flags"));
  out.seq = number(in.seq());
  out.ack = number(in.ack());
  out.window = static_cast<uint16_t>(at_most(in.window(), 0xffff, "window"));
  out.urgent = static_cast<uint16_t>(at_most(in.urgent(), 0xffff, "urgent pointer"));
  out.length = at_most(in.length(), 0xffff, "length");
  if (in.options().size() > 40) complain("options of more than 40 octets");
  if (!in.text().empty() && in.text().size() != in.length()) complain("text of another length");
  out.options.assign(in.options().begin(), in.options().end());
  out.text.assign(in.text().begin(), in.text().end());
  out.reserved = static_cast<uint8_t>(at_most(in.reserved(), 0xf, "reserved bits"));
  out.bad_checksum = in.bad_checksum();
  return out;
}

Behaviour Reader::behaviour(const proto::atlas::Behaviour& in) {
  Behaviour out;
  for (const auto& each : in.answers()) out.answers.push_back(wire(each));
  out.other_packets = in.other_packets();
  out.state = state(in.state());
  const auto outcome = [](const proto::atlas::Outcome& from) {
    return Api::Outcome{from.value(), from.error()};
  };
  if (in.has_accept()) out.api.accept = outcome(in.accept());
  if (in.has_read()) out.api.read = outcome(in.read());
  out.api.other_text = in.other_text();
  out.broken = in.broken();
  return out;
}

Variables Reader::variables(const proto::atlas::Variables& in) {
  constexpr uint32_t kMostWindow = 1U << 30U;  // RFC 7323 §2.3
  Variables out;
  out.iss_known = in.iss_known();
  out.snd_una = in.snd_una();
  out.snd_nxt = in.snd_nxt();
  out.snd_wnd = at_most(in.snd_wnd(), kMostWindow, "SND.WND");
  out.snd_max_wnd = at_most(in.snd_max_wnd(), kMostWindow, "MAX.SND.WND");
  out.irs_known = in.irs_known();
  out.rcv_nxt = in.rcv_nxt();
  out.rcv_wnd = at_most(in.rcv_wnd(), kMostWindow, "RCV.WND");
  return out;
}

Happening Reader::happening(const proto::atlas::Happening& in) {
  Happening out;
  if (in.kind() < 0 || in.kind() > proto::atlas::Happening::STATE) {
    complain(fmt::format("an event of kind {}", static_cast<int>(in.kind())));
    return out;
  }
  out.kind = static_cast<Happening::Kind>(in.kind());
  out.step = in.step();
  if (in.has_wire()) out.wire = wire(in.wire());
  out.value = in.value();
  out.error = in.error();
  out.state = state(in.state());
  return out;
}

std::vector<Entry> Reader::entries(const proto::atlas::SetUp& in, std::size_t cells,
                                   const std::vector<uint32_t>& numbers) {
  std::vector<Entry> out;
  for (const auto& run : in.runs()) {
    if (run.behaviour() > numbers.size()) complain("a behaviour that is not there");
    if (run.cells() == 0 || run.cells() > cells - out.size()) complain("more cells than there are");
    if (!error_.empty()) return {};
    const uint32_t behaviour = run.behaviour() == 0 ? kNotPlayed : numbers[run.behaviour() - 1];
    out.insert(out.end(), run.cells(), {behaviour, run.again()});
  }
  if (out.size() != cells) {
    complain(fmt::format("{} cells, and its variables make {}", out.size(), cells));
  }
  return out;
}

}  // namespace

proto::atlas::Header to_header(const Atlas& atlas) {
  proto::atlas::Header header;
  *header.mutable_provenance() = atlas.provenance;
  header.set_ipv6(atlas.ipv6);
  header.set_with_ecn(atlas.with.ecn);
  header.set_with_options(atlas.with.options);
  header.set_quiet_time_ns(atlas.quiet_time.count());
  return header;
}

proto::atlas::SetUp to_message(const SetUp& set_up, const std::vector<Behaviour>& behaviours) {
  proto::atlas::SetUp out;
  out.set_id(set_up.id);
  out.set_state(static_cast<uint32_t>(set_up.state));
  out.set_program(set_up.program);
  out.set_reached(set_up.reached);
  out.set_why(set_up.why);
  for (const Happening& happening : set_up.events) put(happening, out.add_events());
  put(set_up.variables, out.mutable_variables());
  put_runs(set_up, behaviours, &out);
  return out;
}

Result<void> read_header(const proto::atlas::Header& header, Atlas& atlas) {
  constexpr int64_t kLongest = 3'600'000'000'000;
  if (header.quiet_time_ns() < 0 || header.quiet_time_ns() > kLongest) {
    return fail(fmt::format("a quiet time of {} ns", header.quiet_time_ns()));
  }
  atlas.provenance = header.provenance();
  atlas.ipv6 = header.ipv6();
  atlas.with = {header.with_ecn(), header.with_options()};
  atlas.quiet_time = Duration(header.quiet_time_ns());
  return {};
}

Result<SetUp> read_set_up(const proto::atlas::SetUp& message, const With& with,
                          Interner& interner) {
  Reader reader;
  SetUp out;
  out.id = message.id();
  out.state = reader.state(message.state());
  out.program = message.program();
  out.reached = message.reached();
  out.why = message.why();
  for (const auto& each : message.events()) out.events.push_back(reader.happening(each));
  out.variables = reader.variables(message.variables());
  std::vector<uint32_t> numbers;
  for (const auto& each : message.behaviours()) {
    numbers.push_back(interner.intern(reader.behaviour(each)));
  }
  if (reader.error().empty()) {
    const std::size_t cells = out.reached ? cells_of(out.variables, with).size() : 0;
    out.entries = reader.entries(message, cells, numbers);
  }
  if (reader.error().empty()) return out;
  return fail(fmt::format("the set-up {} has {}", message.id(), reader.error()));
}

}  // namespace synfin::atlas
