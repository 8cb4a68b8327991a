// Files: read and written whole, and protobuf's text form. Errors name the file and the place.
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <string>
#include <string_view>

#include "harness/wire/error.h"

namespace synfin::script {

Result<std::string> read_file(const std::string& path);

// "-" is the standard output.
Result<void> write_file(const std::string& path, std::string_view text);

// Reads protobuf's text form into `message`; `path` is for the error, "path:line:column: …".
// `places` (may be null) takes the lines at which the fields stood.
Result<void> parse_message(const std::string& path, const std::string& text,
                           google::protobuf::Message* message,
                           google::protobuf::TextFormat::ParseInfoTree* places = nullptr);

}  // namespace synfin::script
