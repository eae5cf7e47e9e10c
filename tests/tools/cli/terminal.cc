#include "tests/tools/cli/terminal.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/check.h"

namespace cauce::test {
namespace {

// Lines, and Ctrl-C; no echo, and a newline stays one.
termios Modes() {
  termios modes = {};
  modes.c_cflag = CS8 | CREAD;
  modes.c_lflag = ICANON | ISIG | NOFLSH;
  modes.c_cc[VINTR] = kCtrlC[0];
  modes.c_cc[VEOF] = kCtrlD[0];
  cfsetispeed(&modes, B38400);
  cfsetospeed(&modes, B38400);
  return modes;
}

}  // namespace

Terminal::Terminal(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  const termios modes = Modes();
  pid_ = forkpty(&terminal_, nullptr, &modes, nullptr);
  CAUCE_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    execv(argv[0], argv.data());
    _exit(127);
  }
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(terminal_);
}

void Terminal::Type(std::string_view keys) {
  while (!keys.empty()) {
    const ssize_t written = write(terminal_, keys.data(), keys.size());
    CAUCE_CHECK(written > 0 || errno == EINTR);
    if (written > 0) keys.remove_prefix(static_cast<size_t>(written));
  }
}

bool Terminal::HasPrinted(std::string_view text) {
  pollfd there = {terminal_, POLLIN, 0};
  while (poll(&there, 1, 0) > 0 && ReadSome()) continue;
  return printed_.find(text) != printed_.npos;
}

bool Terminal::AwaitText(std::string_view text) {
  while (printed_.find(text) == printed_.npos) {
    if (!ReadSome()) return false;
  }
  return true;
}

bool Terminal::ReadSome() {
  char piece[4096];
  const ssize_t got = read(terminal_, piece, sizeof piece);
  if (got > 0) printed_.append(piece, static_cast<size_t>(got));
  // A terminal whose last program went is an error to read, not an end.
  return got > 0 || (got < 0 && errno == EINTR);
}

int Terminal::Finish() {
  while (ReadSome()) continue;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) CAUCE_CHECK(errno == EINTR);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace cauce::test
