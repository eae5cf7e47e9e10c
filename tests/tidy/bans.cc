#include "tests/tidy/bans.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "fmt/format.h"

namespace cauce::tidy {
namespace {

using Names = std::vector<std::string_view>;

bool IsWord(std::string_view token) {
  return !token.empty() &&
         (std::isalnum(static_cast<unsigned char>(token[0])) ||
          token[0] == '_');
}

// A word after which an expression may begin: `return fsync(fd)` is a call,
// `int fsync(int)` a declaration.
bool IsKeyword(std::string_view token) {
  static const Names kKeywords = {"return",   "else",     "do",       "case",
                                  "co_await", "co_yield", "and",      "or",
                                  "not",      "throw",    "co_return"};
  return std::ranges::find(kKeywords, token) != kKeywords.end();
}

std::string_view At(const std::vector<Token>& tokens, size_t index) {
  return index < tokens.size() ? std::string_view(tokens[index].text) : "";
}

// Whether the "::" at `index` begins a name rather than follows one.
bool IsGlobal(const std::vector<Token>& tokens, size_t index) {
  const std::string_view before = At(tokens, index - 1);
  return before != ">" && (!IsWord(before) || IsKeyword(before));
}

// Whether the name at `index` is neither a member, nor a word of another
// scope, nor declared here.
bool IsFreeName(const std::vector<Token>& tokens, size_t index) {
  const std::string_view before = At(tokens, index - 1);
  if (before == "::")
    return At(tokens, index - 2) == "std" || IsGlobal(tokens, index - 1);
  return before != "." && before != "->" &&
         (!IsWord(before) || IsKeyword(before));
}

bool SameTokens(const std::vector<Token>& tokens, size_t index,
                const std::vector<Token>& wanted) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (At(tokens, index + i) != wanted[i].text) return false;
  }
  return true;
}

class Pattern {
 public:
  explicit Pattern(std::string_view text)
      : anywhere_(text.starts_with("*")),
        call_(text.find('(') != std::string_view::npos),
        wanted_(Tokenize(text.substr(anywhere_ ? 1 : 0))) {}

  bool Matches(const std::vector<Token>& tokens, size_t index) const {
    if (!SameTokens(tokens, index, wanted_)) return false;
    if (anywhere_) return true;
    if (wanted_.front().text == "::") return IsGlobal(tokens, index);
    if (call_) return IsFreeName(tokens, index);
    return At(tokens, index + wanted_.size()) != "::" ||
           wanted_.back().text == "::";
  }

 private:
  bool anywhere_;
  bool call_;
  std::vector<Token> wanted_;
};

bool IncludeMatches(std::string_view pattern, std::string_view path) {
  pattern.remove_prefix(1);
  pattern.remove_suffix(1);
  return pattern == path ||
         (pattern.ends_with("/") && path.starts_with(pattern));
}

bool Applies(const Ban& ban, std::string_view path) {
  const bool inside = std::ranges::any_of(
      ban.folders,
      [path](std::string_view folder) { return IsIn(path, folder); });
  return inside && std::ranges::find(ban.except, path) == ban.except.end() &&
         (!ban.headers_only || IsHeader(path));
}

}  // namespace

