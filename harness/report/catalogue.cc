#include "harness/report/catalogue.h"

#include <string>

#include "engine/clause.h"
#include "harness/script/file.h"

namespace synfin::report {

Result<proto::Requirements> load_catalogue(const std::optional<std::filesystem::path>& specs) {
  proto::Requirements catalogue;
  std::error_code error;
  const auto path = specs.value_or("") / "requirements.textproto";
  if (specs && std::filesystem::exists(path, error)) {
    const auto text = script::read_file(path.string());
    if (!text) return tl::make_unexpected(text.error());
    const auto parsed = script::parse_message(path.string(), *text, &catalogue);
    if (!parsed) return tl::make_unexpected(parsed.error());
    return catalogue;
  }
  for (const ClauseInfo& clause : kClauses) {
    proto::Requirement& rule = *catalogue.add_requirements();
    rule.set_id(std::string(clause.id));
    rule.set_level(std::string(to_string(clause.level)));
    rule.set_rfc(clause.rfc);
    rule.set_section(std::string(clause.section));
  }
  return catalogue;
}

}  // namespace synfin::report
