#include "harness/report/html_atlas.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/atlas/compare.h"
#include "harness/atlas/set_ups.h"
#include "harness/report/atlas_text.h"
#include "harness/report/html_atlas_parts.h"
#include "harness/report/html_parts.h"
#include "harness/report/version.h"

namespace synfin::report {
namespace {

using atlas::Atlas;
using atlas::Finding;
using atlas::SetUp;

constexpr std::string_view kAtlasHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
)";

std::string anchor_of(const std::string& set_up) {
  std::string anchor = "at-" + set_up;
  std::replace(anchor.begin(), anchor.end(), '/', '-');
  return anchor;
}

std::string title(const AtlasPage& page) {
  std::string text;
  for (const Atlas* each : page.atlases) {
    text += (text.empty() ? "" : " beside ") + atlas::name_of(*each);
  }
  return html_escape(text);
}

std::string tile(const std::string& number, const std::string& name) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", number, name);
}

std::string summary(const AtlasPage& page) {
  std::vector<bool> differs(page.domain->grid.cells());
  std::size_t known = 0;
  for (const Finding& finding : *page.findings) {
    known += finding.difference.known.empty() ? 0 : 1;
    for (const uint32_t cell : finding.cells) differs[cell] = true;
  }
  const auto differing = static_cast<std::size_t>(std::count(differs.begin(), differs.end(), true));
  const std::size_t cells = differs.size();
  const bool two = page.atlases.size() > 1;
  std::string settings;
  for (const Atlas* each : page.atlases) {
    const auto& from = each->provenance;
    settings +=
        fmt::format("<dt>{}</dt><dd>{}</dd>\n", html_escape(atlas::name_of(*each)),
                    html_escape(fmt::format("{}{} · profile {} · IPv{}",
                                            from.link().empty() ? "called" : from.link(),
                                            from.privilege().empty() ? "" : ", " + from.privilege(),
                                            from.profile(), each->ipv6 ? 6 : 4)));
  }
  return fmt::format(
      "<header id=\"summary\">\n<p class=\"kind\">The atlas: every state, every segment</p>\n"
      "<h1>{}</h1>\n<div class=\"tiles\">\n{}{}{}{}</div>\n<dl>\n{}</dl>\n</header>\n",
      title(page), tile(grouped(cells), two ? "cells in both" : "cells"),
      tile(grouped(cells - differing), two ? "alike" : "as the RFC says"),
      tile(grouped(page.findings->size()), "findings"), tile(grouped(known), "known"), settings);
}

// A rule's text, its states as links where they are names of set-ups.
std::string finding(const AtlasPage& page, const Finding& finding, std::size_t number) {
  const atlas::Difference& difference = finding.difference;
  std::string rules;
  for (const Finding::Where& where : finding.where) {
    rules += fmt::format("<li>{} · <b>{}</b></li>\n", html_escape(where.rule.states),
                         html_escape(where.rule.segment));
  }
  std::string clause;
  if (difference.clause) {
    const ClauseInfo& rule = info(*difference.clause);
    clause = fmt::format(" <span class=\"where\">{}, RFC {} §{}, {}</span>", rule.id, rule.rfc,
                         rule.section, to_string(rule.level));
  }
  const atlas::Place& place = page.domain->places.front()[finding.example];
  const std::string& set_up = page.atlases.front()->set_ups[place.set_up].id;
  std::string known;
  if (!difference.known.empty()) {
    known = fmt::format("<p class=\"dim\">Known: {} ({})</p>\n", html_escape(difference.reason),
                        html_escape(difference.known));
  }
  return fmt::format(
      "<details class=\"row\" id=\"finding-{0}\"{1}>\n<summary><span class=\"n\">{0}</span>"
      "<span class=\"n\">{2} cells</span><span>{3}: {4} · {6}: {7}{5}</span></summary>\n"
      "<div class=\"in\"><dl class=\"wg\"><dt>{3}</dt><dd class=\"wanted\">{4}</dd><dt>{6}</dt>"
      "<dd class=\"got\">{7}</dd></dl>\n<ul class=\"plain\">\n{8}</ul>\n{9}"
      "<p><a href=\"#{10}\">{11}</a></p></div></details>\n",
      number, number == 1 ? " open" : "", grouped(finding.cells.size()), html_escape(page.wanted),
      html_escape(difference.wanted), clause, html_escape(page.atlases.front()->provenance.stack()),
      html_escape(difference.got), rules, known, anchor_of(set_up),
      "the map of " + html_escape(set_up));
}

