/*
 * Records of a CSV table as a table model sees them: its columns are found by name, in any order;
 * what the table has besides is left out, and what it lacks is missing.
 */
#ifndef TRAINER_TABLE_ROW_H
#define TRAINER_TABLE_ROW_H

#include <stdio.h>

#include "common/json_writer.h"
#include "scorer/table_model.h"
#include "trainer/csv_lines.h"

#define TABLE_ROW_MOST_CELLS 65536
#define TABLE_ROW_REASONS    3
#define TABLE_ROW_NO_CELL    UINT32_MAX

/* The header of a table beside the columns of a model. */
struct table_match {
    const struct table_model *model;
    char *header;           /* the record, split */
    struct csv_cell *names; /* of its cell_count cells */
    uint32_t cell_count;
    uint32_t *cell_of; /* of each of the model's columns; TABLE_ROW_NO_CELL: it is missing */
    uint32_t label;    /* the cell with the model's label, or TABLE_ROW_NO_CELL */
};

/* False with a sentence when the table has no column of the model, or two of one name. */
bool table_match_init(struct table_match *match, const struct table_model *model, const char *path,
                      const char *header, size_t size, struct error *error) MUST_USE;
void table_match_finish(struct table_match *match);

/* Names of the model's columns that the table lacks, and of the table's that the model does not
 * know, as arrays of at most 100. */
void table_match_write(struct json_writer *json, const struct table_match *match);
unsigned table_match_missing(const struct table_match *match);

/* One thread's room for one row after the other. */
struct table_row {
    const struct table_match *match;
    char *record; /* a copy, split */
    size_t capacity;
    struct csv_cell *cells;
    uint32_t found; /* cells of the record; only those of the header can be scored */
    float *values;  /* of the model's columns */
    int label;      /* 0 or 1; -1: not told */
    unsigned unread_numbers, unknown_words;
    double *shares;
    struct table_scratch scratch;
};

bool table_row_create(struct table_row **row, const struct table_match *match,
                      struct error *error) MUST_USE;
void table_row_destroy(struct table_row *row);

/* False when there is no memory. row->found says whether it can be scored. */
bool table_row_read(struct table_row *row, const char *record, size_t size) MUST_USE;

struct table_reason {
    uint32_t column;
    double share; /* of the score: above 0 */
};

/* The columns that raised the score of the row that was read the most, at most TABLE_ROW_REASONS;
 * returns how many. */
unsigned table_row_reasons(struct table_row *row, struct table_reason *reasons);

/*
 * number,score,share,reasons of the row that was read, where `why` those that raised its score:
 * "proto=udp (0.31); bytes missing (0.12)".
 */
void table_row_print(struct table_row *row, uint64_t number, float score, double share, bool why,
                     FILE *out);

/* An array of {column, value: text or null, share}. */
void table_row_write_reasons(struct json_writer *json, const struct table_row *row,
                             const struct table_reason *reasons, unsigned count);

/* Each of the record's cells as CSV, a comma before it; the first 100 as an array "cells". */
void table_row_print_cells(const struct table_row *row, FILE *out);
void table_row_write_cells(struct json_writer *json, const struct table_row *row);

/* The header's likewise, as "columns". */
void table_match_print_names(const struct table_match *match, FILE *out);
void table_match_write_names(struct json_writer *json, const struct table_match *match);

#endif
