// What the parsed command line asks for. A header of a verb includes this and
// not CLI11, which takes long to compile. For the main thread.
#pragma once

#include <functional>

namespace CLI {
class App;
}  // namespace CLI

namespace cauce::cli {

// Returns the exit code.
using Action = std::function<int()>;

}  // namespace cauce::cli
