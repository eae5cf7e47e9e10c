// Which room may include which: the arrows of the house.
//
// Every room has a height. A file includes what lies in its own room or lower;
// rooms of one height may lean on each other as long as no cycle arises. A
// cycle is a missing noun: move the shared word down. A new room takes its
// place in the table in layers.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/tree.h"

namespace cauce::tidy {

// "engine/log" for a file of that room; "vocabulary" for the headers on the
// engine's doorstep that say words, "facade" for those that do the work.
std::string RoomOf(std::string_view path);

// The path of the file that an include of `written` reads, if it is ours.
std::string PathOfInclude(std::string_view written);

// A file that includes what lies higher than it, or stands in no room.
std::vector<Finding> CheckDirections(const Tree& tree);

// Rooms that include each other in a circle, each circle told once.
std::vector<Finding> CheckCycles(const Tree& tree);

// Public headers include public headers and Abseil only: they are installed.
std::vector<Finding> CheckDoorstep(const Tree& tree);

}  // namespace cauce::tidy
