// How long does it take to read one record of a log of ten segments, by its
// offset or by its time, when all is in the page cache?
//
// Back of an envelope: a search among as many index entries as there are
// batches is 17 steps in memory that is rarely at hand, 0.3 us; a pread of 16
// KiB takes 1.2 us, its checksum 0.3, and to pass by half of 140 records 0.5:
// some 2.5 us. A batch of one record is 0.6 us to read and nothing to walk, but
// its index, an entry each 4 KiB, leaves 20 such batches to read at once. By
// time it is two such searches, from time to offset and from there to a place.
#include "bench/look_up_bench.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include "bench/batch_floor.h"
#include "bench/look_ups.h"
#include "bench/payload.h"
#include "bench/peers/appending_peers.h"
#include "bench/stored_topic.h"
#include "cauce/cursor.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

constexpr size_t kRecordBytes = 100;
constexpr int64_t kSegments = 10;
constexpr size_t kSingleBatchBytes = 180;
// Records one by one take long to write, and are as far from each other in an
// eighth of the bytes.
constexpr int64_t kSingleShare = 8;
// So that a run of 2 GiB has 2^20 look-ups.
constexpr int64_t kBytesALookUp = 2048;

constexpr char kCauce[] = "cauce";

// What all sides of a contest look into, and what for.
struct Library {
  LookUpWork work;
  BenchOptions options;
  std::shared_ptr<const Payload> payload;
  std::unique_ptr<StoredTopic> topic;
  std::vector<LookUp> look_ups;
  std::string look_ups_path;
  std::unique_ptr<BatchFloor> floor;

  ~Library() { std::remove(look_ups_path.c_str()); }

  const std::optional<std::string_view>& ValueAt(int64_t offset) const {
    const std::vector<Record>& records = payload->records();
    return records[static_cast<size_t>(offset) % records.size()].value;
  }
};

using LibraryPointer = std::shared_ptr<Library>;

std::vector<LookUp> Draw(const Library& library, int64_t count) {
  std::mt19937_64 random(library.options.seed);
  std::uniform_int_distribution<int64_t> any(0, library.topic->records() - 1);
  const TimedRecords& times = library.topic->times();
  std::vector<LookUp> look_ups;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t offset = any(random);
    look_ups.push_back(library.work.by == LookUpBy::kOffset
                           ? LookUp{offset, offset}
                           : LookUp{times.TimeOf(offset).ms,
                                    times.FirstAtOrAfterTimeOf(offset)});
  }
  return look_ups;
}

absl::Status Wrong(const LookUp& look_up, int64_t found) {
  return absl::DataLossError(fmt::format("offset {} was found for {}, not {}",
                                         found, look_up.wanted, look_up.found));
}

absl::StatusOr<Sample> LookOnTheFloor(Library& library) {
  return RunLookUps(library.look_ups, [&](const LookUp& look_up) {
    return library.work.by == LookUpBy::kOffset
               ? library.floor->ReadOffset(look_up.wanted)
               : library.floor->ReadTime(look_up.wanted);
  });
}

absl::Status ReadOne(const Library& library, Cursor& cursor,
                     const LookUp& look_up) {
  RecordView record;
  CAUCE_ASSIGN_OR_RETURN(const bool more, cursor.Next(&record));
  if (!more || record.offset.value != look_up.found ||
      record.value != library.ValueAt(look_up.found)) {
    return Wrong(look_up, more ? record.offset.value : -1);
  }
  return absl::OkStatus();
}

enum class Cursors { kOne, kOneEach };

absl::StatusOr<Sample> ReadOffsets(Library& library, Cursors cursors) {
  CAUCE_ASSIGN_OR_RETURN(StoredTopic::Opened opened, library.topic->Open());
  const CursorOptions options{.read_bytes = library.work.batch_bytes};
  Cursor one = opened.partition.Read(Offset{0}, options);
  CAUCE_ASSIGN_OR_RETURN(
      const Sample sample,
      RunLookUps(library.look_ups, [&](const LookUp& look_up) -> absl::Status {
        const Offset offset{look_up.wanted};
        if (cursors == Cursors::kOneEach) {
          Cursor cursor = opened.partition.Read(offset, options);
          return ReadOne(library, cursor, look_up);
        }
        one.Seek(offset);
        return ReadOne(library, one, look_up);
      }));
  CAUCE_RETURN_IF_ERROR(opened.engine.Close());
  return sample;
}

absl::StatusOr<Sample> FindTimes(Library& library) {
  CAUCE_ASSIGN_OR_RETURN(StoredTopic::Opened opened, library.topic->Open());
  CAUCE_ASSIGN_OR_RETURN(
      const Sample sample,
      RunLookUps(library.look_ups, [&](const LookUp& look_up) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(
            const auto found,
            opened.partition.FindByTime(Timestamp{look_up.wanted}));
        const int64_t at = found ? found->offset.value : -1;
        return at == look_up.found ? absl::OkStatus() : Wrong(look_up, at);
      }));
  CAUCE_RETURN_IF_ERROR(opened.engine.Close());
  return sample;
}

