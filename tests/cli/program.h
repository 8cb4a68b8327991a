// Runs the program in a child process and keeps what it writes.
#pragma once

#include <string>
#include <vector>

namespace synfin::cli {

struct Ran {
  int code = -1;  // exit code; 128 + the signal that ended it
  std::string out;
  std::string err;
};

Ran run(const std::vector<std::string>& arguments);

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
