#include "rows.h"
#include <string.h>

// GIF's first frame on its canvas. What follows it is not decoded.

typedef struct {
    uint32_t width, height;
    /// The frame on the canvas.
    uint32_t x, y, frame_width, frame_height;
    /// Red, green, blue of `colours` entries; a scale of gray where there is none.
    const uint8_t *palette;
    uint32_t colours;
    int transparent;
    bool is_interlaced, has_more;
    uint32_t code_bits;
    /// Where the frame's blocks of data begin.
    size_t offset;
} layout;

static uint32_t little16(const uint8_t *data) { return data[0] | (uint32_t)data[1] << 8; }

// The end of a chain of blocks, past its closing zero; `size` where the data end before it.
static size_t skip_blocks(const uint8_t *data, size_t size, size_t at) {
    while (at < size && data[at] != 0) at += 1 + (size_t)data[at];
    return at < size ? at + 1 : size;
}

// The next frame's descriptor; an index of transparency before it is taken. False where no frame follows.
static bool find_frame(const uint8_t *data, size_t size, size_t *at, int *transparent) {
    while (*at < size) {
        const uint8_t kind = data[*at];
        if (kind == ',') return true;
        if (kind == ';') return false;
        if (kind != '!') {
            (*at)++;
            continue;
        }
        if (size - *at < 3) return false;
        const bool is_control = data[*at + 1] == 0xF9 && data[*at + 2] >= 4 && size - *at >= 8;
        if (is_control && transparent != NULL && data[*at + 3] & 1) *transparent = data[*at + 6];
        *at = skip_blocks(data, size, *at + 2);
    }
    return false;
}

static ccodecs_status read_layout(const uint8_t *data, size_t size, layout *found, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    *found = (layout){.transparent = -1};
    if (size < 13) return report_failure(report, CCODECS_TRUNCATED, "the data end within the header");
    size_t at = 13;
    if (data[10] & 0x80) {
        found->palette = data + at;
        found->colours = 2u << (data[10] & 7);
        at += 3 * (size_t)found->colours;
    }
    if (at >= size || !find_frame(data, size, &at, &found->transparent)) {
        if (at < size && data[at] == ';') return report_failure(report, CCODECS_CORRUPT, "no frame");
        return report_failure(report, CCODECS_TRUNCATED, "the data end before the first frame");
    }
    if (size - at < 11) return report_failure(report, CCODECS_TRUNCATED, "the data end within the frame's header");
    found->x = little16(data + at + 1);
    found->y = little16(data + at + 3);
    found->frame_width = little16(data + at + 5);
    found->frame_height = little16(data + at + 7);
    const uint8_t flags = data[at + 9];
    at += 10;
    if (flags & 0x80) {
        found->palette = data + at;
        found->colours = 2u << (flags & 7);
        at += 3 * (size_t)found->colours;
    }
    found->is_interlaced = flags & 0x40;
    if (at >= size) return report_failure(report, CCODECS_TRUNCATED, "the data end within the palette");
    found->code_bits = data[at];
    found->offset = at + 1;
    if (found->code_bits < 1 || found->code_bits > 11)
        return report_failure(report, CCODECS_CORRUPT, "impossible codes");
    if (found->frame_width == 0 || found->frame_height == 0)
        return report_failure(report, CCODECS_CORRUPT, "a frame without pixels");
    // A frame that does not fit makes the canvas larger.
    const uint32_t right = found->x + found->frame_width, bottom = found->y + found->frame_height;
    found->width = little16(data + 6) > right ? little16(data + 6) : right;
    found->height = little16(data + 8) > bottom ? little16(data + 8) : bottom;
    size_t next = skip_blocks(data, size, found->offset);
    found->has_more = find_frame(data, size, &next, NULL);
    return CCODECS_OK;
}

ccodecs_status ccodecs_gif_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report) {
    layout found;
    const ccodecs_status status = read_layout(data, size, &found, report);
    if (status != CCODECS_OK) return status;
    *facts = (ccodecs_facts){.width = found.width,
                             .height = found.height,
                             .bits = 8,
                             .alpha = found.transparent >= 0,
                             .several = found.has_more};
    return CCODECS_OK;
}

enum { TABLE = 4096 };

typedef struct {
    /// Of each code: the code before its last byte, that byte, its first byte, and its length.
    uint16_t before[TABLE], length[TABLE];
    uint8_t last[TABLE], first[TABLE];
} codes;

typedef struct {
    const uint8_t *data;
    size_t size, at;
    /// Bytes left of the current block.
    size_t left;
    uint32_t bits, count;
} source;

