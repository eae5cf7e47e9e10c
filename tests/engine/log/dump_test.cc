#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_snapshot.h"
#include "engine/log/producer_state.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A partition with two segments.
class Dump : public ::testing::Test {
 protected:
  Dump() {
    CAUCE_CHECK(files_->CreateDirectories("/data/orders-0").ok());
    const test::OwnedBatch batch = test::Batch({"a", "b"});
    batch_bytes_ = static_cast<int64_t>(batch.bytes().size());
    Write("orders-0/00000000000000000000.log",
          batch.At(Offset{0}).bytes() + batch.At(Offset{2}).bytes());
    Write("orders-0/00000000000000000004.log", batch.At(Offset{4}).bytes());
  }

  void Write(std::string_view name, std::string_view bytes) {
    auto file =
        files_->Open("/data/" + std::string(name), OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  absl::StatusOr<std::vector<DumpedEntry>> EntriesOf(const std::string& path) {
    std::vector<DumpedEntry> entries;
    const absl::Status status =
        DumpFile(*files_, path, [&](const DumpedEntry& entry) {
          entries.push_back(entry);
          return true;
        });
    if (!status.ok()) return status;
    return entries;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  int64_t batch_bytes_ = 0;
};

TEST_F(Dump, DumpsTheBatchesOfALog) {
  std::vector<int64_t> positions;
  const absl::Status status =
      DumpFile(*files_, "/data/orders-0/00000000000000000000.log",
               [&](const DumpedEntry& entry) {
                 positions.push_back(entry.position);
                 EXPECT_EQ(entry.batch->last_offset(), entry.offset);
                 return true;
               });
  EXPECT_THAT(status, IsOk());
  EXPECT_THAT(positions, ElementsAre(0, batch_bytes_));
}

TEST_F(Dump, LooksWhetherAFileIsWholeForWhoTakesNothing) {
  EXPECT_THAT(
      DumpFile(*files_, "/data/orders-0/00000000000000000000.log", nullptr),
      IsOk());
}

TEST_F(Dump, GoesOnBehindDamageForWhoIsToldOfIt) {
  const std::string path = "/data/orders-0/00000000000000000000.log";
  const test::OwnedBatch batch = test::Batch({"a", "b"});
  std::string bytes;
  for (const int64_t base : {0, 2, 4, 6}) {
    bytes += batch.At(Offset{base}).bytes();
  }
  bytes[static_cast<size_t>(batch_bytes_) + 65] ^= 1;
  // Nor does this one say where it ends.
  bytes[static_cast<size_t>(2 * batch_bytes_) + 8] ^= 1;
  Write("orders-0/00000000000000000000.log", bytes);
  std::vector<int64_t> positions;
  std::vector<std::string> damages;
  const auto take = [&](const DumpedEntry& entry) {
    positions.push_back(entry.position);
    return true;
  };
  const auto damaged = [&](const absl::Status& status) {
    EXPECT_THAT(status, HasReason(Reason::kCorruptBatch));
    damages.emplace_back(MessageOf(status));
  };

  EXPECT_THAT(DumpFile(*files_, path, take, damaged),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(positions, ElementsAre(0));
  EXPECT_THAT(damages, IsEmpty()) << "it is what was returned";
  // The index knows of the last one.
  std::string entry(8, '\0');
  StoreBig<int32_t>(entry.data(), 7);
  StoreBig<int32_t>(entry.data() + 4, static_cast<int32_t>(3 * batch_bytes_));
  Write("orders-0/00000000000000000000.index", entry);
  positions.clear();
  EXPECT_THAT(DumpFile(*files_, path, take, damaged), IsOk());
  EXPECT_THAT(positions, ElementsAre(0, 3 * batch_bytes_));
  EXPECT_THAT(damages, ElementsAre(HasSubstr("the next whole batch begins")));
  EXPECT_THAT(DumpFile(*files_, path, take), HasReason(Reason::kCorruptBatch));
}

TEST_F(Dump, EndsADumpWhenItIsTold) {
  int taken = 0;
  EXPECT_THAT(DumpFile(*files_, "/data/orders-0/00000000000000000000.log",
                       [&](const DumpedEntry&) { return ++taken < 1; }),
              IsOk());
  EXPECT_EQ(taken, 1);
}

TEST_F(Dump, DumpsTheEntriesOfIndexes) {
  using std::literals::string_view_literals::operator""sv;
  Write("orders-0/00000000000000000004.index", "\0\0\0\1\0\0\0\x50\0\0"sv);
  Write("orders-0/00000000000000000004.timeindex",
        "\0\0\0\0\0\0\0\x07\0\0\0\1"sv);
  const auto offsets = EntriesOf("/data/orders-0/00000000000000000004.index");
  ASSERT_THAT(offsets, IsOk());
  ASSERT_THAT(*offsets, SizeIs(1));
  EXPECT_EQ((*offsets)[0].offset, Offset{5});
  EXPECT_EQ((*offsets)[0].batch_position, 0x50);
  const auto times = EntriesOf("/data/orders-0/00000000000000000004.timeindex");
  ASSERT_THAT(times, IsOk());
  ASSERT_THAT(*times, SizeIs(1));
  EXPECT_EQ((*times)[0].offset, Offset{5});
  EXPECT_EQ((*times)[0].timestamp, Timestamp{7});
}

TEST_F(Dump, RefusesToDumpOtherFiles) {
  EXPECT_THAT(EntriesOf("/data/orders-0/partition.metadata"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(EntriesOf("/data/orders-0/00000000000000000099.log"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(EntriesOf("/data/orders-0/00000000000000000099.index"),
              StatusIs(absl::StatusCode::kNotFound));
  Write("orders-0/00000000000000000004.log", "half a batch");
  EXPECT_THAT(EntriesOf("/data/orders-0/00000000000000000004.log"),
              HasReason(Reason::kCorruptBatch));
}

TEST_F(Dump, ListsAPartitionsFilesInTheOrderOfTheirOffsets) {
  Write("orders-0/00000000000000000000.index", "");
  Write("orders-0/00000000000000000000.timeindex", "");
  Write("orders-0/00000000000000000000.log.deleted", "");
  EXPECT_THAT(*ListSegmentFiles(*files_, "/data/orders-0", SegmentFiles::kLogs),
              ElementsAre("/data/orders-0/00000000000000000000.log",
                          "/data/orders-0/00000000000000000004.log"));
  EXPECT_THAT(*ListSegmentFiles(*files_, "/data/orders-0",
                                SegmentFiles::kLogsAndIndexes),
              ElementsAre("/data/orders-0/00000000000000000000.index",
                          "/data/orders-0/00000000000000000000.log",
                          "/data/orders-0/00000000000000000000.timeindex",
                          "/data/orders-0/00000000000000000004.log"));
}

TEST_F(Dump, DumpsWhatWasAbortedAndWhatIsKnownOfProducers) {
  AbortedIndex aborted;
  aborted.Add({{7}, {1}, {3}, {4}});
  Write("orders-0/00000000000000000000.txnindex", aborted.Encode());
  const ProducerState producers[] = {
      ProducerState(ProducerId{7}, {.epoch = 2, .transaction = Offset{3}})};
  Write("orders-0/00000000000000000004.snapshot", EncodeProducers(producers));

  int entries = 0;
  EXPECT_THAT(DumpFile(*files_, "/data/orders-0/00000000000000000000.txnindex",
                       [&](const DumpedEntry& entry) {
                         EXPECT_EQ(entry.position, 0);
                         EXPECT_EQ(entry.abort->producer_id, ProducerId{7});
                         EXPECT_EQ(entry.abort->first, Offset{1});
                         EXPECT_EQ(entry.abort->last, Offset{3});
                         EXPECT_EQ(entry.abort->last_stable, Offset{4});
                         return ++entries > 0;
                       }),
              IsOk());
  EXPECT_THAT(DumpFile(*files_, "/data/orders-0/00000000000000000004.snapshot",
                       [&](const DumpedEntry& entry) {
                         EXPECT_EQ(entry.position, 10);
                         EXPECT_EQ(entry.producer->epoch, 2);
                         EXPECT_EQ(entry.producer->transaction, Offset{3});
                         return ++entries > 0;
                       }),
              IsOk());
  EXPECT_EQ(entries, 2);
}

TEST_F(Dump, TellsDamagedFilesOfProducers) {
  Write("orders-0/00000000000000000000.txnindex", "rubbish");
  Write("orders-0/00000000000000000004.snapshot", "rubbish");
  for (const char* name :
       {"00000000000000000000.txnindex", "00000000000000000004.snapshot"}) {
    EXPECT_THAT(EntriesOf(std::string("/data/orders-0/") + name),
                HasReason(Reason::kCorruptFile));
  }
  EXPECT_THAT(EntriesOf("/data/orders-0/00000000000000000009.txnindex"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(EntriesOf("/data/orders-0/00000000000000000009.snapshot"),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce
