#include "tools/cli/verb.h"

#include "CLI/CLI.hpp"

namespace cauce::cli {
namespace {

std::vector<std::string> PathOf(const CLI::App& app) {
  const CLI::App* const parent = app.get_parent();
  if (parent == nullptr) return {};
  std::vector<std::string> path = PathOf(*parent);
  path.push_back(app.get_name());
  return path;
}

OptionDescription DescriptionOf(const CLI::Option& option,
                                const Choices& choices) {
  OptionDescription description = {
      .text = option.get_description(),
      .argument = option.get_positional(),
      .required = option.get_required(),
      .repeated = option.get_expected_max() > 1,
  };
  for (const std::string& name : option.get_snames())
    description.names.push_back('-' + name);
  for (const std::string& name : option.get_lnames())
    description.names.push_back("--" + name);
  if (description.argument) description.names = {option.get_name(true)};
  // A flag has no items.
  if (option.get_items_expected_max() > 0)
    description.type = option.get_type_name();
  const auto words = choices.find(&option);
  if (words != choices.end()) description.words = words->second;
  return description;
}

VerbDescription DescriptionOf(CLI::App& app, const Choices& choices) {
  VerbDescription description = {.path = PathOf(app),
                                 .text = app.get_description(),
                                 .footer = app.get_footer()};
  for (const CLI::Option* option : app.get_options())
    description.options.push_back(DescriptionOf(*option, choices));
  for (CLI::App* verb : app.get_subcommands(nullptr))
    description.verbs.push_back(DescriptionOf(*verb, choices));
  return description;
}

}  // namespace

Option Option::Type(const std::string& name) const {
  option_->type_name(name);
  return *this;
}

Option Option::Takes(const Check& check) const {
  option_->check(check);
  return *this;
}

Option Option::Takes(const Choice& choice) const {
  choices_->emplace(option_, choice.words);
  return Takes(choice.check);
}

Option Option::Required() const {
  option_->required();
  return *this;
}

Option Option::Excludes(const Option& other) const {
  option_->excludes(other.option_);
  return *this;
}

Verb Verb::Add(const std::string& name, const std::string& description) const {
  return Verb(*app_->add_subcommand(name, description), choices_);
}

void Verb::NeedsVerb() const { app_->require_subcommand(1); }

Option Verb::Add(const std::string& name, std::string& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description), choices_);
}

Option Verb::Add(const std::string& name, int& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description), choices_);
}

Option Verb::Add(const std::string& name, int64_t& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description), choices_);
}

Option Verb::Add(const std::string& name, size_t& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description), choices_);
}

Option Verb::Add(const std::string& name, std::optional<std::string>& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description), choices_);
}

Option Verb::Add(const std::string& name, std::optional<int32_t>& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description), choices_);
}

Option Verb::Add(const std::string& name, std::optional<int64_t>& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description), choices_);
}

Option Verb::Add(const std::string& name, std::vector<std::string>& values,
                 const std::string& description) const {
  return Option(app_->add_option(name, values, description), choices_);
}

Option Verb::AddRepeated(const std::string& name,
                         std::vector<std::string>& values,
                         const std::string& description) const {
  return Option(
      app_->add_option(name, values, description + "; may be repeated")
          ->allow_extra_args(false),
      choices_);
}

Option Verb::AddWord(const std::string& name,
                     const std::function<void(const std::string&)>& set,
                     const std::string& description) const {
  return Option(app_->add_option_function(name, set, description), choices_);
}

Option Verb::AddFlag(const std::string& name, bool& value,
                     const std::string& description) const {
  return Option(app_->add_flag(name, value, description), choices_);
}

void Verb::Footer(const std::string& text) const { app_->footer(text); }

void Verb::Does(Action& action, const Action& does) const {
  app_->callback([&action, does] { action = does; });
}

VerbDescription Verb::Describe() const {
  return DescriptionOf(*app_, *choices_);
}

}  // namespace cauce::cli
