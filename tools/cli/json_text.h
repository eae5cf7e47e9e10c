// Bytes as JSON: text that is valid UTF-8 is a string, other bytes are an
// object with their base64, {"base64":"/w=="}, and no bytes at all are null.
// Pure: any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cauce::cli {

// How many bytes the UTF-8 character at the front of `bytes` has; 0 for none.
// Neither overlong forms nor surrogates nor what lies above U+10FFFF.
size_t Utf8Length(std::string_view bytes);
bool IsUtf8(std::string_view bytes);

// Appends a JSON string; `text` must be UTF-8.
void AppendJsonString(std::string_view text, std::string& to);

// Appends a key or a value: null, a string or {"base64":"..."}.
void AppendJsonBytes(const std::optional<std::string_view>& bytes,
                     std::string& to);

}  // namespace cauce::cli
