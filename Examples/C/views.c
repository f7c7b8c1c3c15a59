/* Streams view pairs of a folder of images from C, as any language with a C interface can.
 *
 *   cc views.c -I ../../Sources/CDiptych/include -L ../../.build/release -ldiptych-views -o views
 *   LD_LIBRARY_PATH=../../.build/release ./views photos/
 */
#include <diptych.h>

#include <inttypes.h>
#include <stdio.h>

static int failed(void) {
    fprintf(stderr, "views: %s\n", diptych_last_error());
    return 1;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: views IMAGES\n");
        return 2;
    }
    if (diptych_abi_version() != DIPTYCH_ABI_VERSION) {
        fprintf(stderr, "views: compiled for interface %d, the library has %" PRId32 "\n", DIPTYCH_ABI_VERSION,
                diptych_abi_version());
        return 1;
    }
    diptych_pipeline *pipeline;
    diptych_source *source;
    diptych_loader *loader;
    const char *text = "views: {branches: [{count: 2, size: 32, steps: [resized_crop, horizontal_flip]}]}";
    if (diptych_pipeline_open(NULL, text, NULL, 0, &pipeline)) return failed();
    if (diptych_source_open(arguments[1], &source)) return failed();

    diptych_loader_options options;
    diptych_loader_defaults(&options);
    options.batch_size = 4;
    options.epochs = 2;
    if (diptych_loader_open(source, pipeline, &options, &loader)) return failed();
    diptych_pipeline_close(pipeline);

    for (int64_t epoch = 0; epoch < options.epochs;) {
        diptych_batch batch;
        switch (diptych_loader_next(loader, 60, &batch)) {
        case DIPTYCH_OK: {
            const diptych_views *views = &batch.branches[0];
            const int64_t size = views->views * views->count * 3 * views->height * views->width;
            const float *values = views->data;
            double sum = 0;
            for (int64_t index = 0; index < size; index++) sum += values[index];
            printf("epoch %" PRId64 " batch %" PRId64 ": [%" PRId64 ", %" PRId64 ", 3, %" PRId64 ", %" PRId64
                   "], mean %.4f\n",
                   batch.epoch, batch.index, views->views, views->count, views->height, views->width, sum / size);
            diptych_batch_release(&batch);
            break;
        }
        case DIPTYCH_END_OF_EPOCH:
            epoch++;
            break;
        default:
            return failed();
        }
    }
    diptych_loader_close(loader);
    diptych_source_close(source);
    return 0;
}
