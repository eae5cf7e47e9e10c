// The log of a segment by its name: the offset that it is called by, and
// whether it waits for that name. A plain value.
#pragma once

#include <string>

#include "cauce/types.h"

namespace cauce {

struct NamedLog {
  Offset named;
  bool is_waiting = false;  // an earlier repair gave it a name beside it

  std::string FileName() const;
};

}  // namespace cauce
