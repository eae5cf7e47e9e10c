#include "tools/cli/table.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "fmt/format.h"

namespace cauce::cli {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789.,-") == std::string_view::npos;
}

}  // namespace

Table::Table(std::vector<std::string> heads) {
  rows_.push_back(std::move(heads));
}

void Table::Add(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

std::string Table::ToString() const {
  const size_t columns = rows_[0].size();
  std::vector<size_t> widths(columns);
  std::vector<bool> numbers(columns, true);
  for (size_t row = 0; row < rows_.size(); ++row) {
    for (size_t i = 0; i < columns; ++i) {
      const size_t columns_taken = rows_[row][i].size();
      if (columns_taken <= kCellColumnsMax) {
        widths[i] = std::max(widths[i], columns_taken);
      }
      if (row > 0 && !IsNumber(rows_[row][i])) numbers[i] = false;
    }
  }
  std::string text;
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    for (size_t i = 0; i < columns; ++i) {
      line += numbers[i] ? fmt::format("{:>{}}", row[i], widths[i])
                         : fmt::format("{:<{}}", row[i], widths[i]);
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace cauce::cli
