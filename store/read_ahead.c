#include "store/read_ahead.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_tables.h"

#define DEPTH_MOST      12
#define PAGE_BYTES_MOST 65536
#define HEADER_BYTES    100 /* of the file */
#define PAGE_SIZE_AT    16
#define TABLE_INTERIOR  5
#define INTERIOR_HEADER 12

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

static int open_same(const char *path, uint64_t device, uint64_t inode)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;

    if (fd >= 0 && (fstat(fd, &status) != 0 || status.st_dev != device || status.st_ino != inode)) {
        close(fd);
        return -1;
    }
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
    size_t page_bytes, loaded_bytes;
    uint32_t loaded; /* the page in `bytes` */
    uint8_t bytes[PAGE_BYTES_MOST];
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
    return walk->bytes[0] == TABLE_INTERIOR; /* the root of a table of ours is never page 1 */
}

/* The key of the interior page's cell, INT64_MAX when it is damaged; *child: the page below. */
static int64_t read_cell(const struct walk *walk, size_t cell, uint32_t *child)
{
    size_t at = big_endian(walk->bytes + INTERIOR_HEADER + 2 * cell, 2);
    uint64_t key = 0;

    *child = 0;
    if (at + 4 + 9 > walk->page_bytes)
        return INT64_MAX;
    *child = big_endian(walk->bytes + at, 4);
    at += 4;
    for (int i = 0; i < 8; i++, at++) {
        key = key << 7 | (walk->bytes[at] & 0x7f);
        if ((walk->bytes[at] & 0x80) == 0)
            return (int64_t)key;
    }
    return (int64_t)(key << 8 | walk->bytes[at]);
}

/* Below an interior page, where the key is; 0: that cannot be told. */
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

static uint32_t root_of_logins(struct store *store)
{
    struct error error = ERROR_NONE;
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_ROOT, &error);
    uint32_t root = 0;

    if (!statement)
        return 0;
    if (sqlite3_step(statement) == SQLITE_ROW)
        root = (uint32_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
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
    return walk->page_bytes >= 512;
}

static int by_value(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

    return (one > other) - (one < other);
}

/* A level of the tree at a time: all its pages are asked for before the first is read. */
void store_read_ahead(struct store *store, int64_t *keys, size_t count)
{
    uint32_t page[READ_AHEAD_MOST], root;
    struct walk *walk;

    if (!store->ahead || store->ahead->fd < 0 || count < 2)
        return;
    if (count > READ_AHEAD_MOST)
        count = READ_AHEAD_MOST;
    root = root_of_logins(store);
    walk = malloc(sizeof(*walk));
    if (walk && root > 1 && begin_walk(walk, store->ahead->fd)) {
        unsigned depth = depth_of(walk, root, keys[0]);

        qsort(keys, count, sizeof(*keys), by_value);
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
