// Numbers, names, views and callbacks that no sensible program passes, to every
// call of the public API: each is answered, and none changes what is stored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "cauce/topic_config.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::ElementsAre;

constexpr int32_t kInt32Min = std::numeric_limits<int32_t>::min();
constexpr int32_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr Offset kLowest{INT64_MIN};
constexpr Offset kHighest{INT64_MAX};
constexpr std::string_view kWithZero("orders\0x", 8);

struct Call {
  std::string name;
  std::function<absl::Status(Engine&, Partition&)> run;
  Reason answer = Reason::kNone;  // which stands for success
};

absl::StatusOr<AppendResult> AppendOne(Partition& to, std::string_view value) {
  const Record record{.value = value, .timestamp = Timestamp{1000}};
  return to.Append({&record, 1});
}

// A batch of one record, with fields of the caller's.
class Built {
 public:
  Built(const BatchFields& fields, const Record& record)
      : builder_(fields, kRecordBytesMax) {
    EXPECT_TRUE(builder_.Add(record));
    batch_ = builder_.Finish();
  }
  absl::Status AppendTo(Partition& to) const {
    if (!batch_.ok()) return batch_.status();
    return to.Append(*batch_).status();
  }

 private:
  BatchBuilder builder_;
  absl::StatusOr<RecordBatch> batch_;
};

std::vector<Call> CallsForTopics() {
  using enum Reason;
  std::vector<Call> calls;
  for (const std::string_view name : {std::string_view(), std::string_view(""),
                                      kWithZero, std::string_view("..")}) {
    const std::string shown = "of a topic that cannot be: ";
    calls.insert(
        calls.end(),
        {{shown + "create",
          [=](Engine& engine, Partition&) {
            return engine.CreateTopic(name).status();
          },
          kInvalidTopicName},
         {shown + "describe",
          [=](Engine& engine, Partition&) {
            return engine.DescribeTopic(name).status();
          },
          kInvalidTopicName},
         {shown + "alter",
          [=](Engine& engine, Partition&) {
            return engine.AlterTopic(name, {{"retention.ms", "1"}});
          },
          kInvalidTopicName},
         {shown + "grow",
          [=](Engine& engine, Partition&) {
            return engine.CreatePartitions(name, 9);
          },
          kInvalidTopicName},
         {shown + "delete",
          [=](Engine& engine, Partition&) { return engine.DeleteTopic(name); },
          kInvalidTopicName},
         {shown + "open",
          [=](Engine& engine, Partition&) {
            return engine.OpenPartition(name, PartitionId{0}).status();
          },
          kInvalidTopicName}});
  }
  for (const int32_t partitions : {0, -1, kInt32Min, kInt32Max}) {
    calls.insert(
        calls.end(),
        {{"create with so many partitions: " + std::to_string(partitions),
          [=](Engine& engine, Partition&) {
            return engine.CreateTopic("new", {.partitions = partitions})
                .status();
          },
          kInvalidPartitions},
         {"grow to so many partitions: " + std::to_string(partitions),
          [=](Engine& engine, Partition&) {
            return engine.CreatePartitions("orders", partitions);
          },
          kInvalidPartitions},
         {"alter to so many partitions: " + std::to_string(partitions),
          [=](Engine& engine, Partition&) {
            return engine.AlterTopic("orders", {{"retention.ms", "1"}},
                                     partitions);
          },
          kInvalidPartitions}});
  }
  for (const int32_t partition : {-1, 1, kInt32Min, kInt32Max}) {
    calls.push_back({"open partition " + std::to_string(partition),
                     [=](Engine& engine, Partition&) {
                       return engine
                           .OpenPartition("orders", PartitionId{partition})
                           .status();
                     },
                     kUnknownPartition});
  }
  for (const TopicConfigOverrides& configs :
       {TopicConfigOverrides{{"", ""}},
        TopicConfigOverrides{{"retention.ms", std::string(1 << 20, '9')}},
        TopicConfigOverrides{{std::string(1 << 20, 'x'), "1"}},
        TopicConfigOverrides{{"retention.ms", std::string("1\0", 2)}}}) {
    const auto& [name, value] = *configs.begin();
    calls.insert(
        calls.end(),
        {{"create with a config that is none",
          [=](Engine& engine, Partition&) {
            return engine.CreateTopic("new", {.configs = configs}).status();
          },
          kInvalidConfig},
         {"set a config that is none",
          [name, value](Engine& engine, Partition&) {
            return engine.AlterTopic("orders", {{name, value}});
          },
          kInvalidConfig}});
  }
  calls.insert(calls.end(), {{"take back a config that is none",
                              [](Engine& engine, Partition&) {
                                return engine.AlterTopic("orders",
                                                         {{"", std::nullopt}});
                              },
                              kInvalidConfig},
                             {"alter nothing", [](Engine& engine, Partition&) {
                                return engine.AlterTopic("orders", {});
                              }}});
  for (const absl::Duration time :
       {-absl::InfiniteDuration(), absl::ZeroDuration()}) {
    calls.push_back({"upkeep without time", [=](Engine& engine, Partition&) {
                       return engine.RunUpkeep(time);
                     }});
  }
  return calls;
}

