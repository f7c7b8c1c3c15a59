#include "huffman.h"
#include <stdlib.h>
#include <string.h>

// libjpeg calls its entropy decoder through a pointer in a structure of jpegint.h. The decoder below replaces it for
// files of one Huffman-coded baseline scan. A table, indexed by the next 10 bits, gives the run of zeros and the
// lengths of the code and of the following value, so that nearly every coefficient needs one look-up and no branch that
// is hard to predict. Stuffed bytes are removed beforehand, up to the next marker, so that 64 bits can be refilled
// without checking for them.
#if __has_include(<jpegint.h>) && defined(LIBJPEG_TURBO_VERSION_NUMBER) && LIBJPEG_TURBO_VERSION_NUMBER >= 2000000

#define JPEG_INTERNALS
#include <jpegint.h>

enum { LOOKUP = 10, LONGEST = 16 };

// The parts of an entry: the bits of code and value together, those of the code, those of the value, the zeros before
// it, and its kind. Variable shifts use only the lowest 6 bits, so the first three need no mask.
enum { BOTH = 0x3F, CODE_SHIFT = 8, SIZE_SHIFT = 16, RUN_SHIFT = 24, KIND_SHIFT = 28 };
enum { COEFFICIENT, END, ZEROS, LONG };

typedef struct {
    uint32_t entries[1 << LOOKUP];
    // The largest code of each length, -1 if there is none, and the offset from a code to its symbol.
    int32_t largest[LONGEST + 1];
    int32_t offset[LONGEST + 1];
    // The source of the table.
    bool made;
    JHUFF_TBL source;
} table;

// The bits of a segment, the next one in the highest place; at least `count` are valid.
typedef struct {
    const uint8_t *next;
    uint64_t bits;
    int count;
} reservoir;

typedef struct {
    // The part that libjpeg sees. It comes first, so that a pointer to it is a pointer to the whole structure.
    struct jpeg_entropy_decoder visible;
    reservoir reservoir;
    // The segment without its stuffed bytes, followed by zeros.
    uint8_t *plain;
    size_t capacity;
    const uint8_t *end;
    // What follows the segment in the file: a marker, or the end.
    const uint8_t *marker, *file_end;
    int last[MAX_COMPS_IN_SCAN];
    JDIMENSION column;
    unsigned restarts_to_go;
    int next_restart;
    jmp_buf *retry;
    table dc[NUM_HUFF_TBLS];
    table ac[NUM_HUFF_TBLS];
} huffman;

// The position of each coefficient in its block, row by row, with room for runs that lead up to 15 past the end.
static const uint8_t natural[DCTSIZE2 + 16] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,
    6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31,
    39, 46, 53, 60, 61, 54, 47, 55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
};

static _Noreturn void give_up(huffman *self) { longjmp(*self->retry, 1); }

// The value of `size` bits; the upper half of the codes is positive.
static inline int32_t extend(uint32_t code, unsigned size) {
    if (size == 0) return 0;
    return code >> (size - 1) ? (int32_t)code : (int32_t)code - (1 << size) + 1;
}

// The table's entry for a code of `length` bits for `symbol`.
static uint32_t entry(bool ac, unsigned symbol, unsigned length) {
    const uint32_t size = ac ? symbol & 15 : symbol;
    const uint32_t run = ac ? symbol >> 4 : 0;
    const uint32_t kind = !ac || size > 0 ? COEFFICIENT : run == 15 ? ZEROS : END;
    return (length + size) | length << CODE_SHIFT | size << SIZE_SHIFT | run << RUN_SHIFT | kind << KIND_SHIFT;
}

// Makes the table; false if it is invalid. libjpeg has checked it before, so this only protects the memory.
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

// Bytes after a segment's end that may be read: more than a block of the longest codes takes.
enum { BEHIND = 512 };

// Reads the segment that starts at `from`, up to the next marker or the end of the file.
static void take(huffman *self, const uint8_t *from) {
    uint8_t *to = self->plain;
    for (;;) {
        const uint8_t *found = memchr(from, 0xFF, (size_t)(self->file_end - from));
        const uint8_t *stop = found ? found : self->file_end;
        memcpy(to, from, (size_t)(stop - from));
        to += stop - from;
        from = stop;
        if (self->file_end - stop < 2 || stop[1] != 0) break;
        *to++ = 0xFF;
        from = stop + 2;
    }
    memset(to, 0, BEHIND);
    self->end = to;
    self->marker = from;
    self->reservoir = (reservoir){.next = self->plain};
}

