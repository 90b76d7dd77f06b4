#include "dashboard/sign_in_helper.h"

#include <errno.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/wait_ready.h"
#include "dashboard/root_process.h"

struct conversation {
    const char *password;
    bool told; /* a second secret is not ours to give */
};

/* Gives the password to the first question for a secret; any other question fails. */
static int converse(int count, const struct pam_message **messages, struct pam_response **replies,
                    void *context)
{
    struct conversation *conversation = context;
    struct pam_response *own;

    if (count < 1 || count > PAM_MAX_NUM_MSG || (own = calloc((size_t)count, sizeof(*own))) == NULL)
        return PAM_CONV_ERR;
    for (int i = 0; i < count; i++) {
        int style = messages[i]->msg_style;

        if (style == PAM_ERROR_MSG || style == PAM_TEXT_INFO)
            continue;
        if (style == PAM_PROMPT_ECHO_OFF && !conversation->told &&
            (own[i].resp = strdup(conversation->password)) != NULL) {
            conversation->told = true;
            continue;
        }
        for (int j = 0; j < i; j++) {
            if (own[j].resp != NULL)
                explicit_bzero(own[j].resp, strlen(own[j].resp));
            free(own[j].resp);
        }
        free(own);
        return PAM_CONV_ERR;
    }
    *replies = own;
    return PAM_SUCCESS;
}

/* Wrong answers are slowed down by the service's throttle, without holding up the next one. */
static void no_delay(int status, unsigned delay_us, void *context)
{
    (void)status;
    (void)delay_us;
    (void)context;
}

static int set_items(pam_handle_t *handle, const struct sign_in_question *question)
{
    void (*delay)(int, unsigned, void *) = no_delay;
    void *item;
    int status;

    memcpy(&item, &delay, sizeof(item));
    status = pam_set_item(handle, PAM_FAIL_DELAY, item);
    if (status == PAM_SUCCESS && question->address[0] != '\0')
        status = pam_set_item(handle, PAM_RHOST, question->address);
    return status;
}

static enum sign_in_verdict verdict_of(int status)
{
    switch (status) {
    case PAM_SUCCESS:
        return SIGN_IN_ACCEPTED;
    case PAM_ABORT:
    case PAM_AUTHINFO_UNAVAIL:
    case PAM_BUF_ERR:
    case PAM_SERVICE_ERR:
    case PAM_SYSTEM_ERR:
        return SIGN_IN_UNAVAILABLE;
    default:
        return SIGN_IN_REFUSED;
    }
}

static struct sign_in_answer ask_pam(const struct sign_in_question *question)
{
    struct conversation conversation = {.password = question->password};
    struct pam_conv talk = {converse, &conversation};
    struct sign_in_answer answer = {question->number, .verdict = SIGN_IN_UNAVAILABLE};
    pam_handle_t *handle = NULL;
    const void *user = NULL;
    int status = pam_start(SIGN_IN_SERVICE, question->user, &talk, &handle);

    if (status != PAM_SUCCESS)
        return answer;
    status = set_items(handle, question);
    if (status == PAM_SUCCESS)
        status = pam_authenticate(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    if (status == PAM_SUCCESS)
        status = pam_acct_mgmt(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    if (status == PAM_SUCCESS)
        status = pam_get_item(handle, PAM_USER, &user);
    answer.verdict = verdict_of(status);
    if (user != NULL && strlen(user) < sizeof(answer.user))
        strcpy(answer.user, user);
    else if (answer.verdict == SIGN_IN_ACCEPTED)
        answer.verdict = SIGN_IN_REFUSED;
    if (answer.verdict == SIGN_IN_ACCEPTED)
        answer.role = identity_role(&question->groups, answer.user);
    pam_end(handle, status);
    return answer;
}

static bool is_text(const char *text, size_t capacity)
{
    return memchr(text, '\0', capacity) != NULL;
}

/* Ends it at the deadline, from outside: a PAM module may have alarms and signals of its own. */
static void wait_for_child(pid_t child, int *status)
{
    int64_t deadline_us = clock_monotonic_us() + SIGN_IN_DEADLINE_S * US_PER_S;
    int handle = pidfd_open(child, 0);

    if (handle < 0 || !wait_ready(handle, POLLIN, deadline_us))
        kill(child, SIGKILL);
    if (handle >= 0)
        close(handle);
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {
    }
}

/*
 * In a process of its own: what a PAM module leaves behind ends with it, and one that hangs is
 * ended. False: it did not come to an answer.
 */
static bool answer_in_child(int descriptor, const struct sign_in_question *question)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct sign_in_answer answer = ask_pam(question);
        _exit(send(descriptor, &answer, sizeof(answer), MSG_NOSIGNAL) == sizeof(answer) ? 0 : 1);
    }
    if (child > 0)
        wait_for_child(child, &status);
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void serve_questions(int descriptor, const void *context)
{
    struct sign_in_question question;

    (void)context;
    while (recv(descriptor, &question, sizeof(question), 0) == sizeof(question)) {
        bool answered = is_text(question.user, sizeof(question.user)) &&
                        is_text(question.password, sizeof(question.password)) &&
                        is_text(question.address, sizeof(question.address)) &&
                        is_text(question.groups.analysts, sizeof(question.groups.analysts)) &&
                        is_text(question.groups.viewers, sizeof(question.groups.viewers)) &&
                        answer_in_child(descriptor, &question);

        struct sign_in_answer none = {question.number, .verdict = SIGN_IN_UNAVAILABLE};

        explicit_bzero(&question, sizeof(question));
        if (!answered && send(descriptor, &none, sizeof(none), MSG_NOSIGNAL) != sizeof(none))
            return;
    }
}

bool sign_in_helper_start(int *descriptor, struct error *error)
{
    return root_process_start("the sign-in helper", serve_questions, NULL, descriptor, error);
}
