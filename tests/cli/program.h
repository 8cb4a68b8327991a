// Runs the program in a child process and keeps what it writes.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace synfin::cli {

struct Ran {
  int code = -1;  // exit code; 128 + the signal that ended it
  std::string out;
  std::string err;
};

Ran run(const std::vector<std::string>& arguments);

// Runs it where the folder `place` is a disk of so much room ("40k"); what is there at its end is
// copied to `kept`, and `out` is lost. Nothing: this machine gives no disk of one's own.
std::optional<Ran> run_on_disk(const std::string& place, const std::string& size,
                               const std::vector<std::string>& arguments, const std::string& kept);

// A case that passes everywhere, and the same with one thing otherwise.
inline constexpr const char* kHandshake = R"(//@ requires MUST-10 SM-LISTEN-3
//@ doc A SYN draws a SYN,ACK.
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
+.01 < . 1:1(0) ack 1 win 65535    //@ state ESTABLISHED
)";
std::string with(const std::string& from, const std::string& to);

// A folder of its own for one test, gone with it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  // Writes a file below the folder and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace synfin::cli
