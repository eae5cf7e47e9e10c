#include "tests/history/history_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cauce::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr Isolation kAll = Isolation::kReadUncommitted;
constexpr Isolation kDecided = Isolation::kReadCommitted;
constexpr TransactionOutcome kCommit = TransactionOutcome::kCommit;
constexpr TransactionOutcome kAbort = TransactionOutcome::kAbort;

const TopicPartition kA{"a", {0}};
const TopicPartition kB{"b", {0}};

std::vector<std::string> Found(const History& history) {
  std::vector<std::string> names;
  for (const Anomaly& each : CheckHistory(history)) {
    names.emplace_back(Name(each.kind));
    EXPECT_THAT(each.events, testing::Not(IsEmpty())) << names.back();
    for (const size_t at : each.events) EXPECT_LT(at, history.size());
  }
  return names;
}

// Behind a history: the end of a partition, with all transactions decided.
LogRead End(const TopicPartition& partition, std::map<Offset, int64_t> values,
            Isolation isolation = kDecided) {
  return {.partition = partition,
          .isolation = isolation,
          .values = std::move(values),
          .last_stable = {9},
          .end = {9}};
}

Delivered Read(ConsumerNumber consumer, int64_t offset, int64_t value,
               TransactionNumber transaction = 0) {
  return {.consumer = consumer,
          .transaction = transaction,
          .from = kA,
          .offset = {offset},
          .value = value};
}

History Plus(History history, const History& more) {
  history.insert(history.end(), more.begin(), more.end());
  return history;
}

// Two records of one producer, acknowledged.
History TwoRecords() {
  return {Sent{1, 0, kA, 11}, Acknowledged{11, {0}}, Sent{1, 0, kA, 12},
          Acknowledged{12, {1}}};
}

// A transaction with a record in each of two partitions, ready to end.
History Transaction() {
  return {ProducerStarted{1, "x"}, Sent{1, 5, kA, 51}, Sent{1, 5, kB, 52},
          Acknowledged{51, {0}}, Acknowledged{52, {0}}};
}

TEST(GoodHistory, OfRecordsHasNothing) {
  EXPECT_THAT(Found({}), IsEmpty());
  EXPECT_THAT(Found(Plus(TwoRecords(), {Read(1, 0, 11), Read(1, 1, 12),
                                        End(kA, {{{0}, 11}, {{1}, 12}})})),
              IsEmpty());
}

TEST(GoodHistory, MayHaveOrNotWhatNobodyWasTold) {
  const History told = {Sent{1, 0, kA, 11}};

  EXPECT_THAT(Found(Plus(told, {End(kA, {})})), IsEmpty());
  EXPECT_THAT(Found(Plus(told, {End(kA, {{{0}, 11}})})), IsEmpty());
}

TEST(GoodHistory, MayHaveATransactionAsAWholeOrNotWhereItsEndWasNotTold) {
  const History asked = Plus(Transaction(), {CommitAsked{5}});

  EXPECT_THAT(Found(Plus(asked, {End(kA, {}), End(kB, {})})), IsEmpty());
  EXPECT_THAT(
      Found(Plus(asked, {End(kA, {{{0}, 51}}), End(kB, {{{0}, 52}})})),
      IsEmpty());
}

// The process ended before its callbacks were called.
TEST(GoodHistory, MayHaveATransactionThatNobodyAcknowledgedAsAWholeOrNot) {
  const History asked = {ProducerStarted{1, "x"}, Sent{1, 5, kA, 51},
                         Sent{1, 5, kB, 52}, CommitAsked{5}};

  EXPECT_THAT(Found(Plus(asked, {End(kA, {}), End(kB, {})})), IsEmpty());
  EXPECT_THAT(
      Found(Plus(asked, {TransactionEnded{5, kCommit}, End(kA, {{{0}, 51}}),
                         End(kB, {{{0}, 52}})})),
      IsEmpty());
}

TEST(GoodHistory, ShowsAnAbortedTransactionToWhoReadsAll) {
  EXPECT_THAT(Found(Plus(Transaction(), {TransactionEnded{5, kAbort},
                                         End(kA, {{{0}, 51}}, kAll),
                                         End(kA, {}), End(kB, {})})),
              IsEmpty());
}

