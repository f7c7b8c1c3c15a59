#include "huffman.h"
#include <stdlib.h>
#include <string.h>

// libjpeg calls its entropy decoder through a pointer in a structure that jpegint.h describes; the decoder below takes
// its place for files of one Huffman-coded baseline scan. A table is indexed by the next 10 bits and gives the run of
// zeros and the lengths of the code and of the value behind it, so that nearly every coefficient takes one look-up and no
// branch that is hard to predict; 64 bits are held at a time.
#if __has_include(<jpegint.h>) && defined(LIBJPEG_TURBO_VERSION_NUMBER) && LIBJPEG_TURBO_VERSION_NUMBER >= 2000000

#define JPEG_INTERNALS
#include <jpegint.h>

enum { LOOKUP = 10, LONGEST = 16 };

// A look-up's parts: the bits that code and value take together, those of the code, those of the value, the zeros before
// it, and what it is. Shifts by a variable look at the lowest 6 bits only, so the first three need no mask there.
enum { BOTH = 0x3F, CODE_SHIFT = 8, SIZE_SHIFT = 16, RUN_SHIFT = 24, RUN = 15, KIND_SHIFT = 28 };
enum { COEFFICIENT, END, ZEROS, LONG };

typedef struct {
    uint32_t entries[1 << LOOKUP];
    // The largest code of each length, -1 where there is none, and what leads from a code to its symbol.
    int32_t largest[LONGEST + 1];
    int32_t offset[LONGEST + 1];
    // What the table was made from.
    bool made;
    JHUFF_TBL source;
} table;

typedef struct {
    const uint8_t *next;
    // The next bits, from the highest on; `count` of them are there, the last `padding` of which the file does not have.
    uint64_t bits;
    int count;
    int padding;
} reservoir;

typedef struct {
    // What libjpeg sees; first, so that a pointer to it is one to all of this.
    struct jpeg_entropy_decoder visible;
    reservoir reservoir;
    const uint8_t *end;
    int last[MAX_COMPS_IN_SCAN];
    JDIMENSION column;
    unsigned restarts_to_go;
    int next_restart;
    jmp_buf *retry;
    table dc[NUM_HUFF_TBLS];
    table ac[NUM_HUFF_TBLS];
} huffman;

// The place of each coefficient in its block, row by row; runs that lead past the end, by up to 15, stay inside.
static const uint8_t natural[DCTSIZE2 + 16] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,
    6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31,
    39, 46, 53, 60, 61, 54, 47, 55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
};

static _Noreturn void give_up(huffman *self) { longjmp(*self->retry, 1); }

// The value whose `size` bits are given: the upper half of the codes is positive.
static inline int32_t extend(uint32_t code, unsigned size) {
    if (size == 0) return 0;
    return code >> (size - 1) ? (int32_t)code : (int32_t)code - (1 << size) + 1;
}

// What a table says of a code of `length` bits for `symbol`.
static uint32_t entry(bool ac, unsigned symbol, unsigned length) {
    const uint32_t size = ac ? symbol & 15 : symbol;
    const uint32_t run = ac ? symbol >> 4 : 0;
    const uint32_t kind = !ac || size > 0 ? COEFFICIENT : run == 15 ? ZEROS : END;
    return (length + size) | length << CODE_SHIFT | size << SIZE_SHIFT | run << RUN_SHIFT | kind << KIND_SHIFT;
}

// Whether the table could be made; libjpeg has checked it before, so this only keeps the memory safe.
static bool make(table *self, const JHUFF_TBL *source, bool ac) {
    if (source == NULL) return false;
    if (self->made && memcmp(self->source.bits, source->bits, sizeof source->bits) == 0
        && memcmp(self->source.huffval, source->huffval, sizeof source->huffval) == 0) {
        return true;
    }
    self->made = false;
    for (int i = 0; i < 1 << LOOKUP; i++) self->entries[i] = (uint32_t)LONG << KIND_SHIFT;
    uint32_t code = 0;
    unsigned symbol = 0;
    for (unsigned length = 1; length <= LONGEST; length++) {
        const unsigned count = source->bits[length];
        if (symbol + count > 256 || code + count > 1u << length) return false;
        self->offset[length] = (int32_t)symbol - (int32_t)code;
        for (unsigned used = 0; used < count; used++, symbol++, code++) {
            const unsigned value = source->huffval[symbol];
            if (!ac && value > 15) return false;
            if (length > LOOKUP) continue;
            uint32_t *first = self->entries + (code << (LOOKUP - length));
            for (unsigned i = 0; i < 1u << (LOOKUP - length); i++) first[i] = entry(ac, value, length);
        }
        self->largest[length] = count > 0 ? (int32_t)code - 1 : -1;
        code <<= 1;
    }
    self->source = *source;
    self->made = true;
    return true;
}

