// What speaks for the offsets that a stretch of batches says, and which of two
// stretches has them where both say the same.
//
// No CRC covers an offset, so a stretch is known by what stands around it. The
// name of its file comes first: whoever puts a log where it does not belong
// leaves one there that contradicts it, or that fits in nowhere else. How much
// there is of a stretch says nothing about whose it is, and decides only where
// nothing else does. Pure; any thread.
#pragma once

#include <cstdint>

namespace cauce {

struct OffsetClaim {
  // What the name of its file says to it. The name of another speaks for it as
  // well, which begins as it is called, where it holds the same batches.
  enum class Name {
    kContradicts,
    kAllows,  // it may stand in it, behind what is damaged or gone
    kAgrees,  // the file begins as it is called
  };
  Name name = Name::kAllows;
  // The file is as it was when the log was closed, as far as its size can tell.
  bool is_listed = false;
  // In front, and behind: whether another file, or an end of the log, meets it.
  int sides_met = 0;
  // How many files that begin as they are called do so in the middle of it.
  int64_t names_within = 0;
  // How often its batches continue each other, or begin their file as it is
  // called; and how far that name lies below what the file begins with.
  int64_t links = 0;
  int64_t from_name = 0;
};

// Whether more speaks for `claim` than for `other`.
bool Outweighs(const OffsetClaim& claim, const OffsetClaim& other);

}  // namespace cauce
