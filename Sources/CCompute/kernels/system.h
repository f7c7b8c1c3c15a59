// Headers that must be read before a level's instructions are set: their functions run on any processor.
#pragma once
#include "../include/CCompute.h"
#include <math.h>
#include <string.h>
