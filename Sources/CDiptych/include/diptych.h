/* Diptych's views from C: image folders as streams of augmented view batches, without libtorch.
 *
 * Every function returns a diptych_status, unless it says otherwise. Where that is neither DIPTYCH_OK nor a state of the
 * stream, diptych_last_error() says why in one line. Nothing prints, exits or traps. Strings are UTF-8 and end in NUL;
 * paths may hold any bytes. A handle may be used by one thread at a time, but for what says otherwise; a process that was
 * forked gets DIPTYCH_FORKED for the handles of its parent, whose worker threads it does not have.
 */
#ifndef DIPTYCH_H
#define DIPTYCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface; it changes when a caller that was compiled before must be compiled again. */
#define DIPTYCH_ABI_VERSION 1

typedef enum diptych_status {
    DIPTYCH_OK = 0,
    /* The epoch is over; the next call begins the following one. */
    DIPTYCH_END_OF_EPOCH = 1,
    /* The next batch was not complete in time. */
    DIPTYCH_PENDING = 2,
    /* The caller holds every batch; release one. The loader goes on afterwards. */
    DIPTYCH_ALL_HELD = 3,
    /* An argument or a setting cannot be used. */
    DIPTYCH_INVALID = 4,
    /* The images cannot be used. */
    DIPTYCH_DATA = 5,
    /* There is too little memory. */
    DIPTYCH_MEMORY = 6,
    /* The loader was stopped. */
    DIPTYCH_STOPPED = 7,
    /* The handle belongs to the process that this one was forked from. */
    DIPTYCH_FORKED = 8,
    /* Anything else. */
    DIPTYCH_FAILED = 9,
} diptych_status;

/* What the pixels of a view are. */
typedef enum diptych_pixels {
    /* Normalised floats, [views, count, 3, height, width]. */
    DIPTYCH_FLOAT32 = 0,
    /* Bytes before normalisation, [views, count, height, width, 3]. */
    DIPTYCH_UINT8 = 1,
} diptych_pixels;

/* Not a status: the version of the library that was loaded. */
int32_t diptych_abi_version(void);
/* Not a status: the product's version, as in "0.1.0". */
const char *diptych_version(void);
/* Not a status: what the last call of this thread that failed said; valid until the thread's next call. */
const char *diptych_last_error(void);

/* ---- Pipelines ---- */

typedef struct diptych_pipeline diptych_pipeline;

/* A kind of view. `name` lives as long as the pipeline. */
typedef struct diptych_branch {
    const char *name;
    int64_t views;
    int64_t height;
    int64_t width;
} diptych_branch;

/* Builds a pipeline from the `views` part of a YAML file, of YAML text, or of SimCLR's defaults where both are NULL.
 * `path` may be the name of a preset, as in "simclr-32".
 * `overrides` are settings as in "views.branches[0].size=96"; there are `override_count` of them. */
diptych_status diptych_pipeline_open(const char *path, const char *text, const char *const *overrides,
                                     size_t override_count, diptych_pipeline **pipeline);
/* The pipeline that makes the one view of an image that is evaluated; an owner of its own. */
diptych_status diptych_pipeline_evaluation(diptych_pipeline *pipeline, diptych_pipeline **evaluation);
void diptych_pipeline_close(diptych_pipeline *pipeline);
diptych_status diptych_pipeline_branch_count(diptych_pipeline *pipeline, size_t *count);
diptych_status diptych_pipeline_branch(diptych_pipeline *pipeline, size_t index, diptych_branch *branch);
/* Mean and standard deviation of the channels, 0...1. */
diptych_status diptych_pipeline_normalization(diptych_pipeline *pipeline, float mean[3], float std[3]);

/* ---- Sources ---- */

typedef struct diptych_source diptych_source;

/* Opens a folder, shards or a table, as every command of diptych does. */
diptych_status diptych_source_open(const char *images, diptych_source **source);
void diptych_source_close(diptych_source *source);
diptych_status diptych_source_count(diptych_source *source, size_t *images, size_t *classes);
/* A class's name; it lives as long as the source. */
diptych_status diptych_source_class(diptych_source *source, size_t index, const char **name);
/* The classes of all images, -1 where unlabelled; `count` must be the number of images. */
diptych_status diptych_source_labels(diptych_source *source, int64_t *labels, size_t count);
/* An image's path relative to the source, printable: at most `capacity` bytes with the NUL, cut where it is longer;
 * `length` gets the length of the whole without the NUL. May be called from any thread. */
diptych_status diptych_source_path(diptych_source *source, size_t index, char *path, size_t capacity, size_t *length);

/* ---- Loaders ---- */

typedef struct diptych_loader diptych_loader;

/* Where batches lie, for memory that a device can copy from. `allocate` returns NULL where there is none. Both are called
 * while a loader is opened and when its last batches are let go, from any thread. */
typedef struct diptych_memory {
    void *(*allocate)(void *context, size_t bytes, size_t alignment);
    void (*free)(void *context, void *memory);
    void *context;
} diptych_memory;

