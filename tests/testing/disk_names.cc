#include "tests/testing/disk_names.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "engine/base/check.h"

namespace cauce::test {
namespace {

// Splits a path at its last '/'.
std::pair<std::string_view, std::string_view> SplitLast(std::string_view path) {
  const size_t slash = path.rfind('/');
  CAUCE_CHECK(slash != std::string_view::npos);
  return {path.substr(0, slash), path.substr(slash + 1)};
}

void ForEachFile(DiskNode& directory,
                 const std::function<void(DiskNode&)>& take) {
  for (const auto& [name, node] : directory.seen) {
    if (node->is_directory) {
      ForEachFile(*node, take);
    } else {
      take(*node);
    }
  }
}

void ForgetUnsynced(DiskNode& directory) {
  directory.seen = directory.on_disk;
  for (const auto& [name, node] : directory.seen) {
    if (node->is_directory) ForgetUnsynced(*node);
  }
}

// Copies nodes, each once, by whatever ways they are reached.
class Copier {
 public:
  std::shared_ptr<DiskNode> Copy(const std::shared_ptr<DiskNode>& from) {
    if (from == nullptr) return nullptr;
    std::shared_ptr<DiskNode>& to = copies_[from.get()];
    if (to != nullptr) return to;
    to = std::make_shared<DiskNode>();
    const std::shared_ptr<DiskNode> made = to;
    made->is_directory = from->is_directory;
    made->bytes = from->bytes;
    for (const auto& [name, node] : from->seen) made->seen[name] = Copy(node);
    for (const auto& [name, node] : from->on_disk) {
      made->on_disk[name] = Copy(node);
    }
    return made;
  }

 private:
  std::map<const DiskNode*, std::shared_ptr<DiskNode>> copies_;
};

}  // namespace

DiskNames::DiskNames() : root_(std::make_shared<DiskNode>()) {
  root_->is_directory = true;
}

DiskNames::DiskNames(const DiskNames& from) {
  Copier copier;
  root_ = copier.Copy(from.root_);
  for (const Change& change : from.pending_) {
    Change& copy = pending_.emplace_back();
    for (const Binding& each : change) {
      copy.push_back(
          {copier.Copy(each.directory), each.name, copier.Copy(each.node)});
    }
  }
}

std::shared_ptr<DiskNode> DiskNames::Find(std::string_view path) const {
  std::shared_ptr<DiskNode> at = root_;
  while (!path.empty()) {
    CAUCE_CHECK(path.front() == '/');
    path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size());
    if (name.empty()) continue;  // the root itself
    const auto found = at->seen.find(name);
    if (found == at->seen.end()) return nullptr;
    at = found->second;
  }
  return at;
}

std::shared_ptr<DiskNode> DiskNames::Make(std::string_view path,
                                          bool is_directory) {
  auto node = std::make_shared<DiskNode>();
  node->is_directory = is_directory;
  pending_.push_back({Bind(path, node)});
  return node;
}

void DiskNames::Rename(std::string_view from, std::string_view to) {
  const std::shared_ptr<DiskNode> node = Find(from);
  CAUCE_CHECK(node != nullptr);
  Binding gone = Bind(from, nullptr);
  pending_.push_back({std::move(gone), Bind(to, node)});
}

void DiskNames::Remove(std::string_view path) {
  pending_.push_back({Bind(path, nullptr)});
}

void DiskNames::Sync(std::string_view directory) {
  const std::shared_ptr<DiskNode> synced = Find(directory);
  std::erase_if(pending_, [&](const Change& change) {
    const bool here = std::ranges::any_of(
        change, [&](const Binding& each) { return each.directory == synced; });
    if (here) Apply(change);
    return here;
  });
}

void DiskNames::SyncAll() {
  for (const Change& change : pending_) Apply(change);
  pending_.clear();
  ForEachFile(*root_, [](DiskNode& file) { file.bytes.Sync(); });
}

void DiskNames::FailSyncAll(Choices& choices) {
  ForEachFile(*root_, [&](DiskNode& file) {
    if (file.bytes.unsynced() > 0) file.owes_error = true;
    file.bytes.FailSync(choices);
  });
}

Fates DiskNames::Lose(Choices& choices) {
  Fates fates;
  for (const Change& change : pending_) {
    if (choices.Pick(2) == 1) {
      Apply(change);
      ++fates.names_kept;
    } else {
      ++fates.names_dropped;
    }
  }
  pending_.clear();
  ForgetUnsynced(*root_);
  ForEachFile(*root_,
              [&](DiskNode& file) { fates += file.bytes.Lose(choices); });
  return fates;
}

int64_t DiskNames::unsynced() const {
  int64_t count = static_cast<int64_t>(pending_.size());
  ForEachFile(*root_, [&](DiskNode& file) { count += file.bytes.unsynced(); });
  return count;
}

DiskNames::Binding DiskNames::Bind(std::string_view path,
                                   std::shared_ptr<DiskNode> node) {
  const auto [parent, name] = SplitLast(path);
  std::shared_ptr<DiskNode> directory = Find(parent);
  CAUCE_CHECK(directory != nullptr);
  if (node != nullptr) {
    directory->seen.insert_or_assign(std::string(name), node);
  } else {
    directory->seen.erase(directory->seen.find(name));
  }
  return {std::move(directory), std::string(name), std::move(node)};
}

void DiskNames::Apply(const Change& change) {
  for (const Binding& each : change) {
    if (each.node != nullptr) {
      each.directory->on_disk.insert_or_assign(each.name, each.node);
    } else {
      each.directory->on_disk.erase(each.name);
    }
  }
}

}  // namespace cauce::test