std::vector<Call> CallsForAppends() {
  using enum Reason;
  const std::string large(2 << 20, 'v');
  return {
      {"append a batch that was never assigned",
       [](Engine&, Partition& to) { return to.Append(RecordBatch()).status(); },
       kInvalidRecord},
      {"append one in passing",
       [](Engine&, Partition& to) {
         absl::Status answer;
         to.AppendAsync(RecordBatch(), {},
                        [&](const absl::StatusOr<AppendResult>& result) {
                          answer = result.status();
                        });
         return answer;
       },
       kInvalidRecord},
      {"append one and do not ask",
       [](Engine&, Partition& to) {
         to.AppendAsync(RecordBatch(), {}, nullptr);
         return absl::OkStatus();
       }},
      {"append no records",
       [](Engine&, Partition& to) {
         return to.Append(std::span<const Record>()).status();
       },
       kInvalidRecord},
      {"append a record that is too large",
       [large](Engine&, Partition& to) {
         return AppendOne(to, large).status();
       },
       kBatchTooLarge},
      {"append a batch that is too large",
       [large](Engine&, Partition& to) {
         return Built({}, {.value = large}).AppendTo(to);
       },
       kBatchTooLarge},
      {"append at the end of time",
       [](Engine&, Partition& to) {
         const Record record{.value = "v", .timestamp = Timestamp{INT64_MAX}};
         return to.Append({&record, 1}).status();
       },
       kInvalidTimestamp},
      {"append what ends at the end of time",
       [](Engine&, Partition& to) {
         return Built({.max_timestamp = Timestamp{INT64_MAX}}, {.value = "v"})
             .AppendTo(to);
       },
       kInvalidTimestamp},
      {"append for a leader of long ago",
       [](Engine&, Partition& to) {
         const Record record{.value = "v"};
         return to
             .Append({&record, 1}, {.leader_epoch = LeaderEpoch{kInt32Min}})
             .status();
       },
       kFencedEpoch},
      {"append a control batch",
       [](Engine&, Partition& to) {
         return Built({.control = true}, {.value = "v"}).AppendTo(to);
       },
       kInvalidRecord},
      {"append a batch that covers all offsets",
       [](Engine&, Partition& to) {
         return Built({.last_offset_delta = kInt32Max}, {.value = "v"})
             .AppendTo(to);
       },
       kInvalidRecord},
      {"build a batch that covers no offset",
       [](Engine&, Partition& to) {
         return Built({.last_offset_delta = -1}, {.value = "v"}).AppendTo(to);
       },
       kInvalidOption},
      {"build a batch below all offsets",
       [](Engine&, Partition& to) {
         return Built({.base_offset = kLowest}, {.value = "v"}).AppendTo(to);
       },
       kInvalidOption},
      {"build a batch of a codec that is none",
       [](Engine&, Partition& to) {
         return Built({.codec = static_cast<Codec>(-1)}, {.value = "v"})
             .AppendTo(to);
       },
       kUnsupportedCodec},
      {"build a batch of a level that is none",
       [](Engine&, Partition& to) {
         return Built({.codec = Codec::kZstd, .codec_level = kInt32Max},
                      {.value = "v"})
             .AppendTo(to);
       },
       kInvalidOption},
  };
}

