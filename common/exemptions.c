#include "common/exemptions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/trusted_file.h"

#define BLANKS        " \t\r"
#define FIELDS        4
#define LOCK_WAIT_MS  3000
#define LOCK_PAUSE_MS 20

#define FORMAT_LINE "# user NAME until TIME | network CIDR until TIME (UTC seconds)\n"

static const char HEADING[] =
    "# Temporary exemptions, written by anomalyctl allow and revoke.\n" FORMAT_LINE;
static const char STORE_HEADING[] = "# Exceptions made on the dashboard, written by anomalyd: what "
                                    "is changed here is lost.\n" FORMAT_LINE;

static void network_subject(const struct ip_network *network,
                            char subject[sizeof(((struct exemption *)0)->subject)])
{
    char text[IP_TEXT_BYTES];
    (void)snprintf(subject, sizeof(((struct exemption *)0)->subject), "%s/%u",
                   ip_format(&network->address, text), network->prefix_bits);
}

static bool parse_time(const char *text, int64_t *time_s)
{
    *time_s = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(*time_s, 10, time_s) ||
            __builtin_add_overflow(*time_s, *text - '0', time_s))
            return false;
    return *text == '\0' && *time_s > 0;
}

/* Cuts a line into its words in place. Returns how many there are, FIELDS + 1 for more than FIELDS.
 */
static unsigned split_words(char *line, char *words[FIELDS])
{
    unsigned count = 0;
    char *rest;
    for (char *word = strtok_r(line, BLANKS, &rest); word != NULL;
         word = strtok_r(NULL, BLANKS, &rest)) {
        if (count == FIELDS)
            return FIELDS + 1;
        words[count++] = word;
    }
    return count;
}

/* A line as read: subject points into the line; network is set for networks. */
struct entry {
    bool is_network;
    const char *user;
    struct ip_network network;
    int64_t until_s;
};

static bool parse_entry(char *line, struct entry *entry, struct error *error)
{
    char *words[FIELDS];
    bool sound = split_words(line, words) == FIELDS && strcmp(words[2], "until") == 0 &&
                 parse_time(words[3], &entry->until_s);
    entry->is_network = sound && strcmp(words[0], "network") == 0;
    if (!sound || (!entry->is_network && strcmp(words[0], "user") != 0))
        return error_set(error, FAULT_CONFIG,
                         "write \"user NAME until TIME\" or \"network CIDR until TIME\", TIME in "
                         "seconds since 1970 UTC");
    entry->user = words[1];
    if (entry->is_network)
        return ip_network_parse(words[1], &entry->network, error);
    if (strlen(words[1]) >= sizeof(((struct exemption *)0)->subject))
        return error_set(error, FAULT_CONFIG, "the user name is longer than %zu bytes",
                         sizeof(((struct exemption *)0)->subject) - 1);
    return true;
}

/* Takes the next sound entry off text. The first damaged line is said in damage. False at the end.
 */
static bool next_entry(const char *path, char **text, unsigned *number, struct entry *entry,
                       struct error *damage)
{
    while (**text != '\0') {
        char *line = *text + strspn(*text, BLANKS);
        size_t length = strcspn(line, "\n");
        *text = line + length;
        if (**text == '\n') {
            **text = '\0';
            ++*text;
        }
        ++*number;
        if (length == 0 || line[0] == '#' || strspn(line, BLANKS) == length)
            continue;
        struct error reason = ERROR_NONE;
        if (parse_entry(line, entry, &reason))
            return true;
        error_set(damage, FAULT_CONFIG, "%s:%u: %s", path, *number, reason.text);
    }
    return false;
}

/* *text is the caller's to free; NULL with true: there is no such file. */
static bool read_exemptions(const char *path, uid_t owner, char **text, struct error *error)
{
    size_t size;
    struct error reason = ERROR_NONE;
    if (trusted_file_read(path, owner, EXEMPTIONS_MAX_BYTES, FAULT_CONFIG, text, &size, &reason))
        return true;
    if (errno == ENOENT)
        return true;
    return error_set(error, FAULT_CONFIG, "%s", reason.text);
}

