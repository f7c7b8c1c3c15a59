#include "tiff.h"
#include "rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// TIFF by libtiff, a strip or a row of tiles at a time. What is neither gray, RGB, palette nor CMYK (YCbCr that is no
// JPEG, CIELab, LogLuv) goes by way of libtiff's own conversion of the whole picture.

// The most that one block may take, and what any tile may.
static const uint64_t largest_block = (uint64_t)2 << 30, usual_block = (uint64_t)64 << 20;

static bool is_deep(const tiff_page *self) { return self->bits > 8 && !self->is_converted; }

static samples_type type_of(const tiff_page *self) {
    const bool is_signed = self->format == SAMPLEFORMAT_INT;
    if (self->format == SAMPLEFORMAT_IEEEFP) return self->bits == 64 ? SAMPLES_F64 : SAMPLES_F32;
    if (self->bits == 32) return is_signed ? SAMPLES_I32 : SAMPLES_U32;
    return is_signed && self->bits == 16 ? SAMPLES_I16 : SAMPLES_U16;
}

ccodecs_status ccodecs_tiff_header(const uint8_t *data, size_t size, uint32_t number, ccodecs_facts *facts,
                                   ccodecs_report *report) {
    tiff_file from = {.data = data, .size = size, .report = report};
    tiff_page self;
    const ccodecs_status status = tiff_open(&self, &from, number);
    if (status == CCODECS_OK) {
        *facts = (ccodecs_facts){
            .width = self.width,
            .height = self.height,
            .bits = is_deep(&self) ? self.bits : 8,
            .orientation = self.orientation,
            .alpha = self.has_alpha,
            .ranged = is_deep(&self) && type_of(&self) != SAMPLES_U16,
            .several = number == 0 && !TIFFLastDirectory(self.tiff),
        };
    }
    tiff_close(&self);
    return status;
}

// A float of 16 bits.
static float half(uint16_t bits) {
    const uint32_t sign = (uint32_t)(bits >> 15) << 31, exponent = bits >> 10 & 31, fraction = bits & 1023;
    union {
        uint32_t bits;
        float value;
    } wide = {.bits = sign | (exponent + 112) << 23 | fraction << 13};
    if (exponent == 31) wide.bits = sign | 0x7F800000 | fraction << 13;
    if (exponent == 0) {
        wide.value = (float)fraction / 16777216;
        wide.bits |= sign;
    }
    return wide.value;
}

// `count` samples of a block's row to bytes, to 16 bits or as they are, `step` samples apart.
static void spread(const tiff_page *self, const uint8_t *row, size_t count, size_t step, uint8_t *to) {
    const uint32_t bits = self->bits;
    if (bits == 8) {
        if (step == 1) {
            memcpy(to, row, count);
            return;
        }
        for (size_t i = 0; i < count; i++) to[step * i] = row[i];
    } else if (bits == 16 && self->format == SAMPLEFORMAT_IEEEFP) {
        for (size_t i = 0; i < count; i++) ((float *)to)[step * i] = half(((const uint16_t *)row)[i]);
    } else if (bits == 16 || bits == 32 || bits == 64) {
        const size_t size = bits / 8;
        for (size_t i = 0; i < count; i++) memcpy(to + size * step * i, row + size * i, size);
    } else {
        // The first bit is the highest.
        for (size_t i = 0; i < count; i++) {
            uint32_t value = 0;
            for (size_t bit = bits * i; bit < bits * (i + 1); bit++)
                value = value << 1 | (row[bit / 8] >> (7 - bit % 8) & 1);
            if (bits < 8) {
                to[step * i] = (uint8_t)value;
            } else {
                ((uint16_t *)to)[step * i] = (uint16_t)value;
            }
        }
    }
}

typedef struct {
    /// Interleaved samples of the blocks that lie side by side: `width` pixels from `x` on, `rows` rows from `y` on.
    uint8_t *samples;
    uint32_t x, y, width, rows;
    size_t sample_size;
    /// Bytes from one row to the next.
    size_t stride;
} band;

