#include "dashboard/column.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/csv.h"

#define CELL_TEXT_BYTES 1024
#define NS_PER_S        INT64_C(1000000000)
#define RISK_DIGITS     6
#define DEGREE_DIGITS   4

_Static_assert(CELL_TEXT_BYTES > ASSESSMENT_REASONS * (REASON_TEXT_BYTES + 2) &&
                   CELL_TEXT_BYTES > ALERT_LOGINS * LOGIN_ID_TEXT_BYTES,
               "a cell's text has room");

/* ---- what a cell holds ----------------------------------------------------------------------- */

enum cell_kind {
    CELL_NOTHING,
    CELL_WORD,
    CELL_WORDS, /* separated by blanks when there can be more than one */
    CELL_INTEGER,
    CELL_NUMBER,
    CELL_MOMENT,
    CELL_TRUTH,
    CELL_LOCATION
};

struct cell {
    enum cell_kind kind;
    bool many;        /* of WORDS */
    const char *text; /* of WORD, WORDS */
    int64_t integer;  /* of INTEGER, TRUTH; of MOMENT: UTC, us */
    double number;
    int digits; /* of NUMBER, behind the point, in CSV */
    const struct place *place;
};

static const struct cell NOTHING = {.kind = CELL_NOTHING};

/* "" and NULL are nothing. */
static struct cell word(const char *text)
{
    return text == NULL || text[0] == '\0' ? NOTHING : (struct cell){CELL_WORD, .text = text};
}

static struct cell list_of(struct cell cell)
{
    if (cell.kind == CELL_WORD)
        cell.kind = CELL_WORDS;
    return cell;
}

static struct cell words(const char *text)
{
    return list_of(word(text));
}

static struct cell integer(int64_t value)
{
    return (struct cell){CELL_INTEGER, .integer = value};
}

static struct cell known(int64_t value, int64_t unknown)
{
    return value == unknown ? NOTHING : integer(value);
}

static struct cell number(double value, int digits)
{
    return isnan(value) ? NOTHING : (struct cell){CELL_NUMBER, .number = value, .digits = digits};
}

static struct cell degrees(float value)
{
    return number((double)value, DEGREE_DIGITS);
}

static struct cell moment(int64_t time_us)
{
    return time_us == 0 ? NOTHING : (struct cell){CELL_MOMENT, .integer = time_us};
}

static struct cell truth(bool value)
{
    return (struct cell){CELL_TRUTH, .integer = value};
}

static struct cell location(const struct place *place)
{
    return place_has_coordinates(place) ? (struct cell){CELL_LOCATION, .place = place} : NOTHING;
}

static struct cell address(const struct ip_address *ip, char text[CELL_TEXT_BYTES])
{
    return ip->family == 0 ? NOTHING : word(ip_format(ip, text));
}

static struct cell digits(int64_t value, char text[CELL_TEXT_BYTES])
{
    snprintf(text, CELL_TEXT_BYTES, "%" PRId64, value);
    return word(text);
}

static struct cell label_of(const struct stored_login *login)
{
    return login->label == LABEL_NONE
               ? NOTHING
               : word(login_label_name((enum login_label_value)login->label));
}

static struct cell reasons(const struct assessment *assessment, char text[CELL_TEXT_BYTES])
{
    char one[REASON_TEXT_BYTES];
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < assessment->reason_count; i++)
        used += (size_t)snprintf(text + used, CELL_TEXT_BYTES - used, "%s%s", i > 0 ? "; " : "",
                                 reason_text(&assessment->reasons[i], one));
    return word(text);
}

static struct cell alert_logins(const struct alert *alert, char text[CELL_TEXT_BYTES])
{
    struct cell cell;
    char id[LOGIN_ID_TEXT_BYTES];
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < alert->login_count; i++)
        used += (size_t)snprintf(text + used, CELL_TEXT_BYTES - used, "%s%s", i > 0 ? " " : "",
                                 login_id_format(&alert->logins[i].id, id));
    cell = words(text);
    cell.many = true;
    return cell;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define COLUMN(group, name, field, value) GETTER(group, name, value)
#define FIELD(group, name, field, value)  GETTER(group, name, value)
#define GETTER(group, name, value)                                                                 \
    static struct cell get_##group##_##name(const struct list_item *item,                          \
                                            char text[CELL_TEXT_BYTES])                            \
    {                                                                                              \
        (void)item, (void)text;                                                                    \
        return value;                                                                              \
    }
