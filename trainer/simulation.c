#include "trainer/simulation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "trainer/attack.h"
#include "trainer/person.h"

#define ATTACKS_PER_ACTIVE_DAY (1.0 / 20)  /* on each user, on a day with a login */
#define ATTACKS_PER_UNUSED_DAY (1.0 / 100) /* on an account that nobody has used yet */
#define GUESSERS_PER_DAY       2.0
/* Of all attempts, those on names that do not exist, or more where hardly anybody logs in:
 * Wiefling et al. 2022 counted as many. */
#define UNKNOWN_NAMES_SHARE 0.45
#define MOST_MISTYPED       6

struct simulation {
    const struct simulation_options *options;
    struct draw draw;
    struct network offices[SIMULATION_MOST_OFFICES];
    struct person *people;
    bool *name_exists; /* of WORLD_GUESSED_NAMES */
    int64_t attempts, unknown_names;
    struct stored_login *coming; /* logins not visited yet, sorted before each visit */
    size_t coming_count, coming_capacity;
};

/* ---- logins ---- */

static bool is_unknown_name(const struct simulation *simulation, const char *name)
{
    for (unsigned i = 0; i < WORLD_GUESSED_NAME_COUNT; i++) {
        if (strcmp(name, WORLD_GUESSED_NAMES[i]) == 0)
            return !simulation->name_exists[i];
    }
    return false;
}

/* A conversation begins before its answer is typed; a password comes when it has been. */
static double proving_s(struct draw *draw, enum login_method method)
{
    return method == METHOD_KEYBOARD_INTERACTIVE ? draw_lognormal(draw, 4, 0.5)
                                                 : draw_between(draw, 0.05, 2);
}

static bool add_login(struct simulation *simulation, const struct login_event *event, bool succeeds,
                      int8_t label, const char *family, struct error *error)
{
    if (simulation->coming_count == simulation->coming_capacity) {
        size_t capacity = simulation->coming_capacity == 0 ? 256 : 2 * simulation->coming_capacity;
        struct stored_login *coming = reallocarray(simulation->coming, capacity, sizeof *coming);
        if (coming == NULL)
            return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot simulate");
        simulation->coming = coming;
        simulation->coming_capacity = capacity;
    }
    struct stored_login *login = &simulation->coming[simulation->coming_count++];
    simulation->attempts++;
    simulation->unknown_names += label == 1 && is_unknown_name(simulation, event->user);
    memset(login, 0, sizeof *login);
    login_record_init(&login->record);
    login->record.event = *event;
    login->reached = STAGE_ATTEMPT;
    login->imported = true;
    login->label = label;
    snprintf(login->family, sizeof login->family, "%s", family);
    if (!succeeds) {
        login->record.event.bytes_in = login->record.event.bytes_out = -1;
        login->record.event.duration_s = -1;
        return true;
    }
    login->reached = STAGE_CLOSED;
    login->record.event.stage = STAGE_CLOSED;
    login->record.event.learn = label == 0;
    login->accepted_us =
        event->time_us + (int64_t)(proving_s(&simulation->draw, event->method) * (double)US_PER_S);
    login->opened_us = login->accepted_us + US_PER_S / 20;
    login->closed_us = login->opened_us + event->duration_s * US_PER_S;
    return true;
}

/* ---- people ---- */

static bool is_typed(const struct login_event *event)
{
    return event->method == METHOD_PASSWORD || event->method == METHOD_KEYBOARD_INTERACTIVE;
}

/* A login, after those that were mistyped; event moves to the one that succeeds. */
static bool log_in(struct simulation *simulation, const struct person *person,
                   struct login_event *event, struct error *error)
{
    struct draw *draw = &simulation->draw;

    for (int tries = 0; tries < MOST_MISTYPED && is_typed(event) &&
                        draw_chance(draw, person->mistyped_share + (tries > 0 ? 0.2 : 0));
         tries++) {
        if (!add_login(simulation, event, false, 0, "", error))
            return false;
        person_repeat(draw, person, draw_between(draw, 2, 20), event);
    }
    return add_login(simulation, event, true, 0, "", error);
}

static bool repeat_login(struct simulation *simulation, const struct person *person,
                         struct login_event *event, struct error *error)
{
    struct draw *draw = &simulation->draw;
    struct repeats repeats = person_repeats(draw, person);

