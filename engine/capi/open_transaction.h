// A transaction that is open in one partition and that no transactional id has,
// as C programs get it. Any thread.
#pragma once

#include "cauce/admin.h"
#include "cauce/cauce.h"
#include "engine/capi/owned.h"

namespace cauce::capi {

// Views of what `arena` keeps.
cauce_transaction_t TransactionOf(const HangingTransaction& transaction,
                                  Arena& arena);

}  // namespace cauce::capi
