#include "engine/log/short_log.h"

#include "engine/catalog/checkpoint_file.h"
#include "fmt/format.h"

namespace cauce {

std::string DescribeShortLog(const ShortLog& log) {
  return fmt::format(
      "the log ends at offset {}, and its saved start lies behind that, at "
      "offset {}",
      log.end.value, log.start.value);
}

std::string AdviceOnShortLog(const ShortLog& log) {
  // The starts of all partitions stand beside their directories.
  const std::string_view data_directory =
      log.directory.substr(0, log.directory.rfind('/'));
  return fmt::format(
      "restore {}/{} or the last .log files of {} from a copy, unless all "
      "records below offset {} were deleted: the next opening for writing "
      "takes "
      "them for deleted",
      data_directory, kLogStartFile, log.directory, log.start.value);
}

}  // namespace cauce
