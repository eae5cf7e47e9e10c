#include "tools/cli/command_line.h"

#include <algorithm>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/bench_verbs.h"
#include "tools/cli/completion_verbs.h"
#include "tools/cli/config_verbs.h"
#include "tools/cli/consume_verb.h"
#include "tools/cli/group_verbs.h"
#include "tools/cli/log_verbs.h"
#include "tools/cli/man_verb.h"
#include "tools/cli/note.h"
#include "tools/cli/output.h"
#include "tools/cli/produce_verb.h"
#include "tools/cli/store_verbs.h"
#include "tools/cli/suggestion.h"
#include "tools/cli/topic_verbs.h"
#include "tools/cli/transaction_verbs.h"
#include "tools/cli/verb.h"
#include "tools/cli/version.h"

namespace cauce::cli {
namespace {

// The verb the user was at: the last one on the line that is known.
CLI::App* Deepest(CLI::App* app) {
  const std::vector<CLI::App*> chosen = app->get_subcommands();
  return chosen.empty() ? app : Deepest(chosen.back());
}

std::vector<std::string> OptionNames(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> VerbNames(CLI::App& noun) {
  std::vector<std::string> names;
  for (const CLI::App* verb : noun.get_subcommands(nullptr)) {
    names.push_back(verb->get_name());
  }
  return names;
}

// "topic list" for that verb, empty for the root.
std::string FullName(const CLI::App& verb) {
  const CLI::App* const parent = verb.get_parent();
  if (parent == nullptr) return "";
  const std::string above = FullName(*parent);
  return above.empty() ? verb.get_name() : above + ' ' + verb.get_name();
}

// How often an option stands there CLI11 says in numbers alone.
std::string InOurWords(const CLI::ParseError& error) {
  const std::string text = error.what();
  const size_t colon = text.find(':');
  if (error.get_exit_code() !=
          static_cast<int>(CLI::ExitCodes::ArgumentMismatch) ||
      colon == text.npos) {
    return text;
  }
  const std::string option = text.substr(0, colon);
  return text.ends_with("missing") ? option + " needs a value"
                                   : option + " may be given once only";
}

// What is wrong, in words that name the likely cure.
std::string Explain(CLI::App& root, const CLI::ParseError& error) {
  CLI::App& verb = *Deepest(&root);
  const std::string name = FullName(verb);
  const std::string place = name.empty() ? "" : name + ": ";
  std::vector<std::string> unknown = root.remaining(true);
  // Behind two dashes no word is an option. They themselves are left over too.
  const auto dashes = std::ranges::find(unknown, "--");
  const bool arguments_only = dashes == unknown.begin();
  if (dashes != unknown.end()) unknown.erase(dashes);
  if (unknown.empty()) {
    if (error.get_exit_code() ==
            static_cast<int>(CLI::ExitCodes::RequiredError) &&
        !VerbNames(verb).empty()) {
      return fmt::format("{}which verb? {}", place,
                         fmt::join(VerbNames(verb), ", "));
    }
    return place + InOurWords(error);
  }
  const std::string& word = unknown.front();
  const bool option = !arguments_only && word.starts_with("-");
  const std::string typed = word.substr(0, word.find('='));
  const std::vector<std::string> known =
      option ? OptionNames(verb) : VerbNames(verb);
  if (option && std::ranges::find(known, typed) != known.end()) {
    return fmt::format("{0}{1} goes behind {2}, as in cauce {2} {1} ...", place,
                       typed, name);
  }
  const std::string nearest = Nearest(typed, known);
  std::string text = fmt::format("{}unknown {} {}", place,
                                 option          ? "option"
                                 : known.empty() ? "argument"
                                                 : "verb",
                                 typed);
  if (!nearest.empty()) {
    text += fmt::format("; did you mean {}?", nearest);
  } else if (!option && !known.empty()) {
    text += fmt::format("; there are {}", fmt::join(known, ", "));
  }
  return text;
}

int ParseAndRun(CLI::App& root, const Action& action, int argc, char** argv) {
  // CLI11 speaks in exceptions; they end here.
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version.
    if (error.get_exit_code() == 0) return root.exit(error);
    const std::string verb = FullName(*Deepest(&root));
    return UsageError(fmt::format("{}\nTry: cauce {}{}--help",
                                  Explain(root, error), verb,
                                  verb.empty() ? "" : " "));
  }
  return action();
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  CLI::App root(
      "A durable log in Kafka's format: topics, records and their files.",
      "cauce");
  root.footer(
      "Exit codes: 0 done; 1 failed; 2 a command line that no directory could "
      "make right:\nan unknown option, a topic name or a config that is none; "
      "128 + N after signal N.\n\n"
      "Examples:\n"
      "  cauce topic create orders --dir data --partitions 3\n"
      "  printf 'one\\ntwo\\n' | cauce produce orders --dir data\n"
      "  cauce consume orders --dir data --print '%p %o %v\\n'");
  root.set_version_flag("--version", fmt::format("cauce {}", Version()),
                        "Print the version and exit");
  root.require_subcommand(1);
  root.get_formatter()->column_width(32);
  Action action;
  const Verb verbs(root);
  AddTopicVerbs(verbs, action);
  AddProduceVerb(verbs, action);
  AddConsumeVerb(verbs, action);
  AddGroupVerbs(verbs, action);
  AddTransactionVerbs(verbs, action);
  AddStoreVerbs(verbs, action);
  AddLogVerbs(verbs, action);
  AddConfigVerbs(verbs, action);
  AddBenchVerbs(verbs, action);
  AddCompletionVerbs(verbs, action);
  AddManVerb(verbs, action);

  const int exit = ParseAndRun(root, action, argc, argv);
  const absl::Status lost = FlushStandardOutput();
  if (!lost.ok() && exit == kOk) return Fail(lost);
  return exit;
}

}  // namespace cauce::cli
