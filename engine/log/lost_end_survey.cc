#include "engine/log/lost_end_survey.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/end_marker.h"
#include "engine/log/joined_ranges.h"
#include "engine/log/listed_aborts.h"
#include "engine/log/lost_ends.h"
#include "engine/log/lost_places.h"
#include "engine/log/producer_files.h"
#include "engine/log/producer_state.h"
#include "engine/log/producer_table.h"
#include "engine/log/seen_ends.h"
#include "engine/log/segment_name.h"
#include "engine/log/unreadable_bytes.h"
#include "fmt/format.h"

namespace cauce {
namespace {

class Search {
 public:
  Search(FileSystem& files, const PartitionToCheck& partition,
         const LogsToSearch& logs)
      : files_(files),
        partition_(partition),
        segments_(logs.segments),
        refused_lists_(logs.refused_lists),
        limits_(logs.limits) {}

  absl::StatusOr<LostEnds> Run() {
    CAUCE_ASSIGN_OR_RETURN(places_,
                           FindLostPlaces(files_, partition_, segments_));
    if (places_.empty()) return LostEnds();
    CAUCE_RETURN_IF_ERROR(ReadLists());
    CAUCE_ASSIGN_OR_RETURN(snapshots_,
                           ListSnapshots(files_, partition_.directory));
    for (size_t i = 0; i < segments_.size(); ++i) {
      CAUCE_RETURN_IF_ERROR(Walk(i));
    }
    for (const Loss& loss : losses_) EndOneOf(loss);
    TellHowManyMore();
    std::ranges::sort(found_.ended, {}, &EndedTransaction::marker);
    for (const EndedTransaction& each : found_.ended) NoteOutdated(each);
    return std::move(found_);
  }

 private:
  // An open transaction where one offset is lost, so that one ended at most.
  struct Candidate {
    OpenTransaction open;
    bool has_records_behind = false;
    bool has_marker_behind = false;
  };
  // Of one offset.
  struct Loss {
    Offset offset;
    std::string path;
    std::vector<Candidate> candidates;
  };

  absl::Status ReadLists() {
    ListedAborts::Wanted wanted{.entries_max = limits_.listed_max};
    std::vector<OffsetRange> lost;
    for (const LostPlace& place : places_) {
      lost.push_back(place.lost);
      const Offset named = segments_[place.segment].named;
      const bool has_list =
          place.bytes != nullptr && !refused_lists_.contains(named);
      if (has_list) wanted.segments.insert(named);
    }
    wanted.lost = JoinedRanges(std::move(lost));
    listed_.emplace(std::move(wanted));
    CAUCE_ASSIGN_OR_RETURN(const auto entries,
                           files_.List(partition_.directory));
    for (const DirectoryEntry& entry : entries) {
      const auto file = ParseSegmentFileName(entry.name);
      std::optional<Offset> segment;
      if (file && file->suffix == kTxnIndexSuffix) segment = file->base;
      const bool is_kept = BaseOfKeptAborted(entry.name).has_value();
      const bool is_list = !entry.is_directory && (segment || is_kept);
      if (!is_list || !listed_->is_all()) continue;
      const auto list =
          is_kept
              ? ReadKeptAborted(files_, partition_.directory, entry.name)
              : ReadAborted(files_, partition_.directory, *segment);
      if (absl::IsResourceExhausted(list.status())) return list.status();
      // One that is damaged says nothing.
      if (list.ok()) listed_->Add(segment, list->entries());
    }
    listed_->Sort();
    if (!listed_->is_all()) TellListsAreLeft();
    return absl::OkStatus();
  }

  absl::Status Walk(size_t i) {
    const SurveyedSegment& segment = segments_[i];
    const std::string path =
        JoinPath(partition_.directory, segment.FoundName());
    CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<const File> file,
                           files_.Open(path, OpenMode::kRead));
    int64_t position = 0;
    for (const UnreadableBytes& bytes : segment.unreadable) {
      CAUCE_RETURN_IF_ERROR(Take(file, path, position, bytes.position));
      position = bytes.end;
      CAUCE_RETURN_IF_ERROR(
          PassIfNext({.segment = i, .bytes = &bytes}, *file, path));
    }
    CAUCE_RETURN_IF_ERROR(Take(file, path, position, segment.file_bytes));
    return PassIfNext({.segment = i}, *file, path);
  }

