// What the house bans: each keeps one thing behind its seam, files, the clock,
// threads, chance and so on.
#pragma once

#include <span>

#include "tests/tidy/ban.h"

namespace cauce::tidy {

// All of them, in the order of the house rules.
std::span<const Ban> Bans();

}  // namespace cauce::tidy
