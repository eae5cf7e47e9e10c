#include "bench/peers/record_store.h"

#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {

absl::Status VerifyStore(const RecordStore& store, const Payload& payload,
                         int64_t times) {
  const std::vector<Record>& records = payload.records();
  int64_t found = 0;
  int64_t wrong = 0;
  CAUCE_RETURN_IF_ERROR(store.Scan([&](std::string_view value) {
    const size_t at = static_cast<size_t>(found++) % records.size();
    if (value != *records[at].value) ++wrong;
  }));
  const int64_t wanted = times * static_cast<int64_t>(records.size());
  if (found == wanted && wrong == 0) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("{} records were appended, {} can be read, {} of them wrong",
                  wanted, found, wrong));
}

}  // namespace cauce::bench
