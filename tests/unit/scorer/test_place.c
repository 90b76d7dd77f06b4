#include "scorer/place.h"

#include "tests/unit/scorer/sample.h"

static struct place at(float latitude, float longitude)
{
    return (struct place){.latitude = latitude, .longitude = longitude};
}

static void assert_km(struct place a, struct place b, double km, double within)
{
    assert_near(place_distance_km(&a, &b), km, within);
    assert_near(place_distance_km(&b, &a), km, within);
}

static void test_known_distances(void **state)
{
    (void)state;
    /* Paris to New York, on the sphere; a quarter and a half of a meridian. */
    assert_km(at(48.8566f, 2.3522f), at(40.7128f, -74.0060f), 5837.24, 0.5);
    assert_km(at(0, 0), at(90, 0), 6371.0088 * M_PI / 2, 1e-6);
    assert_km(at(0, 0), at(0, 180), 6371.0088 * M_PI, 1e-6);
    assert_km(at(10, 20), at(10, 20), 0, 0);
}

static void test_the_date_line_is_no_border(void **state)
{
    (void)state;
    assert_km(at(0, 179.5f), at(0, -179.5f), 111.195, 0.01);
}

static void test_no_coordinates_are_no_distance(void **state)
{
    (void)state;
    struct place here = at(1, 2), half = at(1, NAN);
    assert_false(place_has_coordinates(&PLACE_NONE));
    assert_false(place_has_coordinates(&half));
    assert_true(isnan(place_distance_km(&here, &PLACE_NONE)));
    assert_true(isnan(place_distance_km(&half, &here)));
}

static void test_keys_tell_values_apart_and_none_is_zero(void **state)
{
    (void)state;
    struct place de = {.country = "DE", .asn = 3320}, ed = {.country = "ED", .asn = 3321};
    assert_true(place_country_key(&PLACE_NONE) == 0);
    assert_true(place_asn_key(&PLACE_NONE) == 0);
    assert_true(place_country_key(&de) != 0);
    assert_true(place_country_key(&de) != place_country_key(&ed));
    assert_true(place_asn_key(&de) != place_asn_key(&ed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_distances),
        cmocka_unit_test(test_the_date_line_is_no_border),
        cmocka_unit_test(test_no_coordinates_are_no_distance),
        cmocka_unit_test(test_keys_tell_values_apart_and_none_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