std::vector<Call> CallsForReads() {
  using enum Reason;
  std::vector<Call> calls;
  for (const Offset at : {kLowest, Offset{-1}, Offset{4}, kHighest}) {
    const std::string shown = " at offset " + std::to_string(at.value);
    calls.insert(calls.end(), {{"read" + shown,
                                [=](Engine&, Partition& from) {
                                  RecordView record;
                                  return from.Read(at).Next(&record).status();
                                },
                                kOffsetOutOfRange},
                               {"read a batch" + shown,
                                [=](Engine&, Partition& from) {
                                  RecordBatch batch;
                                  Cursor cursor = from.Read(Offset{0});
                                  cursor.Seek(at);
                                  return cursor.NextBatch(&batch).status();
                                },
                                kOffsetOutOfRange},
                               {"skip damage" + shown,
                                [=](Engine&, Partition& from) {
                                  return from.Read(at).SkipDamage().status();
                                },
                                kOffsetOutOfRange},
                               {"truncate" + shown,
                                [=](Engine&, Partition& from) {
                                  return from.TruncateTo(at).status();
                                },
                                kOffsetOutOfRange},
                               {"delete before" + shown,
                                [=](Engine&, Partition& from) {
                                  return from.DeleteRecordsBefore(at);
                                },
                                at < Offset{0} ? kNone : kOffsetOutOfRange}});
  }
  for (const size_t bytes : {size_t{0}, size_t{1}, SIZE_MAX}) {
    calls.push_back({"read in pieces of " + std::to_string(bytes),
                     [=](Engine&, Partition& from) {
                       Cursor cursor = from.Read(
                           Offset{0}, {.up_to = static_cast<ReadUpTo>(99),
                                       .read_bytes = bytes,
                                       .decompressed_bytes_max = bytes});
                       RecordView record;
                       for (int i = 0; i < 3; ++i) {
                         const auto more = cursor.Next(&record);
                         if (!more.ok()) return more.status();
                       }
                       return absl::OkStatus();
                     }});
  }
  calls.insert(
      calls.end(),
      {{"find at both ends of time",
        [](Engine&, Partition& from) {
          EXPECT_THAT(from.FindByTime(Timestamp{INT64_MIN}),
                      IsOkAndHolds(FoundOffset{Offset{0}, Timestamp{1000}}));
          EXPECT_THAT(from.FindByTime(Timestamp{INT64_MAX}),
                      IsOkAndHolds(std::optional<FoundOffset>()));
          return absl::OkStatus();
        }},
       {"wait no time at all", [](Engine&, Partition& from) {
          for (const absl::Duration time :
               {-absl::InfiniteDuration(), absl::ZeroDuration()}) {
            EXPECT_THAT(from.WaitFor(kHighest, time), IsOkAndHolds(false));
            EXPECT_THAT(from.WaitFor(kLowest, time), IsOkAndHolds(true));
          }
          EXPECT_THAT(from.WaitFor(kLowest, absl::InfiniteDuration()),
                      IsOkAndHolds(true));
          return absl::OkStatus();
        }}});
  return calls;
}

enum class Home { kMemory, kDisk, kDiskWithThreads };

void PrintTo(Home home, std::ostream* out) {
  *out << (home == Home::kMemory ? "Memory"
           : home == Home::kDisk ? "Disk"
                                 : "DiskWithThreads");
}

class OddArguments : public ::testing::TestWithParam<Home> {
 protected:
  OddArguments() {
    if (GetParam() == Home::kDiskWithThreads) executor_ = NewThreadPool(1);
    engine_.emplace(
        Engine::Open(GetParam() == Home::kMemory ? ":memory:" : Data(),
                     {.executor = executor_.get()})
            .value());
    // What it holds is of 1970.
    EXPECT_THAT(
        engine_->CreateTopic("orders", {.configs = {{"retention.ms", "-1"}}}),
        IsOk());
    orders_.emplace(engine_->OpenPartition("orders", PartitionId{0}).value());
    for (const std::string_view value : {"a", "b", "c"}) {
      EXPECT_THAT(AppendOne(*orders_, value), IsOk());
    }
  }
  ~OddArguments() override {
    EXPECT_THAT(engine_->Close(), IsOk());
    test::ExpectVerified(*PosixFileSystem(), Data(), test::Left::kWhole);
  }

  std::string Data() const { return scratch_ / "data"; }

