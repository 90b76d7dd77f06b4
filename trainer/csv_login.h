/* Logins as rows of the csv format (RFC 4180, a header, empty fields for what is not known). */
#ifndef TRAINER_CSV_LOGIN_H
#define TRAINER_CSV_LOGIN_H

#include <stdio.h>

#include "store/store.h"

bool csv_login_print_header(FILE *out, struct error *error) MUST_USE;
bool csv_login_print(FILE *out, const struct stored_login *login, struct error *error) MUST_USE;

/* Cells, each with the comma behind it: text, quoted where it must be; a time in UTC. */
void csv_print_text(FILE *out, const char *text);
void csv_print_time(FILE *out, int64_t time_us);

#endif
