// Does the atlas show the difference? Maps a reference that lives in a shared object of its own and
// compares it with the atlas of the clean one.
//
//   mutant_mapper <clean.so> <mutant.so> <clean.atlas> [<ecn|options> <set-up>...]
//
// The atlas of the clean reference is made where there is none yet. With a further dimension it has
// the set-ups that are named alone. Exit code: 1 the atlases differ, 0 they are equal, 2 the
// harness is at fault.
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "harness/atlas/compare.h"
#include "harness/atlas/file.h"
#include "harness/atlas/produce.h"
#include "harness/atlas/set_ups.h"
#include "harness/stack/reference.h"
#include "harness/stack/registry.h"

namespace synfin::testing {
namespace {

using MakeTarget = stack::Stack* (*)(const stack::ReferenceOptions*);

// What of the atlas is made.
Result<atlas::ProduceOptions> read_options(int argc, char** argv) {
  atlas::ProduceOptions options;
  if (argc == 0) return options;
  const std::string with = argv[0];
  options.with = {.ecn = with == "ecn", .options = with == "options"};
  if (!options.with.ecn && !options.with.options) return fail("no such dimension: " + with);
  options.only.assign(argv + 1, argv + argc);
  for (const std::string& id : options.only) {
    if (atlas::find_set_up(id) == nullptr) return fail("no such set-up: " + id);
  }
  return options;
}

Result<atlas::Atlas> map(const char* object_file, const atlas::ProduceOptions& how) {
  void* object = dlopen(object_file, RTLD_NOW | RTLD_LOCAL);
  const auto make = object == nullptr
                        ? nullptr
                        : reinterpret_cast<MakeTarget>(dlsym(object, "synfin_mutant_target"));
  if (make == nullptr) return fail(dlerror());
  stack::ReferenceOptions options;
  options.profile = stack::find_stack("reference")->profile();
  const std::unique_ptr<stack::Stack> target(make(&options));
  auto atlas = atlas::produce({target.get()}, options.profile, how, {});
  if (atlas) atlas->provenance.set_stack("reference");
  return atlas;
}

Result<atlas::Atlas> map_of_clean(const char* object_file, const std::string& file,
                                  const atlas::ProduceOptions& how) {
  if (std::filesystem::exists(file)) {
    auto loaded = atlas::load(file);
    if (!loaded) return tl::make_unexpected(loaded.error());
    return std::move(loaded->atlas);
  }
  auto made = map(object_file, how);
  if (!made) return made;
  if (const auto saved = atlas::save(*made, file); !saved)
    return tl::make_unexpected(saved.error());
  return made;
}

int run(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr,
               "usage: {} <clean.so> <mutant.so> <clean.atlas> [<ecn|options> <set-up>...]\n",
               argv[0]);
    return 2;
  }
  const auto how = read_options(argc - 4, argv + 4);
  if (!how) {
    fmt::print(stderr, "{}\n", how.error().message);
    return 2;
  }
  const auto clean = map_of_clean(argv[1], argv[3], *how);
  const auto mutant = map(argv[2], *how);
  for (const auto* each : {&clean, &mutant}) {
    if (*each) continue;
    fmt::print(stderr, "{}\n", each->error().message);
    return 2;
  }
  const atlas::Comparison found = atlas::compare(*mutant, *clean);
  if (found.equal()) return 0;
  if (found.findings.empty()) {
    fmt::print("caught by {}\n", found.apart.front());
    return 1;
  }
  const atlas::Finding& first = found.findings.front();
  fmt::print("caught by {} cells: {}, {}: {} for {}\n", found.differing,
             first.where.front().rule.states, first.where.front().rule.segment,
             first.difference.got, first.difference.wanted);
  return 1;
}

}  // namespace
}  // namespace synfin::testing

int main(int argc, char** argv) { return synfin::testing::run(argc, argv); }
