#include "tools/cli/verb.h"

#include "CLI/CLI.hpp"

namespace cauce::cli {

Option Option::Type(const std::string& name) const {
  option_->type_name(name);
  return *this;
}

Option Option::Takes(const Check& check) const {
  option_->check(check);
  return *this;
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
  return Verb(*app_->add_subcommand(name, description));
}

void Verb::NeedsVerb() const { app_->require_subcommand(1); }

Option Verb::Add(const std::string& name, std::string& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Verb::Add(const std::string& name, int& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Verb::Add(const std::string& name, int64_t& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Verb::Add(const std::string& name, size_t& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Verb::Add(const std::string& name, std::optional<std::string>& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Verb::Add(const std::string& name, std::optional<int32_t>& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Verb::Add(const std::string& name, std::optional<int64_t>& value,
                 const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Verb::Add(const std::string& name, std::vector<std::string>& values,
                 const std::string& description) const {
  return Option(app_->add_option(name, values, description));
}

Option Verb::AddRepeated(const std::string& name,
                         std::vector<std::string>& values,
                         const std::string& description) const {
  return Option(
      app_->add_option(name, values, description + "; may be repeated")
          ->allow_extra_args(false));
}

Option Verb::AddWord(const std::string& name,
                     const std::function<void(const std::string&)>& set,
                     const std::string& description) const {
  return Option(app_->add_option_function(name, set, description));
}

Option Verb::AddFlag(const std::string& name, bool& value,
                     const std::string& description) const {
  return Option(app_->add_flag(name, value, description));
}

void Verb::Footer(const std::string& text) const { app_->footer(text); }

void Verb::Does(Action& action, const Action& does) const {
  app_->callback([&action, does] { action = does; });
}

}  // namespace cauce::cli
