// Every option that the library's structs have, as help and documentation show
// it: its field, Kafka's name where Kafka has one, its default, the values it
// takes, and what it means.
//
// The tables (engine/client) take each default from the struct itself. Those of
// a topic are in cauce/topic_config.h. Pure functions: any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cauce {

struct OptionKey {
  std::string_view field;       // "linger"
  std::string_view kafka_name;  // "linger.ms"; empty where Kafka has none
  // "boolean", "int", "long", "duration", "string", "list"; "options" and
  // "configs", which have rows of their own; or "seam", which is an object of
  // the program's own.
  std::string_view type;
  // Durations with their unit, as in "5ms"; empty for none.
  std::string default_text;
  std::string_view valid;  // as in "at least 0"
  std::string_view doc;
};

// In the order of the fields, all of them.
std::vector<OptionKey> EngineOptionKeys();
std::vector<OptionKey> ClientOptionKeys();
std::vector<OptionKey> ProducerOptionKeys();
std::vector<OptionKey> ConsumerOptionKeys();
std::vector<OptionKey> CursorOptionKeys();
std::vector<OptionKey> StoresOptionKeys();
std::vector<OptionKey> RocksDbOptionKeys();
std::vector<OptionKey> StoreOptionKeys();
std::vector<OptionKey> WindowOptionKeys();
std::vector<OptionKey> BackupOptionKeys();
std::vector<OptionKey> RestoreOptionKeys();

}  // namespace cauce