TEST(GoodHistory, LetsTransactionsReadWhatIsNotCommittedWhereTheyAskForIt) {
  Delivered read = Read(1, 0, 51, 6);
  read.isolation = kAll;
  EXPECT_THAT(Found({Sent{1, 5, kA, 51}, read, Sent{2, 6, kB, 61},
                     CommitAsked{6}, TransactionEnded{6, kCommit},
                     Delivered{2, kDecided, 5, kB, {0}, 61}, CommitAsked{5}}),
              IsEmpty());
}

TEST(GoodHistory, GoesBackAndSkipsWhereAConsumerWasMoved) {
  EXPECT_THAT(
      Found(Plus(TwoRecords(), {Sent{1, 0, kA, 13}, Acknowledged{13, {2}},
                                Read(1, 0, 11), Moved{1, kA}, Read(1, 2, 13),
                                Moved{1, kA}, Read(1, 1, 12)})),
      IsEmpty());
}

TEST(GoodHistory, GoesOverPartitionsFromOneToTheOther) {
  const History group = {
      Assigned{1, "g", 1, {kA}}, Read(1, 0, 11),
      OffsetsCommitAsked{"g", {{kA, {1}}}},
      OffsetsCommitted{1, "g", 1, {{kA, {1}}}}, Assigned{2, "g", 2, {kA}},
      Read(2, 1, 12), OffsetsCommitAsked{"g", {{kA, {2}}}},
      OffsetsSeen{"g", {{kA, {2}}}}};
  EXPECT_THAT(Found(Plus(TwoRecords(), group)), IsEmpty());
}

TEST(GoodHistory, PassesByWhatWasAbortedWhereOneOfAGroupSeesLess) {
  Delivered of_all = Read(2, 1, 12);
  of_all.isolation = kAll;
  const History group = {
      Sent{1, 0, kA, 12}, Acknowledged{12, {1}}, MemberMade{1, "g"},
      MemberMade{2, "g"}, Assigned{1, "g", 1, {kA}}, Read(1, 1, 12),
      Assigned{2, "g", 2, {kA}}, of_all, OffsetsCommitAsked{"g", {{kA, {2}}}},
      OffsetsSeen{"g", {{kA, {2}}}},
      End(kA, {{{0}, 51}, {{1}, 12}}, kAll), End(kA, {{{1}, 12}})};

  EXPECT_THAT(Found(Plus(Plus(Transaction(), {TransactionEnded{5, kAbort}}),
                         group)),
              IsEmpty());
}

TEST(GoodHistory, HasAGroupBehindTheLastRecordInTheEnd) {
  const History group = {Assigned{1, "g", 1, {kA}}, Read(1, 0, 11),
                         Read(1, 1, 12), OffsetsSeen{"g", {}},
                         OffsetsCommitted{1, "g", 1, {{kA, {2}}}},
                         OffsetsSeen{"g", {{kA, {2}}}}};

  // Behind the records may be what ends a transaction: nobody reads that.
  EXPECT_THAT(Found(Plus(Plus(TwoRecords(), group),
                         {End(kA, {{{0}, 11}, {{1}, 12}})})),
              IsEmpty());
}

TEST(GoodHistory, GivesAGenerationAgainOnceNobodyIsOfIt) {
  EXPECT_THAT(Found({Assigned{1, "g", 4, {kA}}, ProcessEnded{},
                     Assigned{2, "g", 3, {kA}}, Assigned{3, "g", 4, {kA}},
                     OffsetsCommitted{3, "g", 4, {{kA, {1}}}}}),
              IsEmpty());
}

TEST(GoodHistory, GivesAPlaceFromOneMemberToTheOther) {
  EXPECT_THAT(Found({MemberMade{1, "g", "i"}, Assigned{1, "g", 3, {kA}, "m1"},
                     OffsetsCommitted{1, "g", 3, {{kA, {1}}}, "m1"},
                     MemberMade{2, "g", "i"}, Assigned{2, "g", 3, {kA}, "m2"},
                     OffsetsCommitted{2, "g", 3, {{kA, {2}}}, "m2"}}),
              IsEmpty());
}

TEST(GoodHistory, LetsTheFormerOneOfAPlaceComeBackAsAnotherMember) {
  EXPECT_THAT(Found({MemberMade{1, "g", "i"}, Assigned{1, "g", 3, {kA}, "m1"},
                     MemberMade{2, "g", "i"}, Assigned{2, "g", 3, {kA}, "m2"},
                     Assigned{1, "g", 5, {kA}, "m3"},
                     OffsetsCommitted{1, "g", 5, {{kA, {1}}}, "m3"}}),
              IsEmpty());
}

