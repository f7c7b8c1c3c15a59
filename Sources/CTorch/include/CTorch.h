// libtorch behind C: opaque handles, a status from every call, the message of the last failure of this thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CTorchTensor *ctorch_tensor;
typedef struct CTorchGenerator *ctorch_generator;
typedef struct CTorchGroup *ctorch_group;
typedef struct CTorchStream *ctorch_stream;

/// 0, or 1 with a message in ctorch_error().
typedef int32_t ctorch_status;
const char *ctorch_error(void);

// ScalarType codes as ATen numbers them.
enum { CTORCH_UINT8 = 0, CTORCH_INT32 = 3, CTORCH_INT64 = 4, CTORCH_FLOAT16 = 5, CTORCH_FLOAT32 = 6,
       CTORCH_FLOAT64 = 7, CTORCH_BOOL = 11, CTORCH_BFLOAT16 = 15 };
// Device codes: -1 the CPU, else the index of a CUDA device.

// tensor.cpp: life and contents
void ctorch_free(ctorch_tensor t);
int64_t ctorch_live(void);
/// Calls `release(owner)` once: when the last tensor that shares the memory is freed, or before a failure returns.
ctorch_status ctorch_borrow(void *data, const int64_t *shape, int32_t rank, int8_t dtype, void *owner,
                            void (*release)(void *), ctorch_tensor *out);
ctorch_status ctorch_copy_in(const void *data, const int64_t *shape, int32_t rank, int8_t dtype, ctorch_tensor *out);
ctorch_status ctorch_copy_out(ctorch_tensor t, int8_t dtype, void *data, int64_t count);
ctorch_status ctorch_full(const int64_t *shape, int32_t rank, double value, int8_t dtype, int32_t device,
                          ctorch_tensor *out);
ctorch_status ctorch_eye(int64_t n, int8_t dtype, int32_t device, ctorch_tensor *out);
ctorch_status ctorch_arange(int64_t count, int8_t dtype, int32_t device, ctorch_tensor *out);
int32_t ctorch_rank(ctorch_tensor t);
int64_t ctorch_size(ctorch_tensor t, int32_t dim);
int8_t ctorch_dtype(ctorch_tensor t);
int32_t ctorch_device(ctorch_tensor t);
ctorch_status ctorch_item(ctorch_tensor t, double *out);
ctorch_status ctorch_cast(ctorch_tensor t, int8_t dtype, ctorch_tensor *out);
ctorch_status ctorch_move(ctorch_tensor t, int32_t device, ctorch_tensor *out);
ctorch_status ctorch_contiguous(ctorch_tensor t, bool channels_last, ctorch_tensor *out);
ctorch_status ctorch_clone(ctorch_tensor t, ctorch_tensor *out);

// operations.cpp: element by element, reductions, shapes
typedef enum { CTORCH_ADD, CTORCH_SUB, CTORCH_MUL, CTORCH_DIV, CTORCH_MATMUL, CTORCH_EQ,
               CTORCH_GT } ctorch_binary_op;