// One byte after another, where some are stuffed or the data end: bytes behind FF are a marker unless they are 0.
//
// By value, here and below, so that the compiler can keep the caller's reservoir in registers.
static __attribute__((noinline)) reservoir refilled_slowly(reservoir self, const uint8_t *end) {
    self.bits &= self.count > 0 ? ~UINT64_C(0) << (64 - self.count) : 0;
    for (; self.count <= 56; self.count += 8) {
        if (self.padding == 0 && end - self.next >= 2) {
            const uint8_t byte = self.next[0];
            const bool stuffed = byte == 0xFF;
            if (!stuffed || self.next[1] == 0) {
                self.next += stuffed ? 2 : 1;
                self.bits |= (uint64_t)byte << (56 - self.count);
                continue;
            }
        }
        self.padding += 8;
    }
    return self;
}

// Makes sure that 32 bits are there: more than any code and its value take.
static inline __attribute__((always_inline)) void refill(reservoir *self, const uint8_t *end) {
    if (__builtin_expect(self->count >= 32, 1)) return;
    uint64_t bytes;
    if (__builtin_expect(end - self->next >= (ptrdiff_t)sizeof bytes, 1)) {
        memcpy(&bytes, self->next, sizeof bytes);
        // No byte is FF where no byte of the complement is 0.
        if (__builtin_expect(((~bytes - UINT64_C(0x0101010101010101)) & bytes & UINT64_C(0x8080808080808080)) == 0, 1)) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            bytes = __builtin_bswap64(bytes);
#endif
            // Bits past `count` may be set already, to what they are set to now.
            self->bits |= bytes >> self->count;
            self->next += (63 - self->count) >> 3;
            self->count |= 56;
            return;
        }
    }
    *self = refilled_slowly(*self, end);
}

static inline __attribute__((always_inline)) void consume(reservoir *self, unsigned count) {
    self->bits <<= count;
    self->count -= (int)count;
}

static inline __attribute__((always_inline)) int32_t receive(reservoir *self, unsigned size) {
    if (size == 0) return 0;
    const uint32_t code = (uint32_t)(self->bits >> (64 - size));
    consume(self, size);
    return extend(code, size);
}

// The symbol of a code that is longer than the look-up, and the code's length in the next byte.
static __attribute__((noinline)) unsigned find_long(huffman *self, const table *codes, uint64_t bits) {
    for (unsigned length = LOOKUP + 1; length <= LONGEST; length++) {
        const int32_t code = (int32_t)(bits >> (64 - length));
        if (code > codes->largest[length]) continue;
        const int32_t symbol = code + codes->offset[length];
        if (symbol < 0 || symbol > 255) break;
        return codes->source.huffval[symbol] | length << 8;
    }
    give_up(self);
}

static inline __attribute__((always_inline)) unsigned long_symbol(huffman *self, const table *codes, reservoir *from) {
    const unsigned found = find_long(self, codes, from->bits);
    consume(from, found >> 8);
    return found & 0xFF;
}

static inline __attribute__((always_inline)) int32_t difference(huffman *self, const table *codes, reservoir *from) {
    refill(from, self->end);
    const uint32_t found = codes->entries[from->bits >> (64 - LOOKUP)];
    if (__builtin_expect(found >> KIND_SHIFT != COEFFICIENT, 0)) return receive(from, long_symbol(self, codes, from));
    consume(from, found >> CODE_SHIFT & BOTH);
    return receive(from, found >> SIZE_SHIFT & 15);
}

// The coefficients of a block behind the first, which is all zeros; kept only where there is a block.
static inline __attribute__((always_inline)) void coefficients(huffman *self, const table *codes, JCOEF *block) {
    // Copies, so that the compiler keeps them in registers.
    reservoir *const from = &self->reservoir;
    const uint8_t *const end = self->end;
    const uint32_t *const entries = codes->entries;
    uint64_t bits = from->bits;
    int count = from->count;
    unsigned k = 1;
    while (k < DCTSIZE2) {
        if (__builtin_expect(count < 32, 0)) {
            from->bits = bits;
            from->count = count;
            refill(from, end);
            bits = from->bits;
            count = from->count;
        }
        const uint32_t found = entries[bits >> (64 - LOOKUP)];
        if (__builtin_expect(found >> KIND_SHIFT == COEFFICIENT, 1)) {
            // No branch depends on the size, which nothing predicts: what is below the value is shifted out, and a value
            // whose first bit is 0 is negative.
            const uint64_t rest = bits << (found >> CODE_SHIFT & BOTH);
            const uint32_t below = ~((uint32_t)-1 << (found >> SIZE_SHIFT & 15));
            const uint32_t code = (uint32_t)(rest >> (-(found >> SIZE_SHIFT) & BOTH));
            bits <<= found & BOTH;
            count -= (uint8_t)found;
            k += found >> RUN_SHIFT;
            if (block) block[natural[k]] = (JCOEF)(code - (below & ~(uint32_t)((int64_t)rest >> 63)));
            if (++k > DCTSIZE2) give_up(self);
            continue;
        }
        from->bits = bits;
        from->count = count;
        if (found >> KIND_SHIFT == END) {
            consume(from, found & BOTH);
            return;
        }
        unsigned symbol = 0xF0;
        if (found >> KIND_SHIFT == ZEROS) {
            consume(from, found & BOTH);
        } else {
            symbol = long_symbol(self, codes, from);
        }
        const unsigned size = symbol & 15;
        // Zeros past the end of the block are no error to libjpeg.
        k += size == 0 && symbol == 0xF0 ? 16 : symbol >> 4;
        if (size == 0 && symbol != 0xF0) return;
        if (size > 0) {
            const int32_t value = receive(from, size);
            if (block) block[natural[k]] = (JCOEF)value;
            if (++k > DCTSIZE2) give_up(self);
        }
        bits = from->bits;
        count = from->count;
    }
    from->bits = bits;
    from->count = count;
}

