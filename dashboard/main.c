/* anomaly-dashboard: what a security team looks at, and what programs ask. */
#include <sys/stat.h>
#include <unistd.h>

#include "dashboard/certificate.h"
#include "dashboard/listen.h"
#include "dashboard/serve.h"
#include "dashboard/token_commands.h"
#include "store/store.h"

struct serve_values {
    const char *listen, *tls_cert, *tls_key, *host;
    bool allow_plain, behind_proxy;
};

static const struct command_option SERVE_OPTIONS[] = {
    COMMAND_TEXT(struct serve_values, listen, "listen", "WHERE",
                 "unix:PATH or ADDRESS:PORT; otherwise what systemd passes, or " LISTEN_DEFAULT),
    COMMAND_TEXT(struct serve_values, tls_cert, "tls-cert", "FILE",
                 "the certificate and its chain (PEM), with --tls-key"),
    COMMAND_TEXT(struct serve_values, tls_key, "tls-key", "FILE", "its key (PEM)"),
    COMMAND_FLAG(struct serve_values, allow_plain, "allow-plain",
                 "listen beyond this machine without TLS: passwords can be read on the way"),
    COMMAND_TEXT(struct serve_values, host, "host", "NAME",
                 "what browsers call this service: other names are refused"),
    COMMAND_FLAG(struct serve_values, behind_proxy, "behind-proxy",
                 "a proxy with TLS stands before it: believe its X-Forwarded-For"),
};

static const struct command_option TOKEN_OPTIONS[] = {
    COMMAND_TEXT(struct token_values, role, "role", "ROLE", "viewer (otherwise) or analyst"),
    COMMAND_TEXT(struct token_values, life, "for", "TIME", "how long: 12h, 90d; otherwise 90d"),
};

static bool find_listener(const struct command_line *line, struct listening *listening,
                          struct error *error)
{
    const struct serve_values *values = line->values;
    bool found = false;

    if (values->listen == NULL && !listen_inherited(listening, &found, error))
        return false;
    return found ||
           listen_open(values->listen != NULL ? values->listen : LISTEN_DEFAULT, listening, error);
}

/* Passwords and cookies cross a network in the open only when somebody asked for just that. */
static bool check_exposure(const struct serve_values *values, const struct listening *listening,
                           struct error *error)
{
    if ((values->tls_cert == NULL) != (values->tls_key == NULL))
        return error_set(error, FAULT_CONFIG, "--tls-cert and --tls-key go together");
    if (listening->local || listening->loopback || values->tls_cert != NULL || values->allow_plain)
        return true;
    return error_set(error, FAULT_CONFIG,
                     "others could read what is sent: listen on %s or a Unix socket, give "
                     "--tls-cert and --tls-key, or say --allow-plain",
                     LISTEN_DEFAULT);
}

/* While root is still there to read it. */
static bool use_certificate(const struct pem_files *files, struct pem_reader *reader,
                            struct error *error)
{
    struct pem pem;

    *reader = (struct pem_reader){.descriptor = -1};
    if (files->chain == NULL)
        return true;
    if (!pem_read(files, &pem, error))
        return false;
    bool used = certificate_use(&pem, files, error);
    pem_free(&pem);
    return used && (geteuid() != 0 || pem_reader_start(files, reader, error));
}

/* What needs root comes first, what needs none after it is given up. */
static bool start_and_serve(const struct command_line *line, const struct config *config,
                            const struct listening *listening, struct error *error)
{
    static struct dashboard dashboard;
    const struct serve_values *values = line->values;
    const struct pem_files files = {values->tls_cert, values->tls_key};
    char directory[DIRECTORY_PATH_BYTES];
    struct pem_reader reader;
    int helper;
    bool root;

    if (!sign_in_helper_start(&helper, error))
        return false;
    if (!use_certificate(&files, &reader, error) ||
        !identity_become(config, directory, &root, error)) {
        close(helper);
        return false;
    }
    if (root)
        command_note(line, "runs as root, because %s is root's", config->store);
    store_configure_read_ahead();
    if (!dashboard_init(&dashboard, config, directory, helper, error))
        return false;
    dashboard.certificate = files;
    dashboard.pem_reader = reader;
    dashboard.secure = files.chain != NULL || values->behind_proxy;
    dashboard.loopback = listening->loopback;
    dashboard.behind_proxy = values->behind_proxy;
    dashboard.host = values->host;
    bool done = serve(&dashboard, line, listening->descriptor, error);
    dashboard_finish(&dashboard);
    return done;
}

static int run_service(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    static struct config config;
    struct listening listening;

    umask(027);
    serve_block_signals();
    if (!command_config(line, &config, &error) || !find_listener(line, &listening, &error))
        return command_fail(line, &error);
    bool done = check_exposure(line->values, &listening, &error) &&
                start_and_serve(line, &config, &listening, &error);
    return done ? COMMAND_DONE : command_fail(line, &error);
}

#define OPTIONS(table, type)                                                                       \
    .options = (table), .option_count = sizeof(table) / sizeof((table)[0]),                        \
    .values_bytes = sizeof(struct type)

static const struct command COMMANDS[] = {
    {.operands = "",
     .help = "serves until SIGTERM; SIGHUP reads configuration and certificate again",
     OPTIONS(SERVE_OPTIONS, serve_values),
     .run = run_service},
    {.name = "bootstrap",
     .operands = "",
     .help = "print a token that signs one analyst in, within 15 minutes",
     .run = run_bootstrap},
    {.name = "token",
     .operands = "add NAME | list | revoke NAME",
     .operands_min = 1,
     .operands_max = 2,
     .help = "bearer tokens, for programs: make one, list them, end one",
     .details = "A token is printed once, when it is made; a hash of it is kept.",
     OPTIONS(TOKEN_OPTIONS, token_values),
     .run = run_token},
};

int main(int argc, char **argv)
{
    static const struct program PROGRAM = {
        .name = "anomaly-dashboard",
        .summary = "what a security team looks at, and what programs ask",
        .commands = COMMANDS,
        .command_count = sizeof(COMMANDS) / sizeof(COMMANDS[0]),
    };

    return program_run(&PROGRAM, argc, argv);
}
