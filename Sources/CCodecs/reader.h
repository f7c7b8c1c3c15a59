// JPEG decoding with or without our replacements for parts of libjpeg.
#pragma once

#include "CCodecs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

ccodecs_status jpeg_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size, const ccodecs_target *target,
                           bool own, ccodecs_report *report);