static void entry_to_exemption(const struct entry *entry, struct exemption *exemption)
{
    exemption->is_network = entry->is_network;
    exemption->until_s = entry->until_s;
    if (entry->is_network)
        network_subject(&entry->network, exemption->subject);
    else
        (void)snprintf(exemption->subject, sizeof(exemption->subject), "%s", entry->user);
}

bool exemptions_visit(const char *path, uid_t owner, exemption_visitor *visit, void *context,
                      struct error *error)
{
    char *text;
    if (!read_exemptions(path, owner, &text, error))
        return false;
    if (text == NULL)
        return true;
    char *rest = text;
    unsigned number = 0;
    struct entry entry;
    struct error damage = ERROR_NONE;
    while (next_entry(path, &rest, &number, &entry, &damage)) {
        struct exemption exemption;
        entry_to_exemption(&entry, &exemption);
        if (!visit(context, &exemption))
            break;
    }
    free(text);
    return damage.fault == FAULT_NONE || error_set(error, damage.fault, "%s", damage.text);
}

bool exemptions_visit_store(const char *directory, exemption_visitor *visit, void *context,
                            struct error *error)
{
    uid_t owner;
    int descriptor;
    struct error opening = ERROR_NONE;
    if (!trusted_directory_open(directory, ANY_OWNER, FAULT_STORE, &descriptor, &owner, NULL,
                                &opening))
        return errno == ENOENT || error_set(error, opening.fault, "%s", opening.text);
    (void)close(descriptor);
    char *path;
    if (asprintf(&path, "%s/" EXEMPTIONS_STORE_FILE, directory) < 0)
        return error_set(error, FAULT_CONFIG, "no memory to read the exemptions of %s", directory);
    bool done = exemptions_visit(path, owner, visit, context, error);
    free(path);
    return done;
}

