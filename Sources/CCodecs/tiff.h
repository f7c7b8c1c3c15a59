// TIFF by libtiff: a page of a file, opened.
#pragma once
#include "depth.h"
#include <tiffio.h>

/// A file in memory, and what was found while reading it.
typedef struct {
    const uint8_t *data;
    size_t size, at;
    ccodecs_report *report;
    /// Whether the data end before what was asked for; whether a picture was decoded of which a part is missing.
    bool is_short, is_cut;
} tiff_file;

/// A page.
typedef struct {
    TIFF *tiff;
    tiff_file *from;
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
} tiff_page;

/// Opens a page, counted from 0, and finds out what its samples mean. `self` is to be closed whatever comes of it.
ccodecs_status tiff_open(tiff_page *self, tiff_file *from, uint32_t number);

/// Closes a page, opened or not.
void tiff_close(tiff_page *self);

/// Writes why a call failed, unless libtiff said so; returns `status`, or that the data are cut short.
ccodecs_status tiff_fail(const tiff_file *from, ccodecs_status status, const char *message);
