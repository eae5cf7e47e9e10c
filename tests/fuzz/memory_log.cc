#include "tests/fuzz/memory_log.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/check.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/known_log.h"
#include "engine/log/log_cursor.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/testing/owned_record.h"

namespace cauce::fuzz {
namespace {

// More places of damage than batches fit are a walk that does not move on.
constexpr int kDamagesMax = 100'000;

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return next_++; }

 private:
  std::atomic<uint64_t> next_ = 1;
};

CountingRandom& SomeRandom() {
  static CountingRandom* const random = new CountingRandom;
  return *random;
}

const TopicPartition& Name() {
  static const auto* const name = new TopicPartition{"orders", PartitionId{0}};
  return *name;
}

CursorOptions WholeLog() {
  CursorOptions options;
  options.up_to = ReadUpTo::kLogEnd;
  options.decompressed_bytes_max = kReadDecompressedMax;
  return options;
}

// Decodes `batch`; false where its records are not what its header says.
bool Decode(const RecordBatch& batch, std::vector<Contents::Record>& records) {
  RecordReader reader;
  if (!reader.Open(batch, kReadDecompressedMax).ok()) return false;
  RecordView view;
  while (reader.Next(&view)) {
    records.push_back({view.offset, view.timestamp, test::Own(view.key),
                       test::Own(view.value)});
  }
  return reader.status().ok();
}

// Passes by damage and returns whether there may be more to read.
void PassBy(LogCursor& cursor, const absl::Status& damage, int& damages) {
  ExpectReason(damage, {Reason::kCorruptBatch, Reason::kUnsupportedFormat,
                        Reason::kUnsupportedCodec, Reason::kInvalidRecord,
                        Reason::kBatchTooLarge});
  CAUCE_CHECK(++damages < kDamagesMax);
  const Offset before = cursor.position();
  const auto next = cursor.SkipDamage();
  CAUCE_CHECK(next.ok());
  CAUCE_CHECK(cursor.position() >= before);
}

void ReadBatches(const std::shared_ptr<Log>& log, Contents& contents) {
  LogCursor cursor(log, log->log_start(), WholeLog());
  Offset next = log->log_start();
  for (;;) {
    RecordBatch batch;
    const auto more = cursor.NextBatch(&batch);
    if (!more.ok()) {
      PassBy(cursor, more.status(), contents.damages);
      continue;
    }
    if (!*more) return;
    // The first one may reach below the log's start.
    CAUCE_CHECK(batch.next_offset() > next);
    CAUCE_CHECK(batch.base_offset() >= next || contents.batches.empty());
    CAUCE_CHECK(batch.next_offset() <= log->log_end());
    CAUCE_CHECK(RecordBatch::Parse(batch.bytes()).ok());
    next = batch.next_offset();
    contents.batches.emplace_back(batch.bytes());
  }
}

void ReadRecords(const std::shared_ptr<Log>& log, Contents& contents) {
  std::vector<Contents::Record> decoded;
  // The end of a first batch that reaches below the log's start and cannot be
  // decoded: a reader passes by what is below by its length alone, and may find
  // what follows, or not.
  Offset unclear_until{0};
  for (const std::string& bytes : contents.batches) {
    const auto batch = RecordBatch::Parse(bytes);
    CAUCE_CHECK(batch.ok());
    std::vector<Contents::Record> of_batch;
    const bool is_whole = Decode(*batch, of_batch);
    if (!is_whole) ++contents.undecoded;
    if (batch->is_control()) {
      contents.markers.insert(contents.markers.end(), of_batch.begin(),
                              of_batch.end());
      continue;
    }
    if (!is_whole && batch->base_offset() < log->log_start()) {
      unclear_until = batch->next_offset();
      continue;
    }
    for (Contents::Record& record : of_batch) {
      if (record.offset >= log->log_start()) {
        decoded.push_back(std::move(record));
      }
    }
  }
  LogCursor cursor(log, log->log_start(), WholeLog());
  int damages = 0;
  for (;;) {
    RecordView view;
    const auto more = cursor.Next(&view);
    if (!more.ok()) {
      PassBy(cursor, more.status(), damages);
      continue;
    }
    if (!*more) break;
    contents.records.push_back({view.offset, view.timestamp,
                                test::Own(view.key), test::Own(view.value)});
  }
  // Record by record it is what the batches hold.
  std::vector<Contents::Record> clear = contents.records;
  std::erase_if(clear, [&](const Contents::Record& record) {
    return record.offset < unclear_until;
  });
  CAUCE_CHECK(clear == decoded);
}

}  // namespace

MemoryLog::MemoryLog(const TopicConfig& config)
    : files_(NewMemoryFileSystem(&clock_)),
      pool_(std::make_shared<FilePool>(*files_, 64)),
      config_(config),
      notes_(NewMemoryFileSystem(&clock_)) {
  CAUCE_CHECK(files_->CreateDirectories(kDirectory).ok());
  CAUCE_CHECK(notes_->CreateDirectories(kData).ok());
  known_.emplace(*notes_, std::string(kData));
}

MemoryLog::~MemoryLog() { Kill(); }

