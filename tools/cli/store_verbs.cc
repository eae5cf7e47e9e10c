#include "tools/cli/store_verbs.h"

#include <unistd.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/note.h"
#include "tools/cli/opening.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/progress.h"
#include "tools/cli/store_names.h"
#include "tools/cli/store_view.h"
#include "tools/cli/suggestion.h"

namespace cauce::cli {
namespace {

struct StoreVerbOptions {
  std::string dir;
  Format format = Format::kText;
  std::string application;
  std::string name;
  int32_t partition() const { return static_cast<int32_t>(number); }
  int64_t number = 0;
  std::string key;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> prefix;
  bool reverse = false;
  int64_t count = std::numeric_limits<int64_t>::max();
};

using Options = std::shared_ptr<StoreVerbOptions>;

// What the engine has to be closed behind.
struct OpenedStores {
  std::unique_ptr<Engine> engine;
  std::optional<Stores> stores;
};

absl::StatusOr<OpenedStores> OpenStores(const StoreVerbOptions& options,
                                        Access access,
                                        StoresOptions stores = {}) {
  auto engine = access == Access::kReadOnly ? OpenForReading(options.dir)
                                            : OpenForWriting(options.dir);
  if (!engine.ok()) return engine.status();
  OpenedStores opened;
  opened.engine = std::make_unique<Engine>(*std::move(engine));
  stores.application = options.application;
  auto made = Stores::Open(*opened.engine, stores);
  if (!made.ok()) return made.status();
  opened.stores.emplace(*std::move(made));
  return opened;
}

int List(const StoreVerbOptions& options) {
  auto opened = OpenStores(options, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  const auto stores = opened->stores->List();
  if (!stores.ok()) return Fail(stores.status());
  Output output(STDOUT_FILENO);
  if (options.format == Format::kJson) {
    Json list = Json::array();
    for (const StoreDescription& store : *stores) {
      list.push_back(StoreJson(store));
    }
    output.Write(Line(list));
  } else {
    output.Write(StoresTable(*stores));
  }
  output.Flush();
  return output.status().ok() ? kOk : Fail(output.status());
}

// The kind that the store's changelog says.
absl::StatusOr<StoreKind> FindKind(OpenedStores& opened,
                                   const StoreVerbOptions& options) {
  const std::string topic =
      options.application.empty()
          ? fmt::format("{}-changelog", options.name)
          : fmt::format("{}-{}-changelog", options.application, options.name);
  const auto described = opened.engine->DescribeTopic(topic);
  if (described.ok()) {
    const auto at = described->configs.find("cauce.store");
    const auto kind = at == described->configs.end()
                          ? std::nullopt
                          : ParseStoreKind(at->second);
    if (kind) return *kind;
    return MakeError(
        Reason::kInvalidConfig,
        fmt::format("{}: does not say which kind of store it is the changelog "
                    "of; cauce topic alter {} --config cauce.store=key-value "
                    "says it",
                    topic, topic));
  }
  if (ReasonOf(described.status()) != Reason::kUnknownTopic) {
    return described.status();
  }
  const auto names = StoreNames(*opened.engine, options.application);
  const std::string nearest =
      names.ok() ? Nearest(options.name, *names) : std::string();
  return MakeError(
      Reason::kUnknownTopic,
      fmt::format("store {}: there is no topic {}; {}", options.name, topic,
                  nearest.empty() ? "cauce store list shows which stores there "
                                    "are"
                                  : fmt::format("did you mean {}?", nearest)));
}

// Any kind of store: its rows, as far as they are asked for.
absl::StatusOr<StoreIterator> Rows(Stores& stores, StoreKind kind,
                                   const StoreVerbOptions& options,
                                   const KeyRange& range) {
  const auto order = options.reverse ? KeyOrder::kReverse : KeyOrder::kForward;
  const StoreOptions store{.partition = PartitionId{options.partition()}};
  // An iterator keeps its store.
  switch (kind) {
    case StoreKind::kKeyValue: {
      auto opened = stores.OpenKeyValue(options.name, store);
      if (!opened.ok()) return opened.status();
      return opened->Range(range, order);
    }
    case StoreKind::kTimestamped: {
      auto opened = stores.OpenTimestamped(options.name, store);
      if (!opened.ok()) return opened.status();
      return opened->Range(range, order);
    }
    case StoreKind::kWindow: {
      auto opened = stores.OpenWindow(options.name, {.store = store});
      if (!opened.ok()) return opened.status();
      return opened->FetchRange(range, {}, order);
    }
    case StoreKind::kSession: {
      auto opened = stores.OpenSession(options.name, {.store = store});
      if (!opened.ok()) return opened.status();
      return opened->FindRange(range, Timestamp{0},
                               Timestamp{std::numeric_limits<int64_t>::max()},
                               order);
    }
  }
  return absl::InternalError("a kind that is none");
}

// Prints rows; how many is put into `printed`.
int PrintRows(const StoreVerbOptions& options, const KeyRange& range,
              int64_t& printed) {
  auto opened = OpenStores(options, Access::kReadOnly);
  if (!opened.ok()) return Fail(opened.status());
  const auto kind = FindKind(*opened, options);
  if (!kind.ok()) return Fail(kind.status());
  auto rows = Rows(*opened->stores, *kind, options, range);
  if (!rows.ok()) return Fail(rows.status());
  Output output(STDOUT_FILENO);
  for (; rows->Valid() && printed < options.count && !output.gone();
       rows->Next()) {
    if (Interrupts::Signal() != 0) {
      output.Flush();
      return InterruptedExit();
    }
    output.Write(options.format == Format::kJson
                     ? Line(RowJson(*kind, rows->row()))
                     : RowText(*kind, rows->row()));
    ++printed;
  }
  output.Flush();
  if (!output.status().ok()) return Fail(output.status());
  return rows->status().ok() ? kOk : Fail(rows->status());
}

int Get(const StoreVerbOptions& options) {
  // All rows of the one key: windows and sessions may have many.
  const std::string next = options.key + '\0';
  int64_t printed = 0;
  const int exit =
      PrintRows(options, {.from = options.key, .to = next}, printed);
  if (exit != kOk || printed > 0) return exit;
  return Fail(absl::NotFoundError(
      fmt::format("store {}: has nothing for this key", options.name)));
}

int Scan(const StoreVerbOptions& options) {
  KeyRange range;
  std::optional<std::string> end;
  if (options.prefix) {
    range.from = *options.prefix;
    end = PrefixEnd(*options.prefix);
    if (end) range.to = *end;
  } else {
    if (options.from) range.from = *options.from;
    if (options.to) range.to = *options.to;
  }
  int64_t printed = 0;
  return PrintRows(options, range, printed);
}

int Restore(const StoreVerbOptions& options) {
  std::optional<Progress> progress;
  auto opened = OpenStores(
      options, Access::kReadWrite,
      {.progress = [&](const RestoreProgress& at) {
        if (!progress) progress.emplace("restored", 0);
        progress->Update(at.records, at.bytes, ShareOf(at));
      }});
  if (!opened.ok()) return Fail(opened.status());
  const auto restored = opened->stores->Restore(
      options.name, PartitionId{options.partition()});
  if (progress) progress->Finish();
  if (!restored.ok()) return Fail(restored.status());
  Output output(STDOUT_FILENO);
  output.Write(options.format == Format::kJson ? Line(StoreJson(*restored))
                                               : StoresTable({*restored}));
  output.Flush();
  opened->stores.reset();
  const absl::Status closed = opened->engine->Close();
  if (!closed.ok()) return Fail(closed);
  return output.status().ok() ? kOk : Fail(output.status());
}

Verb AddVerb(const Verb& noun, Action& action, const std::string& name,
             const std::string& description, const Options& options,
             int (*run)(const StoreVerbOptions&), const std::string& example) {
  const Verb verb = noun.Add(name, description);
  verb.Footer(example);
  AddDir(verb, options->dir);
  AddFormat(verb, options->format);
  verb.Add("--application", options->application,
           "The application.id in front of the store's changelog")
      .Type("ID");
  verb.Does(action, [options, run] { return run(*options); });
  return verb;
}

void AddName(const Verb& verb, const Options& options) {
  verb.Add("store", options->name, "The store").Required().Type("STORE").Takes(
      TopicName());
  verb.Add("--partition", options->number, "Of its changelog; by default 0")
      .Takes(Between(0, kPartitionMax))
      .Type("N");
}

}  // namespace

void AddStoreVerbs(const Verb& root, Action& action) {
  const Verb noun = root.Add("store", "State stores over their changelogs");
  noun.NeedsVerb();
  const auto options = std::make_shared<StoreVerbOptions>();

  AddVerb(noun, action, "list", "All stores, and how their tables are", options,
          List,
          "A table that is behind, missing or damaged is made right by who "
          "opens the store for\nwriting next, or by cauce store restore. "
          "How many keys there are is RocksDB's\nestimate, which may be far "
          "off behind deletions. Another process may be writing.\n\n"
          "Example:\n  cauce store list --dir data");

  const Verb get = AddVerb(
      noun, action, "get", "What a store has for a key", options, Get,
      "With a window or session store every row of the key is printed, with "
      "its times.\nAnother process may be writing: what its log has is "
      "shown.\n\n"
      "Example:\n  cauce store get counts apples --dir data");
  AddName(get, options);
  get.Add("key", options->key, "The key").Required().Type("KEY");

  const Verb scan = AddVerb(
      noun, action, "scan", "The rows of a store, by key", options, Scan,
      "Rows of windows and sessions come by segment of time, then by key. "
      "Another process\nmay be writing: what its log has is shown.\n\n"
      "Examples:\n"
      "  cauce store scan counts --dir data --prefix app\n"
      "  cauce store scan counts --dir data --from a --to b --format json");
  AddName(scan, options);
  const Option from =
      scan.Add("--from", options->from, "The first key").Type("KEY");
  const Option to =
      scan.Add("--to", options->to, "Behind the last key").Type("KEY");
  scan.Add("--prefix", options->prefix,
           "Keys that begin so, in place of --from and --to")
      .Excludes(from)
      .Excludes(to)
      .Type("BYTES");
  scan.AddFlag("--reverse", options->reverse, "The last key first");
  scan.Add("--count", options->count, "Rows at most")
      .Takes(AtLeast(0))
      .Type("N");

  const Verb restore = AddVerb(
      noun, action, "restore", "Make a store's table from its changelog anew",
      options, Restore,
      "Nobody else may have the directory open for writing. What is in the "
      "changelog stays\nas it is.\n\n"
      "Example:\n  cauce store restore counts --dir data");
  AddName(restore, options);
}

}  // namespace cauce::cli
