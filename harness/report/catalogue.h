// The catalogue of rules: what each says in one line.
#pragma once

#include <filesystem>
#include <optional>

#include "harness/proto/requirement.pb.h"
#include "harness/wire/error.h"

namespace synfin::report {

// requirements.textproto of the specs folder; where there is none, what engine/clause.h knows: IDs,
// levels and sections without their meaning.
Result<proto::Requirements> load_catalogue(const std::optional<std::filesystem::path>& specs);

}  // namespace synfin::report
