// What the engine leaves behind, judged by Apache Kafka: its DumpLogSegments
// reads every record as it was written, finds the indexes right, knows of
// producers and aborted transactions what was appended, and has nothing to
// complain of. And it does complain of files that were tampered
// with, so that its silence means something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/codec.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "tests/interop/dump.h"
#include "tests/interop/kafka_test.h"
#include "tests/interop/mixed_producers.h"
#include "tests/interop/record_maker.h"
#include "tests/interop/verdict.h"
#include "tests/interop/written_topic.h"
#include "tests/testing/matchers.h"
#include "tests/testing/owned_record.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::Configs;
using test::DumpedFile;
using test::FilesIn;
using test::IsOk;
using test::MixedProducers;
using test::OwnedRecord;
using test::RecordMaker;
using test::Records;
using test::Verdict;
using test::WrittenRecord;
using test::WrittenTopic;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ValuesIn;

const std::vector<std::string> kLogs = {".log"};

class DumpLogSegments : public test::KafkaTest {
 protected:
  // Closes the topic, and holds what is left of it to what was written.
  Verdict ExpectSoundAfterClose(WrittenTopic& topic) {
    topic.Close();
    const Verdict verdict = Judge(kafka(), topic.folder());
    ExpectSound(verdict, topic.written());
    ExpectProducers(verdict, topic);
    return verdict;
  }
};

class EveryCodec : public DumpLogSegments,
                   public ::testing::WithParamInterface<Codec> {};

TEST_P(EveryCodec, IsReadInManySegments) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);

  for (int batch = 0; batch < 300; ++batch) {
    topic.Append(maker.MakeSome(30), {.codec = GetParam()});
  }
  // Beyond the blocks that codecs cut their input into.
  topic.Append(Records(1, {.value = std::string(500'000, 'x')}),
               {.codec = GetParam()});

  const Verdict verdict = ExpectSoundAfterClose(topic);
  EXPECT_GE(FilesIn(topic.folder(), kLogs).size(), 3u);
  EXPECT_GE(verdict.EntriesIn(".index"), 100u);
  for (const DumpedFile& file : verdict.dumped.files) {
    for (const test::DumpedBatch& batch : file.batches) {
      EXPECT_EQ(batch.codec, CodecName(GetParam()));
    }
  }
}

TEST_P(EveryCodec, IsReadWhereTheLogCompressed) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  Configs configs = test::kSmallSegments;
  configs["compression.type"] = GetParam() == Codec::kNone
                                    ? "uncompressed"
                                    : std::string(CodecName(GetParam()));
  WrittenTopic topic(scratch_ / "data", configs);

  for (int batch = 0; batch < 100; ++batch) {
    topic.Append(maker.MakeSome(30),
                 {.codec = static_cast<Codec>(maker.Below(kCodecs))});
  }

  const Verdict verdict = ExpectSoundAfterClose(topic);
  for (const DumpedFile& file : verdict.dumped.files) {
    for (const test::DumpedBatch& batch : file.batches) {
      EXPECT_EQ(batch.codec, CodecName(GetParam()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codec, EveryCodec,
                         ::testing::Values(Codec::kNone, Codec::kGzip,
                                           Codec::kSnappy, Codec::kLz4,
                                           Codec::kZstd),
                         [](const auto& info) {
                           return std::string(CodecName(info.param));
                         });

TEST_F(DumpLogSegments, ReadsWhatGotItsTimeFromTheLog) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  Configs configs = test::kSmallSegments;
  configs["message.timestamp.type"] = "LogAppendTime";
  WrittenTopic topic(scratch_ / "data", configs);

  for (int batch = 0; batch < 200; ++batch) {
    topic.Append(maker.MakeSome(20),
                 {.codec = static_cast<Codec>(maker.Below(kCodecs))});
  }

  const Verdict verdict = ExpectSoundAfterClose(topic);
  EXPECT_GE(verdict.EntriesIn(".timeindex"), 100u);
}

TEST_F(DumpLogSegments, FollowsThousandsOfIndexEntries) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", {{"index.interval.bytes", "0"}});

  for (int64_t batch = 0; batch < 3000; ++batch) {
    OwnedRecord record = maker.Make();
    record.timestamp = absl::ToUnixMillis(test::SimClock::kStart) + batch;
    topic.Append({record}, {}, {.ack = Ack::kWritten});
  }

  const Verdict verdict = ExpectSoundAfterClose(topic);
  EXPECT_EQ(FilesIn(topic.folder(), kLogs).size(), 1u);
  EXPECT_GE(verdict.EntriesIn(".index"), 2000u);
  EXPECT_GE(verdict.EntriesIn(".timeindex"), 2000u);
}

TEST_F(DumpLogSegments, ReadsIdempotentBatchesAndTheEpochsOfLeaders) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);

  int32_t sequence = 0;
  for (int32_t batch = 0; batch < 40; ++batch) {
    const Records records = maker.MakeSome(20);
    topic.Append(
        records,
        {.producer_id = {77}, .producer_epoch = 2, .base_sequence = sequence},
        {.leader_epoch = LeaderEpoch{batch / 10}});
    sequence += static_cast<int32_t>(records.size());
  }

  const Verdict verdict = ExpectSoundAfterClose(topic);
  int32_t batches = 0;
  for (const DumpedFile& file : verdict.dumped.files) {
    for (const test::DumpedBatch& batch : file.batches) {
      EXPECT_EQ(batch.producer_id, 77);
      EXPECT_EQ(batch.leader_epoch, batches / 10);
      ++batches;
    }
  }
  EXPECT_EQ(batches, 40);
}

// Committed, aborted and still open at the end, of producers that were fenced
// and of others whose sequences have begun anew.
TEST_F(DumpLogSegments, ReadsTransactionsAndWhatIsKnownOfProducers) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  MixedProducers producers(topic, maker, [&] { return maker.MakeSome(20); });

  for (int round = 0; round < 4; ++round) {
    producers.Take(100);
    topic.Close();
    topic.Open();
  }
  producers.EndAllBut(2);

  const Verdict verdict = ExpectSoundAfterClose(topic);
  EXPECT_GE(topic.producers().AbortedLines().size(), 10u);
  EXPECT_GE(FilesIn(topic.folder(), {".txnindex"}).size(), 3u);
  EXPECT_GE(FilesIn(topic.folder(), {".snapshot"}).size(), 3u);
}

