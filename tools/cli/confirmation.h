// Asks at the terminal whether something that cannot be taken back is to be
// done. For the main thread.
#pragma once

#include <string_view>

namespace cauce::cli {

enum class Answer { kYes, kNo, kInterrupted };

// Of standard input; anything but a yes is a no, and Ctrl-C is no answer.
Answer AskWhether(std::string_view question);

}  // namespace cauce::cli
