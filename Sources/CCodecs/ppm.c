#include "rows.h"

void ccodecs_rows_decode(const uint8_t *pixels, uint32_t channels, const ccodecs_target *target) {
    const row_kind kind = channels == 1 ? ROW_GRAY : ROW_RGB;
    const size_t stride = (size_t)target->width * channels;
    for (uint32_t row = 0; row < target->region_height; row++) {
        const uint32_t y = target->y + row;
        row_write(kind, pixels + y * stride, 0, y, target);
    }
}

void ccodecs_interleave(const uint8_t *planes, size_t count, uint8_t *pixels) {
    for (size_t i = 0; i < count; i++) {
        pixels[3 * i] = planes[i];
        pixels[3 * i + 1] = planes[count + i];
        pixels[3 * i + 2] = planes[2 * count + i];
    }
}