// Ensures 56 bits: more than any code with its value, or any two entries of the table, take.
static inline __attribute__((always_inline)) void refill(reservoir *self) {
    uint64_t bytes;
    memcpy(&bytes, self->next, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    // Bits past `count` may be set already, to the same values.
    self->bits |= bytes >> self->count;
    self->next += (63 - self->count) >> 3;
    self->count |= 56;
}

// The remaining bits of the segment; negative if too many were read.
static inline ptrdiff_t bits_left(const huffman *self, const reservoir *from) {
    return (self->end - from->next) * 8 + from->count;
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
    refill(from);
    const uint32_t found = codes->entries[from->bits >> (64 - LOOKUP)];
    if (__builtin_expect(found >> KIND_SHIFT != COEFFICIENT, 0)) return receive(from, long_symbol(self, codes, from));
    consume(from, found >> CODE_SHIFT & BOTH);
    return receive(from, found >> SIZE_SHIFT & 15);
}

// Reads a coefficient that is in the table, its code and its value. Returns the next position.
static inline __attribute__((always_inline)) unsigned coefficient(reservoir *from, uint32_t found, unsigned k,
                                                                  JCOEF *block) {
    k += found >> RUN_SHIFT;
    if (block) {
        // No branch depends on the unpredictable size: bits below the value are shifted out, and a value whose first
        // bit is 0 is negative.
        const uint64_t rest = from->bits << (found >> CODE_SHIFT & BOTH);
        const uint32_t below = ~((uint32_t)-1 << (found >> SIZE_SHIFT & 15));
        const uint32_t code = (uint32_t)(rest >> (-(found >> SIZE_SHIFT) & BOTH));
        block[natural[k]] = (JCOEF)(code - (below & ~(uint32_t)((int64_t)rest >> 63)));
    }
    from->bits <<= found & BOTH;
    from->count -= (uint8_t)found;
    return k + 1;
}

// Reads a code that is not in the table. Returns the next position, or 0 at the end of the block.
static inline __attribute__((always_inline)) unsigned other(huffman *self, const table *codes, reservoir *from,
                                                            uint32_t found, unsigned k, JCOEF *block) {
    if (found >> KIND_SHIFT != LONG) {
        consume(from, found & BOTH);
        return found >> KIND_SHIFT == END ? 0 : k + 16;
    }
    refill(from);
    const unsigned symbol = long_symbol(self, codes, from);
    const unsigned size = symbol & 15;
    if (size == 0) return symbol == 0xF0 ? k + 16 : 0;
    k += symbol >> 4;
    const int32_t value = receive(from, size);
    if (block) block[natural[k]] = (JCOEF)value;
    return k + 1;
}

// The coefficients of a block after the first. The block is zero before; it may be NULL to skip them.
static inline __attribute__((always_inline)) void coefficients(huffman *self, const table *codes, reservoir *from,
                                                               JCOEF *block) {
    const uint32_t *const entries = codes->entries;
    unsigned k = 1;
    while (k < DCTSIZE2) {
        refill(from);
        uint32_t found = entries[from->bits >> (64 - LOOKUP)];
        if (__builtin_expect(found >> KIND_SHIFT == COEFFICIENT, 1)) {
            k = coefficient(from, found, k, block);
            if (k >= DCTSIZE2) break;
            // One refill is enough for two entries of the table.
            found = entries[from->bits >> (64 - LOOKUP)];
            if (__builtin_expect(found >> KIND_SHIFT == COEFFICIENT, 1)) {
                k = coefficient(from, found, k, block);
                continue;
            }
        }
        k = other(self, codes, from, found, k, block);
        if (k == 0) return;
    }
    if (k > DCTSIZE2) give_up(self);
}

static void restart(huffman *self, const struct jpeg_decompress_struct *info) {
    // Only the padding bits of the last byte may be left.
    if (bits_left(self, &self->reservoir) >= 8 || self->file_end - self->marker < 2 || self->marker[0] != 0xFF
        || self->marker[1] != JPEG_RST0 + self->next_restart) {
        give_up(self);
    }
    take(self, self->marker + 2);
    memset(self->last, 0, sizeof self->last);
    self->next_restart = (self->next_restart + 1) & 7;
    self->restarts_to_go = info->restart_interval;
}

// Decodes the blocks of one unit, or skips them if `blocks` is NULL.
static inline __attribute__((always_inline)) void decode_blocks(huffman *self, j_decompress_ptr info,
                                                                JBLOCKROW *blocks) {
    if (info->restart_interval > 0) {
        if (self->restarts_to_go == 0) restart(self, info);
        self->restarts_to_go--;
    }
    // Only blocks of the requested columns are decoded.
    const bool wanted = blocks != NULL && self->column >= info->master->first_iMCU_col
                        && self->column <= info->master->last_iMCU_col;
    if (++self->column == info->MCUs_per_row) self->column = 0;
    // A copy, so that the compiler keeps it in registers.
    reservoir from = self->reservoir;
    for (int i = 0; i < info->blocks_in_MCU; i++) {
        const int place = info->MCU_membership[i];
        const jpeg_component_info *component = info->cur_comp_info[place];
        self->last[place] += difference(self, &self->dc[component->dc_tbl_no], &from);
        // No real picture has such values, and sums must not overflow.
        if (abs(self->last[place]) > 1 << 20) give_up(self);
        if (wanted) {
            (*blocks[i])[0] = (JCOEF)self->last[place];
            coefficients(self, &self->ac[component->ac_tbl_no], &from, *blocks[i]);
        } else {
            coefficients(self, &self->ac[component->ac_tbl_no], &from, NULL);
        }
        if (bits_left(self, &from) < 0) give_up(self);
    }
    self->reservoir = from;
}

static boolean decode_plain(j_decompress_ptr info, JBLOCKROW *blocks) {
    decode_blocks((huffman *)info->entropy, info, blocks);
    return TRUE;
}

#if defined(__x86_64__)
// With shifts by any register (BMI2).
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
    // This fails if the library's structures differ from those of the headers.
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
    const size_t needed = info->src->bytes_in_buffer + BEHIND;
    if (needed > self->capacity) {
        free(self->plain);
        self->plain = malloc(needed);
        self->capacity = self->plain ? needed : 0;
        if (self->plain == NULL) return false;
    }
    self->file_end = info->src->next_input_byte + info->src->bytes_in_buffer;
    take(self, info->src->next_input_byte);
    memset(self->last, 0, sizeof self->last);
    self->column = 0;
    self->restarts_to_go = info->restart_interval;
    self->next_restart = 0;
    self->retry = retry;
    info->entropy = &self->visible;
    return true;
}

void huffman_free(void *memory) {
    if (memory) free(((huffman *)memory)->plain);
    free(memory);
}

#else

void huffman_free(void *memory) { free(memory); }

bool huffman_install(j_decompress_ptr info, ccodecs_scratch *scratch, jmp_buf *retry) {
    (void)info;
    (void)scratch;
    (void)retry;
    return false;
}

#endif
