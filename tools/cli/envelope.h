// The JSON form of a record, one object on one line: what `consume` prints
// with --format json and `produce` takes back unchanged (envelope_reader.h).
//
//   {"topic":"t","partition":0,"offset":5,"timestamp":1700000000000,
//    "timestamp_type":"CreateTime","key":"k","value":{"base64":"/w=="},
//    "headers":[{"key":"h","value":null}]}
//
// Keys and values are as in json_text.h. Headers keep their order and repeat.
// Pure: any thread.
#pragma once

#include <string>
#include <string_view>

#include "cauce/record.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce::cli {

// Appends the envelope of `record`, without a newline.
void AppendEnvelope(std::string_view topic, PartitionId partition,
                    TimestampType timestamp_type, const RecordView& record,
                    std::string& to);

}  // namespace cauce::cli
