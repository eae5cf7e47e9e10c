#include "tools/cli/format.h"

#include "nlohmann/json.hpp"

namespace cauce::cli {

std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace cauce::cli
