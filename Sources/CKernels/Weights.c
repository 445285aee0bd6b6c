#include "CKernels.h"

/// The rows of Winograd's G: a 3x3 part of the weights becomes G part G'.
static const double transform[6][3] = {
    {1.0 / 4, 0, 0},
    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
    {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6},
    {0, 0, 1},
};

/// The 3x3 part of the weights from (top, left) on, what lies outside being zero, at all 36 positions.
static void pack_part(const float *weights, int size, int top, int left, float *packed, ptrdiff_t position) {
    double rows[6][3];
    for (int kx = 0; kx < 3; kx++) {
        for (int i = 0; i < 6; i++) {
            rows[i][kx] = 0;
            for (int ky = 0; ky < 3; ky++) {
                if (top + ky >= size || left + kx >= size) continue;
                rows[i][kx] += transform[i][ky] * (double)weights[(top + ky) * size + left + kx];
            }
        }
    }
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            double value = 0;
            for (int kx = 0; kx < 3; kx++) value += rows[i][kx] * transform[j][kx];
            packed[(6 * i + j) * position] = (float)value;
        }
    }
}

void ck_pack(const struct ck_weights *weights, int winograd, int lanes, int input_blocks, int last_lanes, float *packed,
             ptrdiff_t position, ptrdiff_t row) {
    const int size = weights->size, parts = (size + 2) / 3;
    const int taps = winograd ? parts * parts : size * size;
    for (int input = 0; input < weights->inputs; input++) {
        const int block = weights->places[input] / lanes, lane = weights->places[input] % lanes;
        const int used = block < input_blocks - 1 ? lanes : last_lanes;
        for (int tap = 0; tap < taps; tap++) {
            float *to = packed + ((ptrdiff_t)block * lanes * taps + tap * used + lane) * row;
            for (int output = 0; output < weights->outputs; output++) {
                const float *values = weights->values + output * weights->output + input * weights->input;
                if (winograd) {
                    pack_part(values, size, 3 * (tap / parts), 3 * (tap % parts), to + output, position);
                } else {
                    to[output] = values[tap];
                }
            }
        }
    }
}
