/// Convolutions on maps in blocks of LANES channels. Included once by the file of each instruction set, which defines
/// LANES, the floats of a vector, and ACCUMULATORS, how many vectors a product may sum in registers: a multiple of 12.
///
/// Everything is built on one loop, `product`: some pixels (or Winograd blocks) times one to three vectors of output
/// channels. Its sums stay in registers; each step loads the weights of one input channel and adds them, times each
/// pixel's value, to all sums. Vectors are those of the compiler, so that one source serves AVX2, AVX-512 and NEON.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT ON

typedef float vector __attribute__((ext_vector_type(LANES)));
typedef const vector *const_vectors;
typedef vector *vectors;

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

/// The operands of `product`.
struct operand {
    /// The first channel of the first pixel under the upper left tap.
    const float *source;
    /// Floats from one channel block, one row of taps, or one tap to the next.
    ptrdiff_t channel_block, row, tap;
    /// Channel blocks of the input; all channels of each are used but for the last, of which `last` are.
    int channel_blocks, last;
    /// Rows and columns of taps.
    int size;
    /// [channel block][row][column][channel][output channel of the group]
    const float *weights;
};

/// The target of the sums.
struct result {
    /// The group's first channel of the first pixel.
    float *target;
    /// Floats from one channel block, or one pixel, to the next.
    ptrdiff_t channel_block, pixel;
    /// Null: the sums are stored as they are. Otherwise the bias of each channel is added and LeakyReLU applied.
    const float *bias;
    float slope;
};

INLINE vector leaky_relu(vector value, float slope) { return value > 0 ? value : value * slope; }

/// `pixels` and `group` (vectors of output channels) are constants wherever this is inlined, as is `step`, the floats
/// from one pixel of the source to the next. The first `count` pixels are stored.
INLINE void product(const int pixels, const int group, const ptrdiff_t step, const struct operand *operand,
                    const struct result *result, int count) {
    vector sums[ACCUMULATORS];
    UNROLL for (int i = 0; i < pixels * group; i++) sums[i] = 0;
    const_vectors weights = (const_vectors)operand->weights;
    const float *block = operand->source;
    for (int b = 0; b < operand->channel_blocks; b++, block += operand->channel_block) {
        const int channels = b < operand->channel_blocks - 1 ? LANES : operand->last;
        const float *row = block;
        for (int ky = 0; ky < operand->size; ky++, row += operand->row) {
            for (int kx = 0; kx < operand->size; kx++) {
                const float *source = row + kx * operand->tap;
                for (int channel = 0; channel < channels; channel++, source++, weights += group) {
                    UNROLL for (int i = 0; i < pixels; i++) {
                        const vector value = source[i * step];
                        UNROLL for (int j = 0; j < group; j++) sums[i * group + j] += value * weights[j];
                    }
                }
            }
        }
    }
    UNROLL for (int j = 0; j < group; j++) {
        float *target = result->target + j * result->channel_block;
        vector bias = 0;
        if (result->bias) bias = ((const_vectors)result->bias)[j];
        UNROLL for (int i = 0; i < pixels; i++) {
            if (i < count) {
                vector value = sums[i * group + j];
                if (result->bias) value = leaky_relu(value + bias, result->slope);
                *(vectors)(target + i * result->pixel) = value;
            }
        }
    }
}

/// Some pixels in a row: as many at once as the accumulators allow, then the least kernel that holds the rest. Reads
/// up to ACCUMULATORS / 3 pixels behind the last.
INLINE void products(const int group, const ptrdiff_t step, struct operand operand, struct result result, int count) {
    const int most = ACCUMULATORS / group;
    while (count > 0) {
        int taken = count < most ? count : most;
        if (count > 2 * most / 3) {
            product(most, group, step, &operand, &result, taken);
        } else if (count > most / 3) {
            taken = count < 2 * most / 3 ? count : 2 * most / 3;
            product(2 * most / 3, group, step, &operand, &result, taken);
        } else {
            taken = count < most / 3 ? count : most / 3;
            product(most / 3, group, step, &operand, &result, taken);
        }
        operand.source += taken * step;
        result.target += taken * result.pixel;
        count -= taken;
    }
}

