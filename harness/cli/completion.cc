// synfin completion: what a shell needs to complete the words of the command line. It is made from
// the commands themselves, so that it has what they have.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "engine/clause.h"
#include "harness/cli/commands.h"
#include "harness/report/exit_code.h"

namespace synfin::cli {
namespace {

constexpr const char* kCompletionAbout =
    "Prints a script for a shell that completes commands, options, their values, files and "
    "cases.\n\n"
    "EXAMPLES\n"
    "  source <(synfin completion bash)     in ~/.bashrc\n"
    "  source <(synfin completion zsh)      in ~/.zshrc, after compinit";

// What may stand behind an option, as its type name says: "FILE", "DIR", "FORM:{pkt,ladder}".
std::string values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (option.get_type_size() == 0) return "";
  if (type.find("GLOB") != std::string::npos) return "cases";
  if (type == "FILE") return "files";
  if (type == "DIR") return "folders";
  if (type == "ID") return "rules";
  if (type == "VERSION") return "kernels";
  const std::size_t open = type.find('{');
  if (open == std::string::npos) return "nothing";
  std::string words = "words ";
  for (const char c : type.substr(open + 1, type.find('}') - open - 1)) words += c == ',' ? ' ' : c;
  return words;
}

struct Word {
  std::string name;
  std::string about;   // its first line
  std::string values;  // empty: takes none
};

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Those of a command, and of the commands below it.
std::vector<Word> options_of(const CLI::App& app) {
  std::vector<Word> words;
  for (const CLI::Option* option : app.get_options()) {
    const std::string about = option->get_description();
    for (const std::string& name : option->get_snames()) {
      words.push_back({"-" + name, about, values_of(*option)});
    }
    for (const std::string& name : option->get_lnames()) {
      words.push_back({"--" + name, about, values_of(*option)});
    }
  }
  for (const CLI::App* below : commands_of(app)) {
    for (Word& word : options_of(*below)) {
      const bool fresh = std::none_of(words.begin(), words.end(),
                                      [&](const Word& other) { return other.name == word.name; });
      if (fresh) words.push_back(std::move(word));
    }
  }
  return words;
}

std::string positional_of(const CLI::App& app) {
  std::string below;
  for (const CLI::App* command : commands_of(app)) below += " " + command->get_name();
  if (!below.empty()) return "below" + below;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) return values_of(*option);
  }
  return "nothing";
}

// "  run:--json) synfin_files; return ;;": a line for each option with a value.
std::string value_lines(const CLI::App& command) {
  std::string text;
  for (const Word& word : options_of(command)) {
    if (word.values.empty()) continue;
    text += fmt::format("    {}:{}) _synfin_{}; return ;;\n", command.get_name(), word.name,
                        word.values);
  }
  return text;
}

std::string names_of(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) text += (text.empty() ? "" : " ") + word.name;
  return text;
}

std::string rules() {
  std::string text;
  for (const ClauseInfo& clause : kClauses) text.append(text.empty() ? "" : " ").append(clause.id);
  return text;
}

constexpr std::string_view kBashHead =
    R"sh(_synfin_words() { COMPREPLY=($(compgen -W "$*" -- "$cur")); }
_synfin_files() { compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); }
_synfin_folders() { compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")); }
_synfin_nothing() { COMPREPLY=(); }
_synfin_kernels() { _synfin_words $(synfin kernel list 2>/dev/null | sed 's/ .*//' | sort -u); }
_synfin_below() {
  if ((COMP_CWORD == 2)); then _synfin_words "$@"; else _synfin_files; fi
}
_synfin_cases() {
  _synfin_files
  COMPREPLY+=($(compgen -W "$(synfin list 2>/dev/null | sed 's/[[ ].*//' | sort -u)" -- "$cur"))
}
_synfin() {
  local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
)sh";

std::string bash(const CLI::App& app) {
  std::string commands;
  std::string values;
  std::string rest;
  for (const CLI::App* command : commands_of(app)) {
    commands += command->get_name() + " ";
    values += value_lines(*command);
    rest +=
        fmt::format("    {}) if [[ $cur == -* ]]; then _synfin_words {}; else _synfin_{}; fi ;;\n",
                    command->get_name(), names_of(options_of(*command)), positional_of(*command));
  }
  return fmt::format("# bash completion for synfin\n_synfin_rules() {{ _synfin_words {}; }}\n",
                     rules()) +
         std::string(kBashHead) +
         fmt::format("  if ((COMP_CWORD == 1)); then _synfin_words {}{}; return; fi\n", commands,
                     names_of(options_of(app))) +
         "  case $command:$previous in\n" + values + "  esac\n  case $command in\n" + rest +
         "  esac\n}\ncomplete -F _synfin synfin\n";
}  // namespace synfin::cli

// In single quotes, with what _arguments would read as its own escaped.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, text.find('\n'))) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const std::string& values) {
  if (values == "files") return "_files";
  if (values == "folders") return "_files -/";
  if (values == "cases") return "_synfin_cases";
  if (values == "rules") return "_synfin_rules";
  if (values == "kernels") return "_synfin_kernels";
  if (values.starts_with("below")) return "{_synfin_" + values + "}";
  if (values.starts_with("words")) return "(" + values.substr(6) + ")";
  return " ";
}

std::string zsh_arguments(const CLI::App& command) {
  std::string text;
  for (const Word& word : options_of(command)) {
    text += fmt::format("      '*{}[{}]", word.name, zsh_text(word.about));
    if (!word.values.empty()) text += fmt::format(":value:{}", zsh_action(word.values));
    text += "' \\\n";
  }
  return text + fmt::format("      '*:argument:{}'", zsh_action(positional_of(command)));
}

constexpr std::string_view kZshHead =
    R"sh(_synfin_kernels() { compadd -- ${${(f)"$(synfin kernel list 2>/dev/null)"}%% *}; }
_synfin_below() { if ((CURRENT == 2)); then compadd -- "$@"; else _files; fi; }
_synfin_cases() {
  _files
  compadd -- ${(u)${(f)"$(synfin list 2>/dev/null | sed 's/[[ ].*//')"}}
}
_synfin() {
)sh";

std::string zsh(const CLI::App& app) {
  std::string commands;
  std::string rest;
  for (const CLI::App* command : commands_of(app)) {
    commands +=
        fmt::format("    '{}:{}'\n", command->get_name(), zsh_text(command->get_description()));
    rest += fmt::format("    {})\n      _arguments -s \\\n{} ;;\n", command->get_name(),
                        zsh_arguments(*command));
  }
  return "#compdef synfin\n_synfin_rules() { compadd -- " + rules() + "; }\n" +
         std::string(kZshHead) + "  local -a commands=(\n" + commands +
         "  )\n  if ((CURRENT == 2)); then\n    _describe command commands\n    compadd -- " +
         names_of(options_of(app)) + "\n    return\n  fi\n  local command=$words[2]\n" +
         "  shift words\n  ((CURRENT--))\n  case $command in\n" + rest +
         "  esac\n}\nif [[ $funcstack[1] == _synfin ]]; then _synfin \"$@\"; else compdef _synfin "
         "synfin; fi\n";
}

}  // namespace

void add_completion(CLI::App& app, Action* action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print what completes the command line");
  command->footer(kCompletionAbout);
  command->add_option("shell", *shell, "For which shell")
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->required();
  command->callback([shell, action, &app] {
    *action = [shell, &app] {
      const std::string text = *shell == "bash" ? bash(app) : zsh(app);
      std::fwrite(text.data(), 1, text.size(), stdout);
      return static_cast<int>(report::kExitOk);
    };
  });
}

}  // namespace synfin::cli
