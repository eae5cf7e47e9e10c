// The tables of the options of backups against the structs.
#include <gtest/gtest.h>

#include <string_view>

#include "cauce/backup.h"
#include "cauce/option_keys.h"
#include "tests/engine/client/option_rows.h"

namespace cauce {

template <typename Visit>
void ForEachField(BackupOptions& options, const Visit& visit) {
  auto& [files, target_files, offsets, damage, progress, events] = options;
  visit("file_system", files);
  visit("target_file_system", target_files);
  visit("group_offsets", offsets);
  visit("on_damage", damage);
  visit("progress", progress);
  visit("events", events);
}

template <typename Visit>
void ForEachField(RestoreOptions& options, const Visit& visit) {
  auto& [name, files, offsets, progress] = options;
  visit("name", name);
  visit("file_system", files);
  visit("group_offsets", offsets);
  visit("progress", progress);
}

namespace {

TEST(BackupOptionKeys, AreTrueToBackups) {
  test::ExpectRows<BackupOptions>(BackupOptionKeys());
}

TEST(BackupOptionKeys, AreTrueToRestores) {
  test::ExpectRows<RestoreOptions>(RestoreOptionKeys());
}

}  // namespace
}  // namespace cauce
