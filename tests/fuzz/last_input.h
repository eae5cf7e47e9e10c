// Keeps the input that a process dies of: it is written into a file and told.
//
// For a program without a fuzzer's own way to do so. The name is that of the
// file's contents, so the same find is kept once. One at a time; not
// thread-safe.
#pragma once

#include <string_view>

namespace cauce::fuzz {

// From now on a process that dies (a failed check, a signal, a sanitizer's
// report) first writes the bytes of the last NoteInput into `folder`, which
// must exist.
void KeepLastInput(std::string_view folder);

// The bytes stay where they are until the next call.
void NoteInput(std::string_view input);

}  // namespace cauce::fuzz
