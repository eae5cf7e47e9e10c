// What all groups have committed in a topic, by the log of their coordinator:
// for who only reads. Any thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "engine/backup/backup_manifest.h"

namespace cauce {

// By group and partition; none where no group has committed anywhere. What
// belongs to an older topic of the name is left out. Errors of reading: what
// cannot be read may be a group's last word.
absl::StatusOr<std::vector<BackupOffset>> ReadCommittedOffsets(
    const Engine& engine, const TopicDescription& topic);

}  // namespace cauce
