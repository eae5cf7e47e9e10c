// Base64 as RFC 4648 has it: the standard alphabet, padded, one text for the
// same bytes. Pure: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cauce::cli {

void AppendBase64(std::string_view bytes, std::string& to);

// Appends what `text` stands for, at most three bytes for four letters; false,
// having appended anything, for a text that AppendBase64 does not write.
bool AppendDecodedBase64(std::string_view text, std::string& to);

}  // namespace cauce::cli