// Decodes the blocks from `into->y` on into `into->samples`; `block` has room for one.
static ccodecs_status read_band(const tiff_page *self, band *into, uint8_t *block) {
    TIFF *const tiff = self->tiff;
    const bool is_separate = self->planar == PLANARCONFIG_SEPARATE && self->samples > 1;
    const size_t channels = is_separate ? 1 : self->samples;
    const size_t line = ((size_t)self->block_width * channels * self->bits + 7) / 8;
    for (uint16_t plane = 0; plane < (is_separate ? self->samples : 1); plane++) {
        for (uint32_t x = into->x; x < into->x + into->width; x += self->block_width) {
            // Of a strip only the rows that are needed.
            const tmsize_t size = (tmsize_t)(line * (self->is_tiled ? self->block_height : into->rows));
            // Rows that a damaged fax skips would show what was here before.
            memset(block, 0, (size_t)size);
            const tmsize_t read =
                self->is_tiled ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, into->y, 0, plane), block, size)
                               : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, into->y, plane), block, size);
            if (read < 0) return tiff_fail(self->from, CCODECS_CORRUPT, "a strip or tile cannot be decoded");
            if (read < size) {
                self->from->is_short = true;
                return tiff_fail(self->from, CCODECS_CORRUPT, "a strip or tile ends before its last row");
            }
            // Strips of bytes are the band.
            if (into->samples == block) return CCODECS_OK;
            const uint32_t end = into->x + into->width;
            const size_t count = (end - x < self->block_width ? end - x : self->block_width) * channels;
            for (uint32_t row = 0; row < into->rows; row++) {
                const size_t place = (size_t)(x - into->x) * self->samples + plane;
                spread(self, block + row * line, count, is_separate ? self->samples : 1,
                       into->samples + row * into->stride + place * into->sample_size);
            }
        }
    }
    return CCODECS_OK;
}

// What turns a band's row into bytes.
typedef struct {
    depth_map map;
    /// Of samples of up to 8 bits, the byte that each becomes.
    uint8_t levels[256];
    uint8_t palette[256][3];
} colouring;

static ccodecs_status prepare(const tiff_page *self, colouring *with) {
    const uint32_t largest = (1u << (self->bits < 8 ? self->bits : 8)) - 1;
    for (uint32_t i = 0; i < 256; i++) {
        const uint32_t level = i >= largest ? 255 : (i * 510 + largest) / (2 * largest);
        with->levels[i] = (uint8_t)(self->photometric == PHOTOMETRIC_MINISWHITE ? 255 - level : level);
    }
    if (self->photometric != PHOTOMETRIC_PALETTE) return CCODECS_OK;
    uint16_t *maps[3] = {NULL, NULL, NULL};
    if (!TIFFGetField(self->tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2])) {
        return tiff_fail(self->from, CCODECS_CORRUPT, "no palette");
    }
    // Entries have 16 bits, but some programs write 8.
    uint16_t brightest = 0;
    for (uint32_t i = 0; i <= largest; i++) {
        for (int c = 0; c < 3; c++) brightest = maps[c][i] > brightest ? maps[c][i] : brightest;
    }
    for (uint32_t i = 0; i <= largest; i++) {
        for (int c = 0; c < 3; c++) with->palette[i][c] = (uint8_t)(brightest < 256 ? maps[c][i] : maps[c][i] >> 8);
    }
    return CCODECS_OK;
}

// Colours as they were before they were multiplied by alpha, as Pillow has them.
static void divide(uint8_t *pixels, size_t count, size_t channels) {
    for (size_t i = 0; i < count; i++, pixels += channels) {
        const uint32_t alpha = pixels[channels - 1];
        for (size_t c = 0; c + 1 < channels && alpha != 255; c++) {
            const uint32_t value = alpha == 0 ? 0 : 255u * pixels[c] / alpha;
            pixels[c] = (uint8_t)(value > 255 ? 255 : value);
        }
    }
}

