#include "pam_module/worker.h"

#include <errno.h>
#include <unistd.h>

#include "store/journal.h"

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
