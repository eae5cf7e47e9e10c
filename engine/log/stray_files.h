// The files of a partition that must go out of the way, as a survey comes upon
// them, and what each will be called then.
//
// Nothing is renamed. For who has the directory to himself.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/cut_names.h"
#include "engine/log/surveyed_segment.h"

namespace cauce {

// A file that must go out of the way: it is no part of the log, or a segment
// whose name another one needs before its own is free.
struct StrayFile {
  std::string path;
  std::string kept_as;
  std::string why;
  // Where it should have been one: the offsets that it would have held begin
  // here, and end where the next segment begins.
  std::optional<Offset> base;
  // Whole batches that leave the log with it, though others have their offsets.
  OffsetRange displaced;
  // A log that was weighed with the others, or an index that was a sign in
  // that: as long as it has its name, that speaks for or against what the logs
  // hold.
  bool is_weighed = false;
  // An index whose log is missing: where there may be gaps nothing else may
  // tell of that.
  bool is_orphan = false;
  // A directory, or what else is no file: it has no bytes that could have been
  // records.
  bool is_stand_in = false;
};

class StrayFiles {
 public:
  static absl::StatusOr<StrayFiles> In(FileSystem& files,
                                       std::string_view directory);

  // The file is kept as `.cut`.
  absl::Status SetAside(std::string_view name, std::string why,
                        std::optional<Offset> base = std::nullopt);
  // The same of what was weighed.
  absl::Status SetWeighedAside(std::string_view name, std::string why,
                               std::optional<Offset> base,
                               OffsetRange displaced);
  // The same of an index of a segment that is missing from `base` on.
  absl::Status SetOrphanAside(std::string_view name, std::string why,
                              Offset base);
  // The same of what is no file, and stands where the segment `base` should.
  absl::Status SetStandInAside(std::string_view name, std::string_view why,
                               Offset base);
  // The segment waits beside until its name is free. A recovery in between
  // misses it, below the end that was saved, and cuts nothing; the next repair
  // finds it.
  void LetWait(SurveyedSegment& segment);

  // Notes what the unreadable bytes of the segment are kept as, which are in
  // `file`.
  absl::Status KeepUnreadable(const File& file, SurveyedSegment& segment);

  // The .txnindex files among them, by base.
  std::set<Offset> ListsOfAborts() const;

  std::vector<StrayFile> Take() { return std::move(strays_); }

 private:
  StrayFiles(std::string_view directory, CutNames names)
      : directory_(directory), names_(std::move(names)) {}

  std::string directory_;
  CutNames names_;
  std::vector<StrayFile> strays_;
};

}  // namespace cauce
