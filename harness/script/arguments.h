// The arguments of a call, taken one after another.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/proto/program.pb.h"
#include "harness/script/flat.h"
#include "harness/wire/error.h"

namespace synfin::script {

inline constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
inline constexpr int64_t kMinInt = std::numeric_limits<int32_t>::min();

// The first error stays; what is taken after it means nothing.
class Arguments {
 public:
  explicit Arguments(const proto::Call& call) : call_(call) {}

  // A number in the range of an int, or what `...` stands for.
  int32_t integer(std::string_view what, std::optional<int32_t> ellipsis = {}) {
    return static_cast<int32_t>(number(what, kMinInt, kMaxInt, ellipsis));
  }
  uint32_t octets(std::string_view what);
  int64_t number(std::string_view what, int64_t low, int64_t high, std::optional<int64_t> ellipsis);
  const proto::Value* next(std::string_view what);
  bool more() const { return index_ < call_.arguments_size(); }
  void skip_rest() { index_ = call_.arguments_size(); }

  // "octets", `...` or NULL, and their count in the next argument. `write` has the pattern for
  // `...`.
  void buffer(CallSpec* spec, std::vector<uint8_t>* data, bool write);
  // `...` or a sockaddr.
  void address(CallSpec* spec);

  static Result<int64_t> to_number(const proto::Value& value, std::string_view what);
  int32_t to_integer(const proto::Value& value, std::string_view what);
  // Up to 32 bits, as flags and unsigned fields have them.
  int32_t to_bits(const proto::Value& value, std::string_view what);

  void set_error(std::string message) {
    if (!error_) error_ = Error{std::move(message)};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const proto::Call& call_;
  int index_ = 0;
  std::optional<Error> error_;
};

// The value of a socket option as it stands in memory: each number takes an equal part of `size`
// (-1: not known), or four octets.
void option_value(const proto::Value& value, int64_t size, Arguments* arguments,
                  std::vector<uint8_t>* out);
// The number in `4` or `[4]`, the length of an option's value; -1 for `...`.
int64_t option_size(Arguments* arguments);
// Appends `width` octets of the value, as this machine has it in memory.
void append_native(int64_t value, std::size_t width, std::vector<uint8_t>* out);

// poll() and the calls that compile_message.cc has the forms of. False: it is none of them.
bool message_form(Arguments* arguments, CallSpec* spec);

}  // namespace synfin::script
