// Which programs a command is about: cases below the specs folder, by glob, and files.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/judge/session.h"
#include "harness/script/flat.h"
#include "harness/script/lexer.h"

namespace synfin::cli {

// A program that was found, and compiled.
struct Script {
  std::string id;  // path below the specs folder without .pkt; of other files as they are named
  std::string argument;    // what selects it again
  std::string doc;         // `//@ doc`
  bool ipv6_only = false;  // the globs that select it say so: "reset/x@ipv6"
  std::shared_ptr<const script::FlatProgram> program;
};

struct Selection {
  std::vector<Script> scripts;      // in the order of their files
  std::vector<std::string> errors;  // "file:line:column: …"
};

// The folder of the cases: `option`, else SYNFIN_SPECS, else specs in this folder or one above it,
// else specs beside the program's own file, or share/synfin/specs where it is installed.
std::optional<std::filesystem::path> find_specs(const std::string& option);

// The .pkt files below a folder, in order; none where there is no folder.
std::vector<std::filesystem::path> scripts_below(const std::filesystem::path& folder);

// Whether a glob selects a case. It matches the whole ID, of which "@ipv6" and the values in
// brackets may be left away; a topic's name selects all that is below it.
bool selects(const std::string& glob, const std::string& id);

// The programs that the arguments select; all cases when there are none. An argument that ends like
// a program or names a file is a file, and a folder means the .pkt files below it.
Selection select(const std::vector<std::string>& arguments,
                 const std::optional<std::filesystem::path>& specs,
                 const script::Defines& defines = {});

// Which IP versions to play.
struct Versions {
  bool ipv4 = true;
  bool ipv6 = true;
};

// A case for each script and IP version.
std::vector<judge::Case> cases_of(const std::vector<Script>& scripts, Versions versions);

}  // namespace synfin::cli
