#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <map>
#include <utility>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"
#include "engine/io/file_error.h"
#include "engine/io/sparse_bytes.h"
#include "fmt/format.h"

namespace cauce {
namespace {

struct Directory;

// What a name stands for, and what outlives the name while it is open.
struct Content {
  Mutex mutex;
  SparseBytes bytes ABSL_GUARDED_BY(mutex);
  absl::Time modified ABSL_GUARDED_BY(mutex);

  // Set before anybody else sees it.
  uint64_t id = 0;

  // Both guarded by the tree's lock. Null once the name is gone.
  Directory* directory = nullptr;
  bool locked = false;
};

using Entry =
    std::variant<std::shared_ptr<Content>, std::shared_ptr<Directory>>;

// Guarded by the tree's lock.
struct Directory {
  std::map<std::string, Entry, std::less<>> entries;
  absl::Time modified;
  uint64_t id = 0;
  uint64_t changes = 0;  // counted for those who watch
};

FileInfo InfoOf(const Directory& directory) {
  return {
      .modified = directory.modified, .is_directory = true, .id = directory.id};
}

const std::shared_ptr<Content>* FileIn(const Entry* entry) {
  return entry == nullptr ? nullptr
                          : std::get_if<std::shared_ptr<Content>>(entry);
}

const std::shared_ptr<Directory>* DirectoryIn(const Entry* entry) {
  return entry == nullptr ? nullptr
                          : std::get_if<std::shared_ptr<Directory>>(entry);
}

// All names, and who waits for changes. Kept alive by the file system and by
// whatever is open. `mutex` is never taken under a Content's lock.
struct Tree {
  explicit Tree(Clock& its_clock) : clock(its_clock) {
    root->modified = clock.Now();
    root->id = 1;
  }

  // A file in `directory` was written, or a name in it has changed.
  void Changed(Directory& directory) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    ++directory.changes;
    changed.NotifyAll();
  }
  void NameChanged(Directory& directory) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    directory.modified = clock.Now();
    Changed(directory);
  }

  Clock& clock;
  Mutex mutex;
  CondVar changed;
  const std::shared_ptr<Directory> root = std::make_shared<Directory>();
  uint64_t last_id ABSL_GUARDED_BY(mutex) = 1;  // the root's
  // Lets a write pass the lock by while nobody watches.
  std::atomic<int> watches = 0;
};

// A path's names, from the root on; none for the root itself.
using Names = std::vector<std::string_view>;

absl::StatusOr<Names> Split(const std::string_view path,
                            std::string_view operation) {
  if (path.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("a path with a zero byte in it");
  }
  // The disk's bounds, so that what runs here runs there.
  if (path.size() >= PATH_MAX) return NameError(path, operation, ENAMETOOLONG);
  if (path.empty()) return NameError(path, operation, ENOENT);
  Names names;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name.size() > NAME_MAX) return NameError(path, operation, ENAMETOOLONG);
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.push_back(name);
    }
  }
  return names;
}

// The place of one name: the directory that holds it, and what is there now.
struct Place {
  Directory* parent = nullptr;  // null for the root
  std::string_view name;
  Entry* entry = nullptr;  // null when there is no such name
};

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<Tree> tree, std::shared_ptr<Content> content,
             std::string path, OpenMode mode)
      : tree_(std::move(tree)),
        content_(std::move(content)),
        path_(std::move(path)),
        writable_(mode != OpenMode::kRead) {}

  absl::StatusOr<size_t> Read(int64_t position,
                              std::span<char> into) const override {
    CAUCE_RETURN_IF_ERROR(CheckRange(path_, position, into.size()));
    MutexLock lock(content_->mutex);
    return content_->bytes.Read(position, into);
  }

  absl::Status Write(int64_t position,
                     std::span<const std::string_view> parts) override {
    if (!writable_) return ReadOnlyError(path_);
    size_t total = 0;
    for (std::string_view part : parts) total += part.size();
    CAUCE_RETURN_IF_ERROR(CheckRange(path_, position, total));
    {
      MutexLock lock(content_->mutex);
      for (std::string_view part : parts) {
        content_->bytes.Write(position, part);
        position += static_cast<int64_t>(part.size());
      }
      content_->modified = tree_->clock.Now();
    }
    TellWatchers();
    return absl::OkStatus();
  }

  absl::Status Sync() override { return absl::OkStatus(); }

  absl::Status Truncate(int64_t size) override {
    if (!writable_) return ReadOnlyError(path_);
    CAUCE_RETURN_IF_ERROR(CheckRange(path_, size, 0));
    {
      MutexLock lock(content_->mutex);
      content_->bytes.Resize(size);
      content_->modified = tree_->clock.Now();
    }
    TellWatchers();
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> Size() const override {
    MutexLock lock(content_->mutex);
    return content_->bytes.size();
  }

  int64_t NextData(int64_t position) const override {
    MutexLock lock(content_->mutex);
    return content_->bytes.NextHeld(position);
  }

  absl::Status SetModified(absl::Time modified) override {
    if (!writable_) return ReadOnlyError(path_);
    MutexLock lock(content_->mutex);
    content_->modified = modified;
    return absl::OkStatus();
  }

 private:
  // Nobody is missed: who began to watch and then did not see the write has
  // taken the content's lock before the writer did.
  void TellWatchers() {
    if (tree_->watches.load() == 0) return;
    MutexLock lock(tree_->mutex);
    if (content_->directory != nullptr) tree_->Changed(*content_->directory);
  }

  const std::shared_ptr<Tree> tree_;
  const std::shared_ptr<Content> content_;
  const std::string path_;  // as it was opened: for messages
  const bool writable_;
};

