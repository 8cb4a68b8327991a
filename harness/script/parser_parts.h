// The parts of the parser. Each takes what it names from the cursor, or leaves an error there and
// returns false.
#pragma once

#include "harness/proto/program.pb.h"
#include "harness/script/cursor.h"

namespace synfin::script {

// From the `<` or `>` on.
bool parse_packet(Cursor& cursor, proto::Packet* packet);
// From the name on.
bool parse_call(Cursor& cursor, proto::Call* call);
// `<mss 1460,nop>`, from the word after the `<` to the `>`, both included.
bool parse_options(Cursor& cursor, bool inject, proto::Segment* segment);
// Octets as hexadecimal digits, `prefix` being "0x" or nothing; as many as fit a header's options.
bool parse_octets(Cursor& cursor, std::string_view prefix, std::string* out);

// What a number may be.
struct NumberForm {
  std::string_view what;      // "an acknowledgment number"
  int64_t high = 0xffffffff;  // of a plain number
  bool absolute = true;       // may be written =N
};
bool parse_number(Cursor& cursor, const NumberForm& form, proto::Number* number);
// a:b(len), or with a symbol or =N: a(len). A null `seq` takes `*` for it; with
// `any_length`, the length may be `*` where nothing tells the end.
bool parse_sequence(Cursor& cursor, proto::Number* seq, uint32_t* length,
                    bool* any_length = nullptr);

}  // namespace synfin::script
