#include "dashboard/token.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/config.h"
#include "common/file_identity.h"
#include "common/trusted_file.h"

#define FILE_MAX_BYTES (TOKEN_MAX * 256)
#define LINE_BYTES     256

static void path_of(const char *directory, char path[CONFIG_TEXT_BYTES + 32])
{
    snprintf(path, CONFIG_TEXT_BYTES + 32, "%s/" TOKEN_FILE, directory);
}

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length < TOKEN_NAME_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@-") ==
               length;
}

static bool parse_line(const char *line, struct token *token)
{
    char hash[SECRET_TEXT_BYTES], role[16], use[8];

    if (sscanf(line, "%64s %15s %7s %" SCNd64 " %" SCNd64 " %64s", hash, role, use, &token->made_s,
               &token->over_s, token->name) != 6)
        return false;
    token->once = strcmp(use, "once") == 0;
    return (token->once || strcmp(use, "many") == 0) && secret_hash_parse(hash, token->hash) &&
           role_parse(role, &token->role) && name_is_good(token->name);
}

static bool parse_list(char *text, const char *path, struct token_list *list, struct error *error)
{
    int number = 0;
    char *rest = text;

    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        number++;
        if (line[0] == '\0')
            continue;
        if (list->count == TOKEN_MAX)
            return error_set(error, FAULT_CONFIG, "%s holds more than %d tokens", path, TOKEN_MAX);
        if (!parse_line(line, &list->tokens[list->count]))
            return error_set(error, FAULT_CONFIG, "%s, line %d is no token: delete it", path,
                             number);
        list->count++;
    }
    return true;
}

bool token_list_read(const char *directory, struct token_list *list, struct error *error)
{
    char path[CONFIG_TEXT_BYTES + 32];
    struct error trouble = ERROR_NONE;
    char *text;
    size_t size;
    bool done;

    list->count = 0;
    path_of(directory, path);
    errno = 0;
    if (!trusted_file_read(path, geteuid(), FILE_MAX_BYTES, FAULT_CONFIG, &text, &size, &trouble))
        return errno == ENOENT || error_set(error, trouble.fault, "%s", trouble.text);
    done = parse_list(text, path, list, error);
    free(text);
    return done;
}

static bool write_list(const char *directory, const struct token_list *list, int64_t now_s,
                       struct error *error)
{
    char path[CONFIG_TEXT_BYTES + 32], *text = malloc(FILE_MAX_BYTES + 1);
    size_t used = 0;
    bool done;

    if (text == NULL)
        return error_set(error, FAULT_CONFIG, "no memory");
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        char hash[SECRET_TEXT_BYTES];

        if (token->over_s <= now_s)
            continue;
        secret_hash_format(token->hash, hash);
        used += (size_t)snprintf(text + used, LINE_BYTES, "%s %s %s %" PRId64 " %" PRId64 " %s\n",
                                 hash, role_name(token->role), token->once ? "once" : "many",
                                 token->made_s, token->over_s, token->name);
    }
    path_of(directory, path);
    done = trusted_file_replace(path, text, used, 0600, FAULT_CONFIG, error);
    free(text);
    return done;
}

/* One program at a time changes the file. */
static bool lock_directory(const char *directory, int *lock, struct error *error)
{
    *lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (*lock >= 0 && flock(*lock, LOCK_EX) == 0)
        return true;
    error_set_errno(error, FAULT_CONFIG, errno, "cannot lock %s", directory);
    if (*lock >= 0)
        close(*lock);
    return false;
}

static struct token *find_name(struct token_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->tokens[i].name, name) == 0)
            return &list->tokens[i];
    }
    return NULL;
}

static void drop(struct token_list *list, struct token *token)
{
    *token = list->tokens[--list->count];
}

static bool add_to_list(struct token_list *list, const struct token *token, struct error *error)
{
    struct token *same = find_name(list, token->name);

    if (same != NULL && (token->once || same->over_s <= token->made_s))
        drop(list, same);
    else if (same != NULL)
        return error_set(error, FAULT_CONFIG, "there is a token %s already: revoke it first",
                         token->name);
    for (size_t i = list->count; i-- > 0;) {
        if (list->tokens[i].over_s <= token->made_s)
            drop(list, &list->tokens[i]);
    }
    if (list->count == TOKEN_MAX)
        return error_set(error, FAULT_CONFIG, "there are %d tokens, the most there can be",
                         TOKEN_MAX);
    list->tokens[list->count++] = *token;
    return true;
}

