// What Swift's SIMD types lack: conversions of whole vectors, and a check of the processor's instructions.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "noise.h"
#include "vectors.h"

/// Whether the processor and the system run AVX2 and FMA code.
bool ckernels_has_avx2(void);
