#include "trainer/sshd_message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MOST_REPEATS 1000

bool sshd_program(const char *name, size_t length)
{
    /* From 9.8 on the work is done by sshd-session, from 10.0 on also by sshd-auth. */
    return (length == 4 && memcmp(name, "sshd", 4) == 0) ||
           (length == 12 && memcmp(name, "sshd-session", 12) == 0) ||
           (length == 9 && memcmp(name, "sshd-auth", 9) == 0);
}

static const char *after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static bool ends_with(const char *text, const char *tail)
{
    size_t length = strlen(text), tail_length = strlen(tail);
    return length >= tail_length && strcmp(text + length - tail_length, tail) == 0;
}

static void skip_as(struct sshd_message *message, enum skipped_line kind)
{
    message->kind = SSHD_SKIPPED;
    message->skipped = kind;
}

/* ---- addresses ---- */

/* A numeric address of that many bytes. */
static bool parse_address(const char *text, size_t length, struct ip_address *address)
{
    char word[IP_TEXT_BYTES + 20];

    if (length == 0 || length >= sizeof word ||
        (!isxdigit((unsigned char)text[0]) && text[0] != ':'))
        return false;
    memcpy(word, text, length);
    word[length] = '\0';
    return ip_parse(word, address);
}

/* "IP port N" at text; *end: what follows. */
static bool parse_peer(const char *text, struct sshd_message *message, const char **end)
{
    struct ip_address address;
    size_t length = strcspn(text, " ");
    char *rest = NULL;

    const char *number = after(text + length, " port ");
    if (number == NULL || !isdigit((unsigned char)*number) ||
        !parse_address(text, length, &address))
        return false;
    unsigned long port = strtoul(number, &rest, 10);
    if (port > UINT16_MAX)
        return false;
    message->source = address;
    message->port = (uint16_t)port;
    *end = rest;
    return true;
}

/* Behind the peer of a Failed line: " ssh2" (ssh1 once was) and, for a key, ": TYPE FINGERPRINT".
 */
static bool is_failed_tail(const char *tail)
{
    const char *rest = after(tail, " ssh2");
    if (rest == NULL)
        rest = after(tail, " ssh1");
    if (rest == NULL)
        return *tail == '\0';
    if (*rest == '\0')
        return true;
    rest = after(rest, ": ");
    if (rest == NULL)
        return false;
    rest += strcspn(rest, " ");
    return *rest == '\0' || (*rest == ' ' && strchr(rest + 1, ' ') == NULL);
}

/* The last " from IP port N" that can end a Failed line: what stands before it is the client's. */
static const char *find_last_peer(const char *text, struct sshd_message *message)
{
    const char *found = NULL, *end = NULL;
    struct sshd_message last = *message;

    for (const char *at = strstr(text, " from "); at != NULL; at = strstr(at + 1, " from ")) {
        if (parse_peer(at + 6, &last, &end) && is_failed_tail(end)) {
            message->source = last.source;
            message->port = last.port;
            found = at;
        }
    }
    return found;
}

/* The first: for lines whose user exists on the machine, and behind whose peer anything may stand
 * (a certificate's ID, the host that a client claims to be). */
static const char *find_first_peer(const char *text, struct sshd_message *message,
                                   const char **tail)
{
    for (const char *at = strstr(text, " from "); at != NULL; at = strstr(at + 1, " from ")) {
        if (parse_peer(at + 6, message, tail))
            return at;
    }
    return NULL;
}

/* ---- attempts ---- */

/* "METHOD[/DEVICE] for "; "keyboard-interactive/pam" is known by its first part. Returns what
 * follows, NULL when it is something else. */
static const char *take_method(const char *text, struct sshd_message *message)
{
    char name[32];
    size_t length = strcspn(text, "/ ");

    if (length == 0 || length >= sizeof name)
        return NULL;
    memcpy(name, text, length);
    name[length] = '\0';
    message->method = login_method_from_name(name);
    return after(text + strcspn(text, " "), " for ");
}

