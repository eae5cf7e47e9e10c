#include <fcntl.h>

#include "tools/cli/command_line.h"
#include "tools/cli/interrupts.h"

namespace {

// A closed descriptor of the three would be given to the next file that is
// opened, and what is printed would land in somebody's log.
void OccupyStandardDescriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  OccupyStandardDescriptors();
  cauce::cli::Interrupts::Install();
  return cauce::cli::RunCommandLine(argc, argv);
}
