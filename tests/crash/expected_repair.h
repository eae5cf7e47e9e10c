// What a repair of a spoiled directory ends in when nothing comes between: one
// that was cut short, or met a failing disk, and was run again must end in the
// same, with every byte kept that went.
//
// Plain values. For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cauce/env.h"
#include "cauce/repair.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/known_directory.h"

namespace cauce::test {

class ExpectedRepair {
 public:
  // Repairs `image` on a disk of its own, on which it must succeed and leave
  // nothing to find. `clock` is borrowed for the call.
  ExpectedRepair(Image image, Clock& clock);

  // The directory as it was.
  const Image& image() const { return image_; }
  // How many changes of the disk the repair made.
  int64_t changes() const { return changes_; }

  // Fails where what is on `disk` now differs: but for replacements that were
  // not finished, which the next writes over, and for what was kept twice.
  void Check(FaultyDisk& disk) const;

 private:
  // Bytes that went from the files of a directory.
  struct Gone {
    std::string directory;
    std::string bytes;
    std::string from;  // for people
  };

  void Note(const std::vector<RepairStep>& steps);
  // That each of what went is kept whole, and nothing else is.
  void CheckKept(const Image& is) const;
  // One that could not be read once is out of the way, and made anew.
  bool IsWholeIndex(const std::string& kept, const std::string& bytes) const;

  const Image image_;
  Image repaired_;
  std::vector<Gone> gone_;
  int64_t changes_ = 0;
};

// A disk with the directory on it, durable.
std::unique_ptr<FaultyDisk> DiskWith(const Image& image, Clock& clock);

}  // namespace cauce::test
