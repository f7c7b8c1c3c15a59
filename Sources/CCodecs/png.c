#include "depth.h"
#include "rows.h"
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    png_structp png;
    png_infop info;
    const uint8_t *next;
    size_t left;
    ccodecs_status status;
    ccodecs_report *report;
    // The whole picture if it is interlaced.
    uint8_t *picture;
} reader;

static void say(ccodecs_report *report, const char *message) {
    snprintf(report->message, sizeof report->message, "%s", message);
}

static void fail(reader *self, ccodecs_status status, const char *message) {
    self->status = status;
    say(self->report, message);
    png_longjmp(self->png, 1);
}

static void on_error(png_structp png, png_const_charp message) {
    reader *self = png_get_error_ptr(png);
    self->png = png;
    ccodecs_status status = CCODECS_CORRUPT;
    if (strstr(message, "Not enough image data")) status = CCODECS_TRUNCATED;
    if (strstr(message, "emory")) status = CCODECS_NO_MEMORY;
    fail(self, status, message);
}

static void on_warning(png_structp png, png_const_charp message) {
    reader *self = png_get_error_ptr(png);
    if (self->report->warnings++ == 0) say(self->report, message);
}

static void on_read(png_structp png, png_bytep bytes, size_t count) {
    reader *self = png_get_io_ptr(png);
    if (count > self->left) {
        fail(self, CCODECS_TRUNCATED, "the data end within a chunk");
    }
    memcpy(bytes, self->next, count);
    self->next += count;
    self->left -= count;
}

static row_kind choose_output(reader *self, bool keeps_depth) {
    png_set_expand(self->png);
    if (keeps_depth) {
        png_set_swap(self->png);
    } else {
        png_set_strip_16(self->png);
    }
    const int passes = png_set_interlace_handling(self->png);
    (void)passes;
    png_read_update_info(self->png, self->info);
    switch (png_get_color_type(self->png, self->info)) {
    case PNG_COLOR_TYPE_GRAY: return ROW_GRAY;
    case PNG_COLOR_TYPE_GRAY_ALPHA: return ROW_GRAY_ALPHA;
    case PNG_COLOR_TYPE_RGB: return ROW_RGB;
    case PNG_COLOR_TYPE_RGB_ALPHA: return ROW_RGB_ALPHA;
    default: fail(self, CCODECS_UNSUPPORTED, "an unknown colour type");
    }
    return ROW_RGB;
}

// A row as bytes; a row with 16 bits per channel is mapped into `room`.
static const uint8_t *shallow(const depth_map *map, row_kind kind, const uint8_t *row, size_t width, uint8_t *room) {
    if (map == NULL) return row;
    const size_t channels = row_channels(kind);
    depth_bytes(map, row, width * channels, room);
    if (channels % 2 == 0) {
        for (size_t i = channels - 1; i < width * channels; i += channels) room[i] = row[2 * i + 1];
    }
    return room;
}

// With `map`, 16 bits per channel are mapped by it, or extend its range.
static void decode(reader *self, size_t size, ccodecs_scratch *scratch, const ccodecs_target *target, depth_map *map) {
    png_structp png = self->png;
    // The caller has checked the number of pixels. Chunks that do not change the pixels are skipped, so none can unpack
    // into more memory than the file has bytes.
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, size);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_read_fn(png, self, on_read);
    png_read_info(png, self->info);
    if (png_get_image_width(png, self->info) != target->width ||
        png_get_image_height(png, self->info) != target->height) {
        fail(self, CCODECS_CORRUPT, "the file has two headers of different size");
    }
    const bool interlaced = png_get_interlace_type(png, self->info) != PNG_INTERLACE_NONE;
    const row_kind kind = choose_output(self, map != NULL);
    const size_t stride = png_get_rowbytes(png, self->info), width = target->width, channels = row_channels(kind);
    if (stride != width * channels * (map ? 2 : 1)) fail(self, CCODECS_CORRUPT, "a row of unexpected length");
    const size_t colours = channels - (channels % 2 == 0);

    const bool measures = map != NULL && map->is_measuring;
    const uint32_t top = measures ? 0 : target->y;
    const uint32_t bottom = measures ? target->height : target->y + target->region_height;
    if (!scratch_reserve(scratch, stride + (map ? width * channels : 0))) {
        fail(self, CCODECS_NO_MEMORY, "not enough memory for a row");
    }
    uint8_t *const room = scratch->bytes + stride;
    if (interlaced) {
        self->picture = calloc(target->height, stride);
        if (self->picture == NULL) fail(self, CCODECS_NO_MEMORY, "not enough memory for an interlaced picture");
        for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++) {
            for (size_t y = 0; y < target->height; y++) png_read_row(png, self->picture + y * stride, NULL);
        }
    }
    for (uint32_t y = interlaced ? top : 0; y < bottom; y++) {
        const uint8_t *row = interlaced ? self->picture + y * stride : scratch->bytes;
        if (!interlaced) png_read_row(png, scratch->bytes, NULL);
        if (measures) {
            depth_measure(map, row, width, channels, colours);
        } else if (y >= top) {
            row_write(kind, shallow(map, kind, row, width, room), 0, y, target);
        }
    }
    // Checks what remains: the last data chunk's checksum.
    if (interlaced || bottom == target->height) png_read_end(png, NULL);
}

