// What a verb is, as data: completion and man pages are written from it, so
// that they say what the program does. Values; any thread.
#pragma once

#include <string>
#include <vector>

namespace cauce::cli {

struct OptionDescription {
  // As they are typed: "-f", "--follow". Of an argument what it is called.
  std::vector<std::string> names;
  // What its value is called, as in "DIR"; empty where it takes none.
  std::string type;
  std::string text;
  // All that it takes, where those are a few words; else empty.
  std::vector<std::string> words;
  // An argument: its place tells what it is.
  bool argument = false;
  bool required = false;
  // Takes more than one value.
  bool repeated = false;
};

struct VerbDescription {
  // How it is called, as in {"topic", "create"}; empty of the program.
  std::vector<std::string> path;
  std::string text;
  // What its help says behind the options.
  std::string footer;
  std::vector<OptionDescription> options;
  // Those of a noun.
  std::vector<VerbDescription> verbs;
};

}  // namespace cauce::cli
