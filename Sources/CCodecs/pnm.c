#include "depth.h"
#include "rows.h"
#include <math.h>
#include <string.h>

// Netpbm: P1 to P3 as text, P4 to P6 in binary, P7 (PAM) with a header of lines. A bit that is set is black.

typedef struct {
    uint32_t width, height, channels, maximum;
    bool is_text, is_bitmap, has_alpha;
    /// Where the pixels begin.
    size_t offset;
} layout;

typedef struct {
    const uint8_t *data;
    size_t size, offset;
} cursor;

static bool is_space(uint8_t byte) { return byte == 0x20 || (byte >= 0x09 && byte <= 0x0D); }

static void skip(cursor *at) {
    while (at->offset < at->size) {
        const uint8_t byte = at->data[at->offset];
        if (byte == '#') {
            while (at->offset < at->size && at->data[at->offset] != '\n' && at->data[at->offset] != '\r') at->offset++;
        } else if (is_space(byte)) {
            at->offset++;
        } else {
            return;
        }
    }
}

// The decimal number after spaces and comments. A number at the end of the data may be incomplete.
static ccodecs_status number(cursor *at, bool may_end, uint32_t *result, ccodecs_report *report) {
    skip(at);
    const size_t start = at->offset;
    uint64_t value = 0;
    while (at->offset < at->size && at->data[at->offset] >= '0' && at->data[at->offset] <= '9') {
        value = value * 10 + (uint64_t)(at->data[at->offset] - '0');
        if (value >= 1000000000) return report_failure(report, CCODECS_CORRUPT, "a number of too many digits");
        at->offset++;
    }
    const bool ended = at->offset == at->size;
    if (ended && (at->offset == start || !may_end)) {
        return report_failure(report, CCODECS_TRUNCATED, "the data end before the picture does");
    }
    if (at->offset == start) return report_failure(report, CCODECS_CORRUPT, "no number where one is needed");
    *result = (uint32_t)value;
    return CCODECS_OK;
}

static bool begins(const cursor *at, const char *word) {
    const size_t length = strlen(word);
    return at->size - at->offset > length && memcmp(at->data + at->offset, word, length) == 0 &&
           is_space(at->data[at->offset + length]);
}

// PAM's lines, in any order, up to ENDHDR.
static ccodecs_status pam(cursor *at, layout *found, ccodecs_report *report) {
    static const char *const names[] = {"WIDTH", "HEIGHT", "DEPTH", "MAXVAL"};
    uint32_t *const values[] = {&found->width, &found->height, &found->channels, &found->maximum};
    while (true) {
        skip(at);
        if (at->offset >= at->size) return report_failure(report, CCODECS_TRUNCATED, "the data end within the header");
        if (begins(at, "ENDHDR")) {
            at->offset += 6;
            break;
        }
        bool is_known = false;
        for (int i = 0; i < 4 && !is_known; i++) {
            if (!begins(at, names[i])) continue;
            at->offset += strlen(names[i]);
            const ccodecs_status status = number(at, false, values[i], report);
            if (status != CCODECS_OK) return status;
            is_known = true;
        }
        // TUPLTYPE repeats DEPTH in words: 2 and 4 channels end with alpha.
        if (!is_known) {
            while (at->offset < at->size && at->data[at->offset] != '\n') at->offset++;
        }
    }
    if (found->channels < 1 || found->channels > 4) {
        return report_failure(report, CCODECS_UNSUPPORTED, "a PAM of another depth than 1 to 4");
    }
    found->has_alpha = found->channels % 2 == 0;
    return CCODECS_OK;
}

static ccodecs_status read_layout(const uint8_t *data, size_t size, layout *found, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    *found = (layout){.maximum = 1};
    if (size < 3) return report_failure(report, CCODECS_TRUNCATED, "the data end within the header");
    const int kind = data[1] - '0';
    cursor at = {.data = data, .size = size, .offset = 2};
    ccodecs_status status = CCODECS_OK;
    if (kind == 7) {
        status = pam(&at, found, report);
    } else {
        found->is_text = kind <= 3;
        found->is_bitmap = kind == 1 || kind == 4;
        found->channels = kind == 3 || kind == 6 ? 3 : 1;
        status = number(&at, false, &found->width, report);
        if (status == CCODECS_OK) status = number(&at, false, &found->height, report);
        if (status == CCODECS_OK && !found->is_bitmap) status = number(&at, false, &found->maximum, report);
    }
    if (status != CCODECS_OK) return status;
    if (!is_space(data[at.offset])) {
        return report_failure(report, CCODECS_CORRUPT, "no space between header and pixels");
    }
    found->offset = at.offset + 1;
    if (found->width == 0 || found->height == 0) return report_failure(report, CCODECS_CORRUPT, "no pixels");
    if (found->maximum == 0 || found->maximum > 65535) {
        return report_failure(report, CCODECS_UNSUPPORTED, "a largest value outside of 1...65535");
    }
    // Numbers are below a billion, so nothing here overflows. A sample of text has at least a digit and a separator.
    const uint64_t samples = (uint64_t)found->width * found->channels;
    uint64_t bytes = samples * (found->maximum > 255 ? 2 : 1) * found->height;
    if (found->is_bitmap && !found->is_text) bytes = (samples + 7) / 8 * found->height;
    if (found->is_text) bytes = samples * found->height * (found->is_bitmap ? 1 : 2) - (found->is_bitmap ? 0 : 1);
    if (size - found->offset < bytes)
        return report_failure(report, CCODECS_TRUNCATED, "the data end before the last row");
    return CCODECS_OK;
}

