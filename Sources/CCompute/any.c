// For any processor.
#define LEVEL COMPUTE_ANY
#define KERNELS compute_any
#define WIDTH 4
#define ROWS 4
#include "kernels/all.h"
