/* What sshd's messages mean, in the words of OpenSSH 5 to 10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "trainer/sshd_message.h"

#define S "SHA256:Zm9yIHRoZSBzYW1wbGU"

struct attempt_case {
    const char *text;
    enum sshd_message_kind kind;
    enum login_method method;
    const char *user, *address;
    unsigned port;
    const char *key;
    int repeats;
};

static const struct attempt_case ATTEMPTS[] = {
    /* 5.x and 6.x: no key, or an MD5 fingerprint, or a certificate */
    {"Accepted publickey for alice from 93.184.216.10 port 50122 ssh2", SSHD_ACCEPTED,
     METHOD_PUBLICKEY, "alice", "93.184.216.10", 50122, "", 1},
    {"Accepted publickey for alice from 93.184.216.10 port 1 ssh2: RSA 3f:aa:10:b1", SSHD_ACCEPTED,
     METHOD_PUBLICKEY, "alice", "93.184.216.10", 1, "", 1},
    {"Accepted password for root from ::ffff:93.184.216.10 port 2 ssh2", SSHD_ACCEPTED,
     METHOD_PASSWORD, "root", "93.184.216.10", 2, "", 1},
    {"Accepted keyboard-interactive/pam for carla from 2a02:c7d::17 port 3 ssh2", SSHD_ACCEPTED,
     METHOD_KEYBOARD_INTERACTIVE, "carla", "2a02:c7d::17", 3, "", 1},
    {"Accepted gssapi-with-mic for dora from 1.2.3.4 port 4 ssh2: dora@EXAMPLE.ORG", SSHD_ACCEPTED,
     METHOD_GSSAPI, "dora", "1.2.3.4", 4, "", 1},
    /* from 6.8 */
    {"Accepted publickey for alice from 1.2.3.4 port 5 ssh2: ED25519 " S, SSHD_ACCEPTED,
     METHOD_PUBLICKEY, "alice", "1.2.3.4", 5, S, 1},
    {"Accepted publickey for alice from 1.2.3.4 port 6 ssh2: ED25519-CERT " S
     " ID x from 9.9.9.9 port 9 ssh2 (serial 0) CA RSA SHA256:other",
     SSHD_ACCEPTED, METHOD_PUBLICKEY, "alice", "1.2.3.4", 6, S, 1},
    {"Accepted hostbased for alice from 1.2.3.4 port 7 ssh2: ED25519 " S ", client user \"alice\"",
     SSHD_ACCEPTED, METHOD_HOSTBASED, "alice", "1.2.3.4", 7, "", 1},
    {"Partial publickey for alice from 1.2.3.4 port 8 ssh2: ED25519 " S, SSHD_PARTIAL,
     METHOD_PUBLICKEY, "alice", "1.2.3.4", 8, S, 1},
    {"Failed password for alice from 1.2.3.4 port 9 ssh2", SSHD_FAILED, METHOD_PASSWORD, "alice",
     "1.2.3.4", 9, "", 1},
    {"Failed password for alice from 1.2.3.4 port 9 ssh1", SSHD_FAILED, METHOD_PASSWORD, "alice",
     "1.2.3.4", 9, "", 1},
    {"Failed password for invalid user oracle from 1.2.3.4 port 10 ssh2", SSHD_FAILED,
     METHOD_PASSWORD, "oracle", "1.2.3.4", 10, "", 1},
    {"Failed password for invalid user  from 1.2.3.4 port 11 ssh2", SSHD_FAILED, METHOD_PASSWORD,
     "", "1.2.3.4", 11, "", 1},
    {"Failed keyboard-interactive/pam for invalid user a b from 1.2.3.4 port 12 ssh2", SSHD_FAILED,
     METHOD_KEYBOARD_INTERACTIVE, "a b", "1.2.3.4", 12, "", 1},
    {"Failed password for invalid user root from 8.8.8.8 port 22 ssh2 from 1.2.3.4 port 13 ssh2",
     SSHD_FAILED, METHOD_PASSWORD, "root from 8.8.8.8 port 22 ssh2", "1.2.3.4", 13, "", 1},
    {"Failed password for invalid user x from 8.8.8.8 port 22 ssh2 from evil from 1.2.3.4 port 14 "
     "ssh2",
     SSHD_FAILED, METHOD_PASSWORD, "x from 8.8.8.8 port 22 ssh2 from evil", "1.2.3.4", 14, "", 1},
    {"message repeated 3 times: [ Failed password for alice from 1.2.3.4 port 15 ssh2]",
     SSHD_FAILED, METHOD_PASSWORD, "alice", "1.2.3.4", 15, "", 3},
    {"error: PAM: Authentication failure for alice from 1.2.3.4", SSHD_PAM_FAILED,
     METHOD_KEYBOARD_INTERACTIVE, "alice", "1.2.3.4", 0, "", 1},
    {"error: PAM: Authentication failure for illegal user x from 9.9.9.9 from 2001:db8::1",
     SSHD_PAM_FAILED, METHOD_KEYBOARD_INTERACTIVE, "x from 9.9.9.9", "2001:db8::1", 0, "", 1},
    {"error: PAM: User not known to the underlying authentication module for illegal user bob from "
     "1.2.3.4 [preauth]",
     SSHD_PAM_FAILED, METHOD_KEYBOARD_INTERACTIVE, "bob", "1.2.3.4", 0, "", 1},
    {"error: PAM: Have exhausted maximum number of retries for service for root from 1.2.3.4",
     SSHD_PAM_FAILED, METHOD_KEYBOARD_INTERACTIVE, "root", "1.2.3.4", 0, "", 1},
    {"Failed hostbased for root from 6.6.6.6 port 99 ssh2: RSA " S
     ", client user \"x\", client host \"e from 1.2.3.4 port 22 ssh2: a\"",
     SSHD_FAILED, METHOD_HOSTBASED, "root", "6.6.6.6", 99, "", 1},
};

