#include "harness/play/plain_commands.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "harness/link/device.h"
#include "harness/link/rtnl.h"

namespace synfin::play {
namespace {

constexpr std::size_t kLargestFile = 1 << 16;

using Words = std::vector<std::string>;

// What means more than itself within these quotes ('\0': in none).
std::string_view for_the_shell(char quote) {
  if (quote == '\'') return "";
  return quote == '"' ? "$`\\" : "$`|&<>(){}[]*?~!\\";
}

// One simple command after the other, as long as nothing but words, quotes, comments, products of
// numbers and output that is thrown away occurs in them.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() {
    skip_lines();
    return at_ == text_.size();
  }
  // Where the command begins that was read last, or is about to be.
  std::size_t position() const { return at_; }

  // Nothing: it is not plain.
  std::optional<Words> command() {
    Words words;
    while (true) {
      skip_blanks();
      if (at_ == text_.size() || peek() == '\n' || peek() == ';' || peek() == '#') return words;
      if (discards_output()) continue;
      auto one = word();
      if (!one) return std::nullopt;
      words.push_back(std::move(*one));
    }
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool accept(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  void skip_blanks() {
    while (accept(" ") || accept("\t") || accept("\\\n")) {
    }
  }
  void skip_lines() {
    while (at_ < text_.size()) {
      skip_blanks();
      if (peek() == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (!accept("\n") && !accept(";")) {
        return;
      }
    }
  }

  bool discards_output() {
    const std::size_t before = at_;
    if (accept("2>&1")) return true;
    for (const std::string_view way : {"&>", "1>", "2>", ">"}) {
      if (!accept(way)) continue;
      skip_blanks();
      if (accept("/dev/null")) return true;
      break;
    }
    at_ = before;
    return false;
  }

  std::optional<std::string> word() {
    std::string out;
    char quote = '\0';
    for (; at_ < text_.size(); ++at_) {
      const char c = peek();
      if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n' || c == ';')) break;
      if (quote == '\0' ? c == '"' || c == '\'' : c == quote) {
        quote = quote == '\0' ? c : '\0';
      } else if (quote != '\'' && accept("$((")) {
        const auto value = product();
        if (!value) return std::nullopt;
        out += std::to_string(*value);
        --at_;  // the loop's step
      } else if (for_the_shell(quote).find(c) != std::string_view::npos) {
        return std::nullopt;
      } else {
        out += c;
      }
    }
    return quote == '\0' ? std::optional(out) : std::nullopt;
  }

  // 15*1024*1024))
  std::optional<uint64_t> product() {
    uint64_t value = 1;
    do {
      uint64_t factor = 0;
      const std::size_t start = at_;
      for (; peek() >= '0' && peek() <= '9' && at_ - start < 9; ++at_) {
        factor = factor * 10 + static_cast<uint64_t>(peek() - '0');
      }
      if (at_ == start || value > UINT32_MAX) return std::nullopt;
      value *= factor;
    } while (accept("*"));
    return accept("))") ? std::optional(value) : std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<PlainCommand> sysctl(const Words& words) {
  PlainCommand command;
  command.kind = PlainCommand::Kind::kSysctl;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.starts_with('-')) {
      if (word.find_first_not_of("qwe", 1) != std::string::npos) return std::nullopt;
      command.may_lack = command.may_lack || word.find('e') != std::string::npos;
      continue;
    }
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return std::nullopt;
    std::string name = word.substr(0, equals);
    std::replace(name.begin(), name.end(), '/', '.');
    command.settings.emplace_back(std::move(name), word.substr(equals + 1));
  }
  return command;
}

std::optional<PlainCommand> plain(const Words& words) {
  if (words.front() == "sysctl") return sysctl(words);
  // In a place just made there is nothing to flush.
  if (words == Words{"ip", "tcp_metrics", "flush", "all"}) return PlainCommand{};
  const bool queue = words.size() == 7 && words[0] == "tc" && words[1] == "qdisc" &&
                     (words[2] == "add" || words[2] == "replace") && words[3] == "dev" &&
                     words[5] == "root" && words[6] == "pfifo";
  if (!queue) return std::nullopt;
  PlainCommand command;
  command.kind = PlainCommand::Kind::kQueue;
  command.interface = words[4];
  command.queue = words[6];
  command.replaces = words[2] == "replace";
  return command;
}

std::string read_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kLargestFile, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const bool shell = text.starts_with("#!/bin/bash\n") || text.starts_with("#!/bin/sh\n");
  return shell && file.eof() ? text : "";
}

// A file of plain commands, all of them. Nothing: it is more than that.
std::optional<std::vector<PlainCommand>> plain_file(const std::string& path) {
  const std::string text = read_script(path);
  if (text.empty()) return std::nullopt;
  std::vector<PlainCommand> commands;
  Reader reader(text);
  while (!reader.at_end()) {
    const auto words = reader.command();
    if (!words || words->empty()) return std::nullopt;
    auto command = plain(*words);
    if (!command) return std::nullopt;
    commands.push_back(std::move(*command));
  }
  return commands;
}

bool run(const PlainCommand& command) {
  if (command.kind == PlainCommand::Kind::kQueue) {
    const auto index = link::interface_index(command.interface);
    auto rtnl = link::Rtnl::open();
    return index && rtnl && rtnl->set_queue(*index, command.queue, command.replaces).has_value();
  }
  bool all = true;
  for (const auto& [name, value] : command.settings) {
    const bool lacks = command.may_lack && !link::get_sysctl(name);
    if (!lacks && !link::set_sysctl(name, value)) all = false;
  }
  return all;
}

}  // namespace

PlainPart plain_part(const std::string& text, const std::string& directory) {
  PlainPart part;
  Reader reader(text);
  while (!reader.at_end()) {
    const std::size_t start = reader.position();
    const auto words = reader.command();
    std::optional<std::vector<PlainCommand>> commands;
    if (words && words->size() == 1 && words->front().find('/') != std::string::npos) {
      const std::string& path = words->front();
      const auto file =
          std::filesystem::path(directory) / path;  // or `path`, where that is absolute
      commands = plain_file(file.string());
    } else if (words && !words->empty()) {
      if (auto command = plain(*words)) commands.emplace({std::move(*command)});
    }
    if (!commands) {
      part.rest = text.substr(start);
      return part;
    }
    part.commands.insert(part.commands.end(), commands->begin(), commands->end());
  }
  return part;
}

bool run_plain(const std::vector<PlainCommand>& commands) {
  bool last = true;
  for (const PlainCommand& command : commands) last = run(command);
  return last;
}

}  // namespace synfin::play