// Nobody knows which of them had the place first.
TEST(GoodHistory, TakesACommitOfEitherOfTwoThatCameForAPlaceAtOnce) {
  EXPECT_THAT(Found({MemberMade{1, "g", "i"}, MemberMade{2, "g", "i"},
                     Assigned{2, "g", 3, {kA}, "m2"},
                     Assigned{1, "g", 3, {kA}, "m1"},
                     OffsetsCommitted{2, "g", 3, {{kA, {1}}}, "m2"}}),
              IsEmpty());
}

TEST(GoodHistory, HasTheOldShareWhereACooperativeMemberWaitsForTheNewOne) {
  EXPECT_THAT(
      Found({MemberMade{1, "g", "i", Promise::kNone, true},
             Assigned{1, "g", 3, {kA, kB}, "m1"},
             MemberMade{2, "g", "i", Promise::kNone, true},
             Assigned{2, "g", 3, {kA}, "m2"}}),
      IsEmpty());
}

TEST(GoodHistory, WorksOnARecordAgainWhereItIsToBeDoneAtLeastOnce) {
  const History group = {
      MemberMade{1, "g", "", Promise::kAtLeastOnce},
      MemberMade{2, "g", "", Promise::kAtLeastOnce}, Read(1, 0, 11),
      OffsetsSeen{"g", {{kA, {0}}}}, Worked{1, kA, {0}}, Read(2, 0, 11),
      Worked{2, kA, {0}}, OffsetsSeen{"g", {{kA, {1}}}}};
  EXPECT_THAT(Found(Plus(TwoRecords(), group)), IsEmpty());
}

TEST(GoodHistory, CommitsByItselfBehindWhatNobodyIsShown) {
  EXPECT_THAT(Found(Plus(Transaction(),
                         {TransactionEnded{5, kAbort},
                          MemberMade{1, "g", "", Promise::kAtLeastOnce},
                          OffsetsSeen{"g", {{kA, {2}}}}, End(kA, {}),
                          End(kB, {})})),
              IsEmpty());
}

TEST(GoodHistory, NeverWorksOnARecordThatIsToBeDoneAtMostOnce) {
  const History group = {MemberMade{1, "g", "", Promise::kAtMostOnce},
                         Read(1, 0, 11), Read(1, 1, 12),
                         OffsetsCommitted{1, "g", 1, {{kA, {2}}}},
                         Worked{1, kA, {1}}, OffsetsSeen{"g", {{kA, {2}}}}};
  EXPECT_THAT(Found(Plus(TwoRecords(), group)), IsEmpty());
}

// What was asked for at the same time may have come in either order.
TEST(GoodHistory, OfSeveralThreadsTellsLateWhatWasOvertaken) {
  EXPECT_THAT(
      Found({OffsetsCommitAsked{"g", {{kA, {3}}}},
             OffsetsCommitted{2, "g", 4, {{kA, {5}}}, "", 1},
             OffsetsCommitted{1, "g", 3, {{kA, {3}}}, "", 0},
             OffsetsSeen{"g", {{kA, {3}}}, 1}}),
      IsEmpty());
  EXPECT_THAT(Found({Assigned{1, "g", 3, {kA}}, Assigned{2, "g", 4, {kA}},
                     OffsetsCommitted{1, "g", 3, {{kA, {1}}}, "", 1}}),
              IsEmpty());
  EXPECT_THAT(Found({MemberMade{1, "g", "i"}, Assigned{1, "g", 3, {kA}, "m1"},
                     MemberMade{2, "g", "i"}, Assigned{2, "g", 3, {kA}, "m2"},
                     OffsetsCommitted{1, "g", 3, {{kA, {1}}}, "m1", 3}}),
              IsEmpty());
}

TEST(GoodHistory, MayLackWhatWasToBeDeleted) {
  const History records = Plus(
      TwoRecords(), {Read(1, 0, 11), RecordsDeleted{kA, {1}}});
  EXPECT_THAT(Found(Plus(records, {End(kA, {{{1}, 12}})})), IsEmpty());
  EXPECT_THAT(Found(Plus(records, {End(kA, {{{0}, 11}, {{1}, 12}})})),
              IsEmpty());

  const History half = Plus(Transaction(), {RecordsDeleted{kB, {1}},
                                            CommitAsked{5}});
  EXPECT_THAT(Found(Plus(half, {End(kA, {{{0}, 51}}), End(kB, {})})),
              IsEmpty());
}

