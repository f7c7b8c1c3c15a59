#include "huffman.h"
#include "agreement.h"
#include "planar.h"
#include "reader.h"
#include "rows.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// Far more than any encoder writes. Tiny scans over a large picture could otherwise keep the decoder busy for minutes.
enum { MAXIMUM_SCANS = 500 };

// Rows requested at once: libjpeg delivers at most its largest vertical sampling factor, which is 4.
enum { ROWS = 4 };

typedef struct {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr error;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    // Where execution continues if our own entropy decoder gives up; whether it and our own colour conversion may be
    // used.
    jmp_buf retry;
    bool own_entropy, own_color;
    ccodecs_status status;
    ccodecs_report *report;
    // The library asked for more than the file holds.
    bool exhausted;
} reader;

static void fail(reader *self, ccodecs_status status, const char *message) {
    self->status = status;
    snprintf(self->report->message, sizeof self->report->message, "%s", message);
    longjmp(self->jump, 1);
}

static void note(reader *self, const char *warning) {
    if (self->report->warnings++ == 0) {
        snprintf(self->report->message, sizeof self->report->message, "%s", warning);
    }
}

static ccodecs_status status_of(int code) {
    switch (code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE: return CCODECS_NO_MEMORY;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED: return CCODECS_UNSUPPORTED;
    default: return CCODECS_CORRUPT;
    }
}

static void on_error(j_common_ptr common) {
    reader *self = common->client_data;
    char message[JMSG_LENGTH_MAX];
    self->error.format_message(common, message);
    fail(self, self->exhausted ? CCODECS_TRUNCATED : status_of(self->error.msg_code), message);
}

static void on_message(j_common_ptr common, int level) {
    if (level >= 0) return;
    reader *self = common->client_data;
    char message[JMSG_LENGTH_MAX];
    self->error.format_message(common, message);
    if (self->error.msg_code == JWRN_HIT_MARKER) {
        // The entropy decoder has no bits left for a block, so the rest would be gray. Before a restart marker the data
        // are damaged, since the rest of the file is there; else the picture ends here.
        const int marker = self->info.unread_marker;
        const bool restart = marker >= JPEG_RST0 && marker <= JPEG_RST0 + 7;
        fail(self, restart && !self->exhausted ? CCODECS_CORRUPT : CCODECS_TRUNCATED, message);
    }
    note(self, message);
}

static void on_progress(j_common_ptr common) {
    reader *self = common->client_data;
    if (self->info.input_scan_number > MAXIMUM_SCANS) {
        fail(self, CCODECS_CORRUPT, "more than 500 scans, which no encoder writes");
    }
}

static void source_nothing(j_decompress_ptr info) { (void)info; }

// Past the end, the source returns end-of-image markers, so that the library finishes.
static boolean source_fill(j_decompress_ptr info) {
    static const JOCTET end[] = {0xFF, JPEG_EOI};
    ((reader *)info->client_data)->exhausted = true;
    info->src->next_input_byte = end;
    info->src->bytes_in_buffer = sizeof end;
    return TRUE;
}

static void source_skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    if ((size_t)count > info->src->bytes_in_buffer) {
        source_fill(info);
    } else {
        info->src->next_input_byte += count;
        info->src->bytes_in_buffer -= (size_t)count;
    }
}

// Whether every coefficient has arrived at full precision. Otherwise libjpeg smooths block borders.
static bool is_refined(const reader *self) {
    if (self->info.coef_bits == NULL) return true;
    for (int component = 0; component < self->info.num_components; component++) {
        for (int k = 0; k < DCTSIZE2; k++) {
            if (self->info.coef_bits[component][k] != 0) return false;
        }
    }
    return true;
}

// Rejects a file whose scans leave pixels undefined. All scans have been read by now.
static void check_scans(reader *self) {
    for (int component = 0; component < self->info.num_components; component++) {
        const bool unseen = self->info.comp_info[component].quant_table == NULL;
        const bool flat = self->info.coef_bits != NULL && self->info.coef_bits[component][0] < 0;
        if (unseen || flat) fail(self, CCODECS_TRUNCATED, "a colour component has no data");
    }
    if (is_refined(self)) {
        if (self->exhausted) note(self, "no end-of-image marker");
        return;
    }
    if (self->exhausted) fail(self, CCODECS_TRUNCATED, "the last scans are missing");
    note(self, "the encoder did not write the last scans");
}

