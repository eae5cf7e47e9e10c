#include "engine/client/topic_pattern.h"

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "fmt/format.h"

namespace cauce {

void TopicPattern::Free::operator()(regex_t* compiled) const {
  regfree(compiled);
  delete compiled;
}

absl::StatusOr<TopicPattern> TopicPattern::Parse(std::string_view pattern) {
  if (pattern.empty() || pattern.size() > kBytesMax) {
    return MakeError(Reason::kInvalidOption,
                     fmt::format("a pattern of topics is {} bytes, it must be "
                                 "1 to {}",
                                 pattern.size(), kBytesMax));
  }
  auto compiled = std::make_unique<regex_t>();
  const std::string whole = fmt::format("^({})$", pattern);
  const int failed =
      regcomp(compiled.get(), whole.c_str(), REG_EXTENDED | REG_NOSUB);
  if (failed != 0) {
    char why[128] = {};
    regerror(failed, compiled.get(), why, sizeof(why));
    return MakeError(Reason::kInvalidOption,
                     fmt::format("'{}' is no pattern of topics: {}", pattern,
                                 why));
  }
  TopicPattern parsed;
  parsed.compiled_.reset(compiled.release());
  return parsed;
}

bool TopicPattern::Matches(const std::string& topic) const {
  return !IsInternalTopic(topic) &&
         regexec(compiled_.get(), topic.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace cauce
