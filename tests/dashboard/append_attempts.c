/*
 * append_attempts DIRECTORY: appends an attempt of now to the journal in that store's directory for
 * each line "USER ADDRESS VERDICT" of its input, judged so, and prints its id.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "scorer/login_record.h"
#include "store/journal.h"

static bool append(int directory_fd, const char *user, const char *address, const char *verdict,
                   struct error *error)
{
    struct login_record record;
    struct login_event *event = &record.event;
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    char id[LOGIN_ID_TEXT_BYTES];
    uint64_t random = 0;

    login_record_init(&record);
    event->time_us = clock_utc_us();
    if (getrandom(&random, sizeof(random), 0) != sizeof(random) ||
        !ip_parse(address, &event->source))
        return error_set(error, FAULT_STORE, "%s is not an address", address);
    event->id = login_id_make(event->time_us, random);
    event->stage = STAGE_ATTEMPT;
    snprintf(event->user, sizeof(event->user), "%s", user);
    snprintf(event->service, sizeof(event->service), "sshd");
    snprintf(event->host, sizeof(event->host), "web");
    record.assessed = true;
    while (record.assessment.verdict < VERDICT_DENY &&
           strcmp(verdict_name(record.assessment.verdict), verdict) != 0)
        record.assessment.verdict++;
    record.assessment.risk = 0.2 * (1 + (int)record.assessment.verdict);
    puts(login_id_format(&event->id, id));
    return journal_append(directory_fd, "login", bytes,
                          login_record_encode(&record, bytes, sizeof(bytes)), error);
}

int main(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    char user[64], address[64], verdict[16];
    struct error error = ERROR_NONE;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* whoever asks for one at a time waits for its id */
    while (fd >= 0 && scanf("%63s %63s %15s", user, address, verdict) == 3) {
        if (!append(fd, user, address, verdict, &error)) {
            fprintf(stderr, "append_attempts: %s\n", error.text);
            return 1;
        }
    }
    return fd < 0;
}