TEST(GoodHistory, MayPassByWhatWasToBeDeleted) {
  const History three = Plus(
      TwoRecords(), {Sent{1, 0, kA, 13}, Acknowledged{13, {2}}, Read(9, 0, 11),
                     Read(9, 1, 12), Read(9, 2, 13), Read(1, 0, 11)});

  EXPECT_THAT(Found(Plus(three, {RecordsDeleted{kA, {2}}, Read(1, 2, 13)})),
              IsEmpty());
  EXPECT_THAT(Found(Plus(three, {RecordsDeleted{kA, {1}}, Read(1, 2, 13)})),
              ElementsAre("poll-skip"));
  EXPECT_THAT(Found(Plus(three, {Read(1, 2, 13), RecordsDeleted{kA, {2}}})),
              ElementsAre("poll-skip"))
      << "nobody had asked for that yet";
}

TEST(BadHistory, LacksWhatIsBehindWhatWasToBeDeleted) {
  EXPECT_THAT(Found(Plus(TwoRecords(), {RecordsDeleted{kA, {1}},
                                        End(kA, {{{0}, 11}})})),
              ElementsAre("unseen"));
}

TEST(GoodHistory, MayLackATopicThatWasToBeDeleted) {
  const History records =
      Plus(TwoRecords(),
           {Read(1, 0, 11), OffsetsCommitAsked{"g", {{kA, {1}}}},
            OffsetsCommitted{1, "g", 1, {{kA, {1}}}}, TopicDeleted{"a"}});

  EXPECT_THAT(Found(Plus(records, {OffsetsSeen{"g", {}}, End(kA, {})})),
              IsEmpty());
}

TEST(BadHistory, ShowsARecordOfATopicThatHadTheName) {
  EXPECT_THAT(Found(Plus(TwoRecords(),
                         {TopicDeleted{"a"}, End(kB, {{{0}, 11}})})),
              Contains("phantom"));
}

TEST(BadHistory, LosesAnAcknowledgedRecord) {
  EXPECT_THAT(Found(Plus(TwoRecords(), {Read(1, 1, 12)})),
              ElementsAre("lost-write"));
}

TEST(BadHistory, LosesTheLastAcknowledgedRecord) {
  EXPECT_THAT(Found(Plus(TwoRecords(), {End(kA, {{{0}, 11}})})),
              ElementsAre("unseen"));
}

TEST(BadHistory, LosesARecordOfACommittedTransaction) {
  EXPECT_THAT(Found(Plus(Transaction(), {CommitAsked{5},
                                         TransactionEnded{5, kCommit},
                                         End(kA, {}), End(kB, {})})),
              ElementsAre("unseen", "unseen"));
}

// Its producer failed the other one, and committed nevertheless.
TEST(BadHistory, CommitsATransactionWithoutARecordThatWasNeverAcknowledged) {
  const History asked = {ProducerStarted{1, "x"},
                         Sent{1, 5, kA, 51},
                         Sent{1, 5, kB, 52},
                         CommitAsked{5},
                         Acknowledged{51, {0}},
                         Refused{52}};
  const History ends = {End(kA, {{{0}, 51}}), End(kB, {})};

  EXPECT_THAT(Found(Plus(Plus(asked, {TransactionEnded{5, kCommit}}), ends)),
              UnorderedElementsAre("unseen", "torn-transaction"));
  EXPECT_THAT(Found(Plus(asked, ends)), ElementsAre("torn-transaction"));
}

TEST(BadHistory, CommitsATransactionWithoutTheOnlyRecordItHas) {
  EXPECT_THAT(Found({ProducerStarted{1, "x"}, Sent{1, 5, kA, 51},
                     CommitAsked{5}, TransactionEnded{5, kCommit},
                     End(kA, {})}),
              ElementsAre("unseen"));
}

TEST(BadHistory, TakesBackWhatWasRead) {
  EXPECT_THAT(Found({Sent{1, 0, kA, 11}, Read(1, 0, 11), End(kA, {})}),
              ElementsAre("vanished"));
}

TEST(BadHistory, HasARecordThatNobodySent) {
  EXPECT_THAT(Found({Read(1, 0, 11)}), ElementsAre("phantom"));
  EXPECT_THAT(Found({Sent{1, 0, kB, 11}, Read(1, 0, 11)}),
              ElementsAre("phantom"));
}

