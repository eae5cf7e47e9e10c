#include "tools/cli/zsh_completion.h"

#include <string>
#include <string_view>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/value_kind.h"

namespace cauce::cli {
namespace {

constexpr std::string_view kHead =
    R"sh(#compdef cauce
# Completes cauce in zsh; `cauce completion zsh` writes it.

# Offers the names that the program finds in the directory on the line: the last
# argument says of what, those in front of it are for compadd. Of stores those
# of the application on the line.
_cauce_names() {
  local dir= application= i
  for ((i = 1; i <= $#_cauce_line; ++i)); do
    case $_cauce_line[i] in
      --dir) dir=${(Q)_cauce_line[i + 1]} ;;
      --dir=*) dir=${(Q)${_cauce_line[i]#--dir=}} ;;
      --application) application=${(Q)_cauce_line[i + 1]} ;;
      --application=*) application=${(Q)${_cauce_line[i]#--application=}} ;;
    esac
  done
  [[ $dir != '~' && $dir != '~/'* ]] || dir=$HOME${dir#'~'}
  [[ -n $dir ]] || return 1
  local program=${~${(Q)_cauce_line[1]}}
  local -a names of
  [[ $@[-1] != stores || -z $application ]] || of=(--application $application)
  names=(${(f)"$($program completion $@[-1] --dir $dir $of 2>/dev/null)"})
  compadd "${(@)@[1,-2]}" -a names
}

# Goes on with the verb below $1 that the line names.
_cauce_below() {
  local next=${1}_$words[2]
  shift words
  ((CURRENT--))
  (($+functions[$next])) && $next
}
)sh";
constexpr std::string_view kTail = R"sh(
_cauce() {
  local -a _cauce_line
  _cauce_line=("${(@)words}")
  _cauce_at
}

# Autoloaded, this is the function itself; sourced, it registers it.
if [[ $funcstack[1] == _cauce ]]; then
  _cauce "$@"
else
  compdef _cauce cauce
fi
)sh";

// Without what ends a part of a specification.
std::string Escaped(std::string_view text, std::string_view ends) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || ends.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string FunctionOf(const VerbDescription& verb) {
  return fmt::format("_cauce_at{}{}", verb.path.empty() ? "" : "_",
                     fmt::join(verb.path, "_"));
}

// How zsh completes a value, as in "dir:_files -/".
std::string ActionOf(const OptionDescription& option) {
  const std::string what = Escaped(option.type, ":");
  switch (ValueKindOf(option)) {
    case ValueKind::kNone:
      return "";
    case ValueKind::kWords:
      return fmt::format("{}:({})", what, fmt::join(option.words, " "));
    case ValueKind::kDirectory:
      return what + ":_files -/";
    case ValueKind::kFile:
      return what + ":_files";
    case ValueKind::kTopic:
    case ValueKind::kGroup:
    case ValueKind::kStore:
      return fmt::format("{}:_cauce_names {}", what,
                         NamesVerb(ValueKindOf(option)));
    case ValueKind::kOther:
      break;
  }
  return what + ": ";
}

// A line of _arguments for each name.
std::string Specifications(const OptionDescription& option) {
  const std::string action = ActionOf(option);
  if (option.argument) {
    return fmt::format(" \\\n    {}",
                       InSingleQuotes((option.repeated ? "*:" : ":") + action));
  }
  std::string lines;
  for (const std::string& name : option.names) {
    // A long one's value may stand behind a = too.
    const std::string_view joined =
        action.empty() ? "" : (name.starts_with("--") ? "=" : "+");
    lines += fmt::format(
        " \\\n    {}",
        InSingleQuotes(fmt::format("{}{}{}[{}]{}{}", option.repeated ? "*" : "",
                                   name, joined, Escaped(option.text, "[]"),
                                   action.empty() ? "" : ":", action)));
  }
  return lines;
}

std::string Functions(const VerbDescription& verb) {
  std::string text = fmt::format("\n{}() {{\n", FunctionOf(verb));
  std::string arguments;
  for (const OptionDescription& option : verb.options)
    arguments += Specifications(option);
  if (verb.verbs.empty()) {
    return text + fmt::format("  _arguments -S{}\n}}\n", arguments);
  }
  std::string below;
  std::string verbs;
  for (const VerbDescription& each : verb.verbs) {
    verbs += fmt::format(
        "\n    {}", InSingleQuotes(Escaped(each.path.back(), ":") + ':' +
                                   Escaped(each.text, "")));
    below += Functions(each);
  }
  text += fmt::format(
      "  if ((CURRENT > 2)); then\n    _cauce_below {}\n    return\n  fi\n"
      "  local -a verbs\n  verbs=({}\n  )\n"
      "  if [[ $PREFIX == -* ]]; then\n    _arguments -S{}\n"
      "  else\n    _describe verb verbs\n  fi\n}}\n",
      FunctionOf(verb), verbs, arguments);
  return text + below;
}

}  // namespace

std::string ZshCompletion(const VerbDescription& program) {
  return fmt::format("{}{}{}", kHead, Functions(program), kTail);
}

}  // namespace cauce::cli
