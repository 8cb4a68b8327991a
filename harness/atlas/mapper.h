// Plays the cells of one set-up on one instance of a stack.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "harness/atlas/cells.h"
#include "harness/atlas/interner.h"
#include "harness/atlas/produce.h"
#include "harness/atlas/record.h"
#include "harness/play/player.h"

namespace synfin::atlas {

class Mapper {
 public:
  // `advance` is told of cells that are done and says whether to go on. All outlive the mapper.
  Mapper(stack::Stack& target, const ProduceOptions& options, SetUp& set_up,
         const CellProgram& program, std::function<bool(std::size_t)> advance);

  // Fills in the entries from `first` to before `last`; their behaviours are the mapper's own.
  // False: stopped before the end.
  bool play(std::size_t first, std::size_t last);
  std::vector<Behaviour> behaviours() { return interner_.take(); }

 private:
  void confirm(const std::vector<std::size_t>& wanted, std::vector<uint32_t>& once);
  std::vector<uint32_t> play_all(const std::vector<std::size_t>& wanted);
  void play_again_and_again(std::span<const std::size_t> wanted);
  std::vector<std::size_t> play_batches(const std::vector<std::size_t>& wanted);
  void add(std::size_t index);
  bool take(std::size_t index, const play::PlayResult& result);
  bool tell();

  stack::Stack& stack_;
  const ProduceOptions& options_;
  SetUp& set_up_;
  std::function<bool(std::size_t)> advance_;
  const CellProgram& program_;
  std::shared_ptr<const script::FlatProgram> flat_;  // the program's, which all jobs share
  std::vector<Cell> cells_;
  std::size_t at_once_;
  play::Player player_;
  Onlooker onlooker_;
  Recorder recorder_;
  Interner interner_;
  std::vector<std::size_t> again_;  // of the batches under way: what has to be played again
  std::vector<uint32_t> found_;     // the behaviour of each cell in the pass under way
  Behaviour behaviour_;             // kept for its memory
  std::size_t newly_done_ = 0;
  bool counts_ = true;  // cells of this pass are told as done
  bool stopped_ = false;
};

}  // namespace synfin::atlas
