// The version of libtorch: TORCH_VERSION, TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR.
#pragma once
#if __has_include(<torch/version.h>)
#include <torch/version.h>
#endif
#ifndef TORCH_VERSION
#include <torch/csrc/api/include/torch/version.h>
#endif
