#include "tools/cli/confirmation.h"

#include <unistd.h>

#include <cstdio>

#include "fmt/format.h"
#include "tools/cli/doorbell.h"
#include "tools/cli/interrupts.h"

namespace cauce::cli {

Answer AskWhether(std::string_view question) {
  std::fputs(fmt::format("{} [y/N] ", question).c_str(), stderr);
  // A signal that came before the reading would not end it.
  Doorbell doorbell;
  while (Interrupts::Signal() == 0) {
    if (doorbell.Wait({.input = STDIN_FILENO}).readable) break;
  }
  char line[16] = {};
  const bool answered = Interrupts::Signal() == 0 &&
                        std::fgets(line, sizeof line, stdin) != nullptr;
  if (!answered) std::fputs("\n", stderr);  // the question has no end yet
  if (Interrupts::Signal() != 0) return Answer::kInterrupted;
  return line[0] == 'y' || line[0] == 'Y' ? Answer::kYes : Answer::kNo;
}

}  // namespace cauce::cli
