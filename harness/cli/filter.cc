#include "harness/cli/filter.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <set>

#include "harness/report/failure.h"
#include "harness/report/json.h"
#include "harness/report/requirement.h"

namespace synfin::cli {
namespace {

struct Shard {
  std::size_t number = 1;  // from 1
  std::size_t of = 1;
};

Result<Shard> parse_shard(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  const bool slash = number.ec == std::errc() && number.ptr != end && *number.ptr == '/';
  const auto of = slash ? std::from_chars(number.ptr + 1, end, shard.of) : number;
  if (!slash || of.ec != std::errc() || of.ptr != end || shard.number < 1 ||
      shard.number > shard.of) {
    return fail(fmt::format("--shard {}: expected I/N, with I from 1 to N", text));
  }
  return shard;
}

bool has_level(std::string_view id, const std::vector<std::string>& levels) {
  const ClauseInfo* clause = find_clause(id);
  if (clause == nullptr) return false;
  const std::string_view level = report::is_must(clause->level)     ? "must"
                                 : report::is_should(clause->level) ? "should"
                                                                    : "may";
  return std::find(levels.begin(), levels.end(), level) != levels.end();
}

bool matches(const Filter& filter, const judge::Case& candidate) {
  if (filter.requirements.empty() && filter.levels.empty()) return true;
  const auto& ids = candidate.program->requirements;
  return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
    const bool level = filter.levels.empty() || has_level(id, filter.levels);
    const auto named = [&](const std::string& glob) {
      return fnmatch(glob.c_str(), id.c_str(), FNM_CASEFOLD) == 0;
    };
    const auto& globs = filter.requirements;
    return level && (globs.empty() || std::any_of(globs.begin(), globs.end(), named));
  });
}

Result<void> keep_failed(const std::string& path, std::vector<judge::Case>* cases) {
  if (path.empty() || path == "-") {
    return fail("--rerun failed: --last FILE, or --json FILE, names the results to go by");
  }
  const auto last = report::read_results(path);
  if (!last) return tl::make_unexpected(last.error());
  std::set<std::string> failed;
  for (const proto::CaseResult& result : last->cases()) {
    if (report::is_unexpected(result.verdict())) failed.insert(result.id());
  }
  std::erase_if(*cases, [&](const judge::Case& each) { return !failed.contains(each.id); });
  return {};
}

// A rule that there is not is a mistake of writing, and not a choice that selects nothing.
Result<void> check_rules(const std::vector<std::string>& globs) {
  for (const std::string& glob : globs) {
    const bool known = std::any_of(kClauses.begin(), kClauses.end(), [&](const ClauseInfo& clause) {
      return fnmatch(glob.c_str(), std::string(clause.id).c_str(), FNM_CASEFOLD) == 0;
    });
    if (!known) return fail(fmt::format("--req {}: there is no such rule", glob));
  }
  return {};
}

}  // namespace

void add_filter_options(CLI::App& app, Filter* filter) {
  app.add_option("--req", filter->requirements,
                 "Cases that test this rule; a glob, as in 'RFC5961-*'; may be repeated")
      ->type_name("ID")
      ->allow_extra_args(false);
  app.add_option("--level", filter->levels, "Cases that test a rule of this level; may be repeated")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"must", "should", "may"}))
      ->allow_extra_args(false);
  app.add_option("--rerun", filter->rerun, "Cases that did not end as expected last time")
      ->type_name("WHICH")
      ->check(CLI::IsMember({"failed"}));
  app.add_option("--last", filter->last,
                 "The results that --rerun goes by (default: what --json names)")
      ->type_name("FILE");
  app.add_option("--shard", filter->shard,
                 "Part I of N of the cases, for N machines; 'synfin merge' joins the results")
      ->type_name("I/N");
}

Result<void> apply(const Filter& filter, const std::string& json, std::vector<judge::Case>* cases) {
  const auto shard = parse_shard(filter.shard);
  if (!shard) return tl::make_unexpected(shard.error());
  if (auto checked = check_rules(filter.requirements); !checked) return checked;
  std::erase_if(*cases, [&](const judge::Case& each) { return !matches(filter, each); });
  if (!filter.rerun.empty()) {
    auto kept = keep_failed(filter.last.empty() ? json : filter.last, cases);
    if (!kept) return kept;
  }
  std::size_t place = 0;
  std::erase_if(*cases,
                [&](const judge::Case&) { return place++ % shard->of + 1 != shard->number; });
  return {};
}

}  // namespace synfin::cli
