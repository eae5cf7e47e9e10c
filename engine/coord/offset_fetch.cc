#include "engine/coord/offset_fetch.h"

#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce {

OffsetFetchReply FetchFrom(const OffsetTable& offsets,
                           const OffsetFetch& fetch) {
  OffsetFetchReply reply;
  std::vector<TopicPartition> wanted;
  if (fetch.partitions) {
    wanted = *fetch.partitions;
  } else {
    for (OffsetCommitKey& key : offsets.KeysOf(fetch.group))
      wanted.push_back({std::move(key.topic), key.partition});
  }
  for (TopicPartition& each : wanted) {
    FetchedOffset& fetched = reply.offsets.emplace_back();
    const OffsetCommitKey key = {fetch.group, each.topic, each.partition};
    fetched.partition = std::move(each);
    if (fetch.unstable == UnstableOffsets::kRefuse && offsets.IsPending(key)) {
      fetched.status = MakeError(
          Reason::kUnstableOffsetCommit,
          fmt::format("group {}: a transaction that is open commits an offset "
                      "of {}; try again once it has ended",
                      fetch.group, fetched.partition.ToString()));
      continue;
    }
    const CommittedOffset* const found = offsets.Find(key);
    if (found == nullptr) continue;
    fetched.offset = found->value.offset;
    fetched.leader_epoch = found->value.leader_epoch;
    fetched.metadata = found->value.metadata;
    fetched.topic_id = found->value.topic_id;
  }
  return reply;
}

}  // namespace cauce
