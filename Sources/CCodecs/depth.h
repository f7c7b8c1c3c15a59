// Samples of more than 8 bits, and how they become bytes.
#pragma once
#include "CCodecs.h"

/// The type of a sample in memory.
typedef enum { SAMPLES_U16, SAMPLES_I16, SAMPLES_U32, SAMPLES_I32, SAMPLES_F32, SAMPLES_F64 } samples_type;

/// The map from samples to bytes.
typedef struct {
    samples_type type;
    /// The number of bits by which an unsigned sample is shifted; used if `is_shift`.
    uint32_t shift;
    bool is_shift;
    /// Whether the range is still unknown. The picture is then decoded twice: for the range, and for the pixels.
    bool is_measuring;
    double low, high;
} depth_map;

/// Bytes of a sample.
size_t samples_size(samples_type type);

/// The map for `target`, for samples with `bits` bits.
depth_map depth_begin(samples_type type, uint32_t bits, const ccodecs_target *target);

/// Extends the range by the first `colours` of the `channels` samples of each pixel.
void depth_measure(depth_map *map, const void *samples, size_t pixels, size_t channels, size_t colours);

/// Ends the measurement of the range.
void depth_measured(depth_map *map);

/// Writes samples as bytes.
void depth_bytes(const depth_map *map, const void *samples, size_t count, uint8_t *bytes);

/// Writes one channel of interleaved pixels as bytes of alpha: its natural range, 0...1 for floats.
void depth_alpha(const depth_map *map, uint32_t bits, const void *samples, size_t pixels, size_t channels,
                 size_t channel, uint8_t *bytes);
