// Tables in memory that are there when they are opened again, as those on a
// disk are: with what was persisted, or also with what was not, up to a test.
//
// Several backends may share what is kept, as the processes of one machine do
// that come one after the other. Thread-safe but for the functions of a test.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/state_store.h"
#include "engine/base/mutex.h"

namespace cauce::test {

class KeptTables {
 public:
  struct Table {
    std::map<std::string, std::string, std::less<>> rows;
    std::string mark;
  };
  struct Kept {
    // After each write that was not persisted yet, the durable one first.
    std::vector<Table> since{Table{}};
    bool open = false;
    absl::Status damage;  // what Open answers
  };

  // Every table is as it was `lost` writes ago, but not before what was
  // persisted: what a crash may leave.
  void Crash(size_t lost) {
    MutexLock lock(mutex_);
    for (auto& [directory, kept] : tables_) {
      auto& since = kept->since;
      const size_t left = since.size() > lost ? since.size() - lost : 1;
      since = {since[left - 1]};
      // Whoever had it open is gone, and writes into nothing.
      kept = std::make_shared<Kept>(Kept{.since = since});
    }
  }
  void Damage(absl::Status why) {
    MutexLock lock(mutex_);
    for (auto& [directory, kept] : tables_) kept->damage = why;
  }
  void Wipe() {
    MutexLock lock(mutex_);
    tables_.clear();
  }
  size_t size() {
    MutexLock lock(mutex_);
    return tables_.size();
  }
  // Of the one table that there is.
  Table only() {
    MutexLock lock(mutex_);
    return tables_.begin()->second->since.back();
  }
  void set_only(Table table) {
    MutexLock lock(mutex_);
    tables_.begin()->second->since = {std::move(table)};
  }
  // How many ranges were erased by all writes together.
  size_t erased() {
    MutexLock lock(mutex_);
    return erased_;
  }
  // What the next write of a table answers.
  void FailNextWrite(absl::Status why) {
    MutexLock lock(mutex_);
    fail_next_ = std::move(why);
  }
  // The same of the next time that a loader is to be done.
  void FailNextLoad(absl::Status why) {
    MutexLock lock(mutex_);
    fail_load_ = std::move(why);
  }

  // Called once, in front of the next Get.
  void BeforeNextGet(std::function<void()> call) {
    MutexLock lock(mutex_);
    before_get_ = std::move(call);
  }

  std::shared_ptr<StateBackend> NewBackend() {
    return std::make_shared<Backend>(*this);
  }

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;

  class Walk final : public StateIterator {
   public:
    Walk(const Rows& rows, const KeyRange& range, KeyOrder order) {
      for (const auto& [key, value] : rows) {
        if (key < range.from || (range.to && key >= *range.to)) continue;
        rows_.emplace_back(key, value);
      }
      if (order == KeyOrder::kReverse) {
        std::reverse(rows_.begin(), rows_.end());
      }
    }
    bool Valid() const override { return at_ < rows_.size(); }
    void Next() override { ++at_; }
    std::string_view key() const override { return rows_[at_].first; }
    std::string_view value() const override { return rows_[at_].second; }
    absl::Status status() const override { return absl::OkStatus(); }

   private:
    std::vector<std::pair<std::string, std::string>> rows_;
    size_t at_ = 0;
  };

  class View final : public StateView {
   public:
    explicit View(Rows rows) : rows_(std::move(rows)) {}
    absl::StatusOr<bool> Get(std::string_view key,
                             std::string& value) const override {
      const auto at = rows_.find(key);
      if (at != rows_.end()) value = at->second;
      return at != rows_.end();
    }
    std::unique_ptr<StateIterator> Iterate(const KeyRange& range,
                                           KeyOrder order) const override {
      return std::make_unique<Walk>(rows_, range, order);
    }

   private:
    const Rows rows_;
  };

  class Store final : public StateStore {
   public:
    Store(KeptTables& all, std::shared_ptr<Kept> kept, StateStoreSpec spec)
        : all_(all), kept_(std::move(kept)), spec_(std::move(spec)) {
      if (spec_.read_only) {
        // A copy: as it is on the disk.
        kept_ = std::make_shared<Kept>(Kept{.since = {kept_->since.front()}});
      }
    }
    ~Store() override { Close().IgnoreError(); }

