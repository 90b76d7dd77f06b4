/* A journal record: refused with a sentence, or valid and the same after another round. */
#include <stdlib.h>
#include <string.h>

#include "scorer/login_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct login_record record;
    struct error error = ERROR_NONE;
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    char text[256];
    if (!login_record_decode(&record, data, size, &error)) {
        if (error.fault != FAULT_STORE || error.text[0] == '\0')
            abort();
        return 0;
    }
    assessment_reasons_text(&record.assessment, text, sizeof text);
    struct history history;
    float features[FEATURE_COUNT];
    history_init(&history);
    history_mark_new(&history.profile, &record.event);
    history_learn(&history, &record.event, &record.event);
    features_extract(&record.event, &history, features);
    struct profile stored = history.profile;
    if (!profile_load(&history.profile, &stored, sizeof stored, &error))
        abort();
    size_t used = login_record_encode(&record, bytes, sizeof bytes);
    if (used == 0 || !login_record_decode(&record, bytes, used, &error))
        abort();
    return 0;
}
