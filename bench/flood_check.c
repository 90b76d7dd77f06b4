/*
 * flood_check STORE ANSWERED: whether each login whose number stands in ANSWERED is in the store,
 * accepted, once. Numbers are told from address and port as login_flood makes them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

#define MAX_LOGINS 2000000

static uint8_t stored[MAX_LOGINS];
static uint8_t accepted[MAX_LOGINS];
static unsigned long rows;

static bool count(void *context, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;
    unsigned number = ((unsigned)(event->source.bytes[1] - 128) << 16) |
                      ((unsigned)event->source.bytes[2] << 8) | event->source.bytes[3];

    (void)context;
    rows++;
    /* 64 * 65536 addresses: a number below 2,000,000 has an address of its own. */
    if (number < MAX_LOGINS && event->source_port == 1024 + number % 60000) {
        stored[number]++;
        accepted[number] = login->reached >= STAGE_ACCEPTED;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct login_filter filter = {.limit = 0};
    struct error error = ERROR_NONE;
    unsigned long answered = 0;
    unsigned long missing = 0;
    unsigned long unaccepted = 0;
    unsigned long twice = 0;
    struct store *store;
    unsigned number;
    FILE *file;

    if (argc != 3 || (file = fopen(argv[2], "r")) == NULL) {
        fprintf(stderr, "usage: flood_check STORE ANSWERED\n");
        return 2;
    }
    if (!store_open(&store, argv[1], STORE_READ, &error) ||
        !store_logins(store, &filter, count, NULL, &error)) {
        fprintf(stderr, "flood_check: %s\n", error.text);
        return 1;
    }
    store_close(store);
    while (fscanf(file, "%u", &number) == 1) {
        answered++;
        missing += stored[number] == 0;
        unaccepted += stored[number] > 0 && !accepted[number];
        twice += stored[number] > 1;
    }
    (void)fclose(file);
    printf("answered=%lu rows=%lu missing=%lu unaccepted=%lu twice=%lu\n", answered, rows, missing,
           unaccepted, twice);
    return missing == 0 && unaccepted == 0 && twice == 0 ? 0 : 1;
}
