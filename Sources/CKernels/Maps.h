/// The layers without weights, on maps in blocks of LANES channels, and the ways into and out of such maps. A block is a
/// channel block here. Included once by the file of each instruction set, after Convolution.h.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

/// The vector of a pixel.
INLINE vectors at(const struct ck_map *map, int block, int y, int x) {
    return (vectors)(map->values + block * map->channel_block + y * map->row + x * map->pixel);
}

// Between planes and maps, LANES pixels of LANES channels are turned over at once; what is left of a row goes one by one.

/// A vector anywhere in memory.
typedef float loose __attribute__((ext_vector_type(LANES), aligned(4)));

#if LANES == 16
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#elif LANES == 8
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#else
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7)
#endif

/// Rows become columns: each round interleaves the first half of the vectors with the second.
INLINE void transpose(vector values[LANES]) {
    UNROLL for (int round = 1; round < LANES; round *= 2) {
        vector next[LANES];
        UNROLL for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = LOW(values[i], values[i + LANES / 2]);
            next[2 * i + 1] = HIGH(values[i], values[i + LANES / 2]);
        }
        UNROLL for (int i = 0; i < LANES; i++) values[i] = next[i];
    }
}

static inline int lesser(int a, int b) { return a < b ? a : b; }

static void to_map(const float *source, int channels, int height, int width, const struct ck_map *target, int first_row,
                   int rows, int first_column, int columns) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    const int end = first_column + columns;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int block = 0; block < target->channel_blocks; block++) {
            const int used = lesser(channels - block * LANES, LANES);
            const float *line = source + block * LANES * plane + (ptrdiff_t)lesser(y, height - 1) * width;
            int x = first_column;
            for (; x + LANES <= lesser(width, end); x += LANES) {
                vector values[LANES];
                for (int i = 0; i < LANES; i++) values[i] = i < used ? *(const loose *)(line + i * plane + x) : 0;
                transpose(values);
                UNROLL for (int i = 0; i < LANES; i++) at(target, block, y, x)[i] = values[i];
            }
            for (; x < end; x++) {
                float *to = (float *)at(target, block, y, x);
                for (int i = 0; i < LANES; i++) to[i] = i < used ? line[i * plane + lesser(x, width - 1)] : 0;
            }
        }
    }
}

static void from_map(const struct ck_map *source, int channels, float *target, int height, int width, int first_row,
                     int rows, int first_column, int columns) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    const int end = lesser(first_column + columns, width);
    for (int y = first_row; y < first_row + rows; y++) {
        for (int block = 0; block < source->channel_blocks; block++) {
            const int used = lesser(channels - block * LANES, LANES);
            float *line = target + block * LANES * plane + (ptrdiff_t)y * width;
            int x = first_column;
            for (; x + LANES <= end; x += LANES) {
                vector values[LANES];
                UNROLL for (int i = 0; i < LANES; i++) values[i] = at(source, block, y, x)[i];
                transpose(values);
                for (int i = 0; i < used; i++) *(loose *)(line + i * plane + x) = values[i];
            }
            for (; x < end; x++) {
                const float *from = (const float *)at(source, block, y, x);
                for (int i = 0; i < used; i++) line[i * plane + x] = from[i];
            }
        }
    }
}

static void unshuffle_to_map(const float *source, int channels, int height, int width, const struct ck_map *target,
                             int first_row, int rows, int first_column, int columns) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    const int end = first_column + columns;
    /// Columns of which both pixels are the picture's.
    const int whole = lesser(width / 2, end);
    for (int y = first_row; y < first_row + rows; y++) {
        for (int block = 0; block < target->channel_blocks; block++) {
            const int used = lesser(4 * channels - block * LANES, LANES);
            /// The lines of the block's channels, two of them for the same line.
            const float *lines[LANES / 2];
            for (int i = 0; i < used; i += 2) {
                const int channel = block * LANES + i;
                const int row = lesser(2 * y + channel / 2 % 2, height - 1);
                lines[i / 2] = source + channel / 4 * plane + (ptrdiff_t)row * width;
            }
            int x = first_column;
            while (x < whole && whole - first_column >= LANES) {
                // The last ones once more rather than few one by one.
                x = lesser(x, whole - LANES);
                vector values[LANES];
                for (int i = 0; i < LANES; i += 2) {
                    values[i] = values[i + 1] = 0;
                    if (i >= used) continue;
                    const loose *line = (const loose *)(lines[i / 2] + 2 * x);
                    // The next row reads this.
                    __builtin_prefetch((const float *)line + 2 * width);
                    __builtin_prefetch((const float *)line + 2 * width + LANES);
                    values[i] = EVEN(line[0], line[1]);
                    values[i + 1] = ODD(line[0], line[1]);
                }
                transpose(values);
                UNROLL for (int i = 0; i < LANES; i++) at(target, block, y, x)[i] = values[i];
                x += LANES;
            }
            for (; x < end; x++) {
                float *to = (float *)at(target, block, y, x);
                for (int i = 0; i < LANES; i++) to[i] = i < used ? lines[i / 2][lesser(2 * x + i % 2, width - 1)] : 0;
            }
        }
    }
}

