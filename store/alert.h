/*
 * Alerts: what a rule of the file of alerts said of logins, kept in the transaction that folds
 * them, so exactly once. Logins of one rule and group make one alert as long as they keep coming:
 * its first message is due when the rule's `wait` has passed, each further one after `quiet`, if
 * there is news by then; if there is none, the alert is over and the next login makes a new one.
 */
#ifndef STORE_ALERT_H
#define STORE_ALERT_H

#include "store/alert_config.h"
#include "store/store.h"

#define ALERT_SUBJECT_BYTES 256
#define ALERT_BY_BYTES      64
#define ALERT_MESSAGE_BYTES 200
#define ALERT_LOGINS        20
#define ALERT_GROUPS        20 /* of a rule at a time; what is more goes into ALERT_THE_REST */
#define ALERT_THE_REST      "*"
#define ALERTS_MOST         10000
#define ALERT_PENDING_MOST  1000 /* deliveries that wait; past them messages wait another quiet */
#define ALERT_TEST_PAUSE_US INT64_C(10000000)  /* between two tests of one channel */
#define ALERT_TESTS_MOST    ALERT_CHANNELS_MAX /* of all channels, within that time */
#define ALERT_SUMMARY_BYTES 200

struct alert_login {
    struct login_id id;
    uint8_t verdict; /* enum verdict; of a fault the answer */
    float risk;      /* -1: not known */
};

struct alert {
    int64_t id; /* they grow */
    char rule[ALERT_NAME_BYTES];
    char subject[ALERT_SUBJECT_BYTES]; /* a user, an address, "" or ALERT_THE_REST */
    int64_t first_us, last_us;         /* of its logins; UTC */
    int64_t counted_us;                /* UTC, when a login was last counted with it */
    int64_t count;                     /* of its logins */
    int64_t announced;                 /* of these, in messages so far */
    int64_t due_us;                    /* UTC, when a message is to be thought of; 0: it is over */
    int64_t acknowledged_us;           /* 0: nobody did */
    char acknowledged_by[ALERT_BY_BYTES];
    unsigned login_count;
    struct alert_login logins[ALERT_LOGINS]; /* the worst first */
};

enum delivery_state { DELIVERY_PENDING, DELIVERY_DONE, DELIVERY_FAILED };

/* One message on one channel. */
struct alert_delivery {
    int64_t id;    /* they grow */
    int64_t alert; /* 0: a test */
    char channel[ALERT_NAME_BYTES];
    enum delivery_state state;
    int64_t time_us; /* UTC: made, later ended */
    int64_t count;   /* logins that it tells of for the first time */
    int64_t attempts;
    char message[ALERT_MESSAGE_BYTES]; /* what became of it; of a pending test: who asks for it */
};

/* ---- logins become alerts (alert_fold.c) ---------------------------------------------------- */

/* Whether the user is in one of the groups, a list of the configuration. */
typedef bool alert_membership(void *context, const char *user, const char *groups);

/* What anomalyd's drain holds against each login; see drain.h. */
struct alert_watch {
    const struct alert_config *config;
    int64_t now_us; /* UTC */
    alert_membership *is_member;
    void *context; /* of is_member */
};

/* Whether the rule's conditions hold for a login as the store has it; not the rule's moment. */
bool alert_rule_matches(const struct alert_rule *rule, const struct stored_login *login,
                        const struct alert_watch *watch);

/*
 * A login reached a stage for the first time, or (label) its label was changed: counts it with the
 * rules that look then. A rule on a stage waits for the attempt too, which is what was judged.
 * stages: STAGE_BITs that are known now. In the transaction that folds it.
 */
bool store_alert_see(struct store *store, const struct alert_watch *watch,
                     const struct stored_login *login, int stages, enum login_stage stage,
                     bool label, struct error *error) MUST_USE;

/* ---- alerts become messages (alert.c) ------------------------------------------------------- */

/*
 * Makes the deliveries of the alerts that are due, and ends those that are over or whose rule is
 * gone. *postponed: messages that too many waiting deliveries keep back, their counts in the next.
 * In a transaction.
 */
bool store_alerts_announce(struct store *store, const struct alert_config *config, int64_t now_us,
                           int64_t *postponed, struct error *error) MUST_USE;

/* Whether any alert is due. Costs next to nothing when none is under way. */
bool store_alerts_are_due(struct store *store, int64_t now_us, bool *due,
                          struct error *error) MUST_USE;

/* The next delivery that waits behind that id. */
bool store_delivery_next(struct store *store, int64_t behind, struct alert_delivery *delivery,
                         bool *found, struct error *error) MUST_USE;

/* Writes back state, time, attempts and message. */
bool store_delivery_end(struct store *store, const struct alert_delivery *delivery,
                        struct error *error) MUST_USE;

/* *found is false, and nothing changes, when there is no such alert. In a transaction. */
bool store_alert_acknowledge(struct store *store, int64_t id, const char *by, int64_t time_us,
                             bool *found, struct error *error) MUST_USE;

/*
 * A message to try a channel with. *taken is false when one of that channel waits, or was made less
 * than ALERT_TEST_PAUSE_US before, or ALERT_TESTS_MOST of any. In a transaction.
 */
bool store_alert_test(struct store *store, const char *channel, const char *by, int64_t time_us,
                      bool *taken, struct error *error) MUST_USE;

/* Deletes alerts that are over and were last counted before, those beyond ALERTS_MOST, and their
 * deliveries. */
bool store_alerts_retain(struct store *store, int64_t before_us, struct error *error) MUST_USE;

/* ---- lists (alert_query.c) ------------------------------------------------------------------ */

enum alert_state { ALERT_STATE_OPEN, ALERT_STATE_ACKNOWLEDGED, ALERT_STATE_ALL };
const char *alert_state_name(enum alert_state state);
bool alert_state_from_name(const char *name, enum alert_state *state) MUST_USE;

/* Return false to stop (not an error). */
typedef bool alert_visitor(void *context, const struct alert *alert);
typedef bool alert_delivery_visitor(void *context, const struct alert_delivery *delivery);

/* Newest first, ids below `before` (0: all). A store from before alerts has none. */
bool store_alerts(struct store *store, enum alert_state state, int64_t before, int64_t limit,
                  alert_visitor *visit, void *context, struct error *error) MUST_USE;

/* Of one alert, newest first. alert 0: tests. */
bool store_deliveries(struct store *store, int64_t alert, int64_t limit,
                      alert_delivery_visitor *visit, void *context, struct error *error) MUST_USE;

/* The latest of a channel that ended so. */
bool store_delivery_latest(struct store *store, const char *channel, enum delivery_state state,
                           struct alert_delivery *delivery, bool *found,
                           struct error *error) MUST_USE;

bool store_alert_load(struct store *store, int64_t id, struct alert *alert, bool *found,
                      struct error *error) MUST_USE;

/* "37 logins of root, judged up to deny, risk up to 0.981". Control bytes become '?'. Returns text.
 */
const char *alert_summary(const struct alert *alert, char text[ALERT_SUMMARY_BYTES]);

#endif
