#include "engine/log/lost_end_survey.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
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
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/aborted_index.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/end_marker.h"
#include "engine/log/lost_ends.h"
#include "engine/log/missing_segments.h"
#include "engine/log/producer_files.h"
#include "engine/log/producer_state.h"
#include "engine/log/producer_table.h"
#include "engine/log/segment_name.h"
#include "engine/log/survey_missing.h"
#include "engine/log/unreadable_bytes.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Of more headers in one place nothing is believed.
constexpr size_t kHeadersMax = 1 << 16;

class Search {
 public:
  Search(FileSystem& files, const PartitionToCheck& partition,
         std::span<const SurveyedSegment> segments)
      : files_(files), partition_(partition), segments_(segments) {}

  absl::StatusOr<LostEnds> Run() {
    if (partition_.may_have_gaps) CAUCE_RETURN_IF_ERROR(LookForMissing());
    if (!MissesAny()) return LostEnds();
    CAUCE_RETURN_IF_ERROR(ReadLists());
    CAUCE_ASSIGN_OR_RETURN(snapshots_,
                           ListSnapshots(files_, partition_.directory));
    for (size_t i = 0; i < segments_.size(); ++i) {
      CAUCE_RETURN_IF_ERROR(Walk(i));
    }
    for (const Loss& loss : losses_) EndOneOf(loss);
    std::ranges::sort(found_.ended, {}, &EndedTransaction::marker);
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

  // Where the offsets end that segment `i` should have.
  Offset EndOf(size_t i) const {
    return i + 1 < segments_.size()
               ? segments_[i + 1].base
               : std::max(partition_.bounds.durable, segments_[i].next);
  }

  // In a topic that may have gaps where the next segment begins tells nothing.
  bool MissesBehind(size_t i) const {
    const OffsetRange gap{segments_[i].next, EndOf(i)};
    const bool is_known = !partition_.may_have_gaps ||
                          i + 1 == segments_.size() || Misses(missing_, gap);
    return is_known && gap.count() > 0 &&
           gap.next > partition_.bounds.log_start;
  }

  absl::Status LookForMissing() {
    std::vector<KnownSegment> there;
    std::vector<Offset> bases;
    for (const SurveyedSegment& each : segments_) {
      // Damaged bytes are there as well: what is lost of them is known.
      there.push_back({each.base, each.file_bytes});
      bases.push_back(each.base);
    }
    missing_ = MissingOf(partition_, segments_, there);
    CAUCE_ASSIGN_OR_RETURN(const auto entries,
                           files_.List(partition_.directory));
    std::set<Offset> orphans;
    for (const DirectoryEntry& entry : entries) {
      const auto file = ParseSegmentFileName(entry.name);
      const bool is_index = !entry.is_directory && file &&
                            (file->suffix == kOffsetIndexSuffix ||
                             file->suffix == kTimeIndexSuffix);
      if (!is_index || std::ranges::binary_search(bases, file->base)) continue;
      if (file->base < partition_.bounds.durable) orphans.insert(file->base);
    }
    missing_ = WithOrphans(std::move(missing_),
                           {orphans.begin(), orphans.end()}, bases);
    return absl::OkStatus();
  }

  bool MissesAny() const {
    for (size_t i = 0; i < segments_.size(); ++i) {
      if (!segments_[i].unreadable.empty() || MissesBehind(i)) return true;
    }
    return false;
  }

  absl::Status ReadLists() {
    CAUCE_ASSIGN_OR_RETURN(const auto entries,
                           files_.List(partition_.directory));
    for (const DirectoryEntry& entry : entries) {
      const auto file = ParseSegmentFileName(entry.name);
      const bool is_list =
          !entry.is_directory && file && file->suffix == kTxnIndexSuffix;
      if (!is_list) continue;
      const auto list = ReadAborted(files_, partition_.directory, file->base);
      if (absl::IsResourceExhausted(list.status())) return list.status();
      // One that is damaged says nothing.
      if (!list.ok()) continue;
      listed_.insert(listed_.end(), list->entries().begin(),
                     list->entries().end());
      lists_[file->base].assign(list->entries().begin(),
                                list->entries().end());
    }
    return absl::OkStatus();
  }

  absl::Status Walk(size_t i) {
    const SurveyedSegment& segment = segments_[i];
    const std::string path =
        JoinPath(partition_.directory, segment.FoundName());
    CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<const File> file,
                           files_.Open(path, OpenMode::kRead));
    const auto list = lists_.find(segment.named);
    const std::span<const AbortedTransaction> listed_here =
        list == lists_.end() ? std::span<const AbortedTransaction>()
                             : list->second;
    int64_t position = 0;
    for (const UnreadableBytes& bytes : segment.unreadable) {
      CAUCE_RETURN_IF_ERROR(Take(file, path, position, bytes.position));
      position = bytes.end;
      LossEvidence evidence{
          .lost = {bytes.expected, bytes.behind.value_or(EndOf(i))},
          .listed = listed_,
          .listed_here = listed_here};
      CAUCE_ASSIGN_OR_RETURN(evidence.seen,
                             SeenIn(*file, bytes, evidence.lost));
      CAUCE_RETURN_IF_ERROR(Pass(std::move(evidence), path));
    }
    CAUCE_RETURN_IF_ERROR(Take(file, path, position, segment.file_bytes));
    const bool is_passed =
        !segment.unreadable.empty() && !segment.unreadable.back().behind;
    if (is_passed || !MissesBehind(i)) return absl::OkStatus();
    return Pass({.lost = {segment.next, EndOf(i)}, .listed = listed_}, path);
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
      NoteBehind(**batch);
      table_.Take(**batch);
    }
  }

  void NoteBehind(const RecordBatch& batch) {
    if (waiting_.empty() || !HasProducer(batch)) return;
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

  // What the headers of a place say that is no whole batch.
  absl::StatusOr<std::optional<std::vector<SeenEnd>>> SeenIn(
      const File& file, const UnreadableBytes& bytes,
      const OffsetRange& lost) const {
    std::vector<SeenEnd> seen;
    Offset next = lost.base;
    int64_t position = bytes.position;
    for (size_t count = 0; position < bytes.end; ++count) {
      std::string head(kBatchHeaderBytes, '\0');
      CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(position, head));
      const char* const from = head.data();
      const bool may_be_one =
          read == head.size() && count < kHeadersMax &&
          layout::MayBeBatch(from, bytes.end - position);
      if (!may_be_one) return std::nullopt;
      const Offset base{LoadBig<int64_t>(from + layout::kBaseOffset)};
      const int32_t delta = LoadBig<int32_t>(from + layout::kLastOffsetDelta);
      const bool continues = partition_.may_have_gaps ? base >= next
                                                      : base == next;
      if (!continues || delta < 0 || lost.next - base <= delta) {
        return std::nullopt;
      }
      const int16_t attributes = LoadBig<int16_t>(from + layout::kAttributes);
      const bool is_control = (attributes & layout::kControlBit) != 0;
      const bool is_transactional =
          (attributes & layout::kTransactionalBit) != 0;
      const bool has_sequence =
          LoadBig<int32_t>(from + layout::kBaseSequence) >= 0;
      const bool has_producer =
          LoadBig<int64_t>(from + layout::kProducerId) >= 0;
      // One of these is enough: any byte of the header may be wrong.
      const bool is_marker = is_control || (is_transactional && !has_sequence);
      if (is_marker || (has_producer && !has_sequence)) {
        seen.push_back({{LoadBig<int64_t>(from + layout::kProducerId)}, base});
      }
      next = base + (int64_t{delta} + 1);
      position += layout::ClaimedBytes(from);
    }
    const bool is_all =
        !bytes.is_gap() && (partition_.may_have_gaps || next == lost.next);
    if (!is_all) return std::nullopt;
    return seen;
  }

  absl::Status Pass(LossEvidence evidence, const std::string& path) {
    const OffsetRange& lost = evidence.lost;
    // Nothing of it was durable, or it was deleted.
    const bool is_missed =
        lost.count() > 0 && lost.next > partition_.bounds.log_start;
    if (!is_missed) return absl::OkStatus();
    const std::vector<ProducerState> all = table_.producers();
    std::vector<OpenTransaction> open;
    for (const ProducerState& each : all) {
      if (!each.transaction()) continue;
      const auto last = each.last_batch();
      open.push_back(
          {.producer_id = each.id(),
           .epoch = each.epoch(),
           .coordinator_epoch = std::max(each.coordinator_epoch(), 0),
           .offsets = {*each.transaction(),
                       last ? last->last + 1 : *each.transaction() + 1}});
    }
    if (open.empty()) return absl::OkStatus();
    if (evidence.seen) {
      evidence.sees_stranger = std::ranges::any_of(
          *evidence.seen, [&open](const SeenEnd& end) {
            return std::ranges::find(open, end.producer_id,
                                     &OpenTransaction::producer_id) ==
                   open.end();
          });
    }
    CAUCE_ASSIGN_OR_RETURN(const auto behind, SnapshotBehind(lost.next));
    Loss one{.offset = lost.base, .path = path};
    std::vector<std::pair<OpenTransaction, LostEnd>> anywhere;
    std::set<Offset> taken;
    for (const OpenTransaction& each : open) {
      evidence.open_behind = std::nullopt;
      for (const ProducerState& known : behind) {
        if (known.id() == each.producer_id) {
          evidence.open_behind = known.transaction();
        }
      }
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
    for (const auto& [each, end] : anywhere) {
      Offset marker = lost.base;
      while (taken.contains(marker)) marker = marker + 1;
      if (marker >= lost.next) {
        Leave(each, lost, path);
        continue;
      }
      taken.insert(marker);
      EndHere(each, end, marker);
    }
    if (!taken.empty() || one.candidates.empty()) {
      for (const Candidate& each : one.candidates) {
        Leave(each.open, lost, path);
      }
      return absl::OkStatus();
    }
    for (size_t i = 0; i < one.candidates.size(); ++i) {
      waiting_[one.candidates[i].open.producer_id.value].push_back(
          {losses_.size(), i});
    }
    losses_.push_back(std::move(one));
    return absl::OkStatus();
  }

  // What the first one says that was taken at `offset` or behind; of nobody
  // where there is none.
  absl::StatusOr<std::vector<ProducerState>> SnapshotBehind(Offset offset) {
    for (const Offset at : snapshots_) {
      if (at < offset) continue;
      auto read = ReadSnapshot(files_, partition_.directory, at);
      if (absl::IsResourceExhausted(read.status())) return read.status();
      if (read.ok()) return read;
    }
    return std::vector<ProducerState>();
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
    found_.left.push_back(
        {.file = path,
         .offset = lost.base,
         .what = fmt::format(
             "the marker of the transaction of producer {} with offsets {} to "
             "{} may be lost as well, and there is no offset for another one",
             open.producer_id.value, open.offsets.base.value,
             open.offsets.next.value - 1),
         .advice = "where readers of what is committed wait for it or must not "
                   "see it, end it by its producer"});
  }

  FileSystem& files_;
  const PartitionToCheck& partition_;
  const std::span<const SurveyedSegment> segments_;
  std::vector<AbortedTransaction> listed_;
  std::map<Offset, std::vector<AbortedTransaction>> lists_;  // by file
  std::vector<Offset> snapshots_;
  std::vector<MissingPart> missing_;  // of a topic that may have gaps
  ProducerTable table_;
  std::vector<Loss> losses_;
  // By producer: the candidates whose next batch is waited for.
  std::map<int64_t, std::vector<std::pair<size_t, size_t>>> waiting_;
  // By producer: behind the marker it was given last at one of losses_.
  std::map<int64_t, Offset> ended_up_to_;
  LostEnds found_;
};

}  // namespace

absl::StatusOr<LostEnds> FindLostEnds(
    FileSystem& files, const PartitionToCheck& partition,
    std::span<const SurveyedSegment> segments) {
  return Search(files, partition, segments).Run();
}

}  // namespace cauce
