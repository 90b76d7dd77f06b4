/*
 * What the model, each of its parts and the baselines make of the same rows.
 */
#ifndef TRAINER_EVALUATE_SCORE_H
#define TRAINER_EVALUATE_SCORE_H

#include "scorer/risk.h"
#include "trainer/rows.h"

enum evaluate_role { ROLE_MODEL, ROLE_PART, ROLE_PART_AND_BASELINE, ROLE_BASELINE };

/* EVALUATE_METHOD(symbol, role, name, meaning) */
#define EVALUATE_METHODS                                                                           \
    EVALUATE_METHOD(STACK, ROLE_MODEL, "stack", "the model: its three parts stacked")              \
    EVALUATE_METHOD(FOREST, ROLE_PART, "forest", "its forest alone")                               \
    EVALUATE_METHOD(ISOLATION, ROLE_PART, "isolation", "its isolation forest alone")               \
    EVALUATE_METHOD(FREEMAN, ROLE_PART_AND_BASELINE, "freeman",                                    \
                    "Freeman's likelihood ratio, its third part")                                  \
    EVALUATE_METHOD(LOGISTIC, ROLE_BASELINE, "logistic_novelty",                                   \
                    "logistic regression on novelty flags")                                        \
    EVALUATE_METHOD(COUNTRY, ROLE_BASELINE, "country_novelty", "a country new for the user")

enum evaluate_method {
#define EVALUATE_METHOD(symbol, role, name, meaning) METHOD_OF_##symbol,
    EVALUATE_METHODS
#undef EVALUATE_METHOD
        EVALUATE_METHOD_COUNT
};

struct evaluate_method_info {
    enum evaluate_role role;
    const char *name, *meaning;
};

extern const struct evaluate_method_info EVALUATE_METHOD_TABLE[EVALUATE_METHOD_COUNT];

bool evaluate_is_baseline(enum evaluate_method method);

/* Novelty flags that the regression reads: 1 for a value that the user's logins never had, 0 for
 * one they had, NAN without evidence. */
#define NOVELTY_FLAGS 8
void evaluate_novelty(const float features[FEATURE_COUNT], float flags[NOVELTY_FLAGS]);

struct logistic_model;

/* On the rows that the model learned from, by their weights. */
bool evaluate_fit_novelty(const struct training_rows *training, struct logistic_model *novelty,
                          struct error *error) MUST_USE;

/* One score for each method, none of them NAN: without evidence a login is not suspicious. */
bool evaluate_score(const struct risk_model *model, const struct logistic_model *novelty,
                    const float features[FEATURE_COUNT], double scores[EVALUATE_METHOD_COUNT],
                    struct error *error) MUST_USE;

#endif
