#include "harness/script/binary.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>

#include <string>

#include "harness/script/text.h"

namespace synfin::script {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

// As deep as protobuf itself goes.
constexpr int kMaxMessageDepth = 100;

// protobuf only says that a message does not parse. This walks over the same octets and finds
// where.
class Walk {
 public:
  explicit Walk(std::string_view octets)
      : octets_(octets),
        input_(reinterpret_cast<const uint8_t*>(octets.data()), static_cast<int>(octets.size())) {}

  std::string find_fault() {
    message(*proto::Program::descriptor(), octets_.size(), kMaxMessageDepth);
    return fault_.empty() ? "the octets are no synfin.proto.Program" : fault_;
  }

 private:
  std::size_t position() { return static_cast<std::size_t>(input_.CurrentPosition()); }

  bool fail(std::size_t at, const std::string& what) {
    if (fault_.empty()) {
      fault_ = fmt::format("octet {}{}{}: {}", at, path_.empty() ? "" : ", ", path_, what);
    }
    return false;
  }

  // The fields up to the octet `end`.
  bool message(const Descriptor& type, std::size_t end, int depth) {
    if (depth == 0) return fail(position(), "messages are nested too deep");
    while (position() < end) {
      const std::size_t at = position();
      const uint32_t tag = input_.ReadTag();
      const int number = WireFormatLite::GetTagFieldNumber(tag);
      if (number == 0) return fail(at, "no field begins here");
      const FieldDescriptor* field = type.FindFieldByNumber(number);
      const std::string outer = path_;
      if (field != nullptr) path_ += (path_.empty() ? "" : ".") + field->name();
      if (!value(field, tag, at, end, depth)) return false;
      if (position() > end) return fail(at, "the value goes beyond the end of its message");
      path_ = outer;
    }
    return true;
  }

  bool value(const FieldDescriptor* field, uint32_t tag, std::size_t at, std::size_t end,
             int depth) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      return WireFormatLite::SkipField(&input_, tag) || fail(at, "the value is cut short");
    }
    uint32_t size = 0;
    if (!input_.ReadVarint32(&size)) return fail(at, "the length is cut short");
    const std::size_t start = position();
    if (start > end || size > end - start) {
      const std::size_t left = start > end ? 0 : end - start;
      return fail(at, fmt::format("{} octets are announced and {} are left", size, left));
    }
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE) {
      return message(*field->message_type(), start + size, depth - 1);
    }
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_STRING) {
      if (const auto wrong = find_invalid_utf8(octets_.substr(start, size))) {
        return fail(start + *wrong, "the text is not UTF-8");
      }
    }
    return input_.Skip(static_cast<int>(size)) || fail(at, "the value is cut short");
  }

  std::string_view octets_;
  google::protobuf::io::CodedInputStream input_;
  std::string path_;
  std::string fault_;
};

}  // namespace

Result<proto::Program> parse_binary(std::string_view octets) {
  const google::protobuf::LogSilencer quiet;  // the error says more
  proto::Program program;
  if (program.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) return program;
  return fail(Walk(octets).find_fault());
}

}  // namespace synfin::script
