/// Warps, palettes and pixel formats. Included once by the file of each instruction set, after Convolution.h.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

/// A channel clamped to -1 ... 1; NaN becomes -1.
static inline float clamped_color(float value) { return value > -1 ? value < 1 ? value : 1 : -1; }

/// A coordinate clamped to 0 ... last; NaN becomes 0.
static inline float clamped(float position, float last) {
    position = position > 0 ? position : 0;
    return position < last ? position : last;
}

/// Pixels that are looked at together, and those of them that are compared with a palette's colors together.
enum { CHUNK = 512, BATCH = 64 };

static void backwarp(const struct ck_warp *warp, int first_row, int rows, int first_column, int columns) {
    const float *restrict source = warp->source, *restrict flow = warp->flow, scale = warp->scale;
    float *restrict target = warp->target;
    const int channels = warp->channels, height = warp->height, width = warp->width;
    const ptrdiff_t plane = (ptrdiff_t)height * width, target_plane = (ptrdiff_t)warp->rows * width;
    // The origin of a pixel: the upper left of four, the steps to the others, and how far between them.
    int32_t corner[CHUNK], right[CHUNK], below[CHUNK];
    float across[CHUNK], down[CHUNK];
    for (int y = first_row; y < first_row + rows; y++) {
        for (int first = first_column; first < first_column + columns; first += CHUNK) {
            const int left_over = first_column + columns - first, count = left_over < CHUNK ? left_over : CHUNK;
            const ptrdiff_t start = (ptrdiff_t)y * width + first;
            for (int i = 0; i < count; i++) {
                const float x = (float)(first + i);
                const float from_x = clamped(x + scale * flow[start + i], (float)(width - 1));
                const float from_y =
                    clamped((float)(warp->top + y) + scale * flow[target_plane + start + i], (float)(height - 1));
                const int left = (int)from_x, top = (int)from_y;
                across[i] = from_x - (float)left;
                down[i] = from_y - (float)top;
                corner[i] = top * width + left;
                right[i] = left < width - 1 ? 1 : 0;
                below[i] = top < height - 1 ? width : 0;
            }
            for (int channel = 0; channel < channels; channel++) {
                const float *from = source + channel * plane;
                float *to = target + channel * target_plane + start;
                for (int i = 0; i < count; i++) {
                    const float *upper = from + corner[i], *lower = upper + below[i];
                    to[i] = (1 - down[i]) * ((1 - across[i]) * upper[0] + across[i] * upper[right[i]]) +
                            down[i] * ((1 - across[i]) * lower[0] + across[i] * lower[right[i]]);
                }
            }
        }
    }
}

typedef float four __attribute__((ext_vector_type(4)));

/// The weights of four pixels in a row for a place between the second and the third: Keys' cubic convolution with
/// a = -0.75. At 0 exactly the second pixel.
static inline four cubic_weights(float between) {
    const float a = -0.75f, other = 1 - between, before = between + 1, after = other + 1;
    return (four){((a * before - 5 * a) * before + 8 * a) * before - 4 * a,
                  ((a + 2) * between - (a + 3)) * between * between + 1,
                  ((a + 2) * other - (a + 3)) * other * other + 1,
                  ((a * after - 5 * a) * after + 8 * a) * after - 4 * a};
}

static inline int index_inside(int index, int last) {
    index = index > 0 ? index : 0;
    return index < last ? index : last;
}