std::string findings(const AtlasPage& page) {
  std::string out = "<section id=\"findings\">\n<h2>Findings</h2>\n";
  for (const std::string& line : page.apart) {
    out += fmt::format("<p>{}</p>\n", html_escape(line));
  }
  if (page.findings->empty() && page.apart.empty()) {
    return out + "<p class=\"dim\">None.</p>\n</section>\n";
  }
  out += "<div class=\"table\">\n";
  std::size_t number = 0;
  for (const Finding& each : *page.findings) out += finding(page, each, ++number);
  return out + "</div>\n</section>\n";
}

std::string maps(const AtlasPage& page, TextTable& texts) {
  std::vector<AtlasMaps> drawn;
  for (std::size_t i = 0; i < page.atlases.size(); ++i) drawn.emplace_back(page, i, texts);
  std::string out =
      "<section id=\"maps\">\n<h2>Maps</h2>\n<p>A map a state. Rows are flags. On the left are "
      "segments without ACK, a letter for each SEQ class; then for each SEQ class those with ACK, "
      "a "
      "letter for each ACK class. NXT is RCV.NXT, end is RCV.NXT+RCV.WND.<span class=\"js\" "
      "hidden> "
      "A cell opens what was sent and what came of it.</span></p>\n" +
      letters_key();
  for (const SetUp& first : page.atlases.front()->set_ups) {
    const atlas::SetUpInfo* info = atlas::find_set_up(first.id);
    out += fmt::format(
        "<details class=\"state\" id=\"{}\" open>\n<summary><h3>{}</h3> <span "
        "class=\"dim\">{}</span></summary>\n<div class=\"beside\">\n",
        anchor_of(first.id), html_escape(first.id),
        info == nullptr ? "" : html_escape(info->about));
    for (std::size_t i = 0; i < page.atlases.size(); ++i) {
      const auto& all = page.atlases[i]->set_ups;
      const auto found = std::find_if(all.begin(), all.end(),
                                      [&](const SetUp& each) { return each.id == first.id; });
      const std::string name = html_escape(page.atlases[i]->provenance.stack());
      out += fmt::format(
          "<div class=\"one\" data-stack=\"{}\" data-state=\"{}\">\n<h4>{}</h4>\n{}"
          "</div>\n",
          name, html_escape(first.id), name,
          found == all.end() ? "<p class=\"dim\">It has no such set-up.</p>\n"
                             : drawn[i].of(*found));
    }
    out += "</div>\n<div class=\"ladder-of\" aria-live=\"polite\"></div>\n</details>\n";
  }
  return out + "</section>\n";
}

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : plain_text(text)) {
    if (c == '"' || c == '\\') out += '\\';
    // "</script>" must not end the element that holds it.
    out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  }
  return out + "\"";
}

// What the script needs beside the maps: the names of classes, and what cells did.
std::string data(const TextTable& texts) {
  std::string out = "<script type=\"application/json\" id=\"atlas-data\">{\"seq\":[";
  for (std::size_t i = 0; i < atlas::kSeqClasses; ++i) {
    out +=
        (i > 0 ? "," : "") + json_string(std::string(to_string(static_cast<atlas::SeqClass>(i))));
  }
  out += "],\"ack\":[";
  for (std::size_t i = 0; i < atlas::kAckClasses; ++i) {
    out +=
        (i > 0 ? "," : "") + json_string(std::string(to_string(static_cast<atlas::AckClass>(i))));
  }
  out += "],\"did\":[";
  for (std::size_t i = 0; i < texts.texts().size(); ++i) {
    std::string parts = texts.texts()[i];
    out += i > 0 ? ",[" : "[";
    for (std::size_t at = 0, part = 0; part < 3; ++part) {
      const std::size_t end = std::min(parts.find('\x1f', at), parts.size());
      out += (part > 0 ? "," : "") + json_string(parts.substr(at, end - at));
      at = std::min(end + 1, parts.size());
    }
    out += "]";
  }
  return out + "]}</script>\n";
}

}  // namespace

std::string atlas_to_html(const AtlasPage& page) {
  TextTable texts;
  const std::string drawn = maps(page, texts);
  return fmt::format(
      "{}<title>synfin atlas: {}</title>\n<style>\n{}{}</style>\n<nav aria-label=\"Parts of this "
      "page\"><a href=\"#summary\">Summary</a> <a href=\"#findings\">Findings</a> <a "
      "href=\"#maps\">Maps</a></nav>\n<main>\n{}{}{}</main>\n<footer>synfin "
      "{}</footer>\n{}<script>\n"
      "{}</script>\n</html>\n",
      kAtlasHead, title(page), html_style(), atlas_style(), summary(page), findings(page), drawn,
      kVersion, data(texts), atlas_script());
}

}  // namespace synfin::report
