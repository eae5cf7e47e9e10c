#include "tests/history/history_end.h"

#include <algorithm>
#include <utility>

#include "cauce/cursor.h"
#include "cauce/partition.h"
#include "cauce/record.h"
#include "fmt/format.h"
#include "tests/history/history_names.h"

namespace cauce::test {

absl::StatusOr<OffsetsSeen> LookAtGroup(Client& client,
                                        const std::string& group,
                                        absl::Duration patience) {
  const auto topic = client.engine()->DescribeTopic(kIn);
  if (!topic.ok()) return topic.status();
  ConsumerOptions options;
  options.group = group;
  options.call_timeout = patience;
  const auto looker = client.NewConsumer(options);
  if (!looker.ok()) return looker.status();
  const auto committed =
      (*looker)->Committed(PartitionsOf(kIn, topic->partitions));
  if (!committed.ok()) return committed.status();
  OffsetsSeen seen;
  seen.group = group;
  for (const auto& [partition, where] : *committed)
    seen.offsets[partition] = where.offset;
  return seen;
}

OffsetsByPartition PositionsOf(Consumer& consumer, OffsetsByPartition read) {
  for (auto& [partition, offset] : read) {
    const auto position = consumer.Position(partition);
    if (position.ok()) offset = std::max(offset, *position);
  }
  return read;
}

absl::StatusOr<LogRead> ReadWholeLog(Engine& engine, const TopicPartition& name,
                                     Isolation isolation) {
  LogRead read;
  read.partition = name;
  read.isolation = isolation;
  const auto partition = engine.OpenPartition(name.topic, name.partition);
  if (!partition.ok()) return partition.status();
  Cursor cursor =
      partition->Read(partition->log_start(), {.isolation = isolation});
  RecordView record;
  for (;;) {
    const auto more = cursor.Next(&record);
    if (!more.ok()) return more.status();
    if (!*more) break;
    read.values[record.offset] = ValueOf(record);
  }
  const auto stable = partition->LastStableOffset();
  if (!stable.ok()) return stable.status();
  read.last_stable = *stable;
  read.end = partition->log_end();
  const Offset visible = isolation == Isolation::kReadCommitted
                             ? read.last_stable
                             : partition->high_watermark();
  if (cursor.position() < visible) {
    return absl::DataLossError(
        fmt::format("the cursor stays at {}, and there is more to {}",
                    cursor.position().value, visible.value));
  }
  return read;
}

}  // namespace cauce::test
