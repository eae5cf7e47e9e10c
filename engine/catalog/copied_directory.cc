#include "engine/catalog/copied_directory.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/whole_file.h"

namespace cauce {
namespace {

// Looks at one directory after the other until one tells that they are no copy.
class CopyCheck {
 public:
  CopyCheck(FileSystem& files, const std::string& directory)
      : files_(files), directory_(directory) {}

  void Look(TopicPartition name, std::string_view part) {
    if (is_none_) return;
    const auto known = DecodeKnownLog(part);
    if (!known.ok() || known->directory.id == 0) return;
    const auto info = files_.Info(JoinPath(directory_, name.ToString()));
    // It is gone, or something else stands in its place.
    const bool is_gone = absl::IsNotFound(info.status()) ||
                         absl::IsFailedPrecondition(info.status());
    if (is_gone) return;
    if (!info.ok()) {
      unseen_.Update(info.status());
      return;
    }
    is_none_ = info->id == known->directory.id;
    if (info->is_directory && info->id != 0) {
      ids_.emplace(std::move(name), info->id);
    }
  }

  bool is_none() const { return is_none_; }
  // The ids that the directories of a copy have by now.
  const std::map<TopicPartition, uint64_t>& ids() const { return ids_; }
  // Why the first that could not be looked at could not.
  const absl::Status& unseen() const { return unseen_; }

 private:
  FileSystem& files_;
  const std::string& directory_;
  std::map<TopicPartition, uint64_t> ids_;
  absl::Status unseen_;
  bool is_none_ = false;
};

}  // namespace

Manifest ReadInCopy(FileSystem& files, const std::string& directory,
                    Manifest manifest, absl::Status* unseen) {
  CopyCheck check(files, directory);
  manifest.ForEach([&](std::string_view topic, PartitionId partition,
                       const ManifestRow& row) {
    check.Look({std::string(topic), partition}, row.part);
  });
  *unseen = check.is_none() ? absl::OkStatus() : check.unseen();
  if (check.is_none() || check.ids().empty()) return manifest;
  ManifestRows rows = manifest.rows();
  std::map<TopicPartition, std::string> parts;
  for (const auto& [name, id] : check.ids()) {
    auto known = DecodeKnownLog(rows[name].part);
    if (!known.ok()) continue;
    known->directory = {.id = id};
    auto part = EncodeKnownLog(*known);
    if (!part) continue;
    rows[name].part = parts[name] = *std::move(part);
  }
  std::optional<std::string> bytes = FormatManifest(rows, manifest.sums());
  if (!bytes) return manifest;
  auto read =
      Manifest::Parse(JoinPath(directory, kManifestFile), *std::move(bytes));
  return read.ok() ? *std::move(read) : manifest;
}

}  // namespace cauce
