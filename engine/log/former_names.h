// By which name a log is known that it does not have any more: by what the last
// close has noted, and by indexes that stand there without their log.
//
// Whoever renames a log alone leaves both behind. A name that nothing else
// knows then says nothing of where other batches belong, and one that was
// another log's says that this one is gone. An index tells of the log that
// begins as it is called; a close, which has noted sizes, also of one whose
// first batches compaction had left out. Only a log that is called by less than
// it begins with is looked for: others tell by their batches that their name is
// wrong. One wrong bit, as in a base offset, is never enough: the name must
// lack its log, too. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cauce/types.h"
#include "engine/catalog/known_log.h"

namespace cauce {

struct FormerName {
  Offset name;
  // It has the name of another, which the close or an index knows too.
  bool has_anothers = false;

  friend bool operator==(const FormerName&, const FormerName&) = default;
};

class FormerNames {
 public:
  // All are sorted and borrowed, for the constructor alone.
  struct Signs {
    std::span<const Offset> logs;  // what logs are called by, or wait for
    // Those of a log that was closed, where nobody has written it since.
    std::span<const KnownSegment> listed;
    std::span<const Offset> indexes;  // what these are called by
    // Else a segment begins as it is called.
    bool may_have_gaps = true;
  };

  explicit FormerNames(const Signs& signs);

  // Of the log that is called `named` and has so many bytes, the first batch of
  // which begins at `front`.
  std::optional<FormerName> Of(Offset named, int64_t bytes,
                               Offset front) const;

 private:
  // How large the log of that name was when it was closed.
  std::optional<int64_t> BytesOf(Offset name) const;
  // The nearest of those that no log has, if that may have been this one's.
  std::optional<Offset> NearestListed(Offset named, Offset front) const;

  const bool may_have_gaps_;
  std::vector<KnownSegment> listed_;
  std::vector<Offset> indexes_;
  // Of these, what no log is called by.
  std::vector<Offset> free_listed_;
  std::vector<Offset> free_indexes_;
};

}  // namespace cauce
