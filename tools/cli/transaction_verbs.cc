#include "tools/cli/transaction_verbs.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/format.h"
#include "tools/cli/named_partitions.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/suggestion.h"
#include "tools/cli/transaction_view.h"

namespace cauce::cli {
namespace {

// As many as a record of Kafka's log of transactions has room for.
constexpr size_t kTransactionalIdBytesMax =
    std::numeric_limits<int16_t>::max();

struct TransactionOptions {
  std::string dir;
  Format format = Format::kText;
  std::string id;
  std::vector<std::string> topics;
  bool hanging = false;
  bool dry_run = false;
};

using Options = std::shared_ptr<TransactionOptions>;

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// Only who writes a log knows which of its transactions somebody will end.
absl::StatusOr<OpenedAdmin> OpenForHanging(const std::string& dir) {
  auto opened = OpenAdmin(dir, Access::kReadWrite);
  if (ReasonOf(opened.status()) != Reason::kLocked) return opened;
  return Annotate(opened.status(),
                  "which transactions hang is known to who writes the "
                  "directory alone: end who has it open first");
}

int ListHanging(const TransactionOptions& options) {
  const auto opened = OpenForHanging(options.dir);
  if (!opened.ok()) return Fail(opened.status());
  const auto hanging = opened->admin->FindHangingTransactions();
  if (!hanging.ok()) return Fail(hanging.status());
  Print(options.format == Format::kJson ? Line(HangingJson(*hanging))
                                        : HangingTable(*hanging));
  const absl::Status closed = opened->client->Close();
  return closed.ok() ? kOk : Fail(closed);
}

int List(const TransactionOptions& options) {
  if (options.hanging) return ListHanging(options);
  const auto opened = OpenAdmin(options.dir, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  const auto all = opened->admin->ListReadableTransactions();
  if (!all.ok()) return Fail(all.status());
  const absl::Time now = SystemClock()->Now();
  if (options.format == Format::kJson) {
    Json list = Json::array();
    for (const DescribedTransaction& each : all->found)
      list.push_back(TransactionJson(each, now));
    Print(Line(list));
  } else {
    Print(TransactionsTable(all->found, now));
  }
  int exit = kOk;
  for (const absl::Status& each : all->unread)
    exit = Fail(Annotate(each, "transactions are left out"));
  return exit;
}

// What is told of an id that nobody has.
absl::Status WithHint(Admin& admin, const std::string& id,
                      const absl::Status& status) {
  const bool is_unknown =
      absl::IsNotFound(status) && ReasonOf(status) == Reason::kNone;
  if (!is_unknown) return status;
  const auto all = admin.ListReadableTransactions();
  if (!all.ok()) return status;
  std::vector<std::string> ids;
  for (const DescribedTransaction& each : all->found) ids.push_back(each.id);
  const std::string nearest = Nearest(id, ids);
  return absl::NotFoundError(fmt::format(
      "{}; {}", MessageOf(status),
      nearest.empty() ? "cauce transaction list shows which there are"
                      : fmt::format("did you mean {}?", nearest)));
}

int Describe(const TransactionOptions& options) {
  const auto opened = OpenAdmin(options.dir, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  Admin& admin = *opened->admin;
  const auto described = admin.DescribeTransaction(options.id);
  if (!described.ok())
    return Fail(WithHint(admin, options.id, described.status()));
  const absl::Time now = SystemClock()->Now();
  Print(options.format == Format::kJson
            ? Line(TransactionJson(*described, now))
            : TransactionText(*described, now));
  return kOk;
}

// ---- Abort

// Those that hang where they are named; an error for a name without one.
absl::StatusOr<std::vector<HangingTransaction>> Chosen(
    const OpenedAdmin& opened, const TransactionOptions& options,
    const std::vector<NamedPartitions>& named) {
  for (const NamedPartitions& each : named) {
    const auto topic = FindTopic(*opened.admin, options.dir, each.topic);
    if (!topic.ok()) return topic.status();
  }
  const auto all = opened.admin->FindHangingTransactions();
  if (!all.ok()) return all.status();
  std::vector<HangingTransaction> chosen;
  for (const HangingTransaction& each : *all) {
    const bool is_named =
        std::ranges::any_of(named, [&](const NamedPartitions& where) {
          return where.Has(each.partition);
        });
    if (is_named) chosen.push_back(each);
  }
  for (const NamedPartitions& where : named) {
    const bool hangs =
        std::ranges::any_of(chosen, [&](const HangingTransaction& each) {
          return where.Has(each.partition);
        });
    if (hangs) continue;
    return MakeError(
        Reason::kInvalidTxnState,
        fmt::format("no transaction hangs in {}; cauce transaction list "
                    "--hanging shows where one does",
                    where.ToString()));
  }
  return chosen;
}

void PrintPlan(const std::vector<HangingTransaction>& chosen,
               const TransactionOptions& options) {
  Print(options.format == Format::kJson
            ? Line({{"dry_run", options.dry_run},
                    {"transactions", HangingJson(chosen)}})
            : HangingTable(chosen));
}

absl::StatusOr<Offset> StableEnd(Admin& admin, const TopicPartition& name) {
  const OffsetSpec wanted = {.kind = OffsetSpec::Kind::kStableEnd};
  const auto found = admin.ListOffsets({{name, wanted}}).at(name);
  if (!found.ok()) return found.status();
  return found->offset;
}

// And tells how far who reads what is committed comes then.
absl::Status AbortOne(Admin& admin, const HangingTransaction& hanging) {
  absl::Status aborted = admin.AbortTransaction(hanging);
  const std::string name = hanging.partition.ToString();
  if (!aborted.ok()) return Annotate(aborted, name);
  const absl::StatusOr<Offset> now = StableEnd(admin, hanging.partition);
  if (!now.ok()) return now.status();
  Note(fmt::format("{}: what is committed was read up to offset {}, and now up "
                   "to {}",
                   name, hanging.start.value, now->value));
  return absl::OkStatus();
}

int Abort(const TransactionOptions& options) {
  std::vector<NamedPartitions> named;
  for (const std::string& text : options.topics) {
    auto each = NamedPartitions::Parse(text);
    if (!each.ok()) return UsageError(each.status());
    named.push_back(*std::move(each));
  }
  const auto opened = OpenForHanging(options.dir);
  if (!opened.ok()) return Fail(opened.status());
  const auto chosen = Chosen(*opened, options, named);
  if (!chosen.ok()) return Fail(chosen.status());
  // First: who cannot see what goes is not to lose it.
  PrintPlan(*chosen, options);
  if (absl::Status lost = FlushStandardOutput(); !lost.ok())
    return Fail(Annotate(lost, "nothing was aborted"));
  int exit = kOk;
  if (options.dry_run) {
    Note("nothing was aborted: without --dry-run it is");
  } else {
    for (const HangingTransaction& each : *chosen) {
      const absl::Status aborted = AbortOne(*opened->admin, each);
      if (!aborted.ok()) exit = Fail(aborted);
    }
  }
  const absl::Status closed = opened->client->Close();
  return closed.ok() ? exit : Fail(closed);
}

Check TransactionalId() {
  return [](const std::string& id) -> std::string {
    if (id.empty()) return "must not be empty";
    if (id.size() <= kTransactionalIdBytesMax) return "";
    return fmt::format("has {} bytes, must have {} at most", id.size(),
                       kTransactionalIdBytesMax);
  };
}

Verb AddVerb(const Verb& noun, Action& action, const std::string& name,
             const std::string& description, const Options& options,
             int (*run)(const TransactionOptions&),
             const std::string& example) {
  const Verb verb = noun.Add(name, description);
  verb.Footer(example);
  AddDir(verb, options->dir);
  AddFormat(verb, options->format);
  verb.Does(action, [options, run] { return run(*options); });
  return verb;
}

}  // namespace

void AddTransactionVerbs(const Verb& root, Action& action) {
  const Verb noun =
      root.Add("transaction", "Transactions, and those that hang");
  noun.NeedsVerb();
  const auto options = std::make_shared<TransactionOptions>();

  const Verb list = AddVerb(
      noun, action, "list", "All transactional ids, and how far theirs are",
      options, List,
      "Another process may be writing: they are as it has stored them last. "
      "--hanging shows\nwhere a transaction is open that no transactional id "
      "has, so that nobody ends it and\nwho reads what is committed comes no "
      "further than its start. For that nobody else may\nhave the directory "
      "open for writing.\n\n"
      "Examples:\n"
      "  cauce transaction list --dir data\n"
      "  cauce transaction list --hanging --dir data");
  list.AddFlag("--hanging", options->hanging,
               "Those that nobody will end, and where");

  const Verb describe = AddVerb(
      noun, action, "describe",
      "How far a transactional id's transaction is, and who takes part",
      options, Describe,
      "Another process may be writing: it is as that has stored it last.\n\n"
      "Example:\n  cauce transaction describe payments --dir data");
  describe.Add("id", options->id, "The transactional id")
      .Required()
      .Takes(TransactionalId())
      .Type("ID");

  const Verb abort = AddVerb(
      noun, action, "abort", "Abort transactions that hang", options, Abort,
      "What goes is printed first: its records are not read by who reads what "
      "is committed,\nwho then comes past them. One that a transactional id "
      "has is left alone: its\nproducer, or its time-out, ends it. Nobody else "
      "may have the directory open for\nwriting.\n\n"
      "Examples:\n"
      "  cauce transaction abort --topic orders:0 --dir data --dry-run\n"
      "  cauce transaction abort --topic orders --dir data");
  abort
      .AddRepeated("--topic", options->topics,
                   "Where: all partitions of a topic, or some")
      .Type("TOPIC[:N,...]")
      .Required();
  abort.AddFlag("--dry-run", options->dry_run, "Show them and abort nothing");
}

}  // namespace cauce::cli
