// Entropy decoding of baseline JPEG in place of libjpeg's: the same coefficients in less time.
#pragma once
#include "CCodecs.h"
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jpeglib.h>

/// Takes over from libjpeg's decoder where the file is one Huffman-coded baseline scan; its header must have been read and
/// decompression started, and no row yet.
///
/// Memory and tables are kept in `scratch` from file to file. Whatever is not plain and complete in the data ends in a
/// `longjmp` to `retry`, with 1: libjpeg itself, from the start, then says what is wrong with the file.
/// @returns whether it did.
bool huffman_install(j_decompress_ptr info, ccodecs_scratch *scratch, jmp_buf *retry);

/// Frees what `ccodecs_scratch.huffman` holds; it may be NULL.
void huffman_free(void *memory);
