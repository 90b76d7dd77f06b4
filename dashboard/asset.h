/* The pages' files, embedded by embed_assets when the program was built. */
#ifndef DASHBOARD_ASSET_H
#define DASHBOARD_ASSET_H

#include <stdbool.h>
#include <stddef.h>

struct asset {
    const char *path; /* "/index.html", "/assets/app-1A2B3C4D.js" */
    const char *type;
    const char *tag;                   /* ETag, with its quotes */
    const unsigned char *plain, *gzip; /* gzip NULL: it would not be smaller */
    size_t plain_size, gzip_size;
    bool immutable; /* its name carries a hash of what is in it */
};

extern const struct asset ASSETS[];
extern const size_t ASSET_COUNT;

const struct asset *asset_find(const char *path);

#endif
