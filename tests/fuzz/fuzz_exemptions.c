/* No exemptions file crashes the reader, and matching and listing agree on which are sound. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/exemption_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char path[64];

static void remove_files(void)
{
    (void)unlink(path);
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
}

static void prepare(void)
{
    char directory[] = "/tmp/fuzz_exemptions.XXXXXX";
    if (path[0] != '\0')
        return;
    if (mkdtemp(directory) == NULL || atexit(remove_files) != 0)
        abort();
    (void)snprintf(path, sizeof(path), "%s/exemptions", directory);
}

static bool is_whole(void *context, const struct exemption *exemption)
{
    (void)context;
    return exemption->subject[0] != '\0' && exemption->until_s > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    prepare();
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size || close(file) != 0)
        abort();

    struct ip_address address = {.family = 4, .bytes = {192, 0, 2, 1}};
    struct error error = ERROR_NONE;
    struct exemption_list list = {.count = 0};
    bool sound = exemption_list_refresh(&list, path, geteuid(), &error);
    const struct exemption *found = exemption_list_find(&list, "ann", &address, 1000);
    if (found != NULL && (found->until_s <= 1000 || list.count == 0))
        abort();
    exemption_list_finish(&list);
    if (sound != (error.fault == FAULT_NONE))
        abort();
    if (sound != exemptions_visit(path, geteuid(), is_whole, NULL, NULL))
        abort();
    return 0;
}
