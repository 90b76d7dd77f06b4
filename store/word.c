#include "store/word.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/history_format.h"
#include "common/utf8.h"

#define LABEL_VERSION       1
#define WORD_VERSION        2
#define WORD_DIRECTORY_MODE 02770

const char *word_kind_name(enum word_kind kind)
{
    switch (kind) {
#define WORD_KIND(symbol, number, name)                                                            \
    case WORD_##symbol:                                                                            \
        return name;
        WORD_KINDS
#undef WORD_KIND
    }
    return "unknown";
}

const char *history_state_name(enum history_state state)
{
    switch (state) {
#define HISTORY_STATE(symbol, number, name)                                                        \
    case HISTORY_##symbol:                                                                         \
        return name;
        HISTORY_STATES
#undef HISTORY_STATE
    }
    return "unknown";
}

const char *history_job_format(uint64_t job, char text[HISTORY_JOB_BYTES])
{
    (void)snprintf(text, HISTORY_JOB_BYTES, "%016llx", (unsigned long long)job);
    return text;
}

/* ---- labels --------------------------------------------------------------------------------- */

static size_t encode_label(const struct word *word, uint8_t bytes[WORD_MAX_BYTES])
{
    struct login_label label = {
        .id = word->login, .value = word->label, .time_us = word->time_us, .uid = word->uid};

    memcpy(label.by, word->by, sizeof(label.by));
    memcpy(label.family, word->family, sizeof(label.family));
    memcpy(label.why, word->why, sizeof(label.why));
    return login_label_encode(&label, bytes);
}

static bool decode_label(struct word *word, const void *bytes, size_t size, struct error *error)
{
    struct login_label label;

    if (!login_label_decode(&label, bytes, size, error))
        return false;
    word->kind = WORD_LABEL;
    word->login = label.id;
    word->label = label.value;
    word->time_us = label.time_us;
    word->uid = label.uid;
    memcpy(word->by, label.by, sizeof(word->by));
    memcpy(word->family, label.family, sizeof(word->family));
    memcpy(word->why, label.why, sizeof(word->why));
    return true;
}

/* ---- the other kinds ------------------------------------------------------------------------ */

static void put_history(struct byte_writer *writer, const struct asked_history *history)
{
    put_u64(writer, history->job);
    put_u8(writer, (uint8_t)history->state);
    put_u8(writer, history->begun);
    put_text(writer, history->format);
    put_text(writer, history->file);
}

static void get_history(struct byte_reader *reader, struct asked_history *history)
{
    history->job = get_u64(reader);
    history->state = get_u8(reader);
    history->begun = get_u8(reader);
    get_text(reader, history->format, sizeof(history->format));
    get_text(reader, history->file, sizeof(history->file));
}

size_t word_encode(const struct word *word, uint8_t bytes[WORD_MAX_BYTES])
{
    struct byte_writer writer = {.at = bytes, .end = bytes + WORD_MAX_BYTES};

    if (word->kind == WORD_LABEL)
        return encode_label(word, bytes);
    put_u8(&writer, WORD_VERSION);
    put_u8(&writer, (uint8_t)word->kind);
    put_i64(&writer, word->time_us);
    put_u32(&writer, word->uid);
    put_text(&writer, word->by);
    put_text(&writer, word->why);
    if (word->kind == WORD_LATER) {
        put_bytes(&writer, word->login.bytes, LOGIN_ID_BYTES);
        put_u8(&writer, word->later);
    } else if (word->kind == WORD_EXCEPTION) {
        put_u8(&writer, word->exemption.is_network);
        put_text(&writer, word->exemption.subject);
        put_i64(&writer, word->exemption.until_s);
    } else if (word->kind == WORD_ALERT_SEEN) {
        put_u64(&writer, word->alert);
    } else if (word->kind == WORD_ALERT_TEST) {
        put_text(&writer, word->channel);
    } else {
        put_history(&writer, &word->history);
    }
    return (size_t)(writer.at - bytes);
}

static bool get_bool(struct byte_reader *reader)
{
    uint8_t value = get_u8(reader);

    reader->failed = reader->failed || value > 1;
    return value == 1;
}

/* False for a kind that there is not. */
static bool decode_kind(struct word *word, struct byte_reader *reader)
{
    switch (word->kind) {
    case WORD_LATER:
        get_bytes(reader, word->login.bytes, LOGIN_ID_BYTES);
        word->later = get_bool(reader);
        return true;
    case WORD_EXCEPTION:
        word->exemption.is_network = get_bool(reader);
        get_text(reader, word->exemption.subject, sizeof(word->exemption.subject));
        word->exemption.until_s = get_i64(reader);
        return true;
    case WORD_ALERT_SEEN:
        word->alert = get_u64(reader);
        return true;
    case WORD_ALERT_TEST:
        get_text(reader, word->channel, sizeof(word->channel));
        return true;
    case WORD_IMPORT:
        get_history(reader, &word->history);
        return true;
    case WORD_LABEL: /* is of version 1 */
        break;
    }
    return false;
}

