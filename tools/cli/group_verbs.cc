#include "tools/cli/group_verbs.h"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/confirmation.h"
#include "tools/cli/format.h"
#include "tools/cli/group_seek.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/suggestion.h"
#include "tools/cli/table.h"

namespace cauce::cli {
namespace {

struct GroupOptions {
  std::string dir;
  Format format = Format::kText;
  std::string name;
  std::string to;
  std::vector<std::string> topics;
  bool dry_run = false;
  bool yes = false;
};

using Options = std::shared_ptr<GroupOptions>;

// The client goes behind the admin.
struct Opened {
  std::unique_ptr<Client> client;
  std::unique_ptr<Admin> admin;
};

absl::StatusOr<Opened> OpenAdmin(const std::string& dir, Access access) {
  auto client = OpenClient(dir, access);
  if (!client.ok()) return client.status();
  auto admin = (*client)->NewAdmin();
  if (!admin.ok()) return admin.status();
  return Opened{*std::move(client), *std::move(admin)};
}

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string OrDash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string NumberText(const Json& number) {
  return number.is_null() ? "-" : number.dump();
}

int List(const GroupOptions& options) {
  const auto opened = OpenAdmin(options.dir, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  const auto groups = opened->admin->ListGroups();
  if (!groups.ok()) return Fail(groups.status());
  Table table({"GROUP", "STATE", "PROTOCOL"});
  Json list = Json::array();
  for (const ListedGroup& each : *groups) {
    const std::string state(GroupStateName(each.state));
    table.Add({each.id, state, OrDash(each.protocol_type)});
    list.push_back({{"group", each.id},
                    {"state", state},
                    {"protocol_type", each.protocol_type}});
  }
  Print(options.format == Format::kJson ? Line(list) : table.ToString());
  return kOk;
}

// What is told of a group that is not there.
absl::Status WithHint(Admin& admin, const std::string& name,
                      const absl::Status& status) {
  if (ReasonOf(status) != Reason::kGroupIdNotFound) return status;
  const auto groups = admin.ListGroups();
  if (!groups.ok()) return status;
  std::vector<std::string> names;
  for (const ListedGroup& each : *groups) names.push_back(each.id);
  const std::string nearest = Nearest(name, names);
  const std::string hint =
      nearest.empty() ? "cauce group list shows which there are"
                      : fmt::format("did you mean {}?", nearest);
  return MakeError(Reason::kGroupIdNotFound,
                   fmt::format("{}; {}", MessageOf(status), hint));
}

Json ToJson(const DescribedGroup& group) {
  Json json = {{"group", group.id},
               {"state", GroupStateName(group.state)},
               {"protocol_type", group.protocol_type},
               {"assignor", group.assignor},
               {"generation", group.generation}};
  Json& members = json["members"] = Json::array();
  for (const MemberDescription& member : group.members) {
    Json partitions = Json::array();
    for (const TopicPartition& each : member.assigned) {
      partitions.push_back(
          {{"topic", each.topic}, {"partition", each.partition.value}});
    }
    members.push_back({{"member", member.id},
                       {"instance", member.instance ? Json(*member.instance)
                                                    : Json(nullptr)},
                       {"client_id", member.client_id},
                       {"host", member.client_host},
                       {"partitions", std::move(partitions)}});
  }
  return json;
}

Json ToJson(const TopicPartition& name, const GroupProgress& at,
            const std::string& member) {
  Json json = {{"topic", name.topic},
               {"partition", name.partition.value},
               {"committed", nullptr},
               {"log_start", nullptr},
               {"log_end", nullptr},
               {"lag", nullptr},
               {"member", member.empty() ? Json(nullptr) : Json(member)}};
  if (at.committed) {
    json["committed"] = at.committed->offset.value;
    json["metadata"] = at.committed->metadata;
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

std::string MembersTable(const Json& members) {
  Table table({"MEMBER", "INSTANCE", "CLIENT", "HOST", "PARTITIONS"});
  for (const Json& member : members) {
    table.Add({member["member"], member.value("instance", Json()).is_null()
                                     ? "-"
                                     : member["instance"].get<std::string>(),
               OrDash(member["client_id"]), OrDash(member["host"]),
               std::to_string(member["partitions"].size())});
  }
  return table.ToString();
}

std::string OffsetsTable(const Json& offsets, bool has_errors) {
  std::vector<std::string> heads = {"TOPIC", "PARTITION", "COMMITTED",
                                    "END",   "LAG",       "MEMBER"};
  if (has_errors) heads.push_back("ERROR");
  Table table(std::move(heads));
  for (const Json& each : offsets) {
    std::vector<std::string> cells = {
        each["topic"],
        each["partition"].dump(),
        NumberText(each["committed"]),
        NumberText(each["log_end"]),
        NumberText(each["lag"]),
        each["member"].is_null() ? "-" : each["member"].get<std::string>()};
    if (has_errors) cells.push_back(each.value("error", ""));
    table.Add(std::move(cells));
  }
  return table.ToString();
}

void PrintDescription(const DescribedGroup& group, const Json& json,
                      bool has_errors) {
  Print(fmt::format(
      "group       {}\nstate       {}\ngeneration  {}\nassignor    {}\n",
      group.id, GroupStateName(group.state), group.generation,
      OrDash(group.assignor)));
  if (!group.members.empty()) Print('\n' + MembersTable(json["members"]));
  Print('\n' + OffsetsTable(json["offsets"], has_errors));
}

int Describe(const GroupOptions& options) {
  const auto opened = OpenAdmin(options.dir, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  Admin& admin = *opened->admin;
  const auto group = admin.DescribeGroup(options.name);
  if (!group.ok())
    return Fail(WithHint(admin, options.name, group.status()));
  const auto offsets = admin.ListGroupOffsets(options.name);
  if (!offsets.ok()) return Fail(offsets.status());
  std::map<TopicPartition, std::string> readers;
  for (const MemberDescription& member : group->members) {
    for (const TopicPartition& each : member.assigned)
      readers[each] = member.id;
  }
  Json json = ToJson(*group);
  Json& list = json["offsets"] = Json::array();
  int errors = 0;
  int unreadable = 0;
  for (const auto& [name, at] : *offsets) {
    list.push_back(ToJson(name, at, readers[name]));
    if (at.log.ok()) continue;
    ++errors;
    // A topic that is gone is no failure: it shows that it is.
    const Reason reason = ReasonOf(at.log.status());
    unreadable += static_cast<int>(reason != Reason::kUnknownTopic &&
                                   reason != Reason::kUnknownPartition);
  }
  if (options.format == Format::kJson) {
    Print(Line(json));
  } else {
    PrintDescription(*group, json, errors > 0);
  }
  if (unreadable == 0) return kOk;
  Note(fmt::format("{} cannot be opened", Counted(unreadable, "partition")));
  return kFailed;
}

// ---- Seek

// One partition, before and after.
struct Move {
  std::optional<Offset> before;
  OffsetRange log;
  Offset after;
};
using Moves = std::map<TopicPartition, Move>;

absl::Status CheckHasNoMembers(Admin& admin, const std::string& name) {
  const auto group = admin.DescribeGroup(name);
  // Seeking makes it.
  if (ReasonOf(group.status()) == Reason::kGroupIdNotFound)
    return absl::OkStatus();
  if (!group.ok()) return group.status();
  if (group->state == GroupState::kEmpty) return absl::OkStatus();
  return MakeError(
      Reason::kGroupNotEmpty,
      fmt::format("group {} has {}, and is {}: stop them first, or what they "
                  "commit takes it back",
                  name,
                  Counted(static_cast<int64_t>(group->members.size()),
                          "member"),
                  GroupStateName(group->state)));
}

// Those that are named; where none is, all that the group has committed.
absl::StatusOr<std::vector<TopicPartition>> Chosen(
    Admin& admin, const GroupOptions& options,
    const std::vector<NamedPartitions>& named,
    const std::map<TopicPartition, GroupProgress>& known) {
  std::vector<TopicPartition> chosen;
  if (named.empty()) {
    for (const auto& [name, at] : known) chosen.push_back(name);
    if (!chosen.empty()) return chosen;
    return WithHint(
        admin, options.name,
        MakeError(Reason::kGroupIdNotFound,
                  fmt::format("group {} has committed nothing: name the topics "
                              "in which it is to begin with --topic",
                              options.name)));
  }
  for (const NamedPartitions& each : named) {
    const auto topic = admin.DescribeTopic(each.topic);
    if (!topic.ok()) return topic.status();
    for (const PartitionId id : each.partitions)
      chosen.push_back({each.topic, id});
    for (int32_t i = 0; each.partitions.empty() && i < topic->partitions; ++i)
      chosen.push_back({each.topic, PartitionId{i}});
  }
  return chosen;
}

absl::StatusOr<Offset> LookUp(Admin& admin, const TopicPartition& name,
                              const OffsetSpec& wanted) {
  const auto found = admin.ListOffsets({{name, wanted}}).at(name);
  if (!found.ok()) return found.status();
  return found->offset;
}

absl::StatusOr<Move> Plan(Admin& admin, const TopicPartition& name,
                          const std::optional<Offset>& now,
                          const SeekTarget& target) {
  Move move;
  move.before = now;
  const auto start = LookUp(admin, name, {.kind = OffsetSpec::Kind::kStart});
  if (!start.ok()) return start.status();
  const auto end = LookUp(admin, name, {.kind = OffsetSpec::Kind::kEnd});
  if (!end.ok()) return end.status();
  move.log = {*start, *end};
  Offset found;
  if (target.wanted()) {
    const auto at = LookUp(admin, name, *target.wanted());
    if (!at.ok()) return at.status();
    found = *at;
  }
  const auto to = target.In(name, now, move.log, found);
  if (!to.ok()) return to.status();
  move.after = *to;
  return move;
}

absl::StatusOr<Moves> PlanAll(Admin& admin, const GroupOptions& options,
                              const std::vector<NamedPartitions>& named,
                              const SeekTarget& target) {
  if (absl::Status busy = CheckHasNoMembers(admin, options.name); !busy.ok())
    return busy;
  const auto known = admin.ListGroupOffsets(options.name);
  if (!known.ok()) return known.status();
  const auto chosen = Chosen(admin, options, named, *known);
  if (!chosen.ok()) return chosen.status();
  Moves moves;
  for (const TopicPartition& name : *chosen) {
    std::optional<Offset> now;
    const auto at = known->find(name);
    if (at != known->end() && at->second.committed)
      now = at->second.committed->offset;
    const auto move = Plan(admin, name, now, target);
    if (!move.ok()) return move.status();
    moves[name] = *move;
  }
  return moves;
}

absl::Status CarryOut(Admin& admin, const std::string& group,
                      const Moves& moves) {
  OffsetsToCommit offsets;
  for (const auto& [name, move] : moves) offsets[name] = {.offset = move.after};
  const auto altered = admin.AlterGroupOffsets(group, offsets);
  if (!altered.ok()) return altered.status();
  for (const auto& [name, status] : *altered) {
    if (!status.ok()) return Annotate(status, name.ToString());
  }
  return absl::OkStatus();
}

void PrintMoves(const Moves& moves, const GroupOptions& options) {
  Json list = Json::array();
  Table table({"TOPIC", "PARTITION", "BEFORE", "AFTER", "LAG"});
  for (const auto& [name, move] : moves) {
    const Json before = move.before ? Json(move.before->value) : Json(nullptr);
    const int64_t lag = OffsetRange{move.after, move.log.next}.count();
    list.push_back({{"topic", name.topic},
                    {"partition", name.partition.value},
                    {"before", before},
                    {"after", move.after.value},
                    {"log_start", move.log.base.value},
                    {"log_end", move.log.next.value},
                    {"lag", lag}});
    table.Add({name.topic, std::to_string(name.partition.value),
               NumberText(before), std::to_string(move.after.value),
               std::to_string(lag)});
  }
  if (options.format == Format::kJson) {
    Print(Line({{"group", options.name},
                {"dry_run", options.dry_run},
                {"partitions", std::move(list)}}));
  } else {
    Print(table.ToString());
  }
}

int Seek(const GroupOptions& options) {
  const auto target = SeekTarget::Parse(options.to);
  if (!target.ok()) return UsageError(target.status());
  std::vector<NamedPartitions> named;
  for (const std::string& text : options.topics) {
    auto each = ParsePartitions(text);
    if (!each.ok()) return UsageError(each.status());
    named.push_back(*std::move(each));
  }
  const auto opened = OpenAdmin(
      options.dir, options.dry_run ? Access::kReadOnly : Access::kReadWrite);
  if (!opened.ok()) return Fail(opened.status());
  const auto moves = PlanAll(*opened->admin, options, named, *target);
  if (!moves.ok()) return Fail(moves.status());
  if (!options.dry_run) {
    const absl::Status done = CarryOut(*opened->admin, options.name, *moves);
    if (!done.ok()) return Fail(done);
  }
  if (absl::Status closed = opened->client->Close(); !closed.ok())
    return Fail(closed);
  PrintMoves(*moves, options);
  if (options.dry_run) Note("nothing was moved: without --dry-run it is");
  return kOk;
}

int Delete(const GroupOptions& options) {
  if (!options.yes && isatty(STDIN_FILENO) == 0) {
    return UsageError(fmt::format(
        "deleting group {} forgets how far it is: say so with --yes",
        options.name));
  }
  const auto opened = OpenAdmin(options.dir, Access::kReadWrite);
  if (!opened.ok()) return Fail(opened.status());
  Admin& admin = *opened->admin;
  const auto group = admin.DescribeGroup(options.name);
  if (!group.ok())
    return Fail(WithHint(admin, options.name, group.status()));
  const Answer answer =
      options.yes ? Answer::kYes
                  : AskWhether(fmt::format(
                        "delete group {} with all it has committed?",
                        options.name));
  if (answer != Answer::kYes) {
    Note("nothing was deleted");
    return answer == Answer::kInterrupted ? InterruptedExit() : kFailed;
  }
  const absl::Status deleted = admin.DeleteGroup(options.name);
  if (!deleted.ok()) return Fail(deleted);
  if (absl::Status closed = opened->client->Close(); !closed.ok())
    return Fail(closed);
  Print(options.format == Format::kJson
            ? Line({{"deleted", options.name}})
            : fmt::format("deleted {}\n", options.name));
  return kOk;
}

Verb AddVerb(const Verb& noun, Action& action, const std::string& name,
             const std::string& description, const Options& options,
             int (*run)(const GroupOptions&), const std::string& example) {
  const Verb verb = noun.Add(name, description);
  verb.Footer(example);
  AddDir(verb, options->dir);
  AddFormat(verb, options->format);
  verb.Does(action, [options, run] { return run(*options); });
  return verb;
}

void AddGroup(const Verb& verb, const Options& options) {
  verb.Add("group", options->name, "The group").Type("GROUP").Required();
}

}  // namespace

void AddGroupVerbs(const Verb& root, Action& action) {
  const Verb noun = root.Add("group", "Consumer groups and how far they are");
  noun.NeedsVerb();
  const auto options = std::make_shared<GroupOptions>();

  AddVerb(noun, action, "list", "All groups", options, List,
          "Another process may be writing.\n\n"
          "Example:\n  cauce group list --dir data --format json");

  const Verb describe = AddVerb(
      noun, action, "describe",
      "A group's members, and how far it is in each partition", options,
      Describe,
      "Another process may be writing: members and offsets are as it has "
      "stored them last,\nthose of a process that was killed among them.\n\n"
      "Example:\n  cauce group describe billing --dir data");
  AddGroup(describe, options);

  const Verb seek = AddVerb(
      noun, action, "seek", "Have a group go on elsewhere", options, Seek,
      "The group must have no members. What lies outside of the log counts as "
      "its nearer end,\nand a time that no record has as the end.\n\n"
      "Examples:\n"
      "  cauce group seek billing --dir data --to start --dry-run\n"
      "  cauce group seek billing --dir data --to '@2023-11-14 22:13:20'\n"
      "  cauce group seek billing --dir data --to -100 --topic orders:0,2");
  AddGroup(seek, options);
  seek.Add("--to", options->to,
           "start, end, an OFFSET, +N or -N from where it is, or @TIME as of "
           "consume --from")
      .Type("WHERE")
      .Required();
  seek.AddRepeated("--topic", options->topics,
                   "Only there (default: wherever it has committed)")
      .Type("TOPIC[:N,...]");
  seek.AddFlag("--dry-run", options->dry_run,
               "Show it and move nothing; another process may be writing");

  const Verb remove = AddVerb(
      noun, action, "delete", "Forget a group, and how far it is", options,
      Delete,
      "The group must have no members.\n\n"
      "Example:\n  cauce group delete billing --dir data --yes");
  AddGroup(remove, options);
  remove.AddFlag("--yes,-y", options->yes, "Do not ask");
}

}  // namespace cauce::cli
