#include "tests/testing/faulty_disk.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/io/file_error.h"
#include "tests/testing/disk_names.h"

namespace cauce::test {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

int64_t InSectors(int64_t bytes) {
  return (bytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
}

int64_t UsedBelow(const DiskNode& directory) {
  int64_t used = 0;
  for (const auto& [name, node] : directory.seen) {
    used +=
        node->is_directory ? UsedBelow(*node) : InSectors(node->bytes.size());
  }
  return used;
}

void CopyOut(const DiskNode& directory, const std::string& path,
             FileSystem& to) {
  for (const auto& [name, node] : directory.seen) {
    const std::string below = path + '/' + name;
    if (node->is_directory) {
      CAUCE_CHECK(to.CreateDirectories(below).ok());
      CopyOut(*node, below, to);
    } else {
      const auto file = to.Open(below, OpenMode::kCreate);
      CAUCE_CHECK(file.ok());
      CAUCE_CHECK((*file)->Write(0, node->bytes.disk()).ok());
    }
  }
}

// What processes see: their files' bytes are in `from`.
void CopySeen(const DiskNode& directory, const std::string& path,
              FileSystem& from, FileSystem& to) {
  for (const auto& [name, node] : directory.seen) {
    const std::string below = path + '/' + name;
    if (node->is_directory) {
      CAUCE_CHECK(to.CreateDirectories(below).ok());
      CopySeen(*node, below, from, to);
      continue;
    }
    const auto source = from.Open(below, OpenMode::kRead);
    const auto target = to.Open(below, OpenMode::kCreate);
    CAUCE_CHECK(source.ok() && target.ok());
    std::string bytes(static_cast<size_t>((*source)->Size().value()), '\0');
    CAUCE_CHECK((*source)->Read(0, bytes).value() == bytes.size());
    CAUCE_CHECK((*target)->Write(0, bytes).ok());
  }
}

}  // namespace

struct FaultyDisk::State {
  explicit State(Clock& its_clock)
      : clock(its_clock), files(NewMemoryFileSystem(&its_clock)) {}

  // Counts the call and decides whether it may begin.
  absl::Status Begin(DiskCall call, std::string_view path)
      ABSL_LOCKS_EXCLUDED(mutex) {
    Plan asked;
    int64_t change = 0;
    {
      MutexLock lock(mutex);
      if (IsChange(call) && !is_cut()) ++changes;
      change = changes;
      CAUCE_RETURN_IF_ERROR(CheckPower(path));
      asked = plan;
    }
    return asked ? asked(call, path, change - 1) : absl::OkStatus();
  }
  bool is_cut() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return changes > cut_before;
  }
  absl::Status CheckPower(std::string_view path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (!is_cut()) return absl::OkStatus();
    return DataError(path, "the power is out", EIO);
  }
  int64_t Free() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (capacity == kNever) return kNever;
    return std::max<int64_t>(capacity - UsedBelow(names.root()), 0);
  }

  Clock& clock;
  Mutex mutex;
  // As processes see it; replaced when the power comes back. Copies of a disk
  // share it while the power is out.
  std::shared_ptr<FileSystem> files ABSL_GUARDED_BY(mutex);
  DiskNames names ABSL_GUARDED_BY(mutex);
  int64_t changes ABSL_GUARDED_BY(mutex) = 0;
  int64_t cut_before ABSL_GUARDED_BY(mutex) = kNever;
  int64_t capacity ABSL_GUARDED_BY(mutex) = kNever;
  int64_t restarts ABSL_GUARDED_BY(mutex) = 0;
  std::optional<size_t> whole_sync_min ABSL_GUARDED_BY(mutex);
  Plan plan ABSL_GUARDED_BY(mutex);
};