  // Where something is lost there.
  absl::Status PassIfNext(const LostPlace& here, const File& file,
                          const std::string& path) {
    if (passed_ == places_.size()) return absl::OkStatus();
    const LostPlace& next = places_[passed_];
    const bool is_next =
        next.segment == here.segment && next.bytes == here.bytes;
    if (!is_next) return absl::OkStatus();
    ++passed_;
    return Pass(next, file, path);
  }

  absl::Status Take(const std::shared_ptr<const File>& file,
                    const std::string& path, int64_t position, int64_t end) {
    if (position >= end) return absl::OkStatus();
    BatchScanner scanner;
    scanner.Start(file, path, position, end);
    for (;;) {
      const auto batch = scanner.Next();
      // What is left in it is told elsewhere.
      if (IsDamage(batch.status())) return absl::OkStatus();
      CAUCE_RETURN_IF_ERROR(batch.status());
      if (!*batch) return absl::OkStatus();
      if (!HasProducer(**batch)) continue;
      NoteBehind(**batch);
      table_.Take(**batch);
      NoteOpen((*batch)->producer_id());
    }
  }

  void NoteOpen(ProducerId id) {
    const ProducerState* const producer = table_.Find(id);
    if (producer != nullptr && producer->transaction()) {
      open_.insert(id);
    } else {
      open_.erase(id);
    }
  }

  void NoteBehind(const RecordBatch& batch) {
    const auto found = waiting_.find(batch.producer_id().value);
    if (found == waiting_.end()) return;
    const bool is_marker = ParseEndMarker(batch).has_value();
    for (const auto& [loss, at] : found->second) {
      Candidate& candidate = losses_[loss].candidates[at];
      candidate.has_marker_behind = is_marker;
      candidate.has_records_behind = !is_marker;
    }
    waiting_.erase(found);
  }

  absl::Status Pass(const LostPlace& place, const File& file,
                    const std::string& path) {
    if (open_.empty() || is_full_) return absl::OkStatus();
    const OffsetRange& lost = place.lost;
    const int64_t left = limits_.weighed_max - found_.weighed;
    if (std::ssize(open_) > left) {
      is_full_ = true;
      TellIsFull(lost, path);
      return absl::OkStatus();
    }
    found_.weighed += std::ssize(open_);
    std::optional<SeenEnds> seen;
    if (place.bytes != nullptr) {
      CAUCE_ASSIGN_OR_RETURN(
          seen, SeeEnds(file, *place.bytes, lost, partition_.may_have_gaps));
    }
    const bool sees_stranger =
        seen && std::ranges::any_of(*seen, [this](const auto& end) {
          return !open_.contains(ProducerId{end.first});
        });
    CAUCE_RETURN_IF_ERROR(LookBehind(lost.next));
    Loss one{.offset = lost.base, .path = path};
    std::vector<std::pair<OpenTransaction, LostEnd>> anywhere;
    std::set<Offset> taken;
    for (const OpenTransaction& each : Open()) {
      const ProducerId id = each.producer_id;
      LossEvidence evidence{.lost = lost,
                            .listed = listed_->Of(id, lost.base),
                            .has_headers = seen.has_value(),
                            .sees_stranger = sees_stranger,
                            .open_behind = OpenBehind(id)};
      // An entry that was left out may be this one's.
      if (place.bytes != nullptr && listed_->is_all()) {
        evidence.begun_last =
            listed_->LastBegun(segments_[place.segment].named, id);
      }
      if (seen && seen->contains(id.value)) evidence.seen = seen->at(id.value);
      const JudgedEnd judged = JudgeLostEnd(each, evidence);
      if (judged.end == LostEnd::kNone) continue;
      if (judged.end == LostEnd::kUnknown && lost.count() == 1 &&
          !judged.marker) {
        one.candidates.push_back({each});
        continue;
      }
      if (judged.marker && taken.insert(*judged.marker).second) {
        EndHere(each, judged.end, *judged.marker);
      } else {
        anywhere.push_back({each, judged.end});
      }
    }
    Offset marker = lost.base;
    for (const auto& [each, end] : anywhere) {
      while (taken.contains(marker)) marker = marker + 1;
      if (marker >= lost.next) {
        Leave(each, lost, path);
        continue;
      }
      taken.insert(marker);
      EndHere(each, end, marker);
    }
    // The one offset held a marker that is known: no other one was lost.
    if (!taken.empty() || one.candidates.empty()) return absl::OkStatus();
    for (size_t i = 0; i < one.candidates.size(); ++i) {
      waiting_[one.candidates[i].open.producer_id.value].push_back(
          {losses_.size(), i});
    }
    losses_.push_back(std::move(one));
    return absl::OkStatus();
  }

