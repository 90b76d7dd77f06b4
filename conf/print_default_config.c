/* Prints the configuration file that every default makes: conf/pam_anomaly.conf. */
#include <stdio.h>

#include "common/config.h"

int main(void)
{
    static struct config config;
    config_init(&config);
    if (!config_print(&config, stdout)) {
        (void)fputs("print-default-config: cannot write to the standard output\n", stderr);
        return 1;
    }
    return 0;
}
