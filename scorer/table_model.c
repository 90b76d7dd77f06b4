#include "scorer/table_model.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/forest.h"
#include "scorer/isolation.h"
#include "scorer/login_event.h"
#include "scorer/model_head.h"
#include "scorer/table_layout.h"

/* Within these no sum of terms overflows. */
#define MOST_COEFFICIENT 1e9
#define LEAST_DEVIATION  1e-60

static_assert(sizeof(struct table_model_header) == 152 && sizeof(struct table_model_column) == 24 &&
                  sizeof(struct table_model_word) == 16 && sizeof(struct table_model_term) == 32 &&
                  sizeof(struct table_model_step) == 8,
              "what stands in the file has no padding");

static const struct model_format FORMAT = {
    .magic = TABLE_MODEL_MAGIC,
    .version = TABLE_MODEL_VERSION,
    .header_bytes = sizeof(struct table_model_header),
    .foreign = "is not a model of a table: make one with anomaly-trainer table --save",
};

static bool refuse(struct error *error, const char *why)
{
    return error_set(error, FAULT_MODEL, "the model file %s", why);
}

/* ---- where things are ----------------------------------------------------------------------- */

struct table_layout table_layout_of(const struct table_model_header *header)
{
    struct table_layout layout = {.columns = sizeof *header};
    layout.words = layout.columns + header->column_count * sizeof(struct table_model_column);
    layout.terms = layout.words + header->word_count * sizeof(struct table_model_word);
    layout.steps = layout.terms + header->term_count * sizeof(struct table_model_term);
    layout.text = layout.steps + header->step_count * sizeof(struct table_model_step);
    uint64_t end = layout.text + header->text_bytes;
    layout.front_bytes =
        (end + TABLE_MODEL_ALIGNMENT - 1) / TABLE_MODEL_ALIGNMENT * TABLE_MODEL_ALIGNMENT;
    layout.nodes = layout.front_bytes;
    layout.values = layout.nodes + header->node_count * sizeof(struct tree_node);
    layout.file_bytes = layout.values + header->node_count * sizeof(int32_t);
    return layout;
}

static void find_parts(struct table_model *model, const char *bytes)
{
    const struct table_model_header *header = (const void *)bytes;
    struct table_layout layout = table_layout_of(header);

    *model = (struct table_model){
        .header = header,
        .columns = (const void *)(bytes + layout.columns),
        .words = (const void *)(bytes + layout.words),
        .terms = (const void *)(bytes + layout.terms),
        .steps = (const void *)(bytes + layout.steps),
        .text = bytes + layout.text,
    };
}

static void find_trees(struct table_model *model)
{
    const struct table_model_header *header = model->header;
    const char *bytes = (const char *)header;
    struct table_layout layout = table_layout_of(header);

    model->trees = (struct trees){
        .nodes = (const void *)(bytes + layout.nodes),
        .values = (const void *)(bytes + layout.values),
        .node_count = header->node_count,
        .tree_count = header->tree_count,
        .column_count = header->column_count,
    };
}

/* ---- the header ----------------------------------------------------------------------------- */

static bool check_counts(const struct table_model_header *header, struct error *error)
{
    bool by_terms = header->learner == TABLE_LOGISTIC;

    if (header->learner >= TABLE_LEARNER_COUNT)
        return refuse(error, "is of an unknown learner");
    if (header->file_bytes > TABLE_MODEL_MOST_BYTES)
        return refuse(error, "is larger than any model of a table");
    if (header->column_count < 1 || header->column_count > TREES_MOST_COLUMNS)
        return refuse(error, "has a number of columns that cannot be");
    if (header->word_count > TABLE_MODEL_MOST_BYTES ||
        header->text_bytes > TABLE_MODEL_MOST_BYTES || header->node_count > TREES_MOST_NODES ||
        header->tree_count > TREES_MOST_COUNT || header->term_count > TABLE_MODEL_MOST_TERMS ||
        header->step_count > TABLE_MODEL_MOST_STEPS || header->step_count == 0)
        return refuse(error, "has counts that cannot be");
    if (by_terms ? header->tree_count != 0 || header->node_count != 0 : header->term_count != 0)
        return refuse(error, "has parts of another learner");
    if (header->learner == TABLE_ISOLATION
            ? header->isolation_sample < 2 || header->isolation_sample > ISOLATION_MAX_SAMPLE
            : header->isolation_sample != 0)
        return refuse(error, "has isolation trees of a sample that cannot be");
    struct table_layout layout = table_layout_of(header);
    if (header->unused != 0 || layout.front_bytes != header->front_bytes ||
        layout.file_bytes != header->file_bytes)
        return refuse(error, "holds another number of bytes than its header says");
    return true;
}