static void backwarp_cubic(const struct ck_warp *warp, int first_row, int rows, int first_column, int columns) {
    const float *restrict source = warp->source, *restrict flow = warp->flow, scale = warp->scale;
    float *restrict target = warp->target;
    const int channels = warp->channels, height = warp->height, width = warp->width;
    const ptrdiff_t plane = (ptrdiff_t)height * width, target_plane = (ptrdiff_t)warp->rows * width;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int x = first_column; x < first_column + columns; x++) {
            const ptrdiff_t at = (ptrdiff_t)y * width + x;
            // Two pixels outside, all four are the border's. Positive, so that conversion rounds down.
            const float from_x = clamped((float)x + scale * flow[at] + 2, (float)(width + 3));
            const float from_y =
                clamped((float)(warp->top + y) + scale * flow[target_plane + at] + 2, (float)(height + 3));
            const int left = (int)from_x - 3, top = (int)from_y - 3;
            const four across = cubic_weights(from_x - (float)(left + 3)), down = cubic_weights(from_y - (float)(top + 3));
            const int isInside = left >= 0 && left + 3 < width;
            int column[4];
            ptrdiff_t row[4];
            for (int tap = 0; tap < 4; tap++) {
                column[tap] = index_inside(left + tap, width - 1);
                row[tap] = (ptrdiff_t)index_inside(top + tap, height - 1) * width;
            }
            for (int channel = 0; channel < channels; channel++) {
                const float *from = source + channel * plane;
                four sums = 0;
                for (int tap = 0; tap < 4; tap++) {
                    const float *line = from + row[tap];
                    four values;
                    if (isInside) {
                        __builtin_memcpy(&values, line + left, sizeof values);
                    } else {
                        values = (four){line[column[0]], line[column[1]], line[column[2]], line[column[3]]};
                    }
                    sums += down[tap] * values;
                }
                sums *= across;
                const float value = (sums.x + sums.y) + (sums.z + sums.w);
                target[channel * target_plane + at] = clamped_color(value);
            }
        }
    }
}

typedef int32_t integers __attribute__((ext_vector_type(LANES)));

/// The colors of a batch, in registers' order.
struct batch {
    vector red[BATCH / LANES], green[BATCH / LANES], blue[BATCH / LANES];
};

/// Lists the pixels among the first `count`, at most CHUNK, that may have left the cell of their color in the GIF. Those
/// that are nearer to it than the palette radius have not. Without a radius it lists all. Returns how many.
static int leavers(const float *image, const float *gif, const float *radius, ptrdiff_t plane, int count,
                   int32_t *pixels) {
    int32_t far[CHUNK];
    for (int i = 0; i < count; i++) {
        far[i] = 1;
        if (!radius) continue;
        const float red = image[i] - gif[i], green = image[plane + i] - gif[plane + i],
                    blue = image[2 * plane + i] - gif[2 * plane + i];
        // The margin is far above what rounding may move. Written so that a NaN is far.
        const float limit = 0.999f * radius[i];
        far[i] = !(red * red + green * green + blue * blue < limit * limit);
    }
    int found = 0;
    for (int i = 0; i < count; i++) {
        pixels[found] = i;
        found += far[i];
    }
    return found;
}

/// How many of the listed pixels, at most BATCH, have the palette of the first.
static inline int batch_length(const uint16_t *ids, const int32_t *pixels, int count) {
    const int limit = count < BATCH ? count : BATCH;
    int length = 1;
    while (length < limit && ids[pixels[length]] == ids[pixels[0]]) length++;
    return length;
}

static inline void load_batch(const float *image, ptrdiff_t plane, const int32_t *pixels, int length,
                              struct batch *batch) {
    for (int k = 0; k < length; k++) {
        ((float *)batch->red)[k] = image[pixels[k]];
        ((float *)batch->green)[k] = image[plane + pixels[k]];
        ((float *)batch->blue)[k] = image[2 * plane + pixels[k]];
    }
}

/// For each pixel of a batch the index of the nearest color, the lower one of equals.
static void search_batch(const struct batch *batch, int length, const struct ck_palette *palette, int32_t *nearest) {
    for (int i = 0; i * LANES < length; i++) {
        const vector red = batch->red[i], green = batch->green[i], blue = batch->blue[i];
        vector best = __builtin_inff();
        integers index = 0;
        for (int32_t color = 0; color < palette->count; color++) {
            const float *rgb = palette->rgb + 3 * color;
            const vector dr = red - rgb[0], dg = green - rgb[1], db = blue - rgb[2];
            const vector square = dr * dr + dg * dg + db * db;
            const integers closer = square < best;
            index = closer ? color : index;
            best = closer ? square : best;
        }
        ((integers *)nearest)[i] = index;
    }
}

