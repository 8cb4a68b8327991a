// The order of the folders: a folder includes only itself and the ones before it, and the engine
// has nothing but the deterministic part of the standard library.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 15> kOrder = {
    "engine",         "harness/proto",   "harness/wire",  "harness/script", "harness/link",
    "harness/kernel", "harness/stack",   "harness/play",  "harness/judge",  "harness/mutate",
    "harness/shrink", "harness/explore", "harness/atlas", "harness/report", "harness/cli",
};

// No I/O, threads, randomness or environment; <chrono> is here for its durations only.
constexpr std::array kEngineHeaders = {
    "algorithm", "array",       "bit",     "bitset",   "cassert",      "cctype",
    "charconv",  "chrono",      "climits", "cmath",    "compare",      "concepts",
    "cstddef",   "cstdint",     "cstring", "deque",    "exception",    "functional",
    "iosfwd",    "iterator",    "limits",  "list",     "map",          "initializer_list",
    "memory",    "new",         "numbers", "numeric",  "optional",     "queue",
    "ranges",    "set",         "span",    "stack",    "stdexcept",    "source_location",
    "string",    "string_view", "tuple",   "typeinfo", "type_traits",  "unordered_map",
    "utility",   "variant",     "vector",  "version",  "unordered_set"};

struct Violation {
  std::size_t line;
  std::string what;
};

// The place in kOrder of the folder that holds `path`, if it has one.
std::optional<std::size_t> rank_of(std::string_view path) {
  for (std::size_t i = 0; i < kOrder.size(); ++i) {
    if (path.starts_with(kOrder[i]) && path.substr(kOrder[i].size()).starts_with('/')) return i;
  }
  return std::nullopt;
}

// What is wrong with including `target` from a file of the folder at `rank`; empty when nothing.
std::string judge_include(std::size_t rank, std::string_view target, bool quoted) {
  if (target.find("..") != std::string_view::npos) return "write the path from the root";
  if (const auto other = rank_of(target)) {
    if (*other <= rank) return "";
    return std::string(kOrder[rank]) + " comes before " + std::string(kOrder[*other]);
  }
  if (quoted || target.starts_with("harness/")) return "not in a folder that code may include";
  const bool pure =
      std::find(kEngineHeaders.begin(), kEngineHeaders.end(), target) != kEngineHeaders.end();
  if (rank == 0 && !pure) return "the engine may not include this header";
  return "";
}

// Checks one file. Lines in block comments count as well: code that is commented out is not kept.
std::vector<Violation> check(std::string_view path, const std::string& content) {
  static const std::regex kDirective(R"(^\s*#\s*(?:include|import|include_next)\b\s*(.*)$)");
  static const std::regex kTarget(R"re((?:"([^"]+)"|<([^>]+)>).*)re");
  const auto rank = rank_of(path);
  if (!rank) return {{0, "the folder is not in the list at the top of this test"}};

  std::vector<Violation> found;
  std::istringstream lines(content);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (*rank == 0 && line.find("_clock::now") != std::string::npos) {
      found.push_back({number, "the engine is told the time; it has no clock"});
    }
    std::smatch directive;
    if (!std::regex_match(line, directive, kDirective)) continue;
    const std::string operand = directive[1];
    std::smatch target;
    if (!std::regex_match(operand, target, kTarget)) {
      found.push_back({number, "an include that cannot be read: " + operand});
      continue;
    }
    const bool quoted = target[1].matched;
    const std::string name = quoted ? target[1] : target[2];
    if (const auto what = judge_include(*rank, name, quoted); !what.empty()) {
      found.push_back({number, (name + ": ").append(what)});
    }
  }
  return found;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Layering, EveryFileIncludesOnlyWhatComesBeforeIt) {
  const fs::path root = SYNFIN_SOURCE_DIR;
  std::size_t files = 0;
  for (const char* top : {"engine", "harness"}) {
    ASSERT_TRUE(fs::is_directory(root / top)) << top;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".cc" && extension != ".h")) continue;
      ++files;
      const std::string path = entry.path().lexically_relative(root).generic_string();
      for (const auto& violation : check(path, read(entry.path()))) {
        ADD_FAILURE() << path << ":" << violation.line << ": " << violation.what;
      }
    }
  }
  EXPECT_GT(files, 0U) << "nothing was checked";
}

struct Sample {
  const char* path;
  const char* content;
};

TEST(Layering, AllowedIncludesPass) {
  for (const Sample& sample : std::vector<Sample>{
           {"engine/tcb.cc",
            "#include \"engine/tcb.h\"\n#include <vector>\n#include <chrono>  // x\n"},
           {"engine/a.cc", "// #include <thread>\nint x;\n"},
           {"harness/wire/codec.cc", "#include <sys/socket.h>\n#include <tins/tins.h>\n"},
           {"harness/wire/codec.cc", "#include \"harness/proto/program.pb.h\"\n"},
           {"harness/wire/codec.cc", "#include \"harness/wire/codec.h\"\n"},
           {"harness/cli/run.cc",
            "#include \"engine/seq.h\"\n#include \"harness/report/html.h\"\n"},
           {"harness/stack/deep/a.cc", "#  include \"harness/link/veth.h\"\n"}}) {
    EXPECT_TRUE(check(sample.path, sample.content).empty()) << sample.path << "\n"
                                                            << sample.content;
  }
}

TEST(Layering, PlantedViolationsAreCaught) {
  for (const Sample& sample :
       std::vector<Sample>{{"engine/tcb.cc", "#include \"harness/wire/codec.h\"\n"},
                           {"engine/tcb.cc", "#include <harness/wire/codec.h>\n"},
                           {"engine/tcb.cc", "#include <thread>\n"},
                           {"engine/tcb.cc", "#include <random>\n"},
                           {"engine/tcb.cc", "#include <iostream>\n"},
                           {"engine/tcb.cc", "#include <sys/socket.h>\n"},
                           {"engine/tcb.cc", "#include <tins/tins.h>\n"},
                           {"engine/tcb.cc", "  #  include<fmt/format.h>\n"},
                           {"engine/tcb.cc", "#include \"engine/../harness/wire/codec.h\"\n"},
                           {"engine/tcb.cc", "#include HEADER\n"},
                           {"engine/tcb.cc", "auto t = std::chrono::steady_clock::now();\n"},
                           {"harness/proto/a.h", "#include \"harness/wire/codec.h\"\n"},
                           {"harness/script/a.h", "#include \"harness/link/tun.h\"\n"},
                           {"harness/play/a.h", "#include \"harness/judge/shadow.h\"\n"},
                           {"harness/report/a.h", "#include \"harness/cli/run.h\"\n"},
                           {"harness/judge/a.h", "#include \"shadow.h\"\n"},
                           {"harness/judge/a.h", "#include \"tests/play/pair.h\"\n"},
                           {"harness/judge/a.h", "#include \"harness/util/x.h\"\n"},
                           {"harness/judge/a.h", "#include <harness/util/x.h>\n"},
                           {"harness/util/a.h", "int x;\n"},
                           {"harness/a.h", "int x;\n"},
                           {"harness/wirecard/a.h", "int x;\n"}}) {
    EXPECT_EQ(check(sample.path, sample.content).size(), 1U) << sample.path << "\n"
                                                             << sample.content;
  }
}

TEST(Layering, AViolationTellsItsLine) {
  const auto found = check("engine/a.h", "#pragma once\n\n#include <mutex>\r\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].line, 3U);
  EXPECT_EQ(found[0].what, "mutex: the engine may not include this header");
}

}  // namespace
