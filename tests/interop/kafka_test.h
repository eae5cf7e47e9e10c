// The fixture of the tests that need Apache Kafka, fetched once for all tests
// of a program.
//
// Without its jars there is nothing to ask, and the tests are skipped; where
// changes are tested before they land (CI=true) they fail. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "absl/status/statusor.h"
#include "tests/interop/kafka.h"
#include "tests/interop/programs.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {

class KafkaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Fetched().ok()) return;
    const char* const ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") {
      FAIL() << Fetched().status();
    }
    GTEST_SKIP() << Fetched().status();
  }

  const Kafka& kafka() { return *Fetched(); }

  // Compiled when first asked for, once for all tests of a program.
  const Programs& programs() {
    static const auto compiled = Programs::Compile(kafka());
    return *compiled.value();
  }

  TempDir scratch_;

 private:
  static const absl::StatusOr<Kafka>& Fetched() {
    static const absl::StatusOr<Kafka> fetched = Kafka::Fetch();
    return fetched;
  }
};

}  // namespace cauce::test
