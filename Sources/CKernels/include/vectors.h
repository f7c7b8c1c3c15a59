// Operations on vectors of 16 pixels that are slow or missing in Swift's SIMD types. All are inlined, so they use the
// instruction set of the caller. None contracts a product and a sum, so every caller gets the same bits. Swift sees
// ck_u8x16 as SIMD16<UInt8>, ck_i32x16 as SIMD16<Int32> and so on.
#pragma once
#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

typedef uint8_t ck_u8x16 __attribute__((ext_vector_type(16)));
typedef uint16_t ck_u16x16 __attribute__((ext_vector_type(16)));
typedef uint32_t ck_u32x16 __attribute__((ext_vector_type(16)));
typedef int32_t ck_i32x16 __attribute__((ext_vector_type(16)));
typedef float ck_f32x16 __attribute__((ext_vector_type(16)));

// Without AVX such vectors would be passed in memory, which the compiler warns of; nothing here is ever passed.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#define CK static inline __attribute__((always_inline))

// Memory, at any alignment.
CK ck_u8x16 ck_load(const uint8_t *p) {
  ck_u8x16 v;
  memcpy(&v, p, sizeof v);
  return v;
}
CK ck_u16x16 ck_load_u16(const uint16_t *p) {
  ck_u16x16 v;
  memcpy(&v, p, sizeof v);
  return v;
}
CK void ck_store(uint8_t *p, ck_u8x16 v) { memcpy(p, &v, sizeof v); }
CK void ck_store_u16(uint16_t *p, ck_u16x16 v) { memcpy(p, &v, sizeof v); }
CK void ck_store_f32(float *p, ck_f32x16 v) { memcpy(p, &v, sizeof v); }
/// Stores past the caches, for memory that is read much later; `p` must be aligned to 64 bytes.
CK void ck_stream_f32(float *p, ck_f32x16 v) { __builtin_nontemporal_store(v, (ck_f32x16 *)p); }
/// Makes the streamed stores of this thread visible before its later ones.
CK void ck_stream_end(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}
/// Stores the first `count` lanes only.
CK void ck_store_some(uint8_t *p, ck_u8x16 v, intptr_t count) { memcpy(p, &v, (size_t)count); }
CK void ck_store_some_f32(float *p, ck_f32x16 v, intptr_t count) { memcpy(p, &v, (size_t)count * sizeof(float)); }

// Conversions. Values must fit a narrower type, unless the function clamps them.
CK ck_u16x16 ck_u16(ck_u8x16 v) { return __builtin_convertvector(v, ck_u16x16); }
CK ck_i32x16 ck_i32(ck_u8x16 v) { return __builtin_convertvector(v, ck_i32x16); }
CK ck_f32x16 ck_f32(ck_u8x16 v) { return __builtin_convertvector(__builtin_convertvector(v, ck_i32x16), ck_f32x16); }
CK ck_f32x16 ck_f32_from_u16(ck_u16x16 v) {
  return __builtin_convertvector(__builtin_convertvector(v, ck_i32x16), ck_f32x16);
}
CK ck_u8x16 ck_u8_from_u16(ck_u16x16 v) { return __builtin_convertvector(v, ck_u8x16); }

/// Clamped to 0...255.
#if defined(__AVX2__)
#include <immintrin.h>
CK ck_u8x16 ck_u8_clamped(ck_i32x16 v) {
  __m256i low, high;
  memcpy(&low, &v, sizeof low);
  memcpy(&high, (char *)&v + sizeof low, sizeof high);
  // Packing saturates, 128 bits at a time; the permutation puts the quarters back in order.
  __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
  return (ck_u8x16)_mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}
#else
CK ck_u8x16 ck_u8_clamped(ck_i32x16 v) {
  ck_i32x16 low = __builtin_elementwise_max(v, (ck_i32x16)(0));
  return __builtin_convertvector(__builtin_elementwise_min(low, (ck_i32x16)(255)), ck_u8x16);
}
#endif

/// Truncated, then clamped to 0...255; within the range of 32-bit integers.
CK ck_u8x16 ck_u8_from_f32(ck_f32x16 v) { return ck_u8_clamped(__builtin_convertvector(v, ck_i32x16)); }

/// Without the fraction, of values within the range of 32-bit integers.
CK ck_f32x16 ck_truncated(ck_f32x16 v) {
  return __builtin_convertvector(__builtin_convertvector(v, ck_i32x16), ck_f32x16);
}

CK ck_i32x16 ck_i32_truncated(ck_f32x16 v) { return __builtin_convertvector(v, ck_i32x16); }

/// The index of the pixel in column `x` of row `y`, or -1 if there is none.
CK ck_i32x16 ck_pixel_index(ck_i32x16 x, ck_i32x16 y, int32_t width, int32_t height) {
  ck_i32x16 inside = (x >= 0) & (x < width) & (y >= 0) & (y < height);
  return inside ? y * width + x : -1;
}
/// `v` where the index is not negative, else 0.
CK ck_f32x16 ck_where_pixel(ck_i32x16 index, ck_f32x16 v) { return index >= 0 ? v : 0.0f; }
/// The index, 0 where it is negative.
CK void ck_store_index(int32_t *p, ck_i32x16 v) {
  ck_i32x16 index = v >= 0 ? v : 0;
  memcpy(p, &index, sizeof index);
}

// Smaller and larger.
CK ck_u8x16 ck_min(ck_u8x16 a, ck_u8x16 b) { return __builtin_elementwise_min(a, b); }
CK ck_u8x16 ck_max(ck_u8x16 a, ck_u8x16 b) { return __builtin_elementwise_max(a, b); }
/// The complement of values of `threshold` or more.
CK ck_u8x16 ck_solarized(ck_u8x16 v, ck_u8x16 threshold) { return v >= threshold ? ~v : v; }
CK ck_f32x16 ck_min_f32(ck_f32x16 a, ck_f32x16 b) { return a < b ? a : b; }
CK ck_f32x16 ck_max_f32(ck_f32x16 a, ck_f32x16 b) { return a > b ? a : b; }

