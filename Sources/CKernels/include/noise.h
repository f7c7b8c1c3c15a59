// Random numbers for the values of a picture, 16 at a time. A pixel's number is a function of its index and a key, so
// the noise does not depend on the width of vectors or on how a picture is divided.
#pragma once
#include "vectors.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#define CK static inline __attribute__((always_inline))

CK ck_u32x16 ck_mixed(ck_u32x16 x) {
  // The finalizer of MurmurHash3: every bit of its input changes half of the bits of its output.
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  return x ^ x >> 16;
}

/// 32 random bits for each of the indices from `first`, under a key of 64 bits.
CK ck_u32x16 ck_noise(uint32_t first, uint32_t key, uint32_t other) {
  const ck_u32x16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return ck_mixed(ck_mixed((lanes + first) * 0x9E3779B9u + key) ^ other);
}

/// The top eight bits.
CK ck_u8x16 ck_u8_top(ck_u32x16 v) { return __builtin_convertvector(v >> 24, ck_u8x16); }

/// The top 24 bits as a number in [-1, 1), exactly.
CK ck_f32x16 ck_f32_signed(ck_u32x16 v) {
  return __builtin_convertvector(__builtin_convertvector(v >> 8, ck_i32x16), ck_f32x16) * 0x1p-23f - 1.0f;
}

CK void ck_store_u32(uint32_t *p, ck_u32x16 v) { memcpy(p, &v, sizeof v); }

CK ck_f32x16 ck_load_f32(const float *p) {
  ck_f32x16 v;
  memcpy(&v, p, sizeof v);
  return v;
}

#undef CK
#pragma clang diagnostic pop
