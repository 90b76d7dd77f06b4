/*
 * A table model file: what `anomaly-trainer table` learned of a CSV table, so that rows of its like
 * can be scored later. Position-independent, little-endian, checked as a whole when it is opened:
 *
 *     struct table_model_header
 *     front:
 *       - struct table_model_column columns[column_count], in the order that the learner saw
 *       - struct table_model_word words[word_count], of the text columns, one after another
 *       - struct table_model_term terms[term_count], of a logistic regression
 *       - struct table_model_step steps[step_count]: how the training rows scored
 *       - char text[text_bytes]: names and words, each ended by NUL
 *     padding to a multiple of TABLE_MODEL_ALIGNMENT
 *     trees:
 *       - struct tree_node nodes[node_count]
 *       - int32_t values[node_count]
 *
 * The front says all that a person wants to know of a model; it can be looked at without the trees.
 * No bytes whatever can make a reader leave the file or loop.
 */
#ifndef SCORER_TABLE_MODEL_H
#define SCORER_TABLE_MODEL_H

#include "scorer/trees.h"

#define TABLE_MODEL_MAGIC      "PAMANOT1"
#define TABLE_MODEL_VERSION    1
#define TABLE_MODEL_ALIGNMENT  64
#define TABLE_MODEL_MOST_BYTES (UINT32_C(64) << 20)
#define TABLE_MODEL_MOST_WORDS (UINT32_C(1) << 16) /* of one column: those that came first */
#define TABLE_MODEL_MOST_STEPS 256
#define TABLE_MODEL_MOST_TERMS 512
#define TABLE_MODEL_NO_TEXT    UINT32_MAX /* in place of a text's offset */

enum table_learner_kind {
    TABLE_FOREST,    /* the mean of the leaves */
    TABLE_BOOSTED,   /* logistic of bias and leaves */
    TABLE_ISOLATION, /* scorer/isolation.h */
    TABLE_LOGISTIC,  /* logistic of bias and terms */
    TABLE_LEARNER_COUNT
};
const char *table_learner_name(enum table_learner_kind kind); /* "forest", "boosted", … */

/* The rows that auc and average_precision of a header are of. */
enum table_measured_on { TABLE_MEASURED_NOT, TABLE_OUT_OF_BAG, TABLE_TRAIN, TABLE_TEST };
const char *table_measured_on_name(enum table_measured_on measured_on); /* NULL: not measured */

struct table_model_header {
    char magic[8]; /* these five are struct model_head's */
    uint32_t version;
    uint32_t header_bytes;
    uint64_t checksum;
    uint64_t file_bytes;
    uint64_t front_bytes;                    /* with the header */
    uint64_t front_checksum, trees_checksum; /* hash_bytes of what stands behind header and front */
    uint32_t learner;                        /* enum table_learner_kind */
    uint32_t column_count, word_count, term_count, step_count, text_bytes;
    uint32_t tree_count, node_count;
    uint32_t isolation_sample; /* of an isolation forest; otherwise 0 */
    uint32_t label;            /* the label's column, in text; TABLE_MODEL_NO_TEXT: none */
    uint32_t label_words[2];   /* what says 0 and 1 in it; likewise */
    uint32_t measured_on;      /* enum table_measured_on */
    uint32_t unused;           /* 0 */
    double bias;
    double auc, average_precision; /* 0 to 1; NAN: not known */
    int64_t trained_us;
    uint64_t trained_rows;
};

enum table_column_kind { TABLE_NUMBERS, TABLE_WORDS, TABLE_EMPTY, TABLE_COLUMN_KINDS };
const char *table_column_kind_name(enum table_column_kind kind); /* "numbers", "words", "empty" */

struct table_model_column {
    uint32_t name; /* in text */
    uint32_t kind; /* enum table_column_kind; TABLE_EMPTY: no training row had a cell */
    uint32_t first_word, word_count;
    float unknown; /* what a word that was never learned counts as; NAN: missing */
    uint32_t unused;
};

/* Those of one column ascend by hash. */
struct table_model_word {
    uint64_t hash; /* hash_bytes */
    uint32_t text; /* in text */
    float value;   /* what a cell that holds it counts as */
};

