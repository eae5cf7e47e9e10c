// Spoils the image of a known data directory by chance, in every way a disk or
// a person does, and knows which batches nothing has touched.
//
// The same seed spoils in the same way. For one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "tests/testing/known_directory.h"

namespace cauce::test {

// A header as far as its CRC: what changes one byte of each part of it is not
// mistaken for another batch.
inline constexpr int64_t kHeadBytes = 30;

// An image, and which of its batches nothing has touched.
class Spoiler {
 public:
  // `known` is borrowed for its life.
  Spoiler(const KnownDirectory& known, uint32_t seed)
      : known_(known),
        image_(known.image),
        whole_(known.batches),
        random_(seed) {}

  const Image& image() const { return image_; }
  const std::vector<KnownBatch>& whole() const { return whole_; }
  const std::string& story() const { return story_; }

  void Spoil() {
    const uint32_t times = 1 + Below(6);
    for (uint32_t i = 0; i < times; ++i) SpoilOnce();
    for (const auto& [partition, batches] : behind_removed_) {
      DropLoneOf(partition, batches);
    }
  }

 private:
  uint32_t Below(uint32_t bound) { return random_() % bound; }

  void Tell(const std::string& what) { story_ += what + "; "; }

  void SpoilOnce() {
    switch (Below(16)) {
      case 0:
      case 1:
        return FlipBit();
      case 2:
        return Overwrite(std::string(1 + Below(700), '\0'));
      case 3:
        return Overwrite(Rubbish(1 + Below(700)));
      case 4:
        return Insert(Rubbish(1 + Below(300)));
      case 5:
        return Remove(1 + Below(400));
      case 6:
        return Truncate();
      case 7:
        return Append();
      case 8:
        return Delete();
      case 9:
        return RenameLog();
      case 10:
        return CopyLog();
      case 11:
        return SpoilIndex();
      case 12:
        return SpoilSmallFile();
      case 13:
        return AddStranger();
      case 14:
        return Double();
      case 15:
        return PutDirectoryForIndex();
    }
  }

  std::string Rubbish(size_t bytes) {
    std::string rubbish(bytes, '\0');
    for (char& byte : rubbish) byte = static_cast<char>(random_());
    return rubbish;
  }

