// A whole data directory in which some of the small files hold any bytes, or
// are gone: checkpoints, catalogue, ids, the mark of a clean stop, indexes. It
// opens or says why not; what it shows was written; and whatever they say, no
// file of records goes but by a request that is written down.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "engine/base/check.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/topic_catalog.h"
#include "tests/fuzz/file_tree.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/testing/sim_clock.h"

namespace cauce::fuzz {
namespace {

constexpr std::string_view kDirectory = "/data";
constexpr std::string_view kLog = "orders-0/00000000000000000000.log";
constexpr int kRecords = 12;

// Those that an input may replace; kLog is none of them.
constexpr std::array<std::string_view, 17> kSmallFiles = {
    "cauce.topics",
    "cauce.topics.copy",
    "recovery-point-offset-checkpoint",
    "log-start-offset-checkpoint",
    "replication-offset-checkpoint",
    "cleaner-offset-checkpoint",
    "meta.properties",
    ".kafka_cleanshutdown",
    ".lock",
    "orders-0/leader-epoch-checkpoint",
    "orders-0/partition.metadata",
    "orders-0/00000000000000000000.index",
    "orders-0/00000000000000000000.timeindex",
    "orders-0/00000000000000000000.log.deleted",
    "orders-0/00000000000000000005.log.cut",
    "cauce.topics.tmp",
    "cauce.log-starts"};

// Which file is changed, and how.
constexpr uint8_t kNumber = 0x1f;
constexpr uint8_t kGone = 0x40;
constexpr uint8_t kReadOnly = 0x80;

struct Change {
  std::string_view name;
  bool gone = false;
  std::string_view bytes;
};

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return next_++; }

 private:
  uint64_t next_ = 1;
};

// An engine's surroundings, anew for every opening.
struct World {
  test::SimClock clock;
  CountingRandom random;
  std::unique_ptr<FileSystem> files = NewMemoryFileSystem(&clock);

  absl::StatusOr<Engine> Open(Access access) {
    EngineOptions options;
    options.access = access;
    options.file_system = files.get();
    options.clock = &clock;
    options.random = &random;
    options.events = [](Severity, std::string_view line) {
      CAUCE_CHECK(line.find('\n') == std::string_view::npos);
    };
    return Engine::Open(kDirectory, options);
  }
  FileTree Tree() { return ReadTree(*files, kDirectory); }
};

std::string ValueOf(int64_t offset) {
  return "record " + std::to_string(offset);
}

FileTree MakeGood() {
  World world;
  auto engine = world.Open(Access::kReadWrite);
  CAUCE_CHECK(engine.ok());
  CAUCE_CHECK(
      engine
          ->CreateTopic("orders", {.configs = {{"index.interval.bytes", "60"},
                                               {"retention.ms", "-1"}}})
          .ok());
  auto partition = engine->OpenPartition("orders", PartitionId{0});
  CAUCE_CHECK(partition.ok());
  for (int i = 0; i < kRecords; ++i) {
    const std::string value = ValueOf(i);
    const Record record{.key = "k", .value = value};
    CAUCE_CHECK(partition->Append({&record, 1}).ok());
  }
  CAUCE_CHECK(engine->Close().ok());
  return world.Tree();
}

const FileTree& Good() {
  static const FileTree* const good = new FileTree(MakeGood());
  return *good;
}

Change TakeChange(Input& input, bool is_last) {
  const uint8_t choice = input.Byte();
  // All numbers from that of the last on are its own.
  const size_t number = choice & kNumber;
  Change change{kSmallFiles[std::min(number, kSmallFiles.size() - 1)],
                (choice & kGone) != 0};
  change.bytes = is_last ? input.Rest() : input.Take(input.Short());
  return change;
}

// Whether a catalogue says that the topic is being made or removed: then it
// may go, and the first whole copy is believed.
bool CatalogueLetsGo(const FileTree& files) {
  for (const std::string_view name : {kCatalogFile, kCatalogCopyFile}) {
    const auto file = files.find(std::string(name));
    if (file == files.end()) continue;
    const auto catalog = TopicCatalog::Parse(name, file->second);
    const TopicEntry* const topic =
        catalog.ok() ? catalog->Find("orders") : nullptr;
    if (topic != nullptr && topic->state != TopicState::kLive) return true;
  }
  return false;
}

// Whether every file that says where logs start, and is whole, says that all
// records are forgotten. Of one that is lost, and of Kafka's where it is empty,
// nobody knows what it said; one that is whole and leaves the log out says that
// it starts with its first segment.
bool LogStartsLetGo(const FileTree& files) {
  int said = 0;
  const auto lets_go = [&](std::string_view name, auto parse) {
    const auto file = files.find(std::string(name));
    if (file == files.end() || file->second.empty()) return true;
    const auto starts = parse(name, file->second);
    if (!starts.ok()) return true;
    ++said;
    const auto start = starts->find({"orders", PartitionId{0}});
    return start != starts->end() && start->second >= Offset{kRecords};
  };
  return lets_go(kLogStartFile, ParseOffsetCheckpoint) &&
         lets_go(kLogStartCopyFile, ParseLogStartCopy) && said > 0;
}