TEST(BadHistory, HasTwoRecordsAtOneOffset) {
  EXPECT_THAT(Found({Sent{1, 0, kA, 11}, Sent{2, 0, kA, 12}, Read(1, 0, 11),
                     Read(2, 0, 12)}),
              ElementsAre("inconsistent-offsets"));
  EXPECT_THAT(Found({Sent{1, 0, kA, 11}, Sent{2, 0, kA, 12},
                     Acknowledged{11, {0}}, Read(2, 0, 12)}),
              Contains("inconsistent-offsets"));
}

TEST(BadHistory, HasARecordTwice) {
  EXPECT_THAT(Found({Sent{1, 0, kA, 11}, Read(1, 0, 11), Read(1, 1, 11)}),
              ElementsAre("duplicate"));
}

TEST(BadHistory, TurnsTheOrderOfAProducerRound) {
  EXPECT_THAT(Found({Sent{1, 0, kA, 11}, Sent{1, 0, kA, 12},
                     End(kA, {{{0}, 12}, {{1}, 11}})}),
              ElementsAre("nonmonotonic-send"));
  EXPECT_THAT(Found({Sent{1, 5, kA, 11}, Sent{1, 5, kA, 12}, CommitAsked{5},
                     End(kA, {{{0}, 12}, {{1}, 11}})}),
              ElementsAre("int-nonmonotonic-send"));
}

TEST(BadHistory, ShowsWhatWasAborted) {
  EXPECT_THAT(Found(Plus(Transaction(),
                         {TransactionEnded{5, kAbort}, Read(1, 0, 51)})),
              ElementsAre("aborted-read"));
  EXPECT_THAT(Found({Sent{1, 0, kA, 11}, Refused{11}, Read(1, 0, 11)}),
              ElementsAre("aborted-read"));
}

TEST(BadHistory, ShowsATransactionThatHasNotEnded) {
  EXPECT_THAT(Found(Plus(Transaction(), {Read(1, 0, 51), CommitAsked{5}})),
              ElementsAre("unfinished-read"));
  EXPECT_THAT(Found(Plus(Transaction(), {Read(1, 0, 51, 5)})),
              ElementsAre("precommitted-read"));
}

TEST(BadHistory, ShowsHalfOfATransaction) {
  EXPECT_THAT(Found(Plus(Transaction(), {CommitAsked{5}, End(kA, {{{0}, 51}}),
                                         End(kB, {})})),
              ElementsAre("torn-transaction"));
}

TEST(BadHistory, ShowsATransactionWithoutItsOffsets) {
  EXPECT_THAT(
      Found(Plus(Transaction(),
                 {OffsetsAdded{5, 1, "g", {{kA, {7}}}}, CommitAsked{5},
                  End(kA, {{{0}, 51}}), End(kB, {{{0}, 52}}),
                  OffsetsSeen{"g", {}}})),
      ElementsAre("torn-transaction"));
}

TEST(BadHistory, EndsATransactionInTwoWays) {
  EXPECT_THAT(Found(Plus(Transaction(), {CommitAsked{5},
                                         TransactionEnded{5, kCommit},
                                         TransactionEnded{5, kAbort}})),
              ElementsAre("two-outcomes"));
}

TEST(BadHistory, LetsTransactionsReadEachOther) {
  EXPECT_THAT(
      Found({Sent{1, 5, kA, 51}, Sent{2, 6, kB, 61}, CommitAsked{5},
             CommitAsked{6}, Read(1, 0, 51, 6),
             Delivered{2, kDecided, 5, kB, {0}, 61}}),
      ElementsAre("circular-flow"));
}

TEST(BadHistory, HoldsReadersBackForEver) {
  LogRead end = End(kA, {});
  end.last_stable = {3};
  EXPECT_THAT(Found({end}), ElementsAre("hanging"));
}

TEST(BadHistory, TakesWhatAFencedProducerSends) {
  EXPECT_THAT(
      Found({ProducerStarted{1, "x"}, ProducerStarted{2, "x"},
             Sent{1, 5, kA, 51}, Acknowledged{51, {0}}}),
      ElementsAre("zombie-write"));
  EXPECT_THAT(Found(Plus(Transaction(),
                         {ProducerStarted{2, "x"}, CommitAsked{5},
                          TransactionEnded{5, kCommit}})),
              ElementsAre("zombie-transaction"));
}