static void nearest_color(const float *image, const float *gif, const float *radius, ptrdiff_t plane, ptrdiff_t count,
                          const uint16_t *ids, const struct ck_palette *palettes, float *target) {
    int32_t pixels[CHUNK];
    integers nearest[BATCH / LANES];
    struct batch batch = {0};
    for (ptrdiff_t first = 0; first < count; first += CHUNK) {
        const int size = count - first < CHUNK ? (int)(count - first) : CHUNK;
        const int found = leavers(image + first, gif + first, radius ? radius + first : 0, plane, size, pixels);
        if (radius) {
            // A pixel that has not left its cell keeps the GIF's color; the others get theirs below.
            int next = 0;
            for (int i = 0; i < size; i++) {
                if (next < found && pixels[next] == i) {
                    next++;
                    continue;
                }
                for (int channel = 0; channel < 3; channel++) {
                    target[channel * plane + first + i] = gif[channel * plane + first + i];
                }
            }
        }
        for (int done = 0, length; done < found; done += length) {
            length = batch_length(ids + first, pixels + done, found - done);
            const struct ck_palette *palette = &palettes[ids[first + pixels[done]]];
            load_batch(image + first, plane, pixels + done, length, &batch);
            search_batch(&batch, length, palette, (int32_t *)nearest);
            for (int k = 0; k < length; k++) {
                const ptrdiff_t i = first + pixels[done + k];
                const float *color = palette->rgb + 3 * ((int32_t *)nearest)[k];
                target[i] = palette->count ? color[0] : image[i];
                target[plane + i] = palette->count ? color[1] : image[plane + i];
                target[2 * plane + i] = palette->count ? color[2] : image[2 * plane + i];
            }
        }
    }
}

/// Times that a pixel is moved out of other colors' cells: one that lies far off leaves several.
enum { CELL_ROUNDS = 8 };

static inline float squared(float value) { return value * value; }

/// Moves pixel k of a batch onto the border between the cells of `own` and `other`, and back among the colors that there are:
/// those from -1 to 1, as cells of this size show them. Returns whether it lay beyond the border.
static int move_to_border(struct batch *batch, int k, const float own[3], const float *other, float size) {
    float *color[3] = {(float *)batch->red + k, (float *)batch->green + k, (float *)batch->blue + k};
    float along = 0, square = 0;
    for (int c = 0; c < 3; c++) {
        const float step = other[c] - own[c];
        along += (*color[c] - own[c]) * step;
        square += step * step;
    }
    // Much less than the distance of two colors: it is the own one.
    if (square < 1e-6f) return 0;
    const float beyond = along / square - 0.5f;
    // A pixel on the border, but for rounding, stays.
    if (!(beyond > 1e-4f)) return 0;
    for (int c = 0; c < 3; c++) {
        const float least = own[c] - (1 + own[c]) / size, most = own[c] + (1 - own[c]) / size;
        const float moved = *color[c] - beyond * (other[c] - own[c]);
        *color[c] = moved > least ? moved < most ? moved : most : least;
    }
    return 1;
}

static void keep_in_cells(float *image, const float *gif, const float *radius, float size, ptrdiff_t plane,
                          ptrdiff_t count, const uint16_t *ids, const struct ck_palette *palettes) {
    int32_t pixels[CHUNK];
    float limits[CHUNK];
    integers nearest[BATCH / LANES];
    struct batch batch = {0};
    for (ptrdiff_t first = 0; first < count; first += CHUNK) {
        const int length = count - first < CHUNK ? (int)(count - first) : CHUNK;
        for (int i = 0; i < length; i++) limits[i] = size * radius[first + i];
        const int found = leavers(image + first, gif + first, limits, plane, length, pixels);
        int known = 0;
        for (int k = 0; k < found; k++) {
            pixels[known] = pixels[k];
            known += radius[first + pixels[k]] > 0;
        }
        for (int done = 0, together; done < known; done += together) {
            together = batch_length(ids + first, pixels + done, known - done);
            const struct ck_palette *palette = &palettes[ids[first + pixels[done]]];
            float *colors[3] = {(float *)batch.red, (float *)batch.green, (float *)batch.blue};
            for (int k = 0; k < together; k++) {
                for (int c = 0; c < 3; c++) {
                    const ptrdiff_t i = c * plane + first + pixels[done + k];
                    colors[c][k] = gif[i] + (clamped_color(image[i]) - gif[i]) / size;
                }
            }
            // Whether a pixel has moved, and whether it did in the last round.
            int moved[BATCH] = {0}, moves[BATCH] = {0};
            for (int round = 0, any = 1; any && round < CELL_ROUNDS; round++) {
                any = 0;
                search_batch(&batch, together, palette, (int32_t *)nearest);
                for (int k = 0; k < together; k++) {
                    const ptrdiff_t i = first + pixels[done + k];
                    const float own[3] = {gif[i], gif[plane + i], gif[2 * plane + i]};
                    const float *other = palette->rgb + 3 * ((int32_t *)nearest)[k];
                    const int beyond = move_to_border(&batch, k, own, other, size);
                    any |= beyond, moved[k] |= beyond, moves[k] = beyond;
                }
            }
            for (int k = 0; k < together; k++) {
                // It comes from far off. The cell holds a ball of the radius, and there it is at its end.
                const ptrdiff_t pixel = first + pixels[done + k];
                if (moves[k]) {
                    float square = 0;
                    for (int c = 0; c < 3; c++) square += squared(colors[c][k] - gif[c * plane + pixel]);
                    const float share = radius[pixel] / __builtin_sqrtf(square);
                    for (int c = 0; share < 1 && c < 3; c++) {
                        const float own = gif[c * plane + pixel];
                        colors[c][k] = own + share * (colors[c][k] - own);
                    }
                }
                for (int c = 0; moved[k] && c < 3; c++) {
                    const ptrdiff_t i = c * plane + pixel;
                    image[i] = clamped_color(gif[i] + (colors[c][k] - gif[i]) * size);
                }
            }
        }
    }
}

