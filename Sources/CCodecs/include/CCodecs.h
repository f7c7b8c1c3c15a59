// Image formats behind status codes: the error handling of libjpeg-turbo, libpng and the other libraries ends in this
// module.
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

/// The warnings and the message of a call.
typedef struct {
    /// Warnings of the library that did not end the call.
    uint32_t warnings;
    /// The error if there is one, else the first warning, else empty; ends with a zero.
    char message[232];
} ccodecs_report;

/// Memory for rows and tables that is kept from one file to the next and only grows; zero-initialise it, then free it
/// once.
typedef struct {
    uint8_t *bytes;
    size_t capacity;
    void *huffman;
    /// Whether libjpeg alone decodes JPEG, for tests that compare it with our own entropy decoder and colour
    /// conversion.
    bool reference;
} ccodecs_scratch;

/// Frees what `scratch` holds.
void ccodecs_scratch_free(ccodecs_scratch *scratch);

/// The facts in a file's header, known before any pixel is decoded.
typedef struct {
    uint32_t width, height;
    /// Bits of a stored sample.
    uint32_t bits;
    /// EXIF's orientation, 1...8; 0 if unknown.
    uint32_t orientation;
    /// Whether pixels may be transparent.
    bool alpha;
    /// Whether samples are floats, signed, or of more than 16 bits, and therefore have no high byte.
    bool ranged;
    /// Whether more pictures follow the one that is read.
    bool several;
} ccodecs_facts;

/// How samples of more than 8 bits become 0...255.
typedef enum {
    /// The upper 8 bits. Samples without a high byte, such as floats, are stretched.
    CCODECS_HIGH_BYTE,
    /// The picture's own smallest and largest colour become 0 and 255.
    CCODECS_STRETCH,
    /// `low` and `high` become 0 and 255; values outside are clipped.
    CCODECS_RANGE,
} ccodecs_depth;

/// What to decode and where to.
typedef struct {
    /// The size that the caller read from the file's header. The library must find the same.
    uint32_t width, height;
    /// How many of the picture's pixels along each side become one: 1, or for JPEG also 2, 4 or 8.
    uint32_t shrink;
    /// The requested part, in pixels of the shrunken picture, whose size is rounded up; not empty.
    uint32_t x, y, region_width, region_height;
    /// The planes of that part, `region_width` bytes a row without padding.
    uint8_t *planes[3];
    /// The background on which alpha is composited: red, green, blue.
    uint8_t background[3];
    /// The picture of a file with several, from 0, for formats that support a choice.
    uint32_t page;
    ccodecs_depth depth;
    /// The stored values that become 0 and 255, for `CCODECS_RANGE`.
    double low, high;
} ccodecs_target;

/// Decodes a part of a JPEG file, to the same pixels that decoding the whole of it gives.
///
/// Rows below the part are read only if the data lack an end-of-image marker, to find out whether pixels are missing.
/// Entropy-coded data that end early are an error; every other warning of the library is counted.
ccodecs_status ccodecs_jpeg_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report);

/// Decodes a part of a PNG file: alpha is composited, colour chunks are ignored.
ccodecs_status ccodecs_png_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report);

/// Reads a WebP file's facts.
ccodecs_status ccodecs_webp_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report);

/// Decodes a part of a WebP file by way of `scratch`, which grows; of an animation the first frame. Rows below the part
/// are not looked at.
ccodecs_status ccodecs_webp_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report);

/// Reads the facts of a Netpbm file: P1 to P7.
ccodecs_status ccodecs_pnm_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report);

/// Decodes a part of a Netpbm file. Samples with another maximum than 255 are scaled to 255, rounded half to even.
ccodecs_status ccodecs_pnm_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report);

/// Reads the facts of a BMP file, or of one without its file header (DIB).
ccodecs_status ccodecs_bmp_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report);

/// Decodes a part of a BMP file.
ccodecs_status ccodecs_bmp_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report);

/// Reads the facts of a GIF file's first frame, on the canvas that it lies on.
ccodecs_status ccodecs_gif_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report);

/// Decodes a part of a GIF file's first frame.
ccodecs_status ccodecs_gif_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                  const ccodecs_target *target, ccodecs_report *report);

/// Reads the facts of a page of a TIFF file; `page` is counted from 0.
ccodecs_status ccodecs_tiff_header(const uint8_t *data, size_t size, uint32_t page, ccodecs_facts *facts,
                                   ccodecs_report *report);

/// Decodes a part of a page of a TIFF file: only the strips or tiles that hold it.
ccodecs_status ccodecs_tiff_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report);

/// The kinds of files that libheif reads.
typedef enum { CCODECS_HEIC, CCODECS_AVIF } ccodecs_heif_kind;

/// Whether libheif is installed and decodes files of this kind; loads it.
bool ccodecs_heif_decodes(ccodecs_heif_kind kind);

/// Reads the facts of a HEIC or AVIF file, rotated and mirrored as the file says.
ccodecs_status ccodecs_heif_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report);

/// Decodes a part of a HEIC or AVIF file by way of the whole picture, which libheif allocates.
ccodecs_status ccodecs_heif_decode(const uint8_t *data, size_t size, const ccodecs_target *target,
                                   ccodecs_report *report);

/// A transform from an ICC profile to sRGB; NULL if Little CMS is not installed, or if the profile is damaged or not
/// RGB.
void *ccodecs_color_create(const uint8_t *profile, size_t size);

/// Converts three planes of `count` bytes each, which follow one another, in place.
void ccodecs_color_apply(void *transform, uint8_t *planes, size_t count);

/// Frees a transform, which may be NULL.
void ccodecs_color_free(void *transform);

/// Copies a PNG file's ICC profile into `scratch`; returns its size in bytes, 0 if it has none.
size_t ccodecs_png_profile(ccodecs_scratch *scratch, const uint8_t *data, size_t size);

/// Copies the ICC profile of a page of a TIFF file.
size_t ccodecs_tiff_profile(ccodecs_scratch *scratch, const uint8_t *data, size_t size, uint32_t page);

/// Copies the ICC profile of a HEIC or AVIF file.
size_t ccodecs_heif_profile(ccodecs_scratch *scratch, const uint8_t *data, size_t size);

/// Interleaves three planes of `count` bytes each, which follow one another.
void ccodecs_interleave(const uint8_t *planes, size_t count, uint8_t *pixels);

/// The most bytes that `ccodecs_png_encode` writes for such a picture; 0 if it is too large for PNG.
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
/// `ccodecs_jpeg_degrade_work`. If encoding fails, as with more than 65500 pixels a side, the pixels do not change.
ccodecs_status ccodecs_jpeg_degrade(uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t *work,
                                    size_t size, ccodecs_report *report);

/// The version of libjpeg-turbo that this was built with, as in `2.1.5`.
const char *ccodecs_jpeg_version(void);

/// Whether our own entropy decoder and colour conversion replace libjpeg's: only if the structures of the running
/// library match the headers. Otherwise libjpeg decodes alone, to the same pixels.
bool ccodecs_jpeg_is_hooked(void);

/// The version of libpng that is running, as in `1.6.39`.
const char *ccodecs_png_version(void);

/// The version of libwebp that is running, as in `1.2.4`.
const char *ccodecs_webp_version(void);

/// The version of libheif that is running, as in `1.15.1`; empty if it is not installed.
const char *ccodecs_heif_version(void);

/// The version of Little CMS that is running, as in `2.14`; empty if it is not installed.
const char *ccodecs_color_version(void);

/// The version of libtiff that is running, as in `4.5.0`.
const char *ccodecs_tiff_version(void);
