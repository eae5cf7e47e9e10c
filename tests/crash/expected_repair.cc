#include "tests/crash/expected_repair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "cauce/inspect.h"
#include "engine/log/cut_files.h"
#include "fmt/format.h"

namespace cauce::test {
namespace {

// Of a path, or of a name in an image.
std::string DirectoryOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

bool IsKept(std::string_view name) {
  return name.ends_with(".cut") || name.find(".cut.") != std::string_view::npos;
}

bool IsUnfinished(std::string_view name) {
  return name.ends_with(".tmp") || name.ends_with(".cleaned");
}

std::string Difference(const Image& is, const Image& should_be) {
  std::string text;
  for (const auto& [name, bytes] : is) {
    const auto other = should_be.find(name);
    if (other == should_be.end()) {
      text += fmt::format("{} is there; ", name);
    } else if (other->second != bytes) {
      text += fmt::format("{} has {} bytes, should have {}; ", name,
                          bytes.size(), other->second.size());
    }
  }
  for (const auto& [name, bytes] : should_be) {
    if (!is.contains(name)) text += fmt::format("{} is missing; ", name);
  }
  return text;
}

// Of an end that was half cut off, when the power went, sectors are zeros.
bool IsWhatIsLeftOf(std::string_view gone, std::string_view bytes) {
  return bytes.size() <= gone.size() &&
         std::ranges::equal(
             bytes, gone.substr(0, bytes.size()),
             [](char is, char was) { return is == was || is == 0; });
}

Image WithoutKept(Image image) {
  std::erase_if(image, [](const auto& file) {
    return IsKept(file.first) || IsUnfinished(file.first);
  });
  return image;
}

}  // namespace

std::unique_ptr<FaultyDisk> DiskWith(const Image& image, Clock& clock) {
  auto disk = std::make_unique<FaultyDisk>(clock);
  Put(image, *disk);
  return disk;
}

ExpectedRepair::ExpectedRepair(Image image, Clock& clock)
    : image_(std::move(image)) {
  const auto disk = DiskWith(image_, clock);
  const int64_t before = disk->changes();
  std::vector<RepairStep> steps;
  const auto repaired = RepairDirectory(
      *disk, kKnownDirectory,
      {.step = [&](const RepairStep& step) { steps.push_back(step); },
       .left =
           [](const Finding& left) {
             ADD_FAILURE() << "left: " << left.file << ": " << left.what;
           }});
  EXPECT_TRUE(repaired.ok()) << repaired.status();
  changes_ = disk->changes() - before;
  const auto verified =
      VerifyDirectory(*disk, kKnownDirectory, {}, [](const Finding& found) {
        ADD_FAILURE() << "found: " << found.file << ": " << found.what;
      });
  EXPECT_TRUE(verified.ok()) << verified.status();
  repaired_ = ImageOf(*disk);
  Note(steps);
  CheckKept(repaired_);
}

void ExpectedRepair::Note(const std::vector<RepairStep>& steps) {
  const auto in_image = [](const std::string& path) {
    return path.substr(kKnownDirectory.size());
  };
  std::map<std::string, std::string> old_names;
  const auto old_name = [&](const std::string& name) {
    const auto renamed = old_names.find(name);
    return renamed == old_names.end() ? name : renamed->second;
  };
  for (const RepairStep& step : steps) {
    const std::string file = old_name(in_image(step.file));
    const auto found = image_.find(file);
    if (!step.renamed_to.empty() && !IsKept(step.renamed_to)) {
      old_names[in_image(step.renamed_to)] = file;
    } else if (!step.renamed_to.empty() && found != image_.end()) {
      gone_.push_back({DirectoryOf(file), found->second, file});
    }
    for (const RemovedBytes& removed : step.removed) {
      if (removed.kept_bytes == 0) continue;
      ASSERT_NE(found, image_.end()) << file;
      gone_.push_back(
          {DirectoryOf(file),
           found->second.substr(static_cast<size_t>(removed.position),
                                static_cast<size_t>(removed.kept_bytes)),
           fmt::format("{} at {}", file, removed.position)});
    }
  }
}

bool ExpectedRepair::IsWholeIndex(const std::string& kept,
                                  const std::string& bytes) const {
  const std::string name = kept.substr(0, kept.rfind(".cut"));
  const auto was = image_.find(name);
  return (name.ends_with(".index") || name.ends_with(".timeindex")) &&
         was != image_.end() && was->second == bytes;
}

void ExpectedRepair::Check(FaultyDisk& disk) const {
  const Image is = ImageOf(disk);
  ASSERT_TRUE(WithoutKept(is) == WithoutKept(repaired_))
      << Difference(is, repaired_);
  CheckKept(is);
}

void ExpectedRepair::CheckKept(const Image& is) const {
  for (const Gone& gone : gone_) {
    const bool is_kept = std::ranges::any_of(is, [&](const auto& file) {
      return IsKept(file.first) && file.second == gone.bytes &&
             DirectoryOf(file.first) == gone.directory;
    });
    EXPECT_TRUE(is_kept) << "the " << gone.bytes.size() << " bytes of "
                         << gone.from << " are kept nowhere";
  }
  for (const auto& [name, bytes] : is) {
    const bool is_whole = IsKept(name) && !name.ends_with(kUnfinishedCutSuffix);
    // What is in a directory that was set aside came with it.
    if (!is_whole || IsKept(DirectoryOf(name))) continue;
    const bool has_gone = std::ranges::any_of(gone_, [&](const Gone& gone) {
      return gone.directory == DirectoryOf(name) &&
             IsWhatIsLeftOf(gone.bytes, bytes);
    });
    EXPECT_TRUE(has_gone || IsWholeIndex(name, bytes))
        << name << " keeps what has not gone";
  }
}

}  // namespace cauce::test
