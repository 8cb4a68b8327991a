#include "harness/report/junit.h"

#include <fmt/format.h>

#include <map>
#include <pugixml.hpp>
#include <sstream>
#include <vector>

#include "harness/report/failure.h"
#include "harness/report/style.h"
#include "harness/report/terminal.h"

namespace synfin::report {
namespace {

struct Suite {
  std::vector<const proto::CaseResult*> cases;
  int failures = 0;
  int errors = 0;
  int skipped = 0;
  int64_t duration_ns = 0;
  std::string output;
};

// Which element a case has for its verdict; empty for those that count as passed.
std::string element_of(proto::Verdict verdict) {
  switch (verdict) {
    case proto::FAIL:
    case proto::XPASS:
      return "failure";
    case proto::ERROR:
    case proto::VERDICT_UNSPECIFIED:
      return "error";
    case proto::SKIP:
    case proto::XFAIL:
    case proto::FLAKY:
      return "skipped";
    default:
      return "";
  }
}

std::string seconds(int64_t ns) { return fmt::format("{:.6f}", static_cast<double>(ns) * 1e-9); }

// "wanted ACK, got nothing", or the reason where there is one.
std::string message_of(const proto::CaseResult& result) {
  std::string word = proto::Verdict_Name(result.verdict());
  if (!result.reason().empty()) return word + ": " + result.reason();
  const proto::Divergence* divergence = main_divergence(result);
  if (divergence == nullptr) return word;
  return fmt::format("{}: wanted {}, got {}", word, divergence->wanted(), divergence->got());
}

std::map<std::string, Suite> suites_of(const proto::RunResult& run) {
  std::map<std::string, Suite> suites;
  for (const proto::CaseResult& result : run.cases()) {
    Suite& suite = suites[topic_of(result.id())];
    suite.cases.push_back(&result);
    suite.duration_ns += result.duration_ns();
    const std::string element = element_of(result.verdict());
    suite.failures += element == "failure" ? 1 : 0;
    suite.errors += element == "error" ? 1 : 0;
    suite.skipped += element == "skipped" ? 1 : 0;
    if (element.empty() && result.verdict() != proto::PASS) {
      suite.output += failure_text(result, nullptr, {}) + "\n";
    }
  }
  return suites;
}

void add_case(const proto::CaseResult& result, const std::string& topic, pugi::xml_node suite) {
  pugi::xml_node node = suite.append_child("testcase");
  node.append_attribute("classname") = topic.c_str();
  node.append_attribute("name") = plain_text(result.id()).c_str();
  node.append_attribute("time") = seconds(result.duration_ns()).c_str();
  const std::string element = element_of(result.verdict());
  if (element.empty()) return;
  pugi::xml_node said = node.append_child(element.c_str());
  said.append_attribute("message") = plain_text(message_of(result)).c_str();
  if (element == "skipped") return;
  const proto::Divergence* divergence = main_divergence(result);
  const bool ruled = divergence != nullptr && !divergence->clause().empty();
  const std::string type = ruled ? divergence->clause() : proto::Verdict_Name(result.verdict());
  said.append_attribute("type") = type.c_str();
  said.text() = plain_text(failure_text(result, nullptr, {})).c_str();
}

void add_properties(const proto::Provenance& provenance, pugi::xml_node suite) {
  pugi::xml_node properties = suite.append_child("properties");
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    pugi::xml_node property = properties.append_child("property");
    property.append_attribute("name") = name.c_str();
    property.append_attribute("value") = plain_text(value).c_str();
  };
  add("synfin", provenance.version());
  add("stack", provenance.stack());
  add("stack version", provenance.stack_version());
  add("kernel", provenance.kernel());
  add("link", provenance.link());
  add("profile", provenance.profile());
  add("seed", fmt::format("{:#x}", provenance.seed()));
  for (const auto& [key, value] : provenance.settings()) add(key, value);
}

}  // namespace

std::string to_junit(const proto::RunResult& run) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node root = document.append_child("testsuites");
  // "2026-01-31T12:00:00Z": Ant's schema knows no time zones.
  const std::string started = run.provenance().started().substr(0, 19);
  int id = 0;
  for (const auto& [topic, suite] : suites_of(run)) {
    pugi::xml_node node = root.append_child("testsuite");
    node.append_attribute("id") = id++;
    node.append_attribute("name") = topic.c_str();
    node.append_attribute("package") = ("synfin." + run.provenance().stack()).c_str();
    node.append_attribute("timestamp") = started.c_str();
    node.append_attribute("hostname") = "localhost";
    node.append_attribute("tests") = suite.cases.size();
    node.append_attribute("failures") = suite.failures;
    node.append_attribute("errors") = suite.errors;
    node.append_attribute("skipped") = suite.skipped;
    node.append_attribute("time") = seconds(suite.duration_ns).c_str();
    add_properties(run.provenance(), node);
    for (const proto::CaseResult* result : suite.cases) add_case(*result, topic, node);
    node.append_child("system-out").text() = plain_text(suite.output).c_str();
    node.append_child("system-err").text() = "";
  }
  std::ostringstream out;
  document.save(out, "  ", pugi::format_indent, pugi::encoding_utf8);
  return out.str();
}

}  // namespace synfin::report
