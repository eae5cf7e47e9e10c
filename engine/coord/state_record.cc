#include "engine/coord/state_record.h"

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<int16_t> KindOfStateKey(std::string_view key) {
  if (key.size() < sizeof(int16_t)) {
    return MakeError(Reason::kCorruptBatch,
                     fmt::format("a key of {} bytes: its kind takes {}",
                                 key.size(), sizeof(int16_t)));
  }
  return LoadBig<int16_t>(key.data());
}

}  // namespace cauce
