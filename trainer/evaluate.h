/*
 * How well a model tells takeovers from logins: learned from the earlier part of a history, its
 * thresholds taken from the next and carried unchanged to the last, where it is measured beside its
 * parts and the baselines on the same rows.
 */
#ifndef TRAINER_EVALUATE_H
#define TRAINER_EVALUATE_H

#include "trainer/calibration.h"
#include "trainer/evaluate_leak.h"
#include "trainer/evaluate_measure.h"
#include "trainer/evaluate_score.h"
#include "trainer/evaluate_split.h"
#include "trainer/fit.h"

/* EVALUATE_BUDGET(symbol, name, share, text): false alarms among completed logins. */
#define EVALUATE_BUDGETS                                                                           \
    EVALUATE_BUDGET(PERCENT, "1pct", 0.01, "1 %")                                                  \
    EVALUATE_BUDGET(PERMILLE, "01pct", 0.001, "0.1 %")

enum evaluate_budget {
#define EVALUATE_BUDGET(symbol, name, share, text) BUDGET_##symbol,
    EVALUATE_BUDGETS
#undef EVALUATE_BUDGET
        EVALUATE_BUDGET_COUNT
};

struct evaluate_budget_info {
    const char *name;
    double share;
    const char *text;
};
extern const struct evaluate_budget_info EVALUATE_BUDGET_TABLE[EVALUATE_BUDGET_COUNT];

/* By learned logins of the user before this one. DEPTH_ALL: whatever they are. */
enum evaluate_depth { DEPTH_ALL, DEPTH_NONE, DEPTH_FEW, DEPTH_SOME, DEPTH_MANY, DEPTH_COUNT };
extern const char *const EVALUATE_DEPTH_NAMES[DEPTH_COUNT];
enum evaluate_depth evaluate_depth_of(const struct training_row *row);

/* Attacks of one family, or all takeovers, against logins, of users of one depth. */
struct evaluate_group {
    int64_t attacks, victims, logins;
    struct attack_measures measures;
    struct bootstrap_interval recall[EVALUATE_BUDGET_COUNT]; /* by victim */
    double false_alarms[EVALUATE_BUDGET_COUNT];              /* realised share of the logins */
};

/* Sessions of the test part that could be judged when they ended, and those found large. */
struct evaluate_sessions {
    int64_t hijacked, hijacked_large, logins, logins_large;
};

#define EVALUATE_CURVE_POINTS 61 /* false alarms from 1e-4 to 1 in equal logarithmic steps */
double evaluate_curve_share(unsigned point);

/* The leak has conditions. */
struct evaluate_warning {
    struct leak leak;
    const char *const *names; /* of the columns */
    const char *what;         /* "columns of the set" */
};

struct evaluation {
    int64_t logins, training_rows, prior_rows, validation_logins, test_logins;
    bool own_model; /* trained for this evaluation */
    enum forest_kind kind;
    unsigned trees;
    bool labelled;
    int64_t left_out_victims, left_out_addresses;
    /* Of family ROW_LEGITIMATE: all takeovers. */
    struct evaluate_group groups[EVALUATE_METHOD_COUNT][ROW_FAMILY_COUNT][DEPTH_COUNT];
    /* Recall of the model less a baseline's, all takeovers, over the same resamples. */
    struct bootstrap_interval ahead[EVALUATE_METHOD_COUNT][EVALUATE_BUDGET_COUNT];
    struct evaluate_group hijacks; /* by what the finished sessions moved */
    struct evaluate_sessions sessions;
    double curves[EVALUATE_METHOD_COUNT][EVALUATE_CURVE_POINTS]; /* recall */
    struct calibration calibration;                              /* attacks weigh as in training */
    struct evaluate_warning warnings[2];
    unsigned warning_count;
};

struct evaluate_options {
    struct fit_options fit;
    struct fit_budgets budgets;
    struct risk_model_facts facts;
    const struct risk_model *model; /* NULL: one is trained on the first part */
};

/* rows: made with row_options.measured; they stay as they are. */
bool evaluate(const struct training_rows *rows, const struct evaluate_options *options,
              struct evaluation *evaluation, struct error *error) MUST_USE;

/* ---- for people, for programs ---- */

struct json_writer;
struct evaluate_output {
    const struct evaluation *evaluation;
    const char *source; /* what was evaluated on */
    const char *model;  /* NULL: its own */
    double seconds;
};

bool evaluate_print(const struct evaluate_output *output, FILE *out, bool colour,
                    struct error *error) MUST_USE;
void evaluate_write_json(const struct evaluate_output *output, struct json_writer *json);
/* One self-contained page: no script, nothing from elsewhere. */
bool evaluate_write_html(const struct evaluate_output *output, FILE *out,
                         struct error *error) MUST_USE;

/* A sentence of a warning, e.g. "success alone tells …". */
void evaluate_warning_text(const struct evaluate_warning *warning, char *text, size_t capacity);

#endif