bool exemption_canonical(const struct exemption *exemption, struct exemption *canonical,
                         struct error *error)
{
    *canonical = *exemption;
    if (exemption->is_network) {
        struct ip_network network;
        if (!ip_network_parse(exemption->subject, &network, error))
            return false;
        network_subject(&network, canonical->subject);
        return true;
    }
    if (exemption->subject[0] == '\0')
        return error_set(error, FAULT_CONFIG, "an exemption needs a user name");
    for (const char *at = exemption->subject; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return error_set(error, FAULT_CONFIG,
                             "user name \"%.80s\" holds a blank or a control byte and cannot be "
                             "exempted by name; exempt a network instead",
                             exemption->subject);
    return true;
}

/* The file being built anew. */
struct rewrite {
    const struct exemption *change; /* canonical */
    int64_t now_s;
    bool found, overflow;
    size_t size;
    char text[EXEMPTIONS_MAX_BYTES + 1];
};

static void begin_text(struct rewrite *rewrite, const char *heading)
{
    rewrite->size = strlen(heading);
    memcpy(rewrite->text, heading, rewrite->size);
}

const char *exemption_kind_name(const struct exemption *exemption)
{
    return exemption->is_network ? "network" : "user";
}

static void write_exemption(struct rewrite *rewrite, const struct exemption *exemption)
{
    size_t left = sizeof(rewrite->text) - rewrite->size;
    int length = snprintf(rewrite->text + rewrite->size, left, "%s %s until %" PRId64 "\n",
                          exemption_kind_name(exemption), exemption->subject, exemption->until_s);
    if (length < 0 || (size_t)length >= left)
        rewrite->overflow = true;
    else
        rewrite->size += (size_t)length;
}

static bool keep_exemption(void *context, const struct exemption *exemption)
{
    struct rewrite *rewrite = context;
    bool same = exemption->is_network == rewrite->change->is_network &&
                strcmp(exemption->subject, rewrite->change->subject) == 0;
    rewrite->found |= same;
    if (!same && exemption->until_s > rewrite->now_s)
        write_exemption(rewrite, exemption);
    return !rewrite->overflow;
}

/* What others can open, they can lock for as long as they like. */
static bool is_ours_alone(int lock, const char *lock_path, struct error *error)
{
    struct stat status;
    if (fstat(lock, &status) != 0)
        return error_set_errno(error, FAULT_CONFIG, errno, "cannot examine %s", lock_path);
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_set(error, FAULT_CONFIG,
                         "%s must be a file that only its owner, the caller, can open; remove it "
                         "and try again",
                         lock_path);
    return true;
}

/* Waits for whoever holds the lock, but not for ever. */
static bool take_lock(int lock, const char *path, const char *lock_path, struct error *error)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
    for (int tries = 0; flock(lock, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set_errno(error, FAULT_CONFIG, errno, "cannot lock %s", lock_path);
        if (tries == LOCK_WAIT_MS / LOCK_PAUSE_MS)
            return error_set(error, FAULT_CONFIG,
                             "another command has been changing %s for %d seconds: end the process "
                             "that holds %s and try again",
                             path, LOCK_WAIT_MS / 1000, lock_path);
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

/* Two commands that change the file at once must not lose a change. -1: the error says why. */
static int lock_beside(const char *path, struct error *error)
{
    char *lock_path;
    if (asprintf(&lock_path, "%s.lock", path) < 0) {
        error_set(error, FAULT_CONFIG, "no memory to change %s", path);
        return -1;
    }
    int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (lock < 0) {
        error_set_errno(error, FAULT_CONFIG, errno, "cannot open %s", lock_path);
    } else if (!is_ours_alone(lock, lock_path, error) || !take_lock(lock, path, lock_path, error)) {
        (void)close(lock);
        lock = -1;
    }
    free(lock_path);
    return lock;
}

static bool rewrite_file(const char *path, struct rewrite *rewrite, struct error *error)
{
    begin_text(rewrite, HEADING);
    if (!exemptions_visit(path, geteuid(), keep_exemption, rewrite, error))
        return false;
    if (rewrite->change->until_s == 0 && !rewrite->found)
        return true;
    if (rewrite->change->until_s != 0)
        write_exemption(rewrite, rewrite->change);
    if (rewrite->overflow)
        return error_set(error, FAULT_CONFIG, "%s would grow beyond %d bytes; revoke some first",
                         path, EXEMPTIONS_MAX_BYTES);
    return trusted_file_replace(path, rewrite->text, rewrite->size, 0644, FAULT_CONFIG, error);
}

bool exemptions_set(const char *path, const struct exemption *exemption, int64_t now_s, bool *found,
                    struct error *error)
{
    *found = false;
    struct exemption change;
    if (!exemption_canonical(exemption, &change, error))
        return false;
    if (change.until_s != 0 && change.until_s <= now_s)
        return error_set(error, FAULT_CONFIG, "the exemption of %s would have ended already",
                         change.subject);
    int lock = lock_beside(path, error);
    if (lock < 0)
        return false;
    bool done = false;
    struct rewrite *rewrite = calloc(1, sizeof(*rewrite));
    if (rewrite == NULL) {
        error_set(error, FAULT_CONFIG, "no memory to change %s", path);
    } else {
        rewrite->change = &change;
        rewrite->now_s = now_s;
        done = rewrite_file(path, rewrite, error);
        *found = rewrite->found;
    }
    free(rewrite);
    (void)close(lock);
    return done;
}

bool exemptions_write(const char *path, const struct exemption *exemptions, size_t count,
                      struct error *error)
{
    struct rewrite *rewrite = calloc(1, sizeof(*rewrite));
    if (rewrite == NULL)
        return error_set(error, FAULT_CONFIG, "no memory to write %s", path);
    begin_text(rewrite, STORE_HEADING);
    for (size_t i = 0; i < count; i++)
        write_exemption(rewrite, &exemptions[i]);
    bool done = rewrite->overflow ? error_set(error, FAULT_CONFIG, "%s would grow beyond %d bytes",
                                              path, EXEMPTIONS_MAX_BYTES)
                                  : trusted_file_replace(path, rewrite->text, rewrite->size, 0640,
                                                         FAULT_CONFIG, error);
    free(rewrite);
    return done;
}
