#include "engine/catalog/directory_owner.h"

#include "cauce/topic_id.h"
#include "fmt/format.h"

namespace cauce {

std::optional<OtherOwner> FindOtherOwner(const TopicEntry& topic,
                                         const absl::StatusOr<TopicId>& id) {
  if (!id.ok() || topic.id.is_zero() || *id == topic.id) return std::nullopt;
  return OtherOwner{
      .what = fmt::format("has topic id {}, and the list of topics has {} for "
                          "{}: the directory is another topic's, or one of "
                          "the two ids is wrong",
                          TopicIdText(*id), TopicIdText(topic.id), topic.name),
      .advice = fmt::format("put the directory that belongs here in its place, "
                            "or remove this file if the records are {}'s",
                            topic.name)};
}

}  // namespace cauce
