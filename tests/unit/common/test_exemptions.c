#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/exemption_list.h"

#define NOW 1000000

static char directory[] = "/tmp/test_exemptions.XXXXXX";
static char path[64], lock_path[72];

static int make_directory(void **state)
{
    (void)state;
    memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/exemptions", directory);
    (void)snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(lock_path);
    return rmdir(directory);
}

static void write_file(const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(close(file), 0);
}

/* As exemption_list_refresh() and exemption_list_find(), once. */
static bool match_once(const char *user, const struct ip_address *address, int64_t now_s,
                       bool *match, struct error *error)
{
    struct exemption_list list = {.count = 0};
    bool sound = exemption_list_refresh(&list, path, geteuid(), error);

    *match = exemption_list_find(&list, user, address, now_s) != NULL;
    exemption_list_finish(&list);
    return sound;
}

static bool matches(const char *user, const char *address_text, int64_t now_s)
{
    struct error error = ERROR_NONE;
    struct ip_address address = {.family = 0};
    if (address_text != NULL)
        assert_true(ip_parse(address_text, &address));
    bool match;
    if (!match_once(user, &address, now_s, &match, &error))
        fail_msg("%s", error.text);
    return match;
}

static bool change(bool is_network, const char *subject, int64_t until_s, struct error *error)
{
    struct exemption exemption = {.is_network = is_network, .until_s = until_s};
    (void)snprintf(exemption.subject, sizeof(exemption.subject), "%s", subject);
    bool found;
    if (!exemptions_set(path, &exemption, NOW, &found, error))
        fail_msg("%s", error->text);
    return found;
}

static bool append(void *context, const struct exemption *exemption)
{
    char *text = context;
    size_t used = strlen(text);
    (void)snprintf(text + used, 4096 - used, "%c %s %lld;", exemption->is_network ? 'n' : 'u',
                   exemption->subject, (long long)exemption->until_s);
    return true;
}

static void assert_file_has(const char *expected)
{
    char text[4096] = "";
    struct error error = ERROR_NONE;
    if (!exemptions_visit(path, geteuid(), append, text, &error))
        fail_msg("%s", error.text);
    assert_string_equal(text, expected);
}

static void no_file_exempts_nobody(void **state)
{
    (void)state;
    assert_false(matches("ann", "192.0.2.1", NOW));
    assert_file_has("");
}

static void users_and_networks_match_until_their_time(void **state)
{
    (void)state;
    write_file("# comment\n\n \t\n  user ann until 1000001\r\n"
               "user bob\tuntil 999999\nnetwork 192.0.2.0/24 until 1000001\n"
               "network 2001:DB8::1 until 1000001");
    assert_true(matches("ann", NULL, NOW));
    assert_false(matches("ann", NULL, NOW + 1));
    assert_false(matches("an", NULL, NOW));
    assert_false(matches("annn", NULL, NOW));
    assert_false(matches("bob", NULL, NOW));
    assert_true(matches("x", "192.0.2.200", NOW));
    assert_true(matches("x", "::ffff:192.0.2.200", NOW));
    assert_false(matches("x", "192.0.3.200", NOW));
    assert_true(matches("x", "2001:db8::1", NOW));
    assert_false(matches("x", "2001:db8::1", NOW + 1));
    assert_file_has("u ann 1000001;u bob 999999;n 192.0.2.0/24 1000001;n 2001:db8::1/128 1000001;");
}

static void damaged_lines_are_named(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "user ann",
        "user ann until",
        "user ann until soon",
        "user ann until -5",
        "user ann until 0",
        "user ann until 99999999999999999999",
        "user ann until 5 # comment",
        "user ann bob until 5",
        "group wheel until 5",
        "network office until 5",
        "network 192.0.2.1/24 until 5",
        "User ann until 5",
    };
    for (size_t i = 0; i < LENGTH(LINES); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "# rescue\n%s\nuser bob until 2000000\n", LINES[i]);
        write_file(text);
        struct error error = ERROR_NONE;
        struct ip_address none = {.family = 0};
        bool match = true;
        if (match_once("cyd", &none, NOW, &match, &error))
            fail_msg("\"%s\" was taken", LINES[i]);
        assert_false(match);
        assert_int_equal(error.fault, FAULT_CONFIG);
        assert_contains(error.text, "/exemptions:2: ");
    }
}