    for (unsigned i = 0; i < repeats.count; i++) {
        person_repeat(draw, person, repeats.gap_s * draw_between(draw, 0.3, 1.7), event);
        bool completes = !draw_chance(draw, repeats.broken_share);
        if (!add_login(simulation, event, completes, 0, "", error))
            return false;
    }
    return true;
}

/* Monday 0; nobody works on a holiday. */
static unsigned weekday_of(int64_t midnight_us)
{
    return world_is_holiday(midnight_us) ? 6
                                         : (unsigned)((midnight_us / US_PER_S / S_PER_DAY + 3) % 7);
}

static bool live_day(struct simulation *simulation, struct person *person, unsigned day,
                     int64_t midnight_us, struct error *error)
{
    struct draw *draw = &simulation->draw;
    unsigned weekday = weekday_of(midnight_us);
    struct login_event event;

    if (day < person->first_day || day > person->last_day)
        return true;
    person_wake(draw, day, midnight_us, person);
    unsigned count = person_login_count(draw, day, weekday, person);
    for (unsigned i = 0; i < count; i++) {
        int64_t time_us = person_login_time_us(draw, weekday, i, midnight_us, person);
        person_login(draw, day, time_us, weekday, person, &event);
        if (!log_in(simulation, person, &event, error) ||
            !repeat_login(simulation, person, &event, error))
            return false;
    }
    return true;
}

/* ---- attackers ---- */

static double success_chance(enum attack_family family)
{
    return attack_family_is_burst(family) ? 0.05 : 1.0;
}

/* What the session moves; a hijacked one is there to carry data away. */
static void move_data(struct draw *draw, enum attack_family family,
                      const struct login_event *anchor, struct login_event *event)
{
    event->duration_s = (int64_t)draw_lognormal(draw, 600, 1.0);
    event->bytes_in = (int64_t)draw_lognormal(draw, 30e3, 1.5);
    event->bytes_out = (int64_t)draw_lognormal(draw, 500e3, 2.0);
    if (family == ATTACK_SESSION_HIJACK) {
        event->bytes_in = (int64_t)((double)anchor->bytes_in * draw_lognormal(draw, 3, 1.0));
        event->bytes_out = (int64_t)((double)anchor->bytes_out * draw_lognormal(draw, 300, 1.2));
    }
}

/*
 * When the attack comes and beside which login: a day later than the last one, so that nothing
 * comes before what was visited already. A hijacked session is one that the user opens himself;
 * false on a day without any.
 */
static bool choose_moment(struct draw *draw, enum attack_family family, unsigned day,
                          int64_t midnight_us, struct person *person, int64_t *time_us)
{
    int64_t next_us = midnight_us + S_PER_DAY * US_PER_S;
    unsigned weekday = weekday_of(next_us);
    struct login_event event;

    *time_us = next_us + (int64_t)(draw_unit(draw) * (double)(S_PER_DAY * US_PER_S));
    if (family != ATTACK_SESSION_HIJACK)
        return true;
    unsigned logins = person_login_count(draw, day + 1, weekday, person);
    if (logins == 0)
        return false;
    unsigned number = draw_below(draw, logins);
    *time_us = person_login_time_us(draw, weekday, number, next_us, person);
    person_login(draw, day + 1, *time_us, weekday, person, &event);
    return true;
}

