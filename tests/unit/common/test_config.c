#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config.h"

#define SAME_BOOL(field)        (a->field == b->field)
#define SAME_INT(field)         (a->field == b->field)
#define SAME_SHARE(field)       (memcmp(&a->field, &b->field, sizeof(a->field)) == 0)
#define SAME_DURATION_MS(field) (a->field##_ms == b->field##_ms)
#define SAME_BYTES(field)       (a->field##_bytes == b->field##_bytes)
#define SAME_DAYS(field)        (a->field##_days == b->field##_days)
#define SAME_CHOICE(field)      (a->field == b->field)
#define SAME_TEXT(field)        (strcmp(a->field, b->field) == 0)
#define SAME_PATH(field)        SAME_TEXT(field)
#define SAME_LIST(field)        SAME_TEXT(field)
#define SAME_NETWORKS(field)    SAME_TEXT(field)

/* A value that is no option's default, then one that is bad, by kind. */
#define OTHER_BOOL(unit, initial)        (strcmp(initial, "no") == 0 ? "yes" : "no")
#define OTHER_INT(unit, initial)         "17"
#define OTHER_SHARE(unit, initial)       "3/7"
#define OTHER_DURATION_MS(unit, initial) "2s"
#define OTHER_BYTES(unit, initial)       "3MiB"
#define OTHER_DAYS(unit, initial)        "5d"
#define OTHER_CHOICE(unit, initial)      (strrchr(unit, '|') + 1)
#define OTHER_TEXT(unit, initial)        "Nein = # \"so\" nicht."
#define OTHER_PATH(unit, initial)        "/srv/another place"
#define OTHER_LIST(unit, initial)        "ann bob"
#define OTHER_NETWORKS(unit, initial)    "192.0.2.0/24 2001:db8::1"

#define BAD_BOOL(field)        "on"
#define BAD_INT(field)         "-1"
#define BAD_SHARE(field)       "1.5"
#define BAD_DURATION_MS(field) "50"
#define BAD_BYTES(field)       "8MB"
#define BAD_DAYS(field)        "0d"
#define BAD_CHOICE(field)      "maybe"
#define BAD_TEXT(field)        "a\tb"
#define BAD_PATH(field)        "relative/path"
#define BAD_LIST(field)        "ann # and not bob"
#define BAD_NETWORKS(field)    "office"

static const struct {
    const char *name, *initial, *other, *bad;
} OPTIONS[] = {
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help)                        \
    {#field, initial, OTHER_##kind(unit, initial), BAD_##kind(field)},
#include "common/config_options.def"
#undef OPTION
};

#define COUNT LENGTH(OPTIONS)

static void compare(const struct config *a, const struct config *b, bool same[COUNT])
{
    size_t i = 0;
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help)                        \
    same[i++] = SAME_##kind(field);
#include "common/config_options.def"
#undef OPTION
}

static void assert_same(const struct config *a, const struct config *b)
{
    bool same[COUNT];
    compare(a, b, same);
    for (size_t i = 0; i < COUNT; i++)
        if (!same[i])
            fail_msg("%s differs", OPTIONS[i].name);
}

static void set(struct config *config, const char *name, const char *value)
{
    struct error error = ERROR_NONE;
    if (!config_set(config, name, value, &error))
        fail_msg("%s", error.text);
}

