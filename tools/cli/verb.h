// A verb of the command line and its options, bound to the variables they set.
// What the verbs need of CLI11: one file compiles that, which takes long, for
// all of them. Variables outlive the parsing. For the main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/cli/verb_description.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cauce::cli {

// What the parsed command line asks for; returns the exit code.
using Action = std::function<int()>;

// What is wrong with an option's value; empty where nothing is.
using Check = std::function<std::string(const std::string&)>;

// A check that takes a few words alone, and which those are.
struct Choice {
  std::vector<std::string> words;
  Check check;
};

// The words of those options that take no others.
using Choices = std::map<const CLI::Option*, std::vector<std::string>>;

class Option {
 public:
  Option(CLI::Option* option, std::shared_ptr<Choices> choices)
      : option_(option), choices_(std::move(choices)) {}

  // What its value is called in the help.
  Option Type(const std::string& name) const;
  Option Takes(const Check& check) const;
  Option Takes(const Choice& choice) const;
  Option Required() const;
  // Not together with another of the verb's, which was added before.
  Option Excludes(const Option& other) const;

 private:
  CLI::Option* option_;
  std::shared_ptr<Choices> choices_;
};

class Verb {
 public:
  // Borrows `app`, which is the verb.
  explicit Verb(CLI::App& app) : Verb(app, std::make_shared<Choices>()) {}

  // A verb below this one, which is a noun then.
  Verb Add(const std::string& name, const std::string& description) const;
  void NeedsVerb() const;

  Option Add(const std::string& name, std::string& value,
             const std::string& description) const;
  Option Add(const std::string& name, int& value,
             const std::string& description) const;
  Option Add(const std::string& name, int64_t& value,
             const std::string& description) const;
  Option Add(const std::string& name, size_t& value,
             const std::string& description) const;
  Option Add(const std::string& name, std::optional<std::string>& value,
             const std::string& description) const;
  Option Add(const std::string& name, std::optional<int32_t>& value,
             const std::string& description) const;
  Option Add(const std::string& name, std::optional<int64_t>& value,
             const std::string& description) const;
  // As many values as stand there.
  Option Add(const std::string& name, std::vector<std::string>& values,
             const std::string& description) const;
  // May be given more than once, with one value each time.
  Option AddRepeated(const std::string& name, std::vector<std::string>& values,
                     const std::string& description) const;
  // Hands its value to `set`.
  Option AddWord(const std::string& name,
                 const std::function<void(const std::string&)>& set,
                 const std::string& description) const;
  Option AddFlag(const std::string& name, bool& value,
                 const std::string& description) const;

  // Behind the options in the help.
  void Footer(const std::string& text) const;

  // Once the line names this verb, `action` becomes `does`.
  void Does(Action& action, const Action& does) const;

  // All that was added so far, to the verbs below too.
  VerbDescription Describe() const;

 private:
  Verb(CLI::App& app, std::shared_ptr<Choices> choices)
      : app_(&app), choices_(std::move(choices)) {}

  CLI::App* app_;
  std::shared_ptr<Choices> choices_;
};

}  // namespace cauce::cli
