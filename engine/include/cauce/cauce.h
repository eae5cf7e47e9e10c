// The C API: a durable log in Kafka's format for C, and by way of C for every
// other language.
//
// What can fail returns a reason, CAUCE_OK where it did what it says; through
// `error`, where that is not null, comes an object with the whole message,
// which the caller frees. It is null where nothing failed. There is no hidden
// state between calls: errors belong to whom they were given.
//
// Strings that come in end with a NUL; bytes are a pointer and a length, and a
// null pointer is Kafka's null, which is not the same as no bytes. What comes
// in is copied unless a function says otherwise. What comes out is the
// library's, for as long as its function says.
//
// Thread safety stands at each handle. What a callback may call stands at its
// type. Handles that are null, freed or of another kind are answered with
// CAUCE_MISUSE and change nothing: of freed ones that is the best effort, as
// their memory may be somebody else's by then. No exception comes out.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define CAUCE_API __attribute__((visibility("default")))
#else
#define CAUCE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

// ---- Versions. What a program was compiled with is in the macros, what it
// runs with in the functions: of one major version functions and structs only
// grow.

#define CAUCE_VERSION_MAJOR 0
#define CAUCE_VERSION_MINOR 1
#define CAUCE_VERSION_PATCH 0
#define CAUCE_VERSION \
  (CAUCE_VERSION_MAJOR * 10000 + CAUCE_VERSION_MINOR * 100 + \
   CAUCE_VERSION_PATCH)

// As in "0.1.0". Lives for ever.
CAUCE_API const char *cauce_version(void);
// As CAUCE_VERSION.
CAUCE_API int32_t cauce_version_number(void);

// ---- Errors.

// What happened. The numbers stay; new ones may come, so take one that is not
// known for an error all the same.
typedef int32_t cauce_reason_t;
enum {
  CAUCE_OK = 0,
  CAUCE_OTHER = 1,          // none of those below: the message says what
  CAUCE_OUT_OF_MEMORY = 2,  // nothing was done, or not all of it
  CAUCE_MISUSE = 3,         // the call itself is wrong: nothing was done

  // Out of range: look again at what exists.
  CAUCE_OFFSET_OUT_OF_RANGE = 10,

  // Not found, already there.
  CAUCE_UNKNOWN_TOPIC = 20,
  CAUCE_UNKNOWN_PARTITION = 21,
  CAUCE_TOPIC_EXISTS = 22,

  // The caller's input: correct it.
  CAUCE_INVALID_TOPIC_NAME = 30,
  CAUCE_INVALID_PARTITIONS = 31,
  CAUCE_INVALID_CONFIG = 32,
  CAUCE_INVALID_OPTION = 33,
  CAUCE_INVALID_RECORD = 34,
  CAUCE_INVALID_TIMESTAMP = 35,
  CAUCE_BATCH_TOO_LARGE = 36,
  CAUCE_UNSUPPORTED_FORMAT = 37,
  CAUCE_UNSUPPORTED_CODEC = 38,

  // Bytes that cannot be right: repair, or read from elsewhere.
  CAUCE_CORRUPT_BATCH = 50,
  CAUCE_CORRUPT_FILE = 51,

  // Of producers and their transactions.
  CAUCE_FENCED_EPOCH = 60,
  CAUCE_OUT_OF_ORDER_SEQUENCE_NUMBER = 61,
  CAUCE_INVALID_PRODUCER_EPOCH = 62,
  CAUCE_TRANSACTION_COORDINATOR_FENCED = 63,
  CAUCE_INVALID_TXN_STATE = 64,
  CAUCE_TOO_MANY_PRODUCERS = 65,
  CAUCE_PRODUCER_FENCED = 66,
  CAUCE_INVALID_PRODUCER_ID_MAPPING = 67,
  CAUCE_CONCURRENT_TRANSACTIONS = 68,
  CAUCE_INVALID_TRANSACTION_TIMEOUT = 69,
  CAUCE_TRANSACTION_ABORTABLE = 70,

  // Of consumer groups.
  CAUCE_UNKNOWN_MEMBER_ID = 80,
  CAUCE_ILLEGAL_GENERATION = 81,
  CAUCE_REBALANCE_IN_PROGRESS = 82,
  CAUCE_MEMBER_ID_REQUIRED = 83,
  CAUCE_FENCED_INSTANCE_ID = 84,
  CAUCE_INCONSISTENT_GROUP_PROTOCOL = 85,
  CAUCE_INVALID_SESSION_TIMEOUT = 86,
  CAUCE_GROUP_MAX_SIZE_REACHED = 87,
  CAUCE_NON_EMPTY_GROUP = 88,
  CAUCE_GROUP_ID_NOT_FOUND = 89,
  CAUCE_INVALID_GROUP_ID = 90,
  CAUCE_GROUP_SUBSCRIBED_TO_TOPIC = 91,
  CAUCE_OFFSET_METADATA_TOO_LARGE = 92,
  CAUCE_UNSTABLE_OFFSET_COMMIT = 93,
  CAUCE_COORDINATOR_LOAD_IN_PROGRESS = 94,
  CAUCE_COORDINATOR_NOT_AVAILABLE = 95,
  CAUCE_NOT_COORDINATOR = 96,

  // Of the log and its directory.
  CAUCE_READ_ONLY = 110,
  CAUCE_CLOSED = 111,
  CAUCE_TIMED_OUT = 112,
  CAUCE_WOKEN_UP = 113,
  CAUCE_LOCKED = 114,
  CAUCE_TRUNCATED = 115,

  // The disk. CAUCE_DISK_FULL may be tried again once there is room.
  CAUCE_DISK_FULL = 120,
  CAUCE_DISK_FAILED = 121
};

// As in "OFFSET_OUT_OF_RANGE"; "UNKNOWN" for a number that is none. Lives for
// ever. Any thread, any callback.
CAUCE_API const char *cauce_reason_name(cauce_reason_t reason);

// What to do about it.
typedef int32_t cauce_action_t;
enum {
  CAUCE_ACTION_NONE = 0,     // nothing is wrong
  CAUCE_ACTION_RETRY = 1,    // the same call may do it later
  CAUCE_ACTION_GIVE_UP = 2,  // the same call will fail again: change something
  CAUCE_ACTION_REPAIR = 3    // stored bytes are damaged, or cannot be stored
};

// What failed. A plain value: any thread, one at a time; any callback. Those
// that are given to callbacks are the library's, and end with the callback.
typedef struct cauce_error cauce_error_t;

