// What the engine leaves behind, judged by Apache Kafka: its DumpLogSegments
// reads every record as it was written, finds the indexes right, and has
// nothing to complain of. And it does complain of files that were tampered
// with, so that its silence means something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/codec.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "cauce/record.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/interop/dump.h"
#include "tests/interop/kafka.h"
#include "tests/testing/matchers.h"
#include "tests/testing/owned_record.h"
#include "tests/testing/seed.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::Dump;
using test::DumpedFile;
using test::IsOk;
using test::Kafka;
using test::OwnedRecord;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ValuesIn;
using Configs = std::map<std::string, std::string>;
using Records = std::vector<OwnedRecord>;

// Segments of a few dozen batches, and an index entry for nearly each.
const Configs kSmall = {{"internal.segment.bytes", "65536"},
                        {"index.interval.bytes", "512"}};

// Makes records of all shapes: keys and values that are null, empty, large and
// beyond ASCII, headers likewise, and times that go back and forth. No text
// holds a newline or, in a header's key, a comma: the tool prints both as they
// are.
class RecordMaker {
 public:
  explicit RecordMaker(uint32_t seed) : random_(seed) {}

  int Below(int bound) {
    return std::uniform_int_distribution<int>(0, bound - 1)(random_);
  }

  OwnedRecord Make() {
    OwnedRecord record;
    record.key = MaybeText(20);
    record.value = MaybeText(Below(50) == 0 ? 5000 : 100);
    for (int left = Below(4); left > 0; --left) {
      record.headers.emplace_back(Text(6), MaybeText(10));
    }
    record.timestamp = absl::ToUnixMillis(test::SimClock::kStart) - 1'000'000 +
                       Below(2'000'000);
    return record;
  }

  Records MakeSome(int count_max) {
    Records records(1 + Below(count_max));
    std::ranges::generate(records, [this] { return Make(); });
    return records;
  }

 private:
  std::string Text(int letters_max) {
    constexpr std::string_view kLetters[] = {"a", "B", "7", " ",
                                             ":", "ñ", "€", "|"};
    std::string text;
    for (int left = Below(letters_max + 1); left > 0; --left) {
      text += kLetters[Below(std::size(kLetters))];
    }
    return text;
  }

  std::optional<std::string> MaybeText(int letters_max) {
    if (Below(6) == 0) return std::nullopt;
    return Text(letters_max);
  }

  std::mt19937 random_;
};

// The tool's line for a record that is written at `offset`.
std::string LineOf(const OwnedRecord& record, Offset offset,
                   std::optional<Timestamp> append_time, int32_t sequence) {
  const auto size = [](const std::optional<std::string>& bytes) {
    return bytes ? static_cast<int64_t>(bytes->size()) : -1;
  };
  std::vector<std::string> header_keys;
  for (const auto& [key, value] : record.headers) header_keys.push_back(key);
  std::string line = fmt::format(
      "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} "
      "headerKeys: [{}]",
      offset.value, append_time ? "LogAppendTime" : "CreateTime",
      append_time ? append_time->ms : record.timestamp, size(record.key),
      size(record.value), sequence, fmt::join(header_keys, ","));
  if (record.key) line += " key: " + *record.key;
  if (record.value) line += " payload: " + *record.value;
  return line;
}

// A topic of one partition, and the lines that the tool shall print of it.
class Writer {
 public:
  Writer(std::string directory, const Configs& configs)
      : directory_(std::move(directory)) {
    Open();
    EXPECT_THAT(engine_->CreateTopic("t", {.configs = configs}), IsOk());
  }

  void Open() {
    auto engine = Engine::Open(directory_, {.clock = &clock_});
    ASSERT_THAT(engine, IsOk());
    engine_ = std::make_unique<Engine>(*std::move(engine));
  }

  void Close() {
    EXPECT_THAT(engine_->Close(), IsOk());
    engine_.reset();
  }

  Partition Open0() { return *engine_->OpenPartition("t", PartitionId{0}); }

  void Append(const Records& records, const BatchFields& fields = {},
              const AppendOptions& options = {}) {
    clock_.Advance(absl::Milliseconds(3));
    BatchBuilder builder(fields, 16 << 20);
    for (const OwnedRecord& record : records) {
      ASSERT_TRUE(test::Add(builder, record));
    }
    const auto batch = builder.Finish();
    ASSERT_THAT(batch, IsOk());
    const auto appended = Open0().Append(*batch, options);
    ASSERT_THAT(appended, IsOk());
    Expect(records, fields, *appended);
  }

