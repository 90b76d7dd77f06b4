#include "dashboard/csv_row.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char *csv_row_end(char *row, const char *end)
{
    bool quoted = false;

    for (char *at = row; at < end; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '\n' && !quoted)
            return at;
    }
    return NULL;
}

int csv_row_split(char *row, char *cells[], int most)
{
    char *at = row;

    for (int count = 0; count < most; at++) {
        bool quoted = *at == '"';
        char *to = cells[count++] = quoted ? ++at : at;
        while (*at != '\0' && (quoted || *at != ',')) {
            if (quoted && *at == '"' && *++at != '"')
                break;
            *to++ = *at++;
        }
        char end = *at;
        *to = '\0';
        if (end == '\0')
            return count;
        if (end != ',')
            return 0;
    }
    return most;
}

bool csv_rows_read(int fd, int64_t *cursor, size_t limit, bool *more, csv_row_visitor *visit,
                   void *context, struct error *error)
{
    char *bytes = malloc(CSV_ROWS_SCAN_BYTES), *row, *end;
    enum csv_row_use use = CSV_ROW_LEFT_OUT;
    bool header = *cursor == 0;
    struct stat status;

    if (bytes == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read scored rows");
    ssize_t size = pread(fd, bytes, CSV_ROWS_SCAN_BYTES, *cursor);
    if (size < 0 || fstat(fd, &status) != 0) {
        free(bytes);
        return error_set_errno(error, FAULT_STORE, errno, "scored rows cannot be read");
    }
    for (row = bytes;
         use != CSV_ROW_LAST && limit > 0 && (end = csv_row_end(row, bytes + size)) != NULL;
         row = end + 1) {
        *end = '\0';
        use = header ? CSV_ROW_LEFT_OUT : visit(context, row);
        limit -= use != CSV_ROW_LEFT_OUT;
        header = false;
    }
    *cursor += row - bytes;
    *more = row > bytes && *cursor < status.st_size;
    free(bytes);
    return true;
}
