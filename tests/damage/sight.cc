#include "tests/damage/sight.h"

#include <gtest/gtest.h>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"

namespace cauce::test {
namespace {

// More places than any test damages.
constexpr size_t kDamagesMax = 40;

}  // namespace

Sight ReadOver(const Partition& partition) {
  Sight sight;
  Cursor cursor = partition.Read(partition.log_start());
  RecordView record;
  for (;;) {
    const Offset before = cursor.position();
    const auto more = cursor.Next(&record);
    if (more.ok() && !*more) return sight;
    if (more.ok()) {
      sight.records[record.offset.value] = record.value.value_or("");
      continue;
    }
    if (!IsDamage(more.status()) || sight.told.size() == kDamagesMax) {
      sight.ended = more.status();
      return sight;
    }
    sight.told.emplace_back(MessageOf(more.status()));
    const auto next = cursor.SkipDamage();
    if (!next.ok()) {
      sight.ended = next.status();
      return sight;
    }
    EXPECT_GE(*next, before);
  }
}

Sight ReadOver(const Engine& engine, const TopicPartition& partition) {
  const auto opened =
      engine.OpenPartition(partition.topic, partition.partition);
  if (opened.ok()) return ReadOver(*opened);
  Sight sight;
  sight.ended = opened.status();
  return sight;
}

std::vector<Finding> VerifyAll(FileSystem& files, std::string_view directory) {
  std::vector<Finding> all;
  const auto verified =
      VerifyDirectory(files, directory, {},
                      [&](const Finding& finding) { all.push_back(finding); });
  EXPECT_TRUE(verified.ok()) << verified.status();
  return all;
}

absl::StatusOr<Offset> AppendOne(const Engine& engine,
                                 const TopicPartition& partition,
                                 std::string_view value) {
  CAUCE_ASSIGN_OR_RETURN(
      Partition opened,
      engine.OpenPartition(partition.topic, partition.partition));
  const Record record{.key = "k", .value = value};
  CAUCE_ASSIGN_OR_RETURN(const AppendResult result,
                         opened.Append({&record, 1}));
  return result.base;
}

}  // namespace cauce::test
