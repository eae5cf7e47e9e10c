#include "engine/log/exchanged_names.h"

#include <algorithm>
#include <map>
#include <optional>

#include "cauce/types.h"
#include "engine/log/batch_runs.h"

namespace cauce {
namespace {

// Files that exchanged their names are few; more are not looked at.
constexpr int kCircleMax = 64;

// By their names, those that do not wait.
using Names = std::map<Offset, size_t>;

// Whether all of them would fit, called in the order of what they hold.
bool FitInOrder(std::span<const FoundLog> found, const Names& names,
                bool may_have_gaps, std::vector<bool>& exchanged) {
  std::vector<size_t> logs;
  for (const auto& [name, log] : names) {
    if (found[log].is_blank) continue;
    if (!found[log].FrontBase()) return false;
    logs.push_back(log);
  }
  std::vector<size_t> in_order = logs;
  std::ranges::sort(in_order, {},
                    [&](size_t log) { return found[log].runs.front().base; });
  Offset end{0};
  for (size_t i = 0; i < logs.size(); ++i) {
    const Offset name = found[logs[i]].named;
    const std::vector<BatchRun>& runs = found[in_order[i]].runs;
    const bool fits =
        may_have_gaps ? name <= runs.front().base : name == runs.front().base;
    if (!fits || name < end) return false;
    end = runs.back().next;
    exchanged[in_order[i]] = logs[i] != in_order[i];
  }
  return true;
}

bool IsInACircle(std::span<const FoundLog> found, const Names& names,
                 size_t log) {
  const Offset named = found[log].named;
  std::optional<Offset> base = found[log].FrontBase();
  for (int files = 1; files < kCircleMax && base; ++files) {
    if (*base == named) return files > 1;
    const auto called = names.find(*base);
    if (called == names.end()) return false;
    base = found[called->second].FrontBase();
  }
  return false;
}

}  // namespace

std::vector<bool> FindExchangedNames(std::span<const FoundLog> found,
                                     bool may_have_gaps) {
  Names names;
  for (size_t log = 0; log < found.size(); ++log) {
    if (!found[log].is_waiting) names.emplace(found[log].named, log);
  }
  std::vector<bool> exchanged(found.size());
  if (FitInOrder(found, names, may_have_gaps, exchanged)) return exchanged;
  for (size_t log = 0; log < found.size(); ++log) {
    exchanged[log] = !found[log].is_waiting && IsInACircle(found, names, log);
  }
  return exchanged;
}

}  // namespace cauce