bool token_add(const char *directory, const char *name, enum role role, bool once, int64_t now_s,
               int64_t life_s, char text[SECRET_TEXT_BYTES], struct error *error)
{
    struct token token = {.role = role, .once = once, .made_s = now_s, .over_s = now_s + life_s};
    struct token_list *list;
    int lock;
    bool done;

    if (!name_is_good(name))
        return error_set(error, FAULT_CONFIG,
                         "a token's name is 1 to %d letters, digits and _.@- , not \"%s\"",
                         TOKEN_NAME_BYTES - 1, name);
    strcpy(token.name, name);
    if (!secret_make(text, error))
        return false;
    secret_hash(text, token.hash);
    list = malloc(sizeof(*list));
    if (list == NULL)
        return error_set(error, FAULT_CONFIG, "no memory");
    done = lock_directory(directory, &lock, error);
    if (done) {
        done = token_list_read(directory, list, error) && add_to_list(list, &token, error) &&
               write_list(directory, list, now_s, error);
        close(lock);
    }
    free(list);
    return done;
}

bool token_remove(const char *directory, const char *name, bool *found, struct error *error)
{
    struct token_list *list = malloc(sizeof(*list));
    int lock;
    bool done;

    *found = false;
    if (list == NULL)
        return error_set(error, FAULT_CONFIG, "no memory");
    done = lock_directory(directory, &lock, error);
    if (done) {
        done = token_list_read(directory, list, error);
        struct token *token = done ? find_name(list, name) : NULL;
        if (token != NULL) {
            *found = true;
            drop(list, token);
            done = write_list(directory, list, 0, error);
        }
        close(lock);
    }
    free(list);
    return done;
}

struct tokens {
    pthread_mutex_t lock;
    char directory[CONFIG_TEXT_BYTES];
    struct file_identity identity;
    struct token_list list;
};

struct tokens *tokens_create(const char *directory)
{
    struct tokens *tokens = calloc(1, sizeof(*tokens));

    if (tokens == NULL)
        return NULL;
    pthread_mutex_init(&tokens->lock, NULL);
    snprintf(tokens->directory, sizeof(tokens->directory), "%s", directory);
    return tokens;
}

void tokens_destroy(struct tokens *tokens)
{
    if (tokens == NULL)
        return;
    pthread_mutex_destroy(&tokens->lock);
    free(tokens);
}

static bool refresh(struct tokens *tokens, struct error *error)
{
    char path[CONFIG_TEXT_BYTES + 32];
    struct file_identity now;

    path_of(tokens->directory, path);
    now = file_identity_of(path);
    if (file_identity_equal(&now, &tokens->identity))
        return true;
    tokens->list.count = 0;
    tokens->identity = (struct file_identity){0};
    if (!token_list_read(tokens->directory, &tokens->list, error)) {
        tokens->list.count = 0;
        return false;
    }
    tokens->identity = now;
    return true;
}

bool token_find(struct tokens *tokens, const char *text, bool once, int64_t now_s,
                struct token *token, struct error *error)
{
    uint8_t hash[SECRET_HASH_BYTES];
    bool found = false, removed = true;

    secret_hash(text, hash);
    pthread_mutex_lock(&tokens->lock);
    if (refresh(tokens, error)) {
        for (size_t i = 0; i < tokens->list.count && !found; i++) {
            const struct token *candidate = &tokens->list.tokens[i];

            found = secret_equal(candidate->hash, hash, sizeof(hash)) &&
                    candidate->over_s > now_s && candidate->once == once;
            if (found)
                *token = *candidate;
        }
    }
    if (found && once && !token_remove(tokens->directory, token->name, &removed, error))
        removed = false;
    pthread_mutex_unlock(&tokens->lock);
    return found && removed;
}

bool token_holds(struct tokens *tokens, const char *name, int64_t now_s)
{
    pthread_mutex_lock(&tokens->lock);
    const struct token *token = refresh(tokens, NULL) ? find_name(&tokens->list, name) : NULL;
    bool holds = token != NULL && !token->once && token->over_s > now_s;
    pthread_mutex_unlock(&tokens->lock);
    return holds;
}
