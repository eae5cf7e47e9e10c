// What the embedded databases that Cauce is held against have in common: values
// under numbers that count up from 0, in a directory of their own.
//
// Each is set up as it is best for appending, without compression: its own
// checksums stay on, where it has any. For one thread, but for Append() where a
// store says so.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/payload.h"
#include "cauce/record.h"

namespace cauce::bench {

// What an acknowledged append survives.
enum class Survives {
  kKill,       // it was written
  kPowerLoss,  // it was synced
};

class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // Puts the values of `records`, all or none, under the next numbers.
  virtual absl::Status Append(std::span<const Record> records) = 0;

  // Everything appended before the call survives a power loss. Any thread,
  // beside an Append; Unimplemented where a store cannot do that.
  virtual absl::Status Sync() {
    return absl::UnimplementedError("nothing but an append syncs");
  }

  // What was appended moves to where it is read from for good.
  virtual absl::Status Settle() = 0;

  // Shows every value in the order of the numbers, verified where the store has
  // checksums.
  virtual absl::Status Scan(
      absl::FunctionRef<void(std::string_view)> show) const = 0;

  // Shows the value under `number`; NotFound where there is none.
  virtual absl::Status Get(
      int64_t number, absl::FunctionRef<void(std::string_view)> show) const = 0;
};

// A store by the name it has in the tables, and how one is made: in a directory
// that it removes at its end.
struct StoreKind {
  std::string name;
  std::function<absl::StatusOr<std::unique_ptr<RecordStore>>(
      const std::string& directory, Survives survives)>
      create;
};

// Whether the values of `payload`, `times` over, are what the store holds.
absl::Status VerifyStore(const RecordStore& store, const Payload& payload,
                         int64_t times);

}  // namespace cauce::bench