static bool is_canonical(const struct exemption *exemption)
{
    struct exemption canonical;

    return exemption_canonical(exemption, &canonical, NULL) &&
           strcmp(canonical.subject, exemption->subject) == 0 && exemption->until_s >= 0 &&
           exemption->until_s <= LOGIN_TIME_MAX_US / 1000000;
}

static bool is_history(const struct asked_history *history)
{
    return history->state >= HISTORY_ASKED && history->state <= HISTORY_FAILED &&
           history_format_is_known(history->format);
}

/* What its kind has of its own; each text is plain. */
static bool is_sound(const struct word *word)
{
    switch (word->kind) {
    case WORD_EXCEPTION:
        return is_canonical(&word->exemption);
    case WORD_ALERT_TEST:
        return word->channel[0] != '\0';
    case WORD_IMPORT:
        return is_history(&word->history);
    case WORD_LABEL:
    case WORD_LATER:
    case WORD_ALERT_SEEN:
        break;
    }
    return true;
}

bool word_is_plain(const struct word *word)
{
    return word->by[0] != '\0' && utf8_is_plain(word->by) && utf8_is_plain(word->why) &&
           utf8_is_plain(word->family) && utf8_is_plain(word->channel) &&
           utf8_is_plain(word->exemption.subject) && utf8_is_plain(word->history.file);
}

bool word_decode(struct word *word, const void *bytes, size_t size, struct error *error)
{
    struct byte_reader reader = {.at = bytes, .end = (const uint8_t *)bytes + size};
    uint8_t version = get_u8(&reader);
    bool known = false;

    memset(word, 0, sizeof(*word));
    if (!reader.failed && version == LABEL_VERSION)
        return decode_label(word, bytes, size, error);
    if (!reader.failed && version == WORD_VERSION) {
        word->kind = get_u8(&reader);
        word->time_us = get_i64(&reader);
        word->uid = get_u32(&reader);
        get_text(&reader, word->by, sizeof(word->by));
        get_text(&reader, word->why, sizeof(word->why));
        known = decode_kind(word, &reader) && !reader.failed && reader.at == reader.end;
    }
    return (known && word->time_us >= 0 && word->time_us <= LOGIN_TIME_MAX_US &&
            word_is_plain(word) && is_sound(word)) ||
           error_set(error, FAULT_STORE,
                     "a record of %zu bytes is not a label, an exception or another word of an "
                     "analyst's",
                     size);
}

bool exception_is_narrow(const struct exemption *exemption)
{
    struct ip_network network;

    if (!exemption->is_network)
        return true;
    return ip_network_parse(exemption->subject, &network, NULL) &&
           network.prefix_bits >=
               (network.address.family == 4 ? EXCEPTION_LEAST_BITS4 : EXCEPTION_LEAST_BITS6);
}

/* ---- appending ------------------------------------------------------------------------------ */

static int open_below(int store_fd)
{
    return openat(store_fd, WORD_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool open_directory(const char *store, int *fd, struct error *error)
{
    int store_fd = open(store, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (store_fd < 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot open the store's directory %s",
                               store);
    *fd = open_below(store_fd);
    if (*fd < 0 && errno == ENOENT &&
        mkdirat(store_fd, WORD_DIRECTORY, WORD_DIRECTORY_MODE & 0777) == 0 &&
        fchmodat(store_fd, WORD_DIRECTORY, WORD_DIRECTORY_MODE, 0) == 0)
        *fd = open_below(store_fd);
    if (*fd < 0)
        error_set_errno(error, FAULT_STORE, errno,
                        "cannot open %s/" WORD_DIRECTORY
                        ", which must be a directory of the dashboard's user",
                        store);
    (void)close(store_fd);
    return *fd >= 0;
}

/* What nobody reads must not fill the disk: the drain leaves a larger file alone too. */
static bool has_room(int fd, struct error *error)
{
    struct stat status;

    if (fstatat(fd, WORD_PRODUCER ".journal", &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        status.st_size < WORDS_MAX_FILE_BYTES - JOURNAL_MAX_PAYLOAD_BYTES)
        return true;
    return error_set(error, FAULT_STORE,
                     "the dashboard's journal is full at %lld bytes: is anomalyd running?",
                     (long long)status.st_size);
}

bool word_append(const char *store, const struct word *word, struct error *error)
{
    uint8_t bytes[WORD_MAX_BYTES];
    bool done;
    int fd = -1;

    if (!open_directory(store, &fd, error))
        return false;
    done = has_room(fd, error) &&
           journal_append(fd, WORD_PRODUCER, bytes, word_encode(word, bytes), error);
    (void)close(fd);
    return done;
}
