#include "depth.h"
#include "rows.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

// TIFF by libtiff, a strip or a row of tiles at a time. What is neither gray, RGB, palette nor CMYK (YCbCr that is no
// JPEG, CIELab, LogLuv) goes by way of libtiff's own conversion of the whole picture.

typedef struct {
    const uint8_t *data;
    size_t size, at;
    ccodecs_report *report;
    /// Whether the data end before what was asked for; whether a picture was decoded of which a part is missing.
    bool is_short, is_cut;
} reader;

typedef struct {
    TIFF *tiff;
    reader *from;
    uint32_t width, height;
    uint16_t bits, samples, photometric, planar, format, compression, orientation;
    /// Samples that are colour: 1, 3 or 4; where alpha follows them, and whether colours are multiplied by it.
    uint16_t colours;
    bool has_alpha, is_multiplied;
    /// Whether libtiff converts the picture.
    bool is_converted;
    /// A strip or a tile.
    bool is_tiled;
    uint32_t block_width, block_height;
} page;

// The most that one block may take, and what any tile may.
static const uint64_t largest_block = (uint64_t)2 << 30, usual_block = (uint64_t)64 << 20;

static tmsize_t on_read(thandle_t handle, void *bytes, tmsize_t count) {
    reader *from = (reader *)handle;
    const size_t left = from->at < from->size ? from->size - from->at : 0;
    const size_t taken = (size_t)count < left ? (size_t)count : left;
    if (taken < (size_t)count) from->is_short = true;
    memcpy(bytes, from->data + (taken > 0 ? from->at : 0), taken);
    from->at += taken;
    return (tmsize_t)taken;
}

static tmsize_t on_write(thandle_t handle, void *bytes, tmsize_t count) {
    (void)handle, (void)bytes, (void)count;
    return 0;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    reader *from = (reader *)handle;
    const toff_t base = whence == SEEK_CUR ? from->at : whence == SEEK_END ? from->size : 0;
    from->at = (size_t)(base + offset);
    return from->at;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) { return ((reader *)handle)->size; }

static void say(ccodecs_report *report, const char *format, va_list values) {
    vsnprintf(report->message, sizeof report->message, format, values);
    for (char *c = report->message; *c; c++) {
        if (*c == '\n' || *c == '\r') *c = ' ';
    }
}

#if TIFFLIB_VERSION >= 20221213
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
    (void)tiff, (void)module;
    ccodecs_report *report = ((reader *)user)->report;
    if (report->message[0] == 0 || report->warnings > 0) say(report, format, values);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
    (void)tiff, (void)module;
    ccodecs_report *report = ((reader *)user)->report;
    // Every program has tags of its own.
    if (strstr(format, "Unknown field")) return 1;
    if (report->message[0] == 0) say(report, format, values);
    if (strstr(report->message, "remature end")) ((reader *)user)->is_cut = true;
    report->warnings++;
    return 1;
}
#endif

static TIFF *open_tiff(reader *from) {
#if TIFFLIB_VERSION >= 20221213
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) return NULL;
    // What a header claims is no reason to take memory.
    const size_t limit = (size_t)256 << 20;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(from->size > limit ? from->size : limit));
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, from);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, from);
    TIFF *tiff = TIFFClientOpenExt("", "rm", from, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
#else
    // These are the process's, and it has no other use of libtiff.
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    return TIFFClientOpen("", "rm", from, on_read, on_write, on_seek, on_close, on_size, NULL, NULL);
#endif
}

static ccodecs_status fail(const reader *from, ccodecs_status status, const char *message) {
    if (from->report->message[0] == 0 || status == CCODECS_UNSUPPORTED) report_failure(from->report, status, message);
    return from->is_short && status == CCODECS_CORRUPT ? CCODECS_TRUNCATED : status;
}

static uint16_t short_field(TIFF *tiff, uint32_t tag) {
    uint16_t value = 0;
    TIFFGetFieldDefaulted(tiff, tag, &value);
    return value;
}