CAUCE_API cauce_reason_t cauce_error_reason(const cauce_error_t *error);
CAUCE_API cauce_action_t cauce_error_action(const cauce_error_t *error);
// For people: names the thing, both values and what to do. As long as `error`.
CAUCE_API const char *cauce_error_message(const cauce_error_t *error);
// Null is nothing to do, here and in all that free.
CAUCE_API void cauce_error_free(cauce_error_t *error);

// ---- Values.
//
// Structs that may grow begin with their size as the caller knows it, which the
// _INIT macros fill in. A caller that is older than the library leaves out the
// newest fields; one that is newer must leave those at zero that the library
// does not know, or is answered CAUCE_MISUSE. In an array all are of the first
// one's size. Lists that come out are of pointers for the same reason.

// A name and its value: a config of a topic by Kafka's name, or an option.
//
// Options are set by name rather than by fields of a struct, so that none of
// them is part of the binary interface, that what is set by a file or another
// language needs no code, and that there is one list of them: engine/CONFIG.md,
// or cauce_options_describe. Either name does, {"linger", "5ms"} as well as
// Kafka's {"linger.ms", "5"}; a wrong one is CAUCE_INVALID_OPTION with the
// nearest right one.
typedef struct cauce_config {
  const char *name;
  const char *value;  // null only where a config goes back to its default
} cauce_config_t;

// A named value beside a record; a null value is Kafka's null.
typedef struct cauce_header {
  const char *key;
  size_t key_size;
  const void *value;
  size_t value_size;
} cauce_header_t;

// Milliseconds, as of all times here; negative for none.
#define CAUCE_NO_TIMESTAMP ((int64_t)-1)
// A time-out that never passes.
#define CAUCE_FOREVER ((int64_t)-1)
// To a partition that the producer chooses.
#define CAUCE_ANY_PARTITION ((int32_t)-1)

// A record, to be written or as it was read.
typedef struct cauce_record {
  size_t struct_size;
  const char *topic;      // a producer's, or where it was read
  int32_t partition;      // the same
  int32_t is_append_time; // of those read: whether the log gave the timestamp
  int64_t offset;         // of those read
  int64_t timestamp;      // since 1970; none: when it is written
  const void *key;        // null: none
  size_t key_size;
  const void *value;      // null: a tombstone
  size_t value_size;
  const cauce_header_t *headers;
  size_t header_count;
} cauce_record_t;

#define CAUCE_RECORD_INIT                                                \
  {                                                                      \
    sizeof(cauce_record_t), NULL, CAUCE_ANY_PARTITION, 0, -1,            \
        CAUCE_NO_TIMESTAMP, NULL, 0, NULL, 0, NULL, 0                    \
  }

// Where a record lies by now.
typedef struct cauce_delivery {
  size_t struct_size;
  int32_t partition;
  int32_t reserved;
  int64_t offset;       // of the record, or of the first of those appended
  int64_t next_offset;  // behind the last of them
  int64_t timestamp;    // that it was stored with; none of CAUCE_NO_TIMESTAMP
} cauce_delivery_t;

#define CAUCE_DELIVERY_INIT \
  { sizeof(cauce_delivery_t), -1, 0, -1, -1, CAUCE_NO_TIMESTAMP }

// Offsets that a place may have in cauce_offsets_list.
#define CAUCE_AT_END ((int64_t)-1)         // behind what readers see
#define CAUCE_AT_START ((int64_t)-2)       // the first that is there
#define CAUCE_AT_STABLE_END ((int64_t)-3)  // behind what is committed
#define CAUCE_AT_TIME ((int64_t)-4)        // of `timestamp`, or later

// A partition of a topic by its name, a point in it, and in answers what is to
// be said of it. What an answer does not tell is as in CAUCE_PLACE_INIT.
typedef struct cauce_place {
  size_t struct_size;
  const char *topic;
  int32_t partition;
  int32_t leader_epoch;
  int64_t offset;
  int64_t timestamp;
  const char *metadata;  // what is noted beside a committed offset; null: none
  // Which topic of that name: all zero for the one that is there.
  uint8_t topic_id[16];
  // Of answers alone: where the log begins and ends, how much there is to read,
  // and why nothing could be said or done.
  int64_t log_start;
  int64_t log_end;
  int64_t lag;
  cauce_reason_t reason;
  int32_t reserved;
  const char *message;  // null where `reason` is CAUCE_OK
} cauce_place_t;

#define CAUCE_PLACE_INIT                                                 \
  {                                                                      \
    sizeof(cauce_place_t), NULL, 0, -1, -1, CAUCE_NO_TIMESTAMP, NULL,    \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, -1, -1, -1, 0, \
        0, NULL                                                          \
  }

typedef struct cauce_places {
  size_t count;
  const cauce_place_t *const *items;
} cauce_places_t;
CAUCE_API cauce_reason_t cauce_places_free(cauce_places_t *places);

// When an append returns.
typedef int32_t cauce_ack_t;
enum {
  CAUCE_ACK_WRITTEN = 0,  // Kafka's acks=1: survives the process
  CAUCE_ACK_DURABLE = 1   // acks=all: survives a power loss, by cauce.flush
};

typedef int32_t cauce_isolation_t;
enum { CAUCE_READ_UNCOMMITTED = 0, CAUCE_READ_COMMITTED = 1 };

// What a search by time does about records that cannot be read.
typedef int32_t cauce_on_damage_t;
enum { CAUCE_STOP_AT_DAMAGE = 0, CAUCE_SKIP_DAMAGE = 1 };

// A setting with what is known of it.
typedef struct cauce_setting {
  const char *name;
  const char *kafka_name;  // empty where Kafka has none
  const char *type;        // as in "duration"
  const char *value;       // of options: the default
  const char *valid;       // as in "at least 0"
  const char *doc;
  int32_t is_default;
} cauce_setting_t;

typedef struct cauce_settings {
  size_t count;
  const cauce_setting_t *const *items;
} cauce_settings_t;
CAUCE_API cauce_reason_t cauce_settings_free(cauce_settings_t *settings);

typedef int32_t cauce_options_t;
enum {
  CAUCE_CLIENT_OPTIONS = 0,  // the engine's too
  CAUCE_PRODUCER_OPTIONS = 1,
  CAUCE_CONSUMER_OPTIONS = 2,
  CAUCE_CURSOR_OPTIONS = 3,
  CAUCE_STORES_OPTIONS = 4,
  CAUCE_STORE_OPTIONS = 5,  // of windows and sessions too
  CAUCE_BACKUP_OPTIONS = 6,
  CAUCE_RESTORE_OPTIONS = 7
};
// Every option that there is of a kind. Free it with cauce_settings_free.
CAUCE_API cauce_reason_t cauce_options_describe(cauce_options_t kind,
                                                cauce_settings_t **settings,
                                                cauce_error_t **error);

