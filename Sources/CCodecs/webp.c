#include "rows.h"
#include <stdio.h>
#include <string.h>

static void say(ccodecs_report *report, const char *message) {
    snprintf(report->message, sizeof report->message, "%s", message);
}

#ifdef CCODECS_WEBP

#include <webp/decode.h>

static ccodecs_status status_of(VP8StatusCode code, ccodecs_report *report) {
    switch (code) {
    case VP8_STATUS_OK: return CCODECS_OK;
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: say(report, "the data end before the picture does"); return CCODECS_TRUNCATED;
    case VP8_STATUS_OUT_OF_MEMORY: say(report, "not enough memory for the picture"); return CCODECS_NO_MEMORY;
    case VP8_STATUS_UNSUPPORTED_FEATURE: say(report, "a feature that libwebp does not know"); return CCODECS_UNSUPPORTED;
    default: say(report, "the data contradict the format"); return CCODECS_CORRUPT;
    }
}

ccodecs_status ccodecs_webp_header(const uint8_t *data, size_t size, ccodecs_webp_facts *facts,
                                   ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    WebPBitstreamFeatures features;
    const ccodecs_status status = status_of(WebPGetFeatures(data, size, &features), report);
    if (status != CCODECS_OK) return status;
    if (features.width <= 0 || features.height <= 0) {
        say(report, "no pixels");
        return CCODECS_CORRUPT;
    }
    *facts = (ccodecs_webp_facts){
        .width = (uint32_t)features.width,
        .height = (uint32_t)features.height,
        .alpha = features.has_alpha != 0,
        .animated = features.has_animation != 0,
    };
    return CCODECS_OK;
}

ccodecs_status ccodecs_webp_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report) {
    ccodecs_webp_facts facts;
    ccodecs_status status = ccodecs_webp_header(data, size, &facts, report);
    if (status != CCODECS_OK) return status;
    if (facts.width != target->width || facts.height != target->height) {
        say(report, "the file has two headers of different extent");
        return CCODECS_CORRUPT;
    }
    // The whole picture: libwebp's own crop differs from it where colours are interpolated at the edges.
    const row_kind kind = facts.alpha ? ROW_RGB_ALPHA : ROW_RGB;
    const size_t stride = (size_t)facts.width * row_channels(kind);
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) {
        say(report, "libwebp is of another version than this was built with");
        return CCODECS_UNSUPPORTED;
    }
    if (!scratch_reserve(scratch, stride * facts.height)) {
        say(report, "not enough memory for the picture");
        return CCODECS_NO_MEMORY;
    }
    config.output.colorspace = facts.alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = scratch->bytes;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * facts.height;
    status = status_of(WebPDecode(data, size, &config), report);
    WebPFreeDecBuffer(&config.output);
    if (status != CCODECS_OK) return status;
    for (uint32_t y = target->y; y < target->y + target->region_height; y++) {
        row_write(kind, scratch->bytes + y * stride, 0, y, target);
    }
    return CCODECS_OK;
}

const char *ccodecs_webp_version(void) {
    static _Thread_local char text[16];
    const int version = WebPGetDecoderVersion();
    snprintf(text, sizeof text, "%d.%d.%d", version >> 16, version >> 8 & 0xFF, version & 0xFF);
    return text;
}

#else

ccodecs_status ccodecs_webp_header(const uint8_t *data, size_t size, ccodecs_webp_facts *facts,
                                   ccodecs_report *report) {
    (void)data, (void)size, (void)facts;
    memset(report, 0, sizeof *report);
    say(report, "this was built without libwebp");
    return CCODECS_UNSUPPORTED;
}

ccodecs_status ccodecs_webp_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report) {
    (void)scratch, (void)target;
    return ccodecs_webp_header(data, size, NULL, report);
}

const char *ccodecs_webp_version(void) { return NULL; }

#endif
