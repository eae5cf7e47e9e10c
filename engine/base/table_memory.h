// Memory for a large table that is looked up here and there: zeros at first, in
// the system's large pages where it has any.
//
// In pages of 4 KiB nearly every look-up in a table of 100 MiB has to walk the
// page tables first, and a prefetch waits for that walk: it was half the time
// of a pass of compaction. Where the system gives no large pages the memory is
// the same but for its speed. One owner; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace cauce {

class TableMemory {
 public:
  explicit TableMemory(size_t bytes);

  // Aligned for any type.
  void* data() const { return data_.get(); }

 private:
  struct Free {
    std::align_val_t alignment;
    void operator()(void* memory) const {
      ::operator delete(memory, alignment);
    }
  };
  std::unique_ptr<void, Free> data_;
};

}  // namespace cauce
