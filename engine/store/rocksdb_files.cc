#include "engine/store/rocksdb_files.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/store/manifest_end.h"

namespace cauce {
namespace {

using rocksdb::IOStatus;
using rocksdb::Slice;
using IOOptions = rocksdb::IOOptions;
using Debug = rocksdb::IODebugContext;

// Reads into `scratch` and shows it as `result`.
IOStatus ReadAt(const File& file, uint64_t position, size_t bytes,
                Slice* result, char* scratch) {
  *result = Slice();
  const absl::StatusOr<size_t> read =
      file.Read(static_cast<int64_t>(position), std::span(scratch, bytes));
  if (!read.ok()) return RocksDbFiles::Told(read.status());
  *result = Slice(scratch, *read);
  return IOStatus::OK();
}

// Larger ones are read as they are: RocksDB begins another at 1 MiB.
constexpr int64_t kManifestBytesMax = 64 << 20;
constexpr uint64_t kToTheEnd = UINT64_MAX;

bool IsManifest(const std::string& path) {
  return path.find("/MANIFEST-") != std::string::npos;
}

// Where the manifest is to be read to.
absl::StatusOr<uint64_t> EndOf(const File& manifest) {
  const absl::StatusOr<int64_t> size = manifest.Size();
  if (!size.ok()) return size.status();
  if (*size > kManifestBytesMax) return kToTheEnd;
  std::string bytes(static_cast<size_t>(*size), '\0');
  const absl::StatusOr<size_t> read = manifest.Read(0, bytes);
  if (!read.ok()) return read.status();
  bytes.resize(*read);
  return TornEnd(bytes).value_or(kToTheEnd);
}

class SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  SequentialFile(std::unique_ptr<File> file, uint64_t end)
      : file_(std::move(file)), end_(end) {}

  IOStatus Read(size_t bytes, const IOOptions&, Slice* result, char* scratch,
                Debug*) override {
    const uint64_t left = end_ - std::min(end_, position_);
    IOStatus status = ReadAt(*file_, position_, std::min(bytes, left), result,
                             scratch);
    position_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t bytes) override {
    position_ += bytes;
    return IOStatus::OK();
  }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }

 private:
  const std::unique_ptr<File> file_;
  const uint64_t end_;
  uint64_t position_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccessFile(std::unique_ptr<File> file)
      : file_(std::move(file)) {}

  IOStatus Read(uint64_t position, size_t bytes, const IOOptions&,
                Slice* result, char* scratch, Debug*) const override {
    return ReadAt(*file_, position, bytes, result, scratch);
  }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }

 private:
  const std::unique_ptr<File> file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
 public:
  WritableFile(RocksDbFiles& owner, std::unique_ptr<File> file,
               bool is_manifest)
      : owner_(owner), file_(std::move(file)), is_manifest_(is_manifest) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& bytes, const IOOptions&, Debug*) override {
    IOStatus refused = owner_.Refused();
    if (!refused.ok()) return refused;
    const std::string_view view(bytes.data(), bytes.size());
    const absl::Status written = file_->Write(size_, view);
    IOStatus status = is_manifest_ && !written.ok()
                          ? owner_.ManifestChanged(written)
                          : owner_.Changed(written);
    if (status.ok()) size_ += static_cast<int64_t>(bytes.size());
    return status;
  }
  IOStatus Truncate(uint64_t bytes, const IOOptions&, Debug*) override {
    const auto size = static_cast<int64_t>(bytes);
    if (size == size_) return IOStatus::OK();
    size_ = size;
    return owner_.Changed(file_->Truncate(size));
  }
  IOStatus Close(const IOOptions&, Debug*) override {
    file_.reset();
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions&, Debug*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, Debug*) override {
    IOStatus refused = owner_.Refused();
    if (!refused.ok()) return refused;
    return is_manifest_ ? owner_.ManifestChanged(file_->Sync())
                        : owner_.Changed(file_->Sync());
  }
  bool IsSyncThreadSafe() const override { return true; }
  // The system writes what it has when it likes to; a sync decides.
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, Debug*) override {
    return IOStatus::OK();
  }
  uint64_t GetFileSize(const IOOptions&, Debug*) override {
    return static_cast<uint64_t>(size_);
  }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }

 private:
  RocksDbFiles& owner_;
  std::unique_ptr<File> file_;
  const bool is_manifest_;
  int64_t size_ = 0;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(RocksDbFiles& owner, cauce::FileSystem& files, std::string path)
      : owner_(owner), files_(files), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, Debug*) override {
    return owner_.Changed(files_.SyncDirectory(path_));
  }
  IOStatus Close(const IOOptions&, Debug*) override { return IOStatus::OK(); }

 private:
  RocksDbFiles& owner_;
  cauce::FileSystem& files_;
  const std::string path_;
};

