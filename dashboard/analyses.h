/*
 * Histories that somebody uploaded to be judged at once: each in a directory of its own below the
 * dashboard's, judged there by anomaly-trainer (jobs.h) by what the file itself tells, and gone
 * after ANALYSIS_KEPT_S, unless an import of it waits (imports.h). Nothing of it enters the store
 * without that. All functions may be called by any thread.
 */
#ifndef DASHBOARD_ANALYSES_H
#define DASHBOARD_ANALYSES_H

#include "common/config.h"
#include "common/history_format.h"
#include "common/json_writer.h"
#include "dashboard/imports.h"
#include "dashboard/jobs.h"

#define ANALYSIS_MOST                                                                              \
    8 /* uploads that come, wait, or are kept; the oldest that ended gives way                     \
       */
#define ANALYSIS_KEPT_S     3600
#define ANALYSIS_ID_BYTES   17 /* 16 hexadecimal digits */
#define ANALYSIS_NAME_BYTES 128

/* ANALYSIS_FORMAT(name): as anomaly-trainer has them. */
#define ANALYSIS_FORMATS HISTORY_FORMAT_NAMES "|" ANALYSIS_TABLE
#define ANALYSIS_TABLE   "table" /* rows of anything, by a model of their like */

struct analyses;

/* directory: the dashboard's own. What an earlier run left in it goes. */
bool analyses_create(struct analyses **analyses, const char *directory, struct jobs *jobs,
                     struct imports *imports, struct error *error) MUST_USE;

/* No upload is under way any more. The files go. */
void analyses_destroy(struct analyses *analyses);

/*
 * An upload begins. format: one of ANALYSIS_FORMATS. name: of the file, for people; model: a model
 * file, NULL: the built-in one of logins. False with an error: there are too many.
 */
struct upload;
bool analyses_begin(struct analyses *analyses, const char *format, const char *name,
                    const char *model, const char *who, int64_t now_us, struct upload **upload,
                    struct error *error) MUST_USE;

/* The next piece. False with an error when it cannot be kept: the disk is full. */
bool upload_add(struct upload *upload, const void *bytes, size_t size,
                struct error *error) MUST_USE;

/* All is there: it is judged from now on. id: how it is asked for. The upload stays to be ended. */
bool upload_finish(struct upload *upload, int64_t now_us, char id[ANALYSIS_ID_BYTES],
                   struct error *error) MUST_USE;

/* Ends an upload, whether it was finished or not; what was not is forgotten. */
void upload_end(struct upload *upload);

/*
 * What is known of it: members of an open object: job, name, format, model (of a table), by, state
 * (receiving, waiting, running, done, failed), received_bytes, message, result (of a finished one:
 * what anomaly-trainer score --json says). *found is false when there is none of that id.
 */
bool analyses_write(struct analyses *analyses, const char *id, struct json_writer *json,
                    bool *found, struct error *error) MUST_USE;

/* All of them, the newest first: an array of objects with the members above but result. */
void analyses_write_all(struct analyses *analyses, struct json_writer *json, const char *name);

/* The scored rows as a file that the caller closes; worst: those of a table that score highest,
 * worst first, instead of all in the order of the file. -1: there is none of that id that is done.
 */
int analyses_open_rows(struct analyses *analyses, const char *id, bool worst);

/* Whether it is of a table instead of logins; false also where there is none of that id. */
bool analyses_is_table(struct analyses *analyses, const char *id);

/*
 * What a word says of one that is to enter the store. False with a sentence when it cannot: it is
 * not judged yet, or what it holds are no logins. *found is false, too, when there is none.
 */
bool analyses_history(struct analyses *analyses, const char *id, struct asked_history *history,
                      bool *found, struct error *why) MUST_USE;

/* Lets the store's group, and so anomalyd, read the upload. */
bool analyses_lend(struct analyses *analyses, const char *id, struct error *error) MUST_USE;

/*
 * *found is false when there is none, or it is still being uploaded. Whoever asks has seen to it
 * that its import does not wait.
 */
bool analyses_forget(struct analyses *analyses, const char *id);

#endif