static void find_alpha(page *self) {
    uint16_t count = 0, *kinds = NULL;
    if (self->samples <= self->colours) return;
    if (TIFFGetField(self->tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) && count > 0) {
        self->has_alpha = kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA;
        self->is_multiplied = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    } else {
        // A fourth sample of RGB that nothing is said of is alpha.
        self->has_alpha = self->colours == 3 && self->samples == 4;
    }
    // Of CMYK it is ignored.
    if (self->colours == 4) self->has_alpha = false;
}

static ccodecs_status find_colours(page *self) {
    reader *const from = self->from;
    switch (self->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE: self->colours = 1; break;
    case PHOTOMETRIC_RGB: self->colours = 3; break;
    case PHOTOMETRIC_SEPARATED: self->colours = 4; break;
    case PHOTOMETRIC_YCBCR:
        if (self->compression == COMPRESSION_JPEG && self->planar == PLANARCONFIG_CONTIG) {
            TIFFSetField(self->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
            self->colours = 3;
            break;
        }
        self->is_converted = true;
        return CCODECS_OK;
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV: self->is_converted = true; return CCODECS_OK;
    case PHOTOMETRIC_CFA: return fail(from, CCODECS_UNSUPPORTED, "a raw picture of a camera");
    default: return fail(from, CCODECS_UNSUPPORTED, "colours of a kind that is not read");
    }
    if (self->samples < self->colours || self->samples > self->colours + 3) {
        return fail(from, CCODECS_UNSUPPORTED, "another number of samples a pixel than its colours have");
    }
    find_alpha(self);
    const uint16_t bits = self->bits;
    const bool is_float = self->format == SAMPLEFORMAT_IEEEFP;
    const bool is_complex = self->format == SAMPLEFORMAT_COMPLEXINT || self->format == SAMPLEFORMAT_COMPLEXIEEEFP;
    if (is_complex || !(is_float ? bits == 16 || bits == 32 || bits == 64 : (bits >= 1 && bits <= 16) || bits == 32)) {
        return fail(from, CCODECS_UNSUPPORTED, "samples of a size or kind that is not read");
    }
    if (self->photometric == PHOTOMETRIC_PALETTE && (bits > 8 || is_float)) {
        return fail(from, CCODECS_UNSUPPORTED, "a palette of more than 256 colours");
    }
    return CCODECS_OK;
}

static ccodecs_status find_blocks(page *self) {
    TIFF *const tiff = self->tiff;
    self->is_tiled = TIFFIsTiled(tiff) != 0;
    if (self->is_tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &self->block_width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &self->block_height);
    } else {
        self->block_width = self->width;
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &self->block_height);
        if (self->block_height > self->height) self->block_height = self->height;
    }
    if (self->block_width == 0 || self->block_height == 0)
        return fail(self->from, CCODECS_CORRUPT, "strips without rows");
    return CCODECS_OK;
}

static ccodecs_status open_page(page *self, reader *from, uint32_t number) {
    char text[1024];
    *self = (page){.from = from};
    memset(from->report, 0, sizeof *from->report);
    TIFF *const tiff = self->tiff = open_tiff(from);
    if (tiff == NULL) return fail(from, CCODECS_CORRUPT, "no first page");
    if (number > 0 && (number > UINT16_MAX || !TIFFSetDirectory(tiff, (tdir_t)number))) {
        snprintf(text, sizeof text, "there is no page %u, counted from 0 (views.page)", number);
        return fail(from, CCODECS_UNSUPPORTED, text);
    }
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &self->width) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &self->height) || self->width == 0 || self->height == 0 ||
        self->width > INT32_MAX || self->height > INT32_MAX) {
        return fail(from, CCODECS_CORRUPT, "no pixels, or an impossible size");
    }
    self->bits = short_field(tiff, TIFFTAG_BITSPERSAMPLE);
    self->samples = short_field(tiff, TIFFTAG_SAMPLESPERPIXEL);
    self->planar = short_field(tiff, TIFFTAG_PLANARCONFIG);
    self->format = short_field(tiff, TIFFTAG_SAMPLEFORMAT);
    self->compression = short_field(tiff, TIFFTAG_COMPRESSION);
    self->orientation = short_field(tiff, TIFFTAG_ORIENTATION);
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &self->photometric)) self->photometric = PHOTOMETRIC_MINISBLACK;
    if (!TIFFIsCODECConfigured(self->compression)) {
        snprintf(text, sizeof text, "compression %u, which libtiff does not read here", self->compression);
        return fail(from, CCODECS_UNSUPPORTED, text);
    }
    // Where the palette lies past the end of a file cut short, libtiff takes the indices for gray.
    if (from->is_short && self->photometric == PHOTOMETRIC_MINISBLACK && self->samples == 1 && self->bits <= 8) {
        return fail(from, CCODECS_TRUNCATED, "the data end within the header");
    }
    const ccodecs_status status = find_colours(self);
    if (status != CCODECS_OK) return status;
    if (self->is_converted && !TIFFRGBAImageOK(tiff, text)) return fail(from, CCODECS_UNSUPPORTED, text);
    return find_blocks(self);
}

