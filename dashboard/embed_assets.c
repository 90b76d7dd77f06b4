/*
 * embed_assets OUTPUT DIRECTORY…: the files below directories as a C table (see asset.h), each
 * plain and, where that is smaller, as gzip. Names begin below their directory.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/hash.h"

#define MAX_FILES 256
#define MAX_BYTES (8 * 1024 * 1024)

static struct file {
    char *path;
    const char *name; /* in it, below its directory */
} files[MAX_FILES];
static size_t file_count, prefix;

static const struct {
    const char *ending, *type;
} TYPES[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

static void give_up(const char *what, const char *path)
{
    fprintf(stderr, "embed_assets: %s: %s\n", path, what);
    exit(1);
}

static int remember(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)place;
    if (kind != FTW_F)
        return 0;
    if (file_count == MAX_FILES || (files[file_count].path = strdup(path)) == NULL)
        give_up("too many files", path);
    files[file_count].name = files[file_count].path + prefix;
    file_count++;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static const char *type_of(const char *path)
{
    const char *ending = strrchr(path, '.');

    for (size_t i = 0; ending != NULL && i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        if (strcmp(ending, TYPES[i].ending) == 0)
            return TYPES[i].type;
    }
    give_up("its name does not end as a file of a page does", path);
    return NULL;
}

/* name-HASH.ending: at least eight letters and digits between the last '-' and the next dot. */
static int carries_hash(const char *path)
{
    const char *hash = strrchr(path, '-');
    size_t length = hash == NULL ? 0
                                 : strspn(hash + 1, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                    "abcdefghijklmnopqrstuvwxyz");

    return length >= 8 && hash[1 + length] == '.';
}

static unsigned char *read_file(const char *path, size_t *size)
{
    unsigned char *bytes = malloc(MAX_BYTES);
    FILE *file = fopen(path, "rb");

    if (bytes == NULL || file == NULL)
        give_up("cannot be read", path);
    *size = fread(bytes, 1, MAX_BYTES, file);
    if (ferror(file) || *size == MAX_BYTES)
        give_up("cannot be read, or is larger than 8 MiB", path);
    fclose(file);
    return bytes;
}

/* The size of the gzip form, 0 when it is no smaller. */
static size_t compress_gzip(const unsigned char *bytes, size_t size, unsigned char *packed)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (uInt)size};

    /* 15 bits of window, and 16: with the header of gzip, which has no time in it. */
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return 0;
    stream.next_out = packed;
    stream.avail_out = (uInt)size;
    int result = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return result == Z_STREAM_END ? stream.total_out : 0;
}

static void print_bytes(FILE *out, const char *name, size_t index, const unsigned char *bytes,
                        size_t size)
{
    fprintf(out, "static const unsigned char %s%zu[] = {", name, index);
    for (size_t i = 0; i < size; i++)
        fprintf(out, "%s%u,", i % 24 == 0 ? "\n" : "", bytes[i]);
    fprintf(out, "%s};\n", size == 0 ? "0" : "\n");
}

static void embed(FILE *out, FILE *rows, const char *path, const char *name, size_t index)
{
    size_t size;
    unsigned char *bytes = read_file(path, &size);
    unsigned char *packed = malloc(size + 1);
    size_t packed_size = packed == NULL ? 0 : compress_gzip(bytes, size, packed);

    print_bytes(out, "plain", index, bytes, size);
    fprintf(rows, "    {\"%s\", \"%s\", \"\\\"%016llx\\\"\", plain%zu, ", name, type_of(path),
            (unsigned long long)hash_bytes(bytes, size), index);
    if (packed_size > 0) {
        print_bytes(out, "gzip", index, packed, packed_size);
        fprintf(rows, "gzip%zu, ", index);
    } else {
        fprintf(rows, "NULL, ");
    }
    fprintf(rows, "%zu, %zu, %s},\n", size, packed_size, carries_hash(name) ? "true" : "false");
    free(bytes);
    free(packed);
}

int main(int argc, char **argv)
{
    char *text = NULL;
    size_t size = 0;

    if (argc < 3)
        give_up("usage: embed_assets OUTPUT DIRECTORY…", "arguments");
    for (int i = 2; i < argc; i++) {
        prefix = strlen(argv[i]);
        if (nftw(argv[i], remember, 8, FTW_PHYS) != 0 || file_count == 0)
            give_up("no files there", argv[i]);
    }

    FILE *out = fopen(argv[1], "w");
    FILE *rows = open_memstream(&text, &size);
    if (out == NULL || rows == NULL)
        give_up("cannot be written", argv[1]);
    fprintf(out, "/* Made by embed_assets. */\n#include \"dashboard/asset.h\"\n\n");
    qsort(files, file_count, sizeof(files[0]), by_name);
    for (size_t i = 0; i < file_count; i++) {
        embed(out, rows, files[i].path, files[i].name, i);
        free(files[i].path);
    }
    fclose(rows);
    fprintf(out, "\nconst struct asset ASSETS[] = {\n%s};\nconst size_t ASSET_COUNT = %zu;\n", text,
            file_count);
    free(text);
    if (fclose(out) != 0)
        give_up("cannot be written", argv[1]);
    return 0;
}
