// Preloaded into a program, gives every allocation of $GUARD_LEAST bytes (256) or more pages of its own: an access past its end, or
// after it was freed, is SIGSEGV at once; what is written within 64 bytes of its end or before its start is found when it is freed,
// and is SIGABRT. Memory begins as NaN, so that numbers made from what nobody wrote are NaN too. Addresses are never used again.
//
//     cc -O2 -shared -fPIC -o guard.so guard.c
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

enum { page = 4096, canary = 0xA7 };
static const size_t reserved = (size_t)1 << 45;
static _Atomic(uintptr_t) start, next;
static atomic_size_t least;

/// Lies in the page before that in which the block starts.
struct block {
    size_t size, pages;
};

static int is_guarded(const void *p) {
    const uintptr_t from = start, at = (uintptr_t)p;
    return from && at >= from && at < from + reserved;
}

static struct block *block_of(void *p) { return (struct block *)(((uintptr_t)p & ~(uintptr_t)(page - 1)) - page); }

static void begin(void) {
    const char *given = getenv("GUARD_LEAST");
    void *all = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) {
        least = SIZE_MAX;
        return;
    }
    uintptr_t none = 0;
    if (atomic_compare_exchange_strong(&next, &none, (uintptr_t)all)) start = (uintptr_t)all;
    else munmap(all, reserved);
    least = given ? strtoull(given, NULL, 10) : 256;
}

static void stop(const char *why) {
    if (write(2, "guard: ", 7) < 0 || write(2, why, strlen(why)) < 0) abort();
    abort();
}

static void *guarded(size_t alignment, size_t size, int fill) {
    if (!least) begin();
    if (size < least || alignment > page || !start) return NULL;
    if (alignment < 16) alignment = 16;
    const size_t whole = (size + alignment - 1) / alignment * alignment, pages = (whole + page - 1) / page;
    // Its own page before, one without access behind.
    const uintptr_t first = atomic_fetch_add(&next, (pages + 2) * page);
    if (first + (pages + 2) * page > start + reserved) return NULL;
    if (mprotect((void *)first, (pages + 1) * page, PROT_READ | PROT_WRITE) != 0) stop("more blocks than the system guards at once\n");
    struct block *block = (struct block *)first;
    *block = (struct block){size, pages};
    unsigned char *end = (unsigned char *)first + (pages + 1) * page, *p = end - whole;
    memset(block + 1, canary, p - (unsigned char *)(block + 1));
    if (fill >= 0) memset(p, fill, size);
    memset(p + size, canary, end - (p + size));
    return p;
}

static void check(const unsigned char *from, const unsigned char *to, const char *where) {
    for (; from < to; from++) {
        if (*from == canary) continue;
        stop(where);
    }
}

static void give_back(void *p) {
    struct block *block = block_of(p);
    unsigned char *end = (unsigned char *)block + (block->pages + 1) * page;
    check((unsigned char *)(block + 1), p, "written before a block\n");
    check((unsigned char *)p + block->size, end, "written behind a block\n");
    const size_t bytes = (block->pages + 1) * page;
    madvise(block, bytes, MADV_DONTNEED);
    mprotect(block, bytes, PROT_NONE);
}

void *malloc(size_t size) {
    void *p = guarded(16, size, 0xFF);
    return p ? p : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return errno = ENOMEM, NULL;
    void *p = guarded(16, bytes, -1);
    return p ? p : __libc_calloc(count, size);
}

void free(void *p) {
    if (is_guarded(p)) give_back(p);
    else __libc_free(p);
}

static size_t usable(void *p) {
    // Of glibc's own: its chunk's size stands before it.
    return is_guarded(p) ? block_of(p)->size : (((size_t *)p)[-1] & ~(size_t)7) - sizeof(size_t);
}

void *realloc(void *p, size_t size) {
    if (!p) return malloc(size);
    if (!is_guarded(p) && (!least || size < least)) return __libc_realloc(p, size);
    void *moved = malloc(size);
    if (!moved) return NULL;
    const size_t old = usable(p);
    memcpy(moved, p, old < size ? old : size);
    free(p);
    return moved;
}

void *memalign(size_t alignment, size_t size) {
    void *p = guarded(alignment, size, 0xFF);
    return p ? p : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
    void *p = memalign(alignment, size);
    if (!p) return ENOMEM;
    *out = p;
    return 0;
}

size_t malloc_usable_size(void *p) { return p ? usable(p) : 0; }
