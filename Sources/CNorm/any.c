// For any processor.
#define NAME "any"
#define KERNELS cnorm_any
#define WIDTH 4
#include "kernels.h"
