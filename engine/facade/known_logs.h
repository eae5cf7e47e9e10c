// What is known of logs that are closed: from the manifest, as a clean stop has
// left it, and of those that were let go since.
//
// What it says of a log that is open, or was not closed in order, nobody asks
// for; what follows such a one forgets it. Not thread-safe: the engine locks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <utility>

#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"

namespace cauce {

class KnownLogs {
 public:
  // As the last close has left them.
  void Begin(Manifest manifest) { manifest_ = std::move(manifest); }

  // Nothing where nothing is known, or what is known is damaged.
  std::optional<KnownLog> Find(const TopicPartition& partition) const;

  void Set(const TopicPartition& partition, const KnownLog& log);
  void Forget(const TopicPartition& partition);
  void Forget(const std::string& topic);

  // Adds the parts of all that is known to `rows`, as views that live until the
  // next change.
  void AddTo(ManifestRows& rows) const;

 private:
  Manifest manifest_;
  // Of what was closed since, and an empty part of what is not known any more.
  std::map<TopicPartition, std::string> newer_;
};

}  // namespace cauce
