#include "bench/tail_across.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <utility>

#include "bench/doomed_child.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"

namespace cauce::bench {
namespace {

// Two ends by which two processes tell each other that they are ready.
class Handshake {
 public:
  static absl::StatusOr<Handshake> Create() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      return absl::ErrnoToStatus(errno, "socketpair");
    }
    return Handshake(ends[0], ends[1]);
  }
  Handshake(Handshake&& other) noexcept
      : ends_{std::exchange(other.ends_[0], -1),
              std::exchange(other.ends_[1], -1)} {}
  Handshake& operator=(Handshake&&) = delete;
  ~Handshake() {
    Leave(0);
    Leave(1);
  }

  // That one is the other process's.
  void Leave(int end) {
    if (ends_[end] >= 0) close(std::exchange(ends_[end], -1));
  }
  void Tell(int end) const {
    // Where nobody is there any more this is found out by the next Wait.
    (void)send(ends_[end], "r", 1, MSG_NOSIGNAL);
  }
  // False where the other one is gone.
  bool Wait(int end) const {
    char told;
    ssize_t got;
    do {
      got = recv(ends_[end], &told, 1, 0);
    } while (got < 0 && errno == EINTR);
    return got == 1;
  }

 private:
  Handshake(int one, int other) : ends_{one, other} {}
  int ends_[2];
};

constexpr int kWriters = 0;
constexpr int kReaders = 1;

absl::StatusOr<Sample> Read(const TailWork& work, const TailAcross& sides,
                            Handshake& ready) {
  ready.Leave(kWriters);
  if (!ready.Wait(kReaders)) return absl::CancelledError("there is no writer");
  CAUCE_ASSIGN_OR_RETURN(const TailAcross::Reader reader, sides.make_reader());
  ready.Tell(kReaders);
  const std::atomic<bool> never = false;
  return ReadTail(work, reader, never);
}

}  // namespace

absl::StatusOr<Sample> RunTailAcross(const TailWork& work,
                                     const TailAcross& sides) {
  CAUCE_CHECK(work.message_bytes >= kTailMessageBytesMin && work.messages > 0);
  CAUCE_ASSIGN_OR_RETURN(Handshake ready, Handshake::Create());
  // Above the child, which dies first.
  std::optional<TailAcross::Writer> writer;
  CAUCE_ASSIGN_OR_RETURN(
      DoomedChild child,
      DoomedChild::Start([&] { return Read(work, sides, ready); }));
  ready.Leave(kReaders);
  CAUCE_ASSIGN_OR_RETURN(writer, sides.make_writer());
  ready.Tell(kWriters);
  // One that could not begin says why.
  if (!ready.Wait(kWriters)) return child.Finish();
  const std::atomic<bool> never = false;
  CAUCE_ASSIGN_OR_RETURN(const double begin, WriteTail(work, *writer, never));
  CAUCE_ASSIGN_OR_RETURN(Sample sample, child.Finish());
  sample.seconds -= begin;
  return sample;
}

}  // namespace cauce::bench