static void restart(huffman *self, const struct jpeg_decompress_struct *info) {
    reservoir *from = &self->reservoir;
    if (from->count - from->padding >= 8 || self->end - from->next < 2 || from->next[0] != 0xFF
        || from->next[1] != JPEG_RST0 + self->next_restart) {
        give_up(self);
    }
    *from = (reservoir){.next = from->next + 2};
    memset(self->last, 0, sizeof self->last);
    self->next_restart = (self->next_restart + 1) & 7;
    self->restarts_to_go = info->restart_interval;
}

// Decodes the blocks of one unit, or passes over them where `blocks` is NULL.
static inline __attribute__((always_inline)) void decode_blocks(huffman *self, j_decompress_ptr info,
                                                                JBLOCKROW *blocks) {
    if (info->restart_interval > 0) {
        if (self->restarts_to_go == 0) restart(self, info);
        self->restarts_to_go--;
    }
    // Only blocks of the columns that were asked for are looked at.
    const bool wanted = blocks != NULL && self->column >= info->master->first_iMCU_col
                        && self->column <= info->master->last_iMCU_col;
    if (++self->column == info->MCUs_per_row) self->column = 0;
    reservoir *const from = &self->reservoir;
    for (int i = 0; i < info->blocks_in_MCU; i++) {
        const int place = info->MCU_membership[i];
        const jpeg_component_info *component = info->cur_comp_info[place];
        self->last[place] += difference(self, &self->dc[component->dc_tbl_no], from);
        // No picture leads there, and sums must not overflow.
        if (abs(self->last[place]) > 1 << 20) give_up(self);
        if (wanted) {
            (*blocks[i])[0] = (JCOEF)self->last[place];
            coefficients(self, &self->ac[component->ac_tbl_no], *blocks[i]);
        } else {
            coefficients(self, &self->ac[component->ac_tbl_no], NULL);
        }
    }
    if (from->count < from->padding) give_up(self);
}

static boolean decode_plain(j_decompress_ptr info, JBLOCKROW *blocks) {
    decode_blocks((huffman *)info->entropy, info, blocks);
    return TRUE;
}

#if defined(__x86_64__)
// With shifts by any register.
__attribute__((target("bmi2"))) static boolean decode_bmi2(j_decompress_ptr info, JBLOCKROW *blocks) {
    decode_blocks((huffman *)info->entropy, info, blocks);
    return TRUE;
}
#endif

static bool is_plain(j_decompress_ptr info) {
    return !info->progressive_mode && !info->arith_code && info->data_precision == 8 && info->entropy != NULL
           && info->comps_in_scan == info->num_components && !jpeg_has_multiple_scans(info);
}

bool huffman_install(j_decompress_ptr info, ccodecs_scratch *scratch, jmp_buf *retry) {
    // A library whose structures are not those of the header that this was built with shows it here.
    if (info->master->first_iMCU_col != 0 || info->master->last_iMCU_col + 1 != info->MCUs_per_row) return false;
    if (!is_plain(info)) return false;
    if (scratch->huffman == NULL) scratch->huffman = calloc(1, sizeof(huffman));
    huffman *self = scratch->huffman;
    if (self == NULL) return false;
    for (int i = 0; i < info->comps_in_scan; i++) {
        const int dc = info->cur_comp_info[i]->dc_tbl_no, ac = info->cur_comp_info[i]->ac_tbl_no;
        if (dc < 0 || dc >= NUM_HUFF_TBLS || ac < 0 || ac >= NUM_HUFF_TBLS) return false;
        if (!make(&self->dc[dc], info->dc_huff_tbl_ptrs[dc], false)) return false;
        if (!make(&self->ac[ac], info->ac_huff_tbl_ptrs[ac], true)) return false;
    }
    self->visible = *info->entropy;
    self->visible.decode_mcu = decode_plain;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("bmi2")) self->visible.decode_mcu = decode_bmi2;
#endif
    self->reservoir = (reservoir){.next = info->src->next_input_byte};
    self->end = info->src->next_input_byte + info->src->bytes_in_buffer;
    memset(self->last, 0, sizeof self->last);
    self->column = 0;
    self->restarts_to_go = info->restart_interval;
    self->next_restart = 0;
    self->retry = retry;
    info->entropy = &self->visible;
    return true;
}

#else

bool huffman_install(j_decompress_ptr info, ccodecs_scratch *scratch, jmp_buf *retry) {
    (void)info;
    (void)scratch;
    (void)retry;
    return false;
}

#endif