ctorch_status ctorch_binary(ctorch_binary_op op, ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
typedef enum { CTORCH_ADD_SCALAR, CTORCH_MUL_SCALAR, CTORCH_POW, CTORCH_CLAMP_MIN } ctorch_scalar_op;
ctorch_status ctorch_scalar(ctorch_scalar_op op, ctorch_tensor a, double b, ctorch_tensor *out);
typedef enum { CTORCH_NEG, CTORCH_EXP, CTORCH_LOG, CTORCH_SQRT, CTORCH_ABS, CTORCH_RELU, CTORCH_RELU_IN_PLACE,
               CTORCH_RELU6_IN_PLACE, CTORCH_DETACH, CTORCH_ISFINITE, CTORCH_GELU, CTORCH_SIGMOID, CTORCH_ERF,
               CTORCH_COS, CTORCH_SIN } ctorch_unary_op;
ctorch_status ctorch_unary(ctorch_unary_op op, ctorch_tensor a, ctorch_tensor *out);
typedef enum { CTORCH_SUM, CTORCH_MEAN, CTORCH_MAX, CTORCH_LOGSUMEXP, CTORCH_NORM } ctorch_reduction;
/// Reduces all dimensions if `rank` is 0.
ctorch_status ctorch_reduce(ctorch_reduction op, ctorch_tensor a, const int64_t *dims, int32_t rank, bool keepdim,
                            ctorch_tensor *out);
ctorch_status ctorch_softmax(ctorch_tensor a, int64_t dim, bool logarithm, ctorch_tensor *out);
ctorch_status ctorch_argmax(ctorch_tensor a, int64_t dim, ctorch_tensor *out);
ctorch_status ctorch_topk(ctorch_tensor a, int64_t k, int64_t dim, ctorch_tensor *values, ctorch_tensor *indices);
ctorch_status ctorch_masked_fill(ctorch_tensor a, ctorch_tensor mask, double value, ctorch_tensor *out);
ctorch_status ctorch_where(ctorch_tensor mask, ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
ctorch_status ctorch_gather(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor *out);
ctorch_status ctorch_scatter_add(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor source,
                                 ctorch_tensor *out);
ctorch_status ctorch_index_select(ctorch_tensor a, int64_t dim, ctorch_tensor index, ctorch_tensor *out);
ctorch_status ctorch_one_hot(ctorch_tensor a, int64_t classes, ctorch_tensor *out);
ctorch_status ctorch_narrow(ctorch_tensor a, int64_t dim, int64_t start, int64_t length, ctorch_tensor *out);
ctorch_status ctorch_reshape(ctorch_tensor a, const int64_t *shape, int32_t rank, ctorch_tensor *out);
ctorch_status ctorch_transpose(ctorch_tensor a, int64_t first, int64_t second, ctorch_tensor *out);
ctorch_status ctorch_squeeze(ctorch_tensor a, int64_t dim, ctorch_tensor *out);
ctorch_status ctorch_unsqueeze(ctorch_tensor a, int64_t dim, ctorch_tensor *out);
ctorch_status ctorch_cat(const ctorch_tensor *list, int32_t count, int64_t dim, ctorch_tensor *out);
ctorch_status ctorch_stack(const ctorch_tensor *list, int32_t count, int64_t dim, ctorch_tensor *out);
ctorch_status ctorch_svdvals(ctorch_tensor a, ctorch_tensor *out);
// log det a of a square matrix a, as a scalar.
ctorch_status ctorch_logdet(ctorch_tensor a, ctorch_tensor *out);
ctorch_status ctorch_copy_(ctorch_tensor target, ctorch_tensor source);
/// Adds 1 to every element.
ctorch_status ctorch_increment(ctorch_tensor t);

/// The floating-point operations of this thread's products and convolutions so far. If operations are recorded, each
/// counts three times, for its gradients.
int64_t ctorch_operations(void);

/// The kernels used on the CPU: the fastest that the processor runs, libtorch's operations, or those of one level.
typedef enum { CTORCH_FASTEST, CTORCH_LIBTORCH, CTORCH_ANY, CTORCH_AVX2, CTORCH_AVX512 } ctorch_kernels;
/// The activation after a layer: none, `max(x, 0)`, or `min(max(x, 0), 6)`.
typedef enum { CTORCH_NO_ACTIVATION, CTORCH_RELU_AFTER, CTORCH_RELU6_AFTER } ctorch_activation;

// network.cpp: layers
/// Weights are `[outputs, inputs / groups, k, k]`; `kernels` is for 3x3 convolutions with the channels innermost.
ctorch_status ctorch_conv2d(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, int64_t stride, int64_t padding,
                            int64_t groups, ctorch_kernels kernels, ctorch_tensor *out);
/// The transformed weights `[outputs, inputs, k, k]` for `ctorch_conv2d_inference` with these kernels; NULL in `out` if
/// none are needed.
ctorch_status ctorch_conv2d_filters(ctorch_tensor weight, ctorch_kernels kernels, ctorch_tensor *out);
/// The convolution plus a bias, plus `shortcut` unless NULL, then the activation; without gradients. `filters` come
/// from `ctorch_conv2d_filters` of the same weights and kernels; NULL for libtorch's own convolution.
ctorch_status ctorch_conv2d_inference(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor filters, ctorch_tensor bias,
                                      ctorch_tensor shortcut, ctorch_activation activation, int64_t stride,
                                      int64_t padding, int64_t groups, ctorch_kernels kernels, ctorch_tensor *out);
ctorch_status ctorch_batch_norm(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor mean,
                                ctorch_tensor variance, bool training, double momentum, double eps, ctorch_tensor *out);
/// Batch norm in training, plus `shortcut` unless NULL, then the activation; in few passes over memory for float32 on
/// the CPU, else as three operations.
ctorch_status ctorch_batch_norm_fused(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor mean,
                                      ctorch_tensor variance, ctorch_tensor shortcut, ctorch_activation activation,
                                      double momentum, double eps, ctorch_kernels kernels, ctorch_tensor *out);
ctorch_status ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor *out);
ctorch_status ctorch_max_pool2d(ctorch_tensor x, int64_t kernel, int64_t stride, int64_t padding, ctorch_tensor *out);
ctorch_status ctorch_layer_norm(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, double eps,
                                ctorch_tensor *out);
/// An int64 key for each image `[N, ...]`, a function of its bits and those of `weights`.
ctorch_status ctorch_image_keys(ctorch_tensor images, ctorch_tensor weights, ctorch_tensor *out);
/// `x / (1 - probability)`, or 0 with that probability for a whole image; the key and the branch determine the draw.
ctorch_status ctorch_drop_path(ctorch_tensor x, ctorch_tensor keys, int64_t branch, double probability,
                               ctorch_tensor *out);
ctorch_status ctorch_embedding(ctorch_tensor weight, ctorch_tensor indices, ctorch_tensor *out);
/// Attention of `[N, L, 3 W]`, queries, keys and values side by side, `heads` in each, to `[N, L, W]`.
ctorch_status ctorch_attention(ctorch_tensor qkv, int64_t heads, bool causal, ctorch_tensor *out);

// autograd.cpp: gradients and optimiser steps
ctorch_status ctorch_set_requires_grad(ctorch_tensor t, bool required);
bool ctorch_requires_grad(ctorch_tensor t);
ctorch_status ctorch_backward(ctorch_tensor t);
/// NULL in `out` if there is none.
ctorch_status ctorch_grad(ctorch_tensor t, ctorch_tensor *out);
ctorch_status ctorch_clear_grads(const ctorch_tensor *list, int32_t count);
/// The L2 norm of all gradients together; 0 without any.
ctorch_status ctorch_grads_norm(const ctorch_tensor *list, int32_t count, double *out);
bool ctorch_grad_enabled(void);
void ctorch_set_grad_enabled(bool enabled);
typedef struct { double lr, momentum, weight_decay; bool nesterov; } ctorch_sgd;
typedef struct { double lr, beta1, beta2, eps, weight_decay, correction1, correction2; } ctorch_adamw;
typedef struct { double lr, momentum, weight_decay, trust, eps; bool adapt; } ctorch_lars;
// All parameters at once, with their state; those without a gradient stay as they are.
ctorch_status ctorch_sgd_step(ctorch_sgd settings, const ctorch_tensor *parameters, const ctorch_tensor *momenta,
                              int32_t count);
ctorch_status ctorch_adamw_step(ctorch_adamw settings, const ctorch_tensor *parameters, const ctorch_tensor *first,
                                const ctorch_tensor *second, int32_t count);
ctorch_status ctorch_lars_step(ctorch_lars settings, const ctorch_tensor *parameters, const ctorch_tensor *momenta,
                               int32_t count);

/// The moving average `own = momentum own + (1 - momentum) leader` of each tensor.
ctorch_status ctorch_follow(const ctorch_tensor *own, const ctorch_tensor *leaders, int32_t count, double momentum);

// tiles.cpp: cross entropies over scores that are never held in a matrix
typedef struct {
    /// What products of rows are multiplied by; positive.
    double scale;
    /// Whether columns are anchors too; the loss is then the mean of both.
    bool columns;
    /// Whether an anchor's positive is left out of its candidates.
    bool decoupled;
    /// Scores of each row's positive `[n]` if it is not one of the columns; else NULL.
    ctorch_tensor extra;
    ctorch_kernels kernels;
    /// The number of scores that libtorch's operations hold at once; 0 for 256 MiB of them.
    int64_t at_once;
} ctorch_entropy;
/// The mean over anchors i of `log sum_j e^{s(i, j)} - s(i, i+)`, `s(i, j) = <x_i, y_j> scale`, and its gradients.
/// Without `second` the rows of `first` are the views of pairs, first views before second ones, each an anchor among
/// the others; else row i of `first` belongs to row i of `second` or to number i of `extra`. Gradients whose pointer is
/// NULL are not computed.
ctorch_status ctorch_entropy_of_products(ctorch_tensor first, ctorch_tensor second, ctorch_entropy settings,
                                         ctorch_tensor *loss, ctorch_tensor *gradient,
                                         ctorch_tensor *second_gradient, ctorch_tensor *extra_gradient);

// group.cpp, nccl.cpp, distributed.cpp: the ranks of a job. All ranks must make the same calls in the same order.
/// Whether this build has Gloo.
bool ctorch_group_available(void);
/// Whether this build has NCCL.
bool ctorch_group_has_nccl(void);
/// Joins the other ranks at rank 0's store. `milliseconds` is the timeout of joining and of each collective.
ctorch_status ctorch_group_new(const char *host, int32_t port, int32_t rank, int32_t world, int64_t milliseconds,
                               ctorch_group *out);
/// Must not be called after a failure: a collective may then never end.
void ctorch_group_free(ctorch_group group);
/// Makes NCCL the backend for tensors on this GPU, and the GPU the thread's current one. All ranks must call it.
ctorch_status ctorch_group_use(ctorch_group group, int32_t device);
/// Waits until that GPU and all ranks have finished; returns at once without NCCL.
ctorch_status ctorch_group_synchronize(ctorch_group group);
/// Waits until rank 0 has made this call with the same key. A key is used once.
ctorch_status ctorch_group_wait_for_rank_zero(ctorch_group group, const char *key, int64_t milliseconds);
/// Tells the other ranks why this one ends.
void ctorch_group_report(ctorch_group group, const char *reason);
/// Whether a rank was lost or reported its end.
bool ctorch_group_failed(ctorch_group group);
/// Bytes given to collectives so far, and the time spent waiting for them.
void ctorch_group_traffic(ctorch_group group, int64_t *bytes, int64_t *nanoseconds);
/// Sums over the ranks, in place.
ctorch_status ctorch_group_all_reduce(ctorch_group group, ctorch_tensor t);
/// Overwrites tensors with rank 0's.
ctorch_status ctorch_group_broadcast(ctorch_group group, const ctorch_tensor *list, int32_t count);
/// The rows of all ranks, with a gradient: row by row in turn where `counts` are equal, else rank after rank.
ctorch_status ctorch_group_gather(ctorch_group group, ctorch_tensor rows, const int64_t *counts, ctorch_tensor *out);
/// Batch norm in training over the batches of all ranks.
ctorch_status ctorch_group_batch_norm(ctorch_group group, ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias,
                                      ctorch_tensor mean, ctorch_tensor variance, double momentum, double eps,
                                      ctorch_tensor *out);
/// From now on backward sums the gradients of these leaves over the ranks, in buckets of about `bytes`.
/// `ctorch_group_finish` must follow each backward.
ctorch_status ctorch_group_register_hooks(ctorch_group group, const ctorch_tensor *list, int32_t count, int64_t bytes);
ctorch_status ctorch_group_finish(ctorch_group group);

// device.cpp: precision, streams and pinned memory of accelerators
/// Whether float32 products and convolutions may round their inputs to TF32.
ctorch_status ctorch_set_tf32(bool allowed);
/// Whether cuDNN tries its algorithms on each new shape, and keeps the fastest.
ctorch_status ctorch_set_search(bool enabled);
/// Until `ctorch_autocast_end`, products and convolutions of this thread on the device compute in `dtype`.
ctorch_status ctorch_autocast_begin(int32_t device, int8_t dtype);
void ctorch_autocast_end(int32_t device);
/// Whether batch norm has fused kernels on the device.
bool ctorch_fuses_norm(int32_t device);
/// Waits until the device is idle.
ctorch_status ctorch_synchronize(int32_t device);
/// Page-locked memory, aligned to 64 bytes, which a GPU copies from while the CPU goes on.
ctorch_status ctorch_pinned(int64_t bytes, void **out);
void ctorch_pinned_free(void *memory);
/// A stream for copies beside that of computation.
ctorch_status ctorch_stream_new(int32_t device, ctorch_stream *out);
void ctorch_stream_free(ctorch_stream stream);
/// Starts a copy to the stream's device; `source` must not change before `ctorch_stream_wait`.
ctorch_status ctorch_stream_upload(ctorch_stream stream, ctorch_tensor source, ctorch_tensor *out);
/// Makes later computation wait for all copies so far.
ctorch_status ctorch_stream_join(ctorch_stream stream);
/// Waits for all copies so far.
ctorch_status ctorch_stream_wait(ctorch_stream stream);
/// Float32 images `[N, 3, H, W]`, channels innermost, from bytes `[N, H, W, 3]`: `x factor + offset`, with `[3]` of
/// each.
ctorch_status ctorch_normalize(ctorch_tensor bytes, ctorch_tensor factors, ctorch_tensor offsets, ctorch_tensor *out);

// runtime.cpp: the library, threads, random numbers
const char *ctorch_version(void);
/// The file that libtorch was loaded from; empty if the system does not report it.
const char *ctorch_library_path(void);
int32_t ctorch_cuda_devices(void);
ctorch_status ctorch_set_threads(int32_t count);
/// Makes malloc keep freed memory: otherwise large blocks return to the system and are paged in again at every step.
void ctorch_keep_memory(void);
ctorch_status ctorch_generator_new(uint64_t seed, ctorch_generator *out);
void ctorch_generator_free(ctorch_generator generator);
ctorch_status ctorch_uniform(const int64_t *shape, int32_t rank, double low, double high, ctorch_generator generator,
                             ctorch_tensor *out);
ctorch_status ctorch_normal(const int64_t *shape, int32_t rank, double deviation, ctorch_generator generator,
                            ctorch_tensor *out);

#ifdef __cplusplus
}
#endif