// RocksDB unlocks through it, and nothing else.
class NoLock final : public rocksdb::FileLock {};

// As RocksDB names them: directories end in a slash, sometimes in two.
std::string Clean(const std::string& path) {
  std::string clean;
  for (const char at : path) {
    if (at != '/' || !clean.ends_with('/')) clean += at;
  }
  if (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

}  // namespace

absl::Status RocksDbFiles::failure() const {
  MutexLock lock(mutex_);
  return failure_;
}

void RocksDbFiles::Refuse(absl::Status why) {
  MutexLock lock(mutex_);
  refusal_ = std::move(why);
}

absl::Status RocksDbFiles::refusal() const {
  MutexLock lock(mutex_);
  return refusal_;
}

IOStatus RocksDbFiles::Refused() const { return Told(refusal()); }

IOStatus RocksDbFiles::Told(const absl::Status& status) {
  if (status.ok()) return IOStatus::OK();
  const std::string_view text = MessageOf(status);
  const Slice message(text.data(), text.size());
  if (status.code() == absl::StatusCode::kNotFound)
    return IOStatus::PathNotFound(message);
  if (ReasonOf(status) != Reason::kDiskFull) return IOStatus::IOError(message);
  // What RocksDB itself calls NoSpace it polls the disk for, in a thread.
  IOStatus full =
      rocksdb::status_to_io_status(rocksdb::Status::SpaceLimit(message));
  full.SetRetryable(true);
  return full;
}

IOStatus RocksDbFiles::Changed(const absl::Status& status) {
  if (!status.ok() && !absl::IsNotFound(status)) {
    MutexLock lock(mutex_);
    failure_ = status;
  }
  return Told(status);
}

IOStatus RocksDbFiles::ManifestChanged(const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    keeps_files_ = !status.ok();
  }
  return Changed(status);
}

IOStatus RocksDbFiles::NewSequentialFile(
    const std::string& path, const FileOptions&,
    std::unique_ptr<rocksdb::FSSequentialFile>* file, Debug*) {
  auto opened = files_.Open(Clean(path), OpenMode::kRead);
  if (!opened.ok()) return Told(opened.status());
  uint64_t end = kToTheEnd;
  if (IsManifest(path)) {
    const absl::StatusOr<uint64_t> found = EndOf(**opened);
    if (!found.ok()) return Told(found.status());
    end = *found;
  }
  *file = std::make_unique<SequentialFile>(*std::move(opened), end);
  return IOStatus::OK();
}

IOStatus RocksDbFiles::NewRandomAccessFile(
    const std::string& path, const FileOptions&,
    std::unique_ptr<rocksdb::FSRandomAccessFile>* file, Debug*) {
  auto opened = files_.Open(Clean(path), OpenMode::kRead);
  if (!opened.ok()) return Told(opened.status());
  *file = std::make_unique<RandomAccessFile>(*std::move(opened));
  return IOStatus::OK();
}

IOStatus RocksDbFiles::NewWritableFile(
    const std::string& path, const FileOptions&,
    std::unique_ptr<rocksdb::FSWritableFile>* file, Debug*) {
  IOStatus refused = Refused();
  if (!refused.ok()) return refused;
  auto opened = files_.Open(Clean(path), OpenMode::kCreate);
  if (absl::IsAlreadyExists(opened.status())) {
    opened = files_.Open(Clean(path), OpenMode::kReadWrite);
    if (opened.ok()) {
      IOStatus cut = Changed((*opened)->Truncate(0));
      if (!cut.ok()) return cut;
    }
  }
  if (!opened.ok()) return Changed(opened.status());
  const bool is_manifest = IsManifest(path);
  if (is_manifest) {
    // RocksDB has CURRENT name it once its bytes are synced, and takes for
    // granted that its own name is durable with them.
    const std::string clean = Clean(path);
    IOStatus named = ManifestChanged(
        files_.SyncDirectory(clean.substr(0, clean.rfind('/'))));
    if (!named.ok()) return named;
  }
  *file =
      std::make_unique<WritableFile>(*this, *std::move(opened), is_manifest);
  return IOStatus::OK();
}

