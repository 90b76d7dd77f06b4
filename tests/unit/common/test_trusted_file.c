#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/trusted_file.h"

#define SOMEBODY 65533

static char directory[] = "/tmp/test_trusted_file.XXXXXX";
static char path[64];
static char other[64];

static int make_directory(void **state)
{
    (void)state;
    memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/file", directory);
    (void)snprintf(other, sizeof(other), "%s/other", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)rmdir(path);
    (void)unlink(other);
    return rmdir(directory);
}

static void write_bytes(const char *name, const void *bytes, size_t size, mode_t mode)
{
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, size), size);
    assert_int_equal(fchmod(file, mode), 0);
    assert_int_equal(close(file), 0);
}

static void assert_refused(uid_t owner, size_t limit, const char *says)
{
    struct error error = ERROR_NONE;
    char *text = (char *)1;
    size_t size = 99;
    if (trusted_file_read(path, owner, limit, FAULT_MODEL, &text, &size, &error))
        fail_msg("taken: %s", says);
    assert_null(text);
    assert_int_equal(size, 0);
    assert_int_equal(error.fault, FAULT_MODEL);
    assert_contains(error.text, path);
    assert_contains(error.text, says);
}

static void a_sound_file_is_read(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    char *text;
    size_t size;
    write_bytes(path, "hello\n", 6, 0644);
    assert_true(trusted_file_read(path, geteuid(), 6, FAULT_MODEL, &text, &size, &error));
    assert_int_equal(size, 6);
    assert_string_equal(text, "hello\n");
    free(text);

    write_bytes(path, "", 0, 0600);
    assert_true(trusted_file_read(path, geteuid(), 6, FAULT_MODEL, &text, &size, &error));
    assert_int_equal(size, 0);
    assert_string_equal(text, "");
    free(text);
}

