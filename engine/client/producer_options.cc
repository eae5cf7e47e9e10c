#include <string>
#include <vector>

#include "cauce/codec.h"
#include "cauce/errors.h"
#include "cauce/producer.h"
#include "cauce/record_batch.h"
#include "engine/base/compression.h"
#include "engine/coord/transaction_options.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce {
namespace {

constexpr int64_t kGibibyte = int64_t{1} << 30;

// Says what is wrong with options, field by field.
class Findings {
 public:
  void ExpectWithin(std::string_view field, int64_t value, int64_t least,
                    int64_t most) {
    if (value >= least && value <= most) return;
    bad_.push_back(fmt::format("{} is {}, it must be {} to {}", field, value,
                               least, most));
  }
  void ExpectNotNegative(std::string_view field, absl::Duration value) {
    if (value >= absl::ZeroDuration()) return;
    bad_.push_back(fmt::format("{} is {} ms, it must be at least 0", field,
                               absl::ToInt64Milliseconds(value)));
  }
  void Expect(bool holds, std::string finding) {
    if (!holds) bad_.push_back(std::move(finding));
  }
  absl::Status status() const {
    if (bad_.empty()) return absl::OkStatus();
    return MakeError(Reason::kInvalidOption,
                     fmt::format("{}", fmt::join(bad_, "; ")));
  }

 private:
  std::vector<std::string> bad_;
};

}  // namespace

absl::Status Validate(const ProducerOptions& options) {
  Findings findings;
  const auto batch_bytes = static_cast<int64_t>(options.batch_bytes);
  findings.ExpectWithin("batch_bytes", batch_bytes, 1, kGibibyte);
  findings.ExpectWithin("record_bytes_max", options.record_bytes_max, 1,
                        kGibibyte);
  findings.Expect(static_cast<int>(options.compression) >= 0 &&
                      static_cast<int>(options.compression) < kCodecs,
                  fmt::format("compression is {}, it must be one of the {} "
                              "codecs",
                              static_cast<int>(options.compression), kCodecs));
  if (options.compression != Codec::kNone) {
    // Whether there is such a level is seen by trying.
    std::string none;
    const absl::Status compressed =
        Compress(options.compression, options.compression_level, "", &none);
    findings.Expect(compressed.ok(), std::string(compressed.message()));
    // What a reader would not decompress must not be written.
    const auto most = static_cast<int64_t>(kDecompressedBytesMax);
    findings.Expect(batch_bytes <= most && options.record_bytes_max <= most,
                    fmt::format("batch_bytes is {} and record_bytes_max is {}, "
                                "with compression each must be {} at most",
                                batch_bytes, options.record_bytes_max, most));
  }
  findings.Expect(
      options.buffer_bytes_max >= batch_bytes,
      fmt::format("buffer_bytes_max is {}, it must be at least batch_bytes, {}",
                  options.buffer_bytes_max, batch_bytes));
  findings.Expect(
      !options.idempotence.value_or(false) || options.acks == Acks::kAll,
      "idempotence is on, it asks for acks = kAll; leave it out for less");
  findings.ExpectNotNegative("linger", options.linger);
  findings.ExpectNotNegative("block_max", options.block_max);
  findings.ExpectNotNegative("delivery_timeout", options.delivery_timeout);
  findings.ExpectNotNegative("retry_backoff", options.retry_backoff);
  findings.ExpectNotNegative("retry_backoff_max", options.retry_backoff_max);
  findings.ExpectNotNegative("metadata_age_max", options.metadata_age_max);
  findings.Expect(
      options.transactional_id.size() <= kTransactionalIdBytesMax,
      fmt::format("transactional_id has {} bytes, it may have {}",
                  options.transactional_id.size(), kTransactionalIdBytesMax));
  const bool is_idempotent =
      options.idempotence.value_or(options.acks == Acks::kAll);
  findings.Expect(options.transactional_id.empty() || is_idempotent,
                  "transactional_id is set, it asks for idempotence and acks = "
                  "kAll; leave it out for less");
  findings.Expect(options.transaction_timeout > absl::ZeroDuration(),
                  fmt::format("transaction_timeout is {} ms, it must be above "
                              "0",
                              absl::ToInt64Milliseconds(
                                  options.transaction_timeout)));
  return findings.status();
}

}  // namespace cauce
