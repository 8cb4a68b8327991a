// What the parts of an atlas's page share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/report/html_atlas.h"

namespace synfin::report {

// Texts that many cells have in common, each once; the page's script finds them by number.
class TextTable {
 public:
  uint32_t number(const std::string& text);
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::map<std::string, uint32_t> numbers_;
  std::vector<std::string> texts_;
};

// The maps of one atlas. What a cell did goes into `texts`.
class AtlasMaps {
 public:
  // `which`: the index of the atlas on the page.
  AtlasMaps(const AtlasPage& page, std::size_t which, TextTable& texts);
  // A map for each payload class of a set-up, one of them shown at a time.
  std::string of(const atlas::SetUp& set_up);

 private:
  struct Column;
  struct Drawn;
  std::vector<Column> columns(const atlas::SetUp& set_up, atlas::PayloadClass payload) const;
  std::string map(const atlas::SetUp& set_up, atlas::PayloadClass payload);
  Drawn row(const atlas::SetUp& set_up, const std::vector<Column>& columns, uint8_t flags,
            atlas::PayloadClass payload);

  const atlas::Atlas& atlas_;
  std::size_t which_;
  std::optional<atlas::CellIndex> index_;  // of the set-up at hand
  TextTable& texts_;
  std::vector<std::vector<bool>> marked_;              // [set-up][entry]: in some finding
  std::vector<std::map<uint32_t, uint32_t>> text_of_;  // [set-up]: a behaviour's text
};

// The letter that stands for a behaviour, and what the letters mean.
char letter_of(const atlas::Behaviour& behaviour, const atlas::SetUp& set_up);
std::string letters_key();

std::string_view atlas_style();
std::string_view atlas_script();

}  // namespace synfin::report
