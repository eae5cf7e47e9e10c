#include "tools/cli/group_view.h"

#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/plain_text.h"
#include "tools/cli/table.h"

namespace cauce::cli {
namespace {

using Readers = std::map<TopicPartition, std::string>;

std::string OrDash(std::string_view text) {
  return text.empty() ? "-" : PlainText(text);
}

// Which member reads each partition.
Readers ReadersOf(const DescribedGroup& group) {
  Readers readers;
  for (const MemberDescription& member : group.members) {
    for (const TopicPartition& each : member.assigned)
      readers[each] = member.id;
  }
  return readers;
}

Json MemberJson(const MemberDescription& member) {
  Json partitions = Json::array();
  for (const TopicPartition& each : member.assigned) {
    partitions.push_back({{"topic", BytesJson(each.topic)},
                          {"partition", each.partition.value}});
  }
  return {{"member", BytesJson(member.id)},
          {"instance",
           member.instance ? BytesJson(*member.instance) : Json(nullptr)},
          {"client_id", BytesJson(member.client_id)},
          {"host", BytesJson(member.client_host)},
          {"partitions", std::move(partitions)}};
}

Json OffsetJson(const TopicPartition& name, const GroupProgress& at,
                const Readers& readers) {
  const auto reader = readers.find(name);
  Json json = {
      {"topic", BytesJson(name.topic)},
      {"partition", name.partition.value},
      {"committed", nullptr},
      {"log_start", nullptr},
      {"log_end", nullptr},
      {"lag", nullptr},
      {"member",
       reader == readers.end() ? Json(nullptr) : BytesJson(reader->second)}};
  if (at.committed) {
    json["committed"] = at.committed->offset.value;
    json["metadata"] = BytesJson(at.committed->metadata);
  }
  if (at.log.ok()) {
    json["log_start"] = at.log->base.value;
    json["log_end"] = at.log->next.value;
  } else {
    json["error"] = MessageOf(at.log.status());
  }
  if (const auto lag = at.lag()) json["lag"] = *lag;
  return json;
}

std::string MembersTable(const std::vector<MemberDescription>& members) {
  Table table({"MEMBER", "INSTANCE", "CLIENT", "HOST", "PARTITIONS"});
  for (const MemberDescription& member : members) {
    table.Add({PlainText(member.id), OrDash(member.instance.value_or("")),
               OrDash(member.client_id), OrDash(member.client_host),
               std::to_string(member.assigned.size())});
  }
  return table.ToString();
}

std::string OffsetsTable(const std::map<TopicPartition, GroupProgress>& offsets,
                         const Readers& readers) {
  bool has_errors = false;
  for (const auto& [name, at] : offsets) has_errors |= !at.log.ok();
  std::vector<std::string> heads = {"TOPIC", "PARTITION", "COMMITTED",
                                    "END",   "LAG",       "MEMBER"};
  if (has_errors) heads.push_back("ERROR");
  Table table(std::move(heads));
  for (const auto& [name, at] : offsets) {
    const auto reader = readers.find(name);
    const auto lag = at.lag();
    std::vector<std::string> cells = {
        PlainText(name.topic),
        std::to_string(name.partition.value),
        at.committed ? std::to_string(at.committed->offset.value) : "-",
        at.log.ok() ? std::to_string(at.log->next.value) : "-",
        lag ? std::to_string(*lag) : "-",
        reader == readers.end() ? "-" : PlainText(reader->second)};
    if (has_errors) cells.push_back(PlainText(MessageOf(at.log.status())));
    table.Add(std::move(cells));
  }
  return table.ToString();
}

}  // namespace

Json GroupView::ToJson() const {
  Json json = {{"group", BytesJson(group.id)},
               {"state", GroupStateName(group.state)},
               {"protocol_type", BytesJson(group.protocol_type)},
               {"assignor", BytesJson(group.assignor)},
               {"generation", group.generation}};
  Json& members = json["members"] = Json::array();
  for (const MemberDescription& member : group.members)
    members.push_back(MemberJson(member));
  const Readers readers = ReadersOf(group);
  Json& list = json["offsets"] = Json::array();
  for (const auto& [name, at] : offsets)
    list.push_back(OffsetJson(name, at, readers));
  return json;
}

std::string GroupView::ToText() const {
  std::string text = fmt::format(
      "group       {}\nstate       {}\ngeneration  {}\nassignor    {}\n",
      PlainText(group.id), GroupStateName(group.state), group.generation,
      OrDash(group.assignor));
  if (!group.members.empty()) text += '\n' + MembersTable(group.members);
  return text + '\n' + OffsetsTable(offsets, ReadersOf(group));
}

int GroupView::Unreadable() const {
  int unreadable = 0;
  for (const auto& [name, at] : offsets) {
    const Reason reason = ReasonOf(at.log.status());
    const bool is_gone = reason == Reason::kUnknownTopic ||
                         reason == Reason::kUnknownPartition;
    unreadable += static_cast<int>(!at.log.ok() && !is_gone);
  }
  return unreadable;
}

Json GroupsJson(const std::vector<ListedGroup>& groups) {
  Json list = Json::array();
  for (const ListedGroup& each : groups) {
    list.push_back({{"group", BytesJson(each.id)},
                    {"state", GroupStateName(each.state)},
                    {"protocol_type", BytesJson(each.protocol_type)}});
  }
  return list;
}

std::string GroupsTable(const std::vector<ListedGroup>& groups) {
  Table table({"GROUP", "STATE", "PROTOCOL"});
  for (const ListedGroup& each : groups) {
    table.Add({PlainText(each.id), std::string(GroupStateName(each.state)),
               OrDash(each.protocol_type)});
  }
  return table.ToString();
}

}  // namespace cauce::cli
