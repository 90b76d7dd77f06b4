#include "pam_module/worker.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/hash.h"
#include "store/journal.h"

/* Every row of the option table, as text: a changed option changes the hash. */
static const char OPTION_NAMES[] =
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help) #kind #field ";"
#include "common/config_options.def"
#undef OPTION
    ;

/* The same for the features, without linking the scorer. */
static const char FEATURE_NAMES[] =
#define FEATURE(symbol, group, name, unit, meaning, reason) name ";"
#include "scorer/features.def"
#undef FEATURE
    ;

void worker_interface_describe(struct worker_interface *interface)
{
    snprintf(interface->text, sizeof interface->text,
             "%s job=%zu config=%zu/%016llx record=%zu/%016llx", PAM_ANOMALY_VERSION,
             sizeof(struct worker_job), sizeof(struct config),
             (unsigned long long)hash_text(OPTION_NAMES), sizeof(struct login_record),
             (unsigned long long)hash_text(FEATURE_NAMES));
}

void worker_send(int reply_fd, const struct worker_reply *reply)
{
    ssize_t sent;

    do
        sent = write(reply_fd, reply, sizeof *reply);
    while (sent == -1 && errno == EINTR);
    /* Nothing more can be done: a parent that is gone or gave up has its answer already. */
}

bool worker_append(const struct worker_job *job, struct error *error)
{
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    size_t size = login_record_encode(job->record, bytes, sizeof bytes);

    if (size == 0)
        return error_set(error, FAULT_STORE, "a login record does not fit into %zu bytes",
                         sizeof bytes);
    return journal_append(job->store_fd, "login", bytes, size, error);
}
