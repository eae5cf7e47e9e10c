#include "tools/cli/command_line.h"
#include "tools/cli/interrupts.h"

int main(int argc, char** argv) {
  cauce::cli::Interrupts::Install();
  return cauce::cli::RunCommandLine(argc, argv);
}
