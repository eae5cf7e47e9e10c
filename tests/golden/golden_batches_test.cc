// Batches that Kafka's own client wrote, against what it says is in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "cauce/codec.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/log/recompress.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using nlohmann::json;

std::string ReadGolden(const std::string& file) {
  std::ifstream in("tests/golden/" + file, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

const json& Manifest() {
  static const json* const manifest =
      new json(json::parse(ReadGolden("batches.json")));
  return *manifest;
}

const json& FileCalled(const std::string& name) {
  for (const json& file : Manifest()["files"]) {
    if (file["file"] == name) return file;
  }
  ADD_FAILURE() << name;
  return Manifest()["files"][0];
}

std::vector<std::string> FilesOfFormat(bool current) {
  std::vector<std::string> names;
  for (const json& file : Manifest()["files"]) {
    if ((file["batches"][0]["magic"] == 2) == current) {
      names.push_back(file["file"]);
    }
  }
  return names;
}

// Kafka takes a batch whose last offset is the largest number there is. No
// offset could follow it, so we do not.
bool EndsBehindAllOffsets(const json& file) {
  return file["batches"][0]["last_offset"] == INT64_MAX;
}

std::string NameOf(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(info.param.rfind('/') + 1);
  name.resize(name.find('.'));
  return name;
}

std::optional<std::string> Bytes(const json& base64) {
  if (base64.is_null()) return std::nullopt;
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(base64.get<std::string>(), &bytes));
  return bytes;
}

std::optional<std::string> Own(std::optional<std::string_view> bytes) {
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

int64_t Number(const json& batch, const char* field) {
  return batch[field].get<int64_t>();
}

void ExpectHeader(const RecordBatch& batch, const json& told) {
  EXPECT_EQ(static_cast<int64_t>(batch.bytes().size()), Number(told, "size"));
  EXPECT_EQ(batch.base_offset().value, Number(told, "base_offset"));
  EXPECT_EQ(batch.last_offset().value, Number(told, "last_offset"));
  EXPECT_EQ(batch.crc(), told["crc"].get<uint32_t>());
  EXPECT_EQ(CodecName(batch.codec()), told["codec"].get<std::string>());
  EXPECT_EQ(batch.timestamp_type() == TimestampType::kLogAppendTime,
            told["timestamp_type"] == "LogAppendTime");
  EXPECT_EQ(batch.max_timestamp().ms, Number(told, "max_timestamp"));
  EXPECT_EQ(batch.leader_epoch().value, Number(told, "leader_epoch"));
  EXPECT_EQ(batch.attributes(), Number(told, "attributes"));
  EXPECT_EQ(batch.last_offset_delta(), Number(told, "last_offset_delta"));
  EXPECT_EQ(batch.base_timestamp().ms, Number(told, "base_timestamp"));
  EXPECT_EQ(batch.producer_id().value, Number(told, "producer_id"));
  EXPECT_EQ(batch.producer_epoch(), Number(told, "producer_epoch"));
  EXPECT_EQ(batch.base_sequence(), Number(told, "base_sequence"));
  EXPECT_EQ(batch.record_count(), Number(told, "record_count"));
  EXPECT_EQ(batch.is_transactional(), told["transactional"].get<bool>());
  EXPECT_EQ(batch.is_control(), told["control"].get<bool>());
  EXPECT_EQ(batch.has_delete_horizon(), !told["delete_horizon"].is_null());
}

constexpr std::string_view kControlNames[] = {
    "ABORT",           "COMMIT",        "LEADER_CHANGE", "SNAPSHOT_HEADER",
    "SNAPSHOT_FOOTER", "KRAFT_VERSION", "KRAFT_VOTERS"};

void ExpectRecord(const RecordBatch& batch, const RecordView& record,
                  const json& told) {
  EXPECT_EQ(record.offset.value, Number(told, "offset"));
  EXPECT_EQ(record.timestamp.ms, Number(told, "timestamp"));
  EXPECT_EQ(Own(record.key), Bytes(told["key"]));
  EXPECT_EQ(Own(record.value), Bytes(told["value"]));
  size_t at = 0;
  ASSERT_EQ(static_cast<size_t>(record.headers.size()), told["headers"].size());
  for (const Header header : record.headers) {
    const json& expected = told["headers"][at++];
    EXPECT_EQ(std::string(header.key), Bytes(expected["key"]));
    EXPECT_EQ(Own(header.value), Bytes(expected["value"]));
  }
  if (!batch.is_control()) return;
  const auto type = ParseControlKey(*record.key);
  ASSERT_THAT(type, test::IsOk());
  EXPECT_EQ(kControlNames[static_cast<size_t>(*type)],
            told["control_type"].get<std::string>());
}

void ExpectRecords(const RecordBatch& batch, const json& records) {
  RecordReader reader;
  ASSERT_THAT(reader.Open(batch), test::IsOk());
  RecordView record;
  size_t at = 0;
  while (reader.Next(&record)) {
    SCOPED_TRACE(at);
    ASSERT_LT(at, records.size());
    ExpectRecord(batch, record, records[at++]);
  }
  EXPECT_THAT(reader.status(), test::IsOk());
  EXPECT_EQ(at, records.size());
}

class GoldenFile : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Kafka, GoldenFile,
                         ::testing::ValuesIn(FilesOfFormat(true)), NameOf);

TEST_P(GoldenFile, IsReadAsKafkaSays) {
  const json& file = FileCalled(GetParam());
  const json& records_of =
      file.contains("records_of") ? FileCalled(file["records_of"]) : file;
  const std::string bytes = ReadGolden(GetParam());
  if (EndsBehindAllOffsets(file)) {
    EXPECT_THAT(RecordBatch::Parse(bytes),
                test::HasReason(Reason::kCorruptBatch));
    return;
  }
  size_t position = 0;
  for (size_t i = 0; i < file["batches"].size(); ++i) {
    SCOPED_TRACE(i);
    const json& told = file["batches"][i];
    ASSERT_EQ(position, told["position"].get<size_t>());
    const auto batch =
        RecordBatch::Parse(std::string_view(bytes).substr(position));
    ASSERT_THAT(batch, test::IsOk());
    ExpectHeader(*batch, told);
    ExpectRecords(*batch, records_of["batches"][i]["records"]);
    position += batch->bytes().size();
  }
  EXPECT_EQ(position, bytes.size());
}

// The codecs whose output depends on the release of a library that Kafka and
// we do not share; the others are written alike to the byte.
bool IsDeterministic(Codec codec) {
  return codec == Codec::kNone || codec == Codec::kSnappy ||
         codec == Codec::kLz4;
}

// Of the files, those whose codec worked at another level than its default.
bool HasOtherLevel(const std::string& file) {
  return file.find("/level_") != std::string::npos;
}

TEST_P(GoldenFile, IsBuiltAgainToTheSameBytes) {
  if (EndsBehindAllOffsets(FileCalled(GetParam()))) return;
  const std::string bytes = ReadGolden(GetParam());
  std::string_view left = bytes;
  BatchBuilder builder({}, kRecordBytesMax);
  while (!left.empty()) {
    const auto batch = RecordBatch::Parse(left);
    ASSERT_THAT(batch, test::IsOk());
    left.remove_prefix(batch->bytes().size());
    const auto again =
        Recompress(*batch, batch->codec(), std::nullopt, builder);
    ASSERT_THAT(again, test::IsOk());
    if (IsDeterministic(batch->codec()) && !HasOtherLevel(GetParam())) {
      EXPECT_TRUE(again->bytes() == batch->bytes());
      continue;
    }
    // Without the codec even these are the same bytes: nothing but the stream
    // may differ.
    const std::string compressed(again->bytes());
    BatchBuilder ours({}, kRecordBytesMax);
    BatchBuilder theirs({}, kRecordBytesMax);
    const auto parsed = RecordBatch::Parse(compressed);
    ASSERT_THAT(parsed, test::IsOk());
    const auto plain = Recompress(*parsed, Codec::kNone, std::nullopt, ours);
    const auto golden = Recompress(*batch, Codec::kNone, std::nullopt, theirs);
    ASSERT_THAT(plain, test::IsOk());
    ASSERT_THAT(golden, test::IsOk());
    EXPECT_TRUE(plain->bytes() == golden->bytes());
  }
}

class OldGoldenFile : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Kafka, OldGoldenFile,
                         ::testing::ValuesIn(FilesOfFormat(false)), NameOf);

TEST_P(OldGoldenFile, IsRefusedByItsFormat) {
  EXPECT_THAT(RecordBatch::Parse(ReadGolden(GetParam())),
              test::HasReason(Reason::kUnsupportedFormat));
}

}  // namespace
}  // namespace cauce