// Reads what there is of the partition: each record as it was written, in the
// order of the offsets.
void CheckRecords(Engine& engine) {
  auto partition = engine.OpenPartition("orders", PartitionId{0});
  if (!partition.ok()) {
    CAUCE_CHECK(ReasonOf(partition.status()) != Reason::kNone);
    return;
  }
  Offset next = partition->log_start();
  CAUCE_CHECK(next >= Offset{0});
  Cursor cursor = partition->Read(next);
  for (int damages = 0;;) {
    RecordView record;
    const auto more = cursor.Next(&record);
    if (!more.ok()) {
      CAUCE_CHECK(IsDamage(more.status()));
      CAUCE_CHECK(++damages < 100);
      CAUCE_CHECK(cursor.SkipDamage().ok());
      continue;
    }
    if (!*more) break;
    CAUCE_CHECK(record.offset >= next);
    CAUCE_CHECK(record.offset < Offset{kRecords});
    CAUCE_CHECK(record.value == ValueOf(record.offset.value));
    next = record.offset + 1;
  }
}

void CheckRefusal(const absl::Status& status) {
  ExpectReason(status, {Reason::kCorruptFile, Reason::kUnsupportedFormat});
  CAUCE_CHECK(status.message().size() < 2000);
}

}  // namespace

void CheckInput(std::string_view bytes) {
  Input input(bytes);
  const bool read_only = !bytes.empty() && (bytes[0] & kReadOnly) != 0;
  FileTree files = Good();
  for (const bool is_last : {false, true}) {
    const Change change = TakeChange(input, is_last);
    if (change.gone) {
      files.erase(std::string(change.name));
    } else {
      files[std::string(change.name)] = change.bytes;
    }
  }
  World world;
  WriteTree(*world.files, kDirectory, files);

  const auto verified =
      VerifyDirectory(*world.files, kDirectory, {}, [](const Finding&) {});
  CAUCE_CHECK(verified.ok());
  ExpectSameTree(world.Tree(), files);

  auto engine = world.Open(read_only ? Access::kReadOnly : Access::kReadWrite);
  if (!engine.ok()) {
    CheckRefusal(engine.status());
    // The holder's note in the lock file aside, nothing was touched.
    FileTree after = world.Tree();
    after.erase(".lock");
    files.erase(".lock");
    ExpectSameTree(after, files);
    return;
  }
  CheckRecords(*engine);
  const absl::Status kept_up = engine->RunUpkeep();
  CAUCE_CHECK(kept_up.ok() || read_only);
  CheckRecords(*engine);
  CAUCE_CHECK(engine->Close().ok());
  const FileTree after = world.Tree();
  if (read_only) {
    ExpectSameTree(after, files);
  } else if (!CatalogueLetsGo(files) && !LogStartsLetGo(files)) {
    CAUCE_CHECK(after.contains(std::string(kLog)));
    CAUCE_CHECK(after.at(std::string(kLog)) == files.at(std::string(kLog)));
  }
  // What one opening leaves the next one finds.
  auto again = world.Open(Access::kReadWrite);
  // Who only reads does not look at all of it.
  if (!again.ok() && read_only) return CheckRefusal(again.status());
  CAUCE_CHECK(again.ok());
  CheckRecords(*again);
  CAUCE_CHECK(again->Close().ok());
  ExpectSmallAllocations((2 << 20) + 64 * bytes.size());
}

std::vector<std::string> Seeds() {
  const auto number_of = [](std::string_view name) {
    const auto at = std::ranges::find(kSmallFiles, name);
    return static_cast<char>(at - kSmallFiles.begin());
  };
  // A first change that changes nothing: of a file that is not looked at.
  const std::string none{number_of("orders-0/00000000000000000005.log.cut"), 0,
                         0};
  std::vector<std::string> seeds;
  for (const auto& [name, bytes] : Good()) {
    if (name == kLog) continue;
    const char number = number_of(name);
    seeds.push_back(none + number + bytes);
    seeds.push_back(none + static_cast<char>(number | kGone));
    std::string read_only = none + number + bytes;
    read_only[0] |= static_cast<char>(kReadOnly);
    seeds.push_back(read_only);
  }
  for (const std::string_view text :
       {"0\n1\norders 0 5\n", "0\n1\norders 0 12\n", "0\n1\norders 0 100\n"}) {
    for (const std::string_view name :
         {"recovery-point-offset-checkpoint", "log-start-offset-checkpoint"}) {
      seeds.push_back(none + number_of(name) + std::string(text));
      // After a kill.
      seeds.push_back(
          std::string{
              static_cast<char>(number_of(".kafka_cleanshutdown") | kGone), 0,
              0} +
          number_of(name) + std::string(text));
    }
  }
  // Both files of log starts, which agree, and of which either leaves it out.
  const OffsetCheckpoint no_line;
  const OffsetCheckpoint all_gone{{{"orders", PartitionId{0}}, Offset{100}}};
  for (const auto& [original, copy] :
       {std::pair(all_gone, all_gone), std::pair(all_gone, no_line),
        std::pair(no_line, all_gone)}) {
    const std::string bytes = FormatOffsetCheckpoint(original);
    seeds.push_back(std::string{number_of("log-start-offset-checkpoint"), 0,
                                static_cast<char>(bytes.size())} +
                    bytes + number_of("cauce.log-starts") +
                    FormatLogStartCopy(copy));
  }
  // Neither copy of the catalogue.
  seeds.push_back({static_cast<char>(number_of("cauce.topics") | kGone), 0, 0,
                   static_cast<char>(number_of("cauce.topics.copy") | kGone)});
  seeds.push_back(none + number_of("orders-0/partition.metadata") +
                  "version: 0\ntopic_id: 8PHy8_T19vf4-fr7_P3-_w");
  return seeds;
}

}  // namespace cauce::fuzz
