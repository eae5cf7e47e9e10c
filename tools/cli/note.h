// What a verb tells people on standard error, and how it ends. From any thread.
//
// On a terminal a line of progress may stand below the notes. It is rewritten
// in place, and wiped before a note is written: nothing is ever glued to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cauce::cli {

// What the process returns: its users write scripts on it. Usage is what no
// directory could make right: an option, a name or a value that is none.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
// And 128 + the signal's number after a signal, as shells have it.
int InterruptedExit();

// Writes a line.
void Note(std::string_view text);
// Draws the line of progress, in the place of the last one; wipes it.
void DrawProgress(std::string_view text);
void WipeProgress();
// The same, as an error; returns kFailed or kUsage.
int Fail(const absl::Status& status);
int UsageError(std::string_view text);
int UsageError(const absl::Status& status);

// "1 record", "2 records".
std::string Counted(int64_t count, std::string_view noun);
std::string Counted(int64_t count, std::string_view noun,
                    std::string_view plural);

}  // namespace cauce::cli
