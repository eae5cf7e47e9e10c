// Stores, and the rows in them, as text and JSON. Bytes that somebody else has
// chosen move no cursor and end no line. Pure: any thread.
#pragma once

#include <string>
#include <vector>

#include "cauce/stores.h"
#include "tools/cli/format.h"

namespace cauce::cli {

// How much of what a table lacked it has, from 0 to 1; by offsets, of which
// compaction leaves gaps.
double ShareOf(const RestoreProgress& restore);

std::string StoresTable(const std::vector<StoreDescription>& stores);
Json StoreJson(const StoreDescription& store);

// A line each.
std::string RowText(StoreKind kind, const StoreRow& row);
Json RowJson(StoreKind kind, const StoreRow& row);

}  // namespace cauce::cli
