// Entropy decoding of baseline JPEG in place of libjpeg's: the same coefficients in less time.
#pragma once
#include "CCodecs.h"
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jpeglib.h>

/// Replaces libjpeg's decoder if the file is one Huffman-coded baseline scan. The header must have been read and
/// decompression started, but no row read.
///
/// Memory and tables are kept in `scratch` from file to file. Unusual, damaged or incomplete data cause a `longjmp` to
/// `retry`, with 1. libjpeg then decodes the file from the start and reports what is wrong. @returns whether it did.
bool huffman_install(j_decompress_ptr info, ccodecs_scratch *scratch, jmp_buf *retry);

/// Frees what `ccodecs_scratch.huffman` holds; it may be NULL.
void huffman_free(void *memory);
