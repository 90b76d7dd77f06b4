/* The riskiest of many logins, as JSON. */
#ifndef TRAINER_WORST_LOGINS_H
#define TRAINER_WORST_LOGINS_H

#include "common/json_writer.h"
#include "trainer/judging.h"

#define WORST_LOGINS 50

/* Begins as zeros. The riskiest first; of equal ones the earlier. */
struct worst_logins {
    unsigned count;
    struct judged_login at[WORST_LOGINS];
};

void worst_logins_add(struct worst_logins *worst, const struct judged_login *login);

/* An array: time, user, ip, country, city, risk, verdict, reasons of each. */
void worst_logins_write(struct json_writer *json, const char *name,
                        const struct worst_logins *worst);

#endif
