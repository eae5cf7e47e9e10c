// What the thread sanitizer takes for a race because it does not see all of the
// code. A test links this whose threads share copies of one error.
//
// Copies of an absl::Status share what it points to, and count themselves by
// atomic operations. Some of those are in the packaged library, which is not
// built under the sanitizer: that the last one frees behind the reads of all
// others is not seen.
extern "C" const char* __tsan_default_suppressions() {
  return "race:absl::*Status::Unref\n";
}
