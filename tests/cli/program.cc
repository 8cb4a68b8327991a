#include "tests/cli/program.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness/cli/commands.h"

namespace synfin::cli {
namespace {

std::string whole(std::FILE* file) {
  std::string text;
  std::rewind(file);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

constexpr int kNoDisk = 77;

void write_line(const char* file, const std::string& line) { std::ofstream(file) << line; }

// For this process and its children alone.
bool mount_disk(const std::string& place, const std::string& size) {
  const std::string uid = std::to_string(::getuid());
  const std::string gid = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  write_line("/proc/self/setgroups", "deny");
  write_line("/proc/self/uid_map", "0 " + uid + " 1");
  write_line("/proc/self/gid_map", "0 " + gid + " 1");
  return ::mount("none", place.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
}

}  // namespace

std::string with(const std::string& from, const std::string& to) {
  std::string text = kHandshake;
  return text.replace(text.find(from), from.size(), to);
}

Ran run(const std::vector<std::string>& arguments) {
  std::FILE* out = std::tmpfile();
  std::FILE* err = std::tmpfile();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    std::vector<const char*> argv = {"synfin"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    const int code = run_program(static_cast<int>(argv.size()), argv.data());
    std::fflush(nullptr);
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Ran ran;
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.out = whole(out);
  ran.err = whole(err);
  return ran;
}

std::optional<Ran> run_on_disk(const std::string& place, const std::string& size,
                               const std::vector<std::string>& arguments, const std::string& kept) {
  std::FILE* err = std::tmpfile();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    if (!mount_disk(place, size)) _exit(kNoDisk);
    const Ran ran = run(arguments);
    std::fputs(ran.err.c_str(), err);
    std::fflush(err);
    std::filesystem::copy(place, kept);
    _exit(ran.code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Ran ran;
  ran.err = whole(err);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (ran.code == kNoDisk) return std::nullopt;
  return ran;
}

Folder::Folder() {
  std::string name = std::filesystem::temp_directory_path() / "synfin-test-XXXXXX";
  path_ = mkdtemp(name.data());
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path path = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

}  // namespace synfin::cli