static char *printed(const struct config *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_true(config_print(config, out));
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_survives_printing(const struct config *config)
{
    char *text = printed(config);
    struct config again;
    struct error error = ERROR_NONE;
    config_init(&again);
    if (!config_parse(&again, text, "printed", &error))
        fail_msg("%s", error.text);
    free(text);
    assert_same(config, &again);
}

static void the_defaults(void **state)
{
    (void)state;
    struct config config;
    config_init(&config);
    assert_int_equal(config.mode, MODE_OBSERVE);
    assert_true(config.deny_budget == 1e-4);
    assert_true(config.step_up_budget == 1.0 / 200);
    assert_int_equal(config.min_history, 10);
    assert_false(config.deny_root);
    assert_string_equal(config.exempt_users, "");
    assert_int_equal(config.deadline_ms, 50);
    assert_string_equal(config.store, "/var/lib/pam_anomaly");
    assert_int_equal(config.keep_logins_days, 400);
    assert_int_equal(config.wal_limit_bytes, 64 << 20);
    assert_survives_printing(&config);
}

static void every_default_is_a_value(void **state)
{
    (void)state;
    struct config initial;
    config_init(&initial);
    for (size_t i = 0; i < COUNT; i++) {
        struct config config = initial;
        set(&config, OPTIONS[i].name, OPTIONS[i].other);
        set(&config, OPTIONS[i].name, OPTIONS[i].initial);
        assert_same(&initial, &config);
    }
}

static void each_option_changes_its_field_alone(void **state)
{
    (void)state;
    struct config initial;
    config_init(&initial);
    for (size_t i = 0; i < COUNT; i++) {
        struct config config = initial;
        set(&config, OPTIONS[i].name, OPTIONS[i].other);
        bool same[COUNT];
        compare(&initial, &config, same);
        for (size_t j = 0; j < COUNT; j++)
            if (same[j] == (i == j))
                fail_msg("setting %s: %s %s", OPTIONS[i].name, OPTIONS[j].name,
                         same[j] ? "is unchanged" : "changed");
        assert_survives_printing(&config);
    }
}

static void all_options_together_survive_printing(void **state)
{
    (void)state;
    struct config config;
    config_init(&config);
    for (size_t i = 0; i < COUNT; i++)
        set(&config, OPTIONS[i].name, OPTIONS[i].other);
    assert_survives_printing(&config);
}

static void each_option_refuses_a_bad_value(void **state)
{
    (void)state;
    struct config initial;
    config_init(&initial);
    for (size_t i = 0; i < COUNT; i++) {
        struct config config = initial;
        struct error error = ERROR_NONE;
        assert_false(config_set(&config, OPTIONS[i].name, OPTIONS[i].bad, &error));
        assert_int_equal(error.fault, FAULT_CONFIG);
        assert_memory_equal(error.text, OPTIONS[i].name, strlen(OPTIONS[i].name));
        assert_same(&initial, &config);
    }
}

static void values_and_their_text(void **state)
{
    (void)state;
    /* NULL: refused. The second is how config_print() writes it. */
    static const char *const CASES[][3] = {
        {"deny_budget", "0", "0"},
        {"deny_budget", "1", "1"},
        {"deny_budget", "1.0", "1"},
        {"deny_budget", "0.001", "1/1000"},
        {"deny_budget", "2/2000", "1/1000"},
        {"deny_budget", "0.0003", "0.0003"},
        {"deny_budget", "0.015", "0.015"},
        {"deny_budget", "2/3", "2/3"},
        {"deny_budget", "9999999/10000000", "9999999/10000000"},
        {"deny_budget", "0.123456789012345", "0.123456789012345"},
        {"deny_budget", "0.000000000000001", "0.000000000000001"},
        {"deny_budget", "0.1234567890123456", NULL},
        {"deny_budget", "1.01", NULL},
        {"deny_budget", "3/2", NULL},
        {"deny_budget", "1/0", NULL},
        {"deny_budget", "1/10000001", NULL},
        {"deny_budget", "-0.1", NULL},
        {"deny_budget", ".5", NULL},
        {"deny_budget", "0,5", NULL},
        {"deny_budget", "1e-3", NULL},
        {"deny_budget", "nan", NULL},
        {"deny_budget", "1%", NULL},
        {"deny_budget", "", NULL},
        {"min_history", "0", "0"},
        {"min_history", "1000000", "1000000"},
        {"min_history", "1000001", NULL},
        {"min_history", "99999999999999999999", NULL},
        {"min_history", "10 logins", NULL},
        {"min_history", "0x10", NULL},
        {"deadline", "10ms", "10ms"},
        {"deadline", "1000ms", "1s"},
        {"deadline", "1500ms", "1500ms"},
        {"deadline", "5s", "5s"},
        {"deadline", "9ms", NULL},
        {"deadline", "6s", NULL},
        {"deadline", "9223372036854775807h", NULL},
        {"drain_interval", "1min", "1min"},
        {"journal_rotate", "65536B", "64KiB"},
        {"journal_rotate", "65537B", "65537B"},
        {"wal_limit", "4GiB", "4GiB"},
        {"wal_limit", "5GiB", NULL},
        {"wal_limit", "8mib", NULL},
        {"mode", "enforce", "enforce"},
        {"mode", "Enforce", NULL},
        {"mode", "observe|enforce", NULL},
        {"mode", "enf", NULL},
        {"mode", "", NULL},
        {"on_fault", "inherit", NULL},
        {"deny_root", "true", NULL},
        {"deny_message", "", ""},
        {"exempt_users", "  ann,bob  \t carl ", "ann bob carl"},
        {"exempt_users", "", ""},
        {"exempt_networks", "10.0.0.0/8, ::1", "10.0.0.0/8 ::1"},
        {"exempt_networks", "10.0.0.1/8", NULL},
        {"exempt_networks", "10.0.0.0/8 10.0.0.0/33", NULL},
        {"store", "", NULL},
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct config config;
        struct error error = ERROR_NONE;
        config_init(&config);
        bool taken = config_set(&config, CASES[i][0], CASES[i][1], &error);
        if (taken != (CASES[i][2] != NULL))
            fail_msg("%s = %s: %s", CASES[i][0], CASES[i][1], taken ? "taken" : error.text);
        if (!taken)
            continue;
        char expected[256];
        (void)snprintf(expected, sizeof(expected), "\n%s =%s%s\n", CASES[i][0],
                       CASES[i][2][0] != '\0' ? " " : "", CASES[i][2]);
        char *text = printed(&config);
        assert_contains(text, expected);
        free(text);
        assert_survives_printing(&config);
    }
}

static void sentences(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"\n# x\nmod = enforce\n", "f:3: unknown option \"mod\"; did you mean \"mode\"?"},
        {"deny-budget=0", "f:1: unknown option \"deny-budget\"; did you mean \"deny_budget\"?"},
        {"MODE = enforce", "f:1: unknown option \"MODE\"; pam_anomaly.conf(5) lists"},
        {"frobnicate = 1", "f:1: unknown option \"frobnicate\"; pam_anomaly.conf(5) lists"},
        {"mode enforce", "f:1: \"mode enforce\" is not of the form name = value"},
        {"[verdict]", "f:1: \"[verdict]\" is not of the form name = value"},
        {"= enforce", "is not of the form name = value"},
        {"mode = maybe", "f:1: mode: \"maybe\" is not one of observe, enforce"},
        {"mode =", "f:1: mode: \"\" is not one of observe, enforce"},
        {"mode = enforce # now", "f:1: mode: \"enforce # now\" is not one of observe, enforce"},
        {"mode=observe\n\nmode=enforce", "f:3: mode stands on line 1 already; keep one of them"},
        {"deny_root = on", "f:1: deny_root: \"on\" is neither yes nor no"},
        {"deadline = 50", "f:1: deadline: \"50\" is not a whole number with its unit (h, min, s, "
                          "ms) from 10ms to 5s"},
        {"min_history = few", "f:1: min_history: \"few\" is not a whole number from 0 to 1000000"},
        {"deny_budget = 2", "is not a share from 0 to 1; write it like 1/1000 or 0.001"},
        {"store = var/lib", "\"var/lib\" is not an absolute path; write one that begins with /"},
        {"exempt_users = ann # admin", "a comment stands on a line of its own"},
        {"exempt_networks = 10.1.0.0/8", "write 10.0.0.0/8 or 10.1.0.0"},
        {"exempt_networks = 1234567890123456789012345678901234567890123456789012345678901234567890"
         "1234567890",
         "too long for an address or CIDR"},
        {"deny_message = a\x1b[31mb", "holds a tab or another control byte"},
        {"exempt_users = a\x01", "holds a control byte"},
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct config config;
        struct config before;
        struct error error = ERROR_NONE;
        config_init(&config);
        before = config;
        if (config_parse(&config, CASES[i][0], "f", &error))
            fail_msg("\"%s\" was taken", CASES[i][0]);
        assert_int_equal(error.fault, FAULT_CONFIG);
        assert_contains(error.text, CASES[i][1]);
        assert_same(&before, &config);
    }
}