/* coefficient * (value - mean) / deviation, or nothing where the value is missing; of a word's
 * term the value is 1 where the cell counts as that word, and 0 where it counts as another. */
struct table_model_term {
    uint32_t column;
    float word; /* below 0: a column of numbers */
    double coefficient, mean, deviation;
};

/* The share of the training rows that scored so or higher. Scores ascend from the least one. */
struct table_model_step {
    float score, share;
};

struct table_model {
    const struct table_model_header *header;
    const struct table_model_column *columns;
    const struct table_model_word *words;
    const struct table_model_term *terms;
    const struct table_model_step *steps;
    const char *text;
    struct trees trees;
};

/*
 * Looks at the front of a file: bytes (8-byte aligned) are its first `held`. What scores is not
 * there. False with a FAULT_MODEL sentence when it is no sound front of a table model.
 */
bool table_model_look(struct table_model *model, const void *bytes, size_t held,
                      uint64_t file_bytes, struct error *error) MUST_USE;

/* How much of a file table_model_look() needs, by its first sizeof(struct table_model_header)
 * bytes. */
bool table_model_front_bytes(const void *header, size_t held, uint64_t file_bytes,
                             size_t *front_bytes, struct error *error) MUST_USE;

/* All of it; bytes must outlive the model. */
bool table_model_open(struct table_model *model, const void *bytes, size_t size,
                      struct error *error) MUST_USE;

/* Whether a file that begins so is a table model, sound or not. */
bool table_model_is(const void *bytes, size_t held);

const char *table_model_column_name(const struct table_model *model, unsigned column);
const char *table_model_label(const struct table_model *model);        /* NULL: there is none */
const char *table_model_positive(const struct table_model *model);     /* its word for 1, or NULL */
bool table_model_gives_probabilities(const struct table_model *model); /* else scores only order */

/* ---- scoring -------------------------------------------------------------------------------- */

/* What a cell of a text column counts as. *known: whether the word was learned. */
float table_model_word_value(const struct table_model *model, unsigned column, const char *text,
                             size_t size, bool *known);

/* Room that scoring needs, one for each thread; need not be initialised. */
struct table_scratch {
    uint64_t keys[TREES_MOST_SLOTS];
    int64_t contributions[TREES_MOST_COLUMNS];
};

/* 0 to 1, the higher the more anomalous. row: column_count values, NAN where missing. */
float table_model_score(const struct table_model *model, const float *row,
                        struct table_scratch *scratch);

/* What each column did to that: shares, column_count of them, add up to the score less that of a
 * row of which nothing is known. */
void table_model_shares(const struct table_model *model, const float *row,
                        struct table_scratch *scratch, double *shares);

/* The share of the training rows that scored so or higher, between two steps by interpolation;
 * 0: none did. */
double table_model_share_above(const struct table_model *model, float score);

/* ---- building ------------------------------------------------------------------------------- */

struct table_fact_word {
    const char *text;
    float value;
};

struct table_fact_column {
    const char *name;
    enum table_column_kind kind;
    struct table_fact_word *words; /* word_count different ones, in any order */
    uint32_t word_count;
    float unknown;
};

/* What the trainer knows; all of it stays the caller's. */
struct table_model_facts {
    enum table_learner_kind learner;
    struct table_fact_column *columns;
    uint32_t column_count;
    const char *label, *label_words[2]; /* NULL: none */
    struct trees trees;                 /* none of a logistic regression */
    uint32_t isolation_sample;
    double bias;
    const struct table_model_term *terms;
    uint32_t term_count;
    const struct table_model_step *steps;
    uint32_t step_count;
    enum table_measured_on measured_on;
    double auc, average_precision;
    int64_t trained_us;
    uint64_t trained_rows;
};

/*
 * *bytes is the caller's to free(). What it made passes table_model_open(); false with a
 * FAULT_MODEL sentence when the facts cannot make a sound model.
 */
bool table_model_build(const struct table_model_facts *facts, void **bytes, size_t *size,
                       struct error *error) MUST_USE;

/* Steps of a distribution of scores that ascend: returns how many, at most TABLE_MODEL_MOST_STEPS;
 * fine where scores are high. */
uint32_t table_model_steps(const float *sorted, size_t count, struct table_model_step *steps);

#endif
