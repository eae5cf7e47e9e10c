#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cauce/cauce.h"

/* Writes a bill for each order exactly once, whatever it dies in: the bill and
   how far it has read are parts of one transaction.

     bills DIRECTORY [ORDERS]

   sends so many orders first, where that is said, and bills all there are. */

static void check(cauce_reason_t reason, cauce_error_t *error) {
  if (reason == CAUCE_OK) return;
  fprintf(stderr, "%s: %s\n", cauce_reason_name(reason),
          cauce_error_message(error));
  exit(1);
}

static cauce_producer_t *open_producer(cauce_client_t *client,
                                       const cauce_config_t *options,
                                       size_t count) {
  cauce_producer_t *producer;
  cauce_error_t *error;
  check(cauce_producer_open(client, options, count, &producer, &error), error);
  return producer;
}

static void send(cauce_producer_t *producer, const char *topic,
                 const char *text) {
  cauce_error_t *error;
  cauce_record_t record = CAUCE_RECORD_INIT;
  record.topic = topic;
  record.value = text;
  record.value_size = strlen(text);
  check(cauce_producer_send(producer, &record, NULL, NULL, &error), error);
}

static void order(cauce_client_t *client, int orders) {
  cauce_error_t *error;
  cauce_producer_t *producer = open_producer(client, NULL, 0);
  for (int i = 0; i < orders; ++i) {
    char text[32];
    snprintf(text, sizeof(text), "order %d", i);
    send(producer, "orders", text);
  }
  check(cauce_producer_close(producer, CAUCE_FOREVER, &error), error);
  cauce_producer_free(producer);
}

/* One bill for each of these, and where to go on behind them. */
static void bill(cauce_producer_t *producer, cauce_consumer_t *consumer,
                 const cauce_record_t *const *records, size_t count) {
  cauce_error_t *error;
  cauce_group_metadata_t *member;
  cauce_place_t next = CAUCE_PLACE_INIT;
  check(cauce_producer_begin(producer, &error), error);
  for (size_t i = 0; i < count; ++i) {
    char text[64];
    snprintf(text, sizeof(text), "bill for %.*s", (int)records[i]->value_size,
             (const char *)records[i]->value);
    send(producer, "bills", text);
    next.topic = records[i]->topic;
    next.partition = records[i]->partition;
    next.offset = records[i]->offset + 1;
  }
  check(cauce_consumer_group_metadata(consumer, &member, &error), error);
  check(cauce_producer_send_offsets(producer, &next, 1, member, &error), error);
  cauce_group_metadata_free(member);
  check(cauce_producer_commit(producer, &error), error);
}

static void bill_all(cauce_client_t *client) {
  const cauce_config_t once[] = {{"transactional.id", "biller"}};
  const cauce_config_t options[] = {{"group.id", "billing"},
                                    {"auto.offset.reset", "earliest"},
                                    {"enable.auto.commit", "false"}};
  cauce_error_t *error;
  cauce_consumer_t *consumer;
  cauce_place_t orders = CAUCE_PLACE_INIT;
  int64_t lag = 1;
  cauce_producer_t *producer = open_producer(client, once, 1);
  check(cauce_producer_init_transactions(producer, &error), error);
  check(cauce_consumer_open(client, options, 3, &consumer, &error), error);
  orders.topic = "orders";
  check(cauce_consumer_assign(consumer, &orders, 1, &error), error);
  check(cauce_consumer_lag(consumer, "orders", 0, &lag, &error), error);
  while (lag > 0) {
    const cauce_record_t *const *records;
    size_t count;
    check(cauce_consumer_poll(consumer, 1000, &records, &count, &error), error);
    if (count > 0) bill(producer, consumer, records, count);
    check(cauce_consumer_lag(consumer, "orders", 0, &lag, &error), error);
  }
  cauce_consumer_free(consumer);
  cauce_producer_free(producer);
}

/* Prints what a reader of what is committed gets, once that is all there is: a
   transaction is seen soon after its commit, and perhaps not at once. */
static void print_bills(cauce_client_t *client) {
  const cauce_config_t committed[] = {{"isolation.level", "read_committed"}};
  cauce_partition_info_t info = CAUCE_PARTITION_INFO_INIT;
  int32_t more;
  cauce_error_t *error;
  cauce_partition_t *partition;
  cauce_cursor_t *cursor;
  const cauce_record_t *record;
  check(cauce_partition_open(client, "bills", 0, &partition, &error), error);
  check(cauce_partition_info(partition, &info, &error), error);
  if (info.high_watermark > 0)
    check(cauce_partition_wait_for(partition, info.high_watermark - 1,
                                   CAUCE_FOREVER, CAUCE_READ_COMMITTED, &more,
                                   &error),
          error);
  check(cauce_cursor_open(partition, 0, committed, 1, &cursor, &error), error);
  for (;;) {
    check(cauce_cursor_next(cursor, &record, &error), error);
    if (record == NULL) break;
    printf("%.*s\n", (int)record->value_size, (const char *)record->value);
  }
  cauce_cursor_free(cursor);
  cauce_partition_free(partition);
}

int main(int count, char **arguments) {
  char name[4096];
  cauce_client_t *client;
  cauce_error_t *error;
  if (count < 2) return 2;
  snprintf(name, sizeof(name), "dir:%s", arguments[1]);
  check(cauce_client_open(name, NULL, 0, NULL, NULL, &client, &error), error);
  cauce_topic_create(client, "orders", 1, NULL, 0, NULL); /* they may exist */
  cauce_topic_create(client, "bills", 1, NULL, 0, NULL);
  if (count > 2) order(client, atoi(arguments[2]));
  bill_all(client);
  print_bills(client);
  check(cauce_client_close(client, &error), error);
  cauce_client_free(client);
  return 0;
}
