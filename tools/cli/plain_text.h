// Bytes that somebody else has chosen, a group's name say, as text that is safe
// on a terminal: nothing in it moves the cursor or ends the line. Pure: any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace cauce::cli {

// With the escapes that --print takes in place of control characters, of bytes
// that are not UTF-8, and of \ itself, so that different bytes look different.
std::string PlainText(std::string_view bytes);

// The same but that lines and \ stay: of text with such bytes within it.
std::string PlainLines(std::string_view text);

}  // namespace cauce::cli