  // Takes the records at and above `next` off what is expected.
  void ForgetFrom(Offset next) {
    lines_.resize(static_cast<size_t>(next - Offset{0}));
  }

  const std::vector<std::string>& lines() const { return lines_; }
  std::string partition() const { return directory_ + "/t-0"; }

 private:
  void Expect(const Records& records, const BatchFields& fields,
              const AppendResult& appended) {
    for (size_t i = 0; i < records.size(); ++i) {
      const auto delta = static_cast<int32_t>(i);
      const int32_t sequence =
          fields.base_sequence < 0 ? -1 : fields.base_sequence + delta;
      lines_.push_back(LineOf(records[i], appended.base + delta,
                              appended.append_time, sequence));
    }
  }

  std::string directory_;
  test::SimClock clock_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::string> lines_;
};

// The paths below `folder` that end so, in the order of their names: that of
// their offsets.
std::vector<std::string> FilesIn(const std::string& folder,
                                 const std::vector<std::string>& ends) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (std::ranges::any_of(
            ends, [&](const auto& end) { return path.ends_with(end); })) {
      files.push_back(path);
    }
  }
  std::ranges::sort(files);
  return files;
}

const std::vector<std::string> kLogs = {".log"};
const std::vector<std::string> kIndexes = {".index", ".timeindex"};

// The three ways in which the tool looks at a partition.
struct Verdict {
  Dump dumped;    // everything, with every record
  Dump verified;  // indexes against logs
  Dump checked;   // indexes as a broker does when it starts

  std::vector<std::string> Complaints() const {
    std::vector<std::string> all = dumped.complaints;
    for (const Dump* more : {&verified, &checked}) {
      all.insert(all.end(), more->complaints.begin(), more->complaints.end());
    }
    return all;
  }

  size_t EntriesIn(std::string_view end) const {
    size_t entries = 0;
    for (const DumpedFile& file : dumped.files) {
      if (file.path.ends_with(end)) entries += file.entries.size();
    }
    return entries;
  }
};

Verdict Judge(const Kafka& kafka, const std::string& folder) {
  const std::vector<std::string> logs = FilesIn(folder, kLogs);
  const std::vector<std::string> indexes = FilesIn(folder, kIndexes);
  std::vector<std::string> files = logs;
  files.insert(files.end(), indexes.begin(), indexes.end());
  return {
      kafka.DumpLogSegments({"--deep-iteration", "--print-data-log"}, files),
      kafka.DumpLogSegments({"--verify-index-only"}, indexes),
      kafka.DumpLogSegments({"--index-sanity-check"}, indexes)};
}

int64_t SizeOf(const std::string& path) {
  return static_cast<int64_t>(std::filesystem::file_size(path));
}

// The batches follow each other from the first byte of the file to its last.
void ExpectWholeLog(const DumpedFile& file) {
  int64_t position = 0;
  for (const test::DumpedBatch& batch : file.batches) {
    EXPECT_EQ(batch.position, position) << file.path;
    position += batch.size;
  }
  EXPECT_EQ(SizeOf(file.path), position) << file.path;
}

// The tool ends its walk, without a word, at an entry that it takes for a
// preallocated one: it must have come to the last.
void ExpectWholeIndex(const DumpedFile& file) {
  const int64_t entry_bytes = file.path.ends_with(".timeindex") ? 12 : 8;
  EXPECT_EQ(SizeOf(file.path),
            entry_bytes * static_cast<int64_t>(file.entries.size()))
      << file.path;
}

void ExpectSound(const Verdict& verdict,
                 const std::vector<std::string>& lines) {
  EXPECT_THAT(verdict.Complaints(), IsEmpty());
  std::vector<std::string> dumped;
  for (const DumpedFile& file : verdict.dumped.files) {
    dumped.insert(dumped.end(), file.records.begin(), file.records.end());
    if (file.path.ends_with(".log")) {
      ExpectWholeLog(file);
    } else {
      ExpectWholeIndex(file);
    }
  }
  for (const DumpedFile& file : verdict.checked.files) {
    EXPECT_TRUE(file.passed_check || SizeOf(file.path) == 0) << file.path;
  }
  // Not one matcher for all: it would print megabytes.
  EXPECT_EQ(dumped.size(), lines.size());
  const auto [is, shall] = std::ranges::mismatch(dumped, lines);
  if (is != dumped.end() && shall != lines.end()) {
    EXPECT_EQ(*is, *shall);
  }
}