static void close_page(page *self) {
    if (self->tiff != NULL) TIFFClose(self->tiff);
}

static bool is_deep(const page *self) { return self->bits > 8 && !self->is_converted; }

static samples_type type_of(const page *self) {
    const bool is_signed = self->format == SAMPLEFORMAT_INT;
    if (self->format == SAMPLEFORMAT_IEEEFP) return self->bits == 64 ? SAMPLES_F64 : SAMPLES_F32;
    if (self->bits == 32) return is_signed ? SAMPLES_I32 : SAMPLES_U32;
    return is_signed && self->bits == 16 ? SAMPLES_I16 : SAMPLES_U16;
}

ccodecs_status ccodecs_tiff_header(const uint8_t *data, size_t size, uint32_t number, ccodecs_facts *facts,
                                   ccodecs_report *report) {
    reader from = {.data = data, .size = size, .report = report};
    page self;
    const ccodecs_status status = open_page(&self, &from, number);
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
    close_page(&self);
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
static void spread(const page *self, const uint8_t *row, size_t count, size_t step, uint8_t *to) {
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
} band;

// Decodes the blocks from `into->y` on into `into->samples`; `block` has room for one.
static ccodecs_status read_band(const page *self, band *into, uint8_t *block) {
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
            if (read < 0) return fail(self->from, CCODECS_CORRUPT, "a strip or tile cannot be decoded");
            if (read < size) {
                self->from->is_short = true;
                return fail(self->from, CCODECS_CORRUPT, "a strip or tile ends before its last row");
            }
            const uint32_t end = into->x + into->width;
            const size_t count = (end - x < self->block_width ? end - x : self->block_width) * channels;
            for (uint32_t row = 0; row < into->rows; row++) {
                const size_t place = ((size_t)row * into->width + (x - into->x)) * self->samples + plane;
                spread(self, block + row * line, count, is_separate ? self->samples : 1,
                       into->samples + place * into->sample_size);
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

static ccodecs_status prepare(const page *self, colouring *with) {
    const uint32_t largest = (1u << (self->bits < 8 ? self->bits : 8)) - 1;
    for (uint32_t i = 0; i < 256; i++) {
        const uint32_t level = i >= largest ? 255 : (i * 510 + largest) / (2 * largest);
        with->levels[i] = (uint8_t)(self->photometric == PHOTOMETRIC_MINISWHITE ? 255 - level : level);
    }
    if (self->photometric != PHOTOMETRIC_PALETTE) return CCODECS_OK;
    uint16_t *maps[3] = {NULL, NULL, NULL};
    if (!TIFFGetField(self->tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2])) {
        return fail(self->from, CCODECS_CORRUPT, "no palette");
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

// A row of samples as `ROW_...` pixels in `to`; `bytes` has room for the samples as bytes.
static row_kind colour_row(const page *self, const colouring *with, const uint8_t *row, size_t width, uint8_t *bytes,
                           uint8_t *to) {
    const size_t samples = self->samples, colours = self->colours;
    const uint8_t *from = row;
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
    for (size_t x = 0; x < width; x++) {
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
static ccodecs_status read_rows(const page *self, ccodecs_scratch *scratch, const ccodecs_target *target,
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
        return fail(self->from, CCODECS_CORRUPT, "strips or tiles of an impossible size");
    }
    // A tile is decoded as a whole, and padded: without this a file of a hundred bytes has each thread fill gigabytes.
    const uint64_t pixel = (uint64_t)self->samples * ((self->bits + 7u) / 8);
    if (self->is_tiled && block > usual_block && block / 4 / pixel > (uint64_t)self->width * self->height) {
        return fail(self->from, CCODECS_UNSUPPORTED, "tiles that are far larger than the picture");
    }
    const uint64_t row = (uint64_t)area.width * self->samples * area.sample_size;
    const uint64_t band_size = row * (self->block_height < self->height ? self->block_height : self->height);
    const uint64_t room = (uint64_t)area.width * (self->samples + 4);
    const uint64_t start = (block + 15) / 16 * 16, end = (start + band_size + 15) / 16 * 16;
    if (end + room > 2 * largest_block || !scratch_reserve(scratch, end + room)) {
        return fail(self->from, CCODECS_NO_MEMORY, "not enough memory for its strips or tiles");
    }
    uint8_t *const bytes = scratch->bytes + end, *const pixels = bytes + (size_t)area.width * self->samples;
    for (uint32_t y = top / self->block_height * self->block_height; y < bottom; y += self->block_height) {
        area.y = y;
        area.rows = bottom - y < self->block_height ? bottom - y : self->block_height;
        area.samples = scratch->bytes + start;
        const ccodecs_status status = read_band(self, &area, scratch->bytes);
        if (status != CCODECS_OK) return status;
        for (uint32_t i = 0; i < area.rows; i++) {
            const uint8_t *const from = area.samples + i * row;
            if (measures) {
                depth_measure(&with->map, from, area.width, self->samples, self->colours);
            } else if (y + i >= top) {
                const row_kind kind = colour_row(self, with, from, area.width, bytes, pixels);
                row_write(kind, pixels, area.x, y + i, target);
            }
        }
    }
    return CCODECS_OK;
}

// libtiff's own conversion, of the whole picture.
static ccodecs_status convert(const page *self, ccodecs_scratch *scratch, const ccodecs_target *target) {
    char text[1024];
    TIFFRGBAImage image;
    const size_t bytes = (size_t)self->width * self->height * 4;
    if (!scratch_reserve(scratch, bytes))
        return fail(self->from, CCODECS_NO_MEMORY, "not enough memory for the picture");
    memset(scratch->bytes, 0, bytes);
    if (!TIFFRGBAImageBegin(&image, self->tiff, 1, text)) return fail(self->from, CCODECS_UNSUPPORTED, text);
    // The caller turns the picture.
    image.req_orientation = image.orientation;
    const int done = TIFFRGBAImageGet(&image, (uint32_t *)scratch->bytes, self->width, self->height);
    TIFFRGBAImageEnd(&image);
    if (!done) return fail(self->from, CCODECS_CORRUPT, "it cannot be converted");
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

static ccodecs_status decode(page *self, ccodecs_scratch *scratch, const ccodecs_target *target) {
    if (self->width != target->width || self->height != target->height) {
        return fail(self->from, CCODECS_CORRUPT, "the page has another size than its header");
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
    reader from = {.data = data, .size = size, .report = report};
    page self;
    ccodecs_status status = open_page(&self, &from, target->page);
    // Only what comes from the pixels counts.
    from.is_short = false;
    if (status == CCODECS_OK) status = decode(&self, scratch, target);
    close_page(&self);
    return status;
}

size_t ccodecs_tiff_profile(ccodecs_scratch *scratch, const uint8_t *data, size_t size, uint32_t number) {
    ccodecs_report report;
    reader from = {.data = data, .size = size, .report = &report};
    page self;
    uint32_t length = 0;
    void *profile = NULL;
    const ccodecs_status status = open_page(&self, &from, number);
    const bool is_found = status == CCODECS_OK && TIFFGetField(self.tiff, TIFFTAG_ICCPROFILE, &length, &profile);
    const size_t copied = is_found && scratch_reserve(scratch, length) ? length : 0;
    if (copied > 0) memcpy(scratch->bytes, profile, copied);
    close_page(&self);
    return copied;
}

const char *ccodecs_tiff_version(void) {
    static _Thread_local char text[32];
    // `LIBTIFF, Version 4.5.0`, then a copyright.
    if (sscanf(TIFFGetVersion(), "LIBTIFF, Version %31s", text) != 1) return "unknown";
    return text;
}
