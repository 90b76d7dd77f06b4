/*
 * The audit line: one for each judged login, one for each that could not be judged, and one more
 * for each session that turned out large.
 */
#ifndef CHECK_AUDIT_LINE_H
#define CHECK_AUDIT_LINE_H

#include "check/check.h"

/*
 * Writes "name=value …" of a record into line, cut at its capacity; control bytes, quotes,
 * backslashes and bytes above 126 are escaped as \xHH. error: text of the fault, or NULL.
 */
void audit_line_compose(const struct login_record *record, bool enforce, int64_t spent_us,
                        const char *error, char line[CHECK_LINE_BYTES]);

/* The priority that fits the verdict, the session or the fault. */
int audit_line_priority(const struct login_record *record);

/* lowest: the first byte that stays as it is, ' ' or, for a word without blanks, '!'. */
void audit_line_escape(const char *text, unsigned char lowest, char *escaped, size_t capacity);

#endif
