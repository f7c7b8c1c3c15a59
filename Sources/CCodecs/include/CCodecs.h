// libjpeg-turbo, libpng and, where the build finds it, libwebp behind status codes: their setjmp error handling ends in this module.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How a call ended. Anything but `CCODECS_OK` comes with a message.
typedef enum {
    CCODECS_OK,
    /// The data end before the picture does.
    CCODECS_TRUNCATED,
    /// The data contradict the format.
    CCODECS_CORRUPT,
    /// A kind of the format that the library does not read.
    CCODECS_UNSUPPORTED,
    /// Memory ran out.
    CCODECS_NO_MEMORY,
} ccodecs_status;

/// What a call has to say beside its status.
typedef struct {
    /// Warnings of the library that did not end the call.
    uint32_t warnings;
    /// The error where there is one, else the first warning, else empty; ends with a zero.
    char message[232];
} ccodecs_report;

/// Memory for rows and tables that is kept from one file to the next and only grows; zero-initialise it, then free it once.
typedef struct {
    uint8_t *bytes;
    size_t capacity;
    void *huffman;
    /// Whether JPEG is left to libjpeg alone, as tests do that compare our own entropy decoder and colour conversion.
    bool reference;
} ccodecs_scratch;

/// Frees what `scratch` holds.
void ccodecs_scratch_free(ccodecs_scratch *scratch);

/// What to decode and where to.
typedef struct {
    /// The extent that the caller read from the file's header; the library must agree.
    uint32_t width, height;
    /// How many of the picture's pixels along each side become one: 1, or for JPEG also 2, 4 or 8.
    uint32_t shrink;
    /// The part that is wanted, in pixels of the shrunken picture, whose extent is rounded up; not empty.
    uint32_t x, y, region_width, region_height;
    /// The planes of that part, `region_width` bytes a row without padding.
    uint8_t *planes[3];
    /// What alpha is composited on: red, green, blue.
    uint8_t background[3];
} ccodecs_target;

/// Decodes a part of a JPEG file, to the same pixels that decoding the whole of it gives.
///
/// Rows below the part are looked at only where the data lack an end-of-image marker, to find out whether pixels are
/// missing. Entropy-coded data that end early are an error; every other warning of the library is counted.
ccodecs_status ccodecs_jpeg_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report);

/// Decodes a part of a PNG file: 16 bits keep the high byte, alpha is composited, colour chunks are ignored.
ccodecs_status ccodecs_png_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report);

/// What a WebP file says of itself.
typedef struct {
    uint32_t width, height;
    bool alpha, animated;
} ccodecs_webp_facts;

/// Reads a WebP file's facts. Without libwebp at build time this and decoding end as `CCODECS_UNSUPPORTED`.
ccodecs_status ccodecs_webp_header(const uint8_t *data, size_t size, ccodecs_webp_facts *facts,
                                   ccodecs_report *report);

/// Decodes a part of a WebP file by way of the whole picture, for which `scratch` grows; alpha is composited.
ccodecs_status ccodecs_webp_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report);

/// Copies a part of an uncompressed picture of 1 (gray) or 3 (RGB) interleaved channels, 8 bits each, without padding.
/// `pixels` hold `width` by `height` of them.
void ccodecs_rows_decode(const uint8_t *pixels, uint32_t channels, const ccodecs_target *target);

/// Interleaves three planes of `count` bytes each, which follow one another.
void ccodecs_interleave(const uint8_t *planes, size_t count, uint8_t *pixels);

/// The most bytes that `ccodecs_png_encode` writes for such a picture; 0 where it is too large for PNG.
size_t ccodecs_png_bound(uint32_t width, uint32_t height, uint32_t channels);

/// Encodes interleaved pixels of 1 (gray) or 3 (RGB) channels as PNG. `size` is the room in `bytes` and becomes the
/// number of bytes written.
ccodecs_status ccodecs_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                                  uint8_t *bytes, size_t *size, ccodecs_report *report);

/// Bytes of memory that `ccodecs_jpeg_degrade` needs for such a picture.
size_t ccodecs_jpeg_degrade_work(uint32_t width, uint32_t height);

/// Encodes a picture as baseline JPEG with colours at half the resolution, and decodes it again, in place.
///
/// `pixels` are three planes without padding, `quality` is 1...100, `work` has `size` bytes, enough by
/// `ccodecs_jpeg_degrade_work`. Where encoding fails, as with more than 65500 pixels a side, the pixels stay.
ccodecs_status ccodecs_jpeg_degrade(uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t *work,
                                    size_t size, ccodecs_report *report);

/// The version of libjpeg-turbo that this was built with, as in `2.1.5`.
const char *ccodecs_jpeg_version(void);

/// Whether our own entropy decoder and colour conversion take libjpeg's places: the library that runs is laid out as the
/// headers said. Else libjpeg decodes alone, to the same pixels.
bool ccodecs_jpeg_is_hooked(void);

/// The version of libpng that is running, as in `1.6.39`.
const char *ccodecs_png_version(void);

/// The version of libwebp that is running, as in `1.2.4`; null where this was built without.
const char *ccodecs_webp_version(void);
