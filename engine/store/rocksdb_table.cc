#include "engine/store/rocksdb_table.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/store/load_names.h"
#include "engine/store/store_errors.h"
#include "engine/store/table_marker.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr const char* kMarkFamily = "mark";
constexpr std::string_view kAnew =
    "remove the table, it is built anew from its log";
constexpr std::string_view kOpenAgain =
    "close the store and open it again: its table is built anew from its log";
// A batch of more bytes gives them back once it is written.
constexpr size_t kKeptBatchBytesMax = 1 << 20;
// So many files may overlap before RocksDB has writers slow down, and before it
// stops them: its own numbers.
constexpr uint64_t kSlowingFiles = 20;
constexpr uint64_t kStoppingFiles = 36;
// A reader's files may go while it opens them, each time that a writer merges.
constexpr int kReaderTriesMax = 10;

rocksdb::Slice SliceOf(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

// What a change takes in memory besides its bytes, about.
constexpr int64_t kEntryBytes = 48;

// A table's log is its owner's.
rocksdb::WriteOptions WithoutLog() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

// RocksDB's own lines about what it does, which nobody asked for.
class NoLines final : public rocksdb::Logger {
 public:
  NoLines() : Logger(rocksdb::InfoLogLevel::HEADER_LEVEL) {}
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

absl::Status RemoveLoads(FileSystem& files, const std::string& directory) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    if (!IsLoadName(entry.name)) continue;
    CAUCE_RETURN_IF_ERROR(
        files.RemoveFile(fmt::format("{}/{}", directory, entry.name)));
  }
  return absl::OkStatus();
}

}  // namespace

class RocksDbTable::Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(RocksDbTable& table) : table_(table) {}

  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override {
    table_.FlushBegins();
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason,
                         rocksdb::Status* status) override {
    table_.FailInBackground(reason, *status);
  }

 private:
  RocksDbTable& table_;
};

RocksDbTable::RocksDbTable(Place place)
    : place_(std::move(place)),
      threads_(std::move(place_.threads)),
      rocksdb_files_(std::make_shared<RocksDbFiles>(place_.files)),
      env_(std::make_unique<RocksDbEnv>(rocksdb_files_, threads_)) {}

absl::StatusOr<std::shared_ptr<RocksDbTable>> RocksDbTable::Open(Place place) {
  std::shared_ptr<RocksDbTable> table(new RocksDbTable(std::move(place)));
  CAUCE_RETURN_IF_ERROR(table->place_.spec.read_only ? table->OpenReadOnly()
                                                     : table->OpenFiles());
  table->place_.memory->Add(*table);
  return table;
}

RocksDbTable::~RocksDbTable() {
  if (!closed_.exchange(true)) Leave();
}

bool RocksDbTable::Enter() {
  int64_t uses = uses_.load(std::memory_order_relaxed);
  do {
    // Zero stays zero: nobody opens what is being closed.
    if (uses == 0 || closed_.load(std::memory_order_relaxed)) return false;
  } while (!uses_.compare_exchange_weak(uses, uses + 1));
  return true;
}