// ---- Clients: a log that is open.

// Thread-safe, but for its free. What it has handed out may be freed before or
// after it.
typedef struct cauce_client cauce_client_t;

typedef int32_t cauce_severity_t;
enum { CAUCE_INFO = 0, CAUCE_WARNING = 1, CAUCE_ERROR = 2 };
// Gets the library's few log lines, without a newline. From any thread, the
// client's own too, several at once, and until the client and all it has handed
// out are freed. May call nothing here but what looks at errors and versions:
// all else answers CAUCE_MISUSE.
typedef void (*cauce_event_callback_t)(void *user, cauce_severity_t severity,
                                       const char *line);

// Opens "dir:PATH", or "memory:", which lives as long as the client and what it
// hands out. Options are those of CAUCE_CLIENT_OPTIONS; "threads" says how many
// the library starts for what runs in the background (2 by default; with 0 all
// is done in the callers' calls and in cauce_client_upkeep). State stores have
// threads of their own: cauce_stores_open. `on_event` may be null. CAUCE_LOCKED
// where it is open elsewhere.
CAUCE_API cauce_reason_t cauce_client_open(
    const char *name, const cauce_config_t *options, size_t option_count,
    cauce_event_callback_t on_event, void *user, cauce_client_t **client,
    cauce_error_t **error);
// Makes all durable and lets go of the directory; what was handed out answers
// CAUCE_CLOSED from then on. Close producers and consumers first. Not in a
// callback. May be called again.
CAUCE_API cauce_reason_t cauce_client_close(cauce_client_t *client,
                                            cauce_error_t **error);
// Closes it where nobody has; its errors go to `on_event` then. Not in a
// callback. Waits for nothing that other handles do.
CAUCE_API cauce_reason_t cauce_client_free(cauce_client_t *client);
// Does what is due, for so long at most: with "threads" = 0 call it now and
// then.
CAUCE_API cauce_reason_t cauce_client_upkeep(cauce_client_t *client,
                                             int64_t time_max_ms,
                                             cauce_error_t **error);

