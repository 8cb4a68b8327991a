#include "harness/kernel/job.h"

#include <fmt/format.h>

#include <charconv>

namespace synfin::kernel {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./").find(c) != std::string_view::npos;
}

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// Each is closed by a comma: an empty list differs from one empty word.
std::string escape(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += escape(word) + ",";
  return out;
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned octet = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [rest, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
    if (error != std::errc() || digits.size() != 2 || rest != digits.data() + 2) {
      return fail("a job with a broken escape");
    }
    out += static_cast<char>(octet);
    i += 2;
  }
  return out;
}

// The text up to the separator, which goes too; nothing where there is none.
Result<std::string_view> take(std::string_view* text, char separator) {
  const std::size_t end = text->find(separator);
  if (end == std::string_view::npos) return fail("a job that is cut off");
  const std::string_view taken = text->substr(0, end);
  text->remove_prefix(end + 1);
  return taken;
}

Result<std::vector<std::string>> take_words(std::string_view* text) {
  auto list = take(text, ';');
  if (!list) return tl::make_unexpected(list.error());
  std::vector<std::string> words;
  while (!list->empty()) {
    const auto word = take(&*list, ',');
    if (!word) return tl::make_unexpected(word.error());
    auto plain = unescape(*word);
    if (!plain) return tl::make_unexpected(plain.error());
    words.push_back(std::move(*plain));
  }
  return words;
}

}  // namespace

std::string encode(const Job& job) {
  const std::vector<std::string> rest = {job.folder, job.out_is_terminal ? "1" : "0",
                                         job.error_is_terminal ? "1" : "0",
                                         std::to_string(job.columns)};
  std::string text;
  for (const auto& list : {job.arguments, job.environment, job.writable, rest}) {
    text += escape(list) + ";";
  }
  return text;
}

Result<Job> decode(std::string_view text) {
  Job job;
  std::vector<std::string> rest;
  for (auto* list : {&job.arguments, &job.environment, &job.writable, &rest}) {
    auto words = take_words(&text);
    if (!words) return tl::make_unexpected(words.error());
    *list = std::move(*words);
  }
  if (rest.size() != 4 || job.arguments.empty()) return fail("a job without its parts");
  job.folder = rest[0];
  job.out_is_terminal = rest[1] == "1";
  job.error_is_terminal = rest[2] == "1";
  std::from_chars(rest[3].data(), rest[3].data() + rest[3].size(), job.columns);
  return job;
}

}  // namespace synfin::kernel
