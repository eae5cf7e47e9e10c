// Batches of another log at the end of one, or behind it: in a file that was
// put over a segment, or beside them. Whatever the last stop was, they are not
// shown, move no end, and a repair keeps them beside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/engine.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "tests/damage/damaged_directory.h"
#include "tests/damage/remains.h"
#include "tests/damage/sight.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::DamagedDirectory;
using test::FileTree;
using test::IsOk;
using test::Remains;
using test::Sight;
using test::Stop;
using test::Values;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const TopicPartition kOrders{"orders", PartitionId{0}};

// A partition of segments at 0, 6 and 12 ends here.
constexpr int64_t kEnd = 18;

std::string Log(int64_t base) {
  return fmt::format("orders-0/{:020}.log", base);
}

// Of three batches of two records.
std::string AnothersLog(int64_t base) {
  std::string bytes;
  for (int64_t at = base; at < base + 6; at += 2) {
    bytes += test::Batch({"another's", "another's"}).At(Offset{at}).bytes();
  }
  return bytes;
}

class ForeignEnd : public ::testing::Test {
 protected:
  static Sight SightOf(DamagedDirectory& directory, Access access) {
    auto engine = directory.Open(access);
    EXPECT_THAT(engine, IsOk());
    Sight sight = test::ReadOver(*engine, kOrders);
    EXPECT_THAT(engine->Close(), IsOk());
    return sight;
  }

  static void ExpectMended(DamagedDirectory& directory, const Values& records) {
    const auto repaired = directory.Repair();
    ASSERT_THAT(repaired, IsOk());
    EXPECT_EQ(repaired->left, 0);
    EXPECT_GT(repaired->steps, 0);
    const Sight sight = SightOf(directory, Access::kReadOnly);
    EXPECT_EQ(sight.records, records);
    EXPECT_THAT(sight.told, IsEmpty());
    EXPECT_THAT(directory.VerifyAll(), IsEmpty());
    const auto again = directory.Repair();
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->steps, 0);
  }

  static void ExpectGoesOn(DamagedDirectory& directory, Values records) {
    auto engine = directory.Open(Access::kReadWrite);
    ASSERT_THAT(engine, IsOk());
    EXPECT_THAT(test::AppendOne(*engine, kOrders, "new"),
                test::IsOkAndHolds(Offset{kEnd}));
    ASSERT_THAT(engine->Close(), IsOk());
    records[kEnd] = "new";
    EXPECT_EQ(SightOf(directory, Access::kReadOnly).records, records);
  }
};

class ForeignEndAfter : public ForeignEnd,
                        public ::testing::WithParamInterface<Stop> {
 protected:
  // The records that were written below an offset.
  static Values RecordsBelow(int64_t offset) {
    Values records = Remains::Of(GetParam()).records().at("orders-0");
    records.erase(records.lower_bound(offset), records.end());
    return records;
  }
};

std::string NameOf(const ::testing::TestParamInfo<Stop>& stop) {
  return test::CaseName("Log", stop.param);
}
INSTANTIATE_TEST_SUITE_P(Stops, ForeignEndAfter,
                         ::testing::ValuesIn(test::kEveryStop),
                         NameOf);

TEST_P(ForeignEndAfter, InTheLastSegmentsPlaceIsNoneOfTheLog) {
  for (const int64_t base : {kEnd, kEnd + 6}) {
    SCOPED_TRACE(base);
    const auto put = [base](FileTree& tree) {
      tree[Log(12)] = AnothersLog(base);
    };
    DamagedDirectory directory(GetParam(), put);
    const Sight sight = SightOf(directory, Access::kReadOnly);
    EXPECT_EQ(sight.records, RecordsBelow(12));
    EXPECT_THAT(sight.told, Not(IsEmpty()));
    EXPECT_THAT(directory.VerifyAll(), Not(IsEmpty()));
    ExpectMended(directory, RecordsBelow(12));
    ExpectGoesOn(directory, RecordsBelow(12));

    // An opening leaves it there, and so does all that follows.
    DamagedDirectory opened(GetParam(), put);
    ExpectGoesOn(opened, RecordsBelow(12));
    EXPECT_THAT(SightOf(opened, Access::kReadOnly).told, Not(IsEmpty()));
    EXPECT_EQ(opened.Gather().at(Log(12)), AnothersLog(base));
    Values records = RecordsBelow(12);
    records[kEnd] = "new";
    ExpectMended(opened, records);
  }
}

