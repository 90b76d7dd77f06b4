/* What a signed-in person says, on its way into the dashboard's journal. */
#ifndef DASHBOARD_SPOKEN_H
#define DASHBOARD_SPOKEN_H

#include "dashboard/request.h"
#include "store/word.h"

/* Who says it, and when; the rest is the caller's to fill in. */
void spoken_begin(struct word *word, const struct request *request);

/* The member "why", which may be missing or null. False with a sentence for the client. */
bool spoken_why(struct word *word, const json_t *body, struct error *wrong) MUST_USE;

#endif