// A transaction that lay open over the cut is open again, and is ended anew.
TEST_F(DumpLogSegments, ReadsTransactionsOfALogThatWasCut) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  {
    MixedProducers producers(topic, maker, [&] { return maker.MakeSome(20); });
    producers.Take(300);
  }

  const auto cut = topic.partition().TruncateTo(
      {maker.Below(static_cast<int>(topic.written().size())) + 1});
  ASSERT_THAT(cut, IsOk());
  topic.ForgetFrom(*cut);
  int32_t coordinator_epoch = 1000;
  for (const auto& [id, producer] : topic.producers().At(*cut)) {
    if (producer.transaction_first < 0) continue;
    topic.End({.producer_id = {id},
               .producer_epoch = producer.epoch,
               .coordinator_epoch = coordinator_epoch++,
               .outcome = TransactionOutcome::kAbort});
  }

  ExpectSoundAfterClose(topic);
}

TEST_F(DumpLogSegments, ReadsALogThatWasCutAndReopened) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  const auto append_some = [&](int batches) {
    for (int batch = 0; batch < batches; ++batch) {
      topic.Append(maker.MakeSome(30));
    }
  };

  for (int round = 0; round < 4; ++round) {
    append_some(100);
    const Offset end = topic.partition().log_end();
    const auto cut = topic.partition().TruncateTo(
        {maker.Below(static_cast<int>(end.value)) + 1});
    ASSERT_THAT(cut, IsOk());
    topic.ForgetFrom(*cut);
    append_some(round);  // at times nothing between a cut and the end
    topic.Close();
    topic.Open();
  }

  ExpectSoundAfterClose(topic);
}