static void group_products(int group, ptrdiff_t step, struct operand operand, struct result result, int count) {
    if (step == LANES) {
        if (group == 1) products(1, LANES, operand, result, count);
        if (group == 2) products(2, LANES, operand, result, count);
        if (group == 3) products(3, LANES, operand, result, count);
    } else {
        if (group == 1) products(1, 2 * LANES, operand, result, count);
        if (group == 2) products(2, 2 * LANES, operand, result, count);
        if (group == 3) products(3, 2 * LANES, operand, result, count);
    }
}

static void direct(const struct ck_convolution *convolution, const struct ck_map *source, const struct ck_map *target,
                   int first_row, int rows, int first_channel_block, int group) {
    const int size = convolution->size, stride = convolution->stride;
    const ptrdiff_t depth =
        ((ptrdiff_t)(convolution->input_channel_blocks - 1) * LANES + convolution->last_lanes) * size * size;
    const ptrdiff_t corner = (size / 2) * (source->row + LANES);
    for (int y = first_row; y < first_row + rows; y++) {
        const struct operand operand = {
            .source = source->values + y * stride * source->row - corner,
            .channel_block = source->channel_block,
            .row = source->row,
            .tap = LANES,
            .channel_blocks = convolution->input_channel_blocks,
            .last = convolution->last_lanes,
            .size = size,
            .weights = convolution->weights + first_channel_block * LANES * depth,
        };
        const struct result result = {
            .target = target->values + first_channel_block * target->channel_block + y * target->row,
            .channel_block = target->channel_block,
            .pixel = target->pixel,
            .bias = convolution->bias + first_channel_block * LANES,
            .slope = convolution->slope,
        };
        group_products(group, stride * LANES, operand, result, target->width);
    }
}

// Winograd's F(4x4, 3x3): a block of 6 x 6 inputs becomes 36 values of which each is multiplied on its own, and the
// sums over the input channels become 4 x 4 outputs: 36 multiplications in place of 144. A 5x5 or 7x7 convolution is
// the sum of 4 or 9 such, each on the input moved by a multiple of 3: to the products these are more input channels.

INLINE void transform_input(const vector d[6], vector t[6]) {
    const vector a = d[4] - 4 * d[2], b = d[3] - 4 * d[1];
    const vector c = d[4] - d[2], e = 2 * (d[3] - d[1]);
    t[0] = 4 * d[0] - 5 * d[2] + d[4];
    t[1] = a + b;
    t[2] = a - b;
    t[3] = c + e;
    t[4] = c - e;
    t[5] = 4 * d[1] - 5 * d[3] + d[5];
}

INLINE void transform_output(const vector m[6], vector t[4]) {
    const vector a = m[1] + m[2], b = m[1] - m[2];
    const vector c = m[3] + m[4], d = m[3] - m[4];
    t[0] = m[0] + a + c;
    t[1] = b + 2 * d;
    t[2] = a + 4 * c;
    t[3] = b + 8 * d + m[5];
}

static void winograd_input(const struct ck_map *source, int size, int first_channel_block, int channel_blocks,
                           int first_block, int blocks, const struct ck_winograd_blocks *target) {
    const int across = (source->width + 3) / 4, shifts = (size + 2) / 3, pad = size / 2;
    const int end = first_channel_block + channel_blocks;
    for (int channel_block = first_channel_block; channel_block < end; channel_block++) {
        const float *plane = source->values + channel_block * source->channel_block - pad * (source->row + LANES);
        for (int shift = 0; shift < shifts * shifts; shift++) {
            const float *shifted = plane + 3 * (shift / shifts) * source->row + 3 * (shift % shifts) * LANES;
            float *to = target->values + (channel_block * shifts * shifts + shift) * target->channel_block;
            int x = first_block % across;
            const float *line = shifted + 4 * (first_block / across) * source->row;
            for (int block = 0; block < blocks; block++, to += target->block) {
                const float *from = line + 4 * x * LANES;
                if (++x == across) x = 0, line += 4 * source->row;
                // The block after the next one reads this.
                UNROLL for (int i = 0; i < 6; i++) {
                    UNROLL for (int j = 10; j < 14; j++) __builtin_prefetch(from + i * source->row + j * LANES);
                }
                vector columns[6][6];
                UNROLL for (int j = 0; j < 6; j++) {
                    vector column[6];
                    UNROLL for (int i = 0; i < 6; i++) column[i] = *(const_vectors)(from + i * source->row + j * LANES);
                    transform_input(column, columns[j]);
                }
                UNROLL for (int i = 0; i < 6; i++) {
                    vector row[6], values[6];
                    UNROLL for (int j = 0; j < 6; j++) row[j] = columns[j][i];
                    transform_input(row, values);
                    UNROLL for (int j = 0; j < 6; j++) *(vectors)(to + (6 * i + j) * target->position) = values[j];
                }
            }
        }
    }
}

