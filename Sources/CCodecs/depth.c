#include "depth.h"
#include <math.h>

size_t samples_size(samples_type type) {
    switch (type) {
    case SAMPLES_U16:
    case SAMPLES_I16: return 2;
    case SAMPLES_U32:
    case SAMPLES_I32:
    case SAMPLES_F32: return 4;
    case SAMPLES_F64: return 8;
    }
}

static inline double value(samples_type type, const void *samples, size_t index) {
    switch (type) {
    case SAMPLES_U16: return ((const uint16_t *)samples)[index];
    case SAMPLES_I16: return ((const int16_t *)samples)[index];
    case SAMPLES_U32: return ((const uint32_t *)samples)[index];
    case SAMPLES_I32: return ((const int32_t *)samples)[index];
    case SAMPLES_F32: return ((const float *)samples)[index];
    case SAMPLES_F64: return ((const double *)samples)[index];
    }
}

depth_map depth_begin(samples_type type, uint32_t bits, const ccodecs_target *target) {
    depth_map map = {.type = type, .shift = bits > 8 ? bits - 8 : 0, .low = target->low, .high = target->high};
    map.is_shift = target->depth == CCODECS_HIGH_BYTE && type == SAMPLES_U16;
    map.is_measuring = !map.is_shift && target->depth != CCODECS_RANGE;
    if (map.is_measuring) {
        map.low = INFINITY;
        map.high = -INFINITY;
    }
    return map;
}

void depth_measure(depth_map *map, const void *samples, size_t pixels, size_t channels, size_t colours) {
    double low = map->low, high = map->high;
    for (size_t pixel = 0; pixel < pixels; pixel++) {
        for (size_t colour = 0; colour < colours; colour++) {
            const double v = value(map->type, samples, pixel * channels + colour);
            // Like NaN, infinities mark missing measurements.
            if (!isfinite(v)) continue;
            if (v < low) low = v;
            if (v > high) high = v;
        }
    }
    map->low = low;
    map->high = high;
}

void depth_measured(depth_map *map) {
    map->is_measuring = false;
    if (map->low <= map->high) return;
    map->low = 0;
    map->high = 0;
}

// Comparisons with NaN are false, so NaN becomes 0.
static inline uint8_t byte(double v) { return v >= 255 ? 255 : v > 0 ? (uint8_t)nearbyint(v) : 0; }

void depth_bytes(const depth_map *map, const void *samples, size_t count, uint8_t *bytes) {
    if (map->is_shift) {
        for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)(((const uint16_t *)samples)[i] >> map->shift);
        return;
    }
    // A constant picture has no range and becomes black.
    const double scale = map->high > map->low ? 255 / (map->high - map->low) : 0;
    for (size_t i = 0; i < count; i++) bytes[i] = byte((value(map->type, samples, i) - map->low) * scale);
}

void depth_alpha(const depth_map *map, uint32_t bits, const void *samples, size_t pixels, size_t channels,
                 size_t channel, uint8_t *bytes) {
    const double scale = map->type >= SAMPLES_F32 ? 255 : 1 / ldexp(1, (int)bits - 8);
    for (size_t pixel = 0; pixel < pixels; pixel++) {
        const double v = value(map->type, samples, pixel * channels + channel) * scale;
        bytes[pixel] = map->type >= SAMPLES_F32 ? byte(v) : v >= 255 ? 255 : v > 0 ? (uint8_t)v : 0;
    }
}
