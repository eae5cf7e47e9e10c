#include <string_view>
#include <vector>

#include "cauce/option_keys.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "engine/client/option_row.h"

namespace cauce {

std::vector<OptionKey> StoresOptionKeys() {
  const StoresOptions o;
  return {
      Key("directory", "", o.directory, "a path",
          "Where the tables lie; where it is empty, cauce.stores in the "
          "directory of the log"),
      Key("application", "application.id", o.application,
          "a topic's characters",
          "What the names of changelogs begin with; empty for nothing"),
      {"rocksdb", "", "options", "", "as of RocksDB",
       "The options of RocksDB, where no backend is given"},
      Key("backend", "", o.backend, "a StateBackend",
          "What keeps the tables; null is RocksDB, or memory where the log is "
          "in memory"),
      Key("progress", "", o.progress, "a function",
          "Told how far a table is while it is made from its changelog; null "
          "for nobody"),
      Key("read_only_bytes_max", "", o.read_only_bytes_max, "at least 0",
          "Bytes of memory for what the table lacks of a store that is open "
          "for reading only")};
}

std::vector<OptionKey> RocksDbOptionKeys() {
  const RocksDbOptions o;
  return {
      Key("memory_max", "", o.memory_max, "at least 1048576",
          "Bytes of memory of all tables together"),
      Key("load_bytes_max", "", o.load_bytes_max, "at least 65536",
          "Bytes of memory besides, while a table is made from its changelog"),
      Key("threads", "", o.threads, "1 to 16",
          "Threads of RocksDB's own, from the first table that is opened to "
          "the last that is closed"),
      Key("open_files_max", "", o.open_files_max, "at least 16, or -1",
          "Files that each table keeps open; -1 for all"),
      Key("file_system", "", o.file_system, "a FileSystem",
          "Where files are; null is the system's, or the log's within "
          "StoresOptions")};
}

std::vector<OptionKey> StoreOptionKeys() {
  const StoreOptions o;
  return {
      Key("partition", "", o.partition, "at least 0",
          "Which partition of the changelog: a store of its own"),
      Key("ack", "", o.ack, "durable or written",
          "When a change is acknowledged: once it is durable as cauce.flush "
          "says, or once it is written"),
      Key("partitions", "", o.partitions, "1 to 100000",
          "Partitions of a changelog that is made"),
      {"configs", "", "configs", "", "configs of a topic",
       "Of a changelog that is made, besides those that its kind asks for"}};
}

std::vector<OptionKey> WindowOptionKeys() {
  const WindowOptions o;
  return {
      {"store", "", "options", "", "as of a store", "The store's own options"},
      Key("retention", "", o.retention, "above 0",
          "How long rows of windows and sessions are kept, by the largest time "
          "that was put; where it is not set, as the changelog says"),
      Key("retain_duplicates", "", o.retain_duplicates, "true or false",
          "Whether a window keeps several values of a key and start")};
}

}  // namespace cauce
