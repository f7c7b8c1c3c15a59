#include "rows.h"
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

// HEIC and AVIF by libheif, which is loaded when the first such file is met: many machines lack it. Its C interface has
// kept these names and types since version 1.0; all of its objects are opaque.

typedef struct {
    int code, subcode;
    const char *message;
} heif_error;

typedef struct heif_context heif_context;
typedef struct heif_image_handle heif_image_handle;
typedef struct heif_image heif_image;

/// The beginning of libheif's options, which its own function allocates and fills.
typedef struct {
    uint8_t version, ignores_transformations;
    void *callbacks[4];
    uint8_t converts_to_8_bits;
} heif_decoding_options;

enum { COLORSPACE_RGB = 1, CHROMA_RGB = 10, CHROMA_RGBA = 11, CHANNEL_INTERLEAVED = 10 };

static struct {
    heif_error (*init)(const void *);
    const char *(*get_version)(void);
    int (*have_decoder_for_format)(int);
    heif_context *(*context_alloc)(void);
    void (*context_free)(heif_context *);
    heif_error (*context_read_from_memory_without_copy)(heif_context *, const void *, size_t, const void *);
    heif_error (*context_get_primary_image_handle)(heif_context *, heif_image_handle **);
    int (*context_get_number_of_top_level_images)(heif_context *);
    void (*image_handle_release)(const heif_image_handle *);
    int (*image_handle_get_width)(const heif_image_handle *);
    int (*image_handle_get_height)(const heif_image_handle *);
    int (*image_handle_has_alpha_channel)(const heif_image_handle *);
    size_t (*image_handle_get_raw_color_profile_size)(const heif_image_handle *);
    heif_error (*image_handle_get_raw_color_profile)(const heif_image_handle *, void *);
    heif_decoding_options *(*decoding_options_alloc)(void);
    void (*decoding_options_free)(heif_decoding_options *);
    heif_error (*decode_image)(const heif_image_handle *, heif_image **, int, int, const heif_decoding_options *);
    const uint8_t *(*image_get_plane_readonly)(const heif_image *, int, int *);
    int (*image_get_width)(const heif_image *, int);
    int (*image_get_height)(const heif_image *, int);
    void (*image_release)(const heif_image *);
    bool is_loaded;
} heif;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libheif.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) library = dlopen("libheif.1.dylib", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return;
    const struct {
        const char *name;
        void *to;
    } names[] = {
        {"heif_get_version", &heif.get_version},
        {"heif_have_decoder_for_format", &heif.have_decoder_for_format},
        {"heif_context_alloc", &heif.context_alloc},
        {"heif_context_free", &heif.context_free},
        {"heif_context_read_from_memory_without_copy", &heif.context_read_from_memory_without_copy},
        {"heif_context_get_primary_image_handle", &heif.context_get_primary_image_handle},
        {"heif_context_get_number_of_top_level_images", &heif.context_get_number_of_top_level_images},
        {"heif_image_handle_release", &heif.image_handle_release},
        {"heif_image_handle_get_width", &heif.image_handle_get_width},
        {"heif_image_handle_get_height", &heif.image_handle_get_height},
        {"heif_image_handle_has_alpha_channel", &heif.image_handle_has_alpha_channel},
        {"heif_image_handle_get_raw_color_profile_size", &heif.image_handle_get_raw_color_profile_size},
        {"heif_image_handle_get_raw_color_profile", &heif.image_handle_get_raw_color_profile},
        {"heif_decoding_options_alloc", &heif.decoding_options_alloc},
        {"heif_decoding_options_free", &heif.decoding_options_free},
        {"heif_decode_image", &heif.decode_image},
        {"heif_image_get_plane_readonly", &heif.image_get_plane_readonly},
        {"heif_image_get_width", &heif.image_get_width},
        {"heif_image_get_height", &heif.image_get_height},
        {"heif_image_release", &heif.image_release},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *const found = dlsym(library, names[i].name);
        if (found == NULL) return;
        memcpy(names[i].to, &found, sizeof found);
    }
    // Newer versions find their decoders so.
    void *const init = dlsym(library, "heif_init");
    if (init != NULL) {
        memcpy(&heif.init, &init, sizeof init);
        heif.init(NULL);
    }
    heif.is_loaded = true;
}

static bool is_there(void) {
    pthread_once(&once, load);
    return heif.is_loaded;
}

const char *ccodecs_heif_version(void) { return is_there() ? heif.get_version() : ""; }

bool ccodecs_heif_decodes(ccodecs_heif_kind kind) {
    return is_there() && heif.have_decoder_for_format(kind == CCODECS_HEIC ? 1 : 4) != 0;
}

