#include "tools/cli/group_seek_verb.h"

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/format.h"
#include "tools/cli/group_hint.h"
#include "tools/cli/group_members.h"
#include "tools/cli/group_seek.h"
#include "tools/cli/named_partitions.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/plain_text.h"
#include "tools/cli/table.h"

namespace cauce::cli {
namespace {

struct SeekOptions {
  std::string dir;
  Format format = Format::kText;
  std::string name;
  std::string to;
  std::vector<std::string> topics;
  bool remove_members = false;
  bool dry_run = false;
};

// One partition, before and after.
struct Move {
  std::optional<Offset> before;
  OffsetRange log;
  Offset after;
};
using Moves = std::map<TopicPartition, Move>;

// The members that are to go; an error where they are to stay.
absl::StatusOr<std::vector<MemberDescription>> MembersToRemove(
    Admin& admin, const SeekOptions& options) {
  const auto group = admin.DescribeGroup(options.name);
  // Seeking makes it.
  if (ReasonOf(group.status()) == Reason::kGroupIdNotFound)
    return std::vector<MemberDescription>();
  if (!group.ok()) return group.status();
  if (group->state == GroupState::kEmpty || options.remove_members)
    return group->members;
  return MakeError(
      Reason::kGroupNotEmpty,
      fmt::format("group {} has {}, and is {}: stop them first, or what they "
                  "commit takes it back; --remove-members is for those of a "
                  "program that is gone",
                  options.name,
                  Counted(static_cast<int64_t>(group->members.size()),
                          "member"),
                  GroupStateName(group->state)));
}

// Those that are named; where none is, all that the group has committed.
absl::StatusOr<std::vector<TopicPartition>> Chosen(
    const OpenedAdmin& opened, const SeekOptions& options,
    const std::vector<NamedPartitions>& named,
    const std::map<TopicPartition, GroupProgress>& known) {
  std::vector<TopicPartition> chosen;
  if (named.empty()) {
    for (const auto& [name, at] : known) chosen.push_back(name);
    if (!chosen.empty()) return chosen;
    return WithGroupHint(
        *opened.admin, options.name,
        MakeError(Reason::kGroupIdNotFound,
                  fmt::format("group {} has committed nothing: name the topics "
                              "in which it is to begin with --topic",
                              options.name)));
  }
  for (const NamedPartitions& each : named) {
    const auto topic = FindTopic(*opened.admin, options.dir, each.topic);
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

absl::StatusOr<Moves> PlanAll(const OpenedAdmin& opened,
                              const SeekOptions& options,
                              const std::vector<NamedPartitions>& named,
                              const SeekTarget& target) {
  Admin& admin = *opened.admin;
  const auto known = admin.ListGroupOffsets(options.name);
  if (!known.ok()) return known.status();
  const auto chosen = Chosen(opened, options, named, *known);
  if (!chosen.ok()) return chosen.status();
  Moves moves;
  for (const TopicPartition& name : *chosen) {
    if (moves.contains(name)) continue;  // named twice
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

absl::Status CarryOut(Admin& admin, const SeekOptions& options,
                      const Moves& moves) {
  if (options.remove_members) {
    absl::Status removed = RemoveMembers(admin, options.name);
    if (!removed.ok()) return removed;
  }
  OffsetsToCommit offsets;
  for (const auto& [name, move] : moves) offsets[name] = {.offset = move.after};
  const auto altered = admin.AlterGroupOffsets(options.name, offsets);
  if (!altered.ok()) return altered.status();
  for (const auto& [name, status] : *altered) {
    if (!status.ok()) return Annotate(status, name.ToString());
  }
  return absl::OkStatus();
}

void PrintMoves(const Moves& moves, const SeekOptions& options) {
  Json list = Json::array();
  Table table({"TOPIC", "PARTITION", "BEFORE", "AFTER", "LAG"});
  for (const auto& [name, move] : moves) {
    const Json before = move.before ? Json(move.before->value) : Json(nullptr);
    const int64_t lag = OffsetRange{move.after, move.log.next}.count();
    list.push_back({{"topic", BytesJson(name.topic)},
                    {"partition", name.partition.value},
                    {"before", before},
                    {"after", move.after.value},
                    {"log_start", move.log.base.value},
                    {"log_end", move.log.next.value},
                    {"lag", lag}});
    table.Add({PlainText(name.topic), std::to_string(name.partition.value),
               move.before ? std::to_string(move.before->value) : "-",
               std::to_string(move.after.value), std::to_string(lag)});
  }
  const std::string text =
      options.format == Format::kJson
          ? Line({{"group", BytesJson(options.name)},
                  {"dry_run", options.dry_run},
                  {"partitions", std::move(list)}})
          : table.ToString();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int Seek(const SeekOptions& options) {
  const auto target = SeekTarget::Parse(options.to);
  if (!target.ok()) return UsageError(target.status());
  std::vector<NamedPartitions> named;
  for (const std::string& text : options.topics) {
    auto each = NamedPartitions::Parse(text);
    if (!each.ok()) return UsageError(each.status());
    named.push_back(*std::move(each));
  }
  const auto opened = OpenAdmin(
      options.dir, options.dry_run ? Access::kReadOnly : Access::kReadWrite);
  if (!opened.ok()) return Fail(opened.status());
  const auto members = MembersToRemove(*opened->admin, options);
  if (!members.ok()) return Fail(members.status());
  const auto moves = PlanAll(*opened, options, named, *target);
  if (!moves.ok()) return Fail(moves.status());
  // First: who cannot see where the group goes is not to have it moved.
  PrintMoves(*moves, options);
  if (absl::Status lost = FlushStandardOutput(); !lost.ok())
    return Fail(Annotate(lost, "nothing was moved"));
  if (options.dry_run) {
    if (!members->empty()) {
      Note(fmt::format("it has {}, and without --dry-run loses them",
                       Counted(static_cast<int64_t>(members->size()),
                               "member")));
    }
    Note("nothing was moved: without --dry-run it is");
    return kOk;
  }
  const absl::Status done = CarryOut(*opened->admin, options, *moves);
  if (!done.ok()) return Fail(Annotate(done, "it was not moved"));
  if (absl::Status closed = opened->client->Close(); !closed.ok())
    return Fail(closed);
  return kOk;
}

}  // namespace

void AddGroupSeekVerb(const Verb& noun, Action& action) {
  const auto options = std::make_shared<SeekOptions>();
  const Verb verb = noun.Add("seek", "Have a group go on elsewhere");
  verb.Footer(
      "The group must have no members, or lose them (--remove-members). What "
      "lies outside\nof the log counts as its nearer end, and a time that no "
      "record has as the end.\nWhere it goes is printed before it does.\n\n"
      "Examples:\n"
      "  cauce group seek billing --dir data --to start --dry-run\n"
      "  cauce group seek billing --dir data --to '@2023-11-14 22:13:20'\n"
      "  cauce group seek billing --dir data --to -100 --topic orders:0,2");
  AddDir(verb, options->dir);
  AddFormat(verb, options->format);
  AddGroup(verb, options->name);
  verb.Add("--to", options->to,
           "start, end, an OFFSET, +N or -N from where it is, or @TIME as of "
           "consume --from")
      .Type("WHERE")
      .Required();
  verb.AddRepeated("--topic", options->topics,
                   "Only there (default: wherever it has committed)")
      .Type("TOPIC[:N,...]");
  AddRemoveMembers(verb, options->remove_members);
  verb.AddFlag("--dry-run", options->dry_run,
               "Show it and move nothing; another process may be writing");
  verb.Does(action, [options] { return Seek(*options); });
}

}  // namespace cauce::cli
