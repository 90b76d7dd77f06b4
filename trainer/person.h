/* One simulated user: who, with what habits, and the logins of a day. */
#ifndef TRAINER_PERSON_H
#define TRAINER_PERSON_H

#include "trainer/world.h"

#define PERSON_STACKS        3
#define PERSON_HOME_PREFIXES 6

struct person {
    char name[32];
    bool is_machine;
    unsigned first_day, last_day;
    unsigned city;
    int32_t utc_offset_s; /* of the person, not of the server */
    struct network home, mobile, trip, proxy;
    struct ip_address home_prefixes[PERSON_HOME_PREFIXES];
    unsigned home_prefix_count;
    const struct network *office; /* NULL: none */
    unsigned trip_until_day, away_until_day;
    unsigned on_call_week; /* of each ON_CALL_WEEKS, from 1; 0: never called at night */
    unsigned calls_today;  /* logins of the day that come first and are at night */
    double start_hour;     /* when the office's day begins; 0: comes and goes */
    double trips_per_day, proxy_share, mobile_share;
    unsigned stacks[PERSON_STACKS];
    unsigned stack_count;
    char keys[PERSON_STACKS][LOGIN_KEY_BYTES]; /* of each device */
    enum login_method method;
    double logins_per_workday, weekend_factor, evening_share;
    double hour_mean, hour_deviation;
    double bytes_in_median, bytes_out_median, duration_median_s;
    /* Shares of logins: mistyped ones; by password although there is a key; at any hour. */
    double mistyped_share, fallback_share, any_hour_share;
    double tool_share, tool_mean, tool_gap_s; /* logins that many more follow at once */
    double storm_share;                       /* a laptop that wakes up and reconnects */
    unsigned period_h, minute;                /* of a machine */
    bool has_last;
    struct login_event last; /* a login of the latest day, all evidence known */
};

/* offices: office_count networks that outlive the person. */
void person_invent(struct draw *draw, unsigned number, unsigned days, const struct network *offices,
                   unsigned office_count, struct person *person);

/* What changes overnight: journeys, holidays, calls, clocks, new laptops, keys and homes. */
void person_wake(struct draw *draw, unsigned day, int64_t midnight_us, struct person *person);

/* How many logins today; when each begins; and what it looks like. */
unsigned person_login_count(struct draw *draw, unsigned day, unsigned weekday,
                            const struct person *person);
int64_t person_login_time_us(struct draw *draw, unsigned weekday, unsigned number,
                             int64_t midnight_us, const struct person *person);
void person_login(struct draw *draw, unsigned day, int64_t time_us, unsigned weekday,
                  struct person *person, struct login_event *event);

/* A further login of the same burst, gap_s after the previous one, which event holds. */
void person_repeat(struct draw *draw, const struct person *person, double gap_s,
                   struct login_event *event);

/* A login's repeats: parallel sessions, a tool's connections, what a waking laptop reconnects. */
struct repeats {
    unsigned count; /* without the login itself */
    double gap_s;
    double broken_share; /* connections that are given up before they are complete */
};
struct repeats person_repeats(struct draw *draw, const struct person *person);

#endif