std::span<const Ban> Bans() {
  static const Names kLibrary = {"engine", "net", "replication"};
  static const Names kProduct = {"engine", "net", "replication", "tools"};
  static const Names kProofs = {"tests", "bench"};
  static const Names kEverything = {"engine", "net",   "replication",
                                    "tools",  "tests", "bench"};
  static const Ban kBans[] = {
      {"files",
       kLibrary,
       {"engine/io/posix_file_system.cc"},
       {"<fcntl.h>",        "<filesystem>",
        "<fstream>",        "<dirent.h>",
        "<sys/file.h>",     "<sys/inotify.h>",
        "<sys/mman.h>",     "<sys/sendfile.h>",
        "<sys/stat.h>",     "<sys/statvfs.h>",
        "<sys/uio.h>",      "::access(",
        "::close(",         "::link(",
        "::mkdir(",         "::open(",
        "::read(",          "::remove(",
        "::rename(",        "::stat(",
        "::sync(",          "::truncate(",
        "::write(",         "copy_file_range(",
        "creat(",           "fallocate(",
        "fcntl(",           "fdatasync(",
        "fdopen(",          "flock(",
        "fopen(",           "freopen(",
        "fstat(",           "fsync(",
        "ftruncate(",       "inotify_init1(",
        "lockf(",           "lstat(",
        "madvise(",         "mkdtemp(",
        "mkstemp(",         "mmap(",
        "mremap(",          "msync(",
        "munmap(",          "openat(",
        "opendir(",         "posix_fadvise(",
        "posix_fallocate(", "pread(",
        "preadv(",          "preadv2(",
        "pwrite(",          "pwritev(",
        "pwritev2(",        "readdir(",
        "readlink(",        "renameat(",
        "renameat2(",       "rmdir(",
        "sendfile(",        "splice(",
        "statvfs(",         "symlink(",
        "sync_file_range(", "tmpfile(",
        "unlink(",          "unlinkat(",
        "std::filesystem",  "std::filesystem::",
        "std::fstream",     "std::ifstream",
        "std::ofstream"},
       "files are reached through FileSystem"},
      {"clock",
       kProduct,
       {"engine/base/clock.cc"},
       {"absl::Now(", "absl::GetCurrentTimeNanos(", "*::now(", "clock_gettime(",
        "gettimeofday(", "timespec_get(", "time(nullptr", "time(NULL", "time(0",
        "time(&"},
       "time comes from a Clock, or as an argument"},
      {"threads",
       kProduct,
       {"engine/base/executor.cc"},
       {"std::thread", "std::jthread", "std::async(", "pthread_create(",
        "thrd_create("},
       "work in the background goes to an Executor"},
      {"chance",
       kProduct,
       {"engine/base/random.cc"},
       {"<sys/random.h>", "std::random_device", "getrandom(", "getentropy(",
        "arc4random(", "rand(", "rand_r(", "srand(", "absl::BitGen",
        "absl::InsecureBitGen"},
       "chance comes from a Random"},
      {"seed",
       kProofs,
       {"tests/testing/seed.h", "tests/testing/seed.cc"},
       {"std::random_device", "getrandom(", "getentropy(", "rand(", "srand(",
        "absl::BitGen", "absl::InsecureBitGen", "time(nullptr"},
       "chance comes from test::Seed, so that a failure can be replayed"},
      {"quiet",
       kLibrary,
       {"engine/base/check.cc"},
       {"<csignal>",   "<iostream>",    "<signal.h>",       "<syslog.h>",
        "std::cerr",   "std::clog",     "std::cout",        "dprintf(",
        "fmt::print(", "fmt::println(", "fprintf(",         "fputc(",
        "fputs(",      "fwrite(",       "perror(",          "printf(",
        "putchar(",    "puts(",         "syslog(",          "vfprintf(",
        "vprintf(",    "getenv(",       "putenv(",          "secure_getenv(",
        "setenv(",     "unsetenv(",     "pthread_sigmask(", "sigaction(",
        "signal(",     "sigprocmask(",  "_exit(",           "abort(",
        "exit(",       "quick_exit("},
       "the library is a quiet guest: say it with a Status or an event"},
      {"locks",
       kProduct,
       {"engine/base/mutex.h"},
       {"<absl/synchronization/mutex.h>", "std::mutex", "std::shared_mutex",
        "std::recursive_mutex", "std::condition_variable", "std::lock_guard",
        "std::unique_lock", "std::scoped_lock", "absl::Mutex",
        "absl::MutexLock", "absl::CondVar"},
       "use engine/base/mutex.h, which the analyses understand"},
      {"rocksdb",
       kProduct,
       {"engine/store/rocksdb_store.cc"},
       {"<rocksdb/>", "*rocksdb::"},
       "state stores are reached through StateStore"},
      {"throw", kProduct, {}, {"*throw"}, "errors are values: return a Status"},
      {"using-namespace",
       kEverything,
       {},
       {"*using namespace"},
       "name what you use"},
      {"sleep",
       kEverything,
       {},
       {"*::sleep_for(", "*::sleep_until(", "absl::SleepFor(",
        "clock_nanosleep(", "nanosleep(", "sleep(", "usleep("},
       "wait for the event itself"},
      {"std-types",
       kProduct,
       {},
       {"absl::Span", "absl::any", "absl::optional", "absl::string_view",
        "absl::variant"},
       "signatures use the std type",
       true},
  };
  return kBans;
}

std::vector<Finding> Check(const Ban& ban, const Source& source) {
  std::vector<Finding> findings;
  if (!Applies(ban, source.path)) return findings;
  const auto add = [&](int line, std::string_view what) {
    findings.push_back({std::string(ban.rule), source.path, line,
                        fmt::format("{}: {}", what, ban.instead)});
  };
  for (std::string_view text : ban.patterns) {
    if (text.starts_with("<")) {
      for (const Include& include : source.includes) {
        if (IncludeMatches(text, include.path)) add(include.line, include.path);
      }
      continue;
    }
    const Pattern pattern(text);
    for (size_t i = 0; i < source.tokens.size(); ++i) {
      if (pattern.Matches(source.tokens, i)) add(source.tokens[i].line, text);
    }
  }
  return findings;
}

}  // namespace cauce::tidy
