// Preloaded into a program, writes a line each $HEAP_EVERY seconds (10) to $HEAP_LOG: Unix time, then in bytes what is allocated and not
// freed (uordblks), what was freed and is kept (fordblks), and what is mapped for large blocks (hblkhd); glibc counts these over all arenas.
// With $HEAP_TRIM what is kept is given back to the system at each line: what then remains is in use.
//
//     cc -O2 -shared -fPIC -pthread -o heap.so heap.c
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void *watch(void *unused) {
    const char *every = getenv("HEAP_EVERY");
    unsigned seconds = every ? (unsigned)atoi(every) : 10;
    FILE *log = fopen(getenv("HEAP_LOG"), "a");
    if (!log) return NULL;
    for (;;) {
        if (getenv("HEAP_TRIM")) malloc_trim(0);
        struct mallinfo2 heap = mallinfo2();
        fprintf(log, "%ld,%zu,%zu,%zu\n", (long)time(NULL), heap.uordblks, heap.fordblks, heap.hblkhd);
        fflush(log);
        sleep(seconds > 0 ? seconds : 1);
    }
}

__attribute__((constructor)) static void begin(void) {
    pthread_t thread;
    if (getenv("HEAP_LOG") && pthread_create(&thread, NULL, watch, NULL) == 0) pthread_detach(thread);
}
