#include <stdio.h>
#include <string.h>

#include "cauce/cauce.h"

/* Says what failed, and frees it. */
static int failed(cauce_reason_t reason, cauce_error_t *error) {
  if (reason == CAUCE_OK) return 0;
  fprintf(stderr, "%s: %s\n", cauce_reason_name(reason),
          cauce_error_message(error));
  cauce_error_free(error);
  return 1;
}

static void delivered(void *user, const cauce_delivery_t *delivery,
                      const cauce_error_t *error) {
  if (error == NULL && delivery != NULL) ++*(int *)user;
}

static int produce(cauce_client_t *client) {
  const char *const values[] = {"2 apples", "1 pear"};
  cauce_producer_t *producer = NULL;
  cauce_error_t *error = NULL;
  int stored = 0;
  cauce_reason_t reason =
      cauce_producer_open(client, NULL, 0, &producer, &error);
  for (int i = 0; reason == CAUCE_OK && i < 2; ++i) {
    cauce_record_t record = CAUCE_RECORD_INIT;
    record.topic = "orders";
    record.value = values[i];
    record.value_size = strlen(values[i]);
    reason = cauce_producer_send(producer, &record, delivered, &stored, &error);
  }
  if (reason == CAUCE_OK)
    reason = cauce_producer_flush(producer, CAUCE_FOREVER, &error);
  cauce_producer_free(producer);
  return failed(reason, error) || stored != 2;
}

/* As a member of a group, which goes on where it has committed that it is. */
static int consume(cauce_client_t *client) {
  const cauce_config_t options[] = {{"group.id", "billing"},
                                    {"auto.offset.reset", "earliest"}};
  const char *const topics[] = {"orders"};
  cauce_consumer_t *consumer = NULL;
  cauce_error_t *error = NULL;
  cauce_reason_t reason =
      cauce_consumer_open(client, options, 2, &consumer, &error);
  if (reason == CAUCE_OK)
    reason = cauce_consumer_subscribe(consumer, topics, 1, NULL, &error);
  for (size_t seen = 0; reason == CAUCE_OK && seen < 2;) {
    const cauce_record_t *const *records;
    size_t count;
    reason = cauce_consumer_poll(consumer, 1000, &records, &count, &error);
    for (size_t i = 0; reason == CAUCE_OK && i < count; ++i, ++seen)
      printf("%lld %.*s\n", (long long)records[i]->offset,
             (int)records[i]->value_size, (const char *)records[i]->value);
  }
  /* Commits how far it is, and leaves the group. */
  if (reason == CAUCE_OK) reason = cauce_consumer_close(consumer, &error);
  cauce_consumer_free(consumer);
  return failed(reason, error);
}

int main(int count, char **arguments) {
  char name[4096];
  cauce_client_t *client = NULL;
  cauce_error_t *error = NULL;
  if (count != 2) return 2;
  snprintf(name, sizeof(name), "dir:%s", arguments[1]);
  if (failed(cauce_client_open(name, NULL, 0, NULL, NULL, &client, &error),
             error))
    return 1;
  cauce_topic_create(client, "orders", 1, NULL, 0, NULL); /* it may exist */
  int bad = produce(client) || consume(client);
  bad |= failed(cauce_client_close(client, &error), error);
  cauce_client_free(client);
  return bad;
}