class MemoryLock final : public FileLock {
 public:
  MemoryLock(std::shared_ptr<Tree> tree, std::shared_ptr<Content> content)
      : tree_(std::move(tree)), content_(std::move(content)) {}

  ~MemoryLock() override {
    MutexLock lock(tree_->mutex);
    {
      MutexLock content_lock(content_->mutex);
      content_->bytes.Resize(0);
    }
    content_->locked = false;
  }

 private:
  const std::shared_ptr<Tree> tree_;
  const std::shared_ptr<Content> content_;
};

class MemoryWatch final : public FileWatch {
 public:
  MemoryWatch(std::shared_ptr<Tree> tree,
              std::vector<std::shared_ptr<Directory>> directories)
      : tree_(std::move(tree)), directories_(std::move(directories)) {
    ++tree_->watches;
    MutexLock lock(tree_->mutex);
    seen_ = Changes();
  }
  ~MemoryWatch() override { --tree_->watches; }

  absl::StatusOr<bool> Wait(absl::Duration timeout) override {
    MutexLock lock(tree_->mutex);
    // What wakes it may be a change elsewhere: then it waits on for the rest.
    const absl::Duration end = tree_->clock.Monotonic() + timeout;
    while (Changes() == seen_) {
      const absl::Duration left = end - tree_->clock.Monotonic();
      if (left <= absl::ZeroDuration()) return false;
      if (!tree_->changed.WaitFor(tree_->mutex, left)) break;
    }
    const uint64_t before = std::exchange(seen_, Changes());
    return before != seen_;
  }

 private:
  uint64_t Changes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(tree_->mutex) {
    uint64_t sum = 0;
    for (const auto& directory : directories_) sum += directory->changes;
    return sum;
  }

  const std::shared_ptr<Tree> tree_;
  const std::vector<std::shared_ptr<Directory>> directories_;
  uint64_t seen_ = 0;
};