static bool is_share_or_unknown(double value)
{
    return isnan(value) || (value >= 0 && value <= 1);
}

static bool check_facts(const struct table_model_header *header, struct error *error)
{
    if (!isfinite(header->bias))
        return refuse(error, "begins from a score that is no number");
    if (!is_share_or_unknown(header->auc) || !is_share_or_unknown(header->average_precision) ||
        header->measured_on > TABLE_TEST)
        return refuse(error, "was measured in a way that cannot be");
    if (header->trained_us < 0 || header->trained_us > LOGIN_TIME_MAX_US ||
        header->trained_rows < 1 || header->trained_rows > INT64_MAX)
        return refuse(error, "has a time or a number of rows of training that cannot be");
    return true;
}

static bool check_header(const void *bytes, size_t held, uint64_t file_bytes, struct error *error)
{
    return model_head_check(&FORMAT, bytes, held, file_bytes, error) &&
           check_counts(bytes, error) && check_facts(bytes, error);
}

/* ---- the front ------------------------------------------------------------------------------ */

/* The text there; NULL: none. used: bytes of all texts before it. They do not overlap, so that
 * reading all of them takes no longer than reading the file. */
static const char *take_text(const struct table_model *model, uint32_t at, uint64_t *used)
{
    if (at >= model->header->text_bytes)
        return NULL;
    const char *text = model->text + at;
    *used += strlen(text) + 1;
    return *used <= model->header->text_bytes ? text : NULL;
}

static bool check_label(const struct table_model *model, uint64_t *used, struct error *error)
{
    const struct table_model_header *header = model->header;
    bool has_label = header->label != TABLE_MODEL_NO_TEXT;

    if (header->text_bytes == 0 || model->text[header->text_bytes - 1] != '\0')
        return refuse(error, "has a text that does not end");
    if (has_label && take_text(model, header->label, used) == NULL)
        return refuse(error, "has a label without a name");
    for (int i = 0; i < 2; i++) {
        if (has_label ? take_text(model, header->label_words[i], used) == NULL
                      : header->label_words[i] != TABLE_MODEL_NO_TEXT)
            return refuse(error, "has a label without its words, or words without a label");
    }
    return true;
}

static bool check_words(const struct table_model *model, const struct table_model_column *column,
                        uint64_t *used, struct error *error)
{
    const struct table_model_word *word = model->words + column->first_word;
    for (uint32_t i = 0; i < column->word_count; i++, word++) {
        const char *text = take_text(model, word->text, used);
        if (text == NULL || !isfinite(word->value))
            return refuse(error, "has a word without a text or a value");
        if (hash_bytes(text, strlen(text)) != word->hash)
            return refuse(error, "has a word under the number of another");
        if (i > 0 && word->hash <= word[-1].hash)
            return refuse(error, "has words that are not in order");
    }
    return true;
}

static bool check_columns(const struct table_model *model, uint64_t *used, struct error *error)
{
    uint32_t next = 0;
    for (uint32_t c = 0; c < model->header->column_count; c++) {
        const struct table_model_column *column = &model->columns[c];
        if (take_text(model, column->name, used) == NULL)
            return refuse(error, "has a column without a name");
        if (column->kind >= TABLE_COLUMN_KINDS || column->unused != 0 || isinf(column->unknown))
            return refuse(error, "has a column of an unknown kind");
        if (column->first_word != next || column->word_count > model->header->word_count - next ||
            column->word_count > TABLE_MODEL_MOST_WORDS ||
            (column->kind != TABLE_WORDS && column->word_count > 0))
            return refuse(error, "has words that belong to no column");
        if (!check_words(model, column, used, error))
            return false;
        next += column->word_count;
    }
    return next == model->header->word_count || refuse(error, "has words that belong to no column");
}

static bool check_terms(const struct table_model *model, struct error *error)
{
    for (uint32_t i = 0; i < model->header->term_count; i++) {
        const struct table_model_term *term = &model->terms[i];
        if (term->column >= model->header->column_count || isnan(term->word) ||
            !(fabs(term->coefficient) <= MOST_COEFFICIENT) || !(fabs(term->mean) <= FLT_MAX) ||
            !(term->deviation >= LEAST_DEVIATION))
            return refuse(error, "has a term that is no sound one");
    }
    return true;
}