// What compaction has done since the client was opened, and what it is at.
typedef struct cauce_compaction {
  int64_t passes;
  int64_t bytes_read;
  int64_t bytes_written;
  int64_t records_read;
  int64_t records_removed;
  int64_t bytes_removed;
  const char *running;  // the partition of a pass that is under way, or null
  double progress;      // of that pass, 0 to 1
  int64_t waiting;      // partitions that wait for a pass
  int64_t failures;
  const char *last_failure;
} cauce_compaction_t;
// Free it with cauce_compaction_free.
CAUCE_API cauce_reason_t cauce_client_compaction(
    cauce_client_t *client, cauce_compaction_t **compaction,
    cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_compaction_free(cauce_compaction_t *compaction);

// ---- Topics.

typedef struct cauce_topic {
  const char *name;
  uint8_t id[16];
  int32_t partitions;
  int32_t is_imported;  // a broker's, which nobody has configured here
  int32_t is_internal;  // of groups or transactions
  // Those that were set; cauce_topic_configs tells of all.
  const cauce_config_t *configs;
  size_t config_count;
} cauce_topic_t;

typedef struct cauce_topics {
  size_t count;
  const cauce_topic_t *const *items;
} cauce_topics_t;
CAUCE_API cauce_reason_t cauce_topics_free(cauce_topics_t *topics);

// CAUCE_TOPIC_EXISTS, CAUCE_INVALID_CONFIG naming every bad one. Durable on
// return, as all that changes topics.
CAUCE_API cauce_reason_t cauce_topic_create(
    cauce_client_t *client, const char *topic, int32_t partitions,
    const cauce_config_t *configs, size_t config_count, cauce_error_t **error);
// All, by name. Free it with cauce_topics_free.
CAUCE_API cauce_reason_t cauce_topics_list(cauce_client_t *client,
                                           cauce_topics_t **topics,
                                           cauce_error_t **error);
// A list of one.
CAUCE_API cauce_reason_t cauce_topic_describe(cauce_client_t *client,
                                              const char *topic,
                                              cauce_topics_t **topics,
                                              cauce_error_t **error);
// Every config with its value, set or by default. Free it with
// cauce_settings_free.
CAUCE_API cauce_reason_t cauce_topic_configs(cauce_client_t *client,
                                             const char *topic,
                                             cauce_settings_t **settings,
                                             cauce_error_t **error);
// All changes or none; a null value takes a config back to its default.
CAUCE_API cauce_reason_t cauce_topic_alter(cauce_client_t *client,
                                           const char *topic,
                                           const cauce_config_t *changes,
                                           size_t change_count,
                                           cauce_error_t **error);
// To so many partitions.
CAUCE_API cauce_reason_t cauce_topic_grow(cauce_client_t *client,
                                          const char *topic,
                                          int32_t partitions,
                                          cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_topic_delete(cauce_client_t *client,
                                            const char *topic,
                                            cauce_error_t **error);

// Forgets the records below the offset of each, or all there are for
// CAUCE_AT_END; answers where each begins then, or its reason. One's error is
// no other's, nor the call's. Free it with cauce_places_free.
CAUCE_API cauce_reason_t cauce_records_delete(cauce_client_t *client,
                                              const cauce_place_t *before,
                                              size_t count,
                                              cauce_places_t **answers,
                                              cauce_error_t **error);
// `offset` says which of each: CAUCE_AT_START, _END, _STABLE_END, or _TIME with
// `timestamp`, for which -1 answers that no record has it. As above.
CAUCE_API cauce_reason_t cauce_offsets_list(cauce_client_t *client,
                                            const cauce_place_t *wanted,
                                            size_t count,
                                            cauce_places_t **answers,
                                            cauce_error_t **error);

// ---- Partitions: appending and reading without producers and consumers.

// Thread-safe, but for its free.
typedef struct cauce_partition cauce_partition_t;

CAUCE_API cauce_reason_t cauce_partition_open(cauce_client_t *client,
                                              const char *topic,
                                              int32_t number,
                                              cauce_partition_t **partition,
                                              cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_partition_free(cauce_partition_t *partition);

// Appends all of them as one batch, or none; their topic, partition and offset
// do not count. `delivery` may be null.
CAUCE_API cauce_reason_t cauce_partition_append(
    cauce_partition_t *partition, const cauce_record_t *records, size_t count,
    cauce_ack_t ack, cauce_delivery_t *delivery, cauce_error_t **error);

// Told once what became of records: where they lie, or else why not. Both end
// with the call. From any thread, the client's own too, or before the call
// returns that sent them. May send and append without waiting; all that waits,
// closes or frees answers CAUCE_MISUSE.
typedef void (*cauce_delivery_callback_t)(void *user,
                                          const cauce_delivery_t *delivery,
                                          const cauce_error_t *error);
// The same without waiting. Where this itself fails, nobody is told by
// `on_delivery`, which may be null.
CAUCE_API cauce_reason_t cauce_partition_append_async(
    cauce_partition_t *partition, const cauce_record_t *records, size_t count,
    cauce_ack_t ack, cauce_delivery_callback_t on_delivery, void *user,
    cauce_error_t **error);
// Makes all that is written durable.
CAUCE_API cauce_reason_t cauce_partition_flush(cauce_partition_t *partition,
                                               cauce_error_t **error);

typedef struct cauce_partition_info {
  size_t struct_size;
  int64_t log_start;
  int64_t high_watermark;  // the end of what readers see
  int64_t log_end;
  int64_t durable_end;
  int64_t bytes;
  int32_t leader_epoch;
  int32_t reserved;
  // Offsets that were durable and are missed, in front and behind: [base,
  // next), empty where none are.
  int64_t lost_front_base;
  int64_t lost_front_next;
  int64_t lost_back_base;
  int64_t lost_back_next;
} cauce_partition_info_t;

#define CAUCE_PARTITION_INFO_INIT \
  { sizeof(cauce_partition_info_t), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

CAUCE_API cauce_reason_t cauce_partition_info(cauce_partition_t *partition,
                                              cauce_partition_info_t *info,
                                              cauce_error_t **error);
// Up to where readers of what is committed come.
CAUCE_API cauce_reason_t cauce_partition_last_stable_offset(
    cauce_partition_t *partition, int64_t *offset, cauce_error_t **error);
// The first record of that time or a later one; both are -1 where there is
// none. `found_timestamp` may be null.
CAUCE_API cauce_reason_t cauce_partition_find_by_time(
    cauce_partition_t *partition, int64_t timestamp,
    cauce_on_damage_t on_damage, int64_t *offset, int64_t *found_timestamp,
    cauce_error_t **error);
// Waits until readers see more than what lies below and at `offset`; `more` is
// 0 where the time was over first.
CAUCE_API cauce_reason_t cauce_partition_wait_for(
    cauce_partition_t *partition, int64_t offset, int64_t timeout_ms,
    cauce_isolation_t isolation, int32_t *more, cauce_error_t **error);

// Called by whoever moved the partition, under a lock: it must not block, and
// may call nothing here. Look afterwards, or on another thread.
typedef void (*cauce_watch_callback_t)(void *user);
typedef struct cauce_watch cauce_watch_t;
// Tells of every move until it is freed, from any thread; behind
// cauce_watch_free it is called no more. Look once behind this call.
CAUCE_API cauce_reason_t cauce_partition_watch(
    cauce_partition_t *partition, cauce_isolation_t isolation,
    cauce_watch_callback_t on_move, void *user, cauce_watch_t **watch,
    cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_watch_free(cauce_watch_t *watch);

// Removes the records at and above `offset`, of whole batches; `log_end`, which
// may be null, is the new end.
CAUCE_API cauce_reason_t cauce_partition_truncate(cauce_partition_t *partition,
                                                  int64_t offset,
                                                  int64_t *log_end,
                                                  cauce_error_t **error);
// Forgets the records below `offset`.
CAUCE_API cauce_reason_t cauce_partition_delete_before(
    cauce_partition_t *partition, int64_t offset, cauce_error_t **error);
// Compacts it now, in this call.
CAUCE_API cauce_reason_t cauce_partition_compact(cauce_partition_t *partition,
                                                 cauce_error_t **error);

// Reads in the order of offsets. One thread at a time: a second one is answered
// CAUCE_MISUSE where it is seen. Keeps what it needs of its partition.
typedef struct cauce_cursor cauce_cursor_t;

// From an offset on. Options are those of CAUCE_CURSOR_OPTIONS, as
// {"isolation", "read_committed"}.
CAUCE_API cauce_reason_t cauce_cursor_open(cauce_partition_t *partition,
                                           int64_t from,
                                           const cauce_config_t *options,
                                           size_t option_count,
                                           cauce_cursor_t **cursor,
                                           cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_cursor_free(cauce_cursor_t *cursor);
// The next record, until the next call of this cursor; null at the end of what
// is visible now: call again once there is more. After CAUCE_CORRUPT_BATCH and
// its like it stays in front of the damage.
CAUCE_API cauce_reason_t cauce_cursor_next(cauce_cursor_t *cursor,
                                           const cauce_record_t **record,
                                           cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_cursor_position(cauce_cursor_t *cursor,
                                               int64_t *offset,
                                               cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_cursor_seek(cauce_cursor_t *cursor,
                                           int64_t offset,
                                           cauce_error_t **error);
// Goes on behind the damage; `offset`, which may be null, says where.
CAUCE_API cauce_reason_t cauce_cursor_skip_damage(cauce_cursor_t *cursor,
                                                  int64_t *offset,
                                                  cauce_error_t **error);

// ---- Producers.

// Thread-safe, but for its free.
typedef struct cauce_producer cauce_producer_t;

// Options are those of CAUCE_PRODUCER_OPTIONS.
CAUCE_API cauce_reason_t cauce_producer_open(cauce_client_t *client,
                                             const cauce_config_t *options,
                                             size_t option_count,
                                             cauce_producer_t **producer,
                                             cauce_error_t **error);
// Takes the record, and copies it; `on_delivery`, which may be null, learns
// what became of it, unless this itself fails.
CAUCE_API cauce_reason_t cauce_producer_send(
    cauce_producer_t *producer, const cauce_record_t *record,
    cauce_delivery_callback_t on_delivery, void *user, cauce_error_t **error);
// The same, waiting until it is acknowledged. `delivery` may be null.
CAUCE_API cauce_reason_t cauce_producer_send_and_wait(
    cauce_producer_t *producer, const cauce_record_t *record,
    cauce_delivery_t *delivery, cauce_error_t **error);
// Returns once all that was sent before is acknowledged or has failed, of which
// the callbacks were told.
CAUCE_API cauce_reason_t cauce_producer_flush(cauce_producer_t *producer,
                                              int64_t timeout_ms,
                                              cauce_error_t **error);
// Flushes, and takes nothing any more; aborts a transaction that is open.
CAUCE_API cauce_reason_t cauce_producer_close(cauce_producer_t *producer,
                                              int64_t timeout_ms,
                                              cauce_error_t **error);
// Does not wait for what was not acknowledged: close it, or flush, to know. Not
// in a callback.
CAUCE_API cauce_reason_t cauce_producer_free(cauce_producer_t *producer);
// How many partitions the topic has.
CAUCE_API cauce_reason_t cauce_producer_partitions(cauce_producer_t *producer,
                                                   const char *topic,
                                                   int32_t *partitions,
                                                   cauce_error_t **error);
// Which of `partitions` a record of that key goes to, as all of Kafka's clients
// have it; -1 for a null key or no partitions.
CAUCE_API int32_t cauce_partition_for_key(const void *key, size_t key_size,
                                          int32_t partitions);

// Transactions, of a producer with the option "transactional.id". After
// CAUCE_TRANSACTION_ABORTABLE abort, and go on; after CAUCE_PRODUCER_FENCED and
// its like free the producer; after CAUCE_TIMED_OUT call the same again.
CAUCE_API cauce_reason_t cauce_producer_init_transactions(
    cauce_producer_t *producer, cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_producer_begin(cauce_producer_t *producer,
                                              cauce_error_t **error);
// Whose offsets they are: cauce_consumer_group_metadata.
typedef struct cauce_group_metadata {
  const char *group;
  const char *member_id;
  const char *instance;  // or null
  int32_t generation;
} cauce_group_metadata_t;
// Where the group is once the transaction is committed.
CAUCE_API cauce_reason_t cauce_producer_send_offsets(
    cauce_producer_t *producer, const cauce_place_t *offsets, size_t count,
    const cauce_group_metadata_t *member, cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_producer_commit(cauce_producer_t *producer,
                                               cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_producer_abort(cauce_producer_t *producer,
                                              cauce_error_t **error);

// ---- Consumers.

// For one thread at a time, but for cauce_consumer_wakeup: a second one is
// answered CAUCE_MISUSE where it is seen.
typedef struct cauce_consumer cauce_consumer_t;

// Options are those of CAUCE_CONSUMER_OPTIONS; "group.id" makes it one of a
// group.
CAUCE_API cauce_reason_t cauce_consumer_open(cauce_client_t *client,
                                             const cauce_config_t *options,
                                             size_t option_count,
                                             cauce_consumer_t **consumer,
                                             cauce_error_t **error);
// Leaves its group, and commits nothing: close it for that. Not in a callback.
CAUCE_API cauce_reason_t cauce_consumer_free(cauce_consumer_t *consumer);
// Commits where it does so itself, leaves its group, and answers CAUCE_CLOSED
// from then on.
CAUCE_API cauce_reason_t cauce_consumer_close(cauce_consumer_t *consumer,
                                              cauce_error_t **error);

// Reads these, and no others; where each begins is what it has committed, or
// "auto.offset.reset" says: `offset` does not count, seek for that.
CAUCE_API cauce_reason_t cauce_consumer_assign(cauce_consumer_t *consumer,
                                               const cauce_place_t *partitions,
                                               size_t count,
                                               cauce_error_t **error);
// What it reads. Free it with cauce_places_free.
CAUCE_API cauce_reason_t cauce_consumer_assignment(cauce_consumer_t *consumer,
                                                   cauce_places_t **partitions,
                                                   cauce_error_t **error);

// Partitions that come or go; the list ends with the call. Called within
// cauce_consumer_poll, _unsubscribe and _close, on their thread. May use this
// consumer to commit and to seek; may free nothing, and what the consumer
// cannot do there it answers with CAUCE_REBALANCE_IN_PROGRESS.
typedef void (*cauce_partitions_callback_t)(void *user,
                                            const cauce_places_t *partitions);
typedef struct cauce_rebalance_listener {
  size_t struct_size;
  void *user;
  cauce_partitions_callback_t on_assigned;  // each may be null
  cauce_partitions_callback_t on_revoked;
  cauce_partitions_callback_t on_lost;  // null: as on_revoked
} cauce_rebalance_listener_t;

#define CAUCE_REBALANCE_LISTENER_INIT \
  { sizeof(cauce_rebalance_listener_t), NULL, NULL, NULL, NULL }

// Reads what its group gives it of these topics. `listener` may be null; it is
// copied, and its `user` must live until the consumer is freed.
CAUCE_API cauce_reason_t cauce_consumer_subscribe(
    cauce_consumer_t *consumer, const char *const *topics, size_t topic_count,
    const cauce_rebalance_listener_t *listener, cauce_error_t **error);
// Of all topics whose whole names match, as a POSIX extended regular
// expression.
CAUCE_API cauce_reason_t cauce_consumer_subscribe_pattern(
    cauce_consumer_t *consumer, const char *pattern,
    const cauce_rebalance_listener_t *listener, cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_consumer_unsubscribe(cauce_consumer_t *consumer,
                                                    cauce_error_t **error);

// The next records, none where none came in time. They live until the next
// poll, assign or close, and those of a partition until a seek there.
CAUCE_API cauce_reason_t cauce_consumer_poll(
    cauce_consumer_t *consumer, int64_t timeout_ms,
    const cauce_record_t *const **records, size_t *count,
    cauce_error_t **error);
// Ends the poll that waits, or the next one, with CAUCE_WOKEN_UP. Any thread,
// and callbacks of deliveries.
CAUCE_API cauce_reason_t cauce_consumer_wakeup(cauce_consumer_t *consumer,
                                               cauce_error_t **error);
// Readable for poll(2) where a poll here would not wait, with the option
// "wants_event_descriptor"; -1 else. As long as the consumer; any thread.
CAUCE_API cauce_reason_t cauce_consumer_event_descriptor(
    cauce_consumer_t *consumer, int *descriptor, cauce_error_t **error);
// How long the next poll may be left out though nothing comes; CAUCE_FOREVER
// where time alone brings nothing.
CAUCE_API cauce_reason_t cauce_consumer_until_due(cauce_consumer_t *consumer,
                                                  int64_t *milliseconds,
                                                  cauce_error_t **error);

// Commits these, or with null all that a poll has returned; durable on return.
CAUCE_API cauce_reason_t cauce_consumer_commit(cauce_consumer_t *consumer,
                                               const cauce_place_t *offsets,
                                               size_t count,
                                               cauce_error_t **error);
// Called by a later poll, commit, unsubscribe or close, on its thread; `error`
// is null where it is committed, and ends with the call. May do what a
// rebalance listener may.
typedef void (*cauce_commit_callback_t)(void *user,
                                        const cauce_error_t *error);
// `on_commit` may be null.
CAUCE_API cauce_reason_t cauce_consumer_commit_async(
    cauce_consumer_t *consumer, const cauce_place_t *offsets, size_t count,
    cauce_commit_callback_t on_commit, void *user, cauce_error_t **error);
// How far the group is in these; those it never committed are left out. Free it
// with cauce_places_free.
CAUCE_API cauce_reason_t cauce_consumer_committed(
    cauce_consumer_t *consumer, const cauce_place_t *partitions, size_t count,
    cauce_places_t **offsets, cauce_error_t **error);
// As whom it reads, for cauce_producer_send_offsets. Free it with
// cauce_group_metadata_free.
CAUCE_API cauce_reason_t cauce_consumer_group_metadata(
    cauce_consumer_t *consumer, cauce_group_metadata_t **metadata,
    cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_group_metadata_free(
    cauce_group_metadata_t *metadata);

// Where the next poll goes on in a partition that is assigned.
CAUCE_API cauce_reason_t cauce_consumer_seek(cauce_consumer_t *consumer,
                                             const char *topic,
                                             int32_t partition, int64_t offset,
                                             cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_consumer_seek_to_start(
    cauce_consumer_t *consumer, const char *topic, int32_t partition,
    cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_consumer_seek_to_end(cauce_consumer_t *consumer,
                                                    const char *topic,
                                                    int32_t partition,
                                                    cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_consumer_seek_to_time(
    cauce_consumer_t *consumer, const char *topic, int32_t partition,
    int64_t timestamp, cauce_error_t **error);
// Behind the damage that a poll has told of; `offset`, which may be null, says
// where that is.
CAUCE_API cauce_reason_t cauce_consumer_skip_damage(
    cauce_consumer_t *consumer, const char *topic, int32_t partition,
    int64_t *offset, cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_consumer_position(cauce_consumer_t *consumer,
                                                 const char *topic,
                                                 int32_t partition,
                                                 int64_t *offset,
                                                 cauce_error_t **error);
// How many offsets lie between there and the end.
CAUCE_API cauce_reason_t cauce_consumer_lag(cauce_consumer_t *consumer,
                                            const char *topic,
                                            int32_t partition, int64_t *lag,
                                            cauce_error_t **error);
// A poll returns nothing of it until it is resumed.
CAUCE_API cauce_reason_t cauce_consumer_pause(cauce_consumer_t *consumer,
                                              const char *topic,
                                              int32_t partition,
                                              cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_consumer_resume(cauce_consumer_t *consumer,
                                               const char *topic,
                                               int32_t partition,
                                               cauce_error_t **error);

// ---- Groups.

typedef struct cauce_member {
  const char *id;
  const char *instance;  // or null
  const char *client_id;
  const char *client_host;  // empty: in the process that writes the log
  const cauce_place_t *const *assigned;
  size_t assigned_count;
  cauce_reason_t reason;  // of cauce_group_remove_members
  const char *message;    // null where that is CAUCE_OK
} cauce_member_t;

typedef struct cauce_members {
  size_t count;
  const cauce_member_t *const *items;
} cauce_members_t;
CAUCE_API cauce_reason_t cauce_members_free(cauce_members_t *members);

typedef struct cauce_group {
  const char *id;
  const char *state;  // as Kafka's tools print it: "Stable"
  const char *protocol_type;
  // Of cauce_group_describe alone.
  const char *assignor;
  int32_t generation;
  const cauce_member_t *const *members;
  size_t member_count;
} cauce_group_t;

typedef struct cauce_groups {
  size_t count;
  const cauce_group_t *const *items;
  // Why others could not be read, one message for each part of the log that
  // holds them.
  size_t unread_count;
  const char *const *unread;
} cauce_groups_t;
CAUCE_API cauce_reason_t cauce_groups_free(cauce_groups_t *groups);

// By id. Free it with cauce_groups_free.
CAUCE_API cauce_reason_t cauce_groups_list(cauce_client_t *client,
                                           cauce_groups_t **groups,
                                           cauce_error_t **error);
// A list of one. CAUCE_GROUP_ID_NOT_FOUND.
CAUCE_API cauce_reason_t cauce_group_describe(cauce_client_t *client,
                                              const char *group,
                                              cauce_groups_t **groups,
                                              cauce_error_t **error);
// Of all partitions in which it has committed, or that its members read, with
// log_start, log_end and lag. Free it with cauce_places_free.
CAUCE_API cauce_reason_t cauce_group_offsets(cauce_client_t *client,
                                             const char *group,
                                             cauce_places_t **offsets,
                                             cauce_error_t **error);
// Commits these for a group without members; each answer has its reason.
CAUCE_API cauce_reason_t cauce_group_alter_offsets(
    cauce_client_t *client, const char *group, const cauce_place_t *offsets,
    size_t count, cauce_places_t **answers, cauce_error_t **error);
// Forgets what was committed of these; each answer has its reason.
CAUCE_API cauce_reason_t cauce_group_delete_offsets(
    cauce_client_t *client, const char *group, const cauce_place_t *partitions,
    size_t count, cauce_places_t **answers, cauce_error_t **error);
// With all its offsets. CAUCE_NON_EMPTY_GROUP, CAUCE_GROUP_ID_NOT_FOUND.
CAUCE_API cauce_reason_t cauce_group_delete(cauce_client_t *client,
                                            const char *group,
                                            cauce_error_t **error);
// Has the static members of these instances leave, each answer with its reason;
// or with null all members, and tells who they were. Free it with
// cauce_members_free.
CAUCE_API cauce_reason_t cauce_group_remove_members(
    cauce_client_t *client, const char *group, const char *const *instances,
    size_t count, cauce_members_t **members, cauce_error_t **error);

// ---- Transactions of all producers.

typedef struct cauce_transaction {
  const char *id;     // the transactional id; null of one that hangs
  const char *state;  // as Kafka's tools print it: "Ongoing"
  int64_t producer_id;
  int32_t producer_epoch;
  int32_t reserved;
  int64_t timeout_ms;
  int64_t start_time;  // since 1970; none while it is not open
  // Those that take part; of one that hangs the one partition, with log_start
  // where it begins.
  const cauce_place_t *const *partitions;
  size_t partition_count;
} cauce_transaction_t;

typedef struct cauce_transactions {
  size_t count;
  const cauce_transaction_t *const *items;
  size_t unread_count;  // as of groups
  const char *const *unread;
} cauce_transactions_t;
CAUCE_API cauce_reason_t cauce_transactions_free(
    cauce_transactions_t *transactions);

// By id. Free it with cauce_transactions_free.
CAUCE_API cauce_reason_t cauce_transactions_list(
    cauce_client_t *client, cauce_transactions_t **transactions,
    cauce_error_t **error);
// A list of one. CAUCE_OTHER where there is none.
CAUCE_API cauce_reason_t cauce_transaction_describe(
    cauce_client_t *client, const char *id, cauce_transactions_t **transactions,
    cauce_error_t **error);
// Those that no transactional id has, so that nobody ends them.
CAUCE_API cauce_reason_t cauce_transactions_find_hanging(
    cauce_client_t *client, cauce_transactions_t **transactions,
    cauce_error_t **error);
// Aborts one of those, as a list has it that was not freed.
CAUCE_API cauce_reason_t cauce_transaction_abort_hanging(
    cauce_client_t *client, const cauce_transaction_t *transaction,
    cauce_error_t **error);

// ---- Backups of topics (cauce/backup.h).

// How far the work has come; a writer at work may make the total more. Anything
// but 0 ends it, with CAUCE_OTHER. On the thread that called; may call nothing
// here.
typedef int32_t (*cauce_progress_callback_t)(void *user, int64_t bytes,
                                             int64_t bytes_total);

// What a backup holds.
typedef struct cauce_backup {
  const char *topic;
  int64_t taken;  // since 1970
  int64_t files;
  int64_t bytes;          // of the files
  int64_t group_offsets;  // that groups have committed
  // All, with log_start and log_end; with a reason where damage was copied.
  const cauce_place_t *const *partitions;
  size_t partition_count;
  // Open where the backup ends, as those that hang: who restores it gets them
  // open, and may give them to cauce_transaction_abort_hanging then.
  const cauce_transaction_t *const *transactions;
  size_t transaction_count;
} cauce_backup_t;
CAUCE_API cauce_reason_t cauce_backup_free(cauce_backup_t *backup);

// Copies a topic of the data directory, which may be open for writing, here or
// elsewhere, to the directory `target`, which is made: records, configs, what
// groups have committed, what is known of producers. Options are those of
// CAUCE_BACKUP_OPTIONS; `on_progress` and `backup` may be null, here and below.
// CAUCE_OTHER where `target` is a whole backup or holds anything else,
// CAUCE_LOCKED where another one is being made there. After any other error, as
// CAUCE_UNKNOWN_TOPIC or CAUCE_CORRUPT_BATCH, it is no backup, and the next one
// begins it anew.
CAUCE_API cauce_reason_t cauce_topic_backup(
    const char *directory, const char *topic, const char *target,
    const cauce_config_t *options, size_t option_count,
    cauce_progress_callback_t on_progress, void *user, cauce_backup_t **backup,
    cauce_error_t **error);
// Reads all of a backup, to see that every file is as it was written.
// CAUCE_CORRUPT_FILE; CAUCE_OTHER where there is none, or one that did not end.
CAUCE_API cauce_reason_t cauce_backup_verify(
    const char *directory, cauce_progress_callback_t on_progress, void *user,
    cauce_backup_t **backup, cauce_error_t **error);
// Makes the topic of a backup in the client's log, all or nothing, with a new
// id. Options are those of CAUCE_RESTORE_OPTIONS, as {"name", "orders-again"}.
// CAUCE_TOPIC_EXISTS, CAUCE_CORRUPT_FILE, CAUCE_DISK_FULL;
// CAUCE_UNKNOWN_MEMBER_ID where a group that has committed in it has members
// here.
CAUCE_API cauce_reason_t cauce_topic_restore(
    cauce_client_t *client, const char *directory,
    const cauce_config_t *options, size_t option_count,
    cauce_progress_callback_t on_progress, void *user, cauce_backup_t **backup,
    cauce_error_t **error);

// ---- State stores: values by key, kept in compacted topics (cauce/stores.h).

// Thread-safe, but for its free.
typedef struct cauce_stores cauce_stores_t;

// How far a table is behind its changelog while it is made right.
typedef struct cauce_restore {
  const char *store;
  const char *topic;  // its changelog
  int32_t partition;
  int32_t reserved;
  int64_t begin;
  int64_t at;
  int64_t end;
  int64_t records;
  int64_t bytes;
} cauce_restore_t;
// On the thread that opens the store; may call nothing here.
typedef void (*cauce_restore_callback_t)(void *user,
                                         const cauce_restore_t *progress);

// The stores of a client's log. Options are those of CAUCE_STORES_OPTIONS;
// `on_restore` may be null. Free it before its client, or behind it.
//
// Tables are RocksDB's where the log is in a directory, and in memory where
// that is. RocksDB starts "threads" of its own (2 by default) and one for its
// timers with the first store that is opened, whatever the client's "threads"
// are; they end with the last store that is closed or freed.
CAUCE_API cauce_reason_t cauce_stores_open(
    cauce_client_t *client, const cauce_config_t *options, size_t option_count,
    cauce_restore_callback_t on_restore, void *user, cauce_stores_t **stores,
    cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_stores_free(cauce_stores_t *stores);

typedef int32_t cauce_store_kind_t;
enum {
  CAUCE_KEY_VALUE_STORE = 0,
  CAUCE_TIMESTAMPED_STORE = 1,  // rows have `time`
  CAUCE_WINDOW_STORE = 2,       // rows have `start`
  CAUCE_SESSION_STORE = 3       // rows have `start` and `end`
};

typedef struct cauce_store_description {
  const char *name;
  cauce_store_kind_t kind;
  int32_t partition;
  const char *topic;  // its changelog
  const char *table;  // as in "whole", "behind", "missing" or "damaged"
  int64_t begin;      // of the changelog
  int64_t end;
  int64_t applied;  // what the table reflects
  int64_t keys;     // an estimate, as the bytes
  int64_t disk_bytes;
  int64_t memory_bytes;
  const char *why;  // of a table that is damaged
} cauce_store_description_t;
typedef struct cauce_store_descriptions {
  size_t count;
  const cauce_store_description_t *const *items;
} cauce_store_descriptions_t;
// Each partition of each changelog. Free it with
// cauce_store_descriptions_free.
CAUCE_API cauce_reason_t cauce_stores_list(
    cauce_stores_t *stores, cauce_store_descriptions_t **descriptions,
    cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_store_descriptions_free(
    cauce_store_descriptions_t *descriptions);
// Makes the table, which must not be open, anew from its changelog.
CAUCE_API cauce_reason_t cauce_stores_restore(cauce_stores_t *stores,
                                              const char *name,
                                              int32_t partition,
                                              cauce_error_t **error);

// One store. Thread-safe, but for its free. May be freed behind its stores.
typedef struct cauce_store cauce_store_t;

// Opens it, or makes it with its changelog, which gets `configs` then. Options
// are those of CAUCE_STORE_OPTIONS; "retention" is of windows and sessions.
// Where the table does not fit the changelog it is made right first, which may
// take long. CAUCE_INVALID_CONFIG where the changelog is of another kind,
// CAUCE_LOCKED where the store is open in this process already.
CAUCE_API cauce_reason_t cauce_store_open(
    cauce_stores_t *stores, cauce_store_kind_t kind, const char *name,
    const cauce_config_t *options, size_t option_count,
    const cauce_config_t *configs, size_t config_count, cauce_store_t **store,
    cauce_error_t **error);
// Persists it, and lets go of its table; what is called later answers
// CAUCE_CLOSED. Free its rows and snapshots first.
CAUCE_API cauce_reason_t cauce_store_close(cauce_store_t *store,
                                           cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_store_free(cauce_store_t *store);
// Makes the table durable, so that the next opening has nothing to do.
CAUCE_API cauce_reason_t cauce_store_persist(cauce_store_t *store,
                                             cauce_error_t **error);

// A row, to be written or as it was read.
typedef struct cauce_row {
  size_t struct_size;
  const void *key;
  size_t key_size;
  const void *value;  // null: the row goes
  size_t value_size;
  int64_t time;   // of timestamped stores; none: that of the append
  int64_t start;  // of windows and sessions
  int64_t end;    // of sessions: that of the last record
  int32_t sequence;  // of those read of windows with duplicates
  int32_t reserved;
} cauce_row_t;

#define CAUCE_ROW_INIT \
  { sizeof(cauce_row_t), NULL, 0, NULL, 0, -1, -1, -1, 0, 0 }

// Writes a row, or with a null value deletes it: an append to the changelog,
// which survives what "ack" and its cauce.flush say. CAUCE_BATCH_TOO_LARGE,
// CAUCE_DISK_FULL: nothing was changed. Nor was it with CAUCE_OTHER while a
// transaction of others is open in the changelog: try again once it has ended.
//
// With CAUCE_DISK_FAILED and CAUCE_TRUNCATED the change may be in the
// changelog, and the store takes no more until it is opened again: the message
// tells whether it is there, is not, or is not known. So it is with
// CAUCE_CLOSED where the client was closed under the call. Whoever repeats a
// change without having looked may have it twice. All of this holds for
// everything that changes a store.
CAUCE_API cauce_reason_t cauce_store_put(cauce_store_t *store,
                                         const cauce_row_t *row,
                                         cauce_error_t **error);
// All of them in their order, or none; of the first two kinds.
CAUCE_API cauce_reason_t cauce_store_write(cauce_store_t *store,
                                           const cauce_row_t *rows,
                                           size_t count, cauce_error_t **error);

// What a row holds. Free it with cauce_value_free.
typedef struct cauce_value {
  const void *value;
  size_t value_size;
  int64_t time;  // of timestamped stores
} cauce_value_t;
CAUCE_API cauce_reason_t cauce_value_free(cauce_value_t *value);

// The value of the row of that key, `start` and `end`; null where there is
// none.
CAUCE_API cauce_reason_t cauce_store_get(cauce_store_t *store,
                                         const cauce_row_t *row,
                                         cauce_value_t **value,
                                         cauce_error_t **error);
// Writes a row where there is none; else changes nothing, and gives what is
// there. Of the first two kinds.
CAUCE_API cauce_reason_t cauce_store_put_if_absent(cauce_store_t *store,
                                                   const cauce_row_t *row,
                                                   cauce_value_t **existing,
                                                   cauce_error_t **error);

// Which rows are walked over.
typedef struct cauce_scan {
  size_t struct_size;
  const void *from;  // keys in [from, to); null: from the first, to the last
  size_t from_size;
  const void *to;
  size_t to_size;
  const void *prefix;  // or else keys that begin so; of the first two kinds
  size_t prefix_size;
  const void *key;  // or else this one; of windows and sessions
  size_t key_size;
  // Of windows the starts, both within; of sessions the earliest end and the
  // latest start.
  int64_t time_from;
  int64_t time_to;
  int32_t is_reverse;
  int32_t reserved;
} cauce_scan_t;

#define CAUCE_SCAN_INIT                                                      \
  {                                                                          \
    sizeof(cauce_scan_t), NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, INT64_MAX, \
        0, 0                                                                 \
  }

// Rows as they were when it was made. One thread at a time. Free it soon, and
// before its store is closed.
typedef struct cauce_rows cauce_rows_t;
CAUCE_API cauce_reason_t cauce_store_scan(cauce_store_t *store,
                                          const cauce_scan_t *scan,
                                          cauce_rows_t **rows,
                                          cauce_error_t **error);
// The next row, until the next call; null behind the last one.
CAUCE_API cauce_reason_t cauce_rows_next(cauce_rows_t *rows,
                                         const cauce_row_t **row,
                                         cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_rows_free(cauce_rows_t *rows);

// What a key-value store held at one moment. Thread-safe, but for its free;
// free it before its store is closed.
typedef struct cauce_snapshot cauce_snapshot_t;
CAUCE_API cauce_reason_t cauce_store_snapshot(cauce_store_t *store,
                                              cauce_snapshot_t **snapshot,
                                              cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_snapshot_free(cauce_snapshot_t *snapshot);
CAUCE_API cauce_reason_t cauce_snapshot_get(cauce_snapshot_t *snapshot,
                                            const void *key, size_t key_size,
                                            cauce_value_t **value,
                                            cauce_error_t **error);
CAUCE_API cauce_reason_t cauce_snapshot_scan(cauce_snapshot_t *snapshot,
                                             const cauce_scan_t *scan,
                                             cauce_rows_t **rows,
                                             cauce_error_t **error);

#ifdef __cplusplus
}
#endif