static void sound_lines_hold_beside_damaged_ones(void **state)
{
    (void)state;
    write_file("user ann until 2000000\nnonsense\nnetwork 192.0.2.0/24 until 2000000\nuser\n"
               "user bob until 2000000\n");
    static const struct {
        const char *user, *address;
        bool match;
    } CASES[] = {{"ann", "198.51.100.1", true},
                 {"bob", "198.51.100.1", true},
                 {"cyd", "192.0.2.9", true},
                 {"cyd", "198.51.100.1", false}};
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct error error = ERROR_NONE;
        struct ip_address address;
        bool match = !CASES[i].match;
        assert_true(ip_parse(CASES[i].address, &address));
        assert_false(match_once(CASES[i].user, &address, NOW, &match, &error));
        assert_int_equal(match, CASES[i].match);
        assert_contains(error.text, "/exemptions:2: ");
    }
    char text[4096] = "";
    struct error error = ERROR_NONE;
    assert_false(exemptions_visit(path, geteuid(), append, text, &error));
    assert_contains(error.text, "/exemptions:2: ");
    assert_string_equal(text, "u ann 2000000;n 192.0.2.0/24 2000000;u bob 2000000;");
}

static void an_untrusted_file_is_refused(void **state)
{
    (void)state;
    write_file("user ann until 2000000\n");
    assert_int_equal(chmod(path, 0666), 0);
    struct error error = ERROR_NONE;
    struct ip_address none = {.family = 0};
    bool match;
    assert_false(match_once("ann", &none, NOW, &match, &error));
    assert_contains(error.text, "can be written by others");
    assert_false(match);
}

static void adding_replacing_removing(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    assert_false(change(false, "ann", 2000000, &error));
    assert_false(change(true, "2001:DB8:0::/32", 2000000, &error));
    assert_false(change(true, "192.0.2.7", 2000000, &error));
    assert_true(change(false, "ann", 3000000, &error));
    assert_true(change(true, "192.0.2.7/32", 3000000, &error));
    assert_file_has("n 2001:db8::/32 2000000;u ann 3000000;n 192.0.2.7/32 3000000;");
    assert_false(change(false, "bob", 0, &error));
    assert_true(change(true, "2001:db8::/32", 0, &error));
    assert_true(change(false, "ann", 0, &error));
    assert_file_has("n 192.0.2.7/32 3000000;");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
}

static void what_ended_is_dropped(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    write_file("user old until 1000000\nuser new until 1000001\n");
    assert_false(change(false, "ann", 2000000, &error));
    assert_file_has("u new 1000001;u ann 2000000;");
}

static void removing_from_no_file_makes_none(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    assert_false(change(false, "ann", 0, &error));
    assert_int_equal(access(path, F_OK), -1);
}

