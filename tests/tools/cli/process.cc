#include "tests/tools/cli/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "engine/base/check.h"

namespace cauce::test {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

Pipe MakePipe() {
  int ends[2] = {};
  CAUCE_CHECK(pipe2(ends, O_CLOEXEC) == 0);
  return {ends[0], ends[1]};
}

void Close(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// Appends what there is to `text`; closes the descriptor at its end.
void ReadSome(int& fd, std::string& text) {
  char piece[64 << 10];
  const ssize_t got = read(fd, piece, sizeof piece);
  if (got > 0) {
    text.append(piece, static_cast<size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    Close(fd);
  }
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments) {
  // A child that ended early is seen by the write that fails.
  signal(SIGPIPE, SIG_IGN);
  const Pipe in = MakePipe();
  const Pipe out = MakePipe();
  const Pipe err = MakePipe();
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  pid_ = fork();
  CAUCE_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    signal(SIGPIPE, SIG_DFL);
    dup2(in.read_end, STDIN_FILENO);
    dup2(out.write_end, STDOUT_FILENO);
    dup2(err.write_end, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(in.read_end);
  close(out.write_end);
  close(err.write_end);
  in_ = in.write_end;
  out_ = out.read_end;
  err_ = err.read_end;
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Close(in_);
  Close(out_);
  Close(err_);
}

bool Process::Write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(in_, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

void Process::CloseInput() { Close(in_); }

void Process::CloseOutput() { Close(out_); }

std::optional<std::string> Process::ReadLine() {
  for (;;) {
    const size_t end = out_text_.find('\n', returned_);
    if (end != std::string::npos) {
      std::string line = out_text_.substr(returned_, end - returned_);
      returned_ = end + 1;
      return line;
    }
    if (out_ < 0) return std::nullopt;
    out_text_.erase(0, std::exchange(returned_, 0));
    ReadSome(out_, out_text_);
  }
}

bool Process::HasOutput() const {
  pollfd out = {out_, POLLIN, 0};
  return returned_ < out_text_.size() || poll(&out, 1, 0) > 0;
}

void Process::Signal(int signal) { CAUCE_CHECK(kill(pid_, signal) == 0); }

// What wait4 tells would begin with the memory of this process, from before
// the child's exec.
int64_t Process::ResidentKibMax() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    int64_t kib = 0;
    status >> kib;
    return kib;
  }
  return -1;
}

Process::Result Process::Finish(std::string_view input) {
  Result result;
  result.out = out_text_.substr(returned_);
  if (in_ >= 0) fcntl(in_, F_SETFL, O_NONBLOCK);
  while (out_ >= 0 || err_ >= 0) {
    if (input.empty()) Close(in_);
    // poll passes by descriptors below zero.
    pollfd fds[] = {{in_, POLLOUT, 0}, {out_, POLLIN, 0}, {err_, POLLIN, 0}};
    if (poll(fds, 3, -1) < 0) continue;
    if (fds[0].revents != 0) {
      const ssize_t written = write(in_, input.data(), input.size());
      if (written > 0) {
        input.remove_prefix(static_cast<size_t>(written));
      } else if (errno != EAGAIN && errno != EINTR) {
        input = "";
      }
    }
    if (fds[1].revents != 0) ReadSome(out_, result.out);
    if (fds[2].revents != 0) ReadSome(err_, result.err);
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) CAUCE_CHECK(errno == EINTR);
  pid_ = -1;
  result.exit =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

Process::Result Run(const std::vector<std::string>& arguments,
                    std::string_view input) {
  return Process(arguments).Finish(input);
}

}  // namespace cauce::test