static void too_long_values_are_refused(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"deny_message", "store", "exempt_users", "no_such"};
    static char text[3 * CONFIG_LIST_BYTES];
    for (size_t i = 0; i < LENGTH(NAMES); i++) {
        struct config config;
        struct error error = ERROR_NONE;
        config_init(&config);
        int used = snprintf(text, sizeof(text), "%s = /", NAMES[i]);
        memset(text + used, 'x', sizeof(text) - (size_t)used - 1);
        assert_false(config_parse(&config, text, "f", &error));
        assert_contains(error.text, NAMES[i]);
        error = ERROR_NONE;
        assert_false(config_set(&config, NAMES[i], text + used, &error));
    }
    struct error error = ERROR_NONE;
    struct config config;
    config_init(&config);
    memset(text, 'n', 200);
    (void)snprintf(text + 200, sizeof(text) - 200, " = 1");
    assert_false(config_parse(&config, text, "f", &error));
    assert_contains(error.text, "f:1: unknown option");
}

static void the_longest_values_fit(void **state)
{
    (void)state;
    char value[CONFIG_LIST_BYTES];
    struct config config;
    config_init(&config);
    memset(value, 'x', sizeof(value));
    value[0] = '/';
    value[CONFIG_TEXT_BYTES - 1] = '\0';
    set(&config, "deny_message", value);
    set(&config, "store", value);
    assert_int_equal(strlen(config.store), CONFIG_TEXT_BYTES - 1);
    memset(value, 'x', sizeof(value));
    value[CONFIG_LIST_BYTES - 2] = '\0';
    set(&config, "exempt_users", value);
    assert_survives_printing(&config);
}

