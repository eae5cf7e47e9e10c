#include "tools/cli/bash_completion.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tools/cli/value_kind.h"

namespace cauce::cli {
namespace {

// What stands before and behind the table of verbs.
constexpr std::string_view kHead =
    R"sh(# Completes cauce in bash; `cauce completion bash` writes it.

# Sets what the verb $1 has: the verbs below it, its options, and what may stand
# as the value of each and as an argument.
_cauce_verb() {
  verbs='' options='' values='' arguments=()
  case $1 in
)sh";
constexpr std::string_view kTail = R"sh(  esac
}

# Offers those of "$@" that begin with what was typed.
_cauce_offer() {
  local word
  for word; do
    [[ $word != "$typed"* ]] || COMPREPLY+=("$front$(printf %q "$word")")
  done
}

# Offers the names that the program finds in the directory on the line: of
# stores those of the application on it.
_cauce_offer_names() {
  local names of=()
  [[ -n $dir ]] || return 0
  [[ $1 != stores || -z $application ]] || of=(--application "$application")
  mapfile -t names < <("$program" completion "$1" --dir "$dir" "${of[@]}" \
    2>/dev/null)
  _cauce_offer "${names[@]}"
}

_cauce_offer_paths() {
  local paths
  compopt -o filenames 2>/dev/null
  mapfile -t paths < <(compgen "$1" -- "$typed")
  COMPREPLY+=("${paths[@]/#/$front}")
}

_cauce_offer_kind() {
  case $1 in
    @dir) _cauce_offer_paths -d ;;
    @file) _cauce_offer_paths -f ;;
    @topics | @groups | @stores) _cauce_offer_names "${1#@}" ;;
    =*) IFS=, read -ra words <<<"${1#=}" && _cauce_offer "${words[@]}" ;;
  esac
}

# Sets $kind to what the option $1 takes; fails where it takes nothing.
_cauce_takes() {
  local value
  for value in $values; do
    kind=${value#"$1"}
    [[ $kind == "$value" || $kind != [@=:]* ]] || return 0
  done
  kind=''
  return 1
}

_cauce_unquoted() {
  REPLY=${1//[\\\'\"]/}
  [[ $REPLY != '~' && $REPLY != '~/'* ]] || REPLY=$HOME${REPLY#'~'}
}

_cauce() {
  local verbs options values arguments words kind='' option='' dir='' path=''
  local application=''
  local program=$1 typed=${COMP_WORDS[COMP_CWORD]} front='' word count=0 i
  _cauce_unquoted "$program"
  program=$REPLY
  COMPREPLY=()
  _cauce_verb ''
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    # What a = parts is one word to bash's completion, or is three.
    [[ $word != '=' ]] || continue
    if [[ -n $option ]]; then
      _cauce_unquoted "$word"
      [[ $option != --dir ]] || dir=$REPLY
      [[ $option != --application ]] || application=$REPLY
      option=''
    elif [[ $word == --*=* ]]; then
      _cauce_unquoted "${word#*=}"
      [[ $word != --dir=* ]] || dir=$REPLY
      [[ $word != --application=* ]] || application=$REPLY
    elif [[ $word == -* ]]; then
      ! _cauce_takes "$word" || option=$word
    elif [[ " $verbs " == *" $word "* ]]; then
      path=${path:+$path }$word
      _cauce_verb "$path"
    else
      count=$((count + 1))
    fi
  done
  [[ $typed != '=' ]] || typed=''
  if [[ -z $option && $typed == --*=* ]]; then
    option=${typed%%=*} front=${typed%%=*}= typed=${typed#*=}
  fi
  if [[ -n $option ]]; then
    _cauce_takes "$option" && _cauce_offer_kind "$kind"
  elif [[ $typed == -* ]]; then
    _cauce_offer $options
  elif [[ -n $verbs ]]; then
    _cauce_offer $verbs
  elif ((${#arguments[@]} > 0)); then
    # The last one may stand again and again, or not: that is not looked at.
    ((count < ${#arguments[@]})) || count=$((${#arguments[@]} - 1))
    _cauce_offer_kind "${arguments[count]}"
  fi
  return 0
}
complete -F _cauce cauce
)sh";

std::string KindWord(const OptionDescription& option) {
  switch (ValueKindOf(option)) {
    case ValueKind::kNone:
      return "";
    case ValueKind::kWords:
      return fmt::format("={}", fmt::join(option.words, ","));
    case ValueKind::kDirectory:
      return "@dir";
    case ValueKind::kFile:
      return "@file";
    case ValueKind::kTopic:
    case ValueKind::kGroup:
    case ValueKind::kStore:
      return fmt::format("@{}", NamesVerb(ValueKindOf(option)));
    case ValueKind::kOther:
      break;
  }
  return ":";
}

// The verb's place in the table, and that of those below it.
std::string Rows(const VerbDescription& verb) {
  std::vector<std::string> verbs;
  for (const VerbDescription& below : verb.verbs)
    verbs.push_back(below.path.back());
  std::vector<std::string> options;
  std::vector<std::string> values;
  std::vector<std::string> arguments;
  for (const OptionDescription& option : verb.options) {
    const std::string kind = KindWord(option);
    if (option.argument) {
      arguments.push_back(InSingleQuotes(kind));
      continue;
    }
    for (const std::string& name : option.names) {
      options.push_back(name);
      if (!kind.empty()) values.push_back(name + kind);
    }
  }
  std::string rows = fmt::format(
      "    {})\n      verbs={}\n      options={}\n      values={}\n"
      "      arguments=({})\n      ;;\n",
      InSingleQuotes(fmt::format("{}", fmt::join(verb.path, " "))),
      InSingleQuotes(fmt::format("{}", fmt::join(verbs, " "))),
      InSingleQuotes(fmt::format("{}", fmt::join(options, " "))),
      InSingleQuotes(fmt::format("{}", fmt::join(values, " "))),
      fmt::join(arguments, " "));
  for (const VerbDescription& below : verb.verbs) rows += Rows(below);
  return rows;
}

}  // namespace

std::string BashCompletion(const VerbDescription& program) {
  return fmt::format("{}{}{}", kHead, Rows(program), kTail);
}

}  // namespace cauce::cli
