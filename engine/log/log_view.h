// The segments of a partition that another process may be writing.
//
// Looks and never changes a file. A bad batch at the end of the last segment
// is one that is still being written: the view ends in front of it and looks
// again at the next Refresh, from there on. Below the recovery point it is
// damage: it is part of the log, and who reads it gets an error. That point
// moves back when the log is cut, so it is read again before a batch is called
// damaged. A log that ends below it has lost its end, which is told once, when
// it is opened: who repairs is the writer. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/complete_swaps.h"
#include "engine/log/log_environment.h"
#include "engine/log/segment.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_scan.h"
#include "engine/log/segment_set.h"
#include "engine/log/view_listing.h"

namespace cauce {

class LogView {
 public:
  using Hooks = ViewListing::Hooks;

  // `place` is that of any segment, `bounds` are as last saved. An empty
  // directory counts as one segment at the log start that has no file yet.
  static absl::StatusOr<std::unique_ptr<LogView>> Open(
      const SegmentPlace& place, const LogBounds& bounds, Hooks hooks);

  // Never empty. Segments that are known stay the same objects until the log
  // is cut or compacted.
  const SegmentSet::List& segments() const { return known_.segments; }

  // Takes in what was written, rolled, deleted and compacted meanwhile.
  // kNotFound where the directory is gone; the view then stays as it was.
  absl::Status Refresh();
  // The same, with nothing taken for what it was: the bounds as they are by
  // now, and every segment.
  absl::Status ListAgain();
  // The same, where a file that is known is not under its name though nothing
  // was written. Where there may be gaps one that is gone stays known, and
  // another of its name is seen by itself: who reads there is told.
  absl::Status RefreshNames();

  // The log may have gaps of compaction from now on: all is listed anew.
  absl::Status AllowGaps();

  // From where the log ends up to the recovery point, where that lies above:
  // files that were durable are gone or shorter than they were, or have another
  // name. Empty where that may be the work of a writer who cuts the log: what
  // is here is then read anew.
  absl::StatusOr<OffsetRange> FindLostEnd();

  // From where the log ends up to behind the name of a file that may hold
  // records and was left out, which was told; empty where there is none.
  OffsetRange FindHidden() const;

  // From where the log ends, in front of what is torn, up to behind whole
  // batches that stand behind that in the same file, or behind one there that
  // is whole but for its offset: a recovery would cut them off, and they may
  // have been acknowledged. Looks where what is torn says that it ends, and
  // where the index leads, if the file was torn when it was listed. Empty where
  // there are none, and where what was torn is whole by the second look: it was
  // on its way.
  absl::StatusOr<OffsetRange> FindBehindTorn() const;

 private:
  LogView(const SegmentPlace& place, const LogBounds& bounds, Hooks hooks);

  // Refresh, as long as no file goes after it was listed.
  absl::Status Follow();
  // The same where the last segment's file cannot be opened.
  absl::Status FollowUnopened();
  // And where swaps are there, which are those we know.
  absl::Status FollowBesideSwaps();
  // Whether the last segment's file is the one we know, and holds what we know
  // of it, when these are the `bases` that the directory holds.
  absl::StatusOr<bool> TailIsTheSame(const std::vector<Offset>& bases);
  // Whether the segments in front of the last one are still the files that we
  // know, where compaction may put others in their place.
  absl::StatusOr<bool> SealedAreTheSame(const std::vector<Offset>& bases) const;
  // Whether the file of the segment at `base`, which was not listed, is gone
  // and none is about to take its place. Compaction puts one in the place of
  // several under the first one's name: where the one in front of a missing one
  // is still the file that we know, nobody has compacted the two.
  absl::StatusOr<bool> IsLost(Offset base) const;
  // Takes what is there for what is known; where that fails what was known
  // stays.
  absl::Status Relist();
  // The bases of the segments, smallest first, those behind the last one that
  // is known looked at anew.
  absl::StatusOr<std::vector<Offset>> List();
  // Adds the segments that begin at `base` or later, as they are listed while
  // none of them gives way to another.
  absl::Status AddFrom(Offset base);
  struct Listed {
    std::vector<Offset> logs;
    // Compacted logs that take the place of some of these, and have not got
    // their own names yet.
    std::vector<Offset> swaps;
    // Where there are any: logs called `.deleted`, which some may be made from.
    std::vector<Offset> retired;
    friend bool operator==(const Listed&, const Listed&) = default;
  };
  absl::StatusOr<Listed> ListFiles() const;
  // Whether nothing has changed about swaps that are on their way, or were.
  absl::StatusOr<bool> SwapsAreTheSame(const Listed& listed) const;
  absl::Status AddListed(Offset from, const Listed& listed);
  // Returns up to where it takes the place of others; nothing where it does
  // not, as where it does not reach as far as these: then those of them that
  // are called `.deleted` are added, as the next writer takes them back.
  absl::StatusOr<std::optional<Offset>> AddSwap(Offset base,
                                                const Listed& listed);
  absl::StatusOr<ScannedSegment> ScanAs(Offset base,
                                        std::string_view suffix) const;
  absl::StatusOr<FoundSwap> FindSource(Offset base,
                                       std::string_view suffix) const;
  absl::Status AddRetired(Offset base);
  // Others follow it at `next`. Unless all of it lies below the recovery point
  // it ends with the batch that reaches there: any of those may be one that a
  // recovery found no room to cut. So each of them is looked at, by way of its
  // index where it has one, unless the log was closed, which it is not before
  // they are cut.
  absl::Status AddSealed(const SegmentPlace& place, Offset next);
  // What tells its file from another of its name.
  absl::Status NoteId(Offset base);
  // One below the recovery point whose file cannot be opened is part of the log
  // up to there, behind others that can be read.
  absl::Status AddTail(const SegmentPlace& place);
  // With damage below the recovery point only where that is still the point.
  absl::StatusOr<ScannedSegment> ScanTail(const SegmentPlace& place);
  absl::Status ExtendTail();
  // The last segment is complete: another follows it at `next`.
  absl::Status SealTail(Offset next);
  void DropDeleted(Offset first);
  // Where the last batch ends that is known to belong to the log. A last
  // segment above the recovery point of a log that was closed is none of it, or
  // its name is wrong, unless it has a batch: nobody has just rolled to it.
  absl::StatusOr<Offset> FindEnd() const;

  SegmentPlace place_;
  const Hooks hooks_;
  ViewListing listing_;
  LogBounds bounds_;
  struct Known {
    SegmentSet::List segments;
    // What tells the files of those in front of the last one from others of
    // their names; where compaction may put these there.
    std::map<Offset, uint64_t> ids;
    // The same of those that were read under the names of swaps; and what stood
    // in the directory then.
    std::map<Offset, uint64_t> swap_ids;
    Listed listed;
    std::shared_ptr<SegmentIndex> tail;  // the index of the last one, growing
    // The header of its last batch, and where it stands: what tells whether the
    // log was cut and has grown again since. Empty while there is no batch.
    std::string tail_header;
    int64_t tail_position = 0;
    // What the scan of the last one met behind its last batch was no end of a
    // log, nor damage below the recovery point.
    bool is_torn = false;
    // The last one's file cannot be opened, and held records.
    bool is_unopened = false;
    // There is no file yet: the one segment stands for it.
    bool has_no_file = false;
  };
  Known known_;
};

}  // namespace cauce
