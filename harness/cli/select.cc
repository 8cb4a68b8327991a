#include "harness/cli/select.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "harness/script/compile.h"
#include "harness/script/parser.h"
#include "harness/script/program_file.h"

namespace synfin::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIpv6 = "@ipv6";

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// As short as it can be said from here.
std::string shown(const fs::path& path) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  const fs::path near = (here / path).lexically_proximate(here);
  if (error || near.empty() || near.string().starts_with("../..")) return path.string();
  return near.string();
}

// The ID of a script's file, without the values of `each`.
std::string id_of(const fs::path& file, const std::optional<fs::path>& specs) {
  if (specs) {
    const auto is_below = [](const fs::path& path) {
      return !path.empty() && !path.string().starts_with("..");
    };
    // Files that were found there begin with its path; of others the file system is asked, which is
    // dear inside a kernel.
    std::error_code error;
    fs::path below = file.lexically_relative(*specs);
    if (!is_below(below)) below = fs::relative(file, *specs, error);
    if (!error && is_below(below)) return below.replace_extension().generic_string();
  }
  return script::program_name(file.generic_string());
}

bool glob_matches(const std::string& glob, const std::string& id) {
  if (glob == id || fnmatch(glob.c_str(), id.c_str(), 0) == 0) return true;
  const std::string topic = glob.ends_with('/') ? glob : glob + "/";
  return id.starts_with(topic);
}

std::string without_values(const std::string& id) { return id.substr(0, id.find('[')); }

// Whether a case of the file with this ID may be selected: then it is read.
bool may_select(const std::vector<std::string>& globs, const std::string& file_id) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return selects(glob, file_id) || glob.find('[') != std::string::npos;
         });
}

class Selector {
 public:
  Selector(const std::optional<fs::path>& specs, const script::Defines& defines)
      : specs_(specs), defines_(defines) {}

  void add_case(const fs::path& file, const std::vector<std::string>& globs) {
    if (may_select(globs, id_of(file, specs_))) add(file, globs, "");
  }
  void add_file(const fs::path& file) { add(file, {}, shown(file)); }
  Selection take() { return std::move(out_); }

 private:
  void add(const fs::path& file, const std::vector<std::string>& globs,
           const std::string& argument);
  Script* add(const proto::Program& program, const std::string& id, const std::string& argument);

  const std::optional<fs::path>& specs_;
  const script::Defines& defines_;
  Selection out_;
  std::set<std::string> seen_;
};

void Selector::add(const fs::path& file, const std::vector<std::string>& globs,
                   const std::string& argument) {
  const std::string name = shown(file);
  const auto programs = script::parse_file(name, defines_);
  if (!programs) {
    out_.errors.push_back(programs.error().message);
    return;
  }
  const std::string base = id_of(file, specs_);
  for (const proto::Program& program : *programs) {
    const std::size_t values = program.name().find('[');
    std::string id = base;
    if (values != std::string::npos) id += program.name().substr(values);
    bool wanted = globs.empty();
    bool ipv6_only = !globs.empty();
    for (const std::string& glob : globs) {
      if (!selects(glob, id)) continue;
      wanted = true;
      ipv6_only = ipv6_only && glob.ends_with(kIpv6);
    }
    if (!wanted || !seen_.insert(id).second) continue;
    if (Script* script = add(program, id, argument)) script->ipv6_only = ipv6_only;
  }
}

Script* Selector::add(const proto::Program& program, const std::string& id,
                      const std::string& argument) {
  auto flat = script::compile(program);
  if (!flat) {
    // The programs of one file have their mistakes in common.
    const std::string& message = flat.error().message;
    if (out_.errors.empty() || out_.errors.back() != message) out_.errors.push_back(message);
    return nullptr;
  }
  Script script;
  script.id = id;
  script.argument = argument.empty() ? id : argument;
  for (const proto::Annotation& annotation : program.annotations()) {
    if (annotation.key() == "doc") script.doc = annotation.value();
  }
  script.program = std::make_shared<const script::FlatProgram>(std::move(*flat));
  return &out_.scripts.emplace_back(std::move(script));
}

}  // namespace

std::vector<fs::path> scripts_below(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().extension() == ".pkt" && it->is_regular_file(error)) found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<fs::path> find_specs(const std::string& option) {
  if (!option.empty()) return is_folder(option) ? std::optional<fs::path>(option) : std::nullopt;
  const char* variable = std::getenv("SYNFIN_SPECS");
  if (variable != nullptr && *variable != '\0') {
    return is_folder(variable) ? std::optional<fs::path>(variable) : std::nullopt;
  }
  std::error_code error;
  const auto upward = [&](fs::path folder) -> std::optional<fs::path> {
    while (!folder.empty()) {
      if (is_folder(folder / "specs")) return folder / "specs";
      if (is_folder(folder / "share/synfin/specs")) return folder / "share/synfin/specs";
      if (folder == folder.root_path()) break;
      folder = folder.parent_path();
    }
    return std::nullopt;
  };
  if (auto found = upward(fs::current_path(error))) return found;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? std::nullopt : upward(self.parent_path());
}

bool selects(const std::string& glob, const std::string& id) {
  if (glob_matches(glob, id)) return true;
  std::string pattern = glob;
  if (pattern.ends_with(kIpv6)) pattern.resize(pattern.size() - kIpv6.size());
  std::string bare = id;
  if (bare.ends_with(kIpv6)) bare.resize(bare.size() - kIpv6.size());
  return glob_matches(pattern, bare) || glob_matches(pattern, without_values(bare));
}

Selection select(const std::vector<std::string>& arguments, const std::optional<fs::path>& specs,
                 const script::Defines& defines) {
  Selector selector(specs, defines);
  std::vector<std::string> globs;
  std::error_code error;
  for (const std::string& argument : arguments) {
    if (script::is_program_file(argument) || fs::is_regular_file(argument, error)) {
      selector.add_file(argument);
    } else if (is_folder(argument)) {
      for (const fs::path& file : scripts_below(argument)) selector.add_file(file);
    } else {
      globs.push_back(argument);
    }
  }
  if (specs && (arguments.empty() || !globs.empty())) {
    for (const fs::path& file : scripts_below(*specs)) selector.add_case(file, globs);
  }
  return selector.take();
}

std::vector<judge::Case> cases_of(const std::vector<Script>& scripts, Versions versions) {
  std::vector<judge::Case> cases;
  for (const Script& script : scripts) {
    if (script.program->ipv4 && versions.ipv4 && !script.ipv6_only) {
      cases.push_back({script.id, script.program, false});
    }
    if (script.program->ipv6 && versions.ipv6) {
      // "where both versions ran": a case of IPv6 alone keeps its plain name.
      const bool both = script.program->ipv4;
      cases.push_back({script.id + (both ? std::string(kIpv6) : ""), script.program, true});
    }
  }
  return cases;
}

}  // namespace synfin::cli