static void lines_may_be_written_in_many_ways(void **state)
{
    (void)state;
    struct config config;
    struct error error = ERROR_NONE;
    config_init(&config);
    assert_true(config_parse(&config,
                             "\r\n  # mode = nonsense\r\n\tmode=enforce\r\n"
                             "deny_message = a = b # c\n\n\n  min_history   =   3",
                             "f", &error));
    assert_int_equal(config.mode, MODE_ENFORCE);
    assert_string_equal(config.deny_message, "a = b # c");
    assert_int_equal(config.min_history, 3);
}

static void parsing_reads_over_what_is_there(void **state)
{
    (void)state;
    struct config config;
    config_init(&config);
    set(&config, "mode", "enforce");
    assert_true(config_parse(&config, "min_history = 3", "f", NULL));
    assert_int_equal(config.mode, MODE_ENFORCE);
}

static void on_fault_and_its_overrides(void **state)
{
    (void)state;
    static const char *const ANSWERS[] = {"allow", "step_up", "deny"};
    for (int fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++) {
        char option[64];
        (void)snprintf(option, sizeof(option), "on_fault_%s", fault_name((enum fault)fault));
        for (int i = 0; i < 3; i++) {
            struct config config;
            config_init(&config);
            set(&config, "on_fault", ANSWERS[(i + 1) % 3]);
            assert_int_equal(config_on_fault(&config, (enum fault)fault),
                             ON_FAULT_ALLOW + (i + 1) % 3);
            set(&config, option, ANSWERS[i]);
            for (int other = FAULT_NONE; other < FAULT_COUNT; other++)
                assert_int_equal(config_on_fault(&config, (enum fault)other),
                                 ON_FAULT_ALLOW + (other == fault ? i : (i + 1) % 3));
        }
    }
}

