// A picture through libjpeg and back, in the caller's memory.
#include "rows.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// Rows passed to the encoder at once.
enum { ROWS = 16 };

typedef struct {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr error;
    struct jpeg_destination_mgr destination;
    jmp_buf jump;
    ccodecs_status status;
    ccodecs_report *report;
} writer;

static void fail(writer *self, ccodecs_status status, const char *message) {
    self->status = status;
    snprintf(self->report->message, sizeof self->report->message, "%s", message);
    longjmp(self->jump, 1);
}

static void on_error(j_common_ptr common) {
    writer *self = common->client_data;
    char message[JMSG_LENGTH_MAX];
    self->error.format_message(common, message);
    const bool memory = self->error.msg_code == JERR_OUT_OF_MEMORY;
    fail(self, memory ? CCODECS_NO_MEMORY : CCODECS_UNSUPPORTED, message);
}

static void on_message(j_common_ptr common, int level) {
    (void)common;
    (void)level;
}

static void destination_nothing(j_compress_ptr info) { (void)info; }

static boolean destination_full(j_compress_ptr info) {
    fail(info->client_data, CCODECS_NO_MEMORY, "the file is larger than the bound for its size");
    return FALSE;
}

static size_t file_bound(uint32_t width, uint32_t height) {
    // Like libjpeg-turbo's bound for 4:2:0: three bytes per pixel of whole blocks, and the headers.
    const size_t columns = ((size_t)width + 15) / 16 * 16;
    const size_t rows = ((size_t)height + 15) / 16 * 16;
    return columns * rows * 3 + 2048;
}

// The encoder's rows, and extra memory for the decoder's rows if the picture is narrow.
static size_t rows_size(uint32_t width) { return (size_t)width * 3 * ROWS + 512; }

static void encode(writer *self, const uint8_t *const planes[3], uint32_t width, uint32_t height, int quality,
                   uint8_t *lines) {
    struct jpeg_compress_struct *info = &self->info;
    jpeg_create_compress(info);
    info->client_data = self;
    info->dest = &self->destination;
    info->image_width = width;
    info->image_height = height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, quality, TRUE);
    jpeg_start_compress(info, TRUE);
    JSAMPROW rows[ROWS];
    for (int i = 0; i < ROWS; i++) rows[i] = lines + (size_t)i * width * 3;
    while (info->next_scanline < height) {
        const uint32_t left = height - info->next_scanline;
        const uint32_t count = left < ROWS ? left : ROWS;
        const size_t start = (size_t)info->next_scanline * width;
        for (size_t i = 0; i < (size_t)count * width; i++) {
            lines[3 * i] = planes[0][start + i];
            lines[3 * i + 1] = planes[1][start + i];
            lines[3 * i + 2] = planes[2][start + i];
        }
        jpeg_write_scanlines(info, rows, count);
    }
    jpeg_finish_compress(info);
}

size_t ccodecs_jpeg_degrade_work(uint32_t width, uint32_t height) {
    return file_bound(width, height) + rows_size(width);
}

ccodecs_status ccodecs_jpeg_degrade(uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t *work,
                                    size_t size, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    if (width == 0 || height == 0) return CCODECS_OK;
    if (size < ccodecs_jpeg_degrade_work(width, height)) return CCODECS_NO_MEMORY;
    const size_t area = (size_t)width * height;
    uint8_t *lines = work + file_bound(width, height);
    const uint8_t *const planes[3] = {pixels, pixels + area, pixels + 2 * area};

    writer self;
    memset(&self, 0, sizeof self);
    self.report = report;
    self.info.err = jpeg_std_error(&self.error);
    self.info.client_data = &self;
    self.error.error_exit = on_error;
    self.error.emit_message = on_message;
    self.destination.next_output_byte = work;
    self.destination.free_in_buffer = file_bound(width, height);
    self.destination.init_destination = destination_nothing;
    self.destination.empty_output_buffer = destination_full;
    self.destination.term_destination = destination_nothing;
    if (setjmp(self.jump) == 0) encode(&self, planes, width, height, quality, lines);
    const size_t written = file_bound(width, height) - self.destination.free_in_buffer;
    jpeg_destroy_compress(&self.info);
    if (self.status != CCODECS_OK) return self.status;

    // The decoder's rows fit in the encoder's, and libjpeg alone keeps no tables, so that nothing is left to free.
    ccodecs_scratch scratch = {.bytes = lines, .capacity = rows_size(width), .reference = true};
    ccodecs_target target = {
        .width = width,
        .height = height,
        .shrink = 1,
        .region_width = width,
        .region_height = height,
        .planes = {pixels, pixels + area, pixels + 2 * area},
    };
    return ccodecs_jpeg_decode(&scratch, work, written, &target, report);
}