static void parse(const char *text, char copy[512], struct sshd_message *message)
{
    snprintf(copy, 512, "%s", text);
    sshd_message_parse(copy, message);
}

static void reads_attempts(void **state)
{
    struct sshd_message message;
    char copy[512], shown[IP_TEXT_BYTES];
    (void)state;

    for (size_t i = 0; i < sizeof ATTEMPTS / sizeof ATTEMPTS[0]; i++) {
        const struct attempt_case *expected = &ATTEMPTS[i];
        parse(expected->text, copy, &message);
        if (message.kind != expected->kind)
            fail_msg("kind %d: %s", message.kind, expected->text);
        assert_int_equal(message.method, expected->method);
        assert_int_equal(message.user_length, strlen(expected->user));
        assert_memory_equal(message.user, expected->user, message.user_length);
        assert_string_equal(ip_format(&message.source, shown), expected->address);
        assert_int_equal(message.port, expected->port);
        assert_int_equal(message.key_length, strlen(expected->key));
        assert_memory_equal(message.key, expected->key, message.key_length);
        assert_int_equal(message.repeats, expected->repeats);
    }
}

static const struct {
    const char *text;
    enum skipped_line skipped;
} SKIPPED[] = {
    {"Failed none for invalid user x from 1.2.3.4 port 5 ssh2", SKIPPED_NONE_METHOD},
    {"Failed publickey for bob from 1.2.3.4 port 5 ssh2: RSA " S, SKIPPED_KEY_OFFERED},
    {"Accepted key ED25519 " S " found at /home/a/.ssh/authorized_keys:1", SKIPPED_KEY_OFFERED},
    {"Accepted certificate ID \"x from 1.2.3.4 port 5 ssh2\" (serial 0) signed by RSA CA " S
     " via /etc/ca",
     SKIPPED_KEY_OFFERED},
    {"Postponed publickey for alice from 1.2.3.4 port 5 ssh2 [preauth]", SKIPPED_KEY_OFFERED},
    {"Postponed keyboard-interactive for invalid user x from 1.2.3.4 port 5 ssh2 [preauth]",
     SKIPPED_KEY_OFFERED},
    {"Failed hostbased for invalid user x from 1.2.3.4 port 22 ssh2: a from 6.6.6.6 port 99 ssh2: "
     "RSA " S ", client user \"x\", client host \"e from 5.6.7.8 port 22 ssh2: a\"",
     SKIPPED_NO_ADDRESS},
    {"Failed password for bob from gate.example.org port 5 ssh2", SKIPPED_NO_ADDRESS},
    {"Accepted password for bob from gate.example.org port 5 ssh2", SKIPPED_NO_ADDRESS},
    {"error: PAM: Authentication failure for bob from gate.example.org", SKIPPED_NO_ADDRESS},
    {"error: PAM: pam_open_session(): Module is unknown", SKIPPED_PAM_FAILURE},
    {"fatal: PAM: pam_setcred(): Failure setting user credentials", SKIPPED_PAM_FAILURE},
    {"pam_unix(sshd:auth): check pass; user unknown", SKIPPED_PAM_FAILURE},
    {"pam_sss(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
     "rhost=1.2.3.4"
     " user=bob",
     SKIPPED_PAM_FAILURE},
    {"PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4",
     SKIPPED_PAM_FAILURE},
    {"fatal: Access denied for user bob by PAM account configuration [preauth]",
     SKIPPED_PAM_FAILURE},
    {"Invalid user x from 1.2.3.4 port 5", SKIPPED_INVALID_USER},
    {"Invalid user  from 1.2.3.4", SKIPPED_INVALID_USER},
    {"input_userauth_request: invalid user x [preauth]", SKIPPED_INVALID_USER},
    {"User bob from 1.2.3.4 not allowed because not listed in AllowUsers", SKIPPED_INVALID_USER},
    {"ROOT LOGIN REFUSED FROM 1.2.3.4 port 5", SKIPPED_INVALID_USER},
    {"Connection from 1.2.3.4 port 5 on 5.6.7.8 port 22 rdomain \"\"", SKIPPED_CONNECTION},
    {"Connection closed by authenticating user bob 1.2.3.4 port 5 [preauth]", SKIPPED_CONNECTION},
    {"Connection reset by invalid user user bob 1.2.3.4 port 5 5.6.7.8 port 6 [preauth]",
     SKIPPED_CONNECTION},
    {"Received disconnect from 1.2.3.4: 11: Bye Bye [preauth]", SKIPPED_CONNECTION},
    {"Disconnecting: Too many authentication failures for bob [preauth]", SKIPPED_CONNECTION},
    {"Disconnecting invalid user x 1.2.3.4 port 5: Too many authentication failures [preauth]",
     SKIPPED_CONNECTION},
    {"error: maximum authentication attempts exceeded for bob from 1.2.3.4 port 5 ssh2 [preauth]",
     SKIPPED_CONNECTION},
    {"Did not receive identification string from 1.2.3.4", SKIPPED_CONNECTION},
    {"error: kex_exchange_identification: Connection closed by remote host", SKIPPED_CONNECTION},
    {"banner exchange: Connection from 1.2.3.4 port 5: invalid format", SKIPPED_CONNECTION},
    {"Bad protocol version identification 'GET / HTTP/1.1' from 1.2.3.4 port 5",
     SKIPPED_CONNECTION},
    {"Unable to negotiate with 1.2.3.4 port 5: no matching key exchange method found. Their offer: "
     "x [preauth]",
     SKIPPED_CONNECTION},
    {"fatal: Timeout before authentication for 1.2.3.4 port 5", SKIPPED_CONNECTION},
    {"drop connection #11 from [1.2.3.4]:5 on [5.6.7.8]:22 past MaxStartups", SKIPPED_CONNECTION},
    {"srclimit_penalise: ipv4: new 1.2.3.4/32 deferred penalty of 5 seconds for penalty: failed "
     "authentication",
     SKIPPED_CONNECTION},
    {"reverse mapping checking getaddrinfo for x [1.2.3.4] failed - POSSIBLE BREAK-IN ATTEMPT!",
     SKIPPED_CONNECTION},
    {"Starting session: shell on pts/0 for bob from 1.2.3.4 port 5 id 0", SKIPPED_INSIDE},
    {"subsystem request for sftp by user bob", SKIPPED_INSIDE},
    {"Server listening on 0.0.0.0 port 22.", SKIPPED_SERVER},
    {"Received signal 15; terminating.", SKIPPED_SERVER},
    {"debug1: PAM: password authentication accepted for bob", SKIPPED_SERVER},
    {"message repeated 2 times: [ Connection closed by 1.2.3.4 port 5 [preauth]]",
     SKIPPED_CONNECTION},
    {"message repeated 2 times: [ Accepted password for bob from 1.2.3.4 port 5 ssh2]",
     SKIPPED_OTHER},
    {"message repeated 99999999 times: [ Failed password for bob from 1.2.3.4 port 5 ssh2]",
     SKIPPED_OTHER},
    {"something that sshd never said", SKIPPED_OTHER},
    {"", SKIPPED_OTHER},
};

