#include "rows.h"
#include <string.h>

// BMP of every Windows version and of OS/2: 1 to 32 bits, runs (RLE4, RLE8), bit fields, either order of rows.

typedef struct {
    uint32_t width, height, bits, compression;
    bool is_top_down;
    /// Red, green, blue and alpha in a pixel of 16 or 32 bits.
    uint32_t masks[4];
    /// Blue, green, red of `colours` entries, `entry` bytes each.
    const uint8_t *palette;
    uint32_t colours, entry;
    /// Where the pixels begin.
    size_t offset;
} layout;

enum { RAW = 0, RLE8 = 1, RLE4 = 2, FIELDS = 3, ALPHA_FIELDS = 6 };

static uint32_t little16(const uint8_t *data) { return data[0] | (uint32_t)data[1] << 8; }
static uint32_t little32(const uint8_t *data) { return little16(data) | little16(data + 2) << 16; }

// The masks of bit fields: in the header where it is long enough, else behind it. Returns the bytes behind it.
static size_t read_masks(const uint8_t *info, size_t left, uint32_t header, layout *found) {
    const bool has_alpha = header >= 56 || found->compression == ALPHA_FIELDS;
    const size_t count = has_alpha ? 4 : 3;
    if (left < 40 + 4 * count) return 0;
    for (size_t i = 0; i < count; i++) found->masks[i] = little32(info + 40 + 4 * i);
    if (found->bits == 32 && !(found->masks[0] | found->masks[1] | found->masks[2] | found->masks[3])) {
        memcpy(found->masks, (uint32_t[]){0xFF0000, 0xFF00, 0xFF, 0xFF000000}, sizeof found->masks);
    }
    return header < 52 ? 4 * count : 0;
}

static ccodecs_status read_layout(const uint8_t *data, size_t size, layout *found, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    *found = (layout){.entry = 4};
    const size_t base = size >= 2 && data[0] == 'B' && data[1] == 'M' ? 14 : 0;
    if (size < base + 12) return report_failure(report, CCODECS_TRUNCATED, "the data end within the header");
    const uint8_t *const info = data + base;
    const size_t left = size - base;
    const uint32_t header = little32(info);
    if (header != 12 && (header < 16 || header > 124)) {
        return report_failure(report, CCODECS_UNSUPPORTED, "a header of an unknown version");
    }
    if (left < header) return report_failure(report, CCODECS_TRUNCATED, "the data end within the header");
    int32_t height = 0;
    uint32_t planes_bits = 0;
    if (header == 12) {
        found->width = little16(info + 4);
        height = (int32_t)little16(info + 6);
        planes_bits = little32(info + 8);
        found->entry = 3;
    } else {
        found->width = little32(info + 4);
        height = (int32_t)little32(info + 8);
        planes_bits = little32(info + 12);
        if (header >= 20) found->compression = little32(info + 16);
        if (header >= 36) found->colours = little32(info + 32);
    }
    found->bits = planes_bits >> 16;
    found->is_top_down = height < 0;
    if (found->width == 0 || found->width > INT32_MAX || height == 0 || height == INT32_MIN) {
        return report_failure(report, CCODECS_CORRUPT, "no pixels, or an impossible size");
    }
    found->height = (uint32_t)(height < 0 ? -height : height);
    const uint32_t bits = found->bits, compression = found->compression;
    if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) {
        return report_failure(report, CCODECS_UNSUPPORTED, "another depth than 1, 2, 4, 8, 16, 24 or 32 bits a pixel");
    }
    const bool is_fields = compression == FIELDS || compression == ALPHA_FIELDS;
    // What OS/2 numbers 3 and 4 is a fax's coding and runs of 24 bits.
    const bool is_known = compression == RAW || (compression == RLE8 && bits == 8) ||
                          (compression == RLE4 && bits == 4) ||
                          (is_fields && header != 64 && header >= 40 && bits >= 16);
    if (!is_known) return report_failure(report, CCODECS_UNSUPPORTED, "a compression that is not read");
    const uint32_t *const usual =
        bits == 16 ? (uint32_t[]){0x7C00, 0x3E0, 0x1F, 0} : (uint32_t[]){0xFF0000, 0xFF00, 0xFF, 0};
    memcpy(found->masks, usual, sizeof found->masks);
    size_t behind = 0;
    if (is_fields) {
        behind = read_masks(info, left, header, found);
        if (header < 52 && behind == 0)
            return report_failure(report, CCODECS_TRUNCATED, "the data end within the header");
    }
    if (found->colours == 0 && bits <= 8) found->colours = 1u << bits;
    if (bits <= 8 && found->colours > 65536) return report_failure(report, CCODECS_CORRUPT, "an impossible palette");
    const size_t palette = base + header + behind;
    const size_t after = palette + (bits <= 8 ? (size_t)found->colours * found->entry : 0);
    found->offset = base ? little32(data + 10) : 0;
    if (found->offset == 0 || (bits <= 8 && found->offset == base + header)) found->offset = after;
    if (bits <= 8) {
        if (palette > size) return report_failure(report, CCODECS_TRUNCATED, "the data end within the palette");
        const size_t entries = (size - palette) / found->entry;
        if (found->colours > entries) found->colours = (uint32_t)entries;
        found->palette = data + palette;
    }
    if (found->offset >= size) return report_failure(report, CCODECS_TRUNCATED, "the data end before the pixels");
    return CCODECS_OK;
}

static uint64_t stride_of(const layout *found) { return ((uint64_t)found->width * found->bits + 31) / 32 * 4; }

