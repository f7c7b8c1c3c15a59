// Interleaved rows, as the libraries deliver them, into planes.
#pragma once
#include "CCodecs.h"
#include <stdbool.h>

/// The pixels of an interleaved row.
typedef enum { ROW_GRAY, ROW_GRAY_ALPHA, ROW_RGB, ROW_RGB_ALPHA, ROW_INVERTED_CMYK } row_kind;

/// Bytes a pixel.
size_t row_channels(row_kind kind);

/// Writes row `y` of the picture into the target's planes where the region has it; `row` begins at column `origin`.
void row_write(row_kind kind, const uint8_t *row, uint32_t origin, uint32_t y, const ccodecs_target *target);

/// Makes room for `size` bytes; false where memory ran out.
bool scratch_reserve(ccodecs_scratch *scratch, size_t size);

/// Writes why a call failed; returns `status`.
ccodecs_status report_failure(ccodecs_report *report, ccodecs_status status, const char *message);
