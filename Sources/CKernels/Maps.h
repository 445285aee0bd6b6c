/// The layers without weights, on maps in blocks of LANES channels, and the ways into and out of such maps. Included
/// once by the file of each instruction set, after Convolution.h.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

/// The vector of a pixel.
INLINE vectors at(const struct ck_map *map, int block, int y, int x) {
    return (vectors)(map->values + block * map->block + y * map->row + x * map->pixel);
}

static void to_map(const float *source, int channels, int height, int width, const struct ck_map *target, int first_row,
                   int rows) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    for (int y = first_row; y < first_row + rows; y++) {
        const float *line = source + (ptrdiff_t)(y < height ? y : height - 1) * width;
        for (int channel = 0; channel < channels; channel++, line += plane) {
            float *to = (float *)at(target, channel / LANES, y, 0) + channel % LANES;
            const int inside = width < target->width ? width : target->width;
            for (int x = 0; x < inside; x++) to[x * LANES] = line[x];
            for (int x = inside; x < target->width; x++) to[x * LANES] = line[width - 1];
        }
    }
}

static void from_map(const struct ck_map *source, int channels, float *target, int height, int width, int first_row,
                     int rows) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    for (int y = first_row; y < first_row + rows; y++) {
        float *line = target + (ptrdiff_t)y * width;
        for (int channel = 0; channel < channels; channel++, line += plane) {
            const float *from = (const float *)at(source, channel / LANES, y, 0) + channel % LANES;
            for (int x = 0; x < width; x++) line[x] = from[x * LANES];
        }
    }
}

static void unshuffle_to_map(const float *source, int channels, int height, int width, const struct ck_map *target,
                             int first_row, int rows) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    const int inside = width / 2 < target->width ? width / 2 : target->width;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int channel = 0; channel < 4 * channels; channel += 2) {
            const int row = 2 * y + channel / 2 % 2;
            const float *line = source + channel / 4 * plane + (ptrdiff_t)(row < height ? row : height - 1) * width;
            float *to = (float *)at(target, channel / LANES, y, 0) + channel % LANES;
            for (int x = 0; x < inside; x++) {
                to[x * LANES] = line[2 * x];
                to[x * LANES + 1] = line[2 * x + 1];
            }
            for (int x = inside; x < target->width; x++) {
                to[x * LANES] = line[2 * x < width ? 2 * x : width - 1];
                to[x * LANES + 1] = line[width - 1];
            }
        }
    }
}

static void shuffle_from_map(const struct ck_map *source, int channels, float *target, int height, int width,
                             int first_row, int rows) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int channel = 0; channel < 4 * channels; channel += 2) {
            const int row = 2 * y + channel / 2 % 2;
            if (row >= height) continue;
            float *line = target + channel / 4 * plane + (ptrdiff_t)row * width;
            const float *from = (const float *)at(source, channel / LANES, y, 0) + channel % LANES;
            for (int x = 0; x < width / 2; x++) {
                line[2 * x] = from[x * LANES];
                line[2 * x + 1] = from[x * LANES + 1];
            }
            if (width % 2) line[width - 1] = from[width / 2 * LANES];
        }
    }
}

static void average_pool(const struct ck_map *source, const struct ck_map *target, int first_row, int rows) {
    for (int block = 0; block < target->blocks; block++) {
        for (int y = first_row; y < first_row + rows; y++) {
            const_vectors upper = at(source, block, 2 * y, 0), lower = at(source, block, 2 * y + 1, 0);
            vectors line = at(target, block, y, 0);
            for (int x = 0; x < target->width; x++) {
                line[x] = (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]) * 0.25f;
            }
        }
    }
}

static void upsample_bilinear(const struct ck_map *source, const struct ck_map *target, int first_row, int rows) {
    const int height = source->height, width = source->width;
    const float scale_y = (float)(height - 1) / (float)(2 * height - 1);
    const float scale_x = (float)(width - 1) / (float)(2 * width - 1);
    for (int block = 0; block < source->blocks; block++) {
        for (int y = first_row; y < first_row + rows; y++) {
            const float position_y = scale_y * (float)y;
            const int top = (int)position_y;
            const float down = position_y - (float)top;
            const_vectors upper = at(source, block, top, 0);
            const_vectors lower = at(source, block, top < height - 1 ? top + 1 : top, 0);
            vectors line = at(target, block, y, 0);
            for (int x = 0; x < 2 * width; x++) {
                const float position_x = scale_x * (float)x;
                const int left = (int)position_x;
                const float across = position_x - (float)left;
                const int right = left < width - 1 ? left + 1 : left;
                line[x] = (1 - down) * ((1 - across) * upper[left] + across * upper[right]) +
                          down * ((1 - across) * lower[left] + across * lower[right]);
            }
        }
    }
}

static void upsample_nearest_add(const struct ck_map *source, const struct ck_map *target, int first_row, int rows) {
    for (int block = 0; block < source->blocks; block++) {
        for (int y = 2 * first_row; y < 2 * (first_row + rows); y++) {
            const_vectors line = at(source, block, y / 2, 0);
            vectors sum = at(target, block, y, 0);
            for (int x = 0; x < source->width; x++) {
                sum[2 * x] += line[x];
                sum[2 * x + 1] += line[x];
            }
        }
    }
}

static void gather(const struct ck_map *source, int size, int stride, int width, int first_row, int rows,
                   float *target) {
    vectors to = (vectors)target;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int x = 0; x < width; x++) {
            for (int block = 0; block < source->blocks; block++) {
                for (int tap = 0; tap < size * size; tap++) {
                    const int row = y * stride + tap / size - size / 2, column = x * stride + tap % size - size / 2;
                    *to++ = *at(source, block, row, column);
                }
            }
        }
    }
}

static void spread(const struct ck_convolution *convolution, const float *source, ptrdiff_t source_pixel,
                   const struct ck_map *target, int first_row, int rows, int first_block, int blocks) {
    const_vectors bias = (const_vectors)convolution->bias + first_block;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int x = 0; x < target->width; x++, source += source_pixel) {
            for (int block = 0; block < blocks; block++) {
                const vector value = ((const_vectors)source)[block] + bias[block];
                *at(target, first_block + block, y, x) = leaky_relu(value, convolution->slope);
            }
        }
    }
}

#define CK_MAPS                                                                                                        \
    .lanes = LANES, .to_map = to_map, .from_map = from_map, .unshuffle_to_map = unshuffle_to_map,                      \
    .shuffle_from_map = shuffle_from_map, .average_pool = average_pool, .upsample_bilinear = upsample_bilinear,        \
    .upsample_nearest_add = upsample_nearest_add, .gather = gather, .spread = spread
