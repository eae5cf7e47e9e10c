// The work of `produce`: makes records of the lines of standard input, stores
// them and tells what was stored.
//
// Whatever ends it, the end of the input, a signal, or a line that makes no
// sense or that the topic does not take: the whole lines before are stored and
// none behind, and what was stored is told. So is a line without its end that a
// signal left. For one thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/codec.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "cauce/record.h"
#include "cauce/types.h"
#include "tools/cli/doorbell.h"
#include "tools/cli/envelope_reader.h"
#include "tools/cli/format.h"
#include "tools/cli/line_format.h"
#include "tools/cli/line_reader.h"
#include "tools/cli/output.h"
#include "tools/cli/progress.h"
#include "tools/cli/topic_writer.h"

namespace cauce::cli {

struct ProducerOptions {
  // What a line is: a value with its key, or an envelope.
  Format format = Format::kText;
  // Where every record goes; absent: where its envelope or its key says.
  std::optional<PartitionId> partition;
  // The envelope's partition is not looked at.
  bool repartition = false;
  // Behind a record's own; view what outlives the producer.
  std::vector<Header> headers;
  // A line on standard output for every offset that was acknowledged.
  bool print_acks = false;
  // How long a batch that is not full waits for more input.
  absl::Duration linger = absl::Milliseconds(5);
  TopicWriterOptions writer;
};

class Producer {
 public:
  // Borrows `doorbell`, which the writer's acknowledgements ring.
  Producer(const ProducerOptions& options, LineFormat line_format,
           Doorbell& doorbell);

  // Stores all there is in `topic`; returns the exit code.
  int Run(const Engine& engine, const TopicDescription& topic);

 private:
  absl::Status ReadAll();
  absl::Status TakeLines();
  absl::Status Take(std::string_view line);
  absl::Status AwaitInput();
  void ShowProgress();
  void PrintAck(PartitionId partition, const AppendResult& stored);
  int Report(const absl::Status& read, const absl::Status& stored);
  void TellInterrupt() const;
  void TellStored() const;
  // Of the lines that were stored.
  void TellWhatWasMissing() const;
  void TellPartitions() const;

  const ProducerOptions options_;
  Doorbell& doorbell_;
  Clock* const clock_ = SystemClock();
  std::string topic_;
  Output out_;
  LineReader lines_;
  LineFormat line_format_;
  EnvelopeReader envelopes_;
  std::vector<Header> envelope_headers_;  // with those of the options
  Progress progress_;
  std::unique_ptr<TopicWriter> writer_;
  absl::Time read_at_;                                 // the lines at hand
  absl::Duration send_at_ = absl::InfiniteDuration();  // what is unsent
};

}  // namespace cauce::cli