#include "dashboard/columns.def"
#undef COLUMN
#undef FIELD
#undef GETTER

static const struct column {
    unsigned group;
    const char *name, *field; /* of CSV, of ECS; NULL: it is not there */
    struct cell (*get)(const struct list_item *item, char text[CELL_TEXT_BYTES]);
} COLUMNS[] = {
#define COLUMN(group, name, field, value) {COLUMNS_##group, #name, field, get_##group##_##name},
#define FIELD(group, name, field, value)  {COLUMNS_##group, NULL, field, get_##group##_##name},
#include "dashboard/columns.def"
#undef COLUMN
#undef FIELD
};

#define COLUMN_COUNT (sizeof(COLUMNS) / sizeof(COLUMNS[0]))

static bool is_in(const struct column *column, unsigned groups)
{
    return (groups >> column->group & 1) != 0;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void write_csv(FILE *out, const struct cell *cell)
{
    char text[CLOCK_TEXT_BYTES];

    switch (cell->kind) {
    case CELL_WORD:
    case CELL_WORDS:
        csv_guarded_cell(out, cell->text);
        break;
    case CELL_INTEGER:
        fprintf(out, "%" PRId64, cell->integer);
        break;
    case CELL_NUMBER:
        fprintf(out, "%.*f", cell->digits, cell->number);
        break;
    case CELL_MOMENT:
        fputs(clock_format_ms(cell->integer, text), out);
        break;
    case CELL_TRUTH:
        fputs(cell->integer != 0 ? "true" : "false", out);
        break;
    case CELL_LOCATION:
    case CELL_NOTHING:
        break;
    }
}

void columns_csv_heading(FILE *out, unsigned groups)
{
    const char *separator = "";

    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (COLUMNS[i].name == NULL || !is_in(&COLUMNS[i], groups))
            continue;
        fprintf(out, "%s%s", separator, COLUMNS[i].name);
        separator = ",";
    }
    fputs("\r\n", out);
}

void columns_csv_row(FILE *out, unsigned groups, const struct list_item *item)
{
    const char *separator = "";
    char text[CELL_TEXT_BYTES];
    struct cell cell;

    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (COLUMNS[i].name == NULL || !is_in(&COLUMNS[i], groups))
            continue;
        fputs(separator, out);
        separator = ",";
        cell = COLUMNS[i].get(item, text);
        write_csv(out, &cell);
    }
    fputs("\r\n", out);
}

/* ---- ECS ------------------------------------------------------------------------------------- */

static void write_words(struct json_writer *json, const char *field, const struct cell *cell)
{
    const char *at = cell->text;

    json_array_begin(json, field);
    while (cell->many && strchr(at, ' ') != NULL) {
        size_t length = strcspn(at, " ");

        json_text_bytes(json, NULL, at, length);
        at += length + 1;
    }
    json_text(json, NULL, at);
    json_array_end(json);
}

static void write_ecs(struct json_writer *json, const char *field, const struct cell *cell)
{
    switch (cell->kind) {
    case CELL_WORD:
        json_text(json, field, cell->text);
        break;
    case CELL_WORDS:
        write_words(json, field, cell);
        break;
    case CELL_INTEGER:
        json_integer(json, field, cell->integer);
        break;
    case CELL_NUMBER:
        json_number(json, field, cell->number);
        break;
    case CELL_MOMENT:
        json_time(json, field, cell->integer);
        break;
    case CELL_TRUTH:
        json_bool(json, field, cell->integer != 0);
        break;
    case CELL_LOCATION:
        json_object_begin(json, field);
        json_number(json, "lat", (double)cell->place->latitude);
        json_number(json, "lon", (double)cell->place->longitude);
        json_object_end(json);
        break;
    case CELL_NOTHING:
        break;
    }
}

void columns_ecs_row(FILE *out, unsigned groups, const struct list_item *item)
{
    struct json_writer json = json_writer_to(out);
    char text[CELL_TEXT_BYTES];
    struct cell cell;

    json_object_begin(&json, NULL);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (COLUMNS[i].field == NULL || !is_in(&COLUMNS[i], groups))
            continue;
        cell = COLUMNS[i].get(item, text);
        write_ecs(&json, COLUMNS[i].field, &cell);
    }
    json_object_end(&json);
    fputc('\n', out);
}
