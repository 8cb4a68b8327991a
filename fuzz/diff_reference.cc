// A program -> the reference judged as its own target, or another engine in the shared object that
// SYNFIN_FUZZ_ENGINE names (tests/mutants): each divergence is a crash that tells its rule.
#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "fuzz/common/difference.h"
#include "harness/stack/reference.h"

namespace synfin::fuzz {
namespace {

using MakeTarget = stack::Stack* (*)(const stack::ReferenceOptions*);

MakeTarget load(const char* path) {
  void* object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* make = object == nullptr ? nullptr : dlsym(object, "synfin_mutant_target");
  if (make == nullptr) {
    std::fprintf(stderr, "synfin: %s\n", dlerror());
    std::exit(3);
  }
  return reinterpret_cast<MakeTarget>(make);
}

std::unique_ptr<Difference> make_target() {
  const char* path = std::getenv("SYNFIN_FUZZ_ENGINE");
  const MakeTarget engine = path == nullptr ? nullptr : load(path);
  const auto make = [engine] {
    const stack::ReferenceOptions options;
    if (engine == nullptr) return stack::make_reference_stack(options);
    return std::unique_ptr<stack::Stack>(engine(&options));
  };
  return std::make_unique<Difference>(make, Profile{});
}

}  // namespace
}  // namespace synfin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const auto target = synfin::fuzz::make_target();
  return target->play(data, size);
}