  std::vector<std::string> Values() const {
    std::vector<std::string> values;
    Cursor cursor = orders_->Read(Offset{0});
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return values;
      values.emplace_back(record.value.value_or("(null)"));
    }
  }

  // Makes every call and looks what it left.
  void MakeAll(const std::vector<Call>& calls) {
    const auto before = engine_->ListTopics();
    ASSERT_THAT(before, IsOk());
    for (const Call& call : calls) {
      SCOPED_TRACE(call.name);
      const absl::Status answer = call.run(*engine_, *orders_);
      if (call.answer == Reason::kNone) {
        EXPECT_THAT(answer, IsOk());
      } else {
        EXPECT_THAT(answer, HasReason(call.answer));
      }
      EXPECT_THAT(Values(), ElementsAre("a", "b", "c"));
    }
    const auto after = engine_->ListTopics();
    ASSERT_THAT(after, IsOk());
    ASSERT_EQ(after->size(), before->size());
    EXPECT_EQ(after->front().partitions, before->front().partitions);
    EXPECT_EQ(after->front().configs, before->front().configs);
    EXPECT_THAT(AppendOne(*orders_, "d"), IsOk());
    EXPECT_THAT(Values(), ElementsAre("a", "b", "c", "d"));
  }

  const test::TempDir scratch_;
  std::unique_ptr<Executor> executor_;
  std::optional<Engine> engine_;
  std::optional<Partition> orders_;
};

TEST_P(OddArguments, AboutTopicsAreAnsweredAndChangeNothing) {
  MakeAll(CallsForTopics());
}

TEST_P(OddArguments, ToAppendAreAnsweredAndChangeNothing) {
  MakeAll(CallsForAppends());
}

TEST_P(OddArguments, ToReadAndToCutAreAnsweredAndChangeNothing) {
  MakeAll(CallsForReads());
}

TEST_P(OddArguments, ABatchIsStoredForWhoDoesNotWantToKnow) {
  BatchBuilder builder;
  ASSERT_TRUE(builder.Add({.value = "d"}));
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, IsOk());
  orders_->AppendAsync(*batch, {}, nullptr);
  EXPECT_THAT(orders_->Flush(), IsOk());
  EXPECT_THAT(Values(), ElementsAre("a", "b", "c", "d"));
}

INSTANTIATE_TEST_SUITE_P(Homes, OddArguments,
                         ::testing::Values(Home::kMemory, Home::kDisk,
                                           Home::kDiskWithThreads),
                         ::testing::PrintToStringParamName());

TEST(OddOptions, AreRefusedBeforeAnyFileIsTouched) {
  const test::TempDir scratch;
  const std::string data = scratch / "data";
  for (const EngineOptions& options : std::vector<EngineOptions>{
           {.open_files_max = kInt32Min},
           {.open_files_max = 7},
           {.free_bytes_min = -1},
           {.free_bytes_min = INT64_MIN},
           {.checkpoint_interval = absl::ZeroDuration()},
           {.checkpoint_interval = -absl::InfiniteDuration()},
           {.retention_check_interval = absl::ZeroDuration()},
           {.retention_check_interval = -absl::InfiniteDuration()},
           {.producer_expiration = absl::ZeroDuration()}}) {
    EXPECT_THAT(Engine::Open(data, options), HasReason(Reason::kInvalidOption));
  }
  EXPECT_THAT(PosixFileSystem()->Info(data),
              test::StatusIs(absl::StatusCode::kNotFound));
}

TEST(OddOptions, AreTakenAtTheirUpperEnds) {
  const auto executor = NewThreadPool(1);
  auto engine = Engine::Open(
      ":memory:", {.executor = executor.get(),
                   .open_files_max = kInt32Max,
                   .free_bytes_min = INT64_MAX,
                   .checkpoint_interval = absl::InfiniteDuration(),
                   .retention_check_interval = absl::InfiniteDuration()});
  ASSERT_THAT(engine, IsOk());
  EXPECT_THAT(engine->RunUpkeep(), IsOk());
  EXPECT_THAT(engine->Close(), IsOk());
}

TEST(OddNames, OfADirectoryAreRefused) {
  for (const Access access : {Access::kReadWrite, Access::kReadOnly}) {
    for (const std::string_view name : {std::string_view(), kWithZero}) {
      EXPECT_THAT(Engine::Open(name, {.access = access}),
                  HasReason(Reason::kInvalidOption));
    }
    EXPECT_FALSE(
        Engine::Open(std::string(100'000, 'x'), {.access = access}).ok());
  }
}

}  // namespace
}  // namespace cauce
