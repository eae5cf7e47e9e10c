#include "engine/coord/waiter_errors.h"

#include <string>

#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce {

absl::Status ErrorOfAppend(std::string_view what, const absl::Status& error) {
  const std::string message =
      fmt::format("{}: its state cannot be stored: {}", what, MessageOf(error));
  switch (ReasonOf(error)) {
    case Reason::kDiskFull:
    case Reason::kUnknownTopic:
    case Reason::kUnknownPartition:
      return MakeError(Reason::kCoordinatorNotAvailable, message);
    case Reason::kDiskFailed:
    case Reason::kClosed:
    case Reason::kFencedEpoch:
      return MakeError(Reason::kNotCoordinator, message);
    default:
      return Annotate(error, what);
  }
}

absl::Status TooManyWait(std::string_view what, std::string_view of,
                         size_t waiting, size_t waiting_max) {
  return MakeError(
      Reason::kCoordinatorNotAvailable,
      fmt::format("{}: {} requests of {} wait for their answers, limit is {}; "
                  "try again once some came",
                  what, waiting, of, waiting_max));
}

}  // namespace cauce
