#include "tools/cli/producer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>

#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/interrupts.h"
#include "tools/cli/note.h"

namespace cauce::cli {
namespace {

// Of more the sum is told: nobody reads a line for each.
constexpr int64_t kPartitionsToldMax = 20;

// The size of standard input where it is a file; else 0.
int64_t InputBytes() {
  struct stat info = {};
  const bool is_file = fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode);
  return is_file ? info.st_size : 0;
}

}  // namespace

Producer::Producer(const ProducerOptions& options, LineFormat line_format,
                   Doorbell& doorbell)
    : options_(options),
      doorbell_(doorbell),
      out_(STDOUT_FILENO),
      lines_(STDIN_FILENO, options.format == Format::kJson ? kJsonLineBytesMax
                                                           : kLineBytesMax),
      line_format_(std::move(line_format)),
      progress_("stored", InputBytes(),
                options.print_acks ? Progress::Prints::kMeanwhile
                                   : Progress::Prints::kAtTheEnd) {}

int Producer::Run(const Engine& engine, const TopicDescription& topic) {
  topic_ = topic.name;
  writer_ = std::make_unique<TopicWriter>(
      engine, topic, options_.writer, doorbell_,
      [this](PartitionId partition, const AppendResult& at) {
        if (options_.print_acks) PrintAck(partition, at);
      });
  const absl::Status read = ReadAll();
  // Whatever went wrong with the input, what was read before it is stored.
  const absl::Status stored = writer_->Finish();
  out_.Flush();
  return Report(read, stored);
}

// Hands every line to the writer; OK at the end of the input and when the user
// has had enough. An append that failed is told by Finish.
absl::Status Producer::ReadAll() {
  for (;;) {
    absl::Status status = TakeLines();
    if (!status.ok()) return status;
    if (lines_.at_end() || Interrupts::Signal() != 0 || out_.gone()) {
      return absl::OkStatus();
    }
    status = AwaitInput();
    if (!status.ok()) return status;
  }
}

absl::Status Producer::TakeLines() {
  // Once for all that was read together: a clock costs as much as a record.
  read_at_ = clock_->Now();
  while (const auto line = lines_.Next()) {
    if (absl::Status status = Take(*line); !status.ok()) return status;
  }
  if (absl::Status status = writer_->Reap(); !status.ok()) return status;
  ShowProgress();
  return absl::OkStatus();
}

absl::Status Producer::Take(std::string_view line) {
  const int64_t number = lines_.line_number();
  if (options_.format == Format::kText) {
    auto record = line_format_.ToRecord(line);
    if (!record.ok()) {
      return Annotate(record.status(), fmt::format("line {}", number));
    }
    record->headers = options_.headers;
    if (!record->timestamp.has_value()) {
      record->timestamp = Timestamp::From(read_at_);
    }
    return writer_->Add(*record, options_.partition, number, read_at_);
  }
  auto envelope = envelopes_.Parse(line);
  if (!envelope.ok()) {
    return Annotate(envelope.status(), fmt::format("line {}", number));
  }
  if (!envelope->has_timestamp) {
    envelope->record.timestamp = Timestamp::From(read_at_);
  }
  std::optional<PartitionId> partition = options_.partition;
  if (!partition && !options_.repartition) partition = envelope->partition;
  if (!options_.headers.empty()) {
    envelope_headers_.assign(envelope->record.headers.begin(),
                             envelope->record.headers.end());
    envelope_headers_.insert(envelope_headers_.end(), options_.headers.begin(),
                             options_.headers.end());
    envelope->record.headers = envelope_headers_;
  }
  return writer_->Add(envelope->record, partition, number, read_at_);
}

// Waits for bytes to read and reads them. What was read before is sent on its
// way once it has waited long enough for more. A regular file can always be
// read at once, and poll says so; a terminal or a pipe may let us wait.
absl::Status Producer::AwaitInput() {
  for (;;) {
    const absl::Duration now = clock_->Monotonic();
    if (!writer_->has_unsent()) {
      send_at_ = absl::InfiniteDuration();
    } else if (send_at_ == absl::InfiniteDuration()) {
      send_at_ = now + options_.linger;
    } else if (now >= send_at_) {
      if (absl::Status status = writer_->Send(); !status.ok()) return status;
      continue;
    }
    const Doorbell::Woken woken =
        doorbell_.Wait({.input = STDIN_FILENO, .timeout = send_at_ - now});
    if (Interrupts::Signal() != 0) return absl::OkStatus();
    if (woken.rung) {
      if (absl::Status status = writer_->Reap(); !status.ok()) return status;
      ShowProgress();
    }
    if (woken.readable) return lines_.Fill();
  }
}