// The log begins inside of a segment, which stays whole.
TEST_F(DumpLogSegments, ReadsWhatIsLeftOfALogThatForgot) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  for (int batch = 0; batch < 200; ++batch) topic.Append(maker.MakeSome(30));
  const Offset middle{topic.partition().log_end().value / 2};

  ASSERT_THAT(topic.partition().DeleteRecordsBefore(middle), IsOk());

  topic.Close();
  // Files that wait for their removal have names of their own.
  const std::string first = FilesIn(topic.folder(), kLogs).front();
  const size_t gone = std::stoul(std::filesystem::path(first).stem());
  EXPECT_GT(gone, 0u);
  ExpectSound(Judge(kafka(), topic.folder()),
              std::span(topic.written()).subspan(gone));
}

// Cut off in the middle of its work: what is on the disk then ends in zeros,
// and the indexes were never saved.
TEST_F(DumpLogSegments, ReadsWhatWasRecovered) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  for (int batch = 0; batch < 200; ++batch) {
    topic.Append(maker.MakeSome(30));
  }
  const std::string copy = scratch_ / "copy";
  std::filesystem::copy(scratch_ / "data", copy,
                        std::filesystem::copy_options::recursive);

  auto recovered = Engine::Open(copy);
  ASSERT_THAT(recovered, IsOk());
  ASSERT_THAT(recovered->Close(), IsOk());

  ExpectSound(Judge(kafka(), copy + "/t-0"), topic.written());
}

// In the place of a segment that is lost, and behind the last that is left,
// stand batches without records.
TEST_F(DumpLogSegments, ReadsWhatWasRepairedWhereSegmentsWereLost) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  WrittenTopic topic(scratch_ / "data", test::kSmallSegments);
  for (int batch = 0; batch < 300; ++batch) topic.Append(maker.MakeSome(30));
  topic.Close();
  const std::vector<std::string> logs = FilesIn(topic.folder(), kLogs);
  ASSERT_GE(logs.size(), 4u);
  const auto base_of = [&](size_t i) {
    return std::stoul(std::filesystem::path(logs[i]).stem());
  };
  for (const size_t lost : {size_t{1}, logs.size() - 1}) {
    for (const char* const end : {".log", ".index", ".timeindex"}) {
      std::filesystem::remove(
          std::filesystem::path(logs[lost]).replace_extension(end));
    }
  }

  size_t gaps = 0;
  const auto repaired =
      RepairDirectory(*PosixFileSystem(), topic.directory(),
                      {.step = [&](const RepairStep& step) {
                        gaps += step.action == RepairAction::kFillGap ? 1 : 0;
                      }});

  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(gaps, 2u);
  std::vector<WrittenRecord> left = topic.written();
  left.resize(base_of(logs.size() - 1));
  left.erase(left.begin() + static_cast<std::ptrdiff_t>(base_of(1)),
             left.begin() + static_cast<std::ptrdiff_t>(base_of(2)));
  const Verdict verdict = Judge(kafka(), topic.folder());
  ExpectSound(verdict, left);
  EXPECT_EQ(FilesIn(topic.folder(), kLogs), logs);
}

TEST_F(DumpLogSegments, ReadsAPartitionWithoutRecords) {
  WrittenTopic topic(scratch_ / "data", {});
  topic.partition();
  ExpectSoundAfterClose(topic);
}

// Files of a sound partition, first to last, as bytes to be spoiled.
struct Tampering {
  std::string name;
  std::string end;  // of the file's name; the first such file is taken
  std::function<void(std::string& bytes)> spoil;
  std::string complaint;  // what the tool then says, among other things
};

void PrintTo(const Tampering& tampering, std::ostream* out) {
  *out << tampering.name;
}

