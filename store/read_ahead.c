#include "store/read_ahead.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_tables.h"

#define DEPTH_MOST      12
#define PAGE_BYTES_MOST 65536
#define HEADER_BYTES    100 /* of the file */
#define PAGE_SIZE_AT    16
#define INDEX_INTERIOR  2
#define TABLE_INTERIOR  5
#define INTERIOR_HEADER 12
#define SLACK_BYTES     32 /* of numbers that seem to run over a page's end */

struct read_ahead {
    struct read_ahead *next;
    uint64_t device, inode;
    unsigned users;
    int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct read_ahead *files;
static bool is_wanted;

void store_configure_read_ahead(void)
{
    is_wanted = true;
}

/* ---- the descriptor -------------------------------------------------------------------------- */

/*
 * -1: it is another file. That one's descriptor is left open then, as rarely as a store is replaced
 * within these microseconds: closing it would drop the locks of whoever has that store open.
 */
static int open_same(const char *path, uint64_t device, uint64_t inode)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0 || status.st_dev != device || status.st_ino != inode)
        return -1;
    return fd;
}

static struct read_ahead *find(const struct file_identity *identity)
{
    struct read_ahead *file = files;

    while (file && (file->device != identity->device || file->inode != identity->inode))
        file = file->next;
    return file;
}

struct read_ahead *read_ahead_join(const struct store *store)
{
    struct read_ahead *file;

    if (!is_wanted)
        return NULL;
    pthread_mutex_lock(&lock);
    file = find(&store->identity);
    if (!file && (file = calloc(1, sizeof(*file))) != NULL) {
        *file = (struct read_ahead){
            files, store->identity.device, store->identity.inode, 0,
            open_same(store->path, store->identity.device, store->identity.inode)};
        files = file;
    }
    if (file)
        file->users++;
    pthread_mutex_unlock(&lock);
    return file;
}

