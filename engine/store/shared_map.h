// An ordered map in memory of which any number of views share what is alike.
//
// A treap whose nodes do not change once a view has them: a change makes new
// ones on the path to its key, and leaves the rest to both. So a view costs a
// pointer, whoever reads one waits for nobody, and what no view has any more
// goes by itself. A map is for one thread at a time, views are for all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/state_store.h"

namespace cauce {

class SharedMap {
 private:
  struct Node;
  using Link = std::shared_ptr<Node>;

 public:
  class View;
  class Walk;

  SharedMap() = default;
  // Begins with what the view has, which stays as it is.
  explicit SharedMap(const View& base);

  void Put(std::string_view key, std::string_view value);
  void Erase(std::string_view key);
  void Erase(const KeyRange& range);

  View Share() const;

 private:
  // Whose keys are below `key`, and whose are not.
  struct Halves {
    Link below;
    Link rest;
  };

  Link Own(Link node) const;
  Link Put(Link at, Link entry);
  Link Erase(Link at, std::string_view key);
  Link Join(Link below, Link above);
  Halves Split(Link at, std::string_view key);

  Link root_;
  // Nodes that carry this number are in no view yet, and may be changed.
  uint64_t edit_ = 1;
};

// What the map held at one moment.
class SharedMap::View {
 public:
  View() = default;

  // Null where the key has no value; lives as long as the view.
  const std::string* Find(std::string_view key) const;
  int64_t keys() const;
  // An estimate of what it takes, with what it shares with others.
  int64_t bytes() const;

 private:
  friend class SharedMap;
  friend class Walk;

  Link root_;
  uint64_t edit_ = 0;
};

// Goes over the keys of a range, in one direction.
class SharedMap::Walk {
 public:
  Walk(View view, const KeyRange& range, KeyOrder order);

  bool Valid() const { return !path_.empty(); }
  void Next();
  std::string_view key() const;
  std::string_view value() const;

 private:
  void Descend(const Node* at);
  bool IsBefore(const Node& node) const;
  void EndAtBound();

  const View view_;
  const std::string from_;
  const std::optional<std::string> to_;
  const KeyOrder order_;
  // From the root to the key, those alone whose turn is still to come.
  std::vector<const Node*> path_;
};

}  // namespace cauce
