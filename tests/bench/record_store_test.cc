// Every embedded database that is a peer, by what they have in common.
#include "bench/peers/record_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/payload.h"
#include "bench/peers/appending_peers.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

class RecordStoreOf : public ::testing::TestWithParam<StoreKind> {
 protected:
  const test::TempDir directory_;
  const Payload payload_{100, 4096, 1};
};

TEST_P(RecordStoreOf, HoldsWhatWasAppendedInItsOrder) {
  for (const Survives survives : {Survives::kKill, Survives::kPowerLoss}) {
    const auto store = GetParam().create(directory_ / "store", survives);
    ASSERT_THAT(store, test::IsOk());
    for (int i = 0; i < 50; ++i) {
      ASSERT_THAT((*store)->Append(payload_.records()), test::IsOk());
    }
    EXPECT_THAT(VerifyStore(**store, payload_, 50), test::IsOk());
    ASSERT_THAT((*store)->Settle(), test::IsOk());
    EXPECT_THAT(VerifyStore(**store, payload_, 50), test::IsOk());
    EXPECT_THAT(VerifyStore(**store, payload_, 49),
                test::StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(VerifyStore(**store, Payload(100, 4096, 2), 50),
                test::StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_P(RecordStoreOf, FindsEachByItsNumber) {
  const auto store = GetParam().create(directory_ / "store", Survives::kKill);
  ASSERT_THAT(store, test::IsOk());
  const std::vector<Record>& records = payload_.records();
  for (const Record& record : records) {
    ASSERT_THAT((*store)->Append({&record, 1}), test::IsOk());
  }
  const auto count = static_cast<int64_t>(records.size());
  for (int64_t i = 0; i < count; ++i) {
    std::string found;
    ASSERT_THAT((*store)->Get(i, [&](std::string_view v) { found = v; }),
                test::IsOk());
    EXPECT_EQ(found, *records[static_cast<size_t>(i)].value);
  }
  EXPECT_THAT((*store)->Get(count, [](std::string_view) {}),
              test::StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(RecordStoreOf, SyncsWhatItHasOrSaysThatItCannot) {
  const auto store = GetParam().create(directory_ / "store", Survives::kKill);
  ASSERT_THAT(store, test::IsOk());
  ASSERT_THAT((*store)->Append(payload_.records()), test::IsOk());
  const absl::Status synced = (*store)->Sync();
  if (GetParam().name == "RocksDB") {
    EXPECT_THAT(synced, test::IsOk());
  } else {
    EXPECT_THAT(synced, test::StatusIs(absl::StatusCode::kUnimplemented));
  }
  EXPECT_THAT(VerifyStore(**store, payload_, 1), test::IsOk());
}

TEST_P(RecordStoreOf, CannotBeMadeWhereThereIsAFile) {
  const std::string path = directory_ / "file";
  std::ofstream(path) << "in the way";
  EXPECT_THAT(GetParam().create(path + "/store", Survives::kKill),
              test::StatusIs(absl::StatusCode::kUnavailable));
}

INSTANTIATE_TEST_SUITE_P(Stores, RecordStoreOf,
                         ::testing::ValuesIn(StoreKinds()),
                         [](const ::testing::TestParamInfo<StoreKind>& info) {
                           std::string name = info.param.name;
                           std::erase_if(name, [](unsigned char c) {
                             return std::isalnum(c) == 0;
                           });
                           return name;
                         });

}  // namespace
}  // namespace cauce::bench
