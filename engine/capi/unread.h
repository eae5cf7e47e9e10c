// What a list does not have, since it could not be read: the messages of why.
//
// For one thread until the list is handed out.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/capi/owned.h"

namespace cauce::capi {

// Fills in `unread` of a list that has such.
template <typename List>
void TellUnread(const std::vector<absl::Status>& unread, List& list) {
  std::vector<const char*> messages;
  for (const absl::Status& each : unread)
    messages.push_back(list.arena().Text(MessageOf(each)));
  list.face().unread_count = messages.size();
  list.face().unread = list.arena().Array(std::move(messages));
}

}  // namespace cauce::capi
