// The `--name=value` lines of packetdrill's that synfin heeds.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "harness/script/compile_parts.h"
#include "harness/script/cursor.h"
#include "harness/script/text.h"

namespace synfin::script {
namespace {

Result<int64_t> number(std::string_view name, std::string_view text, int64_t high) {
  const Token token{.kind = TokenKind::kInteger, .text = text};
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
  const auto value = digits ? integer_value(token) : std::nullopt;
  if (!value || *value > high) {
    return fail(fmt::format("{}={}: expected a number up to {}", name, text, high));
  }
  return *value;
}

Result<void> address(std::string_view text, FlatProgram* flat,
                     std::optional<wire::Address> Place::*which) {
  const auto parsed = wire::parse_address(std::string(text));
  if (!parsed) return tl::make_unexpected(parsed.error());
  flat->place.*which = *parsed;
  flat->place.own = true;
  (parsed->v6 ? flat->ipv4 : flat->ipv6) = false;
  return {};
}

Result<void> compile_option(std::string_view option, FlatProgram* flat) {
  const std::size_t equals = std::min(option.find('='), option.size());
  const std::string_view name = option.substr(0, equals);
  const std::string_view value = option.substr(std::min(equals + 1, option.size()));
  if (name == "--local_ip") return address(value, flat, &Place::local);
  if (name == "--remote_ip") return address(value, flat, &Place::remote);
  if (name == "--ip_version") {
    if (value == "ipv4-mapped-ipv6") return fail("--ip_version=ipv4-mapped-ipv6 is not played");
    if (value != "ipv4" && value != "ipv6") return fail("--ip_version is ipv4 or ipv6");
    (value == "ipv6" ? flat->ipv4 : flat->ipv6) = false;
  } else if (name == "--mtu") {
    const auto mtu = number(name, value, 0xffff);
    if (!mtu) return tl::make_unexpected(mtu.error());
    flat->place.mtu = static_cast<uint32_t>(*mtu);
    flat->place.own = true;
  } else if (name == "--tolerance_usecs") {
    const auto usecs = number(name, value, 1'000'000'000);
    if (!usecs) return tl::make_unexpected(usecs.error());
    flat->tolerance = std::chrono::microseconds(*usecs);
  } else if (name == "--strict_segments") {
    flat->place.whole_segments = true;
  }
  return {};
}

std::string directory_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

}  // namespace

Result<void> compile_options(const proto::Program& program, FlatProgram* flat) {
  for (const std::string& option : program.options()) {
    if (auto done = compile_option(option, flat); !done) return done;
  }
  const bool in_steps = std::any_of(program.steps().begin(), program.steps().end(),
                                    [](const proto::Step& step) { return step.has_shell(); });
  if (in_steps || !program.init_commands().empty() || !program.cleanup_commands().empty()) {
    flat->place.own = true;
  }
  flat->place.directory = directory_of(program.file());
  return {};
}

}  // namespace synfin::script
