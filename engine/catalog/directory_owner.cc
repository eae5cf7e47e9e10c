#include "engine/catalog/directory_owner.h"

#include <utility>

#include "cauce/topic_id.h"
#include "fmt/format.h"

namespace cauce {

namespace {

// Another topic that has this id. One that a broker made may have none, and be
// given it once its directories have it.
const TopicEntry* FindOwner(const TopicCatalog& catalog,
                               const TopicEntry& topic, const TopicId& id) {
  if (id.is_zero()) return nullptr;
  for (const auto& [name, other] : catalog.topics()) {
    if (name != topic.name && other.id == id) return &other;
  }
  return nullptr;
}

}  // namespace

std::optional<OtherOwner> FindOtherOwner(const TopicCatalog& catalog,
                                         const TopicEntry& topic,
                                         const absl::StatusOr<TopicId>& id) {
  if (!id.ok() || *id == topic.id) return std::nullopt;
  std::string advice =
      fmt::format("put the directory that belongs here in its place, or remove "
                  "this file if the records are {}'s",
                  topic.name);
  if (topic.id.is_zero()) {
    const TopicEntry* const owner = FindOwner(catalog, topic, *id);
    if (owner == nullptr) return std::nullopt;
    return OtherOwner{
        .what = fmt::format("has topic id {}, which is {}'s in the list of "
                            "topics, and {} has none there: the directory is "
                            "{}'s, or the id is wrong",
                            TopicIdText(*id), owner->name, topic.name,
                            owner->name),
        .advice = std::move(advice)};
  }
  return OtherOwner{
      .what = fmt::format("has topic id {}, and the list of topics has {} for "
                          "{}: the directory is another topic's, or one of "
                          "the two ids is wrong",
                          TopicIdText(*id), TopicIdText(topic.id), topic.name),
      .advice = std::move(advice)};
}

}  // namespace cauce
