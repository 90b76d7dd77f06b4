#include "trainer/login_order.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS ((size_t)2 * LOGIN_ORDER_WINDOW)
#define FREE  UINT32_MAX

bool login_order_init(struct login_order *order, struct error *error)
{
    *order = (struct login_order){
        .logins = malloc(SLOTS * sizeof *order->logins),
        .heap = malloc(SLOTS * sizeof *order->heap),
        .position = malloc(SLOTS * sizeof *order->position),
        .numbers = malloc(SLOTS * sizeof *order->numbers),
        .latest_us = INT64_MIN,
    };
    if (order->logins == NULL || order->heap == NULL || order->position == NULL ||
        order->numbers == NULL) {
        login_order_finish(order);
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot put logins in order");
    }
    for (size_t i = 0; i < SLOTS; i++)
        order->position[i] = FREE;
    return true;
}

void login_order_finish(struct login_order *order)
{
    free(order->logins);
    free(order->heap);
    free(order->position);
    free(order->numbers);
    *order = (struct login_order){.logins = NULL};
}

static size_t next_slot(const struct login_order *order)
{
    return order->next % SLOTS;
}

bool login_order_is_full(const struct login_order *order)
{
    return order->held == LOGIN_ORDER_WINDOW || order->position[next_slot(order)] != FREE;
}

static bool is_earlier(const struct login_order *order, uint32_t a, uint32_t b)
{
    int64_t a_us = order->logins[a].record.event.time_us;
    int64_t b_us = order->logins[b].record.event.time_us;

    return a_us != b_us ? a_us < b_us : order->numbers[a] < order->numbers[b];
}

static void place(struct login_order *order, size_t at, uint32_t slot)
{
    order->heap[at] = slot;
    order->position[slot] = (uint32_t)at;
}

static void rise(struct login_order *order, size_t at, uint32_t slot)
{
    for (; at > 0 && is_earlier(order, slot, order->heap[(at - 1) / 2]); at = (at - 1) / 2)
        place(order, at, order->heap[(at - 1) / 2]);
    place(order, at, slot);
}

static void sink(struct login_order *order, size_t at, uint32_t slot)
{
    for (size_t child; (child = 2 * at + 1) < order->held; at = child) {
        if (child + 1 < order->held &&
            is_earlier(order, order->heap[child + 1], order->heap[child]))
            child++;
        if (!is_earlier(order, order->heap[child], slot))
            break;
        place(order, at, order->heap[child]);
    }
    rise(order, at, slot); /* which one from another branch may have to */
}

void login_order_put(struct login_order *order, const struct stored_login *login)
{
    uint32_t slot = (uint32_t)next_slot(order);

    order->logins[slot] = *login;
    order->numbers[slot] = order->next++;
    rise(order, order->held++, slot);
}

const struct stored_login *login_order_take(struct login_order *order, uint64_t *number)
{
    if (order->held == 0)
        return NULL;
    uint32_t at = order->position[next_slot(order)];
    if (at == FREE)
        at = 0;
    uint32_t slot = order->heap[at], last = order->heap[--order->held];
    if (at < order->held)
        sink(order, at, last);
    order->position[slot] = FREE;
    const struct stored_login *login = &order->logins[slot];
    int64_t time_us = login->record.event.time_us;
    order->out_of_order += time_us < order->latest_us;
    if (time_us > order->latest_us)
        order->latest_us = time_us;
    *number = order->numbers[slot];
    return login;
}