TEST_P(ForeignEndAfter, InTheOnlySegmentsPlaceIsNoneOfTheLog) {
  for (const int64_t base : {kEnd, kEnd + 6}) {
    SCOPED_TRACE(base);
    const auto put = [base](FileTree& tree) {
      tree.erase(Log(6));
      tree.erase(Log(12));
      tree[Log(0)] = AnothersLog(base);
    };
    DamagedDirectory directory(GetParam(), put);
    EXPECT_THAT(SightOf(directory, Access::kReadOnly).records, IsEmpty());
    ExpectMended(directory, Values());
    ExpectGoesOn(directory, Values());

    DamagedDirectory opened(GetParam(), put);
    ExpectGoesOn(opened, Values());
  }
}

// Where the end does not tell, the size does, and the indexes: while the log is
// as it was closed, and after another one's writer was killed.
TEST_F(ForeignEnd, InFrontOfTheEndThatWasNotedIsNoneOfTheLog) {
  Values records = Remains::Of(Stop::kClean).records().at("orders-0");
  records.erase(records.lower_bound(12), records.end());
  std::string foreign;
  for (const int64_t at : {14, 16}) {
    foreign += test::Batch({"another's", "another's"}, Timestamp{1})
                   .At(Offset{at})
                   .bytes();
  }
  for (const bool is_closed : {true, false}) {
    SCOPED_TRACE(is_closed);
    const auto put = [&](FileTree& tree) {
      tree[Log(12)] = foreign;
      if (!is_closed) tree.erase(".kafka_cleanshutdown");
    };
    DamagedDirectory directory(Stop::kClean, put);
    EXPECT_EQ(SightOf(directory, Access::kReadOnly).records, records);
    EXPECT_THAT(directory.events(), Contains(HasSubstr("of another log")));
    EXPECT_THAT(directory.VerifyAll(),
                Contains(Field(&Finding::file,
                               DamagedDirectory::PathOf(Log(12)))));
    ExpectMended(directory, records);
    ExpectGoesOn(directory, records);

    DamagedDirectory opened(Stop::kClean, put);
    ExpectGoesOn(opened, records);
    EXPECT_EQ(opened.Gather().at(Log(12) + ".cut"), foreign);
    EXPECT_THAT(SightOf(opened, Access::kReadOnly).told, Not(IsEmpty()));
  }
}

// Of a partition that was written since its last close: what was noted lies in
// front of what the close did not see, whatever stands in its place now.
TEST_F(ForeignEnd, AcrossTheEndThatWasNotedIsNoneOfTheLogAfterAKill) {
  Values records = Remains::Of(Stop::kClean).records().at("orders-0");
  records.erase(records.lower_bound(12), records.end());
  std::string foreign;
  for (const int64_t at : {14, 16, 18, 20}) {
    foreign += test::Batch({"another's", "another's"}, Timestamp{1})
                   .At(Offset{at})
                   .bytes();
  }
  const auto put = [&](FileTree& tree) {
    tree[Log(12)] = foreign;
    tree.erase(".kafka_cleanshutdown");
  };
  DamagedDirectory directory(Stop::kClean, put);
  EXPECT_EQ(SightOf(directory, Access::kReadOnly).records, records);
  EXPECT_THAT(directory.events(), Contains(HasSubstr("of another log")));
  EXPECT_THAT(directory.VerifyAll(),
              Contains(Field(&Finding::file,
                             DamagedDirectory::PathOf(Log(12)))));
  ExpectMended(directory, records);
  ExpectGoesOn(directory, records);

  DamagedDirectory opened(Stop::kClean, put);
  ExpectGoesOn(opened, records);
  EXPECT_EQ(opened.Gather().at(Log(12) + ".cut"), foreign);
  EXPECT_THAT(SightOf(opened, Access::kReadOnly).told, Not(IsEmpty()));
}

