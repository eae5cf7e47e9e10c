// A record's envelope, by way of a batch, as `consume` comes by the records
// that it prints. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "cauce/record_batch.h"
#include "tests/testing/matchers.h"
#include "tools/cli/envelope.h"

namespace cauce::cli {

inline std::string EnvelopeOf(const Record& record) {
  BatchBuilder builder;
  EXPECT_TRUE(builder.Add(record));
  const auto batch = builder.Finish();
  RecordReader reader;
  EXPECT_THAT(reader.Open(*batch), test::IsOk());
  RecordView view;
  EXPECT_TRUE(reader.Next(&view));
  std::string text;
  AppendEnvelope("t", PartitionId{2}, TimestampType::kCreateTime, view, text);
  return text;
}

}  // namespace cauce::cli
