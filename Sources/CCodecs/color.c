#include "CCodecs.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// Colour profiles by Little CMS 2, which is loaded when the first one is to be applied. Its C interface has kept these
// names and types since version 2.0; profiles and transforms are opaque.

static struct {
    void *(*open_profile)(const void *, uint32_t);
    void *(*create_srgb)(void);
    int (*close_profile)(void *);
    uint32_t (*get_colour_space)(void *);
    void *(*create_transform)(void *, uint32_t, void *, uint32_t, uint32_t, uint32_t);
    void (*do_transform)(void *, const void *, void *, uint32_t);
    void (*delete_transform)(void *);
    int (*version)(void);
    bool is_loaded;
} cms;

static pthread_once_t once = PTHREAD_ONCE_INIT;

// Three planes of bytes, one after another: lcms2.h's TYPE_RGB_8_PLANAR.
static const uint32_t planar_rgb = 1u << 12 | 4u << 16 | 3u << 3 | 1u;
// cmsSigRgbData, `RGB `.
static const uint32_t rgb_space = 0x52474220;

static void load(void) {
    void *library = dlopen("liblcms2.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) library = dlopen("liblcms2.2.dylib", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return;
    const struct {
        const char *name;
        void *to;
    } names[] = {
        {"cmsOpenProfileFromMem", &cms.open_profile},  {"cmsCreate_sRGBProfile", &cms.create_srgb},
        {"cmsCloseProfile", &cms.close_profile},       {"cmsGetColorSpace", &cms.get_colour_space},
        {"cmsCreateTransform", &cms.create_transform}, {"cmsDoTransform", &cms.do_transform},
        {"cmsDeleteTransform", &cms.delete_transform}, {"cmsGetEncodedCMMversion", &cms.version},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *const found = dlsym(library, names[i].name);
        if (found == NULL) return;
        memcpy(names[i].to, &found, sizeof found);
    }
    cms.is_loaded = true;
}

static bool is_there(void) {
    pthread_once(&once, load);
    return cms.is_loaded;
}

const char *ccodecs_color_version(void) {
    static _Thread_local char text[16];
    if (!is_there()) return "";
    const int version = cms.version();
    snprintf(text, sizeof text, "%d.%d", version / 1000, version % 1000 / 10);
    return text;
}

void *ccodecs_color_create(const uint8_t *profile, size_t size) {
    if (!is_there() || size > UINT32_MAX) return NULL;
    void *transform = NULL;
    void *const from = cms.open_profile(profile, (uint32_t)size);
    if (from == NULL) return NULL;
    void *const to = cms.create_srgb();
    // Pixels of gray and CMYK files are already RGB, so their profiles do not apply.
    if (to != NULL && cms.get_colour_space(from) == rgb_space) {
        transform = cms.create_transform(from, planar_rgb, to, planar_rgb, 0, 0);
    }
    if (to != NULL) cms.close_profile(to);
    cms.close_profile(from);
    return transform;
}

void ccodecs_color_apply(void *transform, uint8_t *planes, size_t count) {
    // Little CMS takes sizes of 32 bits; no picture exceeds them.
    if (count <= UINT32_MAX / 4) cms.do_transform(transform, planes, planes, (uint32_t)count);
}

void ccodecs_color_free(void *transform) {
    if (transform != NULL) cms.delete_transform(transform);
}
