#include "dashboard/live_news.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "store/alert_json.h"
#include "store/decision.h"
#include "store/login_json.h"

#define LIVE_DECISIONS 64 /* read at once */

/* ---- telling ---- */

static void tell(struct live_news *news, char *text, size_t size, enum verdict verdict)
{
    news->tell(news->context, text, size, verdict);
}

static void tell_text(struct live_news *news, const char *text)
{
    char *copy = strdup(text);

    if (copy != NULL)
        tell(news, copy, strlen(copy), VERDICT_DENY);
}

/* One that there is no memory for is as one that was missed. */
static void tell_login(struct live_news *news, const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    char id[LOGIN_ID_TEXT_BYTES], *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return;
    struct json_writer json = json_writer_to(out);
    fprintf(out, "id: %s\nevent: login\ndata: ", login_id_format(&record->event.id, id));
    login_json(&json, NULL, login, false, NULL);
    fputs("\n\n", out);
    if (fclose(out) == 0)
        tell(news, text, size, record->assessed ? record->assessment.verdict : VERDICT_ALLOW);
    else
        free(text);
}

static bool tell_alert(struct live_news *news, struct store *store, const struct alert *alert,
                       struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return true;
    struct json_writer json = json_writer_to(out);
    fputs("event: alert\ndata: ", out);
    bool done = alert_json(&json, store, alert, error);
    fputs("\n\n", out);
    if (fclose(out) == 0 && done)
        tell(news, text, size, VERDICT_DENY);
    else
        free(text);
    return done;
}

/* ---- looking ---- */

static const struct seen_login *find_seen(const struct live_news *news, const struct login_id *id)
{
    int then = !news->now;

    for (size_t i = 0; i < news->seen_count[then]; i++) {
        if (login_id_equal(&news->seen[then][i].id, id))
            return &news->seen[then][i];
    }
    return NULL;
}

struct looking {
    struct live_news *news;
    struct stored_login *fresh; /* the newest first */
    size_t count;
};

static bool look_at(void *context, const struct stored_login *login)
{
    struct looking *looking = context;
    struct live_news *news = looking->news;
    const struct seen_login *seen = find_seen(news, &login->record.event.id);

    news->seen[news->now][news->seen_count[news->now]++] =
        (struct seen_login){login->record.event.id, login->reached, login->label};
    if (seen == NULL || seen->reached != login->reached || seen->label != login->label)
        looking->fresh[looking->count++] = *login;
    return news->seen_count[news->now] < LIVE_LOGINS;
}

static bool read_latest(struct live_news *news, struct looking *looking, struct error *error)
{
    const struct login_filter filter = {.since_us = clock_utc_us() - LIVE_WINDOW_S * US_PER_S,
                                        .newest_first = true,
                                        .limit = LIVE_LOGINS};
    struct store *store;

    news->now = !news->now;
    news->seen_count[news->now] = 0;
    return check_keep_store(&news->kept, news->config, &store, error) &&
           store_logins(store, &filter, look_at, looking, error);
}

struct looking_for_alerts {
    struct alert fresh[LIVE_ALERTS]; /* the newest first */
    size_t count;
    int64_t newest, last;
};

static bool look_at_alert(void *context, const struct alert *alert)
{
    struct looking_for_alerts *looking = context;

    if (looking->newest == 0)
        looking->newest = alert->id;
    if (alert->id <= looking->last)
        return false;
    looking->fresh[looking->count++] = *alert;
    return true;
}

static bool look_for_alerts(struct live_news *news, struct error *error)
{
    struct looking_for_alerts looking = {.last = news->last_alert};
    struct store *store;

    if (!check_keep_store(&news->kept, news->config, &store, error) ||
        !store_alerts(store, ALERT_STATE_ALL, 0, LIVE_ALERTS, look_at_alert, &looking, error))
        return false;
    if (!news->looked || looking.count == 0)
        news->last_alert = looking.newest;
    for (size_t i = looking.count; i > 0 && news->looked; i--) {
        if (!tell_alert(news, store, &looking.fresh[i - 1], error))
            return false;
        news->last_alert = looking.fresh[i - 1].id;
    }
    return true;
}

/* An event's bytes. */
struct news_text {
    char *text;
    size_t size;
};

struct looking_for_labels {
    struct news_text fresh[LIVE_DECISIONS]; /* the newest first */
    size_t count;
    int64_t newest, last;
};

static bool look_at_decision(void *context, const struct decision *decision)
{
    struct looking_for_labels *looking = context;
    struct news_text *event = &looking->fresh[looking->count];

    if (looking->newest == 0)
        looking->newest = decision->number;
    if (decision->number <= looking->last)
        return false;
    if (decision->word.kind != WORD_LABEL && decision->word.kind != WORD_LATER)
        return true;
    FILE *out = open_memstream(&event->text, &event->size);
    if (out == NULL)
        return true;
    struct json_writer json = json_writer_to(out);
    fputs("event: label\ndata: ", out);
    json_object_begin(&json, NULL);
    decision_json_members(&json, decision);
    json_object_end(&json);
    fputs("\n\n", out);
    if (fclose(out) == 0)
        looking->count++;
    else
        free(event->text);
    return true;
}

static bool look_for_labels(struct live_news *news, struct error *error)
{
    struct looking_for_labels looking = {.last = news->last_decision};
    struct store *store;

    bool done =
        check_keep_store(&news->kept, news->config, &store, error) &&
        store_decisions(store, NULL, INT64_MAX, LIVE_DECISIONS, look_at_decision, &looking, error);
    if (done && looking.newest > 0)
        news->last_decision = looking.newest;
    for (size_t i = looking.count; i > 0; i--) {
        if (done && news->looked)
            tell(news, looking.fresh[i - 1].text, looking.fresh[i - 1].size, VERDICT_DENY);
        else
            free(looking.fresh[i - 1].text);
    }
    return done;
}

void live_news_look(struct live_news *news)
{
    struct error error = ERROR_NONE;
    struct looking looking = {.news = news};

    looking.fresh = malloc(LIVE_LOGINS * sizeof *looking.fresh);
    if (looking.fresh == NULL)
        return;
    if (!read_latest(news, &looking, &error) || !look_for_alerts(news, &error) ||
        !look_for_labels(news, &error)) {
        check_kept_drop(&news->kept);
        news->now = !news->now;
        if (!news->store_fails)
            tell_text(news, "event: state\ndata: {\"store\":false}\n\n");
        news->store_fails = true;
    } else {
        /* The first look only learns what is there: whoever read it before may read it again. */
        if (news->store_fails || !news->looked)
            tell_text(news, "event: state\ndata: {\"store\":true}\n\n");
        news->store_fails = false;
        for (size_t i = looking.count; i > 0 && news->looked; i--)
            tell_login(news, &looking.fresh[i - 1]);
        news->looked = true;
    }
    free(looking.fresh);
}

void live_news_begin_anew(struct live_news *news)
{
    news->looked = news->store_fails = false;
}

void live_news_finish(struct live_news *news)
{
    check_kept_drop(&news->kept);
}