IOStatus RocksDbFiles::NewDirectory(
    const std::string& path, const IOOptions&,
    std::unique_ptr<rocksdb::FSDirectory>* directory, Debug*) {
  *directory = std::make_unique<Directory>(*this, files_, Clean(path));
  return IOStatus::OK();
}

IOStatus RocksDbFiles::FileExists(const std::string& path, const IOOptions&,
                                  Debug*) {
  const absl::Status status = files_.Info(Clean(path)).status();
  return absl::IsNotFound(status) ? IOStatus::NotFound() : Told(status);
}

IOStatus RocksDbFiles::GetChildren(const std::string& path, const IOOptions&,
                                   std::vector<std::string>* names, Debug*) {
  names->clear();
  const auto entries = files_.List(Clean(path));
  if (!entries.ok()) return Told(entries.status());
  for (const DirectoryEntry& entry : *entries) names->push_back(entry.name);
  return IOStatus::OK();
}

IOStatus RocksDbFiles::DeleteFile(const std::string& path, const IOOptions&,
                                  Debug*) {
  {
    MutexLock lock(mutex_);
    if (keeps_files_) return IOStatus::OK();
  }
  return Changed(files_.RemoveFile(Clean(path)));
}

IOStatus RocksDbFiles::CreateDir(const std::string& path, const IOOptions&,
                                 Debug*) {
  return Changed(files_.CreateDirectory(Clean(path)));
}

IOStatus RocksDbFiles::CreateDirIfMissing(const std::string& path,
                                          const IOOptions&, Debug*) {
  if (files_.Info(Clean(path)).ok()) return IOStatus::OK();
  return Changed(files_.CreateDirectory(Clean(path)));
}

IOStatus RocksDbFiles::DeleteDir(const std::string& path, const IOOptions&,
                                 Debug*) {
  return Changed(files_.RemoveDirectory(Clean(path)));
}

IOStatus RocksDbFiles::GetFileSize(const std::string& path, const IOOptions&,
                                   uint64_t* bytes, Debug*) {
  const auto info = files_.Info(Clean(path));
  if (!info.ok()) return Told(info.status());
  *bytes = static_cast<uint64_t>(info->bytes);
  return IOStatus::OK();
}

IOStatus RocksDbFiles::GetFileModificationTime(const std::string& path,
                                               const IOOptions&,
                                               uint64_t* seconds, Debug*) {
  const auto info = files_.Info(Clean(path));
  if (!info.ok()) return Told(info.status());
  *seconds = static_cast<uint64_t>(
      std::max(int64_t{0}, absl::ToUnixSeconds(info->modified)));
  return IOStatus::OK();
}

IOStatus RocksDbFiles::RenameFile(const std::string& from,
                                  const std::string& to, const IOOptions&,
                                  Debug*) {
  return Changed(files_.Rename(Clean(from), Clean(to)));
}

IOStatus RocksDbFiles::LinkFile(const std::string& from, const std::string& to,
                                const IOOptions&, Debug*) {
  return Changed(files_.Rename(Clean(from), Clean(to)));
}

IOStatus RocksDbFiles::IsDirectory(const std::string& path, const IOOptions&,
                                   bool* is, Debug*) {
  const auto info = files_.Info(Clean(path));
  if (!info.ok()) return Told(info.status());
  *is = info->is_directory;
  return IOStatus::OK();
}

IOStatus RocksDbFiles::LockFile(const std::string&, const IOOptions&,
                                rocksdb::FileLock** lock, Debug*) {
  *lock = new NoLock;
  return IOStatus::OK();
}

IOStatus RocksDbFiles::UnlockFile(rocksdb::FileLock* lock, const IOOptions&,
                                  Debug*) {
  delete lock;
  return IOStatus::OK();
}

IOStatus RocksDbFiles::GetTestDirectory(const IOOptions&, std::string*,
                                        Debug*) {
  return IOStatus::NotSupported("no directory for tests");
}

IOStatus RocksDbFiles::GetAbsolutePath(const std::string& path,
                                       const IOOptions&, std::string* absolute,
                                       Debug*) {
  *absolute = path;
  return IOStatus::OK();
}

}  // namespace cauce