/* Set by diptych_loader_defaults, then changed by the caller. */
typedef struct diptych_loader_options {
    /* sizeof(diptych_loader_options), by which the library knows the caller's version. */
    size_t size;
    /* Images in a batch of this rank, at least 1. */
    int64_t batch_size;
    /* The epochs [first_epoch, epochs), the first of them from `first_batch` on, as where a run resumes. */
    int64_t first_epoch;
    int64_t epochs;
    int64_t first_batch;
    /* The seed of the order and of the views. */
    uint64_t seed;
    /* Worker threads; 0 for one a core. */
    int64_t threads;
    /* Batches in memory, at least 2; 0 for as many as fit in 256 MiB, at most 4. */
    int64_t slots;
    /* Which of the processes that train together this is. */
    int64_t rank;
    int64_t world_size;
    /* Whether the last batch is left out where it is not full; not 0 for yes. */
    int32_t drop_last;
    /* Whether each epoch has an order of its own; 0 for the source's order. */
    int32_t shuffle;
    /* A diptych_pixels. */
    int32_t pixels;
    /* The share of images, 0...1, that may be unusable; more fail the loader. */
    double maximum_bad;
    /* The caller's memory; the heap where `allocate` is NULL. */
    diptych_memory memory;
} diptych_loader_options;

/* Not a status. */
void diptych_loader_defaults(diptych_loader_options *options);

/* Starts the workers. The pipeline and the source may be closed afterwards. */
diptych_status diptych_loader_open(diptych_source *source, diptych_pipeline *pipeline,
                                   const diptych_loader_options *options, diptych_loader **loader);
/* Stops the workers and waits for them. Batches stay valid until each is released. */
void diptych_loader_close(diptych_loader *loader);
/* Stops the workers and ends a diptych_loader_next that waits; from any thread. */
diptych_status diptych_loader_stop(diptych_loader *loader);
/* Batches of an epoch. */
diptych_status diptych_loader_length(diptych_loader *loader, size_t *batches);

/* One branch's views of a batch. */
typedef struct diptych_views {
    /* float or uint8_t, as the options said; aligned to 64 bytes. */
    void *data;
    int64_t views;
    int64_t count;
    int64_t height;
    int64_t width;
} diptych_views;

/* Valid until diptych_batch_release. */
typedef struct diptych_batch {
    int64_t epoch;
    /* The batch's index in its epoch. */
    int64_t index;
    /* Images; fewer than asked for at an epoch's end and where images were unusable. */
    int64_t count;
    /* The images' indices in the source, [count]. */
    const int64_t *samples;
    /* Their classes, -1 where unlabelled, [count]. */
    const int64_t *labels;
    /* [branch_count]. */
    const diptych_views *branches;
    int64_t branch_count;
    /* For diptych_batch_release. */
    void *owner;
} diptych_batch;

/* The next batch, waiting `seconds` at most: DIPTYCH_OK, DIPTYCH_END_OF_EPOCH, DIPTYCH_PENDING or DIPTYCH_ALL_HELD, or a
 * failure, which every later call repeats. */
diptych_status diptych_loader_next(diptych_loader *loader, double seconds, diptych_batch *batch);
/* Gives a batch back, once, from any thread and also after its loader was closed; not a status. */
void diptych_batch_release(diptych_batch *batch);

/* Where the time went, summed over the workers; seconds. */
typedef struct diptych_statistics {
    int64_t images;
    int64_t failures;
    int64_t bytes;
    double read;
    double decode;
    double augment;
    double normalize;
    /* Workers that waited for a free batch. */
    double idle;
    /* The caller that waited for a batch. */
    double waited;
} diptych_statistics;

/* From any thread. */
diptych_status diptych_loader_statistics(diptych_loader *loader, diptych_statistics *statistics);

/* Images that were skipped. */
diptych_status diptych_loader_quarantine_count(diptych_loader *loader, size_t *count);
/* One of them: its index in the source, and "path: reason", written as diptych_source_path writes. */
diptych_status diptych_loader_quarantine(diptych_loader *loader, size_t index, int64_t *sample, char *text,
                                         size_t capacity, size_t *length);

/* ---- Single pictures ---- */

/* A picture of bytes, [height, width, 3]. */
typedef struct diptych_picture {
    uint8_t *data;
    int64_t height;
    int64_t width;
    /* For diptych_picture_release. */
    void *owner;
} diptych_picture;

/* Decodes a file, orientation applied, transparency on white. */
diptych_status diptych_decode(const char *path, diptych_picture *picture);
/* Decodes a file's bytes. */
diptych_status diptych_decode_bytes(const void *data, size_t bytes, diptych_picture *picture);
void diptych_picture_release(diptych_picture *picture);

/* Makes the views that a pipeline draws of a picture for (seed, epoch, sample): one branch's views of one image, floats
 * [views, 3, height, width] or bytes [views, height, width, 3], into `data` of `bytes` bytes. */
diptych_status diptych_make_views(diptych_pipeline *pipeline, const diptych_picture *picture, size_t branch,
                                  uint64_t seed, int64_t epoch, int64_t sample, int32_t pixels, void *data,
                                  size_t bytes);

/* A contact sheet as a PNG file in memory: a row for each of `count` images, the original and its views. */
typedef struct diptych_file {
    const uint8_t *data;
    size_t bytes;
    /* For diptych_file_release. */
    void *owner;
} diptych_file;

diptych_status diptych_contact_sheet(diptych_source *source, diptych_pipeline *pipeline, size_t count, uint64_t seed,
                                     diptych_file *png);
void diptych_file_release(diptych_file *file);

#ifdef __cplusplus
}
#endif

#endif
