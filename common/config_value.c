#include "common/config_value.h"

#include <inttypes.h>
#include <string.h>

#define SHARE_MAX_TERM   INT64_C(10000000) /* of a fraction: such a double has one such fraction */
#define SHARE_MAX_DIGITS 15u               /* behind the point: exact in a double */
#define SHOWN            80                /* bytes of a bad value that a message repeats */

struct unit {
    const char *suffix;
    int64_t factor;
};

/* Largest first; a suffix of "" stands for a bare number. The first row is no unit of its own. */
static const struct unit NO_UNITS[] = {{"", 1}, {NULL, 0}};
static const struct unit DURATION_UNITS[] = {
    {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct unit BYTE_UNITS[] = {
    {"GiB", INT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};
static const struct unit DAY_UNITS[] = {{"d", 1}, {NULL, 0}};

static const struct unit *units_of(enum config_kind kind)
{
    switch (kind) {
    case KIND_INT:
        return NO_UNITS;
    case KIND_DURATION_MS:
        return DURATION_UNITS;
    case KIND_BYTES:
        return BYTE_UNITS;
    case KIND_DAYS:
        return DAY_UNITS;
    default:
        return NULL;
    }
}

static void *field_of(const struct config_option *option, void *record)
{
    return (char *)record + option->offset;
}

static const void *value_of(const struct config_option *option, const void *record)
{
    return (const char *)record + option->offset;
}

bool config_option_is_quantity(const struct config_option *option)
{
    return units_of(option->kind) != NULL;
}

const char *config_quantity_format(const struct config_option *option, int64_t number, char *text,
                                   size_t capacity)
{
    const struct unit *unit = units_of(option->kind);
    while (unit->factor > 1 && (number == 0 || number % unit->factor != 0))
        unit++;
    (void)snprintf(text, capacity, "%" PRId64 "%s", number / unit->factor, unit->suffix);
    return text;
}

/* Decimal digits; *end is behind them. False without a digit or beyond int64_t. */
static bool parse_digits(const char *text, const char **end, int64_t *number)
{
    *number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, *at - '0', number))
            return false;
    *end = at;
    return at > text;
}

static bool refuse_quantity(const struct config_option *option, const char *value,
                            struct error *error)
{
    char units[64] = "";
    size_t used = 0;
    for (const struct unit *unit = units_of(option->kind); unit->suffix != NULL; unit++)
        used += (size_t)snprintf(units + used, sizeof(units) - used, "%s%s", used > 0 ? ", " : "",
                                 unit->suffix);
    char least[32];
    char most[32];
    config_quantity_format(option, option->minimum, least, sizeof(least));
    config_quantity_format(option, option->maximum, most, sizeof(most));
    if (units[0] == '\0')
        return error_set(error, FAULT_CONFIG, "\"%.*s\" is not a whole number from %s to %s", SHOWN,
                         value, least, most);
    return error_set(error, FAULT_CONFIG,
                     "\"%.*s\" is not a whole number with its unit (%s) from %s to %s", SHOWN,
                     value, units, least, most);
}

static bool parse_quantity(const struct config_option *option, const char *value, int64_t *field,
                           struct error *error)
{
    const char *suffix;
    int64_t number;
    if (!parse_digits(value, &suffix, &number))
        return refuse_quantity(option, value, error);
    const struct unit *unit = units_of(option->kind);
    while (unit->suffix != NULL && strcmp(unit->suffix, suffix) != 0)
        unit++;
    if (unit->suffix == NULL || __builtin_mul_overflow(number, unit->factor, &number) ||
        number < option->minimum || number > option->maximum)
        return refuse_quantity(option, value, error);
    *field = number;
    return true;
}

static double power_of_ten(unsigned exponent)
{
    double power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/*
 * "1/200" or "0.005". Not strtod(): its decimal point depends on the locale of the program that PAM
 * is loaded into. Both forms are one exact division, hence rounded once.
 */
static bool read_share(const char *value, double *share)
{
    const char *at;
    int64_t whole;
    if (!parse_digits(value, &at, &whole) || whole > SHARE_MAX_TERM)
        return false;
    int64_t part = 0;
    if (*at == '/') {
        if (!parse_digits(at + 1, &at, &part) || part < 1 || part > SHARE_MAX_TERM)
            return false;
        *share = (double)whole / (double)part;
        return *at == '\0';
    }
    *share = (double)whole;
    if (*at == '\0')
        return true;
    if (*at != '.' || whole > 1)
        return false;
    const char *digits = at + 1;
    if (!parse_digits(digits, &at, &part) || *at != '\0' || at - digits > SHARE_MAX_DIGITS)
        return false;
    double power = power_of_ten((unsigned)(at - digits));
    *share = ((double)whole * power + (double)part) / power;
    return true;
}

static bool parse_share(const struct config_option *option, const char *value, double *field,
                        struct error *error)
{
    double share;
    if (!read_share(value, &share) || share < (double)option->minimum ||
        share > (double)option->maximum)
        return error_set(error, FAULT_CONFIG,
                         "\"%.*s\" is not a share from %" PRId64 " to %" PRId64
                         "; write it like 1/1000 or 0.001, with at most %u digits behind the point",
                         SHOWN, value, option->minimum, option->maximum, SHARE_MAX_DIGITS);
    *field = share;
    return true;
}

/* The simplest fraction that is this double: its continued fraction, cut where it is exact. */
static bool find_fraction(double share, int64_t *numerator, int64_t *denominator)
{
    double rest = share;
    int64_t n0 = 0, n1 = 1, d0 = 1, d1 = 0;
    for (int step = 0; step < 40; step++) {
        if (!(rest >= 0 && rest <= (double)SHARE_MAX_TERM))
            return false;
        int64_t term = (int64_t)rest;
        int64_t n2 = term * n1 + n0;
        int64_t d2 = term * d1 + d0;
        if (n2 > SHARE_MAX_TERM || d2 > SHARE_MAX_TERM)
            return false;
        n0 = n1, n1 = n2, d0 = d1, d1 = d2;
        if ((double)n1 / (double)d1 == share) {
            *numerator = n1;
            *denominator = d1;
            return true;
        }
        rest = 1 / (rest - (double)term);
    }
    return false;
}

static void format_share(double share, char *text, size_t capacity)
{
    int64_t numerator, denominator;
    bool fraction = find_fraction(share, &numerator, &denominator);
    if (fraction && denominator == 1) {
        (void)snprintf(text, capacity, "%" PRId64, numerator);
        return;
    }
    if (fraction && numerator == 1) {
        (void)snprintf(text, capacity, "1/%" PRId64, denominator);
        return;
    }
    int64_t part = 0;
    unsigned digits = 0;
    bool decimal = false;
    while (!decimal && digits < SHARE_MAX_DIGITS) {
        double power = power_of_ten(++digits);
        part = (int64_t)(share * power + 0.5);
        decimal = (double)part / power == share;
    }
    if (fraction && (!decimal || digits > 6)) {
        (void)snprintf(text, capacity, "%" PRId64 "/%" PRId64, numerator, denominator);
        return;
    }
    int64_t power = (int64_t)power_of_ten(digits);
    (void)snprintf(text, capacity, "%" PRId64 ".%0*" PRId64, part / power, (int)digits,
                   part % power);
}

static bool parse_bool(const char *value, bool *field, struct error *error)
{
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0)
        return error_set(error, FAULT_CONFIG, "\"%.*s\" is neither yes nor no", SHOWN, value);
    *field = yes;
    return true;
}

const char *config_choice_word(const char *choices, int index, size_t *length)
{
    for (; index > 0; index--) {
        choices += strcspn(choices, "|");
        if (*choices == '\0')
            break;
        choices++;
    }
    *length = strcspn(choices, "|");
    return choices;
}

bool config_choice_index(const char *choices, const char *word, int *index)
{
    size_t length = strlen(word);
    for (int i = 0; *choices != '\0'; i++) {
        size_t choice = strcspn(choices, "|");
        if (choice == length && memcmp(choices, word, length) == 0) {
            *index = i;
            return true;
        }
        choices += choice;
        choices += *choices == '|';
    }
    return false;
}

static bool parse_choice(const struct config_option *option, const char *value, int *field,
                         struct error *error)
{
    if (config_choice_index(option->unit, value, field))
        return true;
    char words[128];
    size_t used = 0;
    for (const char *at = option->unit; *at != '\0' && used + 3 < sizeof(words); at++) {
        words[used++] = *at == '|' ? ',' : *at;
        if (*at == '|')
            words[used++] = ' ';
    }
    words[used] = '\0';
    return error_set(error, FAULT_CONFIG, "\"%.*s\" is not one of %s", SHOWN, value, words);
}

static bool has_control_byte(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static bool parse_text(const struct config_option *option, const char *value, char *field,
                       struct error *error)
{
    size_t length = strlen(value);
    if (option->kind == KIND_PATH && value[0] != '/')
        return error_set(error, FAULT_CONFIG,
                         "\"%.*s\" is not an absolute path; write one that begins with /", SHOWN,
                         value);
    if (has_control_byte(value))
        return error_set(error, FAULT_CONFIG,
                         "\"%.*s\" holds a tab or another control byte; remove it", SHOWN, value);
    if (length >= CONFIG_TEXT_BYTES)
        return error_set(error, FAULT_CONFIG, "\"%.*s…\" has %zu bytes; at most %d fit", SHOWN,
                         value, length, CONFIG_TEXT_BYTES - 1);
    memcpy(field, value, length + 1);
    return true;
}

#define LIST_SEPARATORS " \t,"

static bool check_word(const struct config_option *option, const char *word, size_t length,
                       struct error *error)
{
    if (word[0] == '#')
        return error_set(error, FAULT_CONFIG,
                         "\"#\" inside a list; a comment stands on a line of its own");
    if (option->kind != KIND_NETWORKS)
        return true;
    char text[SHOWN];
    struct ip_network network;
    if (length >= sizeof(text))
        return error_set(error, FAULT_CONFIG, "\"%.*s\" is too long for an address or CIDR",
                         (int)sizeof(text), word);
    memcpy(text, word, length);
    text[length] = '\0';
    return ip_network_parse(text, &network, error);
}

static bool parse_list(const struct config_option *option, const char *value, char *field,
                       struct error *error)
{
    char list[CONFIG_LIST_BYTES];
    size_t used = 0;
    const char *word = value + strspn(value, LIST_SEPARATORS);
    while (*word != '\0') {
        size_t length = strcspn(word, LIST_SEPARATORS);
        if (!check_word(option, word, length, error))
            return false;
        if (used + 1 + length >= sizeof(list))
            return error_set(error, FAULT_CONFIG, "the list is too long; at most %d bytes fit",
                             CONFIG_LIST_BYTES - 1);
        if (used > 0)
            list[used++] = ' ';
        memcpy(list + used, word, length);
        used += length;
        word += length;
        word += strspn(word, LIST_SEPARATORS);
    }
    list[used] = '\0';
    if (has_control_byte(list))
        return error_set(error, FAULT_CONFIG, "\"%.*s\" holds a control byte; remove it", SHOWN,
                         list);
    memcpy(field, list, used + 1);
    return true;
}

bool config_value_parse(const struct config_option *option, const char *value, void *record,
                        struct error *error)
{
    void *field = field_of(option, record);
    switch (option->kind) {
    case KIND_BOOL:
        return parse_bool(value, field, error);
    case KIND_SHARE:
        return parse_share(option, value, field, error);
    case KIND_INT:
    case KIND_DURATION_MS:
    case KIND_BYTES:
    case KIND_DAYS:
        return parse_quantity(option, value, field, error);
    case KIND_CHOICE:
        return parse_choice(option, value, field, error);
    case KIND_TEXT:
    case KIND_PATH:
        return parse_text(option, value, field, error);
    case KIND_LIST:
    case KIND_NETWORKS:
        return parse_list(option, value, field, error);
    }
    return error_set(error, FAULT_CONFIG, "option %s has no kind", option->name);
}

const char *config_value_format(const struct config_option *option, const void *record, char *text,
                                size_t capacity)
{
    const void *value = value_of(option, record);
    size_t length;
    const char *word;
    switch (option->kind) {
    case KIND_BOOL:
        (void)snprintf(text, capacity, "%s", *(const bool *)value ? "yes" : "no");
        break;
    case KIND_SHARE:
        format_share(*(const double *)value, text, capacity);
        break;
    case KIND_INT:
    case KIND_DURATION_MS:
    case KIND_BYTES:
    case KIND_DAYS:
        config_quantity_format(option, *(const int64_t *)value, text, capacity);
        break;
    case KIND_CHOICE:
        word = config_choice_word(option->unit, *(const int *)value, &length);
        (void)snprintf(text, capacity, "%.*s", (int)length, word);
        break;
    case KIND_TEXT:
    case KIND_PATH:
    case KIND_LIST:
    case KIND_NETWORKS:
        (void)snprintf(text, capacity, "%s", (const char *)value);
        break;
    }
    return text;
}
