#include "tools/cli/format.h"

#include <utility>

#include "nlohmann/json.hpp"
#include "tools/cli/base64.h"
#include "tools/cli/json_text.h"

namespace cauce::cli {

Json BytesJson(std::string_view bytes) {
  if (IsUtf8(bytes)) return bytes;
  std::string text;
  AppendBase64(bytes, text);
  return {{"base64", std::move(text)}};
}

std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace cauce::cli
