// The two forms in which a verb prints: text for people, or a line of JSON.
// Pure: any thread.
#pragma once

#include <string>
#include <string_view>

#include "nlohmann/json_fwd.hpp"

namespace cauce::cli {

enum class Format { kText, kJson };

// Whoever looks into one includes nlohmann/json.hpp, which takes long to
// compile.
using Json = nlohmann::ordered_json;

// Bytes that somebody else has chosen, as records have them: a string where
// they are UTF-8, else {"base64":"..."}, so that different bytes look
// different.
Json BytesJson(std::string_view bytes);

// One line of JSON; bytes that are not UTF-8 are replaced.
std::string Line(const Json& json);

}  // namespace cauce::cli
