#include "harness/report/tap.h"

#include <fmt/format.h>

#include "harness/report/style.h"

namespace synfin::report {
namespace {

// In one line, with what means something to TAP escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : plain_text(text)) {
    if (c == '#' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

// A double-quoted scalar of YAML.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : plain_text(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

bool is_ok(proto::Verdict verdict) {
  return verdict == proto::PASS || verdict == proto::WARN || verdict == proto::INFO ||
         verdict == proto::SKIP;
}

std::string directive_of(const proto::CaseResult& result) {
  switch (result.verdict()) {
    case proto::SKIP:
      return " # SKIP " + escaped(result.reason());
    case proto::XFAIL:
      return " # TODO known deviation: " + escaped(result.reason());
    case proto::FLAKY:
      return " # TODO flaky: " + escaped(result.reason());
    default:
      return "";
  }
}

void add_diagnostics(const proto::CaseResult& result, std::string* out) {
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) *out += fmt::format("  {}: {}\n", key, quoted(value));
  };
  *out += "  ---\n";
  add("verdict", proto::Verdict_Name(result.verdict()));
  add("reason", result.reason());
  add("file", result.file());
  add("repeat", result.repeat());
  if (result.divergences_size() > 0) *out += "  divergences:\n";
  for (const proto::Divergence& divergence : result.divergences()) {
    *out +=
        fmt::format("    - line: {}\n      step: {}\n", divergence.line(), divergence.step() + 1);
    const auto more = [&](std::string_view key, const std::string& value) {
      if (!value.empty()) *out += fmt::format("      {}: {}\n", key, quoted(value));
    };
    more("clause", divergence.clause());
    more("level", divergence.level());
    more("state", divergence.state());
    more("wanted", divergence.wanted());
    more("got", divergence.got());
  }
  *out += "  ...\n";
}

}  // namespace

std::string to_tap(const proto::RunResult& run) {
  std::string out = fmt::format("TAP version 14\n1..{}\n", run.cases_size());
  int number = 0;
  for (const proto::CaseResult& result : run.cases()) {
    out += fmt::format("{} {} - {}{}\n", is_ok(result.verdict()) ? "ok" : "not ok", ++number,
                       escaped(result.id()), directive_of(result));
    const bool told = result.verdict() == proto::PASS || result.verdict() == proto::SKIP;
    if (!told) add_diagnostics(result, &out);
  }
  return out;
}

}  // namespace synfin::report
