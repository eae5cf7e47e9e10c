#include "tests/property/any_store.h"

#include <utility>

namespace cauce::test {
namespace {

// One of the kinds, or the error of its opening.
template <class Made, class Opened>
absl::StatusOr<Made> Either(absl::StatusOr<Opened> opened) {
  if (!opened.ok()) return opened.status();
  return Made(*std::move(opened));
}

KeyRange KeysOf(const RowsAsked& asked) {
  KeyRange range{.from = asked.from, .to = std::nullopt};
  if (asked.to) range.to = *asked.to;
  return range;
}

SessionKey SessionOf(const RowId& id) {
  return {.key = id.key, .start = {id.start}, .end = {id.end}};
}

std::optional<RowValue> Plain(std::optional<std::string> found) {
  if (!found) return std::nullopt;
  return RowValue{.value = *std::move(found)};
}

std::optional<RowValue> Timed(std::optional<TimestampedValue> found) {
  if (!found) return std::nullopt;
  return RowValue{.value = std::move(found->value), .time = found->time.ms};
}

std::optional<std::string_view> ViewOf(const std::optional<RowValue>& value) {
  if (!value) return std::nullopt;
  return value->value;
}

}  // namespace

absl::StatusOr<AnyStore> AnyStore::Open(Stores& stores, StoreKind kind,
                                        std::string_view name,
                                        const WindowOptions& options) {
  absl::StatusOr<Kinds> opened = absl::InternalError("no such kind");
  switch (kind) {
    case StoreKind::kKeyValue:
      opened = Either<Kinds>(stores.OpenKeyValue(name, options.store));
      break;
    case StoreKind::kTimestamped:
      opened = Either<Kinds>(stores.OpenTimestamped(name, options.store));
      break;
    case StoreKind::kWindow:
      opened = Either<Kinds>(stores.OpenWindow(name, options));
      break;
    case StoreKind::kSession:
      opened = Either<Kinds>(stores.OpenSession(name, options));
      break;
  }
  if (!opened.ok()) return opened.status();
  return AnyStore(*std::move(opened));
}

absl::Status AnyStore::Put(const RowId& id,
                           const std::optional<RowValue>& value) {
  if (auto* const plain = std::get_if<KeyValueStore>(&store_)) {
    return value ? plain->Put(id.key, value->value) : plain->Delete(id.key);
  }
  if (auto* const timed = std::get_if<TimestampedStore>(&store_)) {
    return value ? timed->Put(id.key, value->value, {value->time})
                 : timed->Delete(id.key);
  }
  if (auto* const windows = std::get_if<WindowStore>(&store_)) {
    return windows->Put(id.key, ViewOf(value), {id.start});
  }
  auto& sessions = std::get<SessionStore>(store_);
  return value ? sessions.Put(SessionOf(id), value->value)
               : sessions.Remove(SessionOf(id));
}

absl::StatusOr<std::optional<RowValue>> AnyStore::Find(const RowId& id) const {
  if (const auto* const timed = std::get_if<TimestampedStore>(&store_)) {
    auto found = timed->Get(id.key);
    if (!found.ok()) return found.status();
    return Timed(*std::move(found));
  }
  absl::StatusOr<std::optional<std::string>> found;
  if (const auto* const plain = std::get_if<KeyValueStore>(&store_)) {
    found = plain->Get(id.key);
  } else if (const auto* const windows = std::get_if<WindowStore>(&store_)) {
    found = windows->Fetch(id.key, Timestamp{id.start});
  } else {
    found = std::get<SessionStore>(store_).Fetch(SessionOf(id));
  }
  if (!found.ok()) return found.status();
  return Plain(*std::move(found));
}

StoreIterator AnyStore::Walk(const RowsAsked& asked) const {
  const KeyRange keys = KeysOf(asked);
  if (const auto* const plain = std::get_if<KeyValueStore>(&store_)) {
    return plain->Range(keys, asked.order);
  }
  if (const auto* const timed = std::get_if<TimestampedStore>(&store_)) {
    return timed->Range(keys, asked.order);
  }
  // Of one key alone there is a shorter way.
  const bool one = asked.to && *asked.to == asked.from + '\0';
  if (const auto* const windows = std::get_if<WindowStore>(&store_)) {
    const TimeRange starts{.from = {asked.earliest}, .to = {asked.latest}};
    return one ? windows->Fetch(asked.from, starts, asked.order)
               : windows->FetchRange(keys, starts, asked.order);
  }
  const auto& sessions = std::get<SessionStore>(store_);
  const Timestamp earliest{asked.earliest};
  const Timestamp latest_start{asked.latest_start};
  return one ? sessions.Find(asked.from, earliest, latest_start, asked.order)
             : sessions.FindRange(keys, earliest, latest_start, asked.order);
}

absl::StatusOr<std::optional<RowValue>> AnyStore::PutIfAbsent(
    const RowId& id, const RowValue& value) {
  if (auto* const plain = std::get_if<KeyValueStore>(&store_)) {
    auto found = plain->PutIfAbsent(id.key, value.value);
    if (!found.ok()) return found.status();
    return Plain(*std::move(found));
  }
  auto found = std::get<TimestampedStore>(store_).PutIfAbsent(
      id.key, value.value, {value.time});
  if (!found.ok()) return found.status();
  return Timed(*std::move(found));
}

absl::Status AnyStore::Write(const std::vector<Change>& changes) {
  if (auto* const plain = std::get_if<KeyValueStore>(&store_)) {
    std::vector<StateChange> wanted;
    for (const auto& [id, value] : changes) {
      wanted.push_back({id.key, ViewOf(value)});
    }
    return plain->Write(wanted);
  }
  std::vector<TimestampedChange> wanted;
  for (const auto& [id, value] : changes) {
    wanted.push_back({.key = id.key, .value = ViewOf(value)});
    if (value) wanted.back().time.ms = value->time;
  }
  return std::get<TimestampedStore>(store_).Write(wanted);
}

absl::StatusOr<KeyValueSnapshot> AnyStore::Snapshot() const {
  return std::get<KeyValueStore>(store_).Snapshot();
}

Timestamp AnyStore::stream_time() const {
  return std::visit([](const auto& store) { return store.stream_time(); },
                    store_);
}

absl::Status AnyStore::Persist() {
  return std::visit([](auto& store) { return store.Persist(); }, store_);
}

absl::Status AnyStore::Close() {
  return std::visit([](auto& store) { return store.Close(); }, store_);
}

std::vector<std::string> LinesOf(const StoreModel& model, StoreIterator at) {
  std::vector<std::string> lines;
  for (; at.Valid(); at.Next()) {
    const StoreRow& row = at.row();
    RowId id{.key = std::string(row.key)};
    if (model.windowed()) id.start = row.start.ms;
    if (model.kind() == StoreKind::kSession) id.end = row.end.ms;
    lines.push_back(model.Line(
        id, {.value = std::string(row.value), .time = row.time.ms}));
  }
  if (!at.status().ok()) lines.push_back(at.status().ToString());
  return lines;
}

}  // namespace cauce::test
