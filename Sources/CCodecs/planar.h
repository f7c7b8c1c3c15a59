// Colour conversion of JPEG straight into planes, in place of libjpeg's into interleaved rows.
#pragma once
#include "CCodecs.h"
#include <stdbool.h>
#include <stdio.h>

#include <jpeglib.h>

/// Where the pixels of one row go; what `jpeg_read_scanlines` gets in place of a row, once `planar_install` said yes.
typedef struct {
    uint8_t *planes[3];
    /// The first pixel that is wanted, and how many are.
    JDIMENSION first, count;
} planar_row;

/// Takes over from libjpeg's colour conversion where that is from YCbCr to RGB and the processor has AVX2; decompression
/// must have started, and no row have been read. The pixels are the same, to the bit.
/// @returns whether it did.
bool planar_install(j_decompress_ptr info);