/* ": ED25519 SHA256:…" behind the peer of an Accepted line. Other fingerprints (MD5, until 6.7) are
 * of no use: nothing could be compared with them. */
static void take_key(const char *tail, struct sshd_message *message)
{
    const char *rest = after(tail, " ssh2: ");
    const char *key = rest == NULL ? NULL : strchr(rest, ' ');

    if (message->method != METHOD_PUBLICKEY || key == NULL || after(key + 1, "SHA256:") == NULL)
        return;
    message->key = key + 1;
    message->key_length = strcspn(message->key, " ,");
}

static void parse_accepted(const char *text, struct sshd_message *message)
{
    const char *tail = NULL;
    const char *user = take_method(text, message);
    const char *peer = user == NULL ? NULL : find_first_peer(user, message, &tail);

    if (peer == NULL || peer == user) {
        skip_as(message, SKIPPED_NO_ADDRESS);
        return;
    }
    message->user = user;
    message->user_length = (size_t)(peer - user);
    take_key(tail, message);
}

/* The method's own words can only be sshd's, as the client's begin behind " for ". */
static void parse_failed(const char *text, struct sshd_message *message)
{
    if (after(text, "none for ") != NULL) {
        skip_as(message, SKIPPED_NONE_METHOD);
        return;
    }
    if (after(text, "publickey for ") != NULL) {
        skip_as(message, SKIPPED_KEY_OFFERED);
        return;
    }
    const char *tail = NULL;
    const char *user = take_method(text, message);
    if (user == NULL) {
        skip_as(message, SKIPPED_OTHER);
        return;
    }
    const char *name = after(user, "invalid user ");
    if (name == NULL)
        name = after(user, "illegal user ");
    user = name == NULL ? user : name;
    /* An unknown user's name may be empty; then the peer follows at once. */
    const char *peer = message->method != METHOD_HOSTBASED ? find_last_peer(user - 1, message)
                       : name == NULL                      ? find_first_peer(user, message, &tail)
                                      : NULL; /* the client's words stand on both sides */
    if (peer == NULL) {
        skip_as(message, SKIPPED_NO_ADDRESS);
        return;
    }
    message->user = user;
    message->user_length = peer < user ? 0 : (size_t)(peer - user);
}

/* "PAM: REASON for [illegal user ]NAME from ADDRESS": nothing follows the address. */
static void parse_pam_error(const char *text, struct sshd_message *message)
{
    /* The one reason that has the word in it. */
    const char *reason = after(text, "Have exhausted maximum number of retries for service");
    const char *user = strstr(reason != NULL ? reason : text, " for ");
    const char *peer = NULL;

    for (const char *at = user; at != NULL && (at = strstr(at, " from ")) != NULL; at += 6)
        peer = at;
    if (peer == NULL) {
        skip_as(message, SKIPPED_PAM_FAILURE);
        return;
    }
    user += 5;
    const char *name = after(user, "illegal user ");
    user = name == NULL ? user : name;
    size_t length = strcspn(peer + 6, " ");
    const char *tail = peer + 6 + length;
    if ((*tail != '\0' && strcmp(tail, " [preauth]") != 0) ||
        !parse_address(peer + 6, length, &message->source)) {
        skip_as(message, SKIPPED_NO_ADDRESS);
        return;
    }
    message->user = user;
    message->user_length = peer < user ? 0 : (size_t)(peer - user);
    message->method = METHOD_KEYBOARD_INTERACTIVE;
}

/* ---- sessions ---- */

/* "[user NAME ][from ]IP[ port N]…". Before authentication the name is the client's: no login. */
static void parse_disconnect(const char *text, struct sshd_message *message)
{
    const char *at = text, *end = NULL;

    if (after(at, "invalid user ") != NULL || after(at, "authenticating user ") != NULL ||
        ends_with(at, "[preauth]")) {
        skip_as(message, SKIPPED_CONNECTION);
        return;
    }
    if (after(at, "user ") != NULL) {
        at += 5;
        at += strcspn(at, " ");
        at += *at == ' ';
        if (after(at, "from ") != NULL)
            at += 5;
    }
    (void)parse_peer(at, message, &end); /* without one the process tells */
}

