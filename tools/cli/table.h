// Rows of text, printed in columns under their heads. Columns of numbers are
// aligned to the right. A cell longer than kCellColumnsMax moves the rest of
// its own row only, and no other row. A plain value.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cauce::cli {

class Table {
 public:
  static constexpr size_t kCellColumnsMax = 40;

  explicit Table(std::vector<std::string> heads);

  // As many cells as there are heads.
  void Add(std::vector<std::string> cells);

  std::string ToString() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the heads first
};

}  // namespace cauce::cli
