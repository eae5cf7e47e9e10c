#include <string>
#include <utility>

#include "cauce/codec.h"
#include "cauce/errors.h"
#include "cauce/producer.h"
#include "cauce/record_batch.h"
#include "engine/base/compression.h"
#include "engine/client/option_findings.h"
#include "engine/coord/transaction_options.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int64_t kGibibyte = int64_t{1} << 30;

void CheckCompression(const ProducerOptions& options,
                      OptionFindings& findings) {
  findings.ExpectUpTo("compression", options.compression, Codec::kZstd);
  if (CodecName(options.compression) == "unknown") return;
  // Whether there is such a level is seen by trying.
  std::string none;
  const absl::Status compressed =
      Compress(options.compression, options.compression_level, "", &none);
  findings.Expect(compressed.ok(), [&] {
    return fmt::format("compression_level: {}", MessageOf(compressed));
  });
}

void CheckSizes(const ProducerOptions& options, OptionFindings& findings) {
  // What a reader would not decompress must not be written.
  const int64_t most = options.compression == Codec::kNone
                           ? kGibibyte
                           : static_cast<int64_t>(kDecompressedBytesMax);
  findings.ExpectWithin("batch_bytes", options.batch_bytes, 1, most);
  findings.ExpectWithin("record_bytes_max", options.record_bytes_max, 1, most);
  findings.Expect(
      std::cmp_greater_equal(options.buffer_bytes_max, options.batch_bytes),
      [&] {
        return fmt::format("buffer_bytes_max is {}, it must be at least "
                           "batch_bytes, {}",
                           options.buffer_bytes_max, options.batch_bytes);
      });
}

void CheckTimes(const ProducerOptions& options, OptionFindings& findings) {
  findings.ExpectNotNegative("linger", options.linger);
  findings.ExpectNotNegative("block_max", options.block_max);
  findings.ExpectNotNegative("delivery_timeout", options.delivery_timeout);
  findings.ExpectNotNegative("retry_backoff", options.retry_backoff);
  findings.ExpectNotNegative("retry_backoff_max", options.retry_backoff_max);
  findings.ExpectNotNegative("metadata_age_max", options.metadata_age_max);
  findings.ExpectAboveZero("transaction_timeout", options.transaction_timeout);
}

}  // namespace

absl::Status Validate(const ProducerOptions& options) {
  OptionFindings findings("producer options");
  findings.ExpectUpTo("acks", options.acks, Acks::kAll);
  findings.ExpectUpTo("keyless", options.keyless, Keyless::kRoundRobin);
  CheckCompression(options, findings);
  CheckSizes(options, findings);
  CheckTimes(options, findings);
  const bool waits_for_all = options.acks == Acks::kAll;
  findings.Expect(!options.idempotence.value_or(false) || waits_for_all, [] {
    return "idempotence is on, it asks for acks = kAll; leave it out for less";
  });
  findings.ExpectBytesUpTo("transactional_id", options.transactional_id,
                           kTransactionalIdBytesMax);
  const bool is_idempotent = options.idempotence.value_or(waits_for_all);
  findings.Expect(options.transactional_id.empty() || is_idempotent, [] {
    return "transactional_id is set, it asks for idempotence and acks = kAll; "
           "leave it out for less";
  });
  return findings.status();
}

}  // namespace cauce