// The next code; -1 where the blocks end, -2 where the data do.
static int next_code(source *from, uint32_t width) {
    while (from->count < width) {
        if (from->left == 0) {
            if (from->at >= from->size) return -2;
            from->left = from->data[from->at++];
            if (from->left == 0) return -1;
        }
        if (from->at >= from->size) return -2;
        from->bits |= (uint32_t)from->data[from->at++] << from->count;
        from->count += 8;
        from->left--;
    }
    const int code = (int)(from->bits & ((1u << width) - 1));
    from->bits >>= width;
    from->count -= width;
    return code;
}

// The frame's indices in the order in which they are stored.
static ccodecs_status unpack(const layout *found, const uint8_t *data, size_t size, codes *table, uint8_t *indices,
                             ccodecs_report *report) {
    source from = {.data = data, .size = size, .at = found->offset};
    const size_t count = (size_t)found->frame_width * found->frame_height;
    const int clear = 1 << found->code_bits, end = clear + 1;
    for (int code = 0; code < clear; code++) {
        table->length[code] = 1;
        table->first[code] = table->last[code] = (uint8_t)code;
    }
    int next = end + 1, before = -1;
    uint32_t width = found->code_bits + 1;
    size_t filled = 0;
    while (filled < count) {
        const int code = next_code(&from, width);
        if (code < 0) {
            return report_failure(report, CCODECS_TRUNCATED, "the data end before the picture does");
        }
        if (code == end) {
            // Written so by some programs; what is missing stays as the canvas is.
            report->warnings++;
            report_failure(report, CCODECS_OK, "the frame ends before its last pixel");
            break;
        }
        if (code == clear) {
            next = end + 1;
            width = found->code_bits + 1;
            before = -1;
            continue;
        }
        if (code > next || (code == next && (before < 0 || next >= TABLE)) || (before < 0 && code >= clear)) {
            return report_failure(report, CCODECS_CORRUPT, "a code that no bytes stand for");
        }
        if (before >= 0 && next < TABLE) {
            table->before[next] = (uint16_t)before;
            table->first[next] = table->first[before];
            table->last[next] = table->first[code == next ? before : code];
            table->length[next] = (uint16_t)(table->length[before] + 1);
            next++;
            if (next == 1 << width && width < 12) width++;
        }
        // Backwards from the code's last byte; what lies past the picture is dropped.
        int part = code;
        for (size_t place = filled + table->length[code]; place > filled; place--) {
            if (place <= count) indices[place - 1] = table->last[part];
            part = table->before[part];
        }
        filled += table->length[code];
        before = code;
    }
    return CCODECS_OK;
}

// The place at which a row of an interlaced frame is stored.
static uint32_t stored_row(const layout *found, uint32_t y) {
    if (!found->is_interlaced) return y;
    const uint32_t height = found->frame_height;
    const uint32_t eighths = (height + 7) / 8, fourths = (height + 3) / 8, halves = (height + 1) / 4;
    if (y % 8 == 0) return y / 8;
    if (y % 8 == 4) return eighths + y / 8;
    if (y % 4 == 2) return eighths + fourths + y / 4;
    return eighths + fourths + halves + y / 2;
}

ccodecs_status ccodecs_gif_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report) {
    layout found;
    ccodecs_status status = read_layout(data, size, &found, report);
    if (status != CCODECS_OK) return status;
    const size_t count = (size_t)found.frame_width * found.frame_height, line = 4 * (size_t)found.width;
    if (!scratch_reserve(scratch, sizeof(codes) + count + line)) {
        return report_failure(report, CCODECS_NO_MEMORY, "not enough memory for the picture");
    }
    uint8_t *const indices = scratch->bytes + sizeof(codes), *const row = indices + count;
    const uint8_t empty = found.transparent >= 0 ? (uint8_t)found.transparent : 0;
    memset(indices, empty, count);
    status = unpack(&found, data, size, (codes *)scratch->bytes, indices, report);
    if (status != CCODECS_OK) return status;
    for (uint32_t y = target->y; y < target->y + target->region_height; y++) {
        const bool holds = y >= found.y && y - found.y < found.frame_height;
        const uint8_t *const from =
            holds ? indices + (size_t)stored_row(&found, y - found.y) * found.frame_width : NULL;
        for (uint32_t x = target->x; x < target->x + target->region_width; x++) {
            const uint32_t index = holds && x >= found.x && x - found.x < found.frame_width ? from[x - found.x] : empty;
            uint8_t *const pixel = row + 4 * (size_t)x;
            for (uint32_t i = 0; i < 3; i++) {
                pixel[i] = index < found.colours ? found.palette[3 * index + i]
                           : found.colours == 0  ? (uint8_t)index
                                                 : 0;
            }
            pixel[3] = (int)index == found.transparent ? 0 : 255;
        }
        row_write(ROW_RGB_ALPHA, row, 0, y, target);
    }
    return CCODECS_OK;
}
