/*
 * Histories that analysts ask to have in the store (store/asked_import.h): read by anomaly-trainer,
 * from the directory of anomalyd's own program, as a process of its own that only takes what others
 * leave of the processor. It writes to the store in anomalyd's place, which closes it meanwhile.
 *
 * Each is imported once. Where anomalyd was ended between the history's commit and the writing down
 * of it, the import is repeated, which changes nothing: all of its logins are known then.
 *
 * After each anomalyd rests for as long as it took: those who ask for many do not keep the store.
 */
#ifndef DAEMON_IMPORT_RUN_H
#define DAEMON_IMPORT_RUN_H

#include "common/command_line.h"
#include "store/asked_import.h"

/*
 * Nothing is drained meanwhile, so no alert goes out and no revocation takes effect. An upload is
 * read in seconds; then all logins of the store are learned and counted anew. To count ten million
 * took 210 s beside other programs, to replay them 20 s (bench/RESULTS.md): twice that and more.
 */
#define IMPORT_MOST_S       600
#define IMPORT_REST_LEAST_S 5
#define IMPORT_MOST_BEGUN   3 /* one that ended anomalyd so often is given up */

struct import_run {
    struct decision asked;
    int upload;          /* the file; -1: none is being imported */
    pid_t pid;           /* 0: none runs */
    int told, said;      /* files in memory: what it prints, and what it complains of */
    int64_t until_us;    /* monotonic */
    uint64_t disk_least; /* bytes that must stay free on the store's disk */
    int status;          /* as waitpid() gave it */
    const char *failure; /* why it was ended; NULL: it was not */
    bool given_up;       /* by anomalyd, which ends: it begins anew */
};

/*
 * What was asked for first, if anything: *ready when import_start() is to follow, with the store
 * closed. What cannot be imported is written down with the reason, and *ready is false.
 */
bool import_next(struct import_run *run, struct store *store, const struct config *config,
                 bool *ready, struct error *error) MUST_USE;

void import_start(struct import_run *run, const struct command_line *line,
                  const struct config *config);

/* Whether it goes on; one that takes too long or too much is ended. */
bool import_runs(struct import_run *run, const struct config *config);

/* Ends it when it runs: it is as if it had not begun. */
void import_give_up(struct import_run *run);

/* After its end, with the store open again: writes down what came of it, and says it. */
bool import_tell(struct import_run *run, struct store *store, const struct command_line *line,
                 struct error *error) MUST_USE;

#endif