void RocksDbTable::Leave() {
  if (uses_.fetch_sub(1) != 1) return;
  place_.memory->Remove(*this);
  if (db_ != nullptr) {
    for (rocksdb::ColumnFamilyHandle* const family : {data_, marks_}) {
      if (family != nullptr)
        db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
    // What was to be durable is: this lets go of the files.
    db_->Close().PermitUncheckedError();
    db_.reset();
  }
  env_.reset();
  threads_.reset();
  if (place_.closed) place_.closed();
}

absl::Status RocksDbTable::Closed() const { return TableClosedError(name()); }

size_t RocksDbTable::load_bytes_max() const {
  return static_cast<size_t>(place_.options.load_bytes_max);
}

rocksdb::Options RocksDbTable::DbOptions() const {
  rocksdb::DBOptions options;
  options.env = env_.get();
  options.info_log = std::make_shared<NoLines>();
  options.atomic_flush = true;
  // Close says what is made durable, and asks before it is.
  options.avoid_flush_during_shutdown = true;
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.paranoid_checks = true;
  options.max_background_jobs = std::max(2, place_.options.threads);
  options.max_file_opening_threads = 1;
  options.max_open_files =
      place_.spec.read_only ? -1 : place_.options.open_files_max;
  options.max_manifest_file_size = 1 << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_bgerror_resume_count = 0;  // see Failed
  options.write_buffer_manager = place_.memory->buffers();
  options.listeners.push_back(
      std::make_shared<Listener>(const_cast<RocksDbTable&>(*this)));
  return rocksdb::Options(options, place_.memory->DataOptions());
}

std::vector<rocksdb::ColumnFamilyDescriptor> RocksDbTable::Families() const {
  return {{rocksdb::kDefaultColumnFamilyName, place_.memory->DataOptions()},
          {kMarkFamily, place_.memory->MarkOptions()}};
}

rocksdb::Options RocksDbTable::FileOptions() const {
  rocksdb::Options options = DbOptions();
  options.listeners.clear();
  // It is written once, and soon merged.
  options.compression = rocksdb::kNoCompression;
  return options;
}

absl::Status RocksDbTable::OpenFiles() {
  const std::string& directory = name();
  CAUCE_ASSIGN_OR_RETURN(const MarkerState state,
                         ReadTableMarker(place_.files, directory));
  const bool is_new = state != MarkerState::kWhole;
  if (state == MarkerState::kInWork)
    CAUCE_RETURN_IF_ERROR(ClearTable(place_.files, directory));
  if (is_new) {
    CAUCE_RETURN_IF_ERROR(place_.files.CreateDirectories(directory));
    CAUCE_RETURN_IF_ERROR(
        WriteTableMarker(place_.files, directory, MarkerState::kInWork));
  } else {
    CAUCE_RETURN_IF_ERROR(RemoveLoads(place_.files, directory));
  }
  CAUCE_RETURN_IF_ERROR(OpenDb(is_new));
  if (is_new) {
    CAUCE_RETURN_IF_ERROR(
        WriteTableMarker(place_.files, directory, MarkerState::kWhole));
  }
  return ReadMark();
}

absl::Status RocksDbTable::OpenDb(bool is_new) {
  rocksdb::Options options = DbOptions();
  options.create_if_missing = is_new;
  options.create_missing_column_families = is_new;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(options, name(), Families(), &handles, &db);
  if (!status.ok()) return Told(status);
  db_.reset(db);
  data_ = handles[0];
  marks_ = handles[1];
  is_open_to_write_ = true;
  ExcuseLoadedFiles();
  return absl::OkStatus();
}

// Waiting is what keeps merges from falling behind those who write, file by
// file. A load brings any number of files at once, and to wait until all of
// them are merged takes seconds for each GB.
void RocksDbTable::ExcuseLoadedFiles() {
  std::string text;
  uint64_t overlapping = 0;
  db_->GetProperty(data_, rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0",
                   &text);
  if (!absl::SimpleAtoi(text, &overlapping) || overlapping <= kSlowingFiles / 2)
    return;
  // What fails leaves them waiting, which loses nothing but time.
  db_->SetOptions(data_,
                  {{"level0_slowdown_writes_trigger",
                    fmt::to_string(overlapping + kSlowingFiles)},
                   {"level0_stop_writes_trigger",
                    fmt::to_string(overlapping + kStoppingFiles)}})
      .PermitUncheckedError();
}

absl::Status RocksDbTable::OpenReadOnly() {
  for (int tries = 1;; ++tries) {
    CAUCE_ASSIGN_OR_RETURN(const MarkerState state,
                           ReadTableMarker(place_.files, name()));
    if (state != MarkerState::kWhole) return NoTableError(name());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(
        DbOptions(), name(), Families(), &handles, &db);
    if (status.ok()) {
      db_.reset(db);
      data_ = handles[0];
      marks_ = handles[1];
      return ReadMark();
    }
    if (tries == kReaderTriesMax) return Told(status);
  }
}

absl::Status RocksDbTable::ReadMark() {
  MutexLock lock(mark_mutex_);
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), marks_, SliceOf(kMarkKey), &mark_);
  return status.IsNotFound() ? absl::OkStatus() : Told(status);
}

absl::Status RocksDbTable::Told(const rocksdb::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  const char* const state = status.getState();
  const std::string text = state != nullptr ? state : status.ToString();
  if (status.IsNotSupported()) {
    return MakeError(Reason::kUnsupportedFormat,
                     fmt::format("{}: {}: a newer release may have written "
                                 "it: {}",
                                 name(), text, kAnew));
  }
  if (status.IsCorruption() || status.IsInvalidArgument() ||
      status.IsNotFound() || status.IsPathNotFound()) {
    return Damaged(text);
  }
  const absl::Status refusal = rocksdb_files_->refusal();
  if (!refusal.ok()) return refusal;
  const absl::Status failure = rocksdb_files_->failure();
  if (!failure.ok() && text.find(MessageOf(failure)) != std::string::npos)
    return failure;
  // Another failure may have come since, as of a file's removal.
  const bool is_full = status.subcode() == rocksdb::Status::kSpaceLimit;
  return MakeError(is_full ? Reason::kDiskFull : Reason::kDiskFailed,
                   fmt::format("{}: {}", name(), text));
}

