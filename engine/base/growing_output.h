// The end of a string, into which a decompressor writes.
//
// It grows as bytes really come, doubling, up to one byte past the bound: the
// byte that proves that a stream holds too much. Unless Commit is called the
// string gets back the size it had. One owner, one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace cauce {

class GrowingOutput {
 public:
  // `target` outlives this. `first_bytes` is how much room to begin with.
  GrowingOutput(std::string* target, size_t bytes_max, size_t first_bytes);
  ~GrowingOutput();
  GrowingOutput(const GrowingOutput&) = delete;
  GrowingOutput& operator=(const GrowingOutput&) = delete;

  // Returns where to write next, growing if no room is left. Empty only when
  // the stream has written more than the bound. Good until the next call.
  std::span<char> Room();

  // The same, with at least `bytes` of room, or whatever the bound allows.
  std::span<char> Room(size_t bytes);

  // The first `bytes` of the room have been written.
  void Wrote(size_t bytes) { written_ += bytes; }

  // The most room there can still be.
  size_t room_bytes_max() const { return bytes_max_ + 1 - written_; }

  bool overflowed() const { return written_ > bytes_max_; }

  // Ends the string after what was written.
  void Commit();

 private:
  std::string& target_;
  const size_t base_;  // the size the string had
  const size_t bytes_max_;
  const size_t first_bytes_;
  size_t written_ = 0;
  bool committed_ = false;
};

}  // namespace cauce