static void the_descriptor_is_not_inherited(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    int file;
    write_bytes(path, "x", 1, 0644);
    assert_true(trusted_file_open(path, geteuid(), FAULT_MODEL, &file, &error));
    assert_true((fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(close(file), 0);
}

static void a_missing_file_leaves_enoent(void **state)
{
    (void)state;
    assert_refused(geteuid(), 100, "No such file");
    assert_int_equal(errno, ENOENT);
    struct error error = ERROR_NONE;
    int file;
    assert_false(trusted_file_open(path, geteuid(), FAULT_MODEL, &file, &error));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(file, -1);
}

static void a_link_is_not_followed(void **state)
{
    (void)state;
    write_bytes(other, "x", 1, 0644);
    assert_int_equal(symlink(other, path), 0);
    assert_refused(geteuid(), 100, "symbolic link");
    assert_int_not_equal(errno, ENOENT);
}

static void a_dangling_link_is_no_missing_file(void **state)
{
    (void)state;
    assert_int_equal(symlink("nowhere", path), 0);
    assert_refused(geteuid(), 100, "symbolic link");
    assert_int_not_equal(errno, ENOENT);
}

static void a_fifo_does_not_block(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)alarm(STUCK_S);
    assert_refused(geteuid(), 100, "not a regular file");
    (void)alarm(0);
}

static void a_directory_is_no_file(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(geteuid(), 100, "not a regular file");
}

static void files_that_others_can_write_are_refused(void **state)
{
    (void)state;
    write_bytes(path, "x", 1, 0664);
    assert_refused(geteuid(), 100, "can be written by others (mode 0664)");
    write_bytes(path, "x", 1, 0646);
    assert_refused(geteuid(), 100, "can be written by others (mode 0646)");
}

static void the_owner_counts(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct error error = ERROR_NONE;
    int file;
    write_bytes(path, "x", 1, 0644);
    assert_true(trusted_file_open(path, SOMEBODY, FAULT_MODEL, &file, &error));
    assert_int_equal(close(file), 0);
    assert_int_equal(chown(path, SOMEBODY, 0), 0);
    assert_true(trusted_file_open(path, SOMEBODY, FAULT_MODEL, &file, &error));
    assert_int_equal(close(file), 0);
    assert_refused(0, 100, "it must belong to root");
    assert_refused(SOMEBODY - 1, 100, "it must belong to root or user id 65532");
}

static void bad_contents_are_refused(void **state)
{
    (void)state;
    write_bytes(path, "a\0b", 3, 0644);
    assert_refused(geteuid(), 100, "holds a NUL byte");
    write_bytes(path, "abcd", 4, 0644);
    assert_refused(geteuid(), 3, "has 4 bytes; at most 3 are read");
}

static void directories(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    int opened;
    uid_t owner;
    gid_t group;
    assert_true(
        trusted_directory_open(directory, geteuid(), FAULT_STORE, &opened, &owner, &group, &error));
    assert_int_equal(owner, geteuid());
    assert_int_equal(group, getegid());
    assert_true((fcntl(opened, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(fsync(opened), 0);
    assert_int_equal(close(opened), 0);

    assert_int_equal(chmod(directory, 0770), 0);
    assert_false(
        trusted_directory_open(directory, ANY_OWNER, FAULT_STORE, &opened, NULL, NULL, &error));
    assert_contains(error.text, "can be written by others (mode 0770)");
    assert_int_equal(opened, -1);
    assert_int_equal(chmod(directory, 0700), 0);

    error = ERROR_NONE;
    assert_false(trusted_directory_open(path, ANY_OWNER, FAULT_STORE, &opened, NULL, NULL, &error));
    assert_int_equal(errno, ENOENT);

    error = ERROR_NONE;
    assert_int_equal(symlink(directory, path), 0);
    assert_false(trusted_directory_open(path, ANY_OWNER, FAULT_STORE, &opened, NULL, NULL, &error));
    assert_contains(error.text, "is not a directory");
}

static void a_directory_of_somebody(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct error error = ERROR_NONE;
    int opened;
    uid_t owner;
    gid_t group;
    assert_int_equal(chown(directory, SOMEBODY, SOMEBODY), 0);
    assert_true(
        trusted_directory_open(directory, ANY_OWNER, FAULT_STORE, &opened, &owner, &group, &error));
    assert_int_equal(owner, SOMEBODY);
    assert_int_equal(group, SOMEBODY);
    assert_int_equal(close(opened), 0);
    assert_false(
        trusted_directory_open(directory, 0, FAULT_STORE, &opened, &owner, &group, &error));
    assert_contains(error.text, "it must belong to root");
}

static unsigned count_entries(void)
{
    unsigned count = 0;
    DIR *listing = opendir(directory);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    assert_int_equal(closedir(listing), 0);
    return count;
}

static void replacing_leaves_a_mapped_file_whole(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    static char before[3 * 4096];
    memset(before, 'a', sizeof(before));
    write_bytes(path, before, sizeof(before), 0644);
    int file = open(path, O_RDONLY);
    assert_true(file >= 0);
    const char *mapped = mmap(NULL, sizeof(before), PROT_READ, MAP_SHARED, file, 0);
    assert_true(mapped != MAP_FAILED);

    assert_true(trusted_file_replace(path, "new", 3, 0640, FAULT_MODEL, &error));
    assert_memory_equal(mapped, before, sizeof(before));
    assert_int_equal(munmap((void *)(uintptr_t)mapped, sizeof(before)), 0);
    assert_int_equal(close(file), 0);

    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    char *text;
    size_t size;
    assert_true(trusted_file_read(path, geteuid(), 100, FAULT_MODEL, &text, &size, &error));
    assert_string_equal(text, "new");
    free(text);
    assert_int_equal(count_entries(), 1);
}

static void the_mode_does_not_depend_on_umask(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    struct stat status;
    mode_t before = umask(0077);
    assert_true(trusted_file_replace(path, "new", 3, 0644, FAULT_MODEL, &error));
    (void)umask(before);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
}

static void a_link_is_replaced_not_followed(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    struct stat status;
    write_bytes(other, "other", 5, 0644);
    assert_int_equal(symlink(other, path), 0);
    assert_true(trusted_file_replace(path, "new", 3, 0644, FAULT_MODEL, &error));
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(stat(other, &status), 0);
    assert_int_equal(status.st_size, 5);
}

static void a_failed_replacement_leaves_nothing(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(trusted_file_replace(path, "new", 3, 0644, FAULT_MODEL, &error));
    assert_contains(error.text, "cannot replace");
    assert_int_equal(count_entries(), 1);

    error = ERROR_NONE;
    char missing[96];
    (void)snprintf(missing, sizeof(missing), "%s/none/file", directory);
    assert_false(trusted_file_replace(missing, "new", 3, 0644, FAULT_MODEL, &error));
    assert_contains(error.text, "cannot open the directory of");
    error = ERROR_NONE;
    (void)snprintf(missing, sizeof(missing), "%s/", directory);
    assert_false(trusted_file_replace(missing, "new", 3, 0644, FAULT_MODEL, &error));
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_sound_file_is_read),
        IN_DIRECTORY(the_descriptor_is_not_inherited),
        IN_DIRECTORY(a_missing_file_leaves_enoent),
        IN_DIRECTORY(a_link_is_not_followed),
        IN_DIRECTORY(a_dangling_link_is_no_missing_file),
        IN_DIRECTORY(a_fifo_does_not_block),
        IN_DIRECTORY(a_directory_is_no_file),
        IN_DIRECTORY(files_that_others_can_write_are_refused),
        IN_DIRECTORY(the_owner_counts),
        IN_DIRECTORY(bad_contents_are_refused),
        IN_DIRECTORY(directories),
        IN_DIRECTORY(a_directory_of_somebody),
        IN_DIRECTORY(replacing_leaves_a_mapped_file_whole),
        IN_DIRECTORY(the_mode_does_not_depend_on_umask),
        IN_DIRECTORY(a_link_is_replaced_not_followed),
        IN_DIRECTORY(a_failed_replacement_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