ccodecs_status ccodecs_pnm_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report) {
    layout found;
    const ccodecs_status status = read_layout(data, size, &found, report);
    if (status != CCODECS_OK) return status;
    *facts = (ccodecs_facts){
        .width = found.width,
        .height = found.height,
        .bits = found.maximum > 255 ? 16 : 8,
        .alpha = found.has_alpha,
    };
    return CCODECS_OK;
}

// The next row's samples as stored; `at` moves forward.
static ccodecs_status read_row(cursor *at, const layout *found, uint16_t *row, ccodecs_report *report) {
    const size_t count = (size_t)found->width * found->channels;
    if (found->is_text && found->is_bitmap) {
        // Bits need no space between them.
        for (size_t i = 0; i < count; i++) {
            skip(at);
            if (at->offset >= at->size)
                return report_failure(report, CCODECS_TRUNCATED, "the data end before the picture does");
            const uint8_t bit = at->data[at->offset++];
            if (bit != '0' && bit != '1') return report_failure(report, CCODECS_CORRUPT, "another bit than 0 and 1");
            row[i] = bit == '0';
        }
    } else if (found->is_text) {
        for (size_t i = 0; i < count; i++) {
            uint32_t value = 0;
            const ccodecs_status status = number(at, true, &value, report);
            if (status != CCODECS_OK) return status;
            if (value > found->maximum) return report_failure(report, CCODECS_CORRUPT, "a value above the largest");
            row[i] = (uint16_t)value;
        }
    } else {
        const uint8_t *from = at->data + at->offset;
        if (found->is_bitmap) {
            for (size_t i = 0; i < count; i++) row[i] = !(from[i / 8] >> (7 - i % 8) & 1);
            at->offset += (count + 7) / 8;
        } else if (found->maximum > 255) {
            for (size_t i = 0; i < count; i++) row[i] = (uint16_t)(from[2 * i] << 8 | from[2 * i + 1]);
            at->offset += 2 * count;
        } else {
            for (size_t i = 0; i < count; i++) row[i] = from[i];
            at->offset += count;
        }
    }
    return CCODECS_OK;
}

// As Python rounds: half to even.
static uint8_t scaled(uint32_t value, uint32_t maximum) {
    return value >= maximum ? 255 : (uint8_t)nearbyint((double)value / maximum * 255);
}

static const row_kind kinds[] = {ROW_GRAY, ROW_GRAY_ALPHA, ROW_RGB, ROW_RGB_ALPHA};

ccodecs_status ccodecs_pnm_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report) {
    layout found;
    ccodecs_status status = read_layout(data, size, &found, report);
    if (status != CCODECS_OK) return status;
    const row_kind kind = kinds[found.channels - 1];
    const size_t count = (size_t)found.width * found.channels;
    const uint32_t bottom = target->y + target->region_height;
    cursor at = {.data = data, .size = size, .offset = found.offset};
    // The form that sources of raw pixels use: nothing to convert.
    if (!found.is_text && !found.is_bitmap && found.maximum == 255) {
        for (uint32_t y = target->y; y < bottom; y++) row_write(kind, data + found.offset + y * count, 0, y, target);
        return CCODECS_OK;
    }
    if (!scratch_reserve(scratch, count * 3))
        return report_failure(report, CCODECS_NO_MEMORY, "not enough memory for a row");
    uint16_t *const row = (uint16_t *)scratch->bytes;
    uint8_t *const bytes = scratch->bytes + 2 * count;
    const bool is_deep = found.maximum > 255 && target->depth != CCODECS_HIGH_BYTE;
    depth_map map = depth_begin(SAMPLES_U16, 16, target);
    if (is_deep && map.is_measuring) {
        for (uint32_t y = 0; y < found.height; y++) {
            if ((status = read_row(&at, &found, row, report)) != CCODECS_OK) return status;
            depth_measure(&map, row, found.width, found.channels, found.channels - found.has_alpha);
        }
        depth_measured(&map);
        at.offset = found.offset;
    }
    for (uint32_t y = 0; y < bottom; y++) {
        if ((status = read_row(&at, &found, row, report)) != CCODECS_OK) return status;
        if (y < target->y) continue;
        if (is_deep) depth_bytes(&map, row, count, bytes);
        for (size_t i = 0; i < count; i++) {
            const bool is_alpha = found.has_alpha && (i + 1) % found.channels == 0;
            if (!is_deep || is_alpha) bytes[i] = scaled(row[i], found.maximum);
        }
        row_write(kind, bytes, 0, y, target);
    }
    return CCODECS_OK;
}
