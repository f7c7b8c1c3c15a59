#include "agreement.h"
#include "CCodecs.h"
#include "reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// libjpeg-turbo 3 added members to structures of version 2. The only sign of the running version is its new functions.
extern char version_3_function __asm__("jpeg12_read_scanlines") __attribute__((weak));

enum { SIDE = 48 };

static bool is_of_the_same_major_version(void) {
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
    return (&version_3_function != NULL) == (LIBJPEG_TURBO_VERSION_NUMBER >= 3000000);
#else
    return false;
#endif
}

// A picture of gradients and noise with colour at half resolution, as in most photographs.
static unsigned char *encode(unsigned long *size) {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr error;
    info.err = jpeg_std_error(&error);
    jpeg_create_compress(&info);
    unsigned char *bytes = NULL;
    jpeg_mem_dest(&info, &bytes, size);
    info.image_width = info.image_height = SIDE;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_start_compress(&info, TRUE);
    uint32_t state = 1;
    for (int y = 0; y < SIDE; y++) {
        JSAMPLE row[SIDE * 3];
        for (int x = 0; x < SIDE * 3; x++) {
            state = state * 1664525u + 1013904223u;
            row[x] = (JSAMPLE)(x + 2 * y + (state >> 27));
        }
        JSAMPROW rows[] = {row};
        jpeg_write_scanlines(&info, rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return bytes;
}

static bool decodes(const unsigned char *data, unsigned long size, bool own, uint8_t pixels[3][SIDE * SIDE]) {
    ccodecs_scratch scratch = {0};
    ccodecs_report report;
    const ccodecs_target target = {.width = SIDE, .height = SIDE, .shrink = 1, .region_width = SIDE,
                                   .region_height = SIDE, .planes = {pixels[0], pixels[1], pixels[2]}};
    const bool done = jpeg_decode(&scratch, data, size, &target, own, &report) == CCODECS_OK;
    ccodecs_scratch_free(&scratch);
    return done;
}

static bool agrees;

static void look(void) {
    if (!is_of_the_same_major_version()) return;
    static uint8_t own[3][SIDE * SIDE], library[3][SIDE * SIDE];
    unsigned long size = 0;
    unsigned char *data = encode(&size);
    agrees = decodes(data, size, false, library) && decodes(data, size, true, own)
        && memcmp(own, library, sizeof own) == 0;
    free(data);
}

bool jpeg_agrees(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look);
    return agrees;
}

bool ccodecs_jpeg_is_hooked(void) { return jpeg_agrees(); }
