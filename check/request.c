#include "check/request.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/hash.h"

/* Every row of the option table and of the features, as text: a changed row changes the hash. */
static const char TABLES[] =
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help) #kind #field unit ";"
#include "common/config_options.def"
#undef OPTION
#define FEATURE(symbol, group, name, unit, meaning, reason) name ";"
#include "scorer/features.def"
#undef FEATURE
    ;

uint64_t check_layout(void)
{
    char text[128];

    snprintf(text, sizeof text, "%s job=%zu config=%zu record=%zu reply=%zu %016llx",
             PAM_ANOMALY_VERSION, sizeof(struct check_job), sizeof(struct config),
             sizeof(struct login_record), sizeof(struct check_reply),
             (unsigned long long)hash_text(TABLES));
    return hash_text(text);
}

/* Nothing that a terminal or a log's reader takes for more than a line's text. */
static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

bool check_reply_is_sound(struct check_reply *reply)
{
    unsigned char learn;

    memcpy(&learn, &reply->learn, sizeof learn);
    reply->text[sizeof reply->text - 1] = '\0';
    reply->line[sizeof reply->line - 1] = '\0';
    return reply->fault < FAULT_COUNT && reply->unjudged < FAULT_COUNT &&
           reply->answer < VERDICT_COUNT && learn <= 1 && reply->priority >= LOG_ERR &&
           reply->priority <= LOG_INFO && is_printable(reply->line);
}