TEST(BadHistory, SkipsARecordInAPoll) {
  const History three = Plus(
      TwoRecords(), {Sent{1, 0, kA, 13}, Acknowledged{13, {2}}, Read(9, 0, 11),
                     Read(9, 1, 12), Read(9, 2, 13)});

  EXPECT_THAT(Found(Plus(three, {Read(1, 0, 11), Read(1, 2, 13)})),
              ElementsAre("poll-skip"));
  EXPECT_THAT(Found(Plus(three, {Read(1, 0, 11, 7), Read(1, 2, 13, 7)})),
              ElementsAre("int-poll-skip"));
}

TEST(BadHistory, GoesBackInAPoll) {
  const History read = Plus(TwoRecords(), {Read(1, 0, 11), Read(1, 1, 12)});
  EXPECT_THAT(Found(Plus(read, {Read(1, 1, 12)})),
              ElementsAre("nonmonotonic-poll"));
  EXPECT_THAT(Found(Plus(TwoRecords(), {Read(1, 1, 12, 7), Read(1, 0, 11, 7)})),
              ElementsAre("int-nonmonotonic-poll"));
}

TEST(GoodHistory, OfAGroupThatNothingKeepsBeginsAnew) {
  const History once = {MemberMade{1, "g"}, Assigned{1, "g", 1, {kA}, "m1"}};
  const History again = {MemberMade{2, "g"}, Assigned{2, "g", 1, {kA}, "m2"}};

  EXPECT_THAT(Found(Plus(once, again)), IsEmpty());
  EXPECT_THAT(Found({MemberMade{1, "g"}, Assigned{1, "g", 3, {kA}, "m1"},
                     Assigned{1, "g", 1, {kA}, "m2"}, OffsetsCommitAsked{"g"},
                     OffsetsCommitted{1, "g", 1, {{kA, {0}}}, "m2"}}),
              IsEmpty())
      << "as another member";
  const History kept = Plus(once, {OffsetsCommitted{1, "g", 1, {{kA, {0}}}}});
  EXPECT_THAT(Found(Plus(kept, again)), ElementsAre("two-owners"));

  const History added = Plus(once, {OffsetsAdded{5, 1, "g", {{kA, {0}}}},
                                    CommitAsked{5}});
  EXPECT_THAT(Found(Plus(added, again)), IsEmpty());
  EXPECT_THAT(Found(Plus(Plus(added, {TransactionEnded{5, kAbort}}), again)),
              IsEmpty());
  EXPECT_THAT(Found(Plus(Plus(added, {TransactionEnded{5, kCommit}}), again)),
              ElementsAre("two-owners"));
}

TEST(GoodHistory, TellsLateWhatAMemberWasBeforeItsGroupBeganAnew) {
  EXPECT_THAT(Found({MemberMade{1, "g"}, Assigned{1, "g", 5, {kA}, "m1"},
                     MemberMade{2, "g"}, Assigned{2, "g", 1, {kA}, "m2"},
                     Assigned{1, "g", 5, {}, "m1"}, OffsetsCommitAsked{"g"},
                     OffsetsCommitted{2, "g", 1, {{kA, {0}}}, "m2"}}),
              IsEmpty());
}

TEST(BadHistory, GivesAPartitionToTwo) {
  EXPECT_THAT(
      Found({Assigned{1, "g", 3, {kA, kB}}, Assigned{2, "g", 3, {kB}}}),
      ElementsAre("two-owners"));
}

TEST(BadHistory, CommitsBackwards) {
  EXPECT_THAT(Found({OffsetsCommitted{1, "g", 3, {{kA, {4}}}},
                     OffsetsCommitted{1, "g", 3, {{kA, {3}}}}}),
              ElementsAre("nonmonotonic-commit"));
  EXPECT_THAT(Found({OffsetsCommitAsked{"g", {{kA, {3}}}},
                     OffsetsCommitAsked{"g", {{kA, {4}}}},
                     OffsetsSeen{"g", {{kA, {4}}}},
                     OffsetsSeen{"g", {{kA, {3}}}}}),
              ElementsAre("nonmonotonic-commit"));
}

