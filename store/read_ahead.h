/*
 * Rows that lie all over the store's file are asked of the disk at once, before they are read one
 * after the other. Only in a process that said so before it opened a store.
 *
 * The pages are found as SQLite does (https://www.sqlite.org/fileformat2.html#b_tree_pages), in the
 * file as it is; what its log has of them is newer and in memory. It is a hint: one that fails
 * costs a wait and no more.
 */
#ifndef STORE_READ_AHEAD_H
#define STORE_READ_AHEAD_H

#include "store/store.h"

#define READ_AHEAD_MOST 1024

/* The rows of the logins with those keys; of more than READ_AHEAD_MOST the first. Sorts the keys.
 */
void store_read_ahead(struct store *store, int64_t *keys, size_t count);

/* Of each of those ranks of the lists the greatest row; of more than READ_AHEAD_MOST the last. */
void store_read_ahead_ranked(struct store *store, int64_t first, int64_t last);

/*
 * The file, for as long as the store is open. Whoever closes a descriptor of a file gives up all
 * locks that his process has on it (POSIX), SQLite's too: there is one descriptor a file, which
 * goes with the last of the process's connections. NULL: nothing is read ahead.
 */
struct read_ahead *read_ahead_join(const struct store *store);
void read_ahead_leave(struct read_ahead *file);

#endif
