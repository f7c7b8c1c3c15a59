#include "huffman.h"
#include "rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The loops below are simple so that the compiler vectorises them. Splitting three channels needs byte shuffles, which
// x86-64 has only since SSSE3: that loop has a second form, chosen at run time.

static inline __attribute__((always_inline)) void split_rgb(const uint8_t *restrict row, size_t count,
                                                            uint8_t *restrict red, uint8_t *restrict green,
                                                            uint8_t *restrict blue) {
    for (size_t i = 0; i < count; i++) {
        red[i] = row[3 * i];
        green[i] = row[3 * i + 1];
        blue[i] = row[3 * i + 2];
    }
}

#if defined(__x86_64__)
// Which of 48 bytes, in thirds, are the red of 16 pixels, then the green, then the blue; -1 gives 0.
static const int8_t thirds[9][16] = {
    {0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {-1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14, -1, -1, -1, -1, -1},
    {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 4, 7, 10, 13},
    {1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {-1, -1, -1, -1, -1, 0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1},
    {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14},
    {2, 5, 8, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {-1, -1, -1, -1, -1, 1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1},
    {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 3, 6, 9, 12, 15},
};

__attribute__((target("ssse3"))) static void split_rgb_ssse3(const uint8_t *restrict row, size_t count,
                                                             uint8_t *restrict red, uint8_t *restrict green,
                                                             uint8_t *restrict blue) {
    __m128i pick[9];
    for (int i = 0; i < 9; i++) pick[i] = _mm_loadu_si128((const __m128i *)thirds[i]);
    uint8_t *const planes[3] = {red, green, blue};
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m128i *from = (const __m128i *)(row + 3 * i);
        const __m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1), c = _mm_loadu_si128(from + 2);
        for (int channel = 0; channel < 3; channel++) {
            const __m128i first = _mm_shuffle_epi8(a, pick[3 * channel]);
            const __m128i second = _mm_shuffle_epi8(b, pick[3 * channel + 1]);
            const __m128i third = _mm_shuffle_epi8(c, pick[3 * channel + 2]);
            _mm_storeu_si128((__m128i *)(planes[channel] + i), _mm_or_si128(_mm_or_si128(first, second), third));
        }
    }
    split_rgb(row + 3 * i, count - i, red + i, green + i, blue + i);
}
#endif

static void write_rgb(const uint8_t *row, size_t count, uint8_t *red, uint8_t *green, uint8_t *blue) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3")) {
        split_rgb_ssse3(row, count, red, green, blue);
        return;
    }
#endif
    split_rgb(row, count, red, green, blue);
}

// Rounded division by 255, exact for 0...65025.
static inline uint8_t divide_255(uint32_t value) {
    value += 128;
    return (uint8_t)((value + (value >> 8)) >> 8);
}

// round((colour * alpha + background * (255 - alpha)) / 255), as Pillow's alpha_composite on an opaque background.
static inline uint8_t composite(uint8_t colour, uint8_t alpha, uint8_t background) {
    return divide_255((uint32_t)colour * alpha + (uint32_t)background * (255u - alpha));
}

static void write_rgb_alpha(const uint8_t *restrict row, size_t count, const uint8_t background[3],
                            uint8_t *restrict red, uint8_t *restrict green, uint8_t *restrict blue) {
    const uint8_t r = background[0], g = background[1], b = background[2];
    for (size_t i = 0; i < count; i++) {
        const uint8_t alpha = row[4 * i + 3];
        red[i] = composite(row[4 * i], alpha, r);
        green[i] = composite(row[4 * i + 1], alpha, g);
        blue[i] = composite(row[4 * i + 2], alpha, b);
    }
}

static void write_gray_alpha(const uint8_t *restrict row, size_t count, const uint8_t background[3],
                             uint8_t *restrict red, uint8_t *restrict green, uint8_t *restrict blue) {
    const uint8_t r = background[0], g = background[1], b = background[2];
    for (size_t i = 0; i < count; i++) {
        const uint8_t gray = row[2 * i], alpha = row[2 * i + 1];
        red[i] = composite(gray, alpha, r);
        green[i] = composite(gray, alpha, g);
        blue[i] = composite(gray, alpha, b);
    }
}

// Adobe stores 255 - ink. Pillow reads every CMYK file this way, then red = (255 - k) - c * (255 - k) / 255.
static inline uint8_t ink(uint8_t colour, uint8_t black) {
    return (uint8_t)(black - divide_255((uint32_t)(255 - colour) * black));
}

static void write_inverted_cmyk(const uint8_t *restrict row, size_t count, uint8_t *restrict red,
                                uint8_t *restrict green, uint8_t *restrict blue) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t black = row[4 * i + 3];
        red[i] = ink(row[4 * i], black);
        green[i] = ink(row[4 * i + 1], black);
        blue[i] = ink(row[4 * i + 2], black);
    }
}

size_t row_channels(row_kind kind) {
    switch (kind) {
    case ROW_GRAY: return 1;
    case ROW_GRAY_ALPHA: return 2;
    case ROW_RGB:
    case ROW_BGR: return 3;
    case ROW_RGB_ALPHA: return 4;
    case ROW_INVERTED_CMYK: return 4;
    }
}

void row_write(row_kind kind, const uint8_t *row, uint32_t origin, uint32_t y, const ccodecs_target *target) {
    if (y < target->y || y - target->y >= target->region_height) return;
    const size_t count = target->region_width;
    const size_t offset = (size_t)(y - target->y) * count;
    uint8_t *const red = target->planes[0] + offset;
    uint8_t *const green = target->planes[1] + offset;
    uint8_t *const blue = target->planes[2] + offset;
    row += (size_t)(target->x - origin) * row_channels(kind);
    switch (kind) {
    case ROW_GRAY:
        memcpy(red, row, count);
        memcpy(green, row, count);
        memcpy(blue, row, count);
        break;
    case ROW_GRAY_ALPHA: write_gray_alpha(row, count, target->background, red, green, blue); break;
    case ROW_RGB: write_rgb(row, count, red, green, blue); break;
    case ROW_BGR: write_rgb(row, count, blue, green, red); break;
    case ROW_RGB_ALPHA: write_rgb_alpha(row, count, target->background, red, green, blue); break;
    case ROW_INVERTED_CMYK: write_inverted_cmyk(row, count, red, green, blue); break;
    }
}

bool scratch_reserve(ccodecs_scratch *scratch, size_t size) {
    if (size <= scratch->capacity) return true;
    free(scratch->bytes);
    scratch->bytes = malloc(size);
    scratch->capacity = scratch->bytes ? size : 0;
    return scratch->bytes != NULL;
}

void ccodecs_scratch_free(ccodecs_scratch *scratch) {
    free(scratch->bytes);
    huffman_free(scratch->huffman);
    *scratch = (ccodecs_scratch){.reference = scratch->reference};
}

void ccodecs_interleave(const uint8_t *planes, size_t count, uint8_t *pixels) {
    for (size_t i = 0; i < count; i++) {
        pixels[3 * i] = planes[i];
        pixels[3 * i + 1] = planes[count + i];
        pixels[3 * i + 2] = planes[2 * count + i];
    }
}

ccodecs_status report_failure(ccodecs_report *report, ccodecs_status status, const char *message) {
    snprintf(report->message, sizeof report->message, "%s", message);
    return status;
}
