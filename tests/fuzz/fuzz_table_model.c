/* A table model file: refused with a sentence, or safe to look at and to score with. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/model_head.h"
#include "scorer/table_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void look(const struct table_model *model)
{
    size_t bytes = 0;
    for (uint32_t c = 0; c < model->header->column_count; c++)
        bytes += strlen(table_model_column_name(model, c)) + 1;
    if (table_model_label(model) != NULL)
        bytes += strlen(table_model_label(model)) + strlen(table_model_positive(model)) + 2;
    require(bytes <= model->header->text_bytes);
    for (float score = -0.1F; score < 1.1F; score += 0.01F) {
        double share = table_model_share_above(model, score);
        require(share >= 0 && share <= 1);
    }
}

static void use(const struct table_model *model)
{
    static struct table_scratch scratch;
    static const float VALUES[] = {-1e9F, 0, 1, 1e9F, NAN};
    static const char *const WORDS[] = {"", "tcp", "a", "\xff"};
    uint32_t columns = model->header->column_count;
    float *row = calloc(columns, sizeof *row);
    double *shares = calloc(columns, sizeof *shares);

    require(row != NULL && shares != NULL);
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        for (uint32_t c = 0; c < columns; c++) {
            bool known;
            const char *word = WORDS[(i + c) % (sizeof WORDS / sizeof *WORDS)];
            float value = table_model_word_value(model, c, word, strlen(word), &known);
            row[c] = known ? value : VALUES[(i + c) % (sizeof VALUES / sizeof *VALUES)];
        }
        float score = table_model_score(model, row, &scratch);
        require(score >= 0 && score <= 1);
        table_model_shares(model, row, &scratch, shares);
    }
    free(row);
    free(shares);
}

static void open_and_use(const void *bytes, size_t size)
{
    struct table_model model;
    struct error error = ERROR_NONE;
    size_t front_bytes;

    if (!table_model_front_bytes(bytes, size, size, &front_bytes, &error) ||
        !table_model_look(&model, bytes, front_bytes, size, &error)) {
        require(error.fault == FAULT_MODEL && error.text[0] != '\0');
        return;
    }
    look(&model);
    if (table_model_open(&model, bytes, size, &error))
        use(&model);
    else
        require(error.fault == FAULT_MODEL && error.text[0] != '\0');
}

/* Zeros become leaves of value 0: what the fuzzer changes are sound trees. */
static void mix_with_leaves(const struct table_model_header *header, struct tree_node *nodes)
{
    for (uint32_t i = 0; i < header->node_count; i++) {
        nodes[i].link ^= tree_leaf_link(header->column_count, i);
        nodes[i].key ^= tree_leaf_key(0);
    }
}

static void name_words(char *bytes, const struct table_model_header *header,
                       const struct table_layout *layout)
{
    struct table_model_word *words = (void *)(bytes + layout->words);
    for (uint32_t i = 0; i < header->word_count; i++) {
        const char *text = bytes + layout->text + words[i].text % header->text_bytes;
        words[i].text %= header->text_bytes;
        words[i].hash = hash_bytes(text, strlen(text));
    }
}

/* A model whose frame is right, around a header's facts and a body as they come; free() it. */
static void *frame(const uint8_t *data, size_t size, size_t *framed)
{
    struct table_model_header header;
    memcpy(&header, data, sizeof header);
    memcpy(header.magic, TABLE_MODEL_MAGIC, sizeof header.magic);
    header.version = TABLE_MODEL_VERSION;
    header.header_bytes = sizeof header;
    header.learner %= TABLE_LEARNER_COUNT;
    header.column_count = 1 + header.column_count % 5;
    header.word_count %= 5;
    header.term_count = header.learner == TABLE_LOGISTIC ? header.term_count % 5 : 0;
    header.step_count = 1 + header.step_count % 3;
    header.text_bytes = 1 + header.text_bytes % 64;
    header.tree_count = header.learner == TABLE_LOGISTIC ? 0 : 1 + header.tree_count % 3;
    header.node_count = header.learner == TABLE_LOGISTIC ? 0 : 3 + header.node_count % 30;
    header.isolation_sample = header.learner == TABLE_ISOLATION ? 256 : 0;
    header.unused = 0;
    struct table_layout layout = table_layout_of(&header);
    header.front_bytes = layout.front_bytes;
    header.file_bytes = *framed = layout.file_bytes;
    char *bytes = calloc(1, layout.file_bytes);
    if (bytes == NULL)
        return NULL;
    size_t body = size - sizeof header, room = layout.file_bytes - sizeof header;
    memcpy(bytes + sizeof header, data + sizeof header, body < room ? body : room);
    bytes[layout.text + header.text_bytes - 1] = '\0';
    name_words(bytes, &header, &layout);
    mix_with_leaves(&header, (void *)(bytes + layout.nodes));
    header.front_checksum = hash_bytes(bytes + sizeof header, layout.front_bytes - sizeof header);
    header.trees_checksum =
        hash_bytes(bytes + layout.front_bytes, layout.file_bytes - layout.front_bytes);
    header.checksum = model_head_checksum(&header, sizeof header);
    memcpy(bytes, &header, sizeof header);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t framed = 0;
    void *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data, size);
    open_and_use(bytes, size);
    free(bytes);
    if (size < sizeof(struct table_model_header))
        return 0;
    bytes = frame(data, size, &framed);
    if (bytes != NULL)
        open_and_use(bytes, framed);
    free(bytes);
    return 0;
}
