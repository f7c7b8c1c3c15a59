#include "planar.h"
#include <string.h>

#if defined(__x86_64__) && __has_include(<jpegint.h>) && defined(LIBJPEG_TURBO_VERSION_NUMBER) \
    && LIBJPEG_TURBO_VERSION_NUMBER >= 2000000

#define JPEG_INTERNALS
#include <immintrin.h>
#include <jpegint.h>

// Sixteen pixels. With Cb and Cr counted from 128, in units of 1/65536 and rounded, libjpeg has
//   R = Y + 91881 Cr,  G = Y - 22554 Cb - 46802 Cr,  B = Y + 116130 Cb;
// parts of the factors beyond 16 bits are added separately: 91881 = 65536 + 26345 and so on.
__attribute__((target("avx2"))) static inline void convert16(const uint8_t *y, const uint8_t *cb, const uint8_t *cr,
                                                             uint8_t *red, uint8_t *green, uint8_t *blue) {
    const __m256i middle = _mm256_set1_epi16(128), one = _mm256_set1_epi16(1);
    const __m256i luma = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)y));
    const __m256i b = _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)cb)), middle);
    const __m256i r = _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)cr)), middle);
    const __m256i b2 = _mm256_add_epi16(b, b), r2 = _mm256_add_epi16(r, r);
    // (x + 32768) / 65536, rounded down, is half of x / 32768 + 1, each rounded down.
    const __m256i red_part
        = _mm256_srai_epi16(_mm256_add_epi16(_mm256_mulhi_epi16(r2, _mm256_set1_epi16(26345)), one), 1);
    const __m256i blue_part
        = _mm256_srai_epi16(_mm256_add_epi16(_mm256_mulhi_epi16(b2, _mm256_set1_epi16(-14942)), one), 1);
    const __m256i factors = _mm256_set1_epi32((int32_t)(18734u << 16 | (uint16_t)-22554));
    const __m256i half = _mm256_set1_epi32(32768);
    const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(b, r), factors);
    const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(b, r), factors);
    const __m256i green_part = _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(low, half), 16),
                                                  _mm256_srai_epi32(_mm256_add_epi32(high, half), 16));
    const __m256i results[3] = {
        _mm256_add_epi16(_mm256_add_epi16(luma, r), red_part),
        _mm256_add_epi16(_mm256_sub_epi16(luma, r), green_part),
        _mm256_add_epi16(_mm256_add_epi16(luma, b2), blue_part),
    };
    uint8_t *const outputs[3] = {red, green, blue};
    for (int i = 0; i < 3; i++) {
        const __m128i bytes
            = _mm_packus_epi16(_mm256_castsi256_si128(results[i]), _mm256_extracti128_si256(results[i], 1));
        _mm_storeu_si128((__m128i *)outputs[i], bytes);
    }
}

__attribute__((target("avx2"))) static void convert(j_decompress_ptr info, JSAMPIMAGE input, JDIMENSION row,
                                                    JSAMPARRAY output, int count) {
    (void)info;
    for (int i = 0; i < count; i++) {
        const planar_row *to = (const planar_row *)(const void *)output[i];
        const uint8_t *y = input[0][row + i] + to->first;
        const uint8_t *cb = input[1][row + i] + to->first;
        const uint8_t *cr = input[2][row + i] + to->first;
        if (to->count < 16) {
            uint8_t in[3][16] = {{0}}, out[3][16];
            memcpy(in[0], y, to->count);
            memcpy(in[1], cb, to->count);
            memcpy(in[2], cr, to->count);
            convert16(in[0], in[1], in[2], out[0], out[1], out[2]);
            for (int k = 0; k < 3; k++) memcpy(to->planes[k], out[k], to->count);
            continue;
        }
        for (JDIMENSION x = 0; x < to->count; x += 16) {
            // The last sixteen overlap the previous ones, so that none lies past the end.
            const JDIMENSION at = x + 16 <= to->count ? x : to->count - 16;
            convert16(y + at, cb + at, cr + at, to->planes[0] + at, to->planes[1] + at, to->planes[2] + at);
        }
    }
}

bool planar_install(j_decompress_ptr info) {
    if (info->jpeg_color_space != JCS_YCbCr || info->out_color_space != JCS_RGB || info->num_components != 3
        || info->quantize_colors || !info->do_fancy_upsampling || info->cconvert == NULL
        || !__builtin_cpu_supports("avx2")) {
        return false;
    }
    info->cconvert->color_convert = convert;
    return true;
}

#else

bool planar_install(j_decompress_ptr info) {
    (void)info;
    return false;
}

#endif
