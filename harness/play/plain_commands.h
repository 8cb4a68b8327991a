// Commands that prepare a place and need no shell: scripts begin with dozens of them, and a process
// for each takes longer than the play.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace synfin::play {

struct PlainCommand {
  enum class Kind : uint8_t {
    kSysctl,   // sysctl -q a=b c=d
    kQueue,    // tc qdisc add dev tun0 root pfifo
    kNothing,  // what changes nothing in a place just made
  };
  Kind kind = Kind::kNothing;
  std::vector<std::pair<std::string, std::string>> settings{};  // sysctls
  bool may_lack = false;                                        // sysctls that there are not
  std::string interface {};
  std::string queue{};
  bool replaces = false;
};

// The commands at the front of a text that are plain, lines of sh that set sysctls or a queueing
// discipline, and files of such lines; and the rest, for which a shell is needed.
struct PlainPart {
  std::vector<PlainCommand> commands;
  std::string rest;
};
PlainPart plain_part(const std::string& text, const std::string& directory);

// Runs them in the thread's network namespace, outside of which they can change nothing. Whether
// the last succeeded, which is all that a shell tells.
bool run_plain(const std::vector<PlainCommand>& commands);

}  // namespace synfin::play
