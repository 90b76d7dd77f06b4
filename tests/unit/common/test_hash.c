#include "unit.h"

#include "common/hash.h"

static void hashes_are_xxh3(void **state)
{
    (void)state;
    /* They are stored: another algorithm or seed would orphan every profile. */
    assert_true(hash_bytes("", 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(hash_bytes("abc", 3) == UINT64_C(0x78af5f94892f3950));
}

static void no_text_has_no_key(void **state)
{
    (void)state;
    assert_true(hash_text(NULL) == 0);
    assert_true(hash_text("") == 0);
    assert_true(hash_text("abc") == hash_bytes("abc", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_xxh3),
        cmocka_unit_test(no_text_has_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