static ccodecs_status run(ccodecs_scratch *scratch, const uint8_t *data, size_t size, const ccodecs_target *target,
                          depth_map *map, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    reader self = {.next = data, .left = size, .report = report};
    self.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &self, on_error, on_warning);
    if (self.png != NULL) self.info = png_create_info_struct(self.png);
    if (self.info == NULL) {
        png_destroy_read_struct(&self.png, NULL, NULL);
        say(report, "libpng cannot start");
        return CCODECS_NO_MEMORY;
    }
    reader *const kept = &self;
    if (setjmp(png_jmpbuf(self.png)) == 0) decode(kept, size, scratch, target, map);
    free(kept->picture);
    png_destroy_read_struct(&kept->png, &kept->info, NULL);
    return kept->status;
}

ccodecs_status ccodecs_png_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report) {
    // The depth is at the same position in every file.
    const bool is_deep = target->depth != CCODECS_HIGH_BYTE && size > 24 && data[24] == 16;
    if (!is_deep) return run(scratch, data, size, target, NULL, report);
    depth_map map = depth_begin(SAMPLES_U16, 16, target);
    if (map.is_measuring) {
        const ccodecs_status status = run(scratch, data, size, target, &map, report);
        if (status != CCODECS_OK) return status;
        depth_measured(&map);
    }
    return run(scratch, data, size, target, &map, report);
}

// Reads up to the pixels; returns the profile's bytes, which are copied into `scratch`.
static size_t read_profile(reader *self, ccodecs_scratch *scratch) {
    png_structp png = self->png;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // A profile is a few kilobytes; one may unpack into more than the file has.
    png_set_chunk_malloc_max(png, 4 << 20);
    png_set_read_fn(png, self, on_read);
    png_read_info(png, self->info);
    char *name = NULL;
    int compression = 0;
    png_bytep profile = NULL;
    png_uint_32 length = 0;
    if (!png_get_iCCP(png, self->info, &name, &compression, &profile, &length)) return 0;
    if (!scratch_reserve(scratch, length)) return 0;
    memcpy(scratch->bytes, profile, length);
    return length;
}

size_t ccodecs_png_profile(ccodecs_scratch *scratch, const uint8_t *data, size_t size) {
    ccodecs_report report = {0};
    reader self = {.next = data, .left = size, .report = &report};
    volatile size_t length = 0;
    self.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &self, on_error, on_warning);
    if (self.png != NULL) self.info = png_create_info_struct(self.png);
    reader *const kept = &self;
    if (self.info != NULL && setjmp(png_jmpbuf(self.png)) == 0) length = read_profile(kept, scratch);
    png_destroy_read_struct(&kept->png, &kept->info, NULL);
    return length;
}

static png_image describe(uint32_t width, uint32_t height, uint32_t channels) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    return image;
}

size_t ccodecs_png_bound(uint32_t width, uint32_t height, uint32_t channels) {
    if (width == 0 || height == 0 || (uint64_t)width * height > (UINT32_MAX >> 3)) return 0;
    const png_image image = describe(width, height, channels);
    return PNG_IMAGE_PNG_SIZE_MAX(image);
}

ccodecs_status ccodecs_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                                  uint8_t *bytes, size_t *size, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    png_image image = describe(width, height, channels);
    png_alloc_size_t written = *size;
    // The simplified interface catches libpng's jumps itself.
    const int done = png_image_write_to_memory(&image, bytes, &written, 0, pixels, 0, NULL);
    if (!done) say(report, image.message);
    png_image_free(&image);
    *size = done ? written : 0;
    return done ? CCODECS_OK : CCODECS_CORRUPT;
}

const char *ccodecs_png_version(void) { return png_get_libpng_ver(NULL); }
