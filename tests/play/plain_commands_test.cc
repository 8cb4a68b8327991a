#include "harness/play/plain_commands.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace synfin::play {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

Settings settings_of(const std::string& text) {
  const PlainPart part = plain_part(text, ".");
  EXPECT_EQ(part.rest, "") << text;
  Settings all;
  for (const PlainCommand& command : part.commands) {
    all.insert(all.end(), command.settings.begin(), command.settings.end());
  }
  return all;
}

TEST(PlainCommands, SysctlsAsAShellReadsThem) {
  EXPECT_EQ(settings_of("sysctl -q net.ipv4.tcp_sack=1 net/ipv4/tcp_dsack=0"),
            (Settings{{"net.ipv4.tcp_sack", "1"}, {"net.ipv4.tcp_dsack", "0"}}));
  EXPECT_EQ(settings_of("sysctl -q a.b=\"4096 $((256*1024)) 7\" > /dev/null 2>&1  # why\n"
                        "# a comment\n\n  sysctl -w \\\n  c.d='x y'; sysctl e.f=1 &> /dev/null"),
            (Settings{{"a.b", "4096 262144 7"}, {"c.d", "x y"}, {"e.f", "1"}}));
}

TEST(PlainCommands, AQueueAndWhatChangesNothing) {
  const PlainPart part =
      plain_part("ip tcp_metrics flush all\ntc qdisc replace dev tun0 root pfifo\n", ".");
  EXPECT_EQ(part.rest, "");
  ASSERT_EQ(part.commands.size(), 2U);
  EXPECT_EQ(part.commands[0].kind, PlainCommand::Kind::kNothing);
  EXPECT_EQ(part.commands[1].interface, "tun0");
  EXPECT_EQ(part.commands[1].queue, "pfifo");
  EXPECT_TRUE(part.commands[1].replaces);
}

// The first command that is more than that, and all after it.
TEST(PlainCommands, TheRestIsForAShell) {
  const char* const kMore[] = {
      "ls",
      "sysctl -a",
      "sysctl a.b",
      "sysctl a.b=$X",
      "sysctl a.b=`id`",
      "sysctl a.b=1 || true",
      "sysctl a.b=1 > file",
      "sysctl a.b=1 | cat",
      "sysctl a.b=\"1",
      "sysctl a.b=$((1+2))",
      "sysctl a.b=$((99999*99999*99999))",
      "tc qdisc add dev tun0 root fq",
      "./none.sh",
      "x=1",
      "(sysctl a.b=1)",
  };
  for (const std::string more : kMore) {
    const PlainPart part = plain_part("sysctl a.b=1\n" + more + "\nsysctl a.b=2", ".");
    EXPECT_EQ(part.commands.size(), 1U) << more;
    EXPECT_EQ(part.rest, more + "\nsysctl a.b=2");
  }
}

TEST(PlainCommands, AFileOfSuchLines) {
  std::string folder = "/tmp/synfin-plain-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto write = [&](const std::string& text) { std::ofstream(folder + "/a.sh") << text; };
  write("#!/bin/bash\n# first\nsysctl -q a.b=1\nsysctl -q c.d=2\n");
  EXPECT_EQ(plain_part("./a.sh\nsysctl e.f=3", folder).commands.size(), 3U);
  write("#!/bin/bash\nsysctl -q a.b=1\nuname\n");
  EXPECT_EQ(plain_part("./a.sh", folder).rest, "./a.sh");
  write("#!/usr/bin/env python3\n");
  EXPECT_EQ(plain_part("./a.sh", folder).rest, "./a.sh");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace synfin::play
