// For any processor.
#define NAME "any"
#define KERNELS cwinograd_any
#define WIDTH 4
#include "kernels.h"