TEST(BadHistory, LosesWhatAGroupHasCommitted) {
  const History committed = {OffsetsCommitted{1, "g", 3, {{kA, {3}}}},
                             OffsetsCommitted{1, "g", 3, {{kA, {4}}}}};
  EXPECT_THAT(Found(Plus(committed, {OffsetsSeen{"g", {{kA, {3}}}}})),
              ElementsAre("lost-commit"));
  EXPECT_THAT(Found(Plus(committed, {OffsetsSeen{"g", {}}})),
              ElementsAre("lost-commit"));
}

TEST(BadHistory, LosesTheOffsetsOfACommittedTransaction) {
  EXPECT_THAT(Found({OffsetsAdded{5, 1, "g", {{kA, {4}}}}, CommitAsked{5},
                     TransactionEnded{5, kCommit}, OffsetsSeen{"g", {}}}),
              ElementsAre("lost-commit"));
}

TEST(BadHistory, HasCommittedWhatNobodyAskedFor) {
  EXPECT_THAT(Found({OffsetsSeen{"g", {{kA, {4}}}}}),
              ElementsAre("phantom-commit"));
}

TEST(BadHistory, TakesACommitOfAnOlderGeneration) {
  EXPECT_THAT(Found({Assigned{1, "g", 3, {kA}}, Assigned{2, "g", 4, {kA}},
                     OffsetsCommitted{1, "g", 3, {{kA, {1}}}}}),
              ElementsAre("zombie-commit"));
  EXPECT_THAT(Found({Assigned{1, "g", 3, {kA}}, Assigned{2, "g", 4, {kA}},
                     OffsetsAdded{5, 3, "g", {{kA, {1}}}}}),
              ElementsAre("zombie-commit"));
}

TEST(BadHistory, PassesARecordByInAGroup) {
  EXPECT_THAT(
      Found(Plus(TwoRecords(),
                 {Assigned{1, "g", 1, {kA}}, Read(1, 1, 12), Read(9, 0, 11),
                  OffsetsCommitted{1, "g", 1, {{kA, {2}}}},
                  OffsetsSeen{"g", {{kA, {2}}}}})),
      ElementsAre("commit-skip"));
}

TEST(BadHistory, LeavesAGroupWhereItIs) {
  const History read =
      Plus(TwoRecords(), {Assigned{1, "g", 1, {kA}}, Read(1, 0, 11),
                          OffsetsCommitted{1, "g", 1, {{kA, {1}}}}});
  const History end = {End(kA, {{{0}, 11}, {{1}, 12}})};

  EXPECT_THAT(Found(Plus(Plus(read, {OffsetsSeen{"g", {{kA, {1}}}}}), end)),
              ElementsAre("stuck-group"));
  // Who has committed nothing has come nowhere.
  EXPECT_THAT(Found(Plus(TwoRecords(),
                         {Assigned{1, "g", 1, {kA}}, OffsetsSeen{"g", {}},
                          End(kA, {{{0}, 11}, {{1}, 12}})})),
              ElementsAre("stuck-group"));
}

TEST(BadHistory, TakesACommitOfAnInstanceWhosePlaceAnotherHas) {
  const History replaced = {
      MemberMade{1, "g", "i"}, Assigned{1, "g", 3, {kA}, "m1"},
      MemberMade{2, "g", "i"}, Assigned{2, "g", 3, {kA}, "m2"}};

  EXPECT_THAT(Found(Plus(replaced, {OffsetsCommitted{
                                       1, "g", 3, {{kA, {1}}}, "m1", 4}})),
              ElementsAre("zombie-instance"));
  EXPECT_THAT(Found(Plus(replaced, {OffsetsAdded{5, 3, "g", {{kA, {1}}},
                                                 "m1"}})),
              ElementsAre("zombie-instance"));
}

TEST(BadHistory, GivesWhoComesBackToItsPlaceAnotherShare) {
  EXPECT_THAT(Found({MemberMade{1, "g", "i"}, Assigned{1, "g", 3, {kA}, "m1"},
                     MemberMade{2, "g", "i"}, Assigned{2, "g", 3, {}, "m2"},
                     Assigned{2, "g", 3, {kB}, "m2"}}),
              ElementsAre("lost-place"));
}

TEST(GoodHistory, GivesAPlaceItsShareOfATopicThatWasMadeAgain) {
  const TopicPartition before{"brief.1", PartitionId{0}};
  const TopicPartition after{"brief.2", PartitionId{0}};
  EXPECT_THAT(
      Found({MemberMade{1, "g", "i"}, Assigned{1, "g", 3, {before}, "m1"},
             MemberMade{2, "g", "i"}, Assigned{2, "g", 3, {after}, "m2"}}),
      IsEmpty());
}

