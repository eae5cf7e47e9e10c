#include "tests/history/history.h"

#include "fmt/format.h"

namespace cauce::test {
namespace {

std::string Words(const OffsetsByPartition& offsets) {
  std::string text;
  for (const auto& [partition, offset] : offsets)
    text += fmt::format(" {}: {}", partition.ToString(), offset.value);
  return text;
}

std::string_view Words(Isolation isolation) {
  return isolation == Isolation::kReadCommitted ? "committed" : "uncommitted";
}

std::string_view Words(Promise promise) {
  switch (promise) {
    case Promise::kAtLeastOnce:
      return "at least once";
    case Promise::kAtMostOnce:
      return "at most once";
    case Promise::kNone:
      break;
  }
  return "as often as it likes";
}

// Of who has one, or asked earlier than where the event stands.
std::string Words(const std::string& member, std::optional<size_t> asked_at) {
  std::string text;
  if (!member.empty()) text += fmt::format(", as {}", member);
  if (asked_at.has_value()) text += fmt::format(", asked at {}", *asked_at);
  return text;
}

// One overload for each kind of event.
struct Line {
  std::string operator()(const ProducerStarted& e) const {
    return fmt::format("ProducerStarted: producer {}, id {}", e.producer,
                       e.transactional_id);
  }
  std::string operator()(const Sent& e) const {
    return fmt::format(
        "Sent: producer {}, transaction {}, {}, value {}, made of {}",
        e.producer, e.transaction, e.to.ToString(), e.value, e.source);
  }
  std::string operator()(const Acknowledged& e) const {
    return fmt::format("Acknowledged: value {} at {}", e.value, e.offset.value);
  }
  std::string operator()(const Refused& e) const {
    return fmt::format("Refused: value {}", e.value);
  }
  std::string operator()(const CommitAsked& e) const {
    return fmt::format("CommitAsked: transaction {}", e.transaction);
  }
  std::string operator()(const TransactionEnded& e) const {
    const bool commits = e.outcome == TransactionOutcome::kCommit;
    return fmt::format("TransactionEnded: transaction {}, {}", e.transaction,
                       commits ? "committed" : "aborted");
  }
  std::string operator()(const OffsetsAdded& e) const {
    return fmt::format("OffsetsAdded: transaction {}, group {} of {},{}{}",
                       e.transaction, e.group, e.generation, Words(e.offsets),
                       Words(e.member, e.asked_at));
  }
  std::string operator()(const MemberMade& e) const {
    return fmt::format("MemberMade: consumer {}, group {}, instance {}, {}{}",
                       e.consumer, e.group,
                       e.instance.empty() ? "none" : e.instance,
                       Words(e.promise),
                       e.is_cooperative ? ", cooperative" : "");
  }
  std::string operator()(const Delivered& e) const {
    return fmt::format(
        "Delivered: consumer {}, {}, transaction {}, {} at {}, value {}",
        e.consumer, Words(e.isolation), e.transaction, e.from.ToString(),
        e.offset.value, e.value);
  }
  std::string operator()(const Moved& e) const {
    return fmt::format("Moved: consumer {}, {}", e.consumer,
                       e.partition.ToString());
  }
  std::string operator()(const Worked& e) const {
    return fmt::format("Worked: consumer {}, {} at {}", e.consumer,
                       e.from.ToString(), e.offset.value);
  }
  std::string operator()(const Assigned& e) const {
    std::string text = fmt::format("Assigned: consumer {}, group {} of {}:",
                                   e.consumer, e.group, e.generation);
    for (const TopicPartition& each : e.partitions)
      text += " " + each.ToString();
    return text + Words(e.member, {});
  }
  std::string operator()(const OffsetsCommitAsked& e) const {
    return fmt::format("OffsetsCommitAsked: group {},{}", e.group,
                       Words(e.offsets));
  }
  std::string operator()(const OffsetsCommitted& e) const {
    return fmt::format("OffsetsCommitted: consumer {}, group {} of {},{}{}",
                       e.consumer, e.group, e.generation, Words(e.offsets),
                       Words(e.member, e.asked_at));
  }
  std::string operator()(const OffsetsSeen& e) const {
    return fmt::format("OffsetsSeen: group {},{}{}", e.group, Words(e.offsets),
                       Words("", e.asked_at));
  }
  std::string operator()(const RecordsDeleted& e) const {
    return fmt::format("RecordsDeleted: {} below {}", e.partition.ToString(),
                       e.before.value);
  }
  std::string operator()(const TopicDeleted& e) const {
    return fmt::format("TopicDeleted: {}", e.topic);
  }
  std::string operator()(const ProcessEnded&) const { return "ProcessEnded"; }
  std::string operator()(const LogRead& e) const {
    return fmt::format("LogRead: {}, {}, {} values, stable to {} of {}",
                       e.partition.ToString(), Words(e.isolation),
                       e.values.size(), e.last_stable.value, e.end.value);
  }
};

}  // namespace

std::string ToString(const Event& event) { return std::visit(Line(), event); }

}  // namespace cauce::test