static void lists(void **state)
{
    (void)state;
    assert_true(config_list_has("ann bob", "ann"));
    assert_true(config_list_has("ann bob", "bob"));
    assert_false(config_list_has("ann bob", "an"));
    assert_false(config_list_has("ann bob", "annb"));
    assert_false(config_list_has("ann bob", "ann bob"));
    assert_false(config_list_has("ann bob", ""));
    assert_false(config_list_has("", ""));
    assert_false(config_list_has("", "ann"));

    struct ip_address inside, outside;
    struct ip_address none = {.family = 0};
    assert_true(ip_parse("2001:db8::7", &inside));
    assert_true(ip_parse("192.0.2.7", &outside));
    assert_true(config_networks_contain("10.0.0.0/8 2001:db8::/32", &inside));
    assert_false(config_networks_contain("10.0.0.0/8 2001:db8::/32", &outside));
    assert_false(config_networks_contain("0.0.0.0/0 ::/0", &none));
    assert_false(config_networks_contain("", &inside));
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(file, mode), 0);
    assert_int_equal(close(file), 0);
}

static void loading(void **state)
{
    (void)state;
    char directory[] = "/tmp/test_config.XXXXXX";
    assert_non_null(mkdtemp(directory));
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/conf", directory);
    struct config config;
    struct error error = ERROR_NONE;
    config_init(&config);
    set(&config, "min_history", "77");

    assert_false(config_load(&config, path, &error));
    assert_contains(error.text, "No such file");
    assert_int_equal(error.fault, FAULT_CONFIG);
    assert_int_equal(config.min_history, 77);

    write_file(path, "mode = enforce\n", 0644);
    error = ERROR_NONE;
    assert_true(config_load(&config, path, &error));
    assert_int_equal(config.mode, MODE_ENFORCE);
    assert_int_equal(config.min_history, 10);

    write_file(path, "mode = observe\nmode\n", 0644);
    assert_false(config_load(&config, path, &error));
    assert_memory_equal(error.text, path, strlen(path));
    assert_contains(error.text, "/conf:2: ");
    assert_int_equal(config.mode, MODE_ENFORCE);

    write_file(path, "mode = observe\n", 0666);
    error = ERROR_NONE;
    assert_false(config_load(&config, path, &error));
    assert_contains(error.text, "can be written by others");

    char *large = malloc(CONFIG_MAX_BYTES + 2);
    assert_non_null(large);
    memset(large, '\n', CONFIG_MAX_BYTES + 1);
    large[CONFIG_MAX_BYTES + 1] = '\0';
    write_file(path, large, 0644);
    error = ERROR_NONE;
    assert_false(config_load(&config, path, &error));
    assert_contains(error.text, "at most 65536");
    free(large);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void help_names_every_option(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    config_print_help(out);
    assert_int_equal(fclose(out), 0);
    for (size_t i = 0; i < COUNT; i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "  %s ", OPTIONS[i].name);
        assert_contains(text, name);
    }
    free(text);
}

static void a_full_disk_is_noticed(void **state)
{
    (void)state;
    struct config config;
    config_init(&config);
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_false(config_print(&config, full));
    (void)fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(every_default_is_a_value),
        cmocka_unit_test(each_option_changes_its_field_alone),
        cmocka_unit_test(all_options_together_survive_printing),
        cmocka_unit_test(each_option_refuses_a_bad_value),
        cmocka_unit_test(values_and_their_text),
        cmocka_unit_test(sentences),
        cmocka_unit_test(too_long_values_are_refused),
        cmocka_unit_test(the_longest_values_fit),
        cmocka_unit_test(lines_may_be_written_in_many_ways),
        cmocka_unit_test(parsing_reads_over_what_is_there),
        cmocka_unit_test(on_fault_and_its_overrides),
        cmocka_unit_test(lists),
        cmocka_unit_test(loading),
        cmocka_unit_test(help_names_every_option),
        cmocka_unit_test(a_full_disk_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