TEST(BadHistory, GivesAPartitionToAPlaceAndToAnother) {
  EXPECT_THAT(Found({MemberMade{1, "g", "i"}, MemberMade{2, "g", "j"},
                     Assigned{1, "g", 3, {kA}, "m1"},
                     Assigned{2, "g", 3, {kA}, "m2"}}),
              ElementsAre("two-owners"));
}

TEST(BadHistory, CommitsByItselfBeforeTheWork) {
  const History read = Plus(
      TwoRecords(), {MemberMade{1, "g", "", Promise::kAtLeastOnce},
                     Read(1, 0, 11), Worked{1, kA, {0}}, Read(1, 1, 12)});

  EXPECT_THAT(Found(Plus(read, {OffsetsSeen{"g", {{kA, {2}}}}})),
              ElementsAre("unworked-commit"));
  // Behind it is too late.
  EXPECT_THAT(Found(Plus(read, {OffsetsSeen{"g", {{kA, {2}}}},
                                Worked{1, kA, {1}}})),
              ElementsAre("unworked-commit"));
}

TEST(BadHistory, CommitsByItselfWhereNothingIs) {
  EXPECT_THAT(Found({MemberMade{1, "g", "", Promise::kAtLeastOnce},
                     OffsetsSeen{"g", {{kA, {10}}}}, End(kA, {})}),
              ElementsAre("phantom-commit"));
}

TEST(BadHistory, WorksTwiceOnWhatIsToBeDoneAtMostOnce) {
  EXPECT_THAT(
      Found(Plus(TwoRecords(),
                 {MemberMade{1, "g", "", Promise::kAtMostOnce}, Read(1, 0, 11),
                  OffsetsCommitted{1, "g", 1, {{kA, {1}}}}, Worked{1, kA, {0}},
                  MemberMade{2, "g", "", Promise::kAtMostOnce}, Read(2, 0, 11),
                  OffsetsCommitted{2, "g", 2, {{kA, {1}}}},
                  Worked{2, kA, {0}}})),
      ElementsAre("worked-twice"));
}

TEST(BadHistory, LosesWhatWasCommittedBeforeSomebodyAsked) {
  EXPECT_THAT(Found({OffsetsCommitAsked{"g", {{kA, {3}}}},
                     OffsetsCommitted{2, "g", 4, {{kA, {5}}}},
                     OffsetsSeen{"g", {{kA, {3}}}, 2}}),
              ElementsAre("lost-commit"));
}

TEST(BadHistory, DoesWorkTwice) {
  EXPECT_THAT(
      Found(Plus(TwoRecords(),
                 {Sent{2, 5, kB, 51, 11}, CommitAsked{5},
                  Sent{2, 6, kB, 61, 11}, CommitAsked{6},
                  End(kB, {{{0}, 51}, {{2}, 61}})})),
      ElementsAre("done-twice"));
}

TEST(BadHistory, NeverDoesWorkThatItHasPassed) {
  EXPECT_THAT(
      Found(Plus(TwoRecords(),
                 {Assigned{1, "g", 1, {kA}}, Read(1, 0, 11), Read(1, 1, 12),
                  Sent{2, 5, kB, 51, 11}, OffsetsAdded{5, 1, "g", {{kA, {2}}}},
                  CommitAsked{5}, OffsetsSeen{"g", {{kA, {2}}}},
                  End(kA, {{{0}, 11}, {{1}, 12}}), End(kB, {{{0}, 51}})})),
      ElementsAre("never-done"));
}

TEST(BadHistory, MayHaveSeveralAnomalies) {
  EXPECT_THAT(Found(Plus(Transaction(),
                         {CommitAsked{5}, TransactionEnded{5, kCommit},
                          End(kA, {{{0}, 51}}), End(kB, {})})),
              UnorderedElementsAre("unseen", "torn-transaction"));
}

TEST(Anomaly, IsToldWithTheEventsThatShowIt) {
  const History history = {OffsetsSeen{"g", {{kA, {4}}}}};
  EXPECT_EQ(Describe(CheckHistory(history).at(0), history),
            "phantom-commit\n  0. OffsetsSeen: group g, a-0: 4");
}

}  // namespace
}  // namespace cauce::test
