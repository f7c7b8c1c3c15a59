// Whether the running libjpeg has the private structures that this code was compiled with.
#pragma once

#include <stdbool.h>

/// Checked once: both libraries have the same major version, and a picture decodes to the same pixels with and without
/// our replacements for parts of libjpeg. Otherwise libjpeg decodes alone.
bool jpeg_agrees(void);