static ccodecs_status status_of(heif_error error, ccodecs_report *report) {
    // 2: invalid input, where subcode 100 is an end of the data; 3 and 4: kinds of file and feature; 6: memory.
    if (error.code == 0) return CCODECS_OK;
    const ccodecs_status status = error.code == 2 && error.subcode == 100 ? CCODECS_TRUNCATED
                                  : error.code == 3 || error.code == 4    ? CCODECS_UNSUPPORTED
                                  : error.code == 6                       ? CCODECS_NO_MEMORY
                                                                          : CCODECS_CORRUPT;
    report_failure(report, status, error.message != NULL ? error.message : "libheif fails");
    for (char *c = report->message; *c; c++) {
        if (*c == '\n' || *c == '\r') *c = ' ';
    }
    return status;
}

typedef struct {
    heif_context *context;
    heif_image_handle *handle;
} file;

static ccodecs_status open_file(file *self, const uint8_t *data, size_t size, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    *self = (file){0};
    if (!is_there()) return report_failure(report, CCODECS_UNSUPPORTED, "libheif is not installed");
    self->context = heif.context_alloc();
    if (self->context == NULL) return report_failure(report, CCODECS_NO_MEMORY, "libheif cannot start");
    ccodecs_status status =
        status_of(heif.context_read_from_memory_without_copy(self->context, data, size, NULL), report);
    if (status == CCODECS_OK)
        status = status_of(heif.context_get_primary_image_handle(self->context, &self->handle), report);
    return status;
}

static void close_file(file *self) {
    if (self->handle != NULL) heif.image_handle_release(self->handle);
    if (self->context != NULL) heif.context_free(self->context);
}

ccodecs_status ccodecs_heif_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report) {
    file self;
    ccodecs_status status = open_file(&self, data, size, report);
    if (status == CCODECS_OK) {
        const int width = heif.image_handle_get_width(self.handle), height = heif.image_handle_get_height(self.handle);
        // Turned and mirrored by libheif itself.
        *facts = (ccodecs_facts){
            .width = (uint32_t)width,
            .height = (uint32_t)height,
            .bits = 8,
            .alpha = heif.image_handle_has_alpha_channel(self.handle) != 0,
            .several = heif.context_get_number_of_top_level_images(self.context) > 1,
        };
        if (width <= 0 || height <= 0) status = report_failure(report, CCODECS_CORRUPT, "no pixels");
    }
    close_file(&self);
    return status;
}

static ccodecs_status decode(file *self, const ccodecs_target *target, ccodecs_report *report) {
    const bool has_alpha = heif.image_handle_has_alpha_channel(self->handle) != 0;
    heif_decoding_options *options = heif.decoding_options_alloc();
    if (options == NULL) return report_failure(report, CCODECS_NO_MEMORY, "libheif cannot start");
    if (options->version >= 2) options->converts_to_8_bits = 1;
    heif_image *image = NULL;
    const ccodecs_status status = status_of(
        heif.decode_image(self->handle, &image, COLORSPACE_RGB, has_alpha ? CHROMA_RGBA : CHROMA_RGB, options), report);
    heif.decoding_options_free(options);
    if (status != CCODECS_OK) return status;
    int stride = 0;
    const uint8_t *const pixels = heif.image_get_plane_readonly(image, CHANNEL_INTERLEAVED, &stride);
    const bool agrees = heif.image_get_width(image, CHANNEL_INTERLEAVED) == (int)target->width &&
                        heif.image_get_height(image, CHANNEL_INTERLEAVED) == (int)target->height;
    for (uint32_t y = target->y; agrees && pixels != NULL && y < target->y + target->region_height; y++) {
        row_write(has_alpha ? ROW_RGB_ALPHA : ROW_RGB, pixels + (size_t)y * (size_t)stride, 0, y, target);
    }
    heif.image_release(image);
    if (pixels == NULL || !agrees)
        return report_failure(report, CCODECS_CORRUPT, "the picture has another size than its header");
    return CCODECS_OK;
}

ccodecs_status ccodecs_heif_decode(const uint8_t *data, size_t size, const ccodecs_target *target,
                                   ccodecs_report *report) {
    file self;
    ccodecs_status status = open_file(&self, data, size, report);
    if (status == CCODECS_OK) status = decode(&self, target, report);
    close_file(&self);
    return status;
}

size_t ccodecs_heif_profile(ccodecs_scratch *scratch, const uint8_t *data, size_t size) {
    file self;
    ccodecs_report report;
    size_t length = 0;
    if (open_file(&self, data, size, &report) == CCODECS_OK) {
        length = heif.image_handle_get_raw_color_profile_size(self.handle);
        if (length == 0 || length > size || !scratch_reserve(scratch, length) ||
            heif.image_handle_get_raw_color_profile(self.handle, scratch->bytes).code != 0) {
            length = 0;
        }
    }
    close_file(&self);
    return length;
}