// Nobody wrote it behind the close that has noted where the log ended. After a
// kill it is as what a writer leaves that has just begun another segment.
TEST_F(ForeignEnd, BehindALogThatWasClosedIsNoneOfIt) {
  const Values records = Remains::Of(Stop::kClean).records().at("orders-0");
  for (const int64_t named : {kEnd, kEnd + 6}) {
    for (const int64_t base : {kEnd, kEnd + 6}) {
      SCOPED_TRACE(fmt::format("from {} in {}", base, named));
      const auto put = [named, base](FileTree& tree) {
        tree[Log(named)] = AnothersLog(base);
      };
      DamagedDirectory directory(Stop::kClean, put);
      auto reader = directory.Open(Access::kReadOnly);
      ASSERT_THAT(reader, IsOk());
      EXPECT_EQ(test::ReadOver(*reader, kOrders).records, records);
      EXPECT_THAT(directory.events(), Contains(HasSubstr(Log(named))));
      const auto partition =
          reader->OpenPartition(kOrders.topic, kOrders.partition);
      ASSERT_THAT(partition, IsOk());
      EXPECT_GT(partition->lost().back.count(), 0);
      ASSERT_THAT(reader->Close(), IsOk());
      EXPECT_THAT(
          directory.VerifyAll(),
          Contains(Field(&Finding::file,
                         DamagedDirectory::PathOf(Log(named)))));
      ExpectMended(directory, records);
      ExpectGoesOn(directory, records);

      DamagedDirectory opened(Stop::kClean, put);
      ExpectGoesOn(opened, records);
      EXPECT_EQ(opened.Gather().at(Log(named) + ".cut"), AnothersLog(base));
      EXPECT_THAT(opened.VerifyAll(), IsEmpty());
    }
  }
}

TEST_F(ForeignEnd, InTheLastSegmentOfALogThatWasClosedIsTakenOut) {
  const Values records = Remains::Of(Stop::kClean).records().at("orders-0");
  DamagedDirectory directory(Stop::kClean, [](FileTree& tree) {
    tree[Log(12)] += AnothersLog(kEnd);
  });
  EXPECT_THAT(directory.VerifyAll(),
              Contains(Field(&Finding::offset, Offset{kEnd})));
  ExpectMended(directory, records);
  ExpectGoesOn(directory, records);
}

// They may be right, as in a newer copy of the log.
TEST_F(ForeignEnd, InTheLastSegmentOfALogThatWasClosedIsToldAndCounted) {
  const auto put = [](FileTree& tree) { tree[Log(12)] += AnothersLog(kEnd); };
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    DamagedDirectory opened(Stop::kClean, put);
    Values records = Remains::Of(Stop::kClean).records().at("orders-0");
    for (int64_t at = kEnd; at < kEnd + 6; ++at) records[at] = "another's";
    EXPECT_EQ(SightOf(opened, access).records, records);
    EXPECT_THAT(opened.events(),
                Contains(AllOf(HasSubstr("orders-0"),
                               HasSubstr("up to offset 24"),
                               HasSubstr("closed at offset 18"),
                               HasSubstr("a newer copy"))));
  }
  DamagedDirectory directory(Stop::kClean, put);
  const auto repaired = directory.Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->offsets_lost, 6);
}