static void what_cannot_be_written(void **state)
{
    (void)state;
    static const struct {
        bool is_network;
        const char *subject;
        int64_t until_s;
        const char *says;
    } CASES[] = {
        {false, "", 2000000, "needs a user name"},
        {false, "ann smith", 2000000, "holds a blank or a control byte"},
        {false, "ann\nuser root until 9999999", 2000000, "holds a blank or a control byte"},
        {false, "ann\x7f", 2000000, "holds a blank or a control byte"},
        {false, "ann", NOW, "would have ended already"},
        {true, "office", 2000000, "is not a network"},
        {true, "192.0.2.1/24", 2000000, "write 192.0.2.0/24 or 192.0.2.1"},
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct exemption exemption = {.is_network = CASES[i].is_network,
                                      .until_s = CASES[i].until_s};
        (void)snprintf(exemption.subject, sizeof(exemption.subject), "%s", CASES[i].subject);
        struct error error = ERROR_NONE;
        bool found;
        assert_false(exemptions_set(path, &exemption, NOW, &found, &error));
        assert_contains(error.text, CASES[i].says);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void a_damaged_file_is_not_rewritten(void **state)
{
    (void)state;
    static const char TEXT[] = "user bob until 2000000\nnonsense\n";
    write_file(TEXT);
    struct exemption exemption = {.subject = "ann", .until_s = 2000000};
    struct error error = ERROR_NONE;
    bool found;
    assert_false(exemptions_set(path, &exemption, NOW, &found, &error));
    assert_contains(error.text, "/exemptions:2: ");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, sizeof(TEXT) - 1);
}

static void a_full_file_is_said_to_be_full(void **state)
{
    (void)state;
    static char text[EXEMPTIONS_MAX_BYTES + 1];
    size_t used = 0;
    for (unsigned i = 0; used + 200 < sizeof(text) - 1; i++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "user user%u until 2000000\n", i);
    write_file(text);
    struct exemption exemption = {.until_s = 2000000};
    memset(exemption.subject, 'x', sizeof(exemption.subject) - 1);
    struct error error = ERROR_NONE;
    bool found;
    assert_false(exemptions_set(path, &exemption, NOW, &found, &error));
    assert_contains(error.text, "would grow beyond");
    assert_true(matches("user0", NULL, NOW));
}

/* Two commands at once: no change is lost. */
static void changes_at_once_are_all_kept(void **state)
{
    (void)state;
    enum { WRITERS = 4, EACH = 5 };
    for (int writer = 0; writer < WRITERS; writer++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child != 0)
            continue;
        for (int i = 0; i < EACH; i++) {
            struct exemption exemption = {.until_s = 2000000};
            (void)snprintf(exemption.subject, sizeof(exemption.subject), "user%d-%d", writer, i);
            struct error error = ERROR_NONE;
            bool found;
            /* Where the others take too long it is told so, and asks again. */
            while (!exemptions_set(path, &exemption, NOW, &found, &error)) {
                if (strstr(error.text, "another command has been changing") == NULL)
                    _exit(1);
                error = ERROR_NONE;
            }
        }
        _exit(0);
    }
    for (int writer = 0; writer < WRITERS; writer++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    for (int writer = 0; writer < WRITERS; writer++)
        for (int i = 0; i < EACH; i++) {
            char user[32];
            (void)snprintf(user, sizeof(user), "user%d-%d", writer, i);
            assert_true(matches(user, NULL, NOW));
        }
}

/* In another process, which has it when this returns and until it is killed. */
static pid_t hold_lock(const char *file, int flags)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
        int held = open(file, flags, 0600);
        if (held < 0 || flock(held, LOCK_EX) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        (void)pause();
        _exit(0);
    }
    assert_int_equal(close(ready[1]), 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(close(ready[0]), 0);
    return child;
}

static void release_lock(pid_t child)
{
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
}

/* Everybody can open the directory, and lock it. */
static void a_locked_directory_holds_up_nobody(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    pid_t child = hold_lock(directory, O_RDONLY | O_DIRECTORY);
    (void)alarm(STUCK_S);
    assert_false(change(false, "ann", 2000000, &error));
    (void)alarm(0);
    release_lock(child);
    assert_true(matches("ann", NULL, NOW));
    struct stat status;
    assert_int_equal(stat(lock_path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_uid, geteuid());
}

static void a_lock_that_stays_is_named(void **state)
{
    (void)state;
    struct exemption exemption = {.subject = "ann", .until_s = 2000000};
    struct error error = ERROR_NONE;
    bool found;
    pid_t child = hold_lock(lock_path, O_RDWR | O_CREAT);
    (void)alarm(STUCK_S);
    assert_false(exemptions_set(path, &exemption, NOW, &found, &error));
    (void)alarm(0);
    assert_contains(error.text, "another command has been changing ");
    assert_contains(error.text, lock_path);
    release_lock(child);
    error = ERROR_NONE;
    assert_false(change(false, "ann", 2000000, &error));
    assert_true(matches("ann", NULL, NOW));
}

static void a_lock_that_others_can_open_is_not_used(void **state)
{
    (void)state;
    struct exemption exemption = {.subject = "ann", .until_s = 2000000};
    struct error error = ERROR_NONE;
    bool found;
    int file = open(lock_path, O_WRONLY | O_CREAT, 0600);
    assert_true(file >= 0);
    assert_int_equal(fchmod(file, 0644), 0);
    assert_int_equal(close(file), 0);
    assert_false(exemptions_set(path, &exemption, NOW, &found, &error));
    assert_contains(error.text, "remove it and try again");
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(no_file_exempts_nobody),
        IN_DIRECTORY(users_and_networks_match_until_their_time),
        IN_DIRECTORY(damaged_lines_are_named),
        IN_DIRECTORY(sound_lines_hold_beside_damaged_ones),
        IN_DIRECTORY(an_untrusted_file_is_refused),
        IN_DIRECTORY(adding_replacing_removing),
        IN_DIRECTORY(what_ended_is_dropped),
        IN_DIRECTORY(removing_from_no_file_makes_none),
        IN_DIRECTORY(what_cannot_be_written),
        IN_DIRECTORY(a_damaged_file_is_not_rewritten),
        IN_DIRECTORY(a_full_file_is_said_to_be_full),
        IN_DIRECTORY(changes_at_once_are_all_kept),
        IN_DIRECTORY(a_locked_directory_holds_up_nobody),
        IN_DIRECTORY(a_lock_that_stays_is_named),
        IN_DIRECTORY(a_lock_that_others_can_open_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
