// The answer of the reference in every state to every event, compared with matrix.golden, whose
// lines were checked against RFC 9293 §3.10 one by one.
//
// To write the file anew: SYNFIN_WRITE_GOLDEN=1 engine_tests --gtest_filter='Matrix.*'
// Then read what changed against the RFC before you commit it.
#include "tests/engine/matrix.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace synfin::testing {
namespace {

constexpr std::string_view kHead =
    "What the reference does in each state for each event (tests/engine/matrix_test.cc).\n"
    "A line: event, answer of the call, segments sent at once, next state, signals, text that may\n"
    "be read. \"-\" is nothing at all. SEG is the arriving segment. Peer's segments carry "
    "SEQ=RCV.NXT\n"
    "and ACK=SND.NXT (LISTEN, CLOSED: ISS+1) where the name says nothing else; \"outside\" is "
    "beyond\n"
    "the window, \"old\" before RCV.NXT, \"after a gap\" and \"in window\" ahead of RCV.NXT.\n";

std::string all_matrices() {
  const Profile plain = plain_profile();
  Profile rfc793 = plain;
  rfc793.rfc5961 = rfc793.rfc5961_ack_check = false;
  Profile challenging = plain;
  challenging.syn_received_returns_to_listen = false;
  Profile rfc1337 = plain;
  rfc1337.rfc1337 = true;
  std::string out(kHead);
  out += "\n=== RFC 9293 with RFC 5961 ===\n" + matrix(plain);
  out += "\n=== without RFC 5961: what differs ===\n" + matrix_difference(plain, rfc793);
  out += "\n=== RFC 5961 in SYN-RECEIVED after a passive OPEN too: what differs ===\n" +
         matrix_difference(plain, challenging);
  out += "\n=== fix F1 of RFC 1337: what differs ===\n" + matrix_difference(plain, rfc1337);
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Matrix, IsTheGoldenOne) {
  const std::string path = std::string(SYNFIN_SOURCE_DIR) + "/tests/engine/matrix.golden";
  const std::string now = all_matrices();
  if (std::getenv("SYNFIN_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << now;
    GTEST_SKIP() << "written: " << path;
  }
  std::ifstream in(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(in), {}};
  ASSERT_FALSE(golden.empty()) << path << " cannot be read";
  const auto wanted = lines_of(golden);
  const auto got = lines_of(now);
  EXPECT_EQ(wanted.size(), got.size());
  std::string place;
  for (std::size_t i = 0; i < std::min(wanted.size(), got.size()); ++i) {
    if (!wanted[i].empty() && wanted[i][0] != ' ') place = wanted[i];
    EXPECT_EQ(wanted[i], got[i]) << "line " << i + 1 << ", " << place;
  }
}

}  // namespace
}  // namespace synfin::testing