// The jars, once for all tests. Without them there is nothing to ask; where
// changes are tested before they land that is a failure.
class DumpLogSegments : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (kafka_ == nullptr) kafka_ = new auto(Kafka::Fetch());
  }

  void SetUp() override {
    const char* const ci = std::getenv("CI");
    if (kafka_->ok()) return;
    if (ci != nullptr && std::string_view(ci) == "true") {
      FAIL() << kafka_->status();
    }
    GTEST_SKIP() << kafka_->status();
  }

  // Closes the writer, and holds what it left to what it wrote.
  Verdict ExpectSoundAfterClose(Writer& writer) {
    writer.Close();
    const Verdict verdict = Judge(**kafka_, writer.partition());
    ExpectSound(verdict, writer.lines());
    return verdict;
  }

  static absl::StatusOr<Kafka>* kafka_;
  test::TempDir scratch_;
};

absl::StatusOr<Kafka>* DumpLogSegments::kafka_ = nullptr;

class EveryCodec : public DumpLogSegments,
                   public ::testing::WithParamInterface<Codec> {};

TEST_P(EveryCodec, IsReadInManySegments) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  Writer writer(scratch_ / "data", kSmall);

  for (int batch = 0; batch < 300; ++batch) {
    writer.Append(maker.MakeSome(30), {.codec = GetParam()});
  }
  // Beyond the blocks that codecs cut their input into.
  writer.Append(Records(1, {.value = std::string(500'000, 'x')}),
                {.codec = GetParam()});

  const Verdict verdict = ExpectSoundAfterClose(writer);
  EXPECT_GE(FilesIn(writer.partition(), kLogs).size(), 3u);
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
  Configs configs = kSmall;
  configs["compression.type"] = GetParam() == Codec::kNone
                                    ? "uncompressed"
                                    : std::string(CodecName(GetParam()));
  Writer writer(scratch_ / "data", configs);

  for (int batch = 0; batch < 100; ++batch) {
    writer.Append(maker.MakeSome(30),
                  {.codec = static_cast<Codec>(maker.Below(kCodecs))});
  }

  const Verdict verdict = ExpectSoundAfterClose(writer);
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
  Configs configs = kSmall;
  configs["message.timestamp.type"] = "LogAppendTime";
  Writer writer(scratch_ / "data", configs);

  for (int batch = 0; batch < 200; ++batch) {
    writer.Append(maker.MakeSome(20),
                  {.codec = static_cast<Codec>(maker.Below(kCodecs))});
  }

  const Verdict verdict = ExpectSoundAfterClose(writer);
  EXPECT_GE(verdict.EntriesIn(".timeindex"), 100u);
}

TEST_F(DumpLogSegments, FollowsThousandsOfIndexEntries) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  Writer writer(scratch_ / "data", {{"index.interval.bytes", "0"}});

  for (int64_t batch = 0; batch < 3000; ++batch) {
    OwnedRecord record = maker.Make();
    record.timestamp = absl::ToUnixMillis(test::SimClock::kStart) + batch;
    writer.Append({record}, {}, {.ack = Ack::kWritten});
  }

  const Verdict verdict = ExpectSoundAfterClose(writer);
  EXPECT_EQ(FilesIn(writer.partition(), kLogs).size(), 1u);
  EXPECT_GE(verdict.EntriesIn(".index"), 2000u);
  EXPECT_GE(verdict.EntriesIn(".timeindex"), 2000u);
}

TEST_F(DumpLogSegments, ReadsIdempotentBatchesAndTheEpochsOfLeaders) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  Writer writer(scratch_ / "data", kSmall);

  int32_t sequence = 0;
  for (int32_t batch = 0; batch < 40; ++batch) {
    const Records records = maker.MakeSome(20);
    writer.Append(
        records,
        {.producer_id = {77}, .producer_epoch = 2, .base_sequence = sequence},
        {.leader_epoch = LeaderEpoch{batch / 10}});
    sequence += static_cast<int32_t>(records.size());
  }

  const Verdict verdict = ExpectSoundAfterClose(writer);
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

TEST_F(DumpLogSegments, ReadsALogThatWasCutAndReopened) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  Writer writer(scratch_ / "data", kSmall);
  const auto append_some = [&](int batches) {
    for (int batch = 0; batch < batches; ++batch) {
      writer.Append(maker.MakeSome(30));
    }
  };

  for (int round = 0; round < 4; ++round) {
    append_some(100);
    const Offset end = writer.Open0().log_end();
    const auto cut = writer.Open0().TruncateTo(
        {maker.Below(static_cast<int>(end.value)) + 1});
    ASSERT_THAT(cut, IsOk());
    writer.ForgetFrom(*cut);
    append_some(round);  // at times nothing between a cut and the end
    writer.Close();
    writer.Open();
  }

  ExpectSoundAfterClose(writer);
}

