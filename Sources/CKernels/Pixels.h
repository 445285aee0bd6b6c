/// Warps, palettes and pixel formats: plain loops. Included once by the file of each instruction set.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

/// A coordinate clamped to 0 ... last; NaN becomes 0.
static inline float clamped(float position, float last) {
    position = position > 0 ? position : 0;
    return position < last ? position : last;
}

static void backwarp(const float *restrict source, int channels, int height, int width, const float *restrict flow,
                     float scale, int first_row, int rows, float *restrict target) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int x = 0; x < width; x++) {
            const ptrdiff_t i = (ptrdiff_t)y * width + x;
            const float from_x = clamped((float)x + scale * flow[i], (float)(width - 1));
            const float from_y = clamped((float)y + scale * flow[plane + i], (float)(height - 1));
            const int left = (int)from_x, top = (int)from_y;
            const float across = from_x - (float)left, down = from_y - (float)top;
            const int right = left < width - 1 ? 1 : 0;
            const ptrdiff_t below = top < height - 1 ? width : 0;
            const float *corner = source + (ptrdiff_t)top * width + left;
            for (int channel = 0; channel < channels; channel++, corner += plane) {
                target[channel * plane + i] =
                    (1 - down) * ((1 - across) * corner[0] + across * corner[right]) +
                    down * ((1 - across) * corner[below] + across * corner[below + right]);
            }
        }
    }
}

/// Pixels of one palette that are compared with each of its colors together.
enum { BLOCK = 64 };

/// How many pixels from i on, at most BLOCK, have the palette of pixel i.
static inline int block_length(const uint16_t *ids, ptrdiff_t i, ptrdiff_t count) {
    const int limit = count - i < BLOCK ? (int)(count - i) : BLOCK;
    int length = 1;
    while (length < limit && ids[i + length] == ids[i]) length++;
    return length;
}

static void nearest_color(const float *image, ptrdiff_t plane, ptrdiff_t count, const uint16_t *ids,
                          const struct ck_palette *palettes, float *target) {
    // Whole blocks are compared, so that the inner loop has a fixed length; what lies beyond `length` is not used.
    float red[BLOCK] = {0}, green[BLOCK] = {0}, blue[BLOCK] = {0};
    for (ptrdiff_t i = 0, length; i < count; i += length) {
        length = block_length(ids, i, count);
        const struct ck_palette palette = palettes[ids[i]];
        for (int k = 0; k < length; k++) {
            red[k] = image[i + k];
            green[k] = image[plane + i + k];
            blue[k] = image[2 * plane + i + k];
        }
        if (palette.count > 0) {
            float best[BLOCK];
            int32_t index[BLOCK];
            for (int k = 0; k < BLOCK; k++) {
                best[k] = __builtin_inff();
                index[k] = 0;
            }
            for (int32_t color = 0; color < palette.count; color++) {
                const float r = palette.rgb[3 * color], g = palette.rgb[3 * color + 1], b = palette.rgb[3 * color + 2];
                for (int k = 0; k < BLOCK; k++) {
                    const float dr = red[k] - r, dg = green[k] - g, db = blue[k] - b;
                    const float square = dr * dr + dg * dg + db * db;
                    index[k] = square < best[k] ? color : index[k];
                    best[k] = square < best[k] ? square : best[k];
                }
            }
            for (int k = 0; k < length; k++) {
                const float *color = palette.rgb + 3 * index[k];
                red[k] = color[0];
                green[k] = color[1];
                blue[k] = color[2];
            }
        }
        for (int k = 0; k < length; k++) {
            target[i + k] = red[k];
            target[plane + i + k] = green[k];
            target[2 * plane + i + k] = blue[k];
        }
    }
}

