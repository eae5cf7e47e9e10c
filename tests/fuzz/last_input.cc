#include "tests/fuzz/last_input.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

// Of the sanitizers' runtime, where it is part of the program.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*)());

namespace cauce::fuzz {
namespace {

constexpr std::array kDeadly = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// Static, since whoever dies can ask nobody.
std::string folder;      // NOLINT
std::string_view input;  // NOLINT

// FNV-1a: a name, not a proof.
uint64_t NumberOf(std::string_view bytes) {
  uint64_t number = 0xcbf29ce484222325;
  for (const char c : bytes) {
    number = (number ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  return number;
}

void Keep() {
  char path[4096];
  std::snprintf(path, sizeof path, "%s/find-%016llx", folder.c_str(),
                static_cast<unsigned long long>(NumberOf(input)));
  const int file = ::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const bool kept = file >= 0 && ::write(file, input.data(), input.size()) ==
                                     static_cast<ssize_t>(input.size());
  std::fprintf(stderr, "the input, of %zu bytes, is %s %s\n", input.size(),
               kept ? "kept in" : "lost: could not write", path);
}

void OnSignal(int signal) {
  Keep();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

void KeepLastInput(std::string_view into) {
  folder = into;
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(Keep);
    std::signal(SIGABRT, OnSignal);  // a failed check is none of its reports
    return;
  }
  for (const int signal : kDeadly) std::signal(signal, OnSignal);
}

void NoteInput(std::string_view noted) { input = noted; }

}  // namespace cauce::fuzz
