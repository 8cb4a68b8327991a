// JUnit XML, TAP and captures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tins/tins.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <pugixml.hpp>

#include "harness/report/captures.h"
#include "harness/report/junit.h"
#include "harness/report/tap.h"
#include "tests/report/runs.h"

namespace synfin::report {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Forms : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "synfin-forms-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  fs::path folder_;
};

// What a program prints, and how it ends.
std::pair<std::string, int> output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  return {text, pclose(pipe)};
}

bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

TEST_F(Forms, JUnitFitsTheSchema) {
  if (!has_program("xmllint")) GTEST_SKIP() << "xmllint (libxml2-utils) is not here";
  const std::string schema = std::string(SYNFIN_SOURCE_DIR) + "/tests/report/junit.xsd";
  const auto lint = [&](const std::string& text) {
    return output_of("xmllint --noout --schema " + schema + " " + write("out.xml", text));
  };
  const std::string text = to_junit(every_verdict());
  const auto [said, code] = lint(text);
  EXPECT_EQ(code, 0) << said << text;
  EXPECT_EQ(lint(to_junit({})).second, 0);
  std::string planted = text;
  planted.replace(planted.find("classname"), 9, "klassname");
  EXPECT_NE(lint(planted).second, 0);
}

TEST_F(Forms, JUnitCountsWhatItHolds) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(to_junit(every_verdict()).c_str()));
  const pugi::xml_node suites = document.child("testsuites");
  const pugi::xml_node suite = suites.find_child_by_attribute("name", "a");
  EXPECT_EQ(suite.attribute("tests").as_int(), 8);
  EXPECT_EQ(suite.attribute("failures").as_int(), 1);  // XPASS
  EXPECT_EQ(suite.attribute("errors").as_int(), 1);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 3);  // SKIP, XFAIL, FLAKY
  EXPECT_THAT(suite.child("system-out").text().get(), HasSubstr("WARN"));
  const pugi::xml_node reset = suites.find_child_by_attribute("name", "reset");
  const pugi::xml_node failure = reset.child("testcase").child("failure");
  EXPECT_STREQ(reset.child("testcase").attribute("name").value(), "reset/in-window[1,2]@ipv6");
  EXPECT_STREQ(failure.attribute("type").value(), "RFC5961-3-2");
  EXPECT_THAT(failure.attribute("message").value(), HasSubstr("<state> \"ESTABLISHED\" & an ACK"));
  EXPECT_THAT(failure.text().get(), HasSubstr("repeat   synfin run"));
}

TEST_F(Forms, TapHasALineACaseAndEscapes) {
  const std::string text = to_tap(every_verdict());
  EXPECT_TRUE(
      text.starts_with("TAP version 14\n1..9\nok 1 - a/pass\nnot ok 2 - reset/"
                       "in-window[1,2]@ipv6\n  ---\n  verdict: \"FAIL\"\n"))
      << text;
  for (const char* part :
       {"      clause: \"RFC5961-3-2\"\n", "wanted: \"<state> \\\"ESTABLISHED\\\" & an ACK\"",
        "ok 3 - a/warn\n  ---", "ok 5 - a/skip # SKIP no TCP-AO in this kernel\n",
        "not ok 6 - a/xfail # TODO known deviation: known \\# since \\\\ 6.1\n",
        "not ok 7 - a/xpass\n", "not ok 8 - a/flaky # TODO flaky: FAIL, then PASS\n",
        "not ok 9 - a/error\n", "reason: \"no ? room ? left\""}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(Forms, CapturesHaveEveryPacketAtItsTime) {
  ASSERT_TRUE(write_captures(every_verdict(), folder_));
  const fs::path path = folder_ / "reset/in-window[1,2]@ipv6.pcap";
  Tins::FileSniffer file(path.string());
  std::vector<int64_t> times;
  std::vector<int> flags;
  for (Tins::Packet packet = file.next_packet(); packet.pdu() != nullptr;
       packet = file.next_packet()) {
    times.push_back(std::chrono::microseconds(packet.timestamp()).count());
    flags.push_back(packet.pdu()->rfind_pdu<Tins::TCP>().flags());
  }
  constexpr int64_t kEpoch = 1'700'000'000'123'456;
  EXPECT_THAT(times, testing::ElementsAre(kEpoch, kEpoch, kEpoch + 10'000, kEpoch + 20'000));
  EXPECT_THAT(flags, testing::ElementsAre(0x02, 0x12, 0x10, 0x04));
  // Nothing for a case of which no trace was kept.
  EXPECT_FALSE(fs::exists(folder_ / "a"));
}

TEST_F(Forms, WiresharkReadsTheCaptures) {
  if (!has_program("tshark")) GTEST_SKIP() << "tshark is not here";
  ASSERT_TRUE(write_captures(every_verdict(), folder_));
  const auto [said, code] =
      output_of("tshark -n -r '" + (folder_ / "reset/in-window[1,2]@ipv6.pcap").string() +
                "' -T fields -e frame.time_epoch -e ip.src -e tcp.flags -e tcp.checksum.status "
                "-o tcp.check_checksum:TRUE");
  EXPECT_THAT(said, HasSubstr("1700000000.123456000\t192.0.2.1\t0x0002\t1"));
  EXPECT_THAT(said, HasSubstr("1700000000.143456000\t192.0.2.1\t0x0004\t1"));
}

TEST_F(Forms, NamesOfCapturesStayBelowTheFolder) {
  EXPECT_EQ(capture_name("a/b[1,2]@ipv6"), "a/b[1,2]@ipv6.pcap");
  EXPECT_EQ(capture_name("a/b c*|d"), "a/b_c__d.pcap");
  EXPECT_EQ(capture_name("../../etc/x"), "__/__/etc/x.pcap");
  EXPECT_EQ(capture_name("/etc/x"), "etc/x.pcap");
  proto::RunResult run;
  add_trace(add_case(&run, "a b", proto::PASS));
  add_trace(add_case(&run, "a*b", proto::PASS));
  ASSERT_TRUE(write_captures(run, folder_));
  EXPECT_TRUE(fs::exists(folder_ / "a_b.pcap"));
  EXPECT_TRUE(fs::exists(folder_ / "a_b-2.pcap"));
}

}  // namespace
}  // namespace synfin::report
