#include "harness/atlas/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

#include "harness/atlas/messages.h"
#include "harness/link/error.h"
#include "harness/script/file.h"

namespace synfin::atlas {
namespace {

using proto::atlas::Part;

constexpr std::size_t kPartHeader = 8;

void put32(std::string& out, uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xffU);
}

uint32_t get32(std::string_view octets) {
  uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    value |= static_cast<uint32_t>(static_cast<uint8_t>(octets[i])) << 8 * i;
  }
  return value;
}

uint32_t checksum(std::string_view octets) {
  const auto* data = reinterpret_cast<const Bytef*>(octets.data());
  return static_cast<uint32_t>(::crc32_z(0, data, octets.size()));
}

// Maps of a message come in their order, so that equal messages are equal octets.
void put(const Part& part, std::string& out) {
  std::string message;
  {
    google::protobuf::io::StringOutputStream stream(&message);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    part.SerializeToCodedStream(&coded);
  }
  put32(out, static_cast<uint32_t>(message.size()));
  put32(out, checksum(message));
  out += message;
}

void put_start(const Atlas& atlas, bool growing, std::string& out) {
  out += kMagic;
  out += static_cast<char>(kFormat);
  Part part;
  *part.mutable_header() = to_header(atlas);
  part.mutable_header()->set_growing(growing);
  put(part, out);
}

void put_set_ups(const Atlas& atlas, std::string& out) {
  for (const SetUp& set_up : atlas.set_ups) {
    Part part;
    *part.mutable_set_up() = to_message(set_up, atlas.behaviours);
    put(part, out);
  }
}