static void winograd_products(const struct ck_convolution *convolution, const struct ck_winograd_blocks *source,
                              int blocks, int first_position, int positions, int first_channel_block, int group,
                              const struct ck_winograd_blocks *target) {
    const int shifts = (convolution->size + 2) / 3;
    // The last block of input channels is used up to `last_lanes`, for each shift.
    const ptrdiff_t depth =
        ((ptrdiff_t)(convolution->input_channel_blocks - 1) * LANES + convolution->last_lanes) * shifts * shifts;
    const float *weights = convolution->weights + 36 * first_channel_block * LANES * depth;
    for (int position = first_position; position < first_position + positions; position++) {
        const struct operand operand = {
            .source = source->values + position * source->position,
            .channel_block = shifts * shifts * source->channel_block,
            .row = shifts * source->channel_block,
            .tap = source->channel_block,
            .channel_blocks = convolution->input_channel_blocks,
            .last = convolution->last_lanes,
            .size = shifts,
            .weights = weights + position * depth * group * LANES,
        };
        const struct result result = {
            .target = target->values + position * target->position,
            .channel_block = target->channel_block,
            .pixel = target->block,
        };
        group_products(group, LANES, operand, result, blocks);
    }
}

static void winograd_output(const struct ck_convolution *convolution, const struct ck_winograd_blocks *source,
                            int first_block, int blocks, int first_channel_block, int channel_blocks,
                            const struct ck_map *target) {
    const int across = (target->width + 3) / 4;
    for (int channel_block = 0; channel_block < channel_blocks; channel_block++) {
        const vector bias = ((const_vectors)convolution->bias)[first_channel_block + channel_block];
        float *plane = target->values + (first_channel_block + channel_block) * target->channel_block;
        const float *from = source->values + channel_block * source->channel_block;
        int y = 4 * (first_block / across), x = 4 * (first_block % across);
        for (int block = 0; block < blocks; block++, from += source->block) {
            float *to = plane + y * target->row + x * target->pixel;
            // The block after the next one writes this.
            UNROLL for (int i = 0; i < 4; i++) {
                UNROLL for (int j = 8; j < 12; j++) __builtin_prefetch(to + i * target->row + j * target->pixel, 1);
            }
            vector columns[6][4], values[4][4];
            UNROLL for (int j = 0; j < 6; j++) {
                vector column[6];
                UNROLL for (int i = 0; i < 6; i++) column[i] = *(const_vectors)(from + (6 * i + j) * source->position);
                transform_output(column, columns[j]);
            }
            UNROLL for (int i = 0; i < 4; i++) {
                vector row[6];
                UNROLL for (int j = 0; j < 6; j++) row[j] = columns[j][i];
                transform_output(row, values[i]);
                UNROLL for (int j = 0; j < 4; j++) {
                    values[i][j] = leaky_relu(values[i][j] + bias, convolution->slope);
                }
            }
            const int rows = target->height - y, pixels = target->width - x;
            UNROLL for (int i = 0; i < 4; i++) {
                UNROLL for (int j = 0; j < 4; j++) {
                    if (i < rows && j < pixels) *(vectors)(to + i * target->row + j * target->pixel) = values[i][j];
                }
            }
            x += 4;
            if (x >= target->width) x = 0, y += 4;
        }
    }
}

#define CK_CONVOLUTION                                                                                                 \
    .direct = direct, .winograd_input = winograd_input, .winograd_products = winograd_products,                        \
    .winograd_output = winograd_output
