// Whether the name of a partition's directory still leads to the directory of
// the topic that it did: who only reads is not told when another process
// deletes a topic, and makes one of the same name.
//
// Told by the topic's id in `partition.metadata` where both have one, else by
// the directory itself. What cannot be told counts as the same. Reads only; not
// thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/file_stamp.h"

namespace cauce {

class DirectoryIdentity {
 public:
  // Of the directory that is there now, the time of day. `files` is borrowed.
  // absl::NotFoundError where there is none.
  static absl::StatusOr<DirectoryIdentity> Of(FileSystem& files,
                                              std::string path, absl::Time now);

  // Whether the directory at that path is still the one of this topic. As long
  // as it is, two looks and no file is read. absl::NotFoundError where there is
  // none.
  absl::StatusOr<bool> IsStillThere(absl::Time now);

 private:
  struct Seen {
    uint64_t directory = 0;
    FileStamps metadata;
    TopicId topic;  // zero where it is not known
  };

  DirectoryIdentity(FileSystem& files, std::string path);
  absl::StatusOr<Seen> Look(absl::Time now) const;

  FileSystem* files_;
  std::string path_;
  Seen seen_;
};

}  // namespace cauce