/* A connection that began, or one that timed out after a login. */
static void parse_connection(const char *text, struct sshd_message *message)
{
    if (ends_with(text, " timed out"))
        parse_disconnect(text, message);
    else
        skip_as(message, SKIPPED_CONNECTION);
}

static void parse_session(const char *text, struct sshd_message *message)
{
    (void)text;
    (void)message;
}

static void parse_transferred(const char *text, struct sshd_message *message)
{
    char *end = NULL;

    message->bytes_out = strtoll(text, &end, 10);
    const char *received = after(end, ", received ");
    if (received != NULL)
        message->bytes_in = strtoll(received, &end, 10);
    if (received == NULL || strcmp(end, " bytes") != 0 || message->bytes_in < 0 ||
        message->bytes_out < 0)
        skip_as(message, SKIPPED_OTHER);
}

static void parse_child(const char *text, struct sshd_message *message)
{
    char *end = NULL;
    long pid = strtol(text, &end, 10);

    message->child = pid > 0 && pid <= INT32_MAX && *end == '\0' ? (int32_t)pid : 0;
    if (message->child == 0)
        skip_as(message, SKIPPED_OTHER);
}

/* ---- what a message begins with ---- */

struct beginning {
    const char *text;
    enum sshd_message_kind kind;
    void (*parse)(const char *rest, struct sshd_message *message); /* not of SSHD_SKIPPED */
    enum skipped_line skipped;
};

#define SKIP(text, what)                                                                           \
    {                                                                                              \
        text, SSHD_SKIPPED, NULL, SKIPPED_##what                                                   \
    }

