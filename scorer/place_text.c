#include "scorer/place_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

bool place_read_country(struct place *place, const char *text)
{
    if (!is_letter(text[0]) || !is_letter(text[1]) || text[2] != '\0')
        return false;
    place->country[0] = (char)(text[0] & ~32);
    place->country[1] = (char)(text[1] & ~32);
    place->country[2] = '\0';
    return true;
}

static bool read_coordinates(struct place *place, const char *text)
{
    double latitude = 0, longitude = 0;
    int used = 0;

    if (sscanf(text, "%lf , %lf%n", &latitude, &longitude, &used) != 2 || text[used] != '\0' ||
        !(fabs(latitude) <= 90 && fabs(longitude) <= 180))
        return false;
    place->latitude = (float)latitude;
    place->longitude = (float)longitude;
    return true;
}

static void read_city(struct place *place, const char *text, size_t length)
{
    if (length == 0 || (length == 1 && *text == '-'))
        return;
    if (length >= sizeof place->city)
        length = sizeof place->city - 1;
    memcpy(place->city, text, length);
    place->city[length] = '\0';
}

void place_read(struct place *place, const char *text)
{
    const char *comma = strrchr(text, ',');

    if (place_read_country(place, text) || read_coordinates(place, text))
        return;
    if (comma != NULL && comma[1] == ' ' && place_read_country(place, comma + 2))
        read_city(place, text, (size_t)(comma - text));
    else
        read_city(place, text, strlen(text));
}
