#include "dashboard/table_models.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/table_model_file.h"
#include "store/table_model_json.h"

#define AUTOMATIC "table_models" /* in the store's directory */
#define ENDING    ".model"

struct names {
    unsigned count;
    char at[TABLE_MODELS_MOST][TABLE_MODEL_NAME_BYTES];
};

static bool directory_of(const struct config *config, char path[TABLE_MODELS_PATH_BYTES])
{
    bool automatic = strcmp(config->table_models, "auto") == 0;
    int length = automatic ? snprintf(path, TABLE_MODELS_PATH_BYTES, "%s/" AUTOMATIC, config->store)
                           : snprintf(path, TABLE_MODELS_PATH_BYTES, "%s", config->table_models);

    return length > 0 && length < TABLE_MODELS_PATH_BYTES;
}

static bool is_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length < TABLE_MODEL_NAME_BYTES && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               length;
}

/* The name that a file of the directory gives a model; false: none. */
static bool name_of(const char *file, char name[TABLE_MODEL_NAME_BYTES])
{
    size_t length = strlen(file), ending = strlen(ENDING);

    if (length <= ending || length - ending >= TABLE_MODEL_NAME_BYTES ||
        strcmp(file + length - ending, ENDING) != 0)
        return false;
    memcpy(name, file, length - ending);
    name[length - ending] = '\0';
    return is_name(name);
}

/* In their order; of too many the first by name. */
static void add_name(struct names *names, const char *name)
{
    unsigned at = names->count;

    while (at > 0 && strcmp(names->at[at - 1], name) > 0)
        at--;
    if (at == TABLE_MODELS_MOST)
        return;
    unsigned last = names->count < TABLE_MODELS_MOST ? names->count++ : TABLE_MODELS_MOST - 1;
    memmove(names->at[at + 1], names->at[at], (last - at) * sizeof names->at[0]);
    strcpy(names->at[at], name);
}

/* That there is no directory is no mistake: nobody has made a model yet. */
static bool list_names(const char *directory, struct names *names, struct error *error)
{
    DIR *opened = opendir(directory);
    char name[TABLE_MODEL_NAME_BYTES];
    const struct dirent *entry;

    names->count = 0;
    if (opened == NULL)
        return errno == ENOENT ||
               error_set_errno(error, FAULT_MODEL, errno, "cannot read %s", directory);
    while ((entry = readdir(opened)) != NULL) {
        if (name_of(entry->d_name, name))
            add_name(names, name);
    }
    closedir(opened);
    return true;
}

/* The front of a model; *found is false when there is no such regular file. */
static bool look(const char *directory, const char *name, struct table_model_file *file,
                 char path[TABLE_MODELS_PATH_BYTES], bool *found, struct error *error)
{
    struct stat status;
    int length = snprintf(path, TABLE_MODELS_PATH_BYTES, "%s/%s" ENDING, directory, name);

    *found = false;
    if (length <= 0 || length >= TABLE_MODELS_PATH_BYTES)
        return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return true;
    *found = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    bool sound = !*found || table_model_file_look(file, fd, strrchr(path, '/') + 1, error);
    close(fd);
    return sound;
}

static void write_model(struct json_writer *json, const char *directory, const char *name)
{
    char path[TABLE_MODELS_PATH_BYTES];
    struct table_model_file file;
    struct error error = ERROR_NONE;
    bool found, sound = look(directory, name, &file, path, &found, &error);

    if (!found)
        return;
    json_object_begin(json, NULL);
    json_text(json, "name", name);
    json_text(json, "message", sound ? NULL : error.text);
    if (sound) {
        table_model_json_members(json, &file.model);
        table_model_file_close(&file);
    }
    json_object_end(json);
}

void table_models_write(const struct config *config, struct json_writer *json)
{
    char directory[TABLE_MODELS_PATH_BYTES];
    struct error error = ERROR_NONE;
    struct names names = {.count = 0};
    bool listed = directory_of(config, directory) ? list_names(directory, &names, &error)
                                                  : error_set(&error, FAULT_CONFIG,
                                                              "the path of "
                                                              "table_models is too long");

    json_text(json, "directory", directory);
    json_text(json, "message", listed ? NULL : error.text);
    json_array_begin(json, "items");
    for (unsigned i = 0; i < names.count; i++)
        write_model(json, directory, names.at[i]);
    json_array_end(json);
}

bool table_models_find(const struct config *config, const char *name,
                       char path[TABLE_MODELS_PATH_BYTES], bool *found, struct error *error)
{
    char directory[TABLE_MODELS_PATH_BYTES];
    struct table_model_file file;

    *found = false;
    if (!is_name(name) || !directory_of(config, directory))
        return true;
    if (!look(directory, name, &file, path, found, error))
        return false;
    if (*found)
        table_model_file_close(&file);
    return true;
}