class MemoryFiles final : public FileSystem {
 public:
  explicit MemoryFiles(Clock& clock) : tree_(std::make_shared<Tree>(clock)) {}

  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override {
    CAUCE_ASSIGN_OR_RETURN(const Names names, Split(path, "open"));
    MutexLock lock(tree_->mutex);
    CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<Content> content,
                           OpenContent(path, names, mode));
    return std::make_unique<MemoryFile>(tree_, std::move(content),
                                        std::string(path), mode);
  }

  absl::Status CreateDirectories(std::string_view path) override {
    return MakeDirectories(path, Above::kIsMade);
  }

  absl::Status CreateDirectory(std::string_view path) override {
    return MakeDirectories(path, Above::kMustExist);
  }

  // What becomes of the directories above the last one.
  enum class Above { kIsMade, kMustExist };

  absl::Status MakeDirectories(std::string_view path, Above above) {
    CAUCE_ASSIGN_OR_RETURN(const Names names, Split(path, "create directory"));
    MutexLock lock(tree_->mutex);
    Directory* at = tree_->root.get();
    for (size_t i = 0; i < names.size(); ++i) {
      auto found = at->entries.find(names[i]);
      if (found == at->entries.end()) {
        if (above == Above::kMustExist && i + 1 < names.size()) {
          return NameError(path, "create directory", ENOENT);
        }
        auto made = std::make_shared<Directory>();
        made->modified = tree_->clock.Now();
        made->id = ++tree_->last_id;
        found = at->entries.emplace(names[i], std::move(made)).first;
        tree_->NameChanged(*at);
      }
      const auto* directory = DirectoryIn(&found->second);
      if (directory == nullptr) {
        const bool is_last = i + 1 == names.size();
        return NameError(path, "create directory", is_last ? EEXIST : ENOTDIR);
      }
      at = directory->get();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override {
    CAUCE_ASSIGN_OR_RETURN(const Names names, Split(directory, "list"));
    MutexLock lock(tree_->mutex);
    CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<Directory> found,
                           FindDirectory(directory, names, "list"));
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, entry] : found->entries) {
      entries.push_back({name, DirectoryIn(&entry) != nullptr});
    }
    return entries;
  }

  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(const Names names, Split(path, "stat"));
    MutexLock lock(tree_->mutex);
    if (names.empty()) {
      return InfoOf(*tree_->root);
    }
    CAUCE_ASSIGN_OR_RETURN(const Place place, Find(path, names, "stat"));
    if (place.entry == nullptr) return NameError(path, "stat", ENOENT);
    if (const auto* directory = DirectoryIn(place.entry)) {
      return InfoOf(**directory);
    }
    Content& content = **FileIn(place.entry);
    MutexLock content_lock(content.mutex);
    return FileInfo{.bytes = content.bytes.size(),
                    .modified = content.modified,
                    .id = content.id};
  }

  absl::Status Rename(std::string_view from, std::string_view to) override {
    const std::string operation = fmt::format("rename to {}", to);
    CAUCE_ASSIGN_OR_RETURN(const Names from_names, Split(from, operation));
    CAUCE_ASSIGN_OR_RETURN(const Names to_names, Split(to, operation));
    MutexLock lock(tree_->mutex);
    CAUCE_ASSIGN_OR_RETURN(const Place source,
                           Find(from, from_names, operation));
    CAUCE_ASSIGN_OR_RETURN(const Place target, Find(from, to_names, operation));
    if (source.parent == nullptr || target.parent == nullptr) {
      return NameError(from, operation, EBUSY);
    }
    if (source.entry == nullptr) return NameError(from, operation, ENOENT);
    if (source.entry == target.entry) return absl::OkStatus();
    const bool is_directory = DirectoryIn(source.entry) != nullptr;
    if (is_directory && to_names.size() > from_names.size() &&
        std::equal(from_names.begin(), from_names.end(), to_names.begin())) {
      return NameError(from, operation, EINVAL);  // into itself
    }
    if (target.entry != nullptr) {
      const auto* in_the_way = DirectoryIn(target.entry);
      if (!is_directory && in_the_way)
        return NameError(from, operation, EISDIR);
      if (is_directory && !in_the_way) {
        return NameError(from, operation, ENOTDIR);
      }
      if (in_the_way && !(*in_the_way)->entries.empty()) {
        return NameError(from, operation, ENOTEMPTY);
      }
      Erase(target);
    }
    // An erased neighbour does not move what a map holds.
    Entry moved = std::move(*source.entry);
    source.parent->entries.erase(source.parent->entries.find(source.name));
    if (const auto* content = FileIn(&moved)) {
      (*content)->directory = target.parent;
    }
    target.parent->entries.emplace(target.name, std::move(moved));
    tree_->NameChanged(*source.parent);
    tree_->NameChanged(*target.parent);
    return absl::OkStatus();
  }

  absl::Status RemoveFile(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(const Names names, Split(path, "remove"));
    MutexLock lock(tree_->mutex);
    CAUCE_ASSIGN_OR_RETURN(const Place place, Find(path, names, "remove"));
    if (place.parent != nullptr && place.entry == nullptr) {
      return NameError(path, "remove", ENOENT);
    }
    if (FileIn(place.entry) == nullptr) {
      return NameError(path, "remove", EISDIR);
    }
    Erase(place);
    return absl::OkStatus();
  }

  absl::Status RemoveDirectory(std::string_view path) override {
    const std::string_view operation = "remove directory";
    CAUCE_ASSIGN_OR_RETURN(const Names names, Split(path, operation));
    MutexLock lock(tree_->mutex);
    CAUCE_ASSIGN_OR_RETURN(const Place place, Find(path, names, operation));
    if (place.parent == nullptr) return NameError(path, operation, EBUSY);
    if (place.entry == nullptr) return NameError(path, operation, ENOENT);
    const auto* directory = DirectoryIn(place.entry);
    if (directory == nullptr) return NameError(path, operation, ENOTDIR);
    if (!(*directory)->entries.empty()) {
      return NameError(path, operation, ENOTEMPTY);
    }
    Erase(place);
    return absl::OkStatus();
  }

  absl::Status SyncDirectory(std::string_view directory) override {
    const std::string_view operation = "sync directory";
    CAUCE_ASSIGN_OR_RETURN(const Names names, Split(directory, operation));
    MutexLock lock(tree_->mutex);
    return FindDirectory(directory, names, operation).status();
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) override {
    CAUCE_ASSIGN_OR_RETURN(const Names names, Split(path, "lock"));
    MutexLock lock(tree_->mutex);
    CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<Content> content,
                           OpenContent(path, names, OpenMode::kOpenOrCreate));
    MutexLock content_lock(content->mutex);
    if (content->locked) {
      std::string holder(kOwnerBytesMax, ' ');
      holder.resize(content->bytes.Read(0, holder));
      return LockedError(path, holder);
    }
    content->locked = true;
    content->bytes.Resize(0);
    content->bytes.Write(0, owner);
    return std::make_unique<MemoryLock>(tree_, content);
  }

  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) override {
    std::vector<std::shared_ptr<Directory>> watched;
    for (const std::string& path : directories) {
      CAUCE_ASSIGN_OR_RETURN(const Names names, Split(path, "watch"));
      MutexLock lock(tree_->mutex);
      CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<Directory> directory,
                             FindDirectory(path, names, "watch"));
      watched.push_back(std::move(directory));
    }
    return std::make_unique<MemoryWatch>(tree_, std::move(watched));
  }

 private:
  // Finds the last of `names`, whose directory must exist.
  absl::StatusOr<Place> Find(std::string_view path, const Names& names,
                             std::string_view operation) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(tree_->mutex) {
    Place place;
    Directory* at = tree_->root.get();
    for (std::string_view name : names) {
      if (place.parent != nullptr) {  // not the first: one level down
        if (place.entry == nullptr) return NameError(path, operation, ENOENT);
        const auto* directory = DirectoryIn(place.entry);
        if (directory == nullptr) return NameError(path, operation, ENOTDIR);
        at = directory->get();
      }
      const auto found = at->entries.find(name);
      place = {at, name, found == at->entries.end() ? nullptr : &found->second};
    }
    return place;
  }

  absl::StatusOr<std::shared_ptr<Directory>> FindDirectory(
      std::string_view path, const Names& names,
      std::string_view operation) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(tree_->mutex) {
    if (names.empty()) return tree_->root;
    CAUCE_ASSIGN_OR_RETURN(const Place place, Find(path, names, operation));
    if (place.entry == nullptr) return NameError(path, operation, ENOENT);
    const auto* directory = DirectoryIn(place.entry);
    if (directory == nullptr) return NameError(path, operation, ENOTDIR);
    return *directory;
  }

  absl::StatusOr<std::shared_ptr<Content>> OpenContent(std::string_view path,
                                                       const Names& names,
                                                       OpenMode mode)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(tree_->mutex) {
    CAUCE_ASSIGN_OR_RETURN(const Place place, Find(path, names, "open"));
    const bool is_directory =
        place.parent == nullptr || DirectoryIn(place.entry) != nullptr;
    const bool exists = is_directory || place.entry != nullptr;
    if (exists && mode == OpenMode::kCreate) {
      return NameError(path, "open", EEXIST);
    }
    if (is_directory || path.ends_with('/')) {
      return NameError(path, "open", EISDIR);
    }
    if (exists) return *FileIn(place.entry);
    if (mode != OpenMode::kCreate && mode != OpenMode::kOpenOrCreate) {
      return NameError(path, "open", ENOENT);
    }
    auto content = std::make_shared<Content>();
    content->directory = place.parent;
    content->id = ++tree_->last_id;
    {
      MutexLock lock(content->mutex);
      content->modified = tree_->clock.Now();
    }
    place.parent->entries.emplace(place.name, content);
    tree_->NameChanged(*place.parent);
    return content;
  }

  // Takes the name away; what is open stays.
  void Erase(const Place& place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(tree_->mutex) {
    if (const auto* content = FileIn(place.entry)) {
      (*content)->directory = nullptr;
    }
    place.parent->entries.erase(place.parent->entries.find(place.name));
    tree_->NameChanged(*place.parent);
  }

  const std::shared_ptr<Tree> tree_;
};

}  // namespace

std::unique_ptr<FileSystem> NewMemoryFileSystem(Clock* clock) {
  return std::make_unique<MemoryFiles>(clock != nullptr ? *clock
                                                        : *SystemClock());
}

}  // namespace cauce
