/* The riskiest of many logins. */
#ifndef TRAINER_WORST_LOGINS_H
#define TRAINER_WORST_LOGINS_H

#include "common/json_writer.h"
#include "trainer/judging.h"

struct worst_place {
    double risk;
    int64_t order; /* of adding */
    size_t slot;
};

struct worst_logins {
    size_t most, count;
    struct judged_login *slots;
    struct worst_place *places; /* a heap, the least risky one first */
    int64_t added;
};

/* most: how many are kept, at least one. */
bool worst_logins_init(struct worst_logins *worst, size_t most, struct error *error) MUST_USE;
void worst_logins_finish(struct worst_logins *worst);

/* Of equally risky ones the earlier are kept. */
void worst_logins_add(struct worst_logins *worst, const struct judged_login *login);

/* When all are added: puts the riskiest first, of equal ones the earlier. */
void worst_logins_sort(struct worst_logins *worst);

/* Once they are sorted; i below count. */
struct judged_login *worst_login(const struct worst_logins *worst, size_t i);

/* Who it was, from where, and the risk: members of an open object. */
void worst_login_write(struct json_writer *json, const struct judged_login *login);

#endif