Result<void> write_all(int fd, std::string_view octets, const std::string& file) {
  while (!octets.empty()) {
    const ssize_t written = ::write(fd, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return link::fail_errno(file + ": cannot be written");
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<link::Fd> create(const std::string& file) {
  link::Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) return link::fail_errno(file + ": cannot be written");
  return fd;
}

class Parser {
 public:
  Parser(std::string_view octets, const std::string& file) : octets_(octets), file_(file) {}

  Result<Loaded> run();

 private:
  bool breaks_off() const;
  Result<Part> next();
  Result<void> take(const Part& part);
  tl::unexpected<Error> wrong(const std::string& what) const {
    return fail(fmt::format("{}: offset {}: {}", file_, at_, what));
  }

  std::string_view octets_;
  const std::string& file_;
  std::size_t at_ = 0;
  Loaded out_;
  Interner interner_;
  bool growing_ = false;
  bool ended_ = false;
};

// Whether the part at at_ is not all there.
bool Parser::breaks_off() const {
  const std::size_t left = octets_.size() - at_;
  return left < kPartHeader || get32(octets_.substr(at_)) > left - kPartHeader;
}

// The part at at_, which is left there.
Result<Part> Parser::next() {
  const std::size_t left = octets_.size() - at_;
  if (left < kPartHeader) return wrong("the file breaks off in the middle of a part");
  const uint32_t size = get32(octets_.substr(at_));
  if (size > left - kPartHeader) {
    return wrong(fmt::format("a part of {} octets, and {} are left", size, left - kPartHeader));
  }
  const std::string_view message = octets_.substr(at_ + kPartHeader, size);
  if (checksum(message) != get32(octets_.substr(at_ + 4))) {
    return wrong(fmt::format("the {} octets that follow are damaged (CRC-32)", size));
  }
  Part part;
  if (size > std::numeric_limits<int>::max() ||
      !part.ParseFromArray(message.data(), static_cast<int>(size))) {
    return wrong("no part of an atlas");
  }
  return part;
}

Result<void> Parser::take(const Part& part) {
  switch (part.what_case()) {
    case Part::kHeader:
      return fail("a second header");
    case Part::kSetUp: {
      const auto& ups = out_.atlas.set_ups;
      const std::string& id = part.set_up().id();
      const bool known =
          std::any_of(ups.begin(), ups.end(), [&](const SetUp& each) { return each.id == id; });
      if (known) return fail(fmt::format("the set-up {} for the second time", id));
      if (ups.size() == kMostSetUps) return fail(fmt::format("more than {} set-ups", kMostSetUps));
      auto set_up = read_set_up(part.set_up(), out_.atlas.with, interner_);
      if (!set_up) return tl::make_unexpected(set_up.error());
      out_.atlas.set_ups.push_back(std::move(*set_up));
      return {};
    }
    case Part::kEnd:
      ended_ = true;
      if (part.end().set_ups() == out_.atlas.set_ups.size()) return {};
      return fail(fmt::format("{} set-ups, and the end counts {}", out_.atlas.set_ups.size(),
                              part.end().set_ups()));
    case Part::WHAT_NOT_SET:
      break;
  }
  return fail("a part of a kind that this version does not know");
}

Result<Loaded> Parser::run() {
  if (octets_.substr(0, kMagic.size()) != kMagic) return wrong("this is no atlas");
  at_ = kMagic.size();
  if (at_ == octets_.size()) return wrong("the file breaks off before its version");
  const auto format = static_cast<uint8_t>(octets_[at_]);
  if (format != kFormat) {
    return wrong(fmt::format("format {}; this version reads format {}", format, kFormat));
  }
  ++at_;
  for (bool first = true; first || (at_ < octets_.size() && !ended_); first = false) {
    if (growing_ && breaks_off()) {
      out_.torn = at_;
      break;
    }
    const auto part = next();
    if (!part) return tl::make_unexpected(part.error());
    if (first && !part->has_header()) return wrong("the first part is no header");
    const auto taken = first ? read_header(part->header(), out_.atlas) : take(*part);
    if (!taken) return wrong(taken.error().message);
    if (first) growing_ = part->header().growing();
    at_ += kPartHeader + get32(octets_.substr(at_));
  }
  if (at_ < octets_.size() && !out_.torn) return wrong("octets behind the end");
  out_.complete = ended_;
  out_.atlas.behaviours = interner_.take();
  return std::move(out_);
}

}  // namespace

std::string to_octets(const Atlas& atlas) {
  std::string out;
  put_start(atlas, false, out);
  put_set_ups(atlas, out);
  Part part;
  part.mutable_end()->set_set_ups(static_cast<uint32_t>(atlas.set_ups.size()));
  put(part, out);
  return out;
}

Result<Loaded> from_octets(std::string_view octets, const std::string& file) {
  return Parser(octets, file).run();
}

Result<Loaded> load(const std::string& file) {
  const auto octets = script::read_file(file);
  if (!octets) return tl::make_unexpected(octets.error());
  return from_octets(*octets, file);
}

Result<void> save(const Atlas& atlas, const std::string& file) {
  const std::string temporary = file + ".new";
  auto fd = create(temporary);
  if (!fd) return tl::make_unexpected(fd.error());
  auto written = write_all(fd->get(), to_octets(atlas), file);
  if (written && ::fsync(fd->get()) != 0) written = link::fail_errno(file + ": cannot be written");
  if (written && std::rename(temporary.c_str(), file.c_str()) != 0) {
    written = link::fail_errno(file + ": cannot be put in place");
  }
  if (!written) ::unlink(temporary.c_str());
  return written;
}

// --- Journal -------------------------------------------------------------------------------------

Result<Journal> Journal::create(const std::string& file, const Atlas& header) {
  auto fd = atlas::create(file);
  if (!fd) return tl::make_unexpected(fd.error());
  std::string octets;
  put_start(header, true, octets);
  if (auto written = write_all(fd->get(), octets, file); !written) {
    return tl::make_unexpected(written.error());
  }
  return Journal(file, std::move(*fd));
}

Result<void> Journal::add(const Atlas& atlas) {
  std::string octets;
  put_set_ups(atlas, octets);
  const off_t whole = ::lseek(fd_.get(), 0, SEEK_CUR);
  auto written = write_all(fd_.get(), octets, file_);
  // What a full disk has taken of it goes again: half a part would make what follows unreadable.
  if (!written && ::ftruncate(fd_.get(), whole) != 0) {
    return fail(written.error().message + ", and breaks off in the middle of a part");
  }
  return written;
}

void Journal::remove() { ::unlink(file_.c_str()); }

}  // namespace synfin::atlas