static void knows_what_tells_nothing(void **state)
{
    struct sshd_message message;
    char copy[512];
    (void)state;

    for (size_t i = 0; i < sizeof SKIPPED / sizeof SKIPPED[0]; i++) {
        parse(SKIPPED[i].text, copy, &message);
        if (message.kind != SSHD_SKIPPED || message.skipped != SKIPPED[i].skipped)
            fail_msg("kind %d, skipped as %s: %s", message.kind,
                     SKIPPED_KINDS[message.skipped].name, SKIPPED[i].text);
    }
}

static const struct {
    const char *text;
    enum sshd_message_kind kind;
    const char *address; /* "": not named */
    unsigned port;
} SESSIONS[] = {
    {"pam_unix(sshd:session): session opened for user bob by (uid=0)", SSHD_SESSION_OPENED, "", 0},
    {"pam_unix(sshd:session): session opened for user bob(uid=1000) by bob(uid=0)",
     SSHD_SESSION_OPENED, "", 0},
    {"pam_unix(sshd:session): session closed for user bob", SSHD_SESSION_CLOSED, "", 0},
    {"Received disconnect from 1.2.3.4: 11: disconnected by user", SSHD_DISCONNECTED, "", 0},
    {"Received disconnect from 1.2.3.4 port 5:11: user mallory 9.9.9.9 port 9", SSHD_DISCONNECTED,
     "1.2.3.4", 5},
    {"Disconnected from 1.2.3.4 port 5", SSHD_DISCONNECTED, "1.2.3.4", 5},
    {"Disconnected from user bob 1.2.3.4 port 5", SSHD_DISCONNECTED, "1.2.3.4", 5},
    {"Connection closed by 1.2.3.4 port 5", SSHD_DISCONNECTED, "1.2.3.4", 5},
    {"Connection reset by user bob 1.2.3.4 port 5", SSHD_DISCONNECTED, "1.2.3.4", 5},
    {"Connection from user bob 1.2.3.4 port 5 timed out", SSHD_DISCONNECTED, "1.2.3.4", 5},
    {"Timeout, client not responding from user bob 1.2.3.4 port 5", SSHD_DISCONNECTED, "1.2.3.4",
     5},
    {"Read error from remote host 1.2.3.4 port 5: Connection reset by peer", SSHD_DISCONNECTED,
     "1.2.3.4", 5},
    {"Close session: user bob from 1.2.3.4 port 5 id 0", SSHD_DISCONNECTED, "1.2.3.4", 5},
    {"Closing connection to 1.2.3.4 port 5", SSHD_DISCONNECTED, "1.2.3.4", 5},
};