// Whether an end-of-image marker follows in data that the library has not read yet.
static bool has_end(const reader *self) {
    const uint8_t *bytes = self->source.next_input_byte;
    for (size_t i = self->source.bytes_in_buffer; i >= 2; i--) {
        if (bytes[i - 1] == JPEG_EOI && bytes[i - 2] == 0xFF) return true;
    }
    return false;
}

static row_kind choose_output(reader *self) {
    switch (self->info.jpeg_color_space) {
    case JCS_GRAYSCALE:
        self->info.out_color_space = JCS_GRAYSCALE;
        return ROW_GRAY;
    case JCS_CMYK:
    case JCS_YCCK:
        self->info.out_color_space = JCS_CMYK;
        return ROW_INVERTED_CMYK;
    case JCS_YCbCr:
    case JCS_RGB:
        self->info.out_color_space = JCS_RGB;
        return ROW_RGB;
    default: fail(self, CCODECS_UNSUPPORTED, "the number of colour components is neither 1, 3 nor 4");
    }
    return ROW_RGB;
}

// Skips columns and rows that are not needed. Returns the first column of the rows to come.
//
// Upsampling reads a neighbouring sample on each side, and treats the edge of the decoded part as the edge of the
// picture. A margin of one block on every side makes the region equal to that of a full decode.
static uint32_t narrow(reader *self, const ccodecs_target *target) {
    struct jpeg_decompress_struct *info = &self->info;
    const uint32_t block_width = (uint32_t)(info->max_h_samp_factor * DCTSIZE);
    const uint32_t block_height = (uint32_t)(info->max_v_samp_factor * DCTSIZE);
    uint32_t left = target->x / block_width * block_width;
    left = left < block_width ? 0 : left - block_width;
    const uint64_t wanted = ((uint64_t)target->x + target->region_width + block_width - 1) / block_width * block_width;
    const uint64_t right = wanted + block_width < info->output_width ? wanted + block_width : info->output_width;
    JDIMENSION origin = left;
    if (left > 0 || right < info->output_width) {
        JDIMENSION width = (JDIMENSION)(right - left);
        jpeg_crop_scanline(info, &origin, &width);
    }
    const uint32_t top = target->y / block_height * block_height;
    if (top > block_height) jpeg_skip_scanlines(info, top - block_height);
    return origin;
}

// The target of libjpeg's rows: memory, or descriptions of their positions in the planes.
typedef struct {
    JSAMPROW rows[ROWS];
    planar_row places[ROWS];
    bool planar;
} lines;

static void make_lines(reader *self, lines *lines, ccodecs_scratch *scratch, row_kind kind) {
    lines->planar = self->own_color && planar_install(&self->info);
    if (lines->planar) {
        for (int i = 0; i < ROWS; i++) lines->rows[i] = (JSAMPROW)(void *)&lines->places[i];
        return;
    }
    // libjpeg-turbo writes an aligned row past the caches, so reading it again would be slow.
    const size_t stride = ((size_t)self->info.output_width * row_channels(kind) + 63) / 32 * 32;
    if (!scratch_reserve(scratch, stride * ROWS + 64)) fail(self, CCODECS_NO_MEMORY, "not enough memory for a row");
    uint8_t *const first = scratch->bytes + (32 - (uintptr_t)scratch->bytes % 32) + 1;
    for (int i = 0; i < ROWS; i++) lines->rows[i] = first + (size_t)i * stride;
}

// Directs the rows from `y` to their positions in the planes; other rows are discarded.
static void aim(lines *lines, uint32_t y, uint32_t origin, const ccodecs_target *target) {
    if (!lines->planar) return;
    for (uint32_t i = 0; i < ROWS; i++) {
        const bool wanted = y + i >= target->y && y + i - target->y < target->region_height;
        const size_t offset = wanted ? (size_t)(y + i - target->y) * target->region_width : 0;
        planar_row *place = &lines->places[i];
        for (int channel = 0; channel < 3; channel++) place->planes[channel] = target->planes[channel] + offset;
        place->first = target->x - origin;
        place->count = wanted ? target->region_width : 0;
    }
}