class FaultyDisk::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<State> state, std::string path,
           std::shared_ptr<DiskNode> node, std::unique_ptr<File> file,
           int64_t restarts)
      : state_(std::move(state)),
        path_(std::move(path)),
        node_(std::move(node)),
        file_(std::move(file)),
        restarts_(restarts) {}

  absl::StatusOr<size_t> Read(int64_t position,
                              std::span<char> into) const override {
    CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kRead, path_));
    MutexLock lock(state_->mutex);
    CAUCE_RETURN_IF_ERROR(CheckAlive());
    return file_->Read(position, into);
  }

  absl::Status Write(int64_t position,
                     std::span<const std::string_view> parts) override {
    std::string bytes;
    for (const std::string_view part : parts) bytes += part;
    absl::Status fault = state_->Begin(DiskCall::kWrite, path_);
    MutexLock lock(state_->mutex);
    CAUCE_RETURN_IF_ERROR(CheckAlive());
    if (!fault.ok()) bytes.resize(bytes.size() / 2);
    if (fault.ok()) fault = FitIn(position, bytes);
    CAUCE_RETURN_IF_ERROR(file_->Write(position, bytes));
    node_->bytes.Write(WriteNumber(), position, bytes);
    return fault;
  }

  absl::Status Sync() override {
    absl::Status fault = state_->Begin(DiskCall::kSync, path_);
    MutexLock lock(state_->mutex);
    CAUCE_RETURN_IF_ERROR(CheckAlive());
    if (std::exchange(node_->owes_error, false) && fault.ok()) {
      fault = DataError(path_, "sync", EIO);
    }
    if (fault.ok()) {
      node_->bytes.Sync();
    } else {
      RandomChoices fates(WriteNumber());
      node_->bytes.FailSync(fates);
    }
    return fault;
  }

  absl::Status Truncate(int64_t size) override {
    CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kTruncate, path_));
    MutexLock lock(state_->mutex);
    CAUCE_RETURN_IF_ERROR(CheckAlive());
    CAUCE_RETURN_IF_ERROR(file_->Truncate(size));
    node_->bytes.Truncate(WriteNumber(), size);
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> Size() const override {
    CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kRead, path_));
    MutexLock lock(state_->mutex);
    CAUCE_RETURN_IF_ERROR(CheckAlive());
    return file_->Size();
  }

  // What it sets is gone with the power.
  absl::Status SetModified(absl::Time modified) override {
    MutexLock lock(state_->mutex);
    CAUCE_RETURN_IF_ERROR(CheckAlive());
    return file_->SetModified(modified);
  }

 private:
  absl::Status CheckAlive() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    CAUCE_RETURN_IF_ERROR(state_->CheckPower(path_));
    if (restarts_ == state_->restarts) return absl::OkStatus();
    return DataError(path_, "opened by a process that died", EBADF);
  }
  uint64_t WriteNumber() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    return static_cast<uint64_t>(state_->changes);
  }
  // Cuts `bytes` to what there is room for.
  absl::Status FitIn(int64_t position, std::string& bytes) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    const int64_t free = state_->Free();
    if (free == kNever) return absl::OkStatus();
    const int64_t room = InSectors(node_->bytes.size()) + free - position;
    if (static_cast<int64_t>(bytes.size()) <= room) return absl::OkStatus();
    bytes.resize(static_cast<size_t>(std::max<int64_t>(room, 0)));
    return DataError(path_, "write", ENOSPC);
  }

  const std::shared_ptr<State> state_;
  const std::string path_;
  const std::shared_ptr<DiskNode> node_;
  const std::unique_ptr<File> file_;
  const int64_t restarts_;
};

class FaultyDisk::Whole final : public WholeSync {
 public:
  Whole(std::shared_ptr<State> state, size_t files_min, int64_t restarts)
      : state_(std::move(state)), files_min_(files_min), restarts_(restarts) {}

  size_t files_min() const override { return files_min_; }
  bool Covers(std::string_view) const override { return true; }

  absl::Status Sync() override {
    const absl::Status fault = state_->Begin(DiskCall::kSyncWhole, "/");
    MutexLock lock(state_->mutex);
    CAUCE_RETURN_IF_ERROR(state_->CheckPower("/"));
    if (restarts_ != state_->restarts) {
      return DataError("/", "opened by a process that died", EBADF);
    }
    if (failure_.ok() && fault.ok()) {
      state_->names.SyncAll();
      return absl::OkStatus();
    }
    if (failure_.ok()) failure_ = fault;
    RandomChoices fates(static_cast<uint64_t>(state_->changes));
    state_->names.FailSyncAll(fates);
    return failure_;
  }

 private:
  const std::shared_ptr<State> state_;
  const size_t files_min_;
  const int64_t restarts_;
  absl::Status failure_ ABSL_GUARDED_BY(state_->mutex);
};