  std::vector<OpenTransaction> Open() const {
    std::vector<OpenTransaction> all;
    for (const ProducerId id : open_) {
      const ProducerState& each = *table_.Find(id);
      const auto last = each.last_batch();
      all.push_back(
          {.producer_id = id,
           .epoch = each.epoch(),
           .coordinator_epoch = std::max(each.coordinator_epoch(), 0),
           .offsets = {*each.transaction(),
                       last ? last->last + 1 : *each.transaction() + 1}});
    }
    return all;
  }

  // Reads the first snapshot that was taken at `offset` or behind, if it was
  // not: places follow each other.
  absl::Status LookBehind(Offset offset) {
    if (behind_at_ >= offset) return absl::OkStatus();
    behind_.clear();
    behind_at_ = Offset{INT64_MAX};
    while (next_snapshot_ < snapshots_.size()) {
      const Offset at = snapshots_[next_snapshot_++];
      if (at < offset) continue;
      const auto read = ReadSnapshot(files_, partition_.directory, at);
      if (absl::IsResourceExhausted(read.status())) return read.status();
      if (!read.ok()) continue;
      for (const ProducerState& each : *read) {
        if (each.transaction()) behind_[each.id()] = *each.transaction();
      }
      behind_at_ = at;
      return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  std::optional<Offset> OpenBehind(ProducerId id) const {
    const auto found = behind_.find(id);
    if (found == behind_.end()) return std::nullopt;
    return found->second;
  }

  // It did not end in front of that, either.
  void EndHere(const OpenTransaction& open, LostEnd end, Offset marker) {
    const auto found = waiting_.find(open.producer_id.value);
    if (found != waiting_.end()) {
      for (const auto& [loss, at] : found->second) {
        losses_[loss].candidates[at].has_marker_behind = true;
      }
      waiting_.erase(found);
    }
    End(open, end, marker);
  }

  void End(const OpenTransaction& open, LostEnd end, Offset marker) {
    const TransactionOutcome outcome = end == LostEnd::kCommitted
                                           ? TransactionOutcome::kCommit
                                           : TransactionOutcome::kAbort;
    found_.ended.push_back({.producer_id = open.producer_id,
                            .producer_epoch = open.epoch,
                            .coordinator_epoch = open.coordinator_epoch,
                            .offsets = open.offsets,
                            .marker = marker,
                            .outcome = outcome,
                            .is_known = end != LostEnd::kUnknown});
    table_.Take(EndMarker{.end = {.producer_id = open.producer_id,
                                  .producer_epoch = open.epoch,
                                  .coordinator_epoch = open.coordinator_epoch,
                                  .outcome = outcome},
                          .offset = marker});
    NoteOpen(open.producer_id);
  }

  void NoteOutdated(const EndedTransaction& ended) {
    const Offset behind = ended.marker + 1;
    for (const auto& each : listed_->Of(ended.producer_id, behind)) {
      if (each.first >= behind) break;
      const auto next = std::ranges::upper_bound(segments_, each.last, {},
                                                 &SurveyedSegment::base);
      if (next != segments_.begin()) {
        found_.outdated_lists.insert(std::prev(next)->base);
      }
    }
  }

  // One whose marker comes next did not end here. Of the others one without
  // anything behind is the likeliest.
  void EndOneOf(const Loss& loss) {
    std::vector<OpenTransaction> all;
    for (const bool has_records_behind : {false, true}) {
      for (const Candidate& each : loss.candidates) {
        const bool is_next = !each.has_marker_behind &&
                             each.has_records_behind == has_records_behind;
        const auto left = is_next ? StillOpen(each.open) : std::nullopt;
        if (left) all.push_back(*left);
      }
    }
    for (size_t i = 0; i < all.size(); ++i) {
      if (i == 0) {
        End(all[i], LostEnd::kUnknown, loss.offset);
        ended_up_to_[all[i].producer_id.value] = loss.offset + 1;
      } else {
        Leave(all[i], {loss.offset, loss.offset + 1}, loss.path);
      }
    }
  }

  // What of it lies behind where its producer's was ended in the meantime.
  std::optional<OpenTransaction> StillOpen(OpenTransaction open) const {
    const auto ended = ended_up_to_.find(open.producer_id.value);
    if (ended == ended_up_to_.end()) return open;
    open.offsets.base = std::max(open.offsets.base, ended->second);
    if (open.offsets.count() <= 0) return std::nullopt;
    return open;
  }

  void Leave(const OpenTransaction& open, const OffsetRange& lost,
             const std::string& path) {
    if (found_.left.size() >= limits_.told_max) {
      ++untold_;
      return;
    }
    Tell(path, lost.base,
         fmt::format(
             "the marker of the transaction of producer {} with offsets {} to "
             "{} may be the one that is lost here, and there is no offset for "
             "another one: it stays as its other batches say",
             open.producer_id.value, open.offsets.base.value,
             open.offsets.next.value - 1));
  }

  void TellHowManyMore() {
    if (untold_ == 0) return;
    Tell(partition_.directory, std::nullopt,
         fmt::format("the same may be said of the markers of {} more "
                     "transactions, for which there is no offset either",
                     untold_));
  }

  void TellIsFull(const OffsetRange& lost, const std::string& path) {
    Tell(path, lost.base,
         fmt::format("transactions are open in front of more lost places than "
                     "the {} in all that a repair weighs: of the {} that are "
                     "open here, and of those behind, none gets the marker "
                     "that may be lost",
                     limits_.weighed_max, open_.size()));
  }

  void TellListsAreLeft() {
    Tell(partition_.directory, std::nullopt,
         fmt::format("its .txnindex files have more than the {} transactions "
                     "over lost offsets that a repair goes by: of those "
                     "behind it does not say that they were aborted",
                     limits_.listed_max));
  }

  void Tell(const std::string& path, std::optional<Offset> offset,
            std::string what) {
    found_.left.push_back(
        {.gravity = Gravity::kNote,
         .file = path,
         .offset = offset,
         .what = std::move(what),
         .advice = "where readers of what is committed wait for it or must not "
                   "see it, end it by its producer"});
  }

  FileSystem& files_;
  const PartitionToCheck& partition_;
  const std::span<const SurveyedSegment> segments_;
  const std::set<Offset>& refused_lists_;
  const LostEndLimits limits_;
  std::vector<LostPlace> places_;
  size_t passed_ = 0;  // so many of them
  std::optional<ListedAborts> listed_;
  std::vector<Offset> snapshots_;
  size_t next_snapshot_ = 0;
  // What was open at the snapshot that was read last, and where that is.
  std::map<ProducerId, Offset> behind_;
  Offset behind_at_{0};
  ProducerTable table_;
  std::set<ProducerId> open_;  // whose transaction is, in table_
  std::vector<Loss> losses_;
  // By producer: the candidates whose next batch is waited for.
  std::map<int64_t, std::vector<std::pair<size_t, size_t>>> waiting_;
  // By producer: behind the marker it was given last at one of losses_.
  std::map<int64_t, Offset> ended_up_to_;
  bool is_full_ = false;
  int64_t untold_ = 0;
  LostEnds found_;
};

}  // namespace

absl::StatusOr<LostEnds> FindLostEnds(FileSystem& files,
                                      const PartitionToCheck& partition,
                                      const LogsToSearch& logs) {
  return Search(files, partition, logs).Run();
}

}  // namespace cauce