// A row of samples as `ROW_...` pixels, which are `*pixels`; `bytes` and `to` have room for the samples as bytes.
static row_kind colour_row(const tiff_page *self, const colouring *with, const uint8_t *row, size_t width,
                           uint8_t *bytes, uint8_t *to, const uint8_t **pixels) {
    const size_t samples = self->samples, colours = self->colours;
    const uint8_t *from = row;
    *pixels = to;
    if (is_deep(self)) {
        depth_bytes(&with->map, row, width * samples, bytes);
        for (size_t i = 0; i < width * samples && self->photometric == PHOTOMETRIC_MINISWHITE; i++)
            bytes[i] = 255 - bytes[i];
        from = bytes;
    } else if (self->photometric == PHOTOMETRIC_PALETTE) {
        for (size_t x = 0; x < width; x++) memcpy(to + 3 * x, with->palette[row[samples * x]], 3);
        return ROW_RGB;
    }
    const size_t channels = colours + self->has_alpha;
    const bool is_plain = is_deep(self) || (self->bits == 8 && self->photometric != PHOTOMETRIC_MINISWHITE);
    const bool is_ready = is_plain && samples == channels && colours != 4 &&
                          !(self->has_alpha && (is_deep(self) || self->is_multiplied));
    if (is_ready) *pixels = from;
    for (size_t x = 0; x < width && !is_ready; x++) {
        for (size_t c = 0; c < channels; c++) {
            const uint8_t value = from[samples * x + c];
            const uint8_t level = is_plain ? value : with->levels[value];
            to[channels * x + c] = colours == 4 ? 255 - level : level;
        }
    }
    if (self->has_alpha) {
        if (is_deep(self)) {
            depth_alpha(&with->map, self->bits, row, width, samples, colours, bytes);
            for (size_t x = 0; x < width; x++) to[channels * x + colours] = bytes[x];
        }
        if (self->is_multiplied) divide(to, width, channels);
    }
    return colours == 4      ? ROW_INVERTED_CMYK
           : colours == 3    ? (self->has_alpha ? ROW_RGB_ALPHA : ROW_RGB)
           : self->has_alpha ? ROW_GRAY_ALPHA
                             : ROW_GRAY;
}

// Goes over the blocks that hold `y` to `bottom`: measures them where the range is to be found, else writes them.
static ccodecs_status read_rows(const tiff_page *self, ccodecs_scratch *scratch, const ccodecs_target *target,
                                colouring *with) {
    const bool measures = with->map.is_measuring && is_deep(self);
    const uint32_t top = measures ? 0 : target->y, left = measures ? 0 : target->x;
    const uint32_t bottom = measures ? self->height : target->y + target->region_height;
    const uint32_t right = measures ? self->width : target->x + target->region_width;
    band area = {.x = left / self->block_width * self->block_width,
                 .sample_size = is_deep(self) ? samples_size(type_of(self)) : 1};
    area.width = right - area.x;
    const uint64_t block = self->is_tiled ? TIFFTileSize64(self->tiff) : TIFFStripSize64(self->tiff);
    const bool is_separate = self->planar == PLANARCONFIG_SEPARATE && self->samples > 1;
    const uint64_t line = ((uint64_t)self->block_width * (is_separate ? 1 : self->samples) * self->bits + 7) / 8;
    if (block < line * self->block_height || block > largest_block) {
        return tiff_fail(self->from, CCODECS_CORRUPT, "strips or tiles of an impossible size");
    }
    // A tile is decoded as a whole, and padded: without this a file of a hundred bytes has each thread fill gigabytes.
    const uint64_t pixel = (uint64_t)self->samples * ((self->bits + 7u) / 8);
    if (self->is_tiled && block > usual_block && block / 4 / pixel > (uint64_t)self->width * self->height) {
        return tiff_fail(self->from, CCODECS_UNSUPPORTED, "tiles that are far larger than the picture");
    }
    const uint64_t row = (uint64_t)area.width * self->samples * area.sample_size;
    const uint64_t band_size = row * (self->block_height < self->height ? self->block_height : self->height);
    const uint64_t room = (uint64_t)area.width * (self->samples + 4);
    const uint64_t start = (block + 15) / 16 * 16, end = (start + band_size + 15) / 16 * 16;
    if (end + room > 2 * largest_block || !scratch_reserve(scratch, end + room)) {
        return tiff_fail(self->from, CCODECS_NO_MEMORY, "not enough memory for its strips or tiles");
    }
    const bool is_direct = !self->is_tiled && !is_separate && self->bits == 8;
    area.stride = is_direct ? line : row;
    area.samples = is_direct ? scratch->bytes : scratch->bytes + start;
    uint8_t *const bytes = scratch->bytes + end, *const pixels = bytes + (size_t)area.width * self->samples;
    for (uint32_t y = top / self->block_height * self->block_height; y < bottom; y += self->block_height) {
        area.y = y;
        area.rows = bottom - y < self->block_height ? bottom - y : self->block_height;
        const ccodecs_status status = read_band(self, &area, scratch->bytes);
        if (status != CCODECS_OK) return status;
        for (uint32_t i = 0; i < area.rows; i++) {
            const uint8_t *const from = area.samples + i * area.stride;
            if (measures) {
                depth_measure(&with->map, from, area.width, self->samples, self->colours);
            } else if (y + i >= top) {
                const uint8_t *row_pixels;
                const row_kind kind = colour_row(self, with, from, area.width, bytes, pixels, &row_pixels);
                row_write(kind, row_pixels, area.x, y + i, target);
            }
        }
    }
    return CCODECS_OK;
}