// The directory of another partition, say, was put in the place of the one that
// was closed. Cut where that ended the rest would pass for it.
TEST_F(ForeignEnd, OfALogThatStandsWholeInTheClosedOnesPlaceIsToldAndLeft) {
  DamagedDirectory directory(Stop::kClean, [](FileTree& tree) {
    std::erase_if(tree, [](const auto& file) {
      return file.first.starts_with("orders-0/0");
    });
    for (int64_t base = 0; base <= kEnd; base += 6) {
      tree[Log(0)] += AnothersLog(base);
    }
  });
  const auto is_told = Contains(AllOf(HasSubstr("up to offset 24"),
                                      HasSubstr("closed at offset 18"),
                                      HasSubstr("none of its files")));
  EXPECT_EQ(SightOf(directory, Access::kReadOnly).records.size(), 24U);
  EXPECT_THAT(directory.events(), is_told);
  const auto found = directory.VerifyAll();
  ASSERT_THAT(found, Not(IsEmpty()));
  EXPECT_THAT(found.front().what, HasSubstr("none of its files"));

  const auto repaired = directory.Repair();

  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->left, 1);
  EXPECT_EQ(repaired->steps, 0);
  EXPECT_TRUE(directory.Gather() == directory.laid());
  auto engine = directory.Open(Access::kReadWrite);
  ASSERT_THAT(engine, IsOk());
  EXPECT_THAT(test::AppendOne(*engine, kOrders, "new"),
              test::IsOkAndHolds(Offset{kEnd + 6}));
  EXPECT_THAT(directory.events(), is_told);
}

// A log that was never compacted keeps its segments, and their sizes: after a
// kill too nobody has put that there who writes it.
TEST_F(ForeignEnd, OfALogThatIsLongerThanTheFileInItsPlaceIsToldAfterAnyStop) {
  for (const bool is_closed : {true, false}) {
    for (const bool is_alone : {true, false}) {
      SCOPED_TRACE(fmt::format("closed: {}, alone: {}", is_closed, is_alone));
      DamagedDirectory directory(Stop::kClean, [&](FileTree& tree) {
        if (!is_closed) tree.erase(".kafka_cleanshutdown");
        tree[Log(0)] = AnothersLog(0) + AnothersLog(6) + AnothersLog(12);
        tree[Log(0)] += AnothersLog(kEnd);
        if (!is_alone) return;
        tree.erase(Log(6));
        tree.erase(Log(12));
      });
      const FileTree laid = directory.laid();
      auto engine = directory.Open(Access::kReadWrite);
      ASSERT_THAT(engine, IsOk());
      ASSERT_THAT(engine->OpenPartition(kOrders.topic, kOrders.partition),
                  IsOk());
      EXPECT_THAT(directory.events(),
                  Contains(AllOf(HasSubstr(Log(0)),
                                 HasSubstr("up to offset 24"),
                                 HasSubstr("began at offset 6"))));
      ASSERT_THAT(engine->Close(), IsOk());
      // Nothing of it goes.
      EXPECT_EQ(directory.Gather().at(Log(0)), laid.at(Log(0)));
    }
  }
}

TEST_F(ForeignEnd, OfALogThatStandsInTheClosedOnesPlaceStaysWhereItIsWanted) {
  DamagedDirectory directory(Stop::kClean, [](FileTree& tree) {
    std::erase_if(tree, [](const auto& file) {
      return file.first.starts_with("orders-0/0");
    });
    for (int64_t base = 0; base <= kEnd; base += 6) {
      tree[Log(0)] += AnothersLog(base);
    }
    tree.erase("cauce.segments");
  });
  const auto repaired = directory.Repair();
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->left, 0);
  EXPECT_EQ(repaired->offsets_lost, 0);
  EXPECT_THAT(directory.VerifyAll(), IsEmpty());
  EXPECT_EQ(SightOf(directory, Access::kReadOnly).records.size(), 24U);
  EXPECT_THAT(directory.events(), IsEmpty());
}

}  // namespace
}  // namespace cauce
