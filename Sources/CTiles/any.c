// For any processor.
#define NAME "any"
#define KERNELS ctiles_any
#define WIDTH 4
#define ROWS 4
#define VECTORS 2
#include "kernels.h"