/* The first that fits. "error: ", "fatal: " and the like are taken off before. */
static const struct beginning BEGINNINGS[] = {
    {"Failed ", SSHD_FAILED, parse_failed, 0},
    SKIP("pam_unix(sshd:auth): ", PAM_FAILURE),
    {"Received disconnect from ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"Connection closed by ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"Disconnected from ", SSHD_DISCONNECTED, parse_disconnect, 0},
    SKIP("Invalid user ", INVALID_USER),
    SKIP("Accepted key ", KEY_OFFERED),
    SKIP("Accepted certificate ", KEY_OFFERED),
    SKIP("Accepted cert ", KEY_OFFERED),
    {"Accepted ", SSHD_ACCEPTED, parse_accepted, 0},
    {"Partial ", SSHD_PARTIAL, parse_accepted, 0},
    {"PAM: ", SSHD_PAM_FAILED, parse_pam_error, 0},
    {"pam_unix(sshd:session): session opened for user ", SSHD_SESSION_OPENED, parse_session, 0},
    {"pam_unix(sshd:session): session closed for user ", SSHD_SESSION_CLOSED, parse_session, 0},
    {"Connection reset by ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"Connection from ", SSHD_DISCONNECTED, parse_connection, 0},
    {"Disconnecting ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"Closing connection to ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"Close session: ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"Timeout, client not responding from ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"Read error from remote host ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"terminating inactive connection from ", SSHD_DISCONNECTED, parse_disconnect, 0},
    {"Transferred: sent ", SSHD_TRANSFERRED, parse_transferred, 0},
    {"User child is on pid ", SSHD_CHILD, parse_child, 0},
    /* Attempts whose Failed message follows, and what PAM says of them. */
    SKIP("input_userauth_request: invalid user ", INVALID_USER),
    SKIP("input_userauth_request: illegal user ", INVALID_USER),
    SKIP("Illegal user ", INVALID_USER),
    SKIP("User ", INVALID_USER),
    SKIP("ROOT LOGIN REFUSED ", INVALID_USER),
    SKIP("Login name ", INVALID_USER),
    SKIP("Postponed ", KEY_OFFERED),
    SKIP("Authentication key ", KEY_OFFERED),
    SKIP("Authentication refused", KEY_OFFERED),
    SKIP("public key ", KEY_OFFERED),
    SKIP("refusing ", KEY_OFFERED),
    SKIP("Refusing ", KEY_OFFERED),
    SKIP("Certificate ", KEY_OFFERED),
    SKIP("key_from_blob: ", KEY_OFFERED),
    SKIP("userauth_pubkey: ", KEY_OFFERED),
    SKIP("PAM ", PAM_FAILURE),
    SKIP("pam_", PAM_FAILURE),
    SKIP("Access denied for user ", PAM_FAILURE),
    SKIP("Could not get shadow information for ", PAM_FAILURE),
    SKIP("Excessive permission or bad ownership on file ", PAM_FAILURE),
    /* Connections that come to nothing. */
    SKIP("Did not receive identification string", CONNECTION),
    SKIP("Disconnecting: ", CONNECTION),
    SKIP("maximum authentication attempts exceeded", CONNECTION),
    SKIP("Timeout before authentication", CONNECTION),
    SKIP("Bad protocol version identification ", CONNECTION),
    SKIP("Protocol major versions differ", CONNECTION),
    SKIP("banner exchange: ", CONNECTION),
    SKIP("kex_", CONNECTION),
    SKIP("kex ", CONNECTION),
    SKIP("ssh_dispatch_run_fatal: ", CONNECTION),
    SKIP("dispatch_protocol_error: ", CONNECTION),
    SKIP("Unable to negotiate ", CONNECTION),
    SKIP("no matching ", CONNECTION),
    SKIP("no hostkey alg", CONNECTION),
    SKIP("no kex alg", CONNECTION),
    SKIP("Bad packet length ", CONNECTION),
    SKIP("padding error: ", CONNECTION),
    SKIP("Corrupted MAC on input", CONNECTION),
    SKIP("message authentication code incorrect", CONNECTION),
    SKIP("ssh_packet_", CONNECTION),
    SKIP("packet_", CONNECTION),
    SKIP("buffer_get_", CONNECTION),
    SKIP("Write failed: ", CONNECTION),
    SKIP("Read from socket failed: ", CONNECTION),
    SKIP("Unknown packet type ", CONNECTION),
    SKIP("Protocol error", CONNECTION),
    SKIP("bad service request", CONNECTION),
    SKIP("Change of username or service not allowed", CONNECTION),
    SKIP("wrong user name passed to monitor", CONNECTION),
    SKIP("administratively prohibited connection for ", CONNECTION),
    SKIP("reverse mapping checking getaddrinfo for ", CONNECTION),
    SKIP("Address ", CONNECTION),
    SKIP("Nasty PTR record ", CONNECTION),
    SKIP("refused connect from ", CONNECTION),
    SKIP("drop connection ", CONNECTION),
    SKIP("beginning MaxStartups throttling", CONNECTION),
    SKIP("exited MaxStartups throttling", CONNECTION),
    SKIP("past MaxStartups", CONNECTION),
    SKIP("srclimit_", CONNECTION),
    SKIP("ssh: ", CONNECTION),
    SKIP("Finished discarding for ", CONNECTION),
    SKIP("mm_answer_", CONNECTION),
    SKIP("mm_request_", CONNECTION),
    SKIP("mm_log_handler: ", CONNECTION),
    SKIP("monitor_read: ", CONNECTION),
    SKIP("scanned from ", CONNECTION),
    SKIP("SSH: Server;", CONNECTION),
    /* Inside a session. */
    SKIP("Starting session: ", INSIDE),
    SKIP("subsystem request for ", INSIDE),
    SKIP("Changed root directory to ", INSIDE),
    SKIP("Root login accepted for forced command", INSIDE),
    SKIP("Attempt to write login records by non-root user", INSIDE),
    SKIP("syslogin_perform_logout: ", INSIDE),
    SKIP("Exiting on signal", INSIDE),
    SKIP("refused local port forward: ", INSIDE),
    SKIP("refused streamlocal port forward: ", INSIDE),
    SKIP("Received request to connect to ", INSIDE),
    SKIP("Local connections to ", INSIDE),
    SKIP("Remote connections from ", INSIDE),
    SKIP("connect_to ", INSIDE),
    SKIP("channel ", INSIDE),
    SKIP("channel_", INSIDE),
    SKIP("chan_", INSIDE),
    SKIP("session_", INSIDE),
    SKIP("open ", INSIDE),
    SKIP("opendir ", INSIDE),
    SKIP("close ", INSIDE),
    SKIP("closedir ", INSIDE),
    SKIP("sent status ", INSIDE),
    SKIP("session opened for local user ", INSIDE),
    SKIP("session closed for local user ", INSIDE),
    SKIP("bind ", INSIDE),
    SKIP("bind: ", INSIDE),
    SKIP("Allocated port ", INSIDE),
    SKIP("Environment:", INSIDE),
    /* sshd about itself. */
    SKIP("Server listening on ", SERVER),
    SKIP("Received signal ", SERVER),
    SKIP("Received SIGHUP", SERVER),
    SKIP("RESTART FAILED", SERVER),
    SKIP("Exiting due to signal", SERVER),
    SKIP("Bind to port ", SERVER),
    SKIP("Cannot bind any address", SERVER),
    SKIP("Generating ", SERVER),
    SKIP("Could not load host key", SERVER),
    SKIP("Unable to load host key", SERVER),
    SKIP("Missing privilege separation directory", SERVER),
    SKIP("rexec ", SERVER),
    SKIP("Deprecated option ", SERVER),
    SKIP("Unsupported option ", SERVER),
    SKIP("/etc/ssh/", SERVER),
    SKIP("fork: ", SERVER),
    SKIP("accept: ", SERVER),
    SKIP("WARNING: ", SERVER),
    SKIP("Warning: ", SERVER),
    SKIP("Set /proc/self/oom_score_adj", SERVER),
    SKIP("rexec_argv", SERVER),
    SKIP("setsockopt ", SERVER),
    SKIP("session process ", SERVER),
    SKIP("Session process ", SERVER),
};

static void parse_text(const char *text, struct sshd_message *message)
{
    static const char *const LEVELS[] = {"error: ", "fatal: "};

    if (after(text, "debug") != NULL) {
        skip_as(message, SKIPPED_SERVER);
        return;
    }
    for (size_t i = 0; i < sizeof LEVELS / sizeof LEVELS[0]; i++) {
        if (after(text, LEVELS[i]) != NULL)
            text += strlen(LEVELS[i]);
    }
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof BEGINNINGS[0]; i++) {
        const struct beginning *beginning = &BEGINNINGS[i];
        const char *rest = text[0] == beginning->text[0] ? after(text, beginning->text) : NULL;
        if (rest == NULL)
            continue;
        message->kind = beginning->kind;
        message->skipped = beginning->skipped;
        if (beginning->parse != NULL)
            beginning->parse(rest, message);
        return;
    }
    skip_as(message, SKIPPED_OTHER);
}

/* The number of "message repeated N times: [ MESSAGE]", which stands for N more of them; text is
 * then MESSAGE. 0: it is no such message. */
static int take_repeats(char **text)
{
    const char *number = after(*text, "message repeated ");
    char *end = NULL;

    if (number == NULL)
        return 0;
    long count = strtol(number, &end, 10);
    size_t length = strlen(end);
    if (after(end, " times: [ ") == NULL || end[length - 1] != ']' || count < 1 ||
        count > MOST_REPEATS)
        return 0;
    end[length - 1] = '\0';
    *text = end + strlen(" times: [ ");
    return (int)count;
}

void sshd_message_parse(char *text, struct sshd_message *message)
{
    int repeats = take_repeats(&text);

    *message = (struct sshd_message){.user = "", .key = "", .repeats = 1};
    parse_text(text, message);
    if (repeats == 0)
        return;
    /* Sessions do not begin or end again; what was skipped is skipped again. */
    if (message->kind == SSHD_FAILED || message->kind == SSHD_PAM_FAILED)
        message->repeats = repeats;
    else if (message->kind != SSHD_SKIPPED)
        skip_as(message, SKIPPED_OTHER);
}
