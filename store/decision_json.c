#include "common/clock.h"
#include "store/decision.h"

const char *decision_label_name(const struct word *word)
{
    if (word->kind == WORD_LABEL)
        return login_label_name(word->label);
    if (word->kind != WORD_LATER)
        return NULL;
    return word->later ? "later" : "none";
}

static void write_what(struct json_writer *json, const struct word *word)
{
    json_text(json, "what", word_kind_name(word->kind));
    json_text(json, "label", decision_label_name(word));
    json_text(json, "family", word->family[0] != '\0' ? word->family : NULL);
    if (word->kind != WORD_EXCEPTION)
        return;
    json_text(json, "kind", exemption_kind_name(&word->exemption));
    json_text(json, "subject", word->exemption.subject);
    json_time(json, "until", word->exemption.until_s * US_PER_S);
}

static void write_login(struct json_writer *json, const struct stored_login *login)
{
    char address[IP_TEXT_BYTES];

    if (!login) {
        json_null(json, "user");
        json_null(json, "ip");
        return;
    }
    json_text(json, "user", login->record.event.user);
    if (login->record.event.source.family == 0)
        json_null(json, "ip");
    else
        json_text(json, "ip", ip_format(&login->record.event.source, address));
}

void decision_json_members(struct json_writer *json, const struct decision *decision)
{
    const struct word *word = &decision->word;
    char id[LOGIN_ID_TEXT_BYTES];

    json_text(json, "id",
              login_id_is_none(&word->login) ? NULL : login_id_format(&word->login, id));
    json_time(json, "time", word->time_us);
    json_text(json, "by", word->by);
    write_what(json, word);
    json_text(json, "why", word->why[0] != '\0' ? word->why : NULL);
    write_login(json, decision->login);
}