absl::Status RocksDbTable::Damaged(std::string_view text) const {
  // A block may lie still for months until somebody reads it, and what was read
  // before was whole: only this finding says that the files are of no use.
  // Where it cannot be noted, whoever reads there next finds it again.
  if (is_open_to_write_ && !marked_damaged_.exchange(true))
    MarkDamaged(place_.files, name()).IgnoreError();
  return MakeError(Reason::kCorruptFile,
                   fmt::format("{}: {}: {}", name(), text,
                               is_open_to_write_ ? kOpenAgain : kAnew));
}

absl::Status RocksDbTable::AskBeforeDurable() {
  MutexLock lock(asking_);
  const int64_t writes = writes_;
  if (covered_writes_ >= writes || !place_.spec.before_durable) {
    covered_writes_ = std::max<int64_t>(covered_writes_, writes);
    return absl::OkStatus();
  }
  CAUCE_RETURN_IF_ERROR(place_.spec.before_durable());
  covered_writes_ = writes;
  return absl::OkStatus();
}

// In a thread of RocksDB's, before it writes a file of what was written.
void RocksDbTable::FlushBegins() {
  absl::Status asked = AskBeforeDurable();
  if (!asked.ok()) rocksdb_files_->Refuse(std::move(asked));
}

void RocksDbTable::FailInBackground(rocksdb::BackgroundErrorReason reason,
                                    const rocksdb::Status& status) {
  absl::Status told = Told(status);
  if (ReasonOf(told) == Reason::kDiskFull) {
    // Files stay as they are, and RocksDB merges them once there is room.
    if (reason == rocksdb::BackgroundErrorReason::kCompaction) return;
    told = Annotate(told,
                    "make room, since the disk was full as what was written "
                    "before went to files");
  }
  MutexLock lock(failure_mutex_);
  failure_ = told;
  failed_ = true;
}

// RocksDB has a call to go on after a full disk (DB::Resume). With families
// that are flushed together it waits for ever, or stops the process, where the
// manifest was what could not be written.
absl::Status RocksDbTable::Failed(absl::Status told) const {
  if (!failed_) return told;
  MutexLock lock(failure_mutex_);
  return Annotate(failure_, fmt::format("{}: the table takes no writes until "
                                        "it is closed and opened again",
                                        name()));
}

absl::Status RocksDbTable::CheckWritable() {
  if (place_.spec.read_only) return TableReadOnlyError(name());
  return Failed(absl::OkStatus());
}

absl::Status RocksDbTable::AddTo(rocksdb::WriteBatch& batch,
                                 const StateWrite& write) {
  for (const KeyRange& range : write.erased) {
    std::string last;
    std::string_view to = range.to.value_or("");
    if (!range.to) {
      // RocksDB erases up to a key, and there is none behind all others.
      rocksdb::ReadOptions options;
      const std::unique_ptr<rocksdb::Iterator> at(
          db_->NewIterator(options, data_));
      at->SeekToLast();
      CAUCE_RETURN_IF_ERROR(Told(at->status()));
      if (!at->Valid()) continue;
      last = at->key().ToString() + '\0';
      to = last;
    }
    if (to <= range.from) continue;
    CAUCE_RETURN_IF_ERROR(
        Told(batch.DeleteRange(data_, SliceOf(range.from), SliceOf(to))));
  }
  for (const StateChange& change : write.changes) {
    CAUCE_RETURN_IF_ERROR(
        Told(change.value ? batch.Put(data_, SliceOf(change.key),
                                      SliceOf(*change.value))
                          : batch.Delete(data_, SliceOf(change.key))));
  }
  return absl::OkStatus();
}

absl::Status RocksDbTable::Write(const StateWrite& write) {
  std::shared_ptr<RocksDbTable> overfull;
  {
    MutexLock lock(writing_);
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    if (loading_) return TableLoadingError(name());
    batch_.Clear();
    CAUCE_RETURN_IF_ERROR(AddTo(batch_, write));
    {
      MutexLock mark_lock(mark_mutex_);
      // Counted first: a flush that has it asks for it.
      ++writes_;
      const absl::Status told = Told(db_->Write(WithoutLog(), &batch_));
      if (!told.ok()) return Failed(told);
      mark_.assign(write.mark);
    }
    unflushed_bytes_ += static_cast<int64_t>(batch_.GetDataSize()) +
                        kEntryBytes * batch_.Count();
    if (batch_.GetDataSize() > kKeptBatchBytesMax)
      batch_ = rocksdb::WriteBatch();
    if (flush_wanted_ ||
        unflushed_bytes_ >= place_.memory->table_bytes_max()) {
      BeginFlush();
    } else {
      overfull = place_.memory->Overfull();
      if (overfull.get() == this) BeginFlush();
    }
  }
  if (overfull != nullptr && overfull.get() != this) overfull->FlushSoon();
  return absl::OkStatus();
}