static void reads_sessions(void **state)
{
    struct sshd_message message;
    char copy[512], shown[IP_TEXT_BYTES];
    (void)state;

    for (size_t i = 0; i < sizeof SESSIONS / sizeof SESSIONS[0]; i++) {
        parse(SESSIONS[i].text, copy, &message);
        if (message.kind != SESSIONS[i].kind)
            fail_msg("kind %d: %s", message.kind, SESSIONS[i].text);
        assert_string_equal(ip_format(&message.source, shown), SESSIONS[i].address);
        assert_int_equal(message.port, SESSIONS[i].port);
    }
    parse("Transferred: sent 5253746, received 1042 bytes", copy, &message);
    assert_int_equal(message.kind, SSHD_TRANSFERRED);
    assert_int_equal(message.bytes_out, 5253746);
    assert_int_equal(message.bytes_in, 1042);
    parse("User child is on pid 4711", copy, &message);
    assert_int_equal(message.kind, SSHD_CHILD);
    assert_int_equal(message.child, 4711);
}

static void knows_its_programs(void **state)
{
    (void)state;
    assert_true(sshd_program("sshd", 4));
    assert_true(sshd_program("sshd-session", 12));
    assert_true(sshd_program("sshd-auth", 9));
    assert_false(sshd_program("sshdx", 5));
    assert_false(sshd_program("ssh", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_attempts),
        cmocka_unit_test(knows_what_tells_nothing),
        cmocka_unit_test(reads_sessions),
        cmocka_unit_test(knows_its_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