absl::Status MemoryLog::Open() {
  CAUCE_CHECK(log_ == nullptr);
  auto log = OpenLog(/*read_only=*/false);
  if (!log.ok()) return log.status();
  log_ = *std::move(log);
  NoteMissing();
  clean_stop_ = false;
  return absl::OkStatus();
}

void MemoryLog::Kill() {
  log_ = nullptr;
  known_.emplace(*notes_, std::string(kData));
  auto saved = ReadLeftManifest(*notes_, kData);
  CAUCE_CHECK(saved.ok() || absl::IsNotFound(saved.status()));
  if (saved.ok()) known_->Begin(*std::move(saved));
}

absl::StatusOr<std::shared_ptr<Log>> MemoryLog::OpenReadOnly() {
  return OpenLog(/*read_only=*/true);
}

void MemoryLog::Close() {
  CAUCE_CHECK(
      log_->Close(MakeError(Reason::kClosed, "the engine was closed")).ok());
  bounds_ = {log_->log_end(), log_->log_start()};
  NoteKnown();
  CAUCE_CHECK(known_->Save().ok());
  clean_stop_ = true;
  log_ = nullptr;
}

std::optional<KnownLog> MemoryLog::Known() {
  auto known = log_->Known();
  if (!known) return std::nullopt;
  const auto info = files_->Info(std::string(kDirectory));
  CAUCE_CHECK(info.ok());
  // Without a time: as one that was changed right before.
  known->directory.id = info->id;
  return known;
}

void MemoryLog::NoteMissing() {
  const auto known = Known();
  if (!known || known->missing.empty()) return;
  const auto before = known_->Find(Name());
  if (before && before->missing == known->missing) return;
  known_->Set(Name(), *known);
  CAUCE_CHECK(known_->Save().ok());
}

void MemoryLog::NoteKnown() {
  const auto known = Known();
  if (!known) return known_->Forget(Name());
  known_->Set(Name(), *known);
}

absl::StatusOr<std::shared_ptr<Log>> MemoryLog::OpenLog(bool read_only) {
  auto environment = std::make_shared<LogEnvironment>();
  environment->files = files_.get();
  environment->pool = pool_;
  environment->clock = &clock_;
  environment->random = &SomeRandom();
  environment->events = [this](Severity severity, std::string_view line) {
    CAUCE_CHECK(line.find('\n') == std::string_view::npos);
    if (severity == Severity::kError) ++damages_told_;
  };
  environment->save_bounds = [this](const TopicPartition& name,
                                    const LogBounds& bounds) {
    bounds_ = bounds;
    return known_->CutAt(name, bounds.recovery_point);
  };
  environment->note_cut = [this](const TopicPartition& name, Offset end) {
    return known_->CutTo(name, end);
  };
  environment->note_bounds = [this](const TopicPartition&,
                                    const LogBounds& bounds) {
    bounds_ = bounds;
  };
  environment->load_bounds =
      [this](const TopicPartition&) -> absl::StatusOr<LogBounds> {
    return bounds_;
  };
  if (read_only) {
    environment->is_closed = [this] { return clean_stop_; };
    environment->known_now =
        [this](const TopicPartition& name) -> std::optional<NotedLog> {
      auto known = known_->Find(name);
      if (!known) return std::nullopt;
      return NotedLog{*std::move(known), clean_stop_};
    };
  }
  environment->save_epochs = [this](const TopicPartition&,
                                    std::span<const EpochStart> epochs) {
    epochs_.assign(epochs.begin(), epochs.end());
    return absl::OkStatus();
  };
  LogOptions options;
  options.name = Name();
  options.directory = kDirectory;
  options.config = std::make_shared<const TopicConfig>(config_);
  options.read_only = read_only;
  options.clean_stop = clean_stop_;
  const auto known = read_only ? std::nullopt : known_->Find(Name());
  options.known = known ? &*known : nullptr;
  options.bounds = bounds_;
  options.epochs = epochs_;
  return Log::Open(std::move(environment), options);
}

VerifySummary MemoryLog::Verify() {
  int64_t damages = 0;
  VerifyOptions options;
  options.decompressed_bytes_max = kReadDecompressedMax;
  const auto verified =
      VerifyDirectory(*files_, kData, options, [&](const Finding& finding) {
        CAUCE_CHECK(!finding.file.empty() && !finding.what.empty());
        if (finding.gravity == Gravity::kDamage) ++damages;
      });
  CAUCE_CHECK(verified.ok());
  CAUCE_CHECK(verified->damages == damages);
  const auto paths =
      ListSegmentFiles(*files_, kDirectory, SegmentFiles::kLogsAndIndexes);
  CAUCE_CHECK(paths.ok());
  for (const std::string& path : *paths) {
    const absl::Status dumped =
        DumpFile(*files_, path, [](const DumpedEntry&) { return true; });
    CAUCE_CHECK(dumped.ok() || IsDamage(dumped) ||
                ReasonOf(dumped) == Reason::kCorruptFile);
  }
  return *verified;
}

Contents ReadContents(const std::shared_ptr<Log>& log) {
  Contents contents;
  contents.start = log->log_start();
  contents.end = log->log_end();
  // One that is only read may end below its start until it is recovered.
  if (log->is_read_only() && contents.start > contents.end) return contents;
  ReadBatches(log, contents);
  ReadRecords(log, contents);
  return contents;
}

}  // namespace cauce::fuzz
