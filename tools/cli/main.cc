#include <fcntl.h>

#include "tools/cli/command_line.h"
#include "tools/cli/interrupts.h"

namespace {

// A closed descriptor of the three would be given to the next file that is
// opened, and what is printed would land in somebody's log. What takes its
// place refuses to be used: output that is lost must not pass for printed.
void OccupyStandardDescriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    const int mode = fd == 0 ? O_WRONLY : O_RDONLY;
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) != fd) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  OccupyStandardDescriptors();
  cauce::cli::Interrupts::Install();
  return cauce::cli::RunCommandLine(argc, argv);
}
