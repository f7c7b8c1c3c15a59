#include "tiff.h"
#include "rows.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tmsize_t on_read(thandle_t handle, void *bytes, tmsize_t count) {
    tiff_file *from = (tiff_file *)handle;
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
    tiff_file *from = (tiff_file *)handle;
    const toff_t base = whence == SEEK_CUR ? from->at : whence == SEEK_END ? from->size : 0;
    from->at = (size_t)(base + offset);
    return from->at;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) { return ((tiff_file *)handle)->size; }

static void say(ccodecs_report *report, const char *format, va_list values) {
    vsnprintf(report->message, sizeof report->message, format, values);
    for (char *c = report->message; *c; c++) {
        if (*c == '\n' || *c == '\r') *c = ' ';
    }
}

#if TIFFLIB_VERSION >= 20221213
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
    (void)tiff, (void)module;
    ccodecs_report *report = ((tiff_file *)user)->report;
    if (report->message[0] == 0 || report->warnings > 0) say(report, format, values);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
    (void)tiff, (void)module;
    ccodecs_report *report = ((tiff_file *)user)->report;
    // Every program has tags of its own.
    if (strstr(format, "Unknown field")) return 1;
    if (report->message[0] == 0) say(report, format, values);
    if (strstr(report->message, "remature end")) ((tiff_file *)user)->is_cut = true;
    report->warnings++;
    return 1;
}
#endif

static TIFF *open_tiff(tiff_file *from) {
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

ccodecs_status tiff_fail(const tiff_file *from, ccodecs_status status, const char *message) {
    if (from->report->message[0] == 0 || status == CCODECS_UNSUPPORTED) report_failure(from->report, status, message);
    return from->is_short && status == CCODECS_CORRUPT ? CCODECS_TRUNCATED : status;
}

static uint16_t short_field(TIFF *tiff, uint32_t tag) {
    uint16_t value = 0;
    TIFFGetFieldDefaulted(tiff, tag, &value);
    return value;
}

static void find_alpha(tiff_page *self) {
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

static ccodecs_status find_colours(tiff_page *self) {
    tiff_file *const from = self->from;
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
    case PHOTOMETRIC_CFA: return tiff_fail(from, CCODECS_UNSUPPORTED, "a raw picture of a camera");
    default: return tiff_fail(from, CCODECS_UNSUPPORTED, "colours of a kind that is not read");
    }
    if (self->samples < self->colours || self->samples > self->colours + 3) {
        return tiff_fail(from, CCODECS_UNSUPPORTED, "another number of samples a pixel than its colours have");
    }
    find_alpha(self);
    const uint16_t bits = self->bits;
    const bool is_float = self->format == SAMPLEFORMAT_IEEEFP;
    const bool is_complex = self->format == SAMPLEFORMAT_COMPLEXINT || self->format == SAMPLEFORMAT_COMPLEXIEEEFP;
    if (is_complex || !(is_float ? bits == 16 || bits == 32 || bits == 64 : (bits >= 1 && bits <= 16) || bits == 32)) {
        return tiff_fail(from, CCODECS_UNSUPPORTED, "samples of a size or kind that is not read");
    }
    if (self->photometric == PHOTOMETRIC_PALETTE && (bits > 8 || is_float)) {
        return tiff_fail(from, CCODECS_UNSUPPORTED, "a palette of more than 256 colours");
    }
    return CCODECS_OK;
}

static ccodecs_status find_blocks(tiff_page *self) {
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
        return tiff_fail(self->from, CCODECS_CORRUPT, "strips without rows");
    return CCODECS_OK;
}

ccodecs_status tiff_open(tiff_page *self, tiff_file *from, uint32_t number) {
    char text[1024];
    *self = (tiff_page){.from = from};
    memset(from->report, 0, sizeof *from->report);
    TIFF *const tiff = self->tiff = open_tiff(from);
    if (tiff == NULL) return tiff_fail(from, CCODECS_CORRUPT, "no first page");
    if (number > 0 && (number > UINT16_MAX || !TIFFSetDirectory(tiff, (tdir_t)number))) {
        snprintf(text, sizeof text, "there is no page %u, counted from 0 (views.page)", number);
        return tiff_fail(from, CCODECS_UNSUPPORTED, text);
    }
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &self->width) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &self->height) || self->width == 0 || self->height == 0 ||
        self->width > INT32_MAX || self->height > INT32_MAX) {
        return tiff_fail(from, CCODECS_CORRUPT, "no pixels, or an impossible size");
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
        return tiff_fail(from, CCODECS_UNSUPPORTED, text);
    }
    // Where the palette lies past the end of a file cut short, libtiff takes the indices for gray.
    if (from->is_short && self->photometric == PHOTOMETRIC_MINISBLACK && self->samples == 1 && self->bits <= 8) {
        return tiff_fail(from, CCODECS_TRUNCATED, "the data end within the header");
    }
    // What a camera's raw file begins with is a small copy.
    uint32_t kind = 0;
    uint16_t others = 0;
    void *offsets = NULL;
    if (number == 0 && TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind) && (kind & FILETYPE_REDUCEDIMAGE) &&
        TIFFGetField(tiff, TIFFTAG_SUBIFD, &others, &offsets) && others > 0) {
        return tiff_fail(from, CCODECS_UNSUPPORTED, "a raw picture of a camera (DNG, NEF); convert it to .jpg or .png");
    }
    const ccodecs_status status = find_colours(self);
    if (status != CCODECS_OK) return status;
    if (self->is_converted && !TIFFRGBAImageOK(tiff, text)) return tiff_fail(from, CCODECS_UNSUPPORTED, text);
    return find_blocks(self);
}

void tiff_close(tiff_page *self) {
    if (self->tiff != NULL) TIFFClose(self->tiff);
}