absl::Status RocksDbTable::WriteMark() {
  if (marked_writes_ == writes_) return absl::OkStatus();
  const std::string mark = this->mark();
  CAUCE_RETURN_IF_ERROR(Told(db_->Put(WithoutLog(), marks_, SliceOf(kMarkKey),
                                      SliceOf(mark))));
  marked_writes_ = writes_;
  return absl::OkStatus();
}

// How it goes the next write is told.
void RocksDbTable::BeginFlush() {
  flush_wanted_ = false;
  unflushed_bytes_ = 0;
  if (!WriteMark().ok()) return;
  rocksdb::FlushOptions options;
  // Whoever fills the memory faster than it is written to files waits.
  options.wait = place_.memory->is_full();
  options.allow_write_stall = true;
  db_->Flush(options, {data_, marks_}).PermitUncheckedError();
}

void RocksDbTable::FlushSoon() {
  const Use use(*this);
  if (!use || failed_ || place_.spec.read_only) return;
  flush_wanted_ = true;
  if (!writing_.TryLock()) return;
  if (flush_wanted_) BeginFlush();
  writing_.Unlock();
}

absl::Status RocksDbTable::Persist() {
  MutexLock lock(writing_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  return PersistNow();
}

absl::Status RocksDbTable::PersistNow() {
  const int64_t writes = writes_;
  if (persisted_writes_ == writes) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(AskBeforeDurable());
  CAUCE_RETURN_IF_ERROR(WriteMark());
  unflushed_bytes_ = 0;
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  const absl::Status told = Told(db_->Flush(options, {data_, marks_}));
  if (!told.ok()) return Failed(told);
  persisted_writes_ = writes;
  return absl::OkStatus();
}

absl::Status RocksDbTable::Close() {
  absl::Status persisted;
  {
    MutexLock lock(writing_);
    if (closed_) return absl::OkStatus();
    if (!place_.spec.read_only) {
      persisted = CheckWritable();
      if (persisted.ok()) persisted = PersistNow();
    }
    closed_ = true;
  }
  Leave();
  return persisted;
}

std::string RocksDbTable::mark() const {
  MutexLock lock(mark_mutex_);
  return mark_;
}

StateUse RocksDbTable::use() const {
  const auto number = [this](const std::string& property) {
    uint64_t value = 0;
    db_->GetIntProperty(data_, property, &value);
    return static_cast<int64_t>(value);
  };
  return {.keys = number(rocksdb::DB::Properties::kEstimateNumKeys),
          .disk_bytes = number(rocksdb::DB::Properties::kTotalSstFilesSize),
          .memory_bytes =
              number(rocksdb::DB::Properties::kSizeAllMemTables) +
              number(rocksdb::DB::Properties::kEstimateTableReadersMem)};
}

absl::Status RocksDbTable::BeginLoading() {
  MutexLock lock(writing_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  if (loading_) return TableLoadingError(name());
  CAUCE_RETURN_IF_ERROR(PersistNow());
  loading_ = true;
  return absl::OkStatus();
}

void RocksDbTable::EndLoading() {
  MutexLock lock(writing_);
  loading_ = false;
}

absl::Status RocksDbTable::Ingest(const std::vector<std::string>& files,
                                  const std::string& mark_file,
                                  std::string_view mark) {
  MutexLock lock(writing_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  ++writes_;
  CAUCE_RETURN_IF_ERROR(AskBeforeDurable());
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.failed_move_fall_back_to_copy = false;
  options.write_global_seqno = false;
  options.verify_file_checksum = false;
  std::vector<rocksdb::IngestExternalFileArg> parts(1);
  parts[0].column_family = marks_;
  parts[0].external_files = {mark_file};
  parts[0].options = options;
  if (!files.empty()) {
    parts.emplace_back();
    parts[1].column_family = data_;
    parts[1].external_files = files;
    parts[1].options = options;
  }
  const absl::Status told = Told(db_->IngestExternalFiles(parts));
  if (!told.ok()) return Failed(told);
  persisted_writes_ = writes_;
  marked_writes_ = writes_;
  ExcuseLoadedFiles();
  MutexLock mark_lock(mark_mutex_);
  mark_.assign(mark);
  return absl::OkStatus();
}

}  // namespace cauce