FaultyDisk::FaultyDisk(Clock& clock)
    : FaultyDisk(std::make_shared<State>(clock)) {}
FaultyDisk::FaultyDisk(std::shared_ptr<State> state)
    : state_(std::move(state)) {}
FaultyDisk::~FaultyDisk() = default;

std::unique_ptr<FaultyDisk> FaultyDisk::Copy() const {
  MutexLock lock(state_->mutex);
  CAUCE_CHECK(state_->is_cut());
  auto copy = std::make_shared<State>(state_->clock);
  MutexLock copy_lock(copy->mutex);
  copy->files = state_->files;
  copy->names = DiskNames(state_->names);
  copy->changes = state_->changes;
  copy->cut_before = state_->cut_before;
  copy->capacity = state_->capacity;
  copy->whole_sync_min = state_->whole_sync_min;
  return std::unique_ptr<FaultyDisk>(new FaultyDisk(copy));
}

int64_t FaultyDisk::changes() const {
  MutexLock lock(state_->mutex);
  return state_->changes;
}

void FaultyDisk::CutBefore(int64_t change) {
  MutexLock lock(state_->mutex);
  state_->cut_before = change;
  // No call has to come to find the power out.
  if (change <= state_->changes) state_->cut_before = state_->changes - 1;
}

bool FaultyDisk::is_cut() const {
  MutexLock lock(state_->mutex);
  return state_->is_cut();
}

Fates FaultyDisk::Restart(Choices& choices) {
  MutexLock lock(state_->mutex);
  CAUCE_CHECK(state_->is_cut());
  const Fates fates = state_->names.Lose(choices);
  state_->files = NewMemoryFileSystem(&state_->clock);
  CopyOut(state_->names.root(), "", *state_->files);
  state_->cut_before = kNever;
  ++state_->restarts;
  return fates;
}

void FaultyDisk::RestartProcess() {
  MutexLock lock(state_->mutex);
  CAUCE_CHECK(state_->is_cut());
  if (state_->files.use_count() > 1) {
    std::shared_ptr<FileSystem> own = NewMemoryFileSystem(&state_->clock);
    CopySeen(state_->names.root(), "", *state_->files, *own);
    state_->files = std::move(own);
  }
  state_->cut_before = kNever;
  ++state_->restarts;
}

int64_t FaultyDisk::unsynced() const {
  MutexLock lock(state_->mutex);
  return state_->names.unsynced();
}

void FaultyDisk::set_plan(Plan plan) {
  MutexLock lock(state_->mutex);
  state_->plan = std::move(plan);
}

void FaultyDisk::set_capacity(int64_t bytes) {
  MutexLock lock(state_->mutex);
  state_->capacity = bytes;
}

void FaultyDisk::offer_whole_sync(size_t files_min) {
  MutexLock lock(state_->mutex);
  state_->whole_sync_min = files_min;
}

int64_t FaultyDisk::used() const {
  MutexLock lock(state_->mutex);
  return UsedBelow(state_->names.root());
}

void FaultyDisk::FlipBit(std::string_view path, int64_t bit) {
  MutexLock lock(state_->mutex);
  const auto node = state_->names.Find(path);
  CAUCE_CHECK(node != nullptr);
  CAUCE_CHECK(node->bytes.unsynced() == 0);
  const auto mask = static_cast<char>(1 << (bit % 8));
  node->bytes.Flip(bit / 8, mask);
  const auto file = state_->files->Open(path, OpenMode::kReadWrite);
  CAUCE_CHECK(file.ok());
  const char flipped = node->bytes.disk()[static_cast<size_t>(bit / 8)];
  CAUCE_CHECK((*file)->Write(bit / 8, {&flipped, 1}).ok());
}

absl::StatusOr<int64_t> FaultyDisk::FreeBytes(std::string_view path) {
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kRead, path));
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(path));
  CAUCE_RETURN_IF_ERROR(state_->files->Info(path).status());
  return state_->Free();
}

