#include "dashboard/sign_in.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/wait_ready.h"

/* The helper gives up by itself; somewhat later it is gone. */
#define PATIENCE_US ((SIGN_IN_DEADLINE_S + 5) * US_PER_S)

enum stage { WAITING, ASKED, ANSWERED };

struct sign_in {
    struct sign_in_desk *desk;
    struct sign_in *next; /* behind it in the queue */
    struct sign_in_question question;
    struct sign_in_answer answer;
    struct reply_waker waker;
    enum stage stage;
    bool dropped; /* nobody waits for it any more: who asks frees it */
};

struct sign_in_desk {
    pthread_mutex_t lock;
    pthread_cond_t news;
    pthread_t thread;
    int helper;
    bool stops;
    uint64_t number; /* of the last question */
    struct sign_in *first;
};

static void destroy(struct sign_in *sign_in)
{
    explicit_bzero(sign_in, sizeof(*sign_in));
    free(sign_in);
}

static struct sign_in_answer ask_helper(int helper, const struct sign_in_question *question)
{
    struct sign_in_answer answer;
    int64_t deadline_us = clock_monotonic_us() + PATIENCE_US;
    bool asked = send(helper, question, sizeof(*question), MSG_NOSIGNAL) == sizeof(*question);

    while (asked && wait_ready(helper, POLLIN, deadline_us) &&
           recv(helper, &answer, sizeof(answer), MSG_DONTWAIT) == sizeof(answer)) {
        if (answer.number != question->number)
            continue; /* of one that was given up */
        answer.user[sizeof(answer.user) - 1] = '\0';
        return answer;
    }
    return (struct sign_in_answer){.verdict = SIGN_IN_UNAVAILABLE};
}

static void *run_desk(void *context)
{
    struct sign_in_desk *desk = context;

    pthread_mutex_lock(&desk->lock);
    for (;;) {
        while (desk->first == NULL && !desk->stops)
            pthread_cond_wait(&desk->news, &desk->lock);
        if (desk->stops)
            break;
        struct sign_in *sign_in = desk->first;
        desk->first = sign_in->next;
        sign_in->stage = ASKED;
        sign_in->question.number = ++desk->number;
        pthread_mutex_unlock(&desk->lock);
        struct sign_in_answer answer = ask_helper(desk->helper, &sign_in->question);
        pthread_mutex_lock(&desk->lock);
        explicit_bzero(sign_in->question.password, sizeof(sign_in->question.password));
        if (sign_in->dropped) {
            destroy(sign_in);
            continue;
        }
        sign_in->answer = answer;
        sign_in->stage = ANSWERED;
        reply_wake(&sign_in->waker);
    }
    pthread_mutex_unlock(&desk->lock);
    return NULL;
}

struct sign_in_desk *sign_in_desk_create(int helper)
{
    struct sign_in_desk *desk = calloc(1, sizeof(*desk));

    if (desk == NULL) {
        close(helper);
        return NULL;
    }
    desk->helper = helper;
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->news, NULL);
    if (pthread_create(&desk->thread, NULL, run_desk, desk) == 0)
        return desk;
    close(helper);
    free(desk);
    return NULL;
}

void sign_in_desk_destroy(struct sign_in_desk *desk)
{
    if (desk == NULL)
        return;
    pthread_mutex_lock(&desk->lock);
    desk->stops = true;
    pthread_cond_signal(&desk->news);
    pthread_mutex_unlock(&desk->lock);
    shutdown(desk->helper, SHUT_RDWR);
    pthread_join(desk->thread, NULL);
    close(desk->helper);
    pthread_cond_destroy(&desk->news);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}

struct sign_in *sign_in_ask(struct sign_in_desk *desk, const struct sign_in_question *question)
{
    struct sign_in *sign_in = calloc(1, sizeof(*sign_in));
    struct sign_in **last;
    int waiting = 0, from_there = 0;

    if (sign_in == NULL)
        return NULL;
    sign_in->desk = desk;
    sign_in->question = *question;
    pthread_mutex_lock(&desk->lock);
    for (last = &desk->first; *last != NULL; last = &(*last)->next) {
        waiting++;
        from_there += strcmp((*last)->question.address, question->address) == 0;
    }
    bool taken = waiting < SIGN_IN_QUEUE_MAX &&
                 (question->address[0] == '\0' || from_there < SIGN_IN_QUEUE_MAX_EACH);
    if (taken) {
        *last = sign_in;
        pthread_cond_signal(&desk->news);
    }
    pthread_mutex_unlock(&desk->lock);
    if (taken)
        return sign_in;
    destroy(sign_in);
    return NULL;
}

const char *sign_in_name(const struct sign_in *sign_in)
{
    return sign_in->question.user;
}

unsigned sign_in_generation(const struct sign_in *sign_in)
{
    return sign_in->question.generation;
}

struct reply_waker *sign_in_waker(struct sign_in *sign_in)
{
    return &sign_in->waker;
}

bool sign_in_is_answered(struct sign_in *sign_in, struct sign_in_answer *answer)
{
    pthread_mutex_lock(&sign_in->desk->lock);
    bool answered = sign_in->stage == ANSWERED;
    if (answered)
        *answer = sign_in->answer;
    pthread_mutex_unlock(&sign_in->desk->lock);
    return answered;
}

void sign_in_drop(void *context)
{
    struct sign_in *sign_in = context;
    struct sign_in_desk *desk = sign_in->desk;
    bool is_over = true;

    pthread_mutex_lock(&desk->lock);
    if (sign_in->stage == WAITING) {
        struct sign_in **at = &desk->first;
        while (*at != sign_in)
            at = &(*at)->next;
        *at = sign_in->next;
    } else if (sign_in->stage == ASKED) {
        sign_in->dropped = true;
        is_over = false;
    }
    pthread_mutex_unlock(&desk->lock);
    if (is_over)
        destroy(sign_in);
}
