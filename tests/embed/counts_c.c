#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cauce/cauce.h"

/* Counts how often each word was given, over all its runs, and prints all
   counts in the order of the words.

     counts DIRECTORY [WORD...] */

static void check(cauce_reason_t reason, cauce_error_t *error) {
  if (reason == CAUCE_OK) return;
  fprintf(stderr, "%s: %s\n", cauce_reason_name(reason),
          cauce_error_message(error));
  exit(1);
}

static void count_one(cauce_store_t *counts, const char *word) {
  cauce_error_t *error;
  cauce_value_t *before;
  char text[24];
  long count = 1;
  cauce_row_t row = CAUCE_ROW_INIT;
  row.key = word;
  row.key_size = strlen(word);
  check(cauce_store_get(counts, &row, &before, &error), error);
  if (before != NULL) {
    snprintf(text, sizeof(text), "%.*s", (int)before->value_size,
             (const char *)before->value);
    count = atol(text) + 1;
    cauce_value_free(before);
  }
  snprintf(text, sizeof(text), "%ld", count);
  row.value = text;
  row.value_size = strlen(text);
  check(cauce_store_put(counts, &row, &error), error);
}

static void print_all(cauce_store_t *counts) {
  const cauce_scan_t all = CAUCE_SCAN_INIT;
  const cauce_row_t *row;
  cauce_error_t *error;
  cauce_rows_t *rows;
  check(cauce_store_scan(counts, &all, &rows, &error), error);
  for (;;) {
    check(cauce_rows_next(rows, &row, &error), error);
    if (row == NULL) break;
    printf("%.*s %.*s\n", (int)row->key_size, (const char *)row->key,
           (int)row->value_size, (const char *)row->value);
  }
  cauce_rows_free(rows);
}

int main(int count, char **arguments) {
  char name[4096];
  cauce_client_t *client;
  cauce_stores_t *stores;
  cauce_store_t *counts;
  cauce_error_t *error;
  if (count < 2) return 2;
  snprintf(name, sizeof(name), "dir:%s", arguments[1]);
  check(cauce_client_open(name, NULL, 0, NULL, NULL, &client, &error), error);
  check(cauce_stores_open(client, NULL, 0, NULL, NULL, &stores, &error), error);
  check(cauce_store_open(stores, CAUCE_KEY_VALUE_STORE, "counts", NULL, 0, NULL,
                         0, &counts, &error),
        error);
  for (int i = 2; i < count; ++i) count_one(counts, arguments[i]);
  print_all(counts);
  check(cauce_store_close(counts, &error), error);
  cauce_store_free(counts);
  cauce_stores_free(stores);
  check(cauce_client_close(client, &error), error);
  cauce_client_free(client);
  return 0;
}
