/* What a login history can be: the importers of anomaly-trainer, by name. */
#ifndef COMMON_HISTORY_FORMAT_H
#define COMMON_HISTORY_FORMAT_H

#include <stdbool.h>

#define HISTORY_FORMAT_NAMES "sshd|journal|wtmp|csv|rba|cloud"

bool history_format_is_known(const char *name);

#endif
