/* For the library itself: the message of the last failure of a thread. */
#ifndef DIPTYCH_ERROR_H
#define DIPTYCH_ERROR_H

/* Keeps a message for diptych_last_error, cut to 4,095 bytes. */
void diptych_set_error(const char *message);

#endif
