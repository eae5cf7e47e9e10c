// A journal of measurements on a device with a small disk: what it keeps is
// bounded, some of the disk stays free for others, and a full disk costs
// samples, never the program nor what is stored.
//
//   some-sensor | metrics_journal DIR
//
// Reads lines as "temperature 21.5".
#include <iostream>
#include <string>

#include "cauce/engine.h"
#include "cauce/errors.h"

namespace {

constexpr char kTopic[] = "metrics";

// The oldest segments go once more than `retention.bytes` lies behind the one
// that is written: at most 16 + 1 MiB of records. Samples are small and many,
// so that a sync for each would wear out the flash: `cauce.flush=os` leaves
// them to the system, and syncs with a sample that comes ten seconds behind the
// last sync. The death of the process loses nothing then, a power cut what came
// since that.
const cauce::TopicSpec kSpec = {.configs = {{"retention.bytes", "16777216"},
                                            {"segment.bytes", "1048576"},
                                            {"cauce.flush", "os"},
                                            {"flush.ms", "10000"}}};

int Fail(const absl::Status& status) {
  std::cerr << cauce::MessageOf(status) << '\n';
  return 1;
}

// A topic that is there keeps its configs.
absl::Status MakeTopic(cauce::Engine& engine) {
  const absl::Status made = engine.CreateTopic(kTopic, kSpec).status();
  return cauce::ReasonOf(made) == cauce::Reason::kTopicExists ? absl::OkStatus()
                                                              : made;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-')
    return std::cerr << "usage: metrics_journal DIR\n", 2;
  // Appends are refused while less than this is free.
  auto engine = cauce::Engine::Open(argv[1], {.free_bytes_min = 8 << 20});
  if (!engine.ok()) return Fail(engine.status());
  if (absl::Status made = MakeTopic(*engine); !made.ok()) return Fail(made);
  auto journal = engine->OpenPartition(kTopic, cauce::PartitionId{0});
  if (!journal.ok()) return Fail(journal.status());

  int64_t stored = 0;
  int64_t dropped = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const size_t space = line.find(' ');
    if (space == std::string::npos) continue;
    const std::string_view text = line;
    const cauce::Record sample = {.key = text.substr(0, space),
                                  .value = text.substr(space + 1)};
    const auto appended = journal->Append({&sample, 1});
    if (appended.ok()) {
      ++stored;
    } else if (cauce::ReasonOf(appended.status()) == cauce::Reason::kDiskFull) {
      // Nothing of it was stored, and the next one may find room again.
      ++dropped;
    } else {
      return Fail(appended.status());
    }
    // No executor, no thread: retention and syncs that are due are done here.
    // On a full disk retention goes on, which makes room.
    if ((stored + dropped) % 1000 == 0) {
      const absl::Status upkeep = engine->RunUpkeep(absl::Milliseconds(10));
      if (!upkeep.ok()) std::cerr << cauce::MessageOf(upkeep) << '\n';
    }
  }
  std::cout << stored << " stored, " << dropped << " dropped\n";
  const absl::Status closed = engine->Close();
  return closed.ok() ? 0 : Fail(closed);
}
