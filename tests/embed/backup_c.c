#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cauce/cauce.h"

/* Stores a line in a topic, takes a backup beside the client that has written,
   and restores it, under the name "again", into another directory, of which it
   prints what is there.

     backup DIRECTORY BACKUP OTHER LINE */

static void check(cauce_reason_t reason, cauce_error_t *error) {
  if (reason == CAUCE_OK) return;
  fprintf(stderr, "%s: %s\n", cauce_reason_name(reason),
          cauce_error_message(error));
  exit(1);
}

static cauce_client_t *open_at(const char *directory) {
  char name[4096];
  cauce_client_t *client;
  cauce_error_t *error;
  snprintf(name, sizeof(name), "dir:%s", directory);
  check(cauce_client_open(name, NULL, 0, NULL, NULL, &client, &error), error);
  return client;
}

static int32_t show(void *user, int64_t bytes, int64_t bytes_total) {
  (void)user;
  fprintf(stderr, "%lld of %lld bytes\n", (long long)bytes,
          (long long)bytes_total);
  return 0; /* go on */
}

static void store(cauce_client_t *client, const char *line) {
  cauce_error_t *error;
  cauce_producer_t *producer;
  cauce_record_t record = CAUCE_RECORD_INIT;
  const cauce_reason_t made =
      cauce_topic_create(client, "lines", 1, NULL, 0, &error);
  if (made == CAUCE_TOPIC_EXISTS) {
    cauce_error_free(error);
  } else {
    check(made, error);
  }
  check(cauce_producer_open(client, NULL, 0, &producer, &error), error);
  record.topic = "lines";
  record.value = line;
  record.value_size = strlen(line);
  check(cauce_producer_send_and_wait(producer, &record, NULL, &error), error);
  cauce_producer_free(producer);
}

static void print_all(cauce_client_t *client, const char *topic) {
  const cauce_record_t *record;
  cauce_partition_t *partition;
  cauce_cursor_t *cursor;
  cauce_error_t *error;
  check(cauce_partition_open(client, topic, 0, &partition, &error), error);
  check(cauce_cursor_open(partition, 0, NULL, 0, &cursor, &error), error);
  for (;;) {
    check(cauce_cursor_next(cursor, &record, &error), error);
    if (record == NULL) break;
    printf("%lld %.*s\n", (long long)record->offset, (int)record->value_size,
           (const char *)record->value);
  }
  cauce_cursor_free(cursor);
  cauce_partition_free(partition);
}

int main(int count, char **arguments) {
  const cauce_config_t name = {"name", "again"};
  cauce_client_t *client;
  cauce_client_t *other;
  cauce_backup_t *taken;
  cauce_error_t *error;
  if (count != 5) return 2;
  client = open_at(arguments[1]);
  store(client, arguments[4]);
  check(cauce_topic_backup(arguments[1], "lines", arguments[2], NULL, 0, show,
                           NULL, &taken, &error),
        error);
  printf("%s-%d ends at %lld\n", taken->topic, taken->partitions[0]->partition,
         (long long)taken->partitions[0]->log_end);
  cauce_backup_free(taken);
  check(cauce_client_close(client, &error), error);
  cauce_client_free(client);

  other = open_at(arguments[3]);
  check(cauce_topic_restore(other, arguments[2], &name, 1, NULL, NULL, NULL,
                            &error),
        error);
  print_all(other, "again");
  check(cauce_client_close(other, &error), error);
  cauce_client_free(other);
  return 0;
}
