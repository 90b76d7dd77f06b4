#include "trainer/csv_login.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/csv.h"

static bool written(FILE *out, struct error *error)
{
    if (ferror(out))
        return error_set_errno(error, FAULT_STORE, errno, "cannot write the logins");
    return true;
}

bool csv_login_print_header(FILE *out, struct error *error)
{
    fputs("time,user,host,service,ip,country,asn,city,latitude,longitude,device,method,rtt_ms,"
          "success,bytes_in,bytes_out,duration_s,label,family\n",
          out);
    return written(out, error);
}

void csv_print_text(FILE *out, const char *text)
{
    csv_cell(out, text);
    fputc(',', out);
}

static void print_count(FILE *out, int64_t value)
{
    if (value >= 0)
        fprintf(out, "%" PRId64, value);
    fputc(',', out);
}

void csv_print_time(FILE *out, int64_t time_us)
{
    time_t time_s = (time_t)(time_us / US_PER_S);
    struct tm parts;
    char text[32] = "";

    if (gmtime_r(&time_s, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    fprintf(out, "%s.%06" PRId64 "Z,", text, time_us % US_PER_S);
}

static void print_place(FILE *out, const struct place *place)
{
    csv_print_text(out, place->country);
    if (place->asn != 0)
        fprintf(out, "%" PRIu32, place->asn);
    fputc(',', out);
    csv_print_text(out, place->city);
    if (place_has_coordinates(place))
        fprintf(out, "%.4f,%.4f,", (double)place->latitude, (double)place->longitude);
    else
        fputs(",,", out);
}

bool csv_login_print(FILE *out, const struct stored_login *login, struct error *error)
{
    const struct login_event *event = &login->record.event;
    char address[IP_TEXT_BYTES];

    csv_print_time(out, event->time_us);
    csv_print_text(out, event->user);
    csv_print_text(out, event->host);
    csv_print_text(out, event->service);
    csv_print_text(out, ip_format(&event->source, address));
    print_place(out, &event->place);
    csv_print_text(out, event->device);
    csv_print_text(out, login_method_name(event->method));
    if (event->rtt_us >= 0)
        fprintf(out, "%.3f", event->rtt_us / 1000.0);
    fprintf(out, ",%d,", login->reached >= STAGE_ACCEPTED);
    print_count(out, event->bytes_in);
    print_count(out, event->bytes_out);
    print_count(out, event->duration_s);
    fprintf(out, "%s,%s\n",
            login->label == 1   ? "attack"
            : login->label == 0 ? "legitimate"
                                : "",
            login->family);
    return written(out, error);
}
