// The tables of the options of state stores against the structs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "cauce/errors.h"
#include "cauce/option_keys.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "tests/engine/client/option_rows.h"
#include "tests/testing/matchers.h"

namespace cauce {

template <typename Visit>
void ForEachField(StoresOptions& options, const Visit& visit) {
  auto& [directory, application, rocksdb, backend, progress, read_only] =
      options;
  visit("directory", directory);
  visit("application", application);
  visit("rocksdb", rocksdb);
  visit("backend", backend);
  visit("progress", progress);
  visit("read_only_bytes_max", read_only);
}

template <typename Visit>
void ForEachField(RocksDbOptions& options, const Visit& visit) {
  auto& [memory, load, threads, open_files, file_system] = options;
  visit("memory_max", memory);
  visit("load_bytes_max", load);
  visit("threads", threads);
  visit("open_files_max", open_files);
  visit("file_system", file_system);
}

template <typename Visit>
void ForEachField(StoreOptions& options, const Visit& visit) {
  auto& [partition, ack, partitions, configs] = options;
  visit("partition", partition);
  visit("ack", ack);
  visit("partitions", partitions);
  visit("configs", configs);
}

template <typename Visit>
void ForEachField(WindowOptions& options, const Visit& visit) {
  auto& [store, retention, duplicates] = options;
  visit("store", store);
  visit("retention", retention);
  visit("retain_duplicates", duplicates);
}

namespace {

using test::ExpectRows;
using test::ExpectRowsAndRanges;
using test::HasReason;
using test::IsOk;

TEST(StoreOptionKeys, AreTrueToStores) {
  ExpectRowsAndRanges<StoresOptions>(StoresOptionKeys());
  ExpectRows<StoreOptions>(StoreOptionKeys());
  ExpectRows<WindowOptions>(WindowOptionKeys());
}

TEST(StoreOptionKeys, AreTrueToRocksDb) {
  ExpectRowsAndRanges<RocksDbOptions>(RocksDbOptionKeys());
  // "at least 16, or -1"
  EXPECT_THAT(Validate(RocksDbOptions{.open_files_max = 16}), IsOk());
  EXPECT_THAT(Validate(RocksDbOptions{.open_files_max = -1}), IsOk());
  EXPECT_THAT(Validate(RocksDbOptions{.open_files_max = 15}),
              HasReason(Reason::kInvalidOption));
}

}  // namespace
}  // namespace cauce