void Producer::ShowProgress() {
  progress_.Update(writer_->records_stored(), writer_->bytes_stored());
}

// A line for every offset, so that a script can check each of them.
void Producer::PrintAck(PartitionId partition, const AppendResult& stored) {
  for (Offset offset = stored.base; offset < stored.next; offset = offset + 1) {
    const auto to = std::back_inserter(out_.buffer());
    if (options_.format == Format::kJson) {
      fmt::format_to(to,
                     "{{\"topic\":\"{}\",\"partition\":{},\"offset\":{}}}\n",
                     topic_, partition.value, offset.value);
    } else {
      fmt::format_to(to, "ack {} {}\n", partition.value, offset.value);
    }
    out_.Written();
  }
  out_.Flush();
}

int Producer::Report(const absl::Status& read, const absl::Status& stored) {
  const int signal = Interrupts::Signal();
  // Neither is true of all lines where one failed: an error names it.
  const bool whole = read.ok() && stored.ok();
  if (signal != 0 && whole) TellInterrupt();
  TellStored();
  if (whole) TellWhatWasMissing();
  const bool follows_another = writer_->follows_another();
  writer_.reset();
  // A failed append also ends the reading, with the same words.
  if (!stored.ok()) return Fail(stored);
  if (!read.ok()) return Fail(read);
  if (!out_.status().ok()) return Fail(out_.status());
  if (signal == 0 && out_.gone()) {
    Note("stopped: nobody reads the acknowledgements any more");
    return kFailed;
  }
  if (signal != 0) return InterruptedExit();
  return follows_another ? kFailed : kOk;
}

void Producer::TellInterrupt() const {
  const auto unfinished = static_cast<int64_t>(lines_.unfinished_bytes());
  if (unfinished == 0) {
    Note("interrupted; every line that was read has been stored");
    return;
  }
  Note(
      fmt::format("interrupted; every whole line that was read has been "
                  "stored, line {} had no end yet and its {} were not",
                  lines_.line_number() + 1, Counted(unfinished, "byte")));
}

void Producer::TellStored() const {
  const double seconds = absl::ToDoubleSeconds(progress_.elapsed());
  const auto bytes = static_cast<double>(writer_->bytes_stored());
  Note(fmt::format("stored {}, {}, in {:.3f} s ({}/s)",
                   Counted(writer_->records_stored(), "record"),
                   BytesText(bytes), seconds, BytesText(bytes / seconds)));
  TellPartitions();
}

void Producer::TellWhatWasMissing() const {
  if (const int64_t count = line_format_.without_key(); count > 0) {
    Note(Counted(count, "line") + " had no key");
  }
  if (const int64_t count = line_format_.without_time(); count > 0) {
    Note(Counted(count, "line") +
         " had no time of the form given, or one before 1970: the time of "
         "reading took its place");
  }
}

void Producer::TellPartitions() const {
  const std::vector<TopicWriter::Stored>& stored = writer_->stored();
  int64_t partitions = 0;
  int64_t fewest = std::numeric_limits<int64_t>::max();
  int64_t most = 0;
  for (const TopicWriter::Stored& lane : stored) {
    if (lane.records == 0) continue;
    ++partitions;
    fewest = std::min(fewest, lane.records);
    most = std::max(most, lane.records);
  }
  if (partitions > kPartitionsToldMax) {
    Note(fmt::format("{}: {} partitions, {} to {} records each", topic_,
                     partitions, fewest, most));
    return;
  }
  for (size_t i = 0; i < stored.size(); ++i) {
    const TopicWriter::Stored& lane = stored[i];
    if (lane.records == 0) continue;
    Note(fmt::format("{}-{}: {}, offsets {} to {}", topic_, i,
                     Counted(lane.records, "record"), lane.base.value,
                     lane.next.value - 1));
  }
}

}  // namespace cauce::cli
