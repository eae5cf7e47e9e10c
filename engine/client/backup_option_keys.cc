#include <string_view>
#include <vector>

#include "cauce/backup.h"
#include "cauce/option_keys.h"
#include "engine/client/option_row.h"

namespace cauce {
namespace {

Shown Show(GroupOffsets value) {
  return {"string", value == GroupOffsets::kTake ? "take" : "leave-out"};
}

OptionKey GroupOffsetsKey(GroupOffsets value) {
  Shown shown = Show(value);
  return {"group_offsets",       "", shown.type, std::move(shown.text),
          "take or leave-out",
          "What groups have committed in the topic: a part of it, or not"};
}

}  // namespace

std::vector<OptionKey> BackupOptionKeys() {
  const BackupOptions o;
  return {Key("file_system", "", o.file_system, "a FileSystem",
              "Where the log's files are; null is the system's"),
          Key("target_file_system", "", o.target_file_system, "a FileSystem",
              "Where the backup's files are; null is the log's"),
          GroupOffsetsKey(o.group_offsets),
          Key("on_damage", "", o.on_damage, "stop or skip",
              "Damaged bytes end the work, or are copied as they are, and "
              "told"),
          Key("progress", "", o.progress, "a function",
              "Told how far the work has come, and may end it; null for "
              "nobody"),
          Key("events", "", o.events, "a function",
              "Gets the log lines; null drops them")};
}

std::vector<OptionKey> RestoreOptionKeys() {
  const RestoreOptions o;
  return {Key("name", "", o.name, "a topic's name",
              "The name that the topic gets; empty for the one it had"),
          Key("file_system", "", o.file_system, "a FileSystem",
              "Where the backup's files are; null is the system's"),
          GroupOffsetsKey(o.group_offsets),
          Key("progress", "", o.progress, "a function",
              "Told how far the work has come, and may end it; null for "
              "nobody")};
}

}  // namespace cauce
