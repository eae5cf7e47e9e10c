#include "tests/tidy/build_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/tidy/layers.h"

namespace cauce::tidy {
namespace {

bool IsCcRule(const BuildRule& rule) { return rule.kind.starts_with("cc_"); }

template <typename Visit>
void ForEachCcRule(const Tree& tree, Visit visit) {
  for (const BuildFile& file : tree.builds) {
    for (const BuildRule& rule : file.rules) {
      if (IsCcRule(rule)) visit(file, rule);
    }
  }
}

std::vector<std::string> PathsOf(const BuildFile& file,
                                 const std::vector<std::string>& labels) {
  std::vector<std::string> paths;
  paths.reserve(labels.size());
  for (const std::string& label : labels)
    paths.push_back(PathOfLabel(file.package, label));
  return paths;
}

// The libraries whose hdrs name each header.
std::map<std::string, std::set<std::string>> OwnersOf(const Tree& tree) {
  std::map<std::string, std::set<std::string>> owners;
  ForEachCcRule(tree, [&](const BuildFile& file, const BuildRule& rule) {
    for (const std::string& path : PathsOf(file, rule.hdrs))
      owners[path].insert(AbsoluteLabel(file.package, rule.name));
  });
  return owners;
}

std::map<std::string_view, const Source*> SourcesByPath(const Tree& tree) {
  std::map<std::string_view, const Source*> by_path;
  for (const Source& source : tree.sources) by_path[source.path] = &source;
  return by_path;
}

// Buildifier's order: by the kind of label, then package by package, then the
// target's name.
std::tuple<int, std::string> SortKey(std::string label) {
  const int phase = label.starts_with("@")    ? 2
                    : label.starts_with("//") ? 1
                                              : 0;
  std::ranges::replace(label, ':', '\1');
  return {phase, label};
}

// Everything a rule may include: its own files and its deps' headers.
class Reach {
 public:
  Reach(const BuildFile& file, const BuildRule& rule) {
    for (const std::string& path : PathsOf(file, rule.srcs)) own_.insert(path);
    for (const std::string& path : PathsOf(file, rule.hdrs)) own_.insert(path);
    for (const std::string& dep : rule.deps)
      deps_.insert(AbsoluteLabel(file.package, dep));
  }

  bool Covers(const std::string& header,
              const std::set<std::string>& owners) const {
    return own_.contains(header) ||
           std::ranges::any_of(owners, [this](const std::string& owner) {
             return deps_.contains(owner);
           });
  }

  const std::set<std::string>& own() const { return own_; }

 private:
  std::set<std::string> own_;
  std::set<std::string> deps_;
};

}  // namespace

std::vector<Finding> CheckEverythingIsBuilt(const Tree& tree) {
  std::set<std::string> built;
  ForEachCcRule(tree, [&](const BuildFile& file, const BuildRule& rule) {
    const Reach reach(file, rule);
    built.insert(reach.own().begin(), reach.own().end());
  });
  std::vector<Finding> findings;
  for (const Source& source : tree.sources) {
    if (!built.contains(source.path))
      findings.push_back({"built", source.path, 0, "no cc_ rule names it"});
  }
  return findings;
}

std::vector<Finding> CheckDepsAreComplete(const Tree& tree) {
  const auto owners = OwnersOf(tree);
  const auto sources = SourcesByPath(tree);
  std::set<std::pair<std::string, std::string>> told;  // target, missing dep
  std::vector<Finding> findings;
  ForEachCcRule(tree, [&](const BuildFile& file, const BuildRule& rule) {
    const Reach reach(file, rule);
    const std::string target = AbsoluteLabel(file.package, rule.name);
    for (const std::string& path : reach.own()) {
      const auto source = sources.find(path);
      if (source == sources.end()) continue;
      for (const Include& include : source->second->includes) {
        const std::string header = PathOfInclude(include.path);
        const auto owner = owners.find(header);
        if (owner == owners.end() || reach.Covers(header, owner->second))
          continue;
        const std::string& missing = *owner->second.begin();
        if (!told.insert({target, missing}).second) continue;
        findings.push_back({"deps-complete", file.path, rule.line,
                            fmt::format("{} includes {} and lacks {}", target,
                                        include.path, missing)});
      }
    }
  });
  return findings;
}

std::vector<Finding> CheckDepsAreSorted(const Tree& tree) {
  std::vector<Finding> findings;
  ForEachCcRule(tree, [&](const BuildFile& file, const BuildRule& rule) {
    if (!rule.plain_deps) return;
    std::vector<std::string> sorted = rule.deps;
    std::ranges::sort(sorted, {}, SortKey);
    if (sorted != rule.deps) {
      findings.push_back(
          {"deps-sorted", file.path, rule.line,
           fmt::format("{} wants {}", rule.name, fmt::join(sorted, " "))});
    }
  });
  return findings;
}

std::vector<Finding> CheckSlowTestsAreManual(const Tree& tree) {
  std::vector<Finding> findings;
  ForEachCcRule(tree, [&](const BuildFile& file, const BuildRule& rule) {
    const auto has = [&rule](std::string_view tag) {
      return std::ranges::find(rule.tags, tag) != rule.tags.end();
    };
    if ((has("long") || has("interop")) && !has("manual")) {
      findings.push_back({"manual", file.path, rule.line,
                          fmt::format("{} is tagged long or interop and not "
                                      "manual",
                                      rule.name)});
    }
  });
  return findings;
}

std::vector<Finding> CheckEverySourceHasItsTest(const Tree& tree) {
  const std::set<std::string> files(tree.files.begin(), tree.files.end());
  std::vector<Finding> findings;
  for (const Source& source : tree.sources) {
    const bool library = IsIn(source.path, "engine") ||
                         IsIn(source.path, "net") ||
                         IsIn(source.path, "replication");
    if (!library || !source.path.ends_with(".cc")) continue;
    const std::string stem = source.path.substr(0, source.path.size() - 3);
    const std::string test = fmt::format("tests/{}_test.cc", stem);
    if (!files.contains(test))
      findings.push_back({"has-test", source.path, 0, test + " is missing"});
  }
  return findings;
}

}  // namespace cauce::tidy
