#include "engine/coord/protocol_choice.h"

#include <algorithm>
#include <map>

namespace cauce {
namespace {

bool AllOffer(const GroupMembers& members, const std::string& protocol) {
  return std::ranges::all_of(members, [&protocol](const auto& entry) {
    return entry.second.Offers(protocol);
  });
}

}  // namespace

bool CanAgree(const GroupMembers& members,
              const std::vector<JoinProtocol>& offered) {
  return std::ranges::any_of(offered, [&members](const JoinProtocol& protocol) {
    return AllOffer(members, protocol.name);
  });
}

std::optional<std::string> ChooseProtocol(const GroupMembers& members) {
  std::map<std::string, int> votes;
  if (members.empty()) return std::nullopt;
  for (const JoinProtocol& protocol : members.begin()->second.protocols) {
    if (AllOffer(members, protocol.name)) votes[protocol.name] = 0;
  }
  for (const auto& [id, member] : members) {
    const auto vote =
        std::ranges::find_if(member.protocols, [&votes](const auto& protocol) {
          return votes.contains(protocol.name);
        });
    if (vote != member.protocols.end()) ++votes[vote->name];
  }
  const auto most = std::ranges::max_element(
      votes, {}, [](const auto& entry) { return entry.second; });
  if (most == votes.end()) return std::nullopt;
  return most->first;
}

}  // namespace cauce
