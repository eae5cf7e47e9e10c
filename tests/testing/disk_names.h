// The names on a disk: as processes see them, and as the disk has them.
//
// Every change of a name is pending until its directory is synced; when the
// power goes each pending change is kept or dropped by itself. Paths are
// absolute and have no empty, "." or ".." parts. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/testing/choices.h"
#include "tests/testing/unsynced_bytes.h"

namespace cauce::test {

// A file or a directory, by whatever names.
struct DiskNode {
  using Names = std::map<std::string, std::shared_ptr<DiskNode>, std::less<>>;

  bool is_directory = false;
  UnsyncedBytes bytes;  // of a file
  // A sync of all has failed over it: who syncs it first is told.
  bool owes_error = false;
  Names seen;           // of a directory: by processes,
  Names on_disk;        // and what the disk has
};

class DiskNames {
 public:
  DiskNames();
  // Copies share nothing.
  DiskNames(const DiskNames& from);
  DiskNames& operator=(DiskNames&&) = default;

  // Null where there is none.
  std::shared_ptr<DiskNode> Find(std::string_view path) const;

  // Of changes that succeeded elsewhere, so they must be possible.
  std::shared_ptr<DiskNode> Make(std::string_view path, bool is_directory);
  void Rename(std::string_view from, std::string_view to);
  void Remove(std::string_view path);
  void Sync(std::string_view directory);
  // Of every directory, and the bytes of every file.
  void SyncAll();
  // That failed: names are as uncertain as before, bytes as
  // UnsyncedBytes::FailSync says.
  void FailSyncAll(Choices& choices);

  // The power went: decides about names, and about the bytes of every file
  // that still has one.
  Fates Lose(Choices& choices);
  int64_t unsynced() const;

  const DiskNode& root() const { return *root_; }

 private:
  struct Binding {
    std::shared_ptr<DiskNode> directory;
    std::string name;
    std::shared_ptr<DiskNode> node;  // null: the name goes
  };
  using Change = std::vector<Binding>;  // all or none

  Binding Bind(std::string_view path, std::shared_ptr<DiskNode> node);
  static void Apply(const Change& change);

  std::shared_ptr<DiskNode> root_;
  std::vector<Change> pending_;
};

}  // namespace cauce::test