static bool is_run(const layout *found) { return found->compression == RLE8 || found->compression == RLE4; }

ccodecs_status ccodecs_bmp_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report) {
    layout found;
    const ccodecs_status status = read_layout(data, size, &found, report);
    if (status != CCODECS_OK) return status;
    // The last row's padding may be missing. Sizes end below 2^31, so nothing here overflows.
    const uint64_t needed = stride_of(&found) * (found.height - 1) + ((uint64_t)found.width * found.bits + 7) / 8;
    if (!is_run(&found) && size - found.offset < needed) {
        return report_failure(report, CCODECS_TRUNCATED, "the data end before the last row");
    }
    *facts = (ccodecs_facts){
        .width = found.width, .height = found.height, .bits = 8, .alpha = found.bits >= 16 && found.masks[3] != 0};
    return CCODECS_OK;
}

// Runs into palette indices, the stored rows in their order. What no run reaches stays 0.
static ccodecs_status read_runs(const layout *found, const uint8_t *data, size_t size, uint8_t *indices,
                                ccodecs_report *report) {
    const size_t width = found->width, height = found->height;
    const bool is_half = found->compression == RLE4;
    size_t x = 0, y = 0, at = found->offset;
    memset(indices, 0, width * height);
    while (y < height) {
        if (size - at < 2) return report_failure(report, CCODECS_TRUNCATED, "the data end before the picture does");
        const size_t count = data[at], value = data[at + 1];
        at += 2;
        if (count > 0) {
            for (size_t i = 0; i < count && x < width; i++, x++) {
                indices[y * width + x] = (uint8_t)(!is_half ? value : i % 2 == 0 ? value >> 4 : value & 15);
            }
        } else if (value == 0) {
            x = 0;
            y++;
        } else if (value == 1) {
            break;
        } else if (value == 2) {
            if (size - at < 2) return report_failure(report, CCODECS_TRUNCATED, "the data end before the picture does");
            x += data[at];
            y += data[at + 1];
            if (x > width) x = width;
            at += 2;
        } else {
            const size_t bytes = is_half ? (value + 1) / 2 : value;
            if (size - at < bytes)
                return report_failure(report, CCODECS_TRUNCATED, "the data end before the picture does");
            for (size_t i = 0; i < value && x < width; i++, x++) {
                const uint8_t both = data[at + (is_half ? i / 2 : i)];
                indices[y * width + x] = !is_half ? both : i % 2 == 0 ? both >> 4 : both & 15;
            }
            // Padded to an even length.
            at += bytes;
            if (bytes % 2 && at < size) at++;
        }
        // The last row needs no mark at its end.
        if (x == width && y + 1 == height) break;
    }
    return CCODECS_OK;
}

// The bits of a mask as 0...255, rounded down.
static uint8_t field(uint32_t pixel, uint32_t mask) {
    if (mask == 0) return 0;
    const int shift = __builtin_ctz(mask);
    const uint64_t largest = mask >> shift;
    return (uint8_t)((uint64_t)((pixel & mask) >> shift) * 255 / largest);
}

// Pixels of other than 24 bits as a row.
static row_kind write_row(const layout *found, const uint8_t *from, uint8_t *row) {
    const bool has_alpha = found->masks[3] != 0;
    switch (found->bits) {
    case 16:
    case 32:
        for (size_t x = 0; x < found->width; x++) {
            const uint32_t pixel = found->bits == 16 ? little16(from + 2 * x) : little32(from + 4 * x);
            uint8_t *const to = row + (has_alpha ? 4 : 3) * x;
            for (int i = 0; i < (has_alpha ? 4 : 3); i++) to[i] = field(pixel, found->masks[i]);
        }
        return has_alpha ? ROW_RGB_ALPHA : ROW_RGB;
    default: {
        const uint32_t bits = is_run(found) ? 8 : found->bits, each = 8 / bits;
        for (size_t x = 0; x < found->width; x++) {
            const uint32_t index = from[x / each] >> (8 - bits * (x % each + 1)) & ((1u << bits) - 1);
            for (int i = 0; i < 3; i++) {
                row[3 * x + i] = index < found->colours ? found->palette[index * found->entry + 2 - i] : 0;
            }
        }
        return ROW_RGB;
    }
    }
}

ccodecs_status ccodecs_bmp_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report) {
    layout found;
    ccodecs_status status = read_layout(data, size, &found, report);
    if (status != CCODECS_OK) return status;
    const size_t line = 4 * (size_t)found.width;
    const size_t indices = is_run(&found) ? (size_t)found.width * found.height : 0;
    if (!scratch_reserve(scratch, line + indices))
        return report_failure(report, CCODECS_NO_MEMORY, "not enough memory");
    uint8_t *const row = scratch->bytes;
    const uint8_t *pixels = data + found.offset;
    size_t stride = stride_of(&found);
    if (indices > 0) {
        status = read_runs(&found, data, size, row + line, report);
        if (status != CCODECS_OK) return status;
        pixels = row + line;
        stride = found.width;
    }
    for (uint32_t y = target->y; y < target->y + target->region_height; y++) {
        const size_t stored = found.is_top_down ? y : found.height - 1 - y;
        const uint8_t *const from = pixels + stored * stride;
        const bool is_plain = found.bits == 24;
        const row_kind kind = is_plain ? ROW_BGR : write_row(&found, from, row);
        row_write(kind, is_plain ? from : row, 0, y, target);
    }
    return CCODECS_OK;
}
