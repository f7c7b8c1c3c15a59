// Whether the libjpeg that runs is the one whose private structures this was compiled with.
#pragma once

#include <stdbool.h>

/// Looked at once: the libraries are of one major version, and a picture decodes to the same pixels with our parts in
/// libjpeg's places and without them. Where not, nothing of ours takes libjpeg's places.
bool jpeg_agrees(void);
