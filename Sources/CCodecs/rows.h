// Splits interleaved rows, as the libraries deliver them, into planes.
#pragma once
#include "CCodecs.h"
#include <stdbool.h>

/// The pixels of an interleaved row.
typedef enum { ROW_GRAY, ROW_GRAY_ALPHA, ROW_RGB, ROW_BGR, ROW_RGB_ALPHA, ROW_INVERTED_CMYK } row_kind;

/// Bytes per pixel.
size_t row_channels(row_kind kind);

/// Writes row `y` of the picture into the target's planes if it is in the region; `row` begins at column `origin`.
void row_write(row_kind kind, const uint8_t *row, uint32_t origin, uint32_t y, const ccodecs_target *target);

/// Reserves `size` bytes; false if memory ran out.
bool scratch_reserve(ccodecs_scratch *scratch, size_t size);

/// Stores the message of a failed call; returns `status`.
ccodecs_status report_failure(ccodecs_report *report, ccodecs_status status, const char *message);
