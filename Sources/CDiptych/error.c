/* A thread's last message, in memory of the thread: a failure must not need more. */
#include "diptych_error.h"
#include "diptych.h"

#include <string.h>

static _Thread_local char last_error[4096];

void diptych_set_error(const char *message) {
    strncpy(last_error, message, sizeof last_error - 1);
    last_error[sizeof last_error - 1] = 0;
}

const char *diptych_last_error(void) { return last_error; }
