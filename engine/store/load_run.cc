#include "engine/store/load_run.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/base/status_macros.h"

namespace cauce {
namespace {

// In front of each change. Nobody has a key or a value of 4 GiB: RocksDB does
// not take them.
struct Lengths {
  uint32_t key;
  uint32_t value;
};
constexpr uint32_t kNoValue = UINT32_MAX;

static_assert(std::endian::native == std::endian::little);

// Sorted, changes lie all over memory, and a file takes 0.5 us for one: of so
// many that come next the beginnings are on their way into the cache.
constexpr size_t kAhead = 8;
constexpr size_t kFetchedBytes = 256;
constexpr size_t kLineBytes = 64;

// The next eight bytes as a number that compares as they do; zeros behind the
// end, where the whole key has to tell.
uint64_t HeadOf(std::string_view key, size_t from) {
  uint64_t head = 0;
  if (key.size() > from) {
    std::memcpy(&head, key.data() + from,
                std::min(key.size() - from, sizeof head));
  }
  return __builtin_bswap64(head);
}

size_t AlikeIn(std::string_view one, std::string_view other, size_t max) {
  max = std::min({max, one.size(), other.size()});
  if (std::memcmp(one.data(), other.data(), max) == 0) return max;
  const auto* const end = one.data() + max;
  return static_cast<size_t>(
      std::mismatch(one.data(), end, other.data()).first - one.data());
}

}  // namespace

bool LoadRun::Add(const StateChange& change) {
  const size_t value_bytes = change.value ? change.value->size() : 0;
  const size_t bytes = sizeof(Lengths) + change.key.size() + value_bytes;
  if (room_ - used_ < bytes) {
    if (!empty()) return false;
    room_ = std::max(bytes_max_, bytes);
    memory_.emplace(room_);
  }
  if (empty()) {
    alike_ = change.key.size();
  } else {
    const std::string_view last = ChangeAt(last_at_).key;
    alike_ = AlikeIn(last, change.key, alike_);
    is_sorted_ = is_sorted_ && last < change.key;
  }
  const Lengths lengths = {
      static_cast<uint32_t>(change.key.size()),
      change.value ? static_cast<uint32_t>(value_bytes) : kNoValue};
  last_at_ = used_;
  char* to = data() + used_;
  std::memcpy(to, &lengths, sizeof lengths);
  to += sizeof lengths;
  std::copy_n(change.key.data(), change.key.size(), to);
  if (change.value)
    std::copy_n(change.value->data(), value_bytes, to + change.key.size());
  used_ += bytes;
  ++changes_;
  return true;
}

void LoadRun::Clear() {
  used_ = 0;
  changes_ = 0;
  is_sorted_ = true;
}

StateChange LoadRun::ChangeAt(uint64_t at) const {
  Lengths lengths;
  const char* from = data() + at;
  std::memcpy(&lengths, from, sizeof lengths);
  from += sizeof lengths;
  StateChange change;
  change.key = std::string_view(from, lengths.key);
  if (lengths.value != kNoValue)
    change.value = std::string_view(from + lengths.key, lengths.value);
  return change;
}

// In the order in which they came.
std::vector<LoadRun::Place> LoadRun::Places() const {
  std::vector<Place> places;
  places.reserve(changes_);
  for (uint64_t at = 0; at < used_;) {
    const StateChange change = ChangeAt(at);
    places.push_back({HeadOf(change.key, alike_), at});
    at += sizeof(Lengths) + change.key.size() +
          (change.value ? change.value->size() : 0);
  }
  return places;
}

absl::Status LoadRun::Sorted(
    absl::FunctionRef<absl::Status(const StateChange&)> show) const {
  std::vector<Place> places = Places();
  if (!is_sorted_) {
    // Of two changes of a key the later one comes first, and is the one shown.
    std::ranges::sort(places, [this](const Place& one, const Place& other) {
      if (one.head != other.head) return one.head < other.head;
      const int order =
          ChangeAt(one.at).key.compare(ChangeAt(other.at).key);
      return order != 0 ? order < 0 : one.at > other.at;
    });
  }
  const Place* last = nullptr;
  for (size_t i = 0; i < places.size(); ++i) {
    const Place& place = places[i];
    if (i + kAhead < places.size()) {
      // Here and not in a function of its own: the compiler sees no effect in
      // that, and leaves it out.
      const size_t next = places[i + kAhead].at;
      const size_t end = std::min(next + kFetchedBytes, used_);
      for (size_t line = next; line < end; line += kLineBytes) {
        __builtin_prefetch(data() + line);
      }
    }
    const StateChange change = ChangeAt(place.at);
    const bool again = last != nullptr && last->head == place.head &&
                       ChangeAt(last->at).key == change.key;
    if (again) continue;
    last = &place;
    CAUCE_RETURN_IF_ERROR(show(change));
  }
  return absl::OkStatus();
}

}  // namespace cauce