// libtiff's own conversion, of the whole picture.
static ccodecs_status convert(const tiff_page *self, ccodecs_scratch *scratch, const ccodecs_target *target) {
    char text[1024];
    TIFFRGBAImage image;
    const size_t bytes = (size_t)self->width * self->height * 4;
    if (!scratch_reserve(scratch, bytes))
        return tiff_fail(self->from, CCODECS_NO_MEMORY, "not enough memory for the picture");
    memset(scratch->bytes, 0, bytes);
    if (!TIFFRGBAImageBegin(&image, self->tiff, 1, text)) return tiff_fail(self->from, CCODECS_UNSUPPORTED, text);
    // The caller turns the picture.
    image.req_orientation = image.orientation;
    const int done = TIFFRGBAImageGet(&image, (uint32_t *)scratch->bytes, self->width, self->height);
    TIFFRGBAImageEnd(&image);
    if (!done) return tiff_fail(self->from, CCODECS_CORRUPT, "it cannot be converted");
    for (uint32_t y = target->y; y < target->y + target->region_height; y++) {
        uint8_t *const row = scratch->bytes + (size_t)y * self->width * 4;
        // Packed into words, so that the order of bytes is the machine's.
        for (size_t x = 0; x < self->width; x++) {
            uint32_t pixel;
            memcpy(&pixel, row + 4 * x, 4);
            const uint8_t parts[4] = {TIFFGetR(pixel), TIFFGetG(pixel), TIFFGetB(pixel), TIFFGetA(pixel)};
            memcpy(row + 4 * x, parts, 4);
        }
        row_write(ROW_RGB_ALPHA, row, 0, y, target);
    }
    return CCODECS_OK;
}

static ccodecs_status decode(tiff_page *self, ccodecs_scratch *scratch, const ccodecs_target *target) {
    if (self->width != target->width || self->height != target->height) {
        return tiff_fail(self->from, CCODECS_CORRUPT, "the page has another size than its header");
    }
    if (self->is_converted) return convert(self, scratch, target);
    colouring with = {.map = depth_begin(type_of(self), self->bits, target)};
    ccodecs_status status = prepare(self, &with);
    if (status != CCODECS_OK) return status;
    if (is_deep(self) && with.map.is_measuring) {
        status = read_rows(self, scratch, target, &with);
        depth_measured(&with.map);
        if (status != CCODECS_OK) return status;
    }
    status = read_rows(self, scratch, target, &with);
    if (status == CCODECS_OK && self->from->is_cut) return CCODECS_TRUNCATED;
    return status;
}

ccodecs_status ccodecs_tiff_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report) {
    tiff_file from = {.data = data, .size = size, .report = report};
    tiff_page self;
    ccodecs_status status = tiff_open(&self, &from, target->page);
    // Only what comes from the pixels counts.
    from.is_short = false;
    if (status == CCODECS_OK) status = decode(&self, scratch, target);
    tiff_close(&self);
    return status;
}

size_t ccodecs_tiff_profile(ccodecs_scratch *scratch, const uint8_t *data, size_t size, uint32_t number) {
    ccodecs_report report;
    tiff_file from = {.data = data, .size = size, .report = &report};
    tiff_page self;
    uint32_t length = 0;
    void *profile = NULL;
    const ccodecs_status status = tiff_open(&self, &from, number);
    const bool is_found = status == CCODECS_OK && TIFFGetField(self.tiff, TIFFTAG_ICCPROFILE, &length, &profile);
    const size_t copied = is_found && scratch_reserve(scratch, length) ? length : 0;
    if (copied > 0) memcpy(scratch->bytes, profile, copied);
    tiff_close(&self);
    return copied;
}

const char *ccodecs_tiff_version(void) {
    static _Thread_local char text[32];
    // `LIBTIFF, Version 4.5.0`, then a copyright.
    if (sscanf(TIFFGetVersion(), "LIBTIFF, Version %31s", text) != 1) return "unknown";
    return text;
}
