// Where a manifest of RocksDB's is to be read to, when a power loss has torn
// what was appended to it last.
//
// What is appended is synced before anything counts on it, and until then a
// disk may have any of its sectors without the others: the missing ones are
// zeros. RocksDB takes a record that has no end for one that is not there, and
// one that has a hole for damage. Without it the table is what it was before,
// with the mark that it had. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cauce {

// Where the first record begins that is not whole, if a sector behind that is
// missing. Nothing for a manifest that is whole, or only short, and for other
// damage, which RocksDB tells of.
std::optional<size_t> TornEnd(std::string_view manifest);

}  // namespace cauce
