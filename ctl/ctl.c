#include "ctl/ctl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/owner.h"
#include "store/geo.h"

/* What to do about a store that cannot be opened, behind what is wrong with it. */
static bool explain(const char *directory, struct error *error)
{
    if (strchr(error->text, ';') != NULL)
        return false; /* it says what to do */
    struct error plain = *error;
    const char *advice = "see \"anomalyctl check\"";
    *error = ERROR_NONE;
    if (access(directory, F_OK) != 0 && errno == ENOENT)
        advice = "start anomalyd, or import a history with anomaly-trainer";
    else if (access(directory, R_OK | X_OK) != 0)
        advice = "run this as root";
    else if (faccessat(AT_FDCWD, directory, F_OK, 0) == 0) {
        char path[CONFIG_TEXT_BYTES + sizeof STORE_FILE + 1];
        snprintf(path, sizeof path, "%s/" STORE_FILE, directory);
        if (access(path, F_OK) != 0)
            advice = "it is empty so far: start anomalyd, or import a history with anomaly-trainer";
        else
            advice =
                "if it is damaged, stop anomalyd, move store.db, store.db-wal and store.db-shm "
                "away and start anomalyd: it makes a new one, logins go on meanwhile";
    }
    return error_set(error, plain.fault, "%s; %s", plain.text, advice);
}

bool ctl_store_open(const struct command_line *line, struct config *config, struct store **store,
                    struct error *error)
{
    *store = NULL;
    if (!command_config(line, config, error))
        return false;
    if (!owner_become(config->store, error) || !store_open(store, config->store, STORE_READ, error))
        return explain(config->store, error);
    return true;
}

/* ---- words for people ---- */

const char *ctl_time(const struct command_line *line, int64_t time_us, char text[CLOCK_TEXT_BYTES])
{
    if (time_us == 0)
        return strcpy(text, "-");
    return clock_format(time_us, line->utc, text);
}

const char *ctl_span(int64_t span_us, char text[32])
{
    int64_t seconds = span_us / US_PER_S;
    if (seconds < 120)
        snprintf(text, 32, "%" PRId64 " s", seconds);
    else if (seconds < 7200)
        snprintf(text, 32, "%" PRId64 " min", seconds / 60);
    else if (seconds < 2 * S_PER_DAY)
        snprintf(text, 32, "%" PRId64 " h", seconds / 3600);
    else
        snprintf(text, 32, "%" PRId64 " d", seconds / S_PER_DAY);
    return text;
}

const char *ctl_bytes(int64_t bytes, char text[32])
{
    static const char *const NAMES[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof NAMES / sizeof *NAMES) {
        value /= 1024;
        unit++;
    }
    snprintf(text, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, NAMES[unit]);
    return text;
}

/* ---- places ---- */

bool ctl_locate(const struct config *config, const struct ip_address *address, struct place *place,
                struct error *error)
{
    struct geo *geo;
    *place = PLACE_NONE;
    if (!geo_open(&geo, config->geo, error))
        return false;
    bool done = geo_locate(geo, address, place, error);
    geo_close(geo);
    return done;
}

const char *ctl_place(const struct place *place, char *text, size_t capacity)
{
    char asn[16] = "";
    if (place->asn != 0)
        snprintf(asn, sizeof asn, "AS%" PRIu32, place->asn);
    const char *parts[] = {place->city, place->country, asn};
    size_t used = 0;
    snprintf(text, capacity, "-");
    for (size_t i = 0; i < 3; i++)
        if (parts[i][0] != '\0' && used < capacity)
            used += (size_t)snprintf(text + used, capacity - used, "%s%s", used > 0 ? ", " : "",
                                     parts[i]);
    return text;
}

void ctl_name_person(char *name, size_t capacity, uint32_t *uid)
{
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    char logged_in[LOGIN_LABEL_BY_BYTES];
    const struct passwd *entry = NULL;
    if (sudo != NULL)
        entry = getpwnam(sudo);
    if (entry == NULL && getlogin_r(logged_in, sizeof logged_in) == 0)
        entry = getpwnam(logged_in);
    if (entry == NULL)
        entry = getpwuid(getuid());
    *uid = entry != NULL ? entry->pw_uid : getuid();
    snprintf(name, capacity, "%s", entry != NULL ? entry->pw_name : "unknown");
}