absl::StatusOr<std::unique_ptr<File>> FaultyDisk::Open(std::string_view path,
                                                       OpenMode mode) {
  std::shared_ptr<DiskNode> node;
  {
    MutexLock lock(state_->mutex);
    node = state_->names.Find(path);
  }
  const bool creates = node == nullptr && (mode == OpenMode::kCreate ||
                                           mode == OpenMode::kOpenOrCreate);
  CAUCE_RETURN_IF_ERROR(
      state_->Begin(creates ? DiskCall::kCreate : DiskCall::kRead, path));
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(path));
  if (creates && state_->Free() == 0) return NameError(path, "open", ENOSPC);
  CAUCE_ASSIGN_OR_RETURN(auto file, state_->files->Open(path, mode));
  if (creates) node = state_->names.Make(path, false);
  return std::make_unique<OpenFile>(state_, std::string(path), std::move(node),
                                    std::move(file), state_->restarts);
}

absl::Status FaultyDisk::CreateDirectory(std::string_view path) {
  {
    MutexLock lock(state_->mutex);
    if (!state_->is_cut() && state_->names.Find(path) != nullptr) {
      return state_->files->CreateDirectory(path);
    }
  }
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kMakeDirectory, path));
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(path));
  if (state_->Free() == 0) return NameError(path, "create directory", ENOSPC);
  CAUCE_RETURN_IF_ERROR(state_->files->CreateDirectory(path));
  state_->names.Make(path, true);
  return absl::OkStatus();
}

absl::Status FaultyDisk::CreateDirectories(std::string_view path) {
  // One after the other, each durable before the next, as the contract says.
  for (size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    const std::string_view part = path.substr(0, end);
    {
      MutexLock lock(state_->mutex);
      if (state_->names.Find(part) != nullptr) continue;
    }
    CAUCE_RETURN_IF_ERROR(CreateDirectory(part));
    CAUCE_RETURN_IF_ERROR(SyncDirectory(part.substr(0, part.rfind('/'))));
  }
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(path));
  return state_->files->CreateDirectories(path);
}

absl::StatusOr<std::vector<DirectoryEntry>> FaultyDisk::List(
    std::string_view directory) {
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kRead, directory));
  MutexLock lock(state_->mutex);
  return state_->files->List(directory);
}

absl::StatusOr<FileInfo> FaultyDisk::Info(std::string_view path) {
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kLook, path));
  MutexLock lock(state_->mutex);
  return state_->files->Info(path);
}

absl::Status FaultyDisk::Rename(std::string_view from, std::string_view to) {
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kRename, from));
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(from));
  CAUCE_RETURN_IF_ERROR(state_->files->Rename(from, to));
  state_->names.Rename(from, to);
  return absl::OkStatus();
}

absl::Status FaultyDisk::RemoveFile(std::string_view path) {
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kRemove, path));
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(path));
  CAUCE_RETURN_IF_ERROR(state_->files->RemoveFile(path));
  state_->names.Remove(path);
  return absl::OkStatus();
}

absl::Status FaultyDisk::RemoveDirectory(std::string_view path) {
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kRemove, path));
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(path));
  CAUCE_RETURN_IF_ERROR(state_->files->RemoveDirectory(path));
  state_->names.Remove(path);
  return absl::OkStatus();
}

absl::Status FaultyDisk::SyncDirectory(std::string_view directory) {
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kSyncDirectory, directory));
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(directory));
  if (state_->names.Find(directory) == nullptr) {
    return NameError(directory, "sync directory", ENOENT);
  }
  state_->names.Sync(directory);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<WholeSync>> FaultyDisk::OpenWholeSync(
    std::string_view file) {
  {
    MutexLock lock(state_->mutex);
    if (!state_->whole_sync_min) return nullptr;
  }
  CAUCE_RETURN_IF_ERROR(state_->Begin(DiskCall::kRead, file));
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(file));
  return std::make_unique<Whole>(state_, *state_->whole_sync_min,
                                 state_->restarts);
}

absl::StatusOr<std::unique_ptr<FileLock>> FaultyDisk::Lock(
    std::string_view path, std::string_view owner) {
  // Its name, as for any file; what the holder writes into it is for people.
  CAUCE_RETURN_IF_ERROR(Open(path, OpenMode::kOpenOrCreate).status());
  MutexLock lock(state_->mutex);
  CAUCE_RETURN_IF_ERROR(state_->CheckPower(path));
  return state_->files->Lock(path, owner);
}

absl::StatusOr<std::unique_ptr<FileWatch>> FaultyDisk::Watch(
    std::span<const std::string> directories) {
  MutexLock lock(state_->mutex);
  return state_->files->Watch(directories);
}

}  // namespace cauce::test