void read_ahead_leave(struct read_ahead *file)
{
    struct read_ahead **at = &files;

    if (!file)
        return;
    pthread_mutex_lock(&lock);
    if (--file->users == 0) {
        while (*at != file)
            at = &(*at)->next;
        *at = file->next;
        if (file->fd >= 0)
            close(file->fd);
        free(file);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- pages ----------------------------------------------------------------------------------- */

struct walk {
    int fd;
    uint8_t interior; /* the type of the tree's inner pages */
    size_t page_bytes, loaded_bytes;
    uint32_t loaded; /* the page in `bytes` */
    uint8_t bytes[PAGE_BYTES_MOST + SLACK_BYTES];
};

static uint32_t big_endian(const uint8_t *bytes, size_t count)
{
    uint32_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static off_t page_offset(const struct walk *walk, uint32_t page)
{
    return (off_t)(page - 1) * (off_t)walk->page_bytes;
}

static bool load(struct walk *walk, uint32_t page)
{
    if (page == 0)
        return false;
    if (page != walk->loaded) {
        walk->loaded = 0;
        if (pread(walk->fd, walk->bytes, walk->page_bytes, page_offset(walk, page)) !=
            (ssize_t)walk->page_bytes)
            return false;
        walk->loaded = page;
    }
    return walk->bytes[0] == walk->interior; /* the root of a table of ours is never page 1 */
}

/* At most nine bytes, seven bits each but the last. Behind it: *at. */
static uint64_t read_varint(const uint8_t *bytes, size_t *at)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++) {
        uint8_t byte = bytes[(*at)++];

        value = value << 7 | (byte & 0x7f);
        if ((byte & 0x80) == 0)
            return value;
    }
    return value << 8 | bytes[(*at)++];
}

/* The record's first column, when that is an integer; else INT64_MAX. */
static int64_t read_first_column(const uint8_t *bytes, size_t at, size_t end)
{
    static const uint8_t SIZES[] = {0, 1, 2, 3, 4, 6, 8};
    size_t record = at;
    uint64_t header = read_varint(bytes, &at), type = read_varint(bytes, &at), value = 0;

    if (type == 8 || type == 9)
        return (int64_t)type - 8;
    if (type == 0 || type > 6 || header > end || record + header + SIZES[type] > end)
        return INT64_MAX;
    at = record + header;
    value = (bytes[at] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < SIZES[type]; i++)
        value = value << 8 | bytes[at + i];
    return (int64_t)value;
}

/* The key of the inner page's cell, of an index its first column; *child: the page below. */
static int64_t read_cell(const struct walk *walk, size_t cell, uint32_t *child)
{
    size_t at = big_endian(walk->bytes + INTERIOR_HEADER + 2 * cell, 2);

    *child = 0;
    if (at + 4 > walk->page_bytes)
        return INT64_MAX;
    *child = big_endian(walk->bytes + at, 4);
    at += 4;
    if (walk->interior == TABLE_INTERIOR)
        return (int64_t)read_varint(walk->bytes, &at);
    (void)read_varint(walk->bytes, &at);
    return read_first_column(walk->bytes, at, walk->page_bytes);
}

/* Below an inner page, where the least that is not below the key is; 0: that cannot be told. */
static uint32_t find_child(struct walk *walk, uint32_t page, int64_t key)
{
    size_t low = 0, high;
    uint32_t child;

    if (!load(walk, page))
        return 0;
    high = big_endian(walk->bytes + 3, 2);
    if (INTERIOR_HEADER + 2 * high > walk->page_bytes)
        return 0;
    child = big_endian(walk->bytes + 8, 4);
    while (low < high) {
        size_t middle = (low + high) / 2;
        uint32_t left;

        if (read_cell(walk, middle, &left) >= key) {
            child = left;
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return child;
}

static void ask_for(const struct walk *walk, const uint32_t *pages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pages[i] != 0 && (i == 0 || pages[i] != pages[i - 1]))
            (void)posix_fadvise(walk->fd, page_offset(walk, pages[i]), (off_t)walk->page_bytes,
                                POSIX_FADV_WILLNEED);
    }
}

/* Interior pages on the way to a key. */
static unsigned depth_of(struct walk *walk, uint32_t page, int64_t key)
{
    unsigned depth = 0;

    while (depth < DEPTH_MOST && load(walk, page)) {
        page = find_child(walk, page, key);
        depth++;
    }
    return depth;
}

static uint32_t root_of(struct store *store, const char *table)
{
    struct error error = ERROR_NONE;
    sqlite3_stmt *statement = store_statement(store, SQL_TABLE_ROOT, &error);
    uint32_t root = 0;

    if (!statement)
        return 0;
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW)
        root = (uint32_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return root;
}

static bool begin_walk(struct walk *walk, int fd)
{
    uint8_t header[HEADER_BYTES];

    walk->fd = fd;
    walk->loaded = 0;
    if (pread(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
        return false;
    walk->page_bytes = big_endian(header + PAGE_SIZE_AT, 2);
    if (walk->page_bytes == 1)
        walk->page_bytes = PAGE_BYTES_MOST;
    memset(walk->bytes + walk->page_bytes, 0, SLACK_BYTES);
    return walk->page_bytes >= 512;
}

/* A level of the tree at a time: all its pages are asked for before the first is read. */
static void walk_tree(struct store *store, const char *table, uint8_t interior, const int64_t *keys,
                      size_t count)
{
    struct walk *walk = malloc(sizeof(*walk));
    uint32_t page[READ_AHEAD_MOST], root = root_of(store, table);

    if (walk && root > 1 && begin_walk(walk, store->ahead->fd)) {
        walk->interior = interior;
        unsigned depth = depth_of(walk, root, keys[0]);

        for (size_t i = 0; i < count; i++)
            page[i] = root;
        for (unsigned level = 0; level < depth; level++) {
            for (size_t i = 0; i < count; i++)
                page[i] = find_child(walk, page[i], keys[i]);
            ask_for(walk, page, count);
        }
    }
    free(walk);
}

static int by_value(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

    return (one > other) - (one < other);
}

void store_read_ahead(struct store *store, int64_t *keys, size_t count)
{
    if (!store->ahead || store->ahead->fd < 0 || count < 2)
        return;
    if (count > READ_AHEAD_MOST)
        count = READ_AHEAD_MOST;
    qsort(keys, count, sizeof(*keys), by_value);
    walk_tree(store, "login", TABLE_INTERIOR, keys, count);
}

/* The last row of a rank stands before the first of the next. */
void store_read_ahead_ranked(struct store *store, int64_t first, int64_t last)
{
    int64_t behind[READ_AHEAD_MOST];
    size_t count = 0;

    if (!store->ahead || store->ahead->fd < 0)
        return;
    if (last - first >= READ_AHEAD_MOST)
        first = last - READ_AHEAD_MOST + 1;
    while (first <= last)
        behind[count++] = ++first;
    if (count > 1)
        walk_tree(store, "ranked", INDEX_INTERIOR, behind, count);
}
