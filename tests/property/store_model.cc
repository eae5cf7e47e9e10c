#include "tests/property/store_model.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace cauce::test {
namespace {

// As in Kafka: half the retention, at least a minute.
constexpr int64_t kSegmentMsMin = 60'000;

std::string BigEndian(int64_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(number >> shift & 0xff));
  }
  return text;
}

}  // namespace

bool StoreModel::windowed() const {
  return kind_ == StoreKind::kWindow || kind_ == StoreKind::kSession;
}

int64_t StoreModel::AgeOf(const RowId& id) const {
  return kind_ == StoreKind::kSession ? id.end : id.start;
}

int64_t StoreModel::LiveFrom() const {
  return windowed() ? std::max<int64_t>(stream_time_ - retention_ms_, 0) : 0;
}

std::string StoreModel::LogKey(const RowId& id) const {
  switch (kind_) {
    case StoreKind::kWindow:
      return id.key + BigEndian(id.start, 8) + BigEndian(0, 4);
    case StoreKind::kSession:
      return id.key + BigEndian(id.end, 8) + BigEndian(id.start, 8);
    default:
      return id.key;
  }
}

void StoreModel::Log(const RowId& id, const std::optional<RowValue>& value) {
  if (windowed()) stream_time_ = std::max(stream_time_, AgeOf(id));
  if (value) {
    RowValue& row = rows_[id] = *value;
    if (kind_ != StoreKind::kTimestamped) row.time = 0;
  } else {
    rows_.erase(id);
  }
}

std::optional<RowValue> StoreModel::Find(const RowId& id) const {
  const auto at = rows_.find(id);
  if (at == rows_.end() || IsLate(id)) return std::nullopt;
  return at->second;
}

std::string StoreModel::Line(const RowId& id, const RowValue& value) const {
  switch (kind_) {
    case StoreKind::kTimestamped:
      return fmt::format("{:?} = {} at {}", id.key, value.value, value.time);
    case StoreKind::kWindow:
      return fmt::format("{:?} from {} = {}", id.key, id.start, value.value);
    case StoreKind::kSession:
      return fmt::format("{:?} from {} to {} = {}", id.key, id.start, id.end,
                         value.value);
    default:
      return fmt::format("{:?} = {}", id.key, value.value);
  }
}

std::vector<std::string> StoreModel::Shown(const RowsAsked& asked) const {
  const int64_t segment_ms = std::max(retention_ms_ / 2, kSegmentMsMin);
  using Place = std::pair<int64_t, std::string>;  // segment, key in the log
  std::map<Place, std::string> lines;
  for (const auto& [id, value] : rows_) {
    if (id.key < asked.from || (asked.to && id.key >= *asked.to)) continue;
    if (windowed()) {
      const int64_t age = AgeOf(id);
      if (IsLate(id) || age < asked.earliest || age > asked.latest) continue;
      if (kind_ == StoreKind::kSession && id.start > asked.latest_start)
        continue;
    }
    const int64_t segment = windowed() ? AgeOf(id) / segment_ms : 0;
    lines.emplace(Place(segment, LogKey(id)), Line(id, value));
  }
  std::vector<std::string> shown;
  for (auto& [place, line] : lines) shown.push_back(std::move(line));
  if (asked.order == KeyOrder::kReverse) std::ranges::reverse(shown);
  return shown;
}

}  // namespace cauce::test
