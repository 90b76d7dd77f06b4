#include "common/module_args.h"