static bool check_steps(const struct table_model *model, struct error *error)
{
    const struct table_model_step *step = model->steps;
    for (uint32_t i = 0; i < model->header->step_count; i++, step++) {
        if (!(step->score >= 0 && step->score <= 1 && step->share > 0 && step->share <= 1) ||
            (i > 0 && !(step->score > step[-1].score && step->share < step[-1].share)))
            return refuse(error, "has scores of its training rows that are not in order");
    }
    return true;
}

static bool check_front(const struct table_model *model, struct error *error)
{
    const struct table_model_header *header = model->header;
    uint64_t used = 0;

    if (hash_bytes(header + 1, header->front_bytes - sizeof *header) != header->front_checksum)
        return refuse(error, "is damaged: the checksum of its front does not match");
    return check_label(model, &used, error) && check_columns(model, &used, error) &&
           check_terms(model, error) && check_steps(model, error);
}

/* ---- the trees ------------------------------------------------------------------------------ */

static struct tree_bounds bounds_of(const struct table_model_header *header)
{
    if (header->learner == TABLE_ISOLATION)
        return isolation_bounds();
    return forest_bounds(header->learner == TABLE_FOREST ? FOREST_BAGGED : FOREST_BOOSTED);
}

/* Boosting finds no tree where no column tells anything: its bias says all then. */
static bool may_have_no_tree(const struct table_model_header *header)
{
    return header->learner == TABLE_LOGISTIC || header->learner == TABLE_BOOSTED;
}

static bool check_trees(const struct table_model *model, struct error *error)
{
    const struct table_model_header *header = model->header;
    const char *trees = (const char *)header + header->front_bytes;

    if (hash_bytes(trees, header->file_bytes - header->front_bytes) != header->trees_checksum)
        return refuse(error, "is damaged: the checksum of its trees does not match");
    if (header->tree_count == 0 && header->node_count == 0 && may_have_no_tree(header))
        return true;
    return trees_check(&model->trees, bounds_of(header), error);
}

/* ---- opening -------------------------------------------------------------------------------- */

bool table_model_front_bytes(const void *header, size_t held, uint64_t file_bytes,
                             size_t *front_bytes, struct error *error)
{
    if (!check_header(header, held, file_bytes, error))
        return false;
    *front_bytes = (size_t)((const struct table_model_header *)header)->front_bytes;
    return true;
}

bool table_model_look(struct table_model *model, const void *bytes, size_t held,
                      uint64_t file_bytes, struct error *error)
{
    struct table_model found;
    size_t front_bytes;

    if (!table_model_front_bytes(bytes, held, file_bytes, &front_bytes, error))
        return false;
    if (held < front_bytes)
        return refuse(error, "is truncated");
    find_parts(&found, bytes);
    if (!check_front(&found, error))
        return false;
    *model = found;
    return true;
}

bool table_model_open(struct table_model *model, const void *bytes, size_t size,
                      struct error *error)
{
    struct table_model found;

    if (!table_model_look(&found, bytes, size, size, error))
        return false;
    find_trees(&found);
    if (!check_trees(&found, error))
        return false;
    *model = found;
    return true;
}

bool table_model_is(const void *bytes, size_t held)
{
    return held >= MODEL_MAGIC_BYTES && memcmp(bytes, TABLE_MODEL_MAGIC, MODEL_MAGIC_BYTES) == 0;
}

/* ---- what it says of itself ----------------------------------------------------------------- */

const char *table_learner_name(enum table_learner_kind kind)
{
    static const char *const NAMES[TABLE_LEARNER_COUNT] = {"forest", "boosted", "isolation",
                                                           "logistic"};
    return NAMES[kind];
}

const char *table_measured_on_name(enum table_measured_on measured_on)
{
    static const char *const NAMES[] = {NULL, "out_of_bag", "train", "test"};
    return NAMES[measured_on];
}

const char *table_column_kind_name(enum table_column_kind kind)
{
    static const char *const NAMES[TABLE_COLUMN_KINDS] = {"numbers", "words", "empty"};
    return NAMES[kind];
}

const char *table_model_column_name(const struct table_model *model, unsigned column)
{
    return model->text + model->columns[column].name;
}

static const char *text_or_null(const struct table_model *model, uint32_t at)
{
    return at != TABLE_MODEL_NO_TEXT ? model->text + at : NULL;
}

const char *table_model_label(const struct table_model *model)
{
    return text_or_null(model, model->header->label);
}

const char *table_model_positive(const struct table_model *model)
{
    return text_or_null(model, model->header->label_words[1]);
}

bool table_model_gives_probabilities(const struct table_model *model)
{
    return model->header->learner != TABLE_ISOLATION;
}