static void shuffle_from_map(const struct ck_map *source, int channels, float *target, int height, int width,
                             int first_row, int rows, int first_column, int columns) {
    const ptrdiff_t plane = (ptrdiff_t)height * width;
    const int end = lesser(2 * (first_column + columns), width);
    for (int y = first_row; y < first_row + rows; y++) {
        for (int block = 0; block < source->channel_blocks; block++) {
            const int used = lesser(4 * channels - block * LANES, LANES);
            /// As above; null below the picture.
            float *lines[LANES / 2];
            for (int i = 0; i < used; i += 2) {
                const int channel = block * LANES + i, row = 2 * y + channel / 2 % 2;
                lines[i / 2] = row < height ? target + channel / 4 * plane + (ptrdiff_t)row * width : 0;
            }
            int x = first_column;
            for (; x + LANES <= end / 2; x += LANES) {
                vector values[LANES];
                UNROLL for (int i = 0; i < LANES; i++) values[i] = at(source, block, y, x)[i];
                transpose(values);
                for (int i = 0; i < used; i += 2) {
                    if (!lines[i / 2]) continue;
                    loose *line = (loose *)(lines[i / 2] + 2 * x);
                    line[0] = LOW(values[i], values[i + 1]);
                    line[1] = HIGH(values[i], values[i + 1]);
                }
            }
            for (x *= 2; x < end; x++) {
                const float *from = (const float *)at(source, block, y, x / 2);
                for (int i = x % 2; i < used; i += 2) {
                    if (lines[i / 2]) lines[i / 2][x] = from[i];
                }
            }
        }
    }
}

static void average_pool(const struct ck_map *source, const struct ck_map *target, int first_row, int rows) {
    for (int block = 0; block < target->channel_blocks; block++) {
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
    for (int block = 0; block < source->channel_blocks; block++) {
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

static void upsample_nearest_add(const struct ck_map *source, const struct ck_map *other, const struct ck_map *target,
                                 int first_row, int rows, int first_column, int columns) {
    const int end = first_column + columns;
    for (int block = 0; block < source->channel_blocks; block++) {
        for (int y = first_row; y < first_row + rows; y++) {
            const_vectors line = at(source, block, y / 2, 0), addend = at(other, block, y, 0);
            vectors sum = at(target, block, y, 0);
            int x = first_column;
            if (x % 2 && x < end) sum[x] = addend[x] + line[x / 2], x++;
            for (; x + 1 < end; x += 2) {
                sum[x] = addend[x] + line[x / 2];
                sum[x + 1] = addend[x + 1] + line[x / 2];
            }
            if (x < end) sum[x] = addend[x] + line[x / 2];
        }
    }
}

static void gather(const struct ck_map *source, int size, int stride, int width, int first_row, int rows,
                   float *target) {
    vectors to = (vectors)target;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int x = 0; x < width; x++) {
            for (int block = 0; block < source->channel_blocks; block++) {
                for (int tap = 0; tap < size * size; tap++) {
                    const int row = y * stride + tap / size - size / 2, column = x * stride + tap % size - size / 2;
                    *to++ = *at(source, block, row, column);
                }
            }
        }
    }
}

static void spread(const struct ck_convolution *convolution, const float *source, ptrdiff_t source_pixel,
                   const struct ck_map *target, int first_row, int rows, int first_channel_block, int channel_blocks) {
    const_vectors bias = (const_vectors)convolution->bias + first_channel_block;
    for (int y = first_row; y < first_row + rows; y++) {
        for (int x = 0; x < target->width; x++, source += source_pixel) {
            for (int block = 0; block < channel_blocks; block++) {
                const vector value = ((const_vectors)source)[block] + bias[block];
                *at(target, first_channel_block + block, y, x) = leaky_relu(value, convolution->slope);
            }
        }
    }
}

#define CK_MAPS                                                                                                        \
    .lanes = LANES, .to_map = to_map, .from_map = from_map, .unshuffle_to_map = unshuffle_to_map,                      \
    .shuffle_from_map = shuffle_from_map, .average_pool = average_pool, .upsample_bilinear = upsample_bilinear,        \
    .upsample_nearest_add = upsample_nearest_add, .gather = gather, .spread = spread