/// `then` where `a` equals or is below `b`, else `other`.
CK ck_u16x16 ck_where_equal(ck_u16x16 a, ck_u16x16 b, ck_u16x16 then, ck_u16x16 other) { return a == b ? then : other; }
CK ck_u16x16 ck_where_less(ck_u16x16 a, ck_u16x16 b, ck_u16x16 then, ck_u16x16 other) { return a < b ? then : other; }

CK ck_f32x16 ck_where_less_f32(ck_f32x16 a, ck_f32x16 b, ck_f32x16 then, ck_f32x16 other) {
  return a < b ? then : other;
}

CK ck_f32x16 ck_abs_f32(ck_f32x16 v) { return __builtin_elementwise_abs(v); }

/// The high halves of the products.
CK ck_u16x16 ck_mulhi(ck_u16x16 a, ck_u16x16 b) {
  ck_u32x16 product = __builtin_convertvector(a, ck_u32x16) * __builtin_convertvector(b, ck_u32x16);
  return __builtin_convertvector(product >> 16, ck_u16x16);
}

// `a * first + b * second` lane by lane, where `weights` holds `first` in its low and `second` in its high half.
#if defined(__AVX2__)
CK ck_i32x16 ck_weigh_pair(ck_u8x16 a, ck_u8x16 b, int32_t weights) {
  // The products of adjacent 16-bit lanes are summed in one instruction, so the two sources are interleaved first.
  __m256i w = _mm256_set1_epi32(weights);
  __m256i low = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_unpacklo_epi8((__m128i)a, (__m128i)b)), w);
  __m256i high = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_unpackhi_epi8((__m128i)a, (__m128i)b)), w);
  ck_i32x16 sum;
  memcpy(&sum, &low, sizeof low);
  memcpy((char *)&sum + sizeof low, &high, sizeof high);
  return sum;
}
#else
CK ck_i32x16 ck_weigh_pair(ck_u8x16 a, ck_u8x16 b, int32_t weights) {
  return ck_i32(a) * (int32_t)(int16_t)weights + ck_i32(b) * (weights >> 16);
}
#endif

CK ck_u8x16 ck_zip_low(ck_u8x16 a, ck_u8x16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
CK ck_u8x16 ck_zip_high(ck_u8x16 a, ck_u8x16 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
CK ck_u8x16 ck_reversed(ck_u8x16 v) {
  return __builtin_shufflevector(v, v, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/// Red, green and blue of 16 pixels, one pixel after another: 48 bytes.
CK void ck_store_pixels(uint8_t *p, ck_u8x16 red, ck_u8x16 green, ck_u8x16 blue) {
  ck_u8x16 a = __builtin_shufflevector(red, green, 0, 16, -1, 1, 17, -1, 2, 18, -1, 3, 19, -1, 4, 20, -1, 5);
  a = __builtin_shufflevector(a, blue, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15);
  ck_u8x16 b = __builtin_shufflevector(red, green, 21, -1, 6, 22, -1, 7, 23, -1, 8, 24, -1, 9, 25, -1, 10, 26);
  b = __builtin_shufflevector(b, blue, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15);
  ck_u8x16 c = __builtin_shufflevector(red, green, -1, 11, 27, -1, 12, 28, -1, 13, 29, -1, 14, 30, -1, 15, 31, -1);
  c = __builtin_shufflevector(c, blue, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31);
  ck_store(p, a);
  ck_store(p + 16, b);
  ck_store(p + 32, c);
}
/// Past the caches; `p` must be aligned to 16 bytes.
CK void ck_stream_pixels(uint8_t *p, ck_u8x16 red, ck_u8x16 green, ck_u8x16 blue) {
  // The array exists only for the compiler: the pixels stay in registers.
  uint8_t pixels[48];
  ck_store_pixels(pixels, red, green, blue);
  for (int i = 0; i < 48; i += 16) __builtin_nontemporal_store(ck_load(pixels + i), (ck_u8x16 *)(p + i));
}
/// The first `count` pixels only.
CK void ck_store_some_pixels(uint8_t *p, ck_u8x16 red, ck_u8x16 green, ck_u8x16 blue, intptr_t count) {
  uint8_t pixels[48];
  ck_store_pixels(pixels, red, green, blue);
  memcpy(p, pixels, (size_t)count * 3);
}

/// The 16x16 bytes at `from` (rows `stride` apart), columns and rows exchanged, to `to` (rows `to_stride` apart).
CK void ck_transpose(const uint8_t *from, intptr_t stride, uint8_t *to, intptr_t to_stride) {
  // Four rounds of the perfect shuffle of rows i and i + 8 exchange rows and columns of 16x16.
  ck_u8x16 a[16], b[16];
  for (int i = 0; i < 16; i++) a[i] = ck_load(from + i * stride);
#define CK_ROUND(x, y)                        \
  for (int i = 0; i < 8; i++) {               \
    y[2 * i] = ck_zip_low(x[i], x[i + 8]);    \
    y[2 * i + 1] = ck_zip_high(x[i], x[i + 8]); \
  }
  CK_ROUND(a, b)
  CK_ROUND(b, a)
  CK_ROUND(a, b)
  CK_ROUND(b, a)
#undef CK_ROUND
  for (int i = 0; i < 16; i++) ck_store(to + i * to_stride, a[i]);
}

#undef CK
#pragma clang diagnostic pop
