#include "cauce/stores.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/facade/engine_core.h"
#include "engine/log/directory_signs.h"
#include "engine/state/store_core.h"
#include "engine/state/stores_core.h"
#include "engine/store/table_marker.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce {

Store::Store(std::shared_ptr<StoreCore> core) : core_(std::move(core)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

const std::string& Store::name() const { return core_->name(); }
StoreKind Store::kind() const { return core_->kind(); }
const TopicPartition& Store::changelog() const { return core_->changelog(); }
Offset Store::applied() const { return core_->applied(); }
Timestamp Store::stream_time() const { return core_->stream_time(); }
StateUse Store::use() const { return core_->use(); }
absl::Status Store::Persist() { return core_->Persist(); }
absl::Status Store::Close() { return core_->Close(); }

absl::Status Validate(const StoresOptions& options) {
  std::vector<std::string> bad;
  if (options.read_only_bytes_max < 0) {
    bad.push_back(fmt::format("read_only_bytes_max is {}, and is to be at "
                              "least 0",
                              options.read_only_bytes_max));
  }
  const absl::Status rocksdb = Validate(options.rocksdb);
  if (!rocksdb.ok()) bad.emplace_back(MessageOf(rocksdb));
  if (bad.empty()) return absl::OkStatus();
  return MakeError(Reason::kInvalidOption,
                   fmt::format("StoresOptions: {}", fmt::join(bad, "; ")));
}

namespace {

// A table there would lie among the files of a changelog of that name, or among
// another table's.
absl::Status CheckIsForTables(FileSystem& files, const std::string& directory) {
  CAUCE_ASSIGN_OR_RETURN(const std::string path, files.Resolve(directory));
  const std::string_view holds =
      HoldsLogs(files, path)                        ? "logs"
      : HasTableMarker(files, path).value_or(false) ? "one table"
                                                    : "";
  if (holds.empty()) return absl::OkStatus();
  return MakeError(
      Reason::kInvalidOption,
      fmt::format("StoresOptions: directory is {}, which holds {}, and is to "
                  "be one for tables alone, each in a directory of its own",
                  directory, holds));
}

}  // namespace

absl::StatusOr<Stores> Stores::Open(Engine& engine,
                                    const StoresOptions& options) {
  CAUCE_RETURN_IF_ERROR(Validate(options));
  const std::shared_ptr<EngineCore>& core = EngineCore::Of(engine);
  CAUCE_RETURN_IF_ERROR(core->CheckProcess());
  CAUCE_RETURN_IF_ERROR(core->CheckNotClosed());
  if (!options.directory.empty()) {
    FileSystem* const given = options.rocksdb.file_system;
    CAUCE_RETURN_IF_ERROR(CheckIsForTables(
        given != nullptr ? *given : core->files(), options.directory));
  }
  return Stores(std::make_shared<StoresCore>(core, options));
}

Stores::Stores(std::shared_ptr<StoresCore> core) : core_(std::move(core)) {}
Stores::Stores(Stores&&) noexcept = default;
Stores& Stores::operator=(Stores&&) noexcept = default;
Stores::~Stores() = default;

absl::StatusOr<KeyValueStore> Stores::OpenKeyValue(
    std::string_view name, const StoreOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(auto core, core_->Open({.name = std::string(name),
                                                 .kind = StoreKind::kKeyValue,
                                                 .options = {options}}));
  return KeyValueStore(std::move(core));
}

absl::StatusOr<TimestampedStore> Stores::OpenTimestamped(
    std::string_view name, const StoreOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(auto core,
                         core_->Open({.name = std::string(name),
                                      .kind = StoreKind::kTimestamped,
                                      .options = {options}}));
  return TimestampedStore(std::move(core));
}

absl::StatusOr<WindowStore> Stores::OpenWindow(std::string_view name,
                                               const WindowOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(auto core, core_->Open({.name = std::string(name),
                                                 .kind = StoreKind::kWindow,
                                                 .options = options}));
  return WindowStore(std::move(core));
}

absl::StatusOr<SessionStore> Stores::OpenSession(std::string_view name,
                                                 const WindowOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(auto core, core_->Open({.name = std::string(name),
                                                 .kind = StoreKind::kSession,
                                                 .options = options}));
  return SessionStore(std::move(core));
}

absl::StatusOr<std::vector<StoreDescription>> Stores::List() const {
  return core_->List();
}

absl::StatusOr<StoreDescription> Stores::Restore(std::string_view name,
                                                 PartitionId partition) {
  return core_->Restore(name, partition);
}

}  // namespace cauce
