/* Inside the journal: the files' names and heads, and what a frame looks like. */
#ifndef STORE_JOURNAL_FILE_H
#define STORE_JOURNAL_FILE_H

#include "store/journal.h"

#define HEADER_MAGIC "PAJOURN1"
#define MAGIC_BYTES  8
#define FRAME_MAGIC  "PAR1"
#define NAME_BYTES   64

/* suffix: "" or ".old". */
bool journal_file_name(char name[NAME_BYTES], const char *producer, const char *suffix,
                       struct error *error) MUST_USE;

/*
 * Writes a header into a file of its own and gives it the journal's name by link(), which fails
 * when somebody else was first: no producer ever sees a file without its header. One who is killed
 * in between leaves that file: journal_remove_leftovers().
 */
#define JOURNAL_TEMPORARY_FORMAT ".%s.%016llx"
bool journal_file_create(int directory_fd, const char *name, bool on_disk,
                         struct error *error) MUST_USE;

enum frame_state { FRAME_SOUND, FRAME_FOREIGN, FRAME_SHORT /* may become one with more bytes */ };

/* What stands at bytes. *total: the bytes of a sound frame. */
enum frame_state journal_frame_look(const uint8_t *bytes, size_t have, size_t *total);

#endif
