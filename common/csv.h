/*
 * Cells of CSV (RFC 4180), and the guard of those that a spreadsheet would compute: one that begins
 * with =, +, -, @, a tab or a carriage return has an apostrophe before it, as has one that begins
 * with apostrophes and goes on so, by which the guard can be taken away again.
 */
#ifndef COMMON_CSV_H
#define COMMON_CSV_H

#include <stdbool.h>
#include <stdio.h>

/* Quoted where it must be. */
void csv_cell(FILE *out, const char *text);

/* The same, guarded: for text that somebody else chose. */
void csv_guarded_cell(FILE *out, const char *text);

/* What a guarded cell, its quotes gone, stands for: text or what is behind its first byte. */
const char *csv_unguarded(const char *text);

#endif