    absl::StatusOr<bool> Get(std::string_view key,
                             std::string& value) const override {
      if (const auto call = all_.TakeBeforeGet()) call();
      MutexLock lock(all_.mutex_);
      if (closed_) return MakeError(Reason::kClosed, "closed");
      const Rows& rows = kept_->since.back().rows;
      const auto at = rows.find(key);
      if (at != rows.end()) value = at->second;
      return at != rows.end();
    }
    std::unique_ptr<StateIterator> Iterate(const KeyRange& range,
                                           KeyOrder order) const override {
      MutexLock lock(all_.mutex_);
      return std::make_unique<Walk>(kept_->since.back().rows, range, order);
    }
    std::unique_ptr<StateView> Snapshot() const override {
      MutexLock lock(all_.mutex_);
      return std::make_unique<View>(kept_->since.back().rows);
    }
    absl::Status Write(const StateWrite& write) override {
      MutexLock lock(all_.mutex_);
      if (closed_) return MakeError(Reason::kClosed, "closed");
      if (!all_.fail_next_.ok()) {
        return std::exchange(all_.fail_next_, absl::OkStatus());
      }
      Table next = kept_->since.back();
      all_.erased_ += write.erased.size();
      for (const KeyRange& range : write.erased) {
        std::erase_if(next.rows, [&](const auto& row) {
          return row.first >= range.from &&
                 (!range.to || row.first < *range.to);
        });
      }
      for (const StateChange& change : write.changes) Apply(change, next);
      next.mark = write.mark;
      kept_->since.push_back(std::move(next));
      return absl::OkStatus();
    }
    std::string mark() const override {
      MutexLock lock(all_.mutex_);
      return kept_->since.back().mark;
    }
    absl::StatusOr<std::unique_ptr<StateLoader>> Load() override {
      return std::make_unique<Loader>(*this);
    }
    absl::Status Persist() override {
      // As with the real ones the log goes first.
      if (spec_.before_durable) {
        const absl::Status log = spec_.before_durable();
        if (!log.ok()) return log;
      }
      MutexLock lock(all_.mutex_);
      kept_->since = {kept_->since.back()};
      return absl::OkStatus();
    }
    StateUse use() const override {
      MutexLock lock(all_.mutex_);
      return {.keys = static_cast<int64_t>(kept_->since.back().rows.size())};
    }
    absl::Status Close() override {
      if (closed_) return absl::OkStatus();
      absl::Status persisted;
      if (!spec_.read_only) persisted = Persist();
      MutexLock lock(all_.mutex_);
      closed_ = true;
      kept_->open = false;
      return persisted;
    }

   private:
    class Loader final : public StateLoader {
     public:
      explicit Loader(Store& store) : store_(store) {
        MutexLock lock(store_.all_.mutex_);
        next_ = store_.kept_->since.back();
      }
      absl::Status Add(const StateChange& change) override {
        Apply(change, next_);
        return absl::OkStatus();
      }
      absl::Status Finish(std::string_view mark) override {
        next_.mark = mark;
        MutexLock lock(store_.all_.mutex_);
        if (!store_.all_.fail_load_.ok()) {
          return std::exchange(store_.all_.fail_load_, absl::OkStatus());
        }
        store_.kept_->since = {next_};
        return absl::OkStatus();
      }

     private:
      Store& store_;
      Table next_;
    };

    static void Apply(const StateChange& change, Table& to) {
      if (change.value) {
        to.rows[std::string(change.key)] = *change.value;
      } else {
        to.rows.erase(std::string(change.key));
      }
    }

    KeptTables& all_;
    std::shared_ptr<Kept> kept_;
    const StateStoreSpec spec_;
    bool closed_ = false;
  };

  class Backend final : public StateBackend {
   public:
    explicit Backend(KeptTables& all) : all_(all) {}
    absl::StatusOr<std::unique_ptr<StateStore>> Open(
        const StateStoreSpec& spec) override {
      MutexLock lock(all_.mutex_);
      auto at = all_.tables_.find(spec.directory);
      if (at == all_.tables_.end()) {
        if (spec.read_only) return absl::NotFoundError(spec.directory);
        at = all_.tables_
                 .emplace(spec.directory, std::make_shared<Kept>())
                 .first;
      }
      if (!at->second->damage.ok()) return at->second->damage;
      if (!spec.read_only) {
        if (at->second->open) return MakeError(Reason::kLocked, "is open");
        at->second->open = true;
      }
      return std::make_unique<Store>(all_, at->second, spec);
    }
    absl::Status Remove(std::string_view directory) override {
      MutexLock lock(all_.mutex_);
      all_.tables_.erase(std::string(directory));
      return absl::OkStatus();
    }
    bool persistent() const override { return true; }

   private:
    KeptTables& all_;
  };

  std::function<void()> TakeBeforeGet() {
    MutexLock lock(mutex_);
    return std::exchange(before_get_, nullptr);
  }

  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Kept>> tables_;
  absl::Status fail_next_;
  absl::Status fail_load_;
  size_t erased_ = 0;
  std::function<void()> before_get_;
};

}  // namespace cauce::test