// Of a transaction index the tool complains of nothing: it prints it.
std::vector<Tampering> Tamperings() {
  using Bytes = std::string;
  constexpr size_t kEntry = 8;       // offset 4, position 4
  constexpr size_t kTimeEntry = 12;  // timestamp 8, offset 4
  constexpr size_t kHead = 10;       // of a snapshot: version 2, CRC 4, count 4
  return {
      {"OffsetOfAnIndexEntry", ".index",
       [](Bytes& bytes) { ++bytes[3 * kEntry + 3]; }, "Mismatches in :"},
      {"PositionOfAnIndexEntry", ".index",
       [](Bytes& bytes) { ++bytes[3 * kEntry + 7]; }, "Exception"},
      {"LastBytesOfAnIndex", ".index", [](Bytes& bytes) { bytes.pop_back(); },
       "CorruptIndexException"},
      {"TimeOfATimeIndexEntry", ".timeindex",
       [](Bytes& bytes) { ++bytes[3 * kTimeEntry + 7]; },
       "Found timestamp mismatch in :"},
      {"OffsetOfATimeIndexEntry", ".timeindex",
       [](Bytes& bytes) { ++bytes[3 * kTimeEntry + 11]; },
       "The following indexed offsets are not found in the log."},
      {"OrderOfATimeIndex", ".timeindex",
       [](Bytes& bytes) {
         std::swap_ranges(bytes.begin(), bytes.begin() + kTimeEntry,
                          bytes.begin() + kTimeEntry);
       },
       "Found out of order timestamp in :"},
      {"LastBytesOfATimeIndex", ".timeindex",
       [](Bytes& bytes) { bytes.pop_back(); }, "CorruptIndexException"},
      {"CrcOfABatch", ".log", [](Bytes& bytes) { ++bytes[17]; },
       "isvalid: false"},
      {"BaseOffsetOfABatch", ".log", [](Bytes& bytes) { ++bytes[7]; },
       "Non-consecutive offsets in "},
      {"ZerosBehindALog", ".log", [](Bytes& bytes) { bytes.append(100, 0); },
       "CorruptRecordException: Found record size 0"},
      {"PartOfABatchBehindALog", ".log",
       [](Bytes& bytes) { bytes.append(10, 0); },
       "Found 10 invalid bytes at the end of "},
      {"CrcOfASnapshot", ".snapshot", [](Bytes& bytes) { ++bytes[5]; },
       "is corrupt (CRC is no longer valid)"},
      {"EntryOfASnapshot", ".snapshot", [](Bytes& bytes) { ++bytes[kHead]; },
       "is corrupt (CRC is no longer valid)"},
      {"VersionOfASnapshot", ".snapshot", [](Bytes& bytes) { ++bytes[1]; },
       "unknown file version 2"},
  };
}

class Tampered : public DumpLogSegments,
                 public ::testing::WithParamInterface<Tampering> {};

TEST_P(Tampered, IsSeen) {
  WrittenTopic topic(scratch_ / "data", {{"index.interval.bytes", "0"}});
  RecordMaker maker(1);
  for (int64_t batch = 0; batch < 20; ++batch) {
    Records records = {maker.Make(), maker.Make()};
    records.back().timestamp =
        absl::ToUnixMillis(test::SimClock::kStart) + 1'000'000 + batch;
    topic.Append(records);
  }
  topic.Append({maker.Make()}, {.transactional = true,
                                .producer_id = {7},
                                .producer_epoch = 0,
                                .base_sequence = 0});
  topic.End({.producer_id = {7}, .producer_epoch = 0, .coordinator_epoch = 0});
  topic.Close();

  const std::string path = FilesIn(topic.folder(), {GetParam().end}).front();
  std::ifstream in(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  GetParam().spoil(bytes);
  std::ofstream(path, std::ios::binary) << bytes;

  EXPECT_THAT(Judge(kafka(), topic.folder()).Complaints(),
              Contains(HasSubstr(GetParam().complaint)));
}

INSTANTIATE_TEST_SUITE_P(File, Tampered, ValuesIn(Tamperings()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace cauce