absl::StatusOr<Sample> GetFromStore(const Library& library,
                                    FilledStore& filled) {
  CAUCE_ASSIGN_OR_RETURN(const RecordStore* store, filled.Get());
  return RunLookUps(
      library.look_ups, [&](const LookUp& look_up) -> absl::Status {
        bool right = false;
        CAUCE_RETURN_IF_ERROR(
            store->Get(look_up.wanted, [&](std::string_view value) {
              right = value == library.ValueAt(look_up.found);
            }));
        return right ? absl::OkStatus() : Wrong(look_up, look_up.wanted);
      });
}

void AddPeers(const LibraryPointer& library, Contest& contest) {
  const bool by_offset = library->work.by == LookUpBy::kOffset;
  if (by_offset) {
    for (const StoreKind& kind : StoreKinds()) {
      const auto filled = std::make_shared<FilledStore>(
          kind, PeerWork{library->options, library->payload,
                         library->topic->batches()});
      contest.sides.push_back(
          {kind.name, [=] { return GetFromStore(*library, *filled); }});
    }
  }
  if (library->options.java == nullptr) return;
  contest.sides.push_back({"Kafka, UnifiedLog", [=] {
                             return library->options.java->Run(
                                 "KafkaLog", {by_offset ? "offsets" : "times",
                                              library->topic->partition_path(),
                                              library->look_ups_path});
                           }});
}

absl::StatusOr<LibraryPointer> MakeLibrary(const BenchOptions& options,
                                           const LookUpWork& work) {
  const auto library = std::make_shared<Library>();
  library->work = work;
  library->options = options;
  library->payload = std::make_shared<const Payload>(
      kRecordBytes, work.batch_bytes, options.seed);
  const bool single = library->payload->records().size() == 1;
  const int64_t bytes = single ? options.bytes / kSingleShare : options.bytes;
  CAUCE_ASSIGN_OR_RETURN(
      library->topic,
      StoredTopic::Create(options.directory + "/stored", *library->payload,
                          library->payload->BatchesFor(bytes), work.order,
                          kSegments));
  library->look_ups = Draw(*library, options.bytes / kBytesALookUp);
  library->look_ups_path = options.directory + "/look-ups";
  CAUCE_RETURN_IF_ERROR(
      WriteLookUps(library->look_ups_path, library->look_ups));
  CAUCE_ASSIGN_OR_RETURN(library->floor,
                         BatchFloor::Create(library->topic->LogPaths()));
  return library;
}

// What prototypes reached.
Goal GoalOf(const LookUpWork& work) {
  Goal goal{.side = kCauce};
  if (work.by == LookUpBy::kTime) {
    goal.figures_max = {{kP50, 8}};  // twice that of an offset
  } else if (work.batch_bytes == kSingleBatchBytes) {
    goal.figures_max = {{kP50, 1.8}};
  } else {
    goal.figures_max = {{kP50, 4}};
    goal.p99_seconds_max = 8e-6;
  }
  return goal;
}

}  // namespace

std::vector<LookUpWork> LookUpWorks() {
  return {{.by = LookUpBy::kOffset},
          {.by = LookUpBy::kOffset, .batch_bytes = kSingleBatchBytes},
          {.by = LookUpBy::kTime, .order = TimeOrder::kRising},
          {.by = LookUpBy::kTime, .order = TimeOrder::kMixed}};
}

std::string LookUpContestName(const LookUpWork& work) {
  if (work.by == LookUpBy::kOffset) {
    return fmt::format("BM_CursorSeek/batch_bytes:{}", work.batch_bytes);
  }
  return fmt::format("BM_PartitionFindByTime/rising:{}",
                     work.order == TimeOrder::kRising ? 1 : 0);
}

absl::StatusOr<Contest> LookUpContest(const BenchOptions& options,
                                      const LookUpWork& work) {
  CAUCE_ASSIGN_OR_RETURN(const LibraryPointer library,
                         MakeLibrary(options, work));
  Contest contest;
  contest.name = LookUpContestName(work);
  contest.items = static_cast<int64_t>(library->look_ups.size());
  contest.bytes =
      contest.items * static_cast<int64_t>(Payload::kKeyBytes +
                                           library->payload->value_bytes());
  contest.notes = fmt::format(
      "floor: an index in memory of every batch, pread and crc32c of it; {} "
      "records in {} segments, all in the page cache",
      library->topic->records(), library->topic->LogPaths().size());
  contest.sides = {{"floor", [=] { return LookOnTheFloor(*library); }}};
  if (work.by == LookUpBy::kTime) {
    contest.sides.push_back({kCauce, [=] { return FindTimes(*library); }});
  } else {
    contest.sides.push_back(
        {kCauce, [=] { return ReadOffsets(*library, Cursors::kOne); }});
    contest.sides.push_back({"cauce, a cursor each", [=] {
                               return ReadOffsets(*library, Cursors::kOneEach);
                             }});
  }
  AddPeers(library, contest);
  contest.goals = {GoalOf(work)};
  return contest;
}

}  // namespace cauce::bench