static void synthesize(const float *warped0, const float *warped1, const float *visibility, float t, ptrdiff_t plane,
                       ptrdiff_t count, float *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float visible = (visibility[i] + 1) / 2;
        const float weight0 = (1 - t) * visible, weight1 = t * (1 - visible);
        const float share = weight1 / (weight0 + weight1 + 1e-8f);
        for (int channel = 0; channel < 3; channel++) {
            const ptrdiff_t k = channel * plane + i;
            target[k] = warped0[k] + share * (warped1[k] - warped0[k]);
        }
    }
}

/// How far outside of a line of `size` pixels a place lies: 0 up to one pixel, 1 from three on.
static inline float outside(float place, float size) {
    const float beyond = -place > place - (size - 1) ? -place : place - (size - 1);
    return clamped((beyond - 1) / 2, 1);
}

static void hide_outside(const float *flow0, const float *flow1, ptrdiff_t plane, float scale, int row, int column,
                         int count, int height, int width, float *answer, ptrdiff_t answer_plane) {
    float *visibility = answer + 4 * answer_plane;
    for (int i = 0; i < count; i++) {
        const float x = (float)(column + i), y = (float)row;
        const float out0x = outside(x + scale * flow0[i], (float)width);
        const float out0y = outside(y + scale * flow0[plane + i], (float)height);
        const float out1x = outside(x + scale * flow1[i], (float)width);
        const float out1y = outside(y + scale * flow1[plane + i], (float)height);
        const float out0 = out0x > out0y ? out0x : out0y, out1 = out1x > out1y ? out1x : out1y;
        const float only0 = out0 * (1 - out1), only1 = out1 * (1 - out0);
        const float kept = 1 - only0 - only1;
        visibility[i] = kept * visibility[i] - only0 + only1;
        for (int k = 0; k < 2; k++) {
            float *refined0 = answer + k * answer_plane + i, *refined1 = answer + (2 + k) * answer_plane + i;
            *refined0 = flow0[k * plane + i] + kept * (*refined0 - flow0[k * plane + i]);
            *refined1 = flow1[k * plane + i] + kept * (*refined1 - flow1[k * plane + i]);
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

static void rgba_to_rgb(const uint8_t *restrict pixels, ptrdiff_t count, uint8_t *restrict target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        target[3 * i] = pixels[4 * i];
        target[3 * i + 1] = pixels[4 * i + 1];
        target[3 * i + 2] = pixels[4 * i + 2];
    }
}

/// Y, Cb and Cr times 65536, without their offsets and their rounding, of at most CHUNK pixels. Sums of four fit.
static inline void weigh(const uint8_t *restrict pixels, int count, int32_t *restrict y, int32_t *restrict cb,
                         int32_t *restrict cr) {
    for (int i = 0; i < count; i++) {
        const int32_t red = pixels[4 * i], green = pixels[4 * i + 1], blue = pixels[4 * i + 2];
        y[i] = 16829 * red + 33039 * green + 6416 * blue;
        cb[i] = -9714 * red - 19070 * green + 28784 * blue;
        cr[i] = 28784 * red - 24103 * green - 4681 * blue;
    }
}

static inline uint8_t luma_of(int32_t weighed) { return (uint8_t)(((weighed + (1 << 15)) >> 16) + 16); }

/// Of the sum of 1 << log pixels.
static inline uint8_t chroma_of(int32_t sum, int log) {
    return (uint8_t)(((sum + (1 << (15 + log))) >> (16 + log)) + 128);
}

static void rgba_to_444(const uint8_t *restrict pixels, ptrdiff_t count, uint8_t *restrict luma, uint8_t *restrict cb,
                        uint8_t *restrict cr) {
    int32_t y[CHUNK], blue[CHUNK], red[CHUNK];
    for (ptrdiff_t first = 0; first < count; first += CHUNK) {
        const int size = count - first < CHUNK ? (int)(count - first) : CHUNK;
        weigh(pixels + 4 * first, size, y, blue, red);
        for (int i = 0; i < size; i++) {
            luma[first + i] = luma_of(y[i]);
            cb[first + i] = chroma_of(blue[i], 0);
            cr[first + i] = chroma_of(red[i], 0);
        }
    }
}

static void rgba_to_yuyv(const uint8_t *restrict pixels, ptrdiff_t count, uint8_t *restrict target) {
    int32_t y[CHUNK], cb[CHUNK], cr[CHUNK];
    for (ptrdiff_t first = 0; first < count; first += CHUNK) {
        const int size = count - first < CHUNK ? (int)(count - first) : CHUNK;
        weigh(pixels + 4 * first, size, y, cb, cr);
        uint8_t *restrict out = target + 2 * first;
        for (int i = 0; i < size / 2; i++) {
            out[4 * i] = luma_of(y[2 * i]);
            out[4 * i + 1] = chroma_of(cb[2 * i] + cb[2 * i + 1], 1);
            out[4 * i + 2] = luma_of(y[2 * i + 1]);
            out[4 * i + 3] = chroma_of(cr[2 * i] + cr[2 * i + 1], 1);
        }
    }
}

static void rgba_to_420(const uint8_t *restrict top, const uint8_t *restrict bottom, ptrdiff_t width,
                        uint8_t *restrict luma_top, uint8_t *restrict luma_bottom, uint8_t *restrict cb,
                        uint8_t *restrict cr, ptrdiff_t step) {
    int32_t y[CHUNK], blue[CHUNK], red[CHUNK], below_y[CHUNK], below_blue[CHUNK], below_red[CHUNK];
    for (ptrdiff_t first = 0; first < width; first += CHUNK) {
        const int size = width - first < CHUNK ? (int)(width - first) : CHUNK;
        weigh(top + 4 * first, size, y, blue, red);
        weigh(bottom + 4 * first, size, below_y, below_blue, below_red);
        for (int i = 0; i < size; i++) {
            luma_top[first + i] = luma_of(y[i]);
            luma_bottom[first + i] = luma_of(below_y[i]);
            blue[i] += below_blue[i];
            red[i] += below_red[i];
        }
        for (int i = 0; i < size / 2; i++) {
            const ptrdiff_t at = (first / 2 + i) * step;
            cb[at] = chroma_of(blue[2 * i] + blue[2 * i + 1], 2);
            cr[at] = chroma_of(red[2 * i] + red[2 * i + 1], 2);
        }
    }
}

#define CK_PIXELS                                                                                                      \
    .backwarp = backwarp, .backwarp_cubic = backwarp_cubic, .nearest_color = nearest_color,                            \
    .keep_in_cells = keep_in_cells,                                                                                    \
    .synthesize = synthesize, .hide_outside = hide_outside,                                                            \
    .rgba_to_planar = rgba_to_planar, .planar_to_rgba = planar_to_rgba,                                                \
    .rgba_to_rgb = rgba_to_rgb, .rgba_to_444 = rgba_to_444, .rgba_to_yuyv = rgba_to_yuyv, .rgba_to_420 = rgba_to_420
