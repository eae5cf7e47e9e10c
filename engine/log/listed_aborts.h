// What a partition's lists of aborted transactions say of offsets that its logs
// have lost.
//
// Of the lists only that is kept which can say something of those, and no more
// than a bound: behind that nothing more is known. Not thread-safe; reading is.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/joined_ranges.h"

namespace cauce {

class ListedAborts {
 public:
  // What is kept: 32 bytes each, and 80 of who began last in a list.
  static constexpr size_t kEntriesMax = 1 << 20;

  struct Wanted {
    JoinedRanges lost;
    std::set<Offset> segments;  // in which some of it was lost, by name
    size_t entries_max = kEntriesMax;
  };

  explicit ListedAborts(Wanted wanted) : wanted_(std::move(wanted)) {}

  // `list` is that of the segment which is called so; of none where it was set
  // aside: then it may lack some.
  void Add(std::optional<Offset> segment,
           std::span<const AbortedTransaction> list);
  // No more will come: they can be asked for.
  void Sort();

  // Whether nothing was left out for the bound.
  bool is_all() const { return is_all_; }
  // Those of `producer` whose markers stand at `from` or behind, in the order
  // of these.
  std::span<const AbortedTransaction> Of(ProducerId producer,
                                         Offset from) const;
  // Where the last one began that the list of the segment has of `producer`.
  std::optional<Offset> LastBegun(Offset segment, ProducerId producer) const;

 private:
  const Wanted wanted_;
  std::vector<AbortedTransaction> entries_;  // by producer and marker
  std::map<std::pair<Offset, ProducerId>, Offset> begun_;
  bool is_all_ = true;
};

}  // namespace cauce
