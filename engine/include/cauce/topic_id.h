// Topic ids as text, and new ones. An id is a UUID; Kafka writes it as 22
// characters of base64 with '-' and '_', without padding, and so do we.
//
// Pure but for the randomness that is passed in: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cauce/env.h"
#include "cauce/types.h"

namespace cauce {

// As in "Nx8dl3MvRk6a1P2vYx7CZQ".
std::string TopicIdText(const TopicId& id);

// Nothing unless `text` is what TopicIdText makes of some id.
std::optional<TopicId> ParseTopicId(std::string_view text);

// Returns a fresh version 4 UUID. Like Kafka's, its text never begins with
// '-', which command lines would take for an option; and being of version 4 it
// is none of the ids that Kafka reserves, which are small numbers.
TopicId NewTopicId(Random& random);

}  // namespace cauce
