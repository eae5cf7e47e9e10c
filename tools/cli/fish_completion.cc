#include "tools/cli/fish_completion.h"

#include <string>
#include <string_view>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/value_kind.h"

namespace cauce::cli {
namespace {

constexpr std::string_view kHead =
    R"sh(# Completes cauce in fish; `cauce completion fish` writes it.

# The words between the program and the first option.
function __cauce_verbs
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and return
        echo -- $word
    end
end

# Whether the verbs on the line are those of $argv, and no more.
function __cauce_at
    test "$(__cauce_verbs)" = "$argv"
end

# Whether they begin so.
function __cauce_in
    set -l verbs (__cauce_verbs)
    test (count $verbs) -ge (count $argv)
    and test "$verbs[1..$(count $argv)]" = "$argv"
end

# The names that the program finds in the directory on the line: of stores those
# of the application on it.
function __cauce_names
    set -l words (commandline -opc)
    set -l dir
    set -l of
    for i in (seq (count $words))
        switch $words[$i]
            case --dir
                test $i -lt (count $words); and set dir $words[(math $i + 1)]
            case '--dir=*'
                set dir (string replace -- --dir= '' $words[$i])
            case --application
                test $i -lt (count $words)
                and set of --application $words[(math $i + 1)]
            case '--application=*'
                set of $words[$i]
        end
    end
    test -n "$dir"; or return
    set dir (string replace -r '^~(?=/|$)' $HOME -- $dir)
    test "$argv" = stores; or set of
    $words[1] completion $argv --dir $dir $of 2>/dev/null
end

complete -c cauce -f
)sh";

// As fish quotes it: there \ and ' alone are escaped.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') quoted += '\\';
    quoted += c;
  }
  return quoted + '\'';
}

// Where completions of a verb apply.
std::string Where(std::string_view test, const VerbDescription& verb) {
  return Quoted(fmt::format("{}{}{}", test, verb.path.empty() ? "" : " ",
                            fmt::join(verb.path, " ")));
}

std::string Offered(const OptionDescription& option) {
  switch (ValueKindOf(option)) {
    case ValueKind::kNone:
      return "";
    case ValueKind::kWords:
      return fmt::format(" -x -a '{}'", fmt::join(option.words, " "));
    case ValueKind::kDirectory:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::kFile:
      return " -r -F";
    case ValueKind::kTopic:
    case ValueKind::kGroup:
    case ValueKind::kStore:
      return fmt::format(" -x -a '(__cauce_names {})'",
                         NamesVerb(ValueKindOf(option)));
    case ValueKind::kOther:
      break;
  }
  return " -x";
}

std::string LineOf(const VerbDescription& verb,
                   const OptionDescription& option) {
  const std::string offered = Offered(option);
  // Of a noun they stand before the verb.
  std::string line =
      "complete -c cauce -n " +
      Where(verb.verbs.empty() ? "__cauce_in" : "__cauce_at", verb);
  if (option.argument) {
    const ValueKind kind = ValueKindOf(option);
    if (kind == ValueKind::kOther) return "";
    // Of an argument -F stands alone.
    return line + (kind == ValueKind::kFile ? " -F" : offered.substr(3)) + '\n';
  }
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2)
                                   : " -s " + name.substr(1);
  }
  return fmt::format("{}{} -d {}\n", line, offered, Quoted(option.text));
}

std::string Lines(const VerbDescription& verb) {
  std::string lines;
  for (const OptionDescription& option : verb.options)
    lines += LineOf(verb, option);
  for (const VerbDescription& below : verb.verbs) {
    lines += fmt::format("complete -c cauce -n {} -a {} -d {}\n",
                         Where("__cauce_at", verb), below.path.back(),
                         Quoted(below.text));
  }
  for (const VerbDescription& below : verb.verbs) lines += Lines(below);
  return lines;
}

}  // namespace

std::string FishCompletion(const VerbDescription& program) {
  return fmt::format("{}{}", kHead, Lines(program));
}

}  // namespace cauce::cli