static void project_to_cell(float *image, const float *gif, ptrdiff_t plane, ptrdiff_t count, const uint16_t *ids,
                            const struct ck_palette *palettes) {
    float gif_red[BLOCK] = {0}, gif_green[BLOCK] = {0}, gif_blue[BLOCK] = {0};
    float red[BLOCK] = {0}, green[BLOCK] = {0}, blue[BLOCK] = {0};
    for (ptrdiff_t i = 0, length; i < count; i += length) {
        length = block_length(ids, i, count);
        const struct ck_palette palette = palettes[ids[i]];
        for (int k = 0; k < length; k++) {
            gif_red[k] = gif[i + k];
            gif_green[k] = gif[plane + i + k];
            gif_blue[k] = gif[2 * plane + i + k];
            red[k] = image[i + k] - gif_red[k];
            green[k] = image[plane + i + k] - gif_green[k];
            blue[k] = image[2 * plane + i + k] - gif_blue[k];
        }
        // For the GIF's color g and another color c, g + s (I - g) stays on g's side of the plane between them
        // while s * 2 (I - g).(c - g) <= |c - g|^2.
        float scale[BLOCK];
        for (int k = 0; k < BLOCK; k++) scale[k] = 1;
        for (int32_t color = 0; color < palette.count; color++) {
            const float r = palette.rgb[3 * color], g = palette.rgb[3 * color + 1], b = palette.rgb[3 * color + 2];
            for (int k = 0; k < BLOCK; k++) {
                const float cr = r - gif_red[k], cg = g - gif_green[k], cb = b - gif_blue[k];
                const float square = cr * cr + cg * cg + cb * cb;
                const float along = 2 * (red[k] * cr + green[k] * cg + blue[k] * cb);
                const float bound = square / (along > 1e-9f ? along : 1e-9f);
                // `&`, not `&&`: a branch would keep the loop from being vectorised.
                const int crosses = (square > 1e-9f) & (along > square) & (bound < scale[k]);
                scale[k] = crosses ? bound : scale[k];
            }
        }
        for (int k = 0; k < length; k++) {
            image[i + k] = gif_red[k] + scale[k] * red[k];
            image[plane + i + k] = gif_green[k] + scale[k] * green[k];
            image[2 * plane + i + k] = gif_blue[k] + scale[k] * blue[k];
        }
    }
}

static void synthesize(const float *warped0, const float *warped1, const float *visibility, float t, ptrdiff_t plane,
                       ptrdiff_t count, float *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float visible = (visibility[i] + 1) / 2;
        const float weight0 = (1 - t) * visible, weight1 = t * (1 - visible);
        const float total = weight0 + weight1 + 1e-8f;
        for (int channel = 0; channel < 3; channel++) {
            const ptrdiff_t k = channel * plane + i;
            target[k] = (weight0 * warped0[k] + weight1 * warped1[k]) / total;
        }
    }
}

static void rgba_to_planar(const uint8_t *restrict pixels, ptrdiff_t count, float *restrict target, ptrdiff_t plane) {
    for (ptrdiff_t i = 0; i < count; i++) {
        target[i] = (float)pixels[4 * i] / 127.5f - 1;
        target[plane + i] = (float)pixels[4 * i + 1] / 127.5f - 1;
        target[2 * plane + i] = (float)pixels[4 * i + 2] / 127.5f - 1;
    }
}

/// [-1, 1] to 0 ... 255, to the nearest; NaN becomes 0.
static inline uint8_t byte_of(float value) {
    return (uint8_t)(int32_t)(clamped((value + 1) * 127.5f, 255) + 0.5f);
}

static void planar_to_rgba(const float *restrict source, ptrdiff_t plane, ptrdiff_t count, uint8_t *restrict pixels) {
    for (ptrdiff_t i = 0; i < count; i++) {
        pixels[4 * i] = byte_of(source[i]);
        pixels[4 * i + 1] = byte_of(source[plane + i]);
        pixels[4 * i + 2] = byte_of(source[2 * plane + i]);
    }
}

#define CK_PIXELS                                                                                                      \
    .backwarp = backwarp, .nearest_color = nearest_color, .project_to_cell = project_to_cell,                          \
    .synthesize = synthesize, .rgba_to_planar = rgba_to_planar, .planar_to_rgba = planar_to_rgba
