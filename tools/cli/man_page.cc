#include "tools/cli/man_page.h"

#include <cstddef>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce::cli {
namespace {

// A line of text, which is no request whatever it begins with, and in which the
// characters that have a better form in print stay what can be typed.
std::string Escaped(std::string_view line) {
  std::string escaped;
  if (line.starts_with('.') || line.starts_with('\'')) escaped = "\\&";
  for (const char c : line) {
    switch (c) {
      case '\\':
        escaped += "\\e";
        break;
      case '-':
        escaped += "\\-";
        break;
      case '\'':
        escaped += "\\(aq";
        break;
      case '`':
        escaped += "\\(ga";
        break;
      case '^':
        escaped += "\\(ha";
        break;
      case '~':
        escaped += "\\(ti";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Bold(std::string_view text) {
  return "\\fB" + Escaped(text) + "\\fR";
}

std::string Italic(std::string_view text) {
  return "\\fI" + Escaped(text) + "\\fR";
}

std::vector<std::string_view> SplitAt(std::string_view text,
                                      std::string_view separator) {
  std::vector<std::string_view> parts;
  for (size_t end = 0; end != std::string_view::npos;) {
    end = text.find(separator);
    if (end != 0) parts.push_back(text.substr(0, end));
    if (end != std::string_view::npos)
      text.remove_prefix(end + separator.size());
  }
  return parts;
}

// Of a list, a table or an example the lines stay as they are.
bool IsLiteral(std::string_view line) {
  return line.starts_with("  ") || line.find("   ") != std::string_view::npos;
}

// Lines that are filled, and those that are not. What stands in front of the
// first paragraph begins it.
std::string Paragraphs(std::string_view text) {
  std::string out;
  for (const std::string_view paragraph : SplitAt(text, "\n\n")) {
    if (!out.empty()) out += ".PP\n";
    bool literal = false;
    for (const std::string_view line : SplitAt(paragraph, "\n")) {
      if (IsLiteral(line) != literal) out += literal ? ".EE\n" : ".EX\n";
      literal = IsLiteral(line);
      out += Escaped(line) + '\n';
    }
    if (literal) out += ".EE\n";
  }
  return out;
}

// The words that call it, as they are typed.
std::string CallOf(const VerbDescription& verb) {
  return fmt::format("cauce{}{}", verb.path.empty() ? "" : " ",
                     fmt::join(verb.path, " "));
}

std::string ValueOf(const OptionDescription& option) {
  return option.type.empty() ? "" : ' ' + Italic(option.type);
}

// How a verb is called: what must be there, and where the rest goes.
std::string Synopsis(const VerbDescription& verb) {
  std::string line = Bold(CallOf(verb));
  if (!verb.verbs.empty()) return line + ' ' + Italic("VERB") + " ...\n";
  for (const OptionDescription& option : verb.options) {
    if (!option.argument) continue;
    const std::string name = Italic(option.type);
    line += option.required ? ' ' + name : " [" + name + ']';
  }
  for (const OptionDescription& option : verb.options) {
    if (option.required && !option.argument)
      line += ' ' + Bold(option.names.front()) + ValueOf(option);
  }
  return line + " [" + Italic("OPTION") + "]...\n";
}

std::string Options(const VerbDescription& verb) {
  std::string out;
  for (const OptionDescription& option : verb.options) {
    std::vector<std::string> names;
    for (const std::string& name : option.names)
      names.push_back(option.argument ? Italic(option.type)
                                      : Bold(name) + ValueOf(option));
    out += fmt::format(".TP\n{}\n{}\n", fmt::join(names, ", "),
                       Escaped(option.text));
  }
  return out;
}

std::string NameOf(const VerbDescription& verb) {
  return fmt::format("cauce{}{}", verb.path.empty() ? "" : "-",
                     fmt::join(verb.path, "-"));
}

std::string Opening(const VerbDescription& verb, const ManEdition& edition) {
  std::string_view text = verb.text;
  if (text.ends_with('.')) text.remove_suffix(1);
  return fmt::format(
      ".TH {} 1 {} \"cauce {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n"
      ".SH SYNOPSIS\n",
      NameOf(verb), edition.day, edition.version, Escaped(NameOf(verb)),
      Escaped(text));
}

std::string ProgramPage(const VerbDescription& program,
                        const ManEdition& edition) {
  std::string out = Opening(program, edition) + Synopsis(program);
  out += ".SH VERBS\n";
  for (const VerbDescription& verb : program.verbs) {
    out += fmt::format(".TP\n{}\n{}; see\n.BR {} (1)\n",
                       Bold(verb.path.back()), Escaped(verb.text),
                       Escaped(NameOf(verb)));
  }
  return out + ".SH OPTIONS\n" + Options(program) + ".SH NOTES\n" +
         Paragraphs(program.footer);
}

// A noun's verbs have a part each; a verb is its own.
std::string VerbPage(const VerbDescription& verb, const ManEdition& edition) {
  std::string out = Opening(verb, edition);
  if (verb.verbs.empty()) {
    out += Synopsis(verb) + ".SH OPTIONS\n" + Options(verb);
    out += ".SH NOTES\n" + Paragraphs(verb.footer);
  } else {
    for (const VerbDescription& each : verb.verbs)
      out += Synopsis(each) + (&each == &verb.verbs.back() ? "" : ".br\n");
    out += ".SH VERBS\n";
    for (const VerbDescription& each : verb.verbs) {
      out += fmt::format(".SS {}\n{}.\n{}.PP\n{}", Escaped(CallOf(each)),
                         Escaped(each.text), Options(each),
                         Paragraphs(each.footer));
    }
  }
  return out + ".SH SEE ALSO\n.BR cauce (1)\n";
}

}  // namespace

std::vector<ManPage> ManPages(const VerbDescription& program,
                              const ManEdition& edition) {
  std::vector<ManPage> pages = {
      {NameOf(program), ProgramPage(program, edition)}};
  for (const VerbDescription& verb : program.verbs)
    pages.push_back({NameOf(verb), VerbPage(verb, edition)});
  return pages;
}

}  // namespace cauce::cli
