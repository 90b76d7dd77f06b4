/* The default model's bytes, taken into the code as they are. */
#include "scorer/risk_model.h"

__asm__(".section .rodata\n"
        ".balign 8\n"
        ".hidden default_model_start\n"
        ".global default_model_start\n"
        "default_model_start:\n"
        ".incbin \"" DEFAULT_MODEL_FILE "\"\n"
        ".hidden default_model_end\n"
        ".global default_model_end\n"
        "default_model_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const unsigned char default_model_start[] __attribute__((visibility("hidden")));
extern const unsigned char default_model_end[] __attribute__((visibility("hidden")));

void risk_model_open_default(struct risk_model *model)
{
    risk_model_of_program(model, default_model_start);
}
