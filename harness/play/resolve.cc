#include "harness/play/resolve.h"

#include <algorithm>
#include <string_view>

namespace synfin::play {
namespace {

using script::Base;

std::size_t place(Base name) {
  return static_cast<std::size_t>(name) - static_cast<std::size_t>(Base::kIss);
}

}  // namespace

Values Values::of(const Observer& observer, uint16_t connection) {
  Values values;
  for (std::size_t i = 0; i < kNames; ++i) {
    values.values_[i] = observer.value(connection, static_cast<Base>(i + 1));
  }
  return values;
}

void Values::fill(const Values& other) {
  for (std::size_t i = 0; i < kNames; ++i) {
    if (!values_[i]) values_[i] = other.values_[i];
  }
}

std::optional<uint32_t> Values::get(Base name) const { return values_[place(name)]; }

std::optional<uint32_t> Names::get(Base name) const {
  if (frozen != nullptr) return frozen->get(name);
  if (observer != nullptr) return observer->value(connection, name);
  if (name == Base::kIss) return own.known_iss();
  if (name == Base::kIrs) return own.known_irs();
  return std::nullopt;
}

uint8_t Names::peer_window_shift() const {
  return observer != nullptr ? observer->peer_window_shift(connection) : uint8_t{0};
}

uint8_t Names::stack_window_shift() const {
  return observer != nullptr ? observer->stack_window_shift(connection) : uint8_t{0};
}

std::optional<uint32_t> resolve(const script::Number& number, uint32_t literal_base,
                                const Names& names) {
  auto sum = static_cast<uint32_t>(number.offset);
  if (number.base == Base::kLiteral) {
    sum += literal_base;
  } else if (number.base != Base::kAbsolute) {
    const auto value = names.get(number.base);
    if (!value) return std::nullopt;
    sum += *value;
  }
  for (const auto& term : number.terms) {
    if (term.base == Base::kLiteral) continue;
    const auto value = names.get(term.base);
    if (!value) return std::nullopt;
    sum += term.minus ? 0 - *value : *value;
  }
  return sum;
}

std::optional<uint16_t> resolve_window(const script::Number& number, uint8_t shift,
                                       const Names& names) {
  const auto value = resolve(number, 0, names);
  if (!value) return std::nullopt;
  if (!number.symbolic()) return static_cast<uint16_t>(*value);
  return static_cast<uint16_t>(std::min<uint32_t>(*value >> shift, 0xffff));
}

std::string_view name_of(Base base) {
  switch (base) {
    case Base::kLiteral:
      return "";
    case Base::kAbsolute:
      return "=";
    case Base::kIss:
      return "ISS";
    case Base::kIrs:
      return "IRS";
    case Base::kSndUna:
      return "SND.UNA";
    case Base::kSndNxt:
      return "SND.NXT";
    case Base::kSndWnd:
      return "SND.WND";
    case Base::kSndMaxWnd:
      return "SND.MAX.WND";
    case Base::kRcvNxt:
      return "RCV.NXT";
    case Base::kRcvWnd:
      return "RCV.WND";
  }
  return "";
}

}  // namespace synfin::play