// The log begins inside of a segment, which stays whole.
TEST_F(DumpLogSegments, ReadsWhatIsLeftOfALogThatForgot) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  Writer writer(scratch_ / "data", kSmall);
  for (int batch = 0; batch < 200; ++batch) writer.Append(maker.MakeSome(30));
  const Offset middle{writer.Open0().log_end().value / 2};

  ASSERT_THAT(writer.Open0().DeleteRecordsBefore(middle), IsOk());

  writer.Close();
  // Files that wait for their removal have names of their own.
  const std::string first = FilesIn(writer.partition(), kLogs).front();
  const size_t gone = std::stoul(std::filesystem::path(first).stem());
  EXPECT_GT(gone, 0u);
  const std::vector<std::string> left(writer.lines().begin() + gone,
                                      writer.lines().end());
  ExpectSound(Judge(**kafka_, writer.partition()), left);
}

// Cut off in the middle of its work: what is on the disk then ends in zeros,
// and the indexes were never saved.
TEST_F(DumpLogSegments, ReadsWhatWasRecovered) {
  const test::Seed seed;
  RecordMaker maker(seed.value());
  Writer writer(scratch_ / "data", kSmall);
  for (int batch = 0; batch < 200; ++batch) {
    writer.Append(maker.MakeSome(30));
  }
  const std::string copy = scratch_ / "copy";
  std::filesystem::copy(scratch_ / "data", copy,
                        std::filesystem::copy_options::recursive);

  auto recovered = Engine::Open(copy);
  ASSERT_THAT(recovered, IsOk());
  ASSERT_THAT(recovered->Close(), IsOk());

  ExpectSound(Judge(**kafka_, copy + "/t-0"), writer.lines());
}

TEST_F(DumpLogSegments, ReadsAPartitionWithoutRecords) {
  Writer writer(scratch_ / "data", {});
  writer.Open0();
  ExpectSoundAfterClose(writer);
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

std::vector<Tampering> Tamperings() {
  using Bytes = std::string;
  constexpr size_t kEntry = 8;       // offset 4, position 4
  constexpr size_t kTimeEntry = 12;  // timestamp 8, offset 4
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
  };
}

class Tampered : public DumpLogSegments,
                 public ::testing::WithParamInterface<Tampering> {};

TEST_P(Tampered, IsSeen) {
  Writer writer(scratch_ / "data", {{"index.interval.bytes", "0"}});
  RecordMaker maker(1);
  for (int64_t batch = 0; batch < 20; ++batch) {
    Records records = {maker.Make(), maker.Make()};
    records.back().timestamp =
        absl::ToUnixMillis(test::SimClock::kStart) + 1'000'000 + batch;
    writer.Append(records);
  }
  writer.Close();

  const std::string path =
      FilesIn(writer.partition(), {GetParam().end}).front();
  std::ifstream in(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  GetParam().spoil(bytes);
  std::ofstream(path, std::ios::binary) << bytes;

  EXPECT_THAT(Judge(**kafka_, writer.partition()).Complaints(),
              Contains(HasSubstr(GetParam().complaint)));
}

INSTANTIATE_TEST_SUITE_P(File, Tampered, ValuesIn(Tamperings()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace cauce
