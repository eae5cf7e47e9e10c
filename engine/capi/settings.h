// Lists of options and configs, as C programs get them.
//
// For one thread until it is handed out.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "cauce/cauce.h"
#include "cauce/option_keys.h"
#include "cauce/topic_config.h"

namespace cauce::capi {

absl::Status GiveOptions(const std::vector<OptionKey>& keys,
                         cauce_settings_t** to);
// `entries` as DescribeTopicConfig has them.
absl::Status GiveConfigs(const std::vector<TopicConfigEntry>& entries,
                         cauce_settings_t** to);

}  // namespace cauce::capi
