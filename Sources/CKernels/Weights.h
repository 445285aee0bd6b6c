/// Weights on their way from a model file into the order of the products. Included once by the file of each instruction
/// set, after Pixels.h, whose rounding it shares.
#pragma once
#include "CKernels.h"

/// G of Winograd's F(4x4, 3x3) (Lavin and Gray, section 4.2): the transformed weights are G w G^T.
static const double weight_transform[6][3] = {
    {1.0 / 4, 0, 0},
    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
    {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6},
    {0, 0, 1},
};

/// Output channels that are transformed together.
enum { PACKED = 16 };

/// The 3x3 part of the weights from (top, left) on, what lies outside being zero, at all 36 positions, for `count`
/// output channels.
static void pack_part(const float *weights, ptrdiff_t output, int count, int size, int top, int left, float *packed,
                      ptrdiff_t position) {
    double taps[3][3][PACKED] = {0};
    for (int ky = 0; ky < 3 && top + ky < size; ky++) {
        for (int kx = 0; kx < 3 && left + kx < size; kx++) {
            const float *from = weights + (top + ky) * size + left + kx;
            for (int k = 0; k < count; k++) taps[ky][kx][k] = (double)from[k * output];
        }
    }
    for (int i = 0; i < 6; i++) {
        const double *by = weight_transform[i];
        double row[3][PACKED];
        for (int kx = 0; kx < 3; kx++) {
            for (int k = 0; k < PACKED; k++) {
                row[kx][k] = by[0] * taps[0][kx][k] + by[1] * taps[1][kx][k] + by[2] * taps[2][kx][k];
            }
        }
        for (int j = 0; j < 6; j++) {
            const double *across = weight_transform[j];
            float values[PACKED], *to = packed + (6 * i + j) * position;
            for (int k = 0; k < PACKED; k++) {
                values[k] = (float)(row[0][k] * across[0] + row[1][k] * across[1] + row[2][k] * across[2]);
            }
            for (int k = 0; k < count; k++) to[k] = values[k];
        }
    }
}

static void pack(const struct ck_weights *weights, int winograd, int lanes, int input_channel_blocks, int last_lanes,
                 float *packed, ptrdiff_t position, ptrdiff_t row) {
    const int size = weights->size, parts = (size + 2) / 3;
    const int taps = winograd ? parts * parts : size * size;
    for (int input = 0; input < weights->inputs; input++) {
        const int block = weights->places[input] / lanes, lane = weights->places[input] % lanes;
        const int used = block < input_channel_blocks - 1 ? lanes : last_lanes;
        const float *values = weights->values + input * weights->input;
        for (int tap = 0; tap < taps; tap++) {
            float *to = packed + ((ptrdiff_t)block * lanes * taps + tap * used + lane) * row;
            if (!winograd) {
                for (int k = 0; k < weights->outputs; k++) to[k] = values[k * weights->output + tap];
                continue;
            }
            for (int first = 0; first < weights->outputs; first += PACKED) {
                const int left = weights->outputs - first, count = left < PACKED ? left : PACKED;
                pack_part(values + first * weights->output, weights->output, count, size, 3 * (tap / parts),
                          3 * (tap % parts), to + first, position);
            }
        }
    }
}

static void halves(const uint16_t *source, ptrdiff_t count, float *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const union {
            uint16_t bits;
            _Float16 value;
        } half = {source[i]};
        target[i] = (float)half.value;
    }
}

#define CK_WEIGHTS .pack = pack, .halves = halves