static void decode(reader *self, ccodecs_scratch *scratch, const ccodecs_target *target) {
    struct jpeg_decompress_struct *info = &self->info;
    jpeg_create_decompress(info);
    info->client_data = self;
    info->src = &self->source;
    info->progress = &self->progress;
    jpeg_read_header(info, TRUE);
    if (info->image_width != target->width || info->image_height != target->height) {
        fail(self, CCODECS_CORRUPT, "the file has two frame headers of different size");
    }
    const row_kind kind = choose_output(self);
    info->dct_method = JDCT_ISLOW;
    info->do_fancy_upsampling = TRUE;
    info->scale_num = DCTSIZE / target->shrink;
    info->scale_denom = DCTSIZE;
    jpeg_start_decompress(info);

    const bool multiple = jpeg_has_multiple_scans(info);
    const bool ended = multiple || has_end(self);
    if (multiple) check_scans(self);
    if (ended && self->own_entropy) huffman_install(info, scratch, &self->retry);
    const uint32_t origin = is_refined(self) ? narrow(self, target) : 0;

    lines lines;
    make_lines(self, &lines, scratch, kind);
    const uint32_t bottom = target->y + target->region_height;
    while (info->output_scanline < bottom) {
        const uint32_t y = info->output_scanline;
        aim(&lines, y, origin, target);
        const JDIMENSION count = jpeg_read_scanlines(info, lines.rows, ROWS);
        if (count == 0) fail(self, CCODECS_CORRUPT, "the decoder delivers no rows");
        if (lines.planar) continue;
        for (JDIMENSION i = 0; i < count; i++) row_write(kind, lines.rows[i], origin, y + i, target);
    }
    if (!ended) {
        // Skipping to the very end would leave the data unread, so the last row is read.
        if (info->output_scanline + 1 < info->output_height) {
            jpeg_skip_scanlines(info, info->output_height - 1 - info->output_scanline);
        }
        aim(&lines, bottom, origin, target);
        while (info->output_scanline < info->output_height) jpeg_read_scanlines(info, lines.rows, 1);
        // Arithmetic coding continues with zeros past the end and cannot detect missing data.
        if (info->arith_code) fail(self, CCODECS_TRUNCATED, "no end-of-image marker");
        note(self, "no end-of-image marker");
    }
}

static void prepare(reader *self, const uint8_t *data, size_t size, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    memset(self, 0, sizeof *self);
    self->report = report;
    self->info.err = jpeg_std_error(&self->error);
    self->info.client_data = self;
    self->error.error_exit = on_error;
    self->error.emit_message = on_message;
    self->progress.progress_monitor = on_progress;
    self->source.next_input_byte = data;
    self->source.bytes_in_buffer = size;
    self->source.init_source = source_nothing;
    self->source.fill_input_buffer = source_fill;
    self->source.skip_input_data = source_skip;
    self->source.resync_to_restart = jpeg_resync_to_restart;
    self->source.term_source = source_nothing;
}

ccodecs_status ccodecs_jpeg_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report) {
    return jpeg_decode(scratch, data, size, target, !scratch->reference && jpeg_agrees(), report);
}

ccodecs_status jpeg_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size, const ccodecs_target *target,
                           bool own, ccodecs_report *report) {
    // A separate context for each file costs a microsecond, and cannot inherit tables from the previous file.
    reader self;
    prepare(&self, data, size, report);
    self.own_entropy = self.own_color = own;
    if (setjmp(self.retry) != 0) {
        jpeg_destroy_decompress(&self.info);
        prepare(&self, data, size, report);
        self.own_color = own;
    }
    if (setjmp(self.jump) == 0) decode(&self, scratch, target);
    jpeg_destroy_decompress(&self.info);
    return self.status;
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *ccodecs_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
    return TEXT(LIBJPEG_TURBO_VERSION);
#else
    return TEXT(JPEG_LIB_VERSION);
#endif
}
