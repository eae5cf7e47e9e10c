// A call that gets no memory says so, and the next one goes on.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace {

// How many allocations this thread gets yet; below zero all it wants.
thread_local int left = -1;

}  // namespace

void* operator new(size_t size) {
  if (left == 0) throw std::bad_alloc();
  if (left > 0) --left;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace cauce::test {
namespace {

using CapiOutOfMemory = CapiRig;

// Calls with no allocation, with one, and so on until it has enough. Returns
// how often it had too few.
template <typename Body>
int FailEachAllocation(Body body) {
  for (int allocations = 0;; ++allocations) {
    cauce_error_t* error = nullptr;
    left = allocations;
    const cauce_reason_t reason = body(&error);
    left = -1;
    if (reason == CAUCE_OK) return allocations;
    EXPECT_EQ(reason, CAUCE_OUT_OF_MEMORY) << allocations;
    EXPECT_EQ(cauce_error_reason(error), CAUCE_OUT_OF_MEMORY) << allocations;
    cauce_error_free(error);
    if (reason != CAUCE_OUT_OF_MEMORY) return allocations;
  }
}

TEST_F(CapiOutOfMemory, IsToldByWhatDescribes) {
  MakeTopic("orders", 2);
  cauce_topics_t* topics = nullptr;
  EXPECT_GT(FailEachAllocation([&](cauce_error_t** error) {
              return cauce_topics_list(client_, &topics, error);
            }),
            3);
  ASSERT_NE(topics, nullptr);
  EXPECT_STREQ(topics->items[0]->name, "orders");
  EXPECT_EQ(cauce_topics_free(topics), CAUCE_OK);

  cauce_settings_t* settings = nullptr;
  EXPECT_GT(FailEachAllocation([&](cauce_error_t** error) {
              return cauce_topic_configs(client_, "orders", &settings, error);
            }),
            3);
  EXPECT_EQ(cauce_settings_free(settings), CAUCE_OK);
  EXPECT_GT(FailEachAllocation([&](cauce_error_t** error) {
              return cauce_options_describe(CAUCE_PRODUCER_OPTIONS, &settings,
                                            error);
            }),
            3);
  EXPECT_EQ(cauce_settings_free(settings), CAUCE_OK);
}

TEST_F(CapiOutOfMemory, IsToldByWhatOpensAndReads) {
  MakeTopic("orders");
  cauce_partition_t* const partition = OpenPartition("orders");
  Append(partition, {"a long value, that no short string holds", "b"});
  const cauce_config_t option = {"isolation", "read_committed"};
  cauce_cursor_t* cursor = nullptr;
  EXPECT_GT(FailEachAllocation([&](cauce_error_t** error) {
              return cauce_cursor_open(partition, 0, &option, 1, &cursor,
                                       error);
            }),
            3);
  EXPECT_EQ(cauce_cursor_free(cursor), CAUCE_OK);
  cauce_watch_t* watch = nullptr;
  EXPECT_GT(FailEachAllocation([&](cauce_error_t** error) {
              return cauce_partition_watch(
                  partition, CAUCE_READ_UNCOMMITTED, [](void*) {}, nullptr,
                  &watch, error);
            }),
            1);
  EXPECT_EQ(cauce_watch_free(watch), CAUCE_OK);
  EXPECT_EQ(cauce_partition_free(partition), CAUCE_OK);
}

TEST_F(CapiOutOfMemory, OfAnErrorsOwnMemoryIsToldAsSuch) {
  cauce_error_t* error = nullptr;
  left = 0;
  const cauce_reason_t reason =
      cauce_topic_delete(client_, "a topic of a name that is long", &error);
  left = -1;
  EXPECT_EQ(reason, CAUCE_OUT_OF_MEMORY);
  EXPECT_STRNE(cauce_error_message(error), "");
  cauce_error_free(error);
}

}  // namespace
}  // namespace cauce::test
