#include "rows.h"
#include <stdio.h>
#include <string.h>
#include <webp/decode.h>

static ccodecs_status status_of(VP8StatusCode code, ccodecs_report *report) {
    switch (code) {
    case VP8_STATUS_OK: return CCODECS_OK;
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return report_failure(report, CCODECS_TRUNCATED, "the data end before the picture does");
    case VP8_STATUS_OUT_OF_MEMORY:
        return report_failure(report, CCODECS_NO_MEMORY, "not enough memory for the picture");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return report_failure(report, CCODECS_UNSUPPORTED, "a feature that libwebp does not know");
    default: return report_failure(report, CCODECS_CORRUPT, "the data contradict the format");
    }
}

// The part of the file that libwebp decodes, and where it lies on the canvas.
typedef struct {
    const uint8_t *data;
    size_t size;
    uint32_t x, y;
    bool has_more;
} frame;

static uint32_t little24(const uint8_t *data) { return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16; }

static uint32_t little32(const uint8_t *data) { return little24(data) | (uint32_t)data[3] << 24; }

// The first frame of an animation, and whether another follows.
static ccodecs_status first_frame(const uint8_t *data, size_t size, frame *found, ccodecs_report *report) {
    size_t at = 12;
    int frames = 0;
    while (size - at >= 8 && frames < 2) {
        const size_t length = little32(data + at + 4);
        if (length > size - at - 8) break;
        if (memcmp(data + at, "ANMF", 4) == 0 && length >= 16 && frames++ == 0) {
            const uint8_t *const chunk = data + at + 8;
            // Positions are stored halved; behind them lie size, duration and flags.
            *found = (frame){
                .data = chunk + 16, .size = length - 16, .x = 2 * little24(chunk), .y = 2 * little24(chunk + 3)};
        }
        // Chunks are padded to an even length.
        at += 8 + length;
        if (length % 2 && at < size) at++;
    }
    if (frames == 0) return report_failure(report, CCODECS_TRUNCATED, "the data end before the first frame");
    found->has_more = frames > 1;
    return CCODECS_OK;
}

ccodecs_status ccodecs_webp_header(const uint8_t *data, size_t size, ccodecs_facts *facts, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    WebPBitstreamFeatures features;
    const ccodecs_status status = status_of(WebPGetFeatures(data, size, &features), report);
    if (status != CCODECS_OK) return status;
    if (features.width <= 0 || features.height <= 0) return report_failure(report, CCODECS_CORRUPT, "no pixels");
    *facts = (ccodecs_facts){
        .width = (uint32_t)features.width,
        .height = (uint32_t)features.height,
        .bits = 8,
        .alpha = features.has_alpha != 0,
    };
    if (!features.has_animation) return CCODECS_OK;
    // The canvas is transparent where the frame does not reach.
    frame found;
    facts->alpha = true;
    const ccodecs_status searched = first_frame(data, size, &found, report);
    if (searched == CCODECS_OK) facts->several = found.has_more;
    return searched;
}

// Has libwebp decode the target's region, and the pixels around it that its colours are interpolated with.
static void crop(WebPDecoderConfig *config, const ccodecs_target *target) {
    const uint32_t margin = 2;
    // Colours are stored at every second pixel.
    const uint32_t left = (target->x > margin ? target->x - margin : 0) & ~1u;
    const uint32_t top = (target->y > margin ? target->y - margin : 0) & ~1u;
    const uint32_t right = target->x + target->region_width, bottom = target->y + target->region_height;
    config->options.use_cropping = 1;
    config->options.crop_left = (int)left;
    config->options.crop_top = (int)top;
    config->options.crop_width = (int)((target->width - right > margin ? right + margin : target->width) - left);
    config->options.crop_height = (int)((target->height - bottom > margin ? bottom + margin : target->height) - top);
}

ccodecs_status ccodecs_webp_decode(ccodecs_scratch *scratch, const uint8_t *data, size_t size,
                                   const ccodecs_target *target, ccodecs_report *report) {
    memset(report, 0, sizeof *report);
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) {
        return report_failure(report, CCODECS_UNSUPPORTED, "libwebp is of another version than this was built with");
    }
    ccodecs_status status = status_of(WebPGetFeatures(data, size, &config.input), report);
    if (status != CCODECS_OK) return status;
    if ((uint32_t)config.input.width != target->width || (uint32_t)config.input.height != target->height) {
        return report_failure(report, CCODECS_CORRUPT, "the file has two headers of different size");
    }
    frame part = {.data = data, .size = size};
    const bool moves = config.input.has_animation != 0;
    if (moves) {
        if ((status = first_frame(data, size, &part, report)) != CCODECS_OK) return status;
        status = status_of(WebPGetFeatures(part.data, part.size, &config.input), report);
        if (status != CCODECS_OK) return status;
        if (part.x + (uint64_t)config.input.width > target->width ||
            part.y + (uint64_t)config.input.height > target->height) {
            return report_failure(report, CCODECS_CORRUPT, "a frame that lies outside of the canvas");
        }
    }
    if (!moves) crop(&config, target);
    const uint32_t left = (uint32_t)config.options.crop_left, top = (uint32_t)config.options.crop_top;
    const uint32_t width = moves ? target->width : (uint32_t)config.options.crop_width;
    const uint32_t height = moves ? target->height : (uint32_t)config.options.crop_height;
    const row_kind kind = moves || config.input.has_alpha ? ROW_RGB_ALPHA : ROW_RGB;
    const size_t stride = width * row_channels(kind), bytes = stride * height;
    if (!scratch_reserve(scratch, bytes))
        return report_failure(report, CCODECS_NO_MEMORY, "not enough memory for the picture");
    if (moves) memset(scratch->bytes, 0, bytes);
    const size_t start = part.y * stride + part.x * row_channels(kind);
    config.output.colorspace = kind == ROW_RGB_ALPHA ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = scratch->bytes + start;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = bytes - start;
    status = status_of(WebPDecode(part.data, part.size, &config), report);
    WebPFreeDecBuffer(&config.output);
    if (status != CCODECS_OK) return status;
    for (uint32_t y = target->y; y < target->y + target->region_height; y++) {
        row_write(kind, scratch->bytes + (y - top) * stride, left, y, target);
    }
    return CCODECS_OK;
}

const char *ccodecs_webp_version(void) {
    static _Thread_local char text[16];
    const int version = WebPGetDecoderVersion();
    snprintf(text, sizeof text, "%d.%d.%d", version >> 16, version >> 8 & 0xFF, version & 0xFF);
    return text;
}