  std::vector<std::string> Named(std::string_view suffix) const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : image_) {
      if (name.ends_with(suffix) && !frozen_.contains(name)) {
        names.push_back(name);
      }
    }
    return names;
  }
  // Empty where there is none.
  std::string OneOf(const std::vector<std::string>& names) {
    return names.empty() ? ""
                         : names[Below(static_cast<uint32_t>(names.size()))];
  }

  std::string OneLog() { return OneOf(Named(".log")); }

  // [from, end) of the file is not what it was.
  void Touch(const std::string& file, int64_t from, int64_t end) {
    std::erase_if(whole_, [&](const KnownBatch& batch) {
      return batch.file == file && batch.position < end &&
             batch.position + batch.bytes > from;
    });
  }
  // What stands at `from` or behind it stands elsewhere now.
  void Shift(const std::string& file, int64_t from, int64_t by) {
    for (KnownBatch& batch : whole_) {
      if (batch.file == file && batch.position >= from) batch.position += by;
    }
  }

  void FlipBit() {
    if (whole_.empty()) return;
    const KnownBatch batch =
        whole_[Below(static_cast<uint32_t>(whole_.size()))];
    if (frozen_.contains(batch.file)) return;
    // Of the fields that no CRC covers the length and the format are checked.
    int64_t at = 8 + Below(static_cast<uint32_t>(batch.bytes - 8));
    if (at >= 12 && at < 16) at = 8;
    char& byte = image_[batch.file][static_cast<size_t>(batch.position + at)];
    byte = static_cast<char>(byte ^ (1 << Below(8)));
    Touch(batch.file, batch.position, batch.position + 1);
    Tell(fmt::format("a bit of byte {} of the batch at {} of {}", at,
                     batch.position, batch.file));
  }

  void Overwrite(const std::string& with) {
    const std::string file = OneLog();
    if (file.empty() || image_[file].empty()) return;
    std::string& bytes = image_[file];
    const auto size = static_cast<int64_t>(bytes.size());
    const int64_t from = Below(static_cast<uint32_t>(size));
    int64_t end = std::min(size, from + static_cast<int64_t>(with.size()));
    // A base offset alone is covered by nothing.
    for (const KnownBatch& batch : whole_) {
      const bool is_met = batch.file == file && batch.position < end &&
                          batch.position + batch.bytes > from;
      if (is_met) end = std::max(end, batch.position + kHeadBytes);
    }
    for (int64_t at = from; at < end; ++at) {
      char& byte = bytes[static_cast<size_t>(at)];
      const char other = with[static_cast<size_t>(at - from) % with.size()];
      byte = other == byte && other != 0 ? static_cast<char>(~other) : other;
    }
    Touch(file, from, end);
    Tell(fmt::format("{} to {} of {} overwritten with {}", from, end, file,
                     with[0] == 0 ? "zeros" : "rubbish"));
  }

  // A place in a log where nothing is torn within a base offset.
  int64_t PlaceIn(const std::string& file) {
    int64_t at = Below(static_cast<uint32_t>(image_[file].size()) + 1);
    for (const KnownBatch& batch : whole_) {
      const bool is_met = batch.file == file && batch.position < at &&
                          batch.position + kHeadBytes > at;
      if (is_met) at = batch.position;
    }
    return at;
  }

  void Insert(const std::string& what) {
    const std::string file = OneLog();
    if (file.empty()) return;
    const int64_t at = PlaceIn(file);
    image_[file].insert(static_cast<size_t>(at), what);
    std::erase_if(whole_, [&](const KnownBatch& batch) {
      return batch.file == file && batch.position < at &&
             batch.position + batch.bytes > at;
    });
    Shift(file, at, static_cast<int64_t>(what.size()));
    Tell(fmt::format("{} bytes more at {} of {}", what.size(), at, file));
  }

  void Remove(int64_t bytes) {
    const std::string file = OneLog();
    if (file.empty()) return;
    const int64_t from = PlaceIn(file);
    const int64_t end = std::min<int64_t>(
        from + bytes, static_cast<int64_t>(image_[file].size()));
    image_[file].erase(static_cast<size_t>(from),
                       static_cast<size_t>(end - from));
    // The byte in front of it may go on as the last one did that is gone.
    Touch(file, from, end + 1);
    Shift(file, end, from - end);
    std::set<int64_t> behind;
    for (const KnownBatch& batch : whole_) {
      if (batch.file != file || batch.position < from) continue;
      behind.insert(batch.base);
    }
    const size_t slash = file.rfind('/');
    behind_removed_.emplace_back(file.substr(1, slash - 1), std::move(behind));
    Tell(fmt::format("{} to {} of {} gone", from, end, file));
  }

  // What is left in front of `batches` may end as what is gone did, and show no
  // trace of it: then nothing confirms where the first of them belongs that is
  // left, unless the next one continues it.
  void DropLoneOf(const std::string& partition,
                  const std::set<int64_t>& batches) {
    const auto is_left = [&](int64_t base) {
      return batches.contains(base) &&
             std::ranges::any_of(whole_, [&](const KnownBatch& batch) {
               return batch.partition == partition && batch.base == base;
             });
    };
    const auto first = std::ranges::find_if(batches, is_left);
    if (first == batches.end()) return;
    std::erase_if(whole_, [&](const KnownBatch& batch) {
      return batch.partition == partition && batch.base == *first &&
             !is_left(batch.next);
    });
  }

  void Truncate() {
    const std::string file = OneLog();
    if (file.empty()) return;
    const int64_t at = Below(static_cast<uint32_t>(image_[file].size()) + 1);
    image_[file].resize(static_cast<size_t>(at));
    Touch(file, at, INT64_MAX);
    Tell(fmt::format("{} ends at {}", file, at));
  }

  void Append() {
    const std::string file = OneLog();
    if (file.empty()) return;
    std::string& bytes = image_[file];
    bytes +=
        Below(2) == 0 ? std::string(Below(300), '\0') : Rubbish(Below(300));
    Tell(fmt::format("{} goes on up to {}", file, bytes.size()));
  }

  // What is behind its own bytes is a copy of them. Its batches are not among
  // those that are known: what else befell these would show in the copy.
  void Double() {
    const std::string file = OneLog();
    if (file.empty() || !IsUntouched(file)) return;
    image_[file] += std::string(image_[file]);
    frozen_.insert(file);
    Tell(fmt::format("the bytes of {} are there twice", file));
  }

  void Delete() {
    const std::string file = OneLog();
    if (file.empty()) return;
    image_.erase(file);
    Touch(file, 0, INT64_MAX);
    Tell(fmt::format("{} deleted", file));
  }

  std::string WithBase(const std::string& file, int64_t base) {
    return file.substr(0, file.rfind('/') + 1) +
           SegmentFileName(Offset{base}, kLogSuffix);
  }

  bool IsUntouched(const std::string& file) const {
    int64_t end = 0;
    for (const KnownBatch& batch : whole_) {
      if (batch.file == file && batch.position == end) end += batch.bytes;
    }
    return end > 0 && static_cast<size_t>(end) == image_.at(file).size();
  }

  // Where two are misnamed, one may stand in the other's way.
  bool IsFirstMove(const std::string& file) {
    return moved_.insert(file.substr(0, file.rfind('/'))).second;
  }

  // By a file, or by a directory.
  bool IsTaken(const std::string& name) const {
    return image_.contains(name) || image_.contains(name + "/inner");
  }

  // Whether more than its name tells where a log belongs. Of a single batch
  // only its neighbours do, whatever is between: all of them stay whole then.
  bool IsAttested(const std::string& file) {
    if (std::ranges::count(whole_, file, &KnownBatch::file) > 1) return true;
    const std::string directory = file.substr(0, file.rfind('/') + 1);
    std::vector<std::string> logs;
    for (const auto& [name, bytes] : known_.image) {
      const bool is_log = name.starts_with(directory) && name.ends_with(".log");
      if (!is_log) continue;
      if (!image_.contains(name) || !IsUntouched(name)) return false;
      logs.push_back(name);
    }
    frozen_.insert(logs.begin(), logs.end());
    return true;
  }

  void RenameLog() {
    const std::string file = OneLog();
    if (file.empty() || !IsUntouched(file) || !IsFirstMove(file)) return;
    const std::string to = WithBase(file, Below(3) == 0 ? 100'000 : Below(60));
    if (IsTaken(to) || !IsAttested(file)) return;
    image_[to] = std::move(image_[file]);
    image_.erase(file);
    for (KnownBatch& batch : whole_) {
      if (batch.file == file) batch.file = to;
    }
    frozen_.insert(to);
    Tell(fmt::format("{} renamed to {}", file, to));
  }

  void CopyLog() {
    const std::string file = OneLog();
    if (file.empty() || !IsUntouched(file) || !IsFirstMove(file)) return;
    const auto first = std::ranges::find(whole_, file, &KnownBatch::file);
    const std::string to = WithBase(file, first->base + 1);
    if (IsTaken(to)) return;
    image_[to] = image_[file];
    frozen_.insert(to);
    frozen_.insert(file);
    Tell(fmt::format("{} is there again as {}", file, to));
  }

  void SpoilIndex() {
    const std::string file =
        OneOf(Named(Below(2) == 0 ? ".index" : ".timeindex"));
    if (file.empty()) return;
    if (Below(3) == 0) {
      image_.erase(file);
      return Tell(fmt::format("{} deleted", file));
    }
    std::string& bytes = image_[file];
    if (bytes.empty()) return;
    bytes[Below(static_cast<uint32_t>(bytes.size()))] ^= 5;
    Tell(fmt::format("{} wrong", file));
  }

  void PutDirectoryForIndex() {
    const std::string file =
        OneOf(Named(Below(2) == 0 ? ".index" : ".timeindex"));
    if (file.empty()) return;
    image_.erase(file);
    image_[file + "/inner"] = "a directory";
    Tell(fmt::format("a directory for {}", file));
  }

  void SpoilSmallFile() {
    const std::vector<std::string> kNames = {
        "/recovery-point-offset-checkpoint",
        "/log-start-offset-checkpoint",
        "/cauce.log-starts",
        "/replication-offset-checkpoint",
        "/meta.properties",
        "/cauce.topics",
        "/cauce.topics.copy",
        "/orders-0/partition.metadata",
        "/orders-1/leader-epoch-checkpoint",
    };
    const std::string file = OneOf(kNames);
    image_[file] = "rubbish " + Rubbish(Below(20));
    Tell(fmt::format("{} is rubbish", file));
  }

  void AddStranger() {
    image_["/orders-0/application.log"] = "2024-01-01 all is well\n";
    const std::string directory = "/orders-1/00000000000000000077.log";
    if (!image_.contains(directory)) {
      image_[directory + "/inner"] = "a directory";
    }
    image_["/orders-1/notes.txt"] = "not ours";
    Tell("strangers");
  }

  const KnownDirectory& known_;
  Image image_;
  std::vector<KnownBatch> whole_;
  std::set<std::string> frozen_;  // no more is done to these
  std::set<std::string> moved_;   // partitions in which one was misnamed
  // By partition, the bases of batches behind bytes that were removed.
  std::vector<std::pair<std::string, std::set<int64_t>>> behind_removed_;
  std::mt19937 random_;
  std::string story_;
};

}  // namespace cauce::test
