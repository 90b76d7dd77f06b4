#include "common/module_args.h"

#include <string.h>

static const char *value_after(const char *argument, const char *name)
{
    size_t length = strlen(name);

    if (strncmp(argument, name, length) == 0 && argument[length] == '=')
        return argument + length + 1;
    return NULL;
}

static bool take_on_fault(struct module_args *args, const char *value, struct error *error)
{
    if (strcmp(value, "allow") == 0)
        args->on_fault_config = ON_FAULT_ALLOW;
    else if (strcmp(value, "step_up") == 0)
        args->on_fault_config = ON_FAULT_STEP_UP;
    else if (strcmp(value, "deny") == 0)
        args->on_fault_config = ON_FAULT_DENY;
    else
        return error_set(error, FAULT_CONFIG,
                         "module argument on_fault_config=%s is not one of allow, step_up, deny",
                         value);
    return true;
}

static bool take_path(const char **path, const char *name, const char *value, struct error *error)
{
    if (value[0] != '/')
        return error_set(error, FAULT_CONFIG, "module argument %s=%s needs an absolute path", name,
                         value);
    *path = value;
    return true;
}

static bool take_argument(struct module_args *args, const char *argument, struct error *error)
{
    const char *value;

    if ((value = value_after(argument, "conf")) != NULL)
        return take_path(&args->conf, "conf", value, error);
    if ((value = value_after(argument, "on_fault_config")) != NULL)
        return take_on_fault(args, value, error);
    if (strcmp(argument, "step_up") == 0) {
        args->step_up = true;
        return true;
    }
    return error_set(error, FAULT_CONFIG, "unknown module argument \"%s\"; see pam_anomaly(8)",
                     argument);
}

bool module_args_parse(struct module_args *args, int argc, const char **argv, struct error *error)
{
    bool sound = true;

    *args = (struct module_args){.conf = CONFIG_DEFAULT_PATH, .on_fault_config = ON_FAULT_INHERIT};
    for (int i = 0; i < argc; i++)
        sound = take_argument(args, argv[i], error) && sound;
    return sound;
}
