/* The arguments on the module's line in a PAM stack, for the module and for anomalyctl check. */
#ifndef COMMON_MODULE_ARGS_H
#define COMMON_MODULE_ARGS_H

#include "common/config.h"

/* MODULE_ARG(name, "value or empty for a flag", "help"): also the table of pam_anomaly(8). */
#define MODULE_ARGS                                                                                \
    MODULE_ARG(conf, "FILE", "read this configuration instead of " CONFIG_DEFAULT_PATH)            \
    MODULE_ARG(on_fault_config, "allow|step_up|deny",                                              \
               "the answer when the configuration or this line has an error (else the file's own " \
               "on_fault_config holds, where that line is sound)")                                 \
    MODULE_ARG(step_up, "", "auth: succeed for a usual login, so that a second factor is skipped")

struct module_args {
    const char *conf;
    enum config_on_fault on_fault_config; /* ON_FAULT_INHERIT when not given */
    bool step_up;
};

/*
 * The strings stay the caller's. An unknown or malformed argument is FAULT_CONFIG, the others are
 * taken all the same.
 */
bool module_args_parse(struct module_args *args, int argc, const char **argv,
                       struct error *error) MUST_USE;

#endif
