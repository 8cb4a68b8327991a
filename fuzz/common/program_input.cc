#include "fuzz/common/program_input.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "harness/mutate/mutate.h"
#include "harness/script/printer.h"

namespace synfin::fuzz {
namespace {

// The case by which a baseline knows what made-up programs show. Not every fuzzer changes programs
// by their structure: AFL++ changes octets, those of a name among them.
constexpr const char* kCase = "fuzz";
constexpr std::size_t kUsualOctets = std::size_t{1} << 16U;  // of a program in memory

// A program and its octets. libFuzzer plays what it has just been given and changes it again, so
// that most octets need not be parsed. The messages, some hundred, lie in one piece of memory.
class Parsed {
 public:
  // False: the octets are no program.
  bool parse(const uint8_t* data, std::size_t size) {
    if (size == octets_.size() && std::memcmp(data, octets_.data(), size) == 0) return good_;
    octets_.assign(reinterpret_cast<const char*>(data), size);
    clear();
    good_ = program_->ParseFromString(octets_);
    program_->set_name(kCase);
    return good_;
  }
  // The octets of the program as it is now, with as many steps as fit into `most`; returns how
  // many.
  std::size_t write(uint8_t* data, std::size_t most) {
    auto& steps = *program_->mutable_steps();
    while (program_->ByteSizeLong() > most && !steps.empty()) steps.RemoveLast();
    octets_.clear();
    {
      google::protobuf::io::StringOutputStream stream(&octets_);
      google::protobuf::io::CodedOutputStream coded(&stream);
      coded.SetSerializationDeterministic(true);
      program_->SerializeToCodedStream(&coded);
    }
    good_ = octets_.size() <= most;
    if (!good_) return 0;
    std::memcpy(data, octets_.data(), octets_.size());
    return octets_.size();
  }
  void clear() {
    arena_.Reset();
    program_ = google::protobuf::Arena::CreateMessage<proto::Program>(&arena_);
  }
  proto::Program& program() { return *program_; }

 private:
  static google::protobuf::ArenaOptions in(std::vector<char>& memory) {
    google::protobuf::ArenaOptions options;
    options.initial_block = memory.data();
    options.initial_block_size = memory.size();
    return options;
  }

  std::string octets_;
  std::vector<char> memory_ = std::vector<char>(kUsualOctets);  // what is more is allocated
  google::protobuf::Arena arena_{in(memory_)};
  proto::Program* program_ = google::protobuf::Arena::CreateMessage<proto::Program>(&arena_);
  bool good_ = true;  // no octets are an empty program
};

Parsed& last() {
  static Parsed parsed;
  return parsed;
}

constexpr unsigned kMostChanges = 3;  // at once
// One of so many is made up from nothing: changes alone keep to how the first programs began, a
// passive open, say.
constexpr uint32_t kMadeAnew = 16;

}  // namespace

const proto::Program* read_program(const uint8_t* data, std::size_t size) {
  return size > 0 && last().parse(data, size) ? &last().program() : nullptr;
}

void give_up(std::string_view what, const proto::Program& program) {
  std::fprintf(stderr, "synfin: %.*s\n\n%s\n", static_cast<int>(what.size()), what.data(),
               script::print(program).c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace synfin::fuzz

extern "C" {

// A program takes some hundred allocations; remembering who asked for each, and keeping all in
// memory that is no longer in the cache, takes longer than playing it. Of what is freed in a
// program a megabyte still holds all. Two frames it has to be: a block of which LeakSanitizer does
// not know who asked malloc() for it is no leak to it. Where the stacks matter, a crash file is
// played again with ASAN_OPTIONS=malloc_context_size=30.
const char* __asan_default_options() {
  return "malloc_context_size=2:quarantine_size_mb=1:thread_local_quarantine_size_kb=64:"
         "max_malloc_fill_size=64";
}

std::size_t LLVMFuzzerCustomMutator(uint8_t* data, std::size_t size, std::size_t most,
                                    unsigned int seed) {
  using namespace synfin;
  fuzz::Parsed& parsed = fuzz::last();
  mutate::Chance chance(seed);
  if (!parsed.parse(data, size) || chance.one_in(fuzz::kMadeAnew)) parsed.clear();
  mutate::Mutator mutator(chance.next());
  const unsigned changes = chance.one_in(2) ? 1 : 1 + chance.below(fuzz::kMostChanges);
  for (unsigned i = 0; i < changes; ++i) mutator.mutate(parsed.program());
  return parsed.write(data, most);
}

std::size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, std::size_t first_size,
                                      const uint8_t* second, std::size_t second_size, uint8_t* out,
                                      std::size_t most, unsigned int seed) {
  using namespace synfin;
  proto::Program other;
  if (!other.ParseFromArray(second, static_cast<int>(second_size))) return 0;
  fuzz::Parsed& parsed = fuzz::last();
  if (!parsed.parse(first, first_size)) parsed.clear();
  mutate::Mutator(seed).cross(parsed.program(), other);
  return parsed.write(out, most);
}

}  // extern "C"
