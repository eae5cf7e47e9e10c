// A group, its members and how far it is, as people and programs see them. Ids
// may hold any bytes: as text they are escaped, as JSON they are what bytes of
// records are. Pure: any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cauce/admin.h"
#include "tools/cli/format.h"

namespace cauce::cli {

struct GroupView {
  DescribedGroup group;
  std::map<TopicPartition, GroupProgress> offsets;

  Json ToJson() const;
  std::string ToText() const;
  // Partitions that are there and cannot be opened. A topic that is gone is no
  // failure: it shows that it is.
  int Unreadable() const;
};

Json GroupsJson(const std::vector<ListedGroup>& groups);
std::string GroupsTable(const std::vector<ListedGroup>& groups);

}  // namespace cauce::cli