/* person: a copy, for it looks a day ahead. */
static bool attack_person(struct simulation *simulation, struct person person, unsigned day,
                          int64_t midnight_us, struct error *error)
{
    struct draw *draw = &simulation->draw;
    const struct person *colleague =
        &simulation->people[draw_below(draw, simulation->options->users)];
    bool known =
        strcmp(colleague->name, person.name) != 0 && colleague->has_last && !colleague->is_machine;
    enum attack_family family = (enum attack_family)draw_below(draw, ATTACK_FAMILY_COUNT);
    struct login_event *attempts = calloc(ATTACK_MAX_ATTEMPTS, sizeof *attempts);

    if (attempts == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot simulate");
    int64_t time_us;
    unsigned count = 0;
    if (choose_moment(draw, family, day, midnight_us, &person, &time_us))
        count = attack_make(draw, family, &person.last, known ? &colleague->last : NULL, time_us,
                            attempts);
    bool added = true;
    for (unsigned i = 0; i < count && added; i++) {
        bool succeeds = i + 1 == count && draw_chance(draw, success_chance(family));
        move_data(draw, family, &person.last, &attempts[i]);
        added = add_login(simulation, &attempts[i], succeeds, 1, attack_family_name(family), error);
    }
    free(attempts);
    return added;
}

/* Whoever uses an account draws attackers to it; so do, now and then, those that nobody uses. */
static bool attract_attack(struct simulation *simulation, const struct person *person, unsigned day,
                           int64_t midnight_us, struct error *error)
{
    struct draw *draw = &simulation->draw;
    struct login_event event;

    if (!person->has_last) {
        struct person used = *person; /* as it will be */
        if (day >= person->first_day || !draw_chance(draw, ATTACKS_PER_UNUSED_DAY))
            return true;
        person_login(draw, day, midnight_us, 0, &used, &event);
        return attack_person(simulation, used, day, midnight_us, error);
    }
    if (person->last.time_us < midnight_us || !draw_chance(draw, ATTACKS_PER_ACTIVE_DAY))
        return true;
    return attack_person(simulation, *person, day, midnight_us, error);
}

/* One source that guesses names and passwords for a while. */
static bool guess(struct simulation *simulation, int64_t midnight_us, struct error *error)
{
    struct draw *draw = &simulation->draw;
    struct network network;
    struct login_event event;
    unsigned count = 2 + draw_below(draw, 40);
    double step_s = draw_lognormal(draw, 4, 1.0);
    bool only_root = draw_chance(draw, 0.15);
    double time_s = draw_between(draw, 0, (double)S_PER_DAY);

    unsigned city = world_city(draw);
    enum network_kind kind = draw_chance(draw, 0.7) ? NETWORK_HOSTING : NETWORK_HOME;
    world_network(draw, city, kind, &network);
    login_event_init(&event);
    event.utc_offset_s = world_utc_offset_s(world_server_city(), midnight_us);
    event.method = METHOD_PASSWORD;
    snprintf(event.host, sizeof event.host, "server");
    snprintf(event.service, sizeof event.service, "sshd");
    event.source = world_address(draw, &network.prefix);
    event.place = network.place;
    world_device(world_stack(draw), network.mss, event.device);
    for (unsigned i = 0; i < count; i++) {
        const char *name = WORLD_GUESSED_NAMES[draw_below(draw, WORLD_GUESSED_NAME_COUNT)];
        if (only_root)
            name = "root";
        else if (draw_chance(draw, 0.05))
            name = simulation->people[draw_below(draw, simulation->options->users)].name;
        snprintf(event.user, sizeof event.user, "%s", name);
        event.time_us = midnight_us + (int64_t)(time_s * (double)US_PER_S);
        event.id = login_id_make(event.time_us, draw_bits(draw));
        event.source_port = (uint16_t)(1024 + draw_below(draw, 64000));
        event.rtt_us = (int32_t)(1000.0 * draw_lognormal(draw, network.rtt_ms, 0.1));
        if (!add_login(simulation, &event, false, 1, "guessing", error))
            return false;
        time_s += step_s * draw_between(draw, 0.5, 1.5);
    }
    return true;
}

/* ---- the days ---- */

static bool simulate_day(struct simulation *simulation, unsigned day, int64_t midnight_us,
                         struct error *error)
{
    for (unsigned i = 0; i < simulation->options->users; i++) {
        if (!live_day(simulation, &simulation->people[i], day, midnight_us, error))
            return false;
    }
    for (unsigned i = 0; i < simulation->options->users; i++) {
        if (!attract_attack(simulation, &simulation->people[i], day, midnight_us, error))
            return false;
    }
    uint32_t sources = draw_poisson(&simulation->draw, GUESSERS_PER_DAY);
    while (sources > 0 ||
           (double)simulation->unknown_names < UNKNOWN_NAMES_SHARE * (double)simulation->attempts) {
        if (!guess(simulation, midnight_us, error))
            return false;
        sources -= sources > 0;
    }
    return true;
}

static int compare_logins(const void *left, const void *right)
{
    const struct login_event *a = &((const struct stored_login *)left)->record.event;
    const struct login_event *b = &((const struct stored_login *)right)->record.event;
    if (a->time_us != b->time_us)
        return a->time_us < b->time_us ? -1 : 1;
    return memcmp(a->id.bytes, b->id.bytes, sizeof a->id.bytes);
}

static struct place evident_place(enum place_evidence evidence, const struct place *place)
{
    struct place evident = evidence == PLACE_EVIDENCE_NONE ? PLACE_NONE : *place;

    if (evidence == PLACE_EVIDENCE_COUNTRY) {
        evident = PLACE_NONE;
        memcpy(evident.country, place->country, sizeof evident.country);
    }
    if (evidence != PLACE_EVIDENCE_ALL)
        evident.anonymous = ANONYMOUS_UNKNOWN;
    return evident;
}

static void hide_evidence(const struct simulation_options *options, struct login_event *event)
{
    int64_t day = (event->time_us - options->start_us) / US_PER_S / S_PER_DAY;
    event->place = evident_place(options->place_evidence, &event->place);
    if (day < options->client_from_day) {
        event->device[0] = '\0';
        event->rtt_us = -1;
    }
}

/* Visits what begins before until_us; an attack's first attempts may lie in the past day, so the
 * day before is held back too. */
static bool visit_until(struct simulation *simulation, int64_t until_us,
                        bool (*visit)(void *, const struct stored_login *, struct error *),
                        void *context, struct error *error)
{
    size_t count = 0;

    if (simulation->coming_count == 0)
        return true;
    qsort(simulation->coming, simulation->coming_count, sizeof *simulation->coming, compare_logins);
    while (count < simulation->coming_count &&
           simulation->coming[count].record.event.time_us < until_us) {
        hide_evidence(simulation->options, &simulation->coming[count].record.event);
        if (!visit(context, &simulation->coming[count], error))
            return false;
        count++;
    }
    simulation->coming_count -= count;
    if (count > 0)
        memmove(simulation->coming, simulation->coming + count,
                simulation->coming_count * sizeof *simulation->coming);
    return true;
}

/* The people, and the offices that they share. */
static bool invent(struct simulation *simulation, struct error *error)
{
    const struct simulation_options *options = simulation->options;
    unsigned offices = options->offices > 0 && options->offices < SIMULATION_MOST_OFFICES
                           ? options->offices
                           : SIMULATION_MOST_OFFICES;

    simulation->people = calloc(options->users, sizeof *simulation->people);
    simulation->name_exists = calloc(WORLD_GUESSED_NAME_COUNT, sizeof *simulation->name_exists);
    if (simulation->people == NULL || simulation->name_exists == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot simulate");
    for (unsigned i = 0; i < offices; i++)
        world_network(&simulation->draw, world_city_near_server(&simulation->draw), NETWORK_OFFICE,
                      &simulation->offices[i]);
    for (unsigned i = 0; i < options->users; i++)
        person_invent(&simulation->draw, i, options->days, simulation->offices, offices,
                      &simulation->people[i]);
    for (unsigned i = 0; i < WORLD_GUESSED_NAME_COUNT; i++) {
        for (unsigned user = 0; user < options->users && !simulation->name_exists[i]; user++)
            simulation->name_exists[i] =
                strcmp(simulation->people[user].name, WORLD_GUESSED_NAMES[i]) == 0;
    }
    return true;
}

static bool run_days(struct simulation *simulation,
                     bool (*visit)(void *, const struct stored_login *, struct error *),
                     void *context, struct error *error)
{
    const struct simulation_options *options = simulation->options;
    int64_t day_us = S_PER_DAY * US_PER_S;

    for (unsigned day = 0; day < options->days; day++) {
        int64_t midnight_us = options->start_us + day * day_us;
        if (!simulate_day(simulation, day, midnight_us, error) ||
            !visit_until(simulation, midnight_us, visit, context, error))
            return false;
    }
    return visit_until(simulation, options->start_us + options->days * day_us, visit, context,
                       error);
}

bool simulation_run(const struct simulation_options *options,
                    bool (*visit)(void *context, const struct stored_login *login,
                                  struct error *error),
                    void *context, struct error *error)
{
    struct simulation simulation = {.options = options};

    draw_seed(&simulation.draw, options->seed, 0);
    bool done = invent(&simulation, error) && run_days(&simulation, visit, context, error);
    free(simulation.people);
    free(simulation.name_exists);
    free(simulation.coming);
    return done;
}
