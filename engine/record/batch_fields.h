// What a batch's header says, as a builder takes it: for who writes the batch
// anew with something else in it. Pure; any thread.
#pragma once

#include "cauce/record_batch.h"

namespace cauce {

// All of them, the codec too. A builder that is given these, and the records of
// `batch` with their stored timestamps, makes its header again.
BatchFields FieldsOf(const RecordBatch& batch);

}  // namespace cauce
