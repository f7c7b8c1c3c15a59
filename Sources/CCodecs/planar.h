// Colour conversion of JPEG straight into planes, in place of libjpeg's into interleaved rows.
#pragma once
#include "CCodecs.h"
#include <stdbool.h>
#include <stdio.h>

#include <jpeglib.h>

/// The target of the pixels of one row. After `planar_install` returns true, `jpeg_read_scanlines` takes it instead of
/// a row.
typedef struct {
    uint8_t *planes[3];
    /// The first pixel that is needed, and the number of pixels.
    JDIMENSION first, count;
} planar_row;

/// Replaces libjpeg's colour conversion if it is from YCbCr to RGB and the processor has AVX2. Decompression must have
/// started, but no row read. The pixels are the same to the bit. @returns whether the conversion was replaced.
bool planar_install(j_decompress_ptr info);
