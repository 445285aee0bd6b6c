/// All kernels, one value at a time. Included once by the file of each number of lanes, which defines LANES and TABLE.
#include "CScalarKernels.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static int least(int a, int b) { return a < b ? a : b; }

static int inside(int value, int count) { return value < 0 ? 0 : least(value, count - 1); }

static float bounded(float value, float low, float high) {
    const float above = value > low ? value : low;
    return above < high ? above : high;
}

// Maps.

/// One channel of one pixel.
static float *at(const struct ck_map *map, int channel, int y, int x) {
    return map->values + channel / LANES * map->channel_block + y * map->row + x * map->pixel + channel % LANES;
}

static int channels_of(const struct ck_map *map) { return map->channel_blocks * LANES; }

static void to_map(const float *source, int channels, int height, int width, const struct ck_map *target, int first_row,
                   int rows, int first_column, int columns) {
    for (int c = 0; c < channels_of(target); c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = first_column; x < first_column + columns; x++)
                *at(target, c, y, x) =
                    c < channels ? source[(c * height + least(y, height - 1)) * width + least(x, width - 1)] : 0;
}

static void from_map(const struct ck_map *source, int channels, float *target, int height, int width, int first_row,
                     int rows, int first_column, int columns) {
    for (int c = 0; c < channels; c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = first_column; x < least(first_column + columns, width); x++)
                target[(c * height + y) * width + x] = *at(source, c, y, x);
}

static void unshuffle_to_map(const float *source, int channels, int height, int width, const struct ck_map *target,
                             int first_row, int rows, int first_column, int columns) {
    for (int c = 0; c < channels_of(target); c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = first_column; x < first_column + columns; x++) {
                const int row = least(2 * y + c / 2 % 2, height - 1), column = least(2 * x + c % 2, width - 1);
                *at(target, c, y, x) = c < 4 * channels ? source[(c / 4 * height + row) * width + column] : 0;
            }
}

static void shuffle_from_map(const struct ck_map *source, int channels, float *target, int height, int width,
                             int first_row, int rows, int first_column, int columns) {
    for (int c = 0; c < 4 * channels; c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = first_column; x < first_column + columns; x++) {
                const int row = 2 * y + c / 2 % 2, column = 2 * x + c % 2;
                if (row < height && column < width) target[(c / 4 * height + row) * width + column] = *at(source, c, y, x);
            }
}

static void average_pool(const struct ck_map *source, const struct ck_map *target, int first_row, int rows) {
    for (int c = 0; c < channels_of(target); c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = 0; x < target->width; x++)
                *at(target, c, y, x) = (*at(source, c, 2 * y, 2 * x) + *at(source, c, 2 * y, 2 * x + 1) +
                                        *at(source, c, 2 * y + 1, 2 * x) + *at(source, c, 2 * y + 1, 2 * x + 1)) /
                                       4;
}

static void upsample_bilinear(const struct ck_map *source, const struct ck_map *target, int first_row, int rows) {
    const int height = source->height, width = source->width;
    for (int c = 0; c < channels_of(source); c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = 0; x < 2 * width; x++) {
                const float from_y = (float)(height - 1) / (float)(2 * height - 1) * (float)y;
                const float from_x = (float)(width - 1) / (float)(2 * width - 1) * (float)x;
                const int top = (int)from_y, left = (int)from_x;
                const int bottom = least(top + 1, height - 1), right = least(left + 1, width - 1);
                const float down = from_y - (float)top, across = from_x - (float)left;
                *at(target, c, y, x) =
                    (1 - down) * ((1 - across) * *at(source, c, top, left) + across * *at(source, c, top, right)) +
                    down * ((1 - across) * *at(source, c, bottom, left) + across * *at(source, c, bottom, right));
            }
}

static void upsample_nearest_add(const struct ck_map *source, const struct ck_map *other, const struct ck_map *target,
                                 int first_row, int rows, int first_column, int columns) {
    for (int c = 0; c < channels_of(source); c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = first_column; x < first_column + columns; x++)
                *at(target, c, y, x) = *at(other, c, y, x) + *at(source, c, y / 2, x / 2);
}

// Convolutions, summed in double.

static float activated(double sum, const struct ck_convolution *convolution, int output) {
    const double value = sum + (double)convolution->bias[output];
    return (float)(value > 0 ? value : value * (double)convolution->slope);
}

/// Input channels times taps.
static ptrdiff_t depth_of(const struct ck_convolution *convolution, int taps) {
    return ((ptrdiff_t)(convolution->input_channel_blocks - 1) * LANES + convolution->last_lanes) * taps;
}

/// The index of the weights of an input channel and tap among those of a position.
static ptrdiff_t place_of(const struct ck_convolution *convolution, int channel, int tap, int taps) {
    const int block = channel / LANES;
    const int used = block < convolution->input_channel_blocks - 1 ? LANES : convolution->last_lanes;
    return block * LANES * taps + tap * used + channel % LANES;
}

static void direct(const struct ck_convolution *convolution, const struct ck_map *source, const struct ck_map *target,
                   int first_row, int rows, int first_channel_block, int group) {
    const int size = convolution->size, stride = convolution->stride, taps = size * size;
    const int inputs = (int)depth_of(convolution, 1), first = first_channel_block * LANES, outputs = group * LANES;
    const float *weights = convolution->weights + first * depth_of(convolution, taps);
    for (int output = 0; output < outputs; output++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = 0; x < target->width; x++) {
                double sum = 0;
                for (int input = 0; input < inputs; input++)
                    for (int tap = 0; tap < taps; tap++) {
                        const int row = y * stride + tap / size - size / 2, column = x * stride + tap % size - size / 2;
                        sum += (double)*at(source, input, row, column) *
                               (double)weights[place_of(convolution, input, tap, taps) * outputs + output];
                    }
                *at(target, first + output, y, x) = activated(sum, convolution, first + output);
            }
}

/// B, A and G of F(4x4, 3x3), transposed as they are needed (Lavin and Gray, section 4.2).
static const double input_matrix[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                                          {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
static const double output_matrix[4][6] = {
    {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
static const double weight_matrix[6][3] = {
    {1.0 / 4, 0, 0}, {-1.0 / 6, -1.0 / 6, -1.0 / 6}, {-1.0 / 6, 1.0 / 6, -1.0 / 6}, {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6}, {0, 0, 1}};

/// One lane of one Winograd block at one position.
static float *value_of(const struct ck_winograd_blocks *blocks, int position, int channel_block, int block, int lane) {
    return blocks->values + position * blocks->position + channel_block * blocks->channel_block +
           block * blocks->block + lane;
}

static void winograd_input(const struct ck_map *source, int size, int first_channel_block, int channel_blocks,
                           int first_block, int blocks, const struct ck_winograd_blocks *target) {
    const int across = (source->width + 3) / 4, parts = (size + 2) / 3;
    for (int block = 0; block < blocks; block++) {
        const int top = 4 * ((first_block + block) / across), left = 4 * ((first_block + block) % across);
        for (int channel = first_channel_block * LANES; channel < (first_channel_block + channel_blocks) * LANES; channel++)
            for (int part = 0; part < parts * parts; part++)
                for (int position = 0; position < 36; position++) {
                    double sum = 0;
                    for (int y = 0; y < 6; y++)
                        for (int x = 0; x < 6; x++)
                            sum += input_matrix[position / 6][y] * input_matrix[position % 6][x] *
                                   (double)*at(source, channel, top + 3 * (part / parts) - size / 2 + y,
                                               left + 3 * (part % parts) - size / 2 + x);
                    *value_of(target, position, channel / LANES * parts * parts + part, block, channel % LANES) =
                        (float)sum;
                }
    }
}

static void winograd_products(const struct ck_convolution *convolution, const struct ck_winograd_blocks *source,
                              int blocks, int first_position, int positions, int first_channel_block, int group,
                              const struct ck_winograd_blocks *target) {
    const int parts = (convolution->size + 2) / 3, taps = parts * parts, outputs = group * LANES;
    const int inputs = (int)depth_of(convolution, 1);
    const ptrdiff_t depth = depth_of(convolution, taps);
    for (int position = first_position; position < first_position + positions; position++) {
        const float *weights =
            convolution->weights + 36 * first_channel_block * LANES * depth + position * depth * outputs;
        for (int block = 0; block < blocks; block++)
            for (int output = 0; output < outputs; output++) {
                double sum = 0;
                for (int input = 0; input < inputs; input++)
                    for (int tap = 0; tap < taps; tap++)
                        sum += (double)*value_of(source, position, input / LANES * taps + tap, block, input % LANES) *
                               (double)weights[place_of(convolution, input, tap, taps) * outputs + output];
                *value_of(target, position, output / LANES, block, output % LANES) = (float)sum;
            }
    }
}

static void winograd_output(const struct ck_convolution *convolution, const struct ck_winograd_blocks *source,
                            int first_block, int blocks, int first_channel_block, int channel_blocks,
                            const struct ck_map *target) {
    const int across = (target->width + 3) / 4;
    for (int channel = 0; channel < channel_blocks * LANES; channel++)
        for (int block = 0; block < blocks; block++)
            for (int pixel = 0; pixel < 16; pixel++) {
                const int y = 4 * ((first_block + block) / across) + pixel / 4;
                const int x = 4 * ((first_block + block) % across) + pixel % 4;
                if (y >= target->height || x >= target->width) continue;
                double sum = 0;
                for (int position = 0; position < 36; position++)
                    sum += output_matrix[pixel / 4][position / 6] * output_matrix[pixel % 4][position % 6] *
                           (double)*value_of(source, position, channel / LANES, block, channel % LANES);
                const int output = first_channel_block * LANES + channel;
                *at(target, output, y, x) = activated(sum, convolution, output);
            }
}

static void gather(const struct ck_map *source, int size, int stride, int width, int first_row, int rows,
                   float *target) {
    for (int y = first_row; y < first_row + rows; y++)
        for (int x = 0; x < width; x++)
            for (int block = 0; block < source->channel_blocks; block++)
                for (int tap = 0; tap < size * size; tap++)
                    for (int lane = 0; lane < LANES; lane++)
                        *target++ = *at(source, block * LANES + lane, y * stride + tap / size - size / 2,
                                        x * stride + tap % size - size / 2);
}

static void spread(const struct ck_convolution *convolution, const float *source, ptrdiff_t source_pixel,
                   const struct ck_map *target, int first_row, int rows, int first_channel_block, int channel_blocks) {
    for (int y = first_row; y < first_row + rows; y++)
        for (int x = 0; x < target->width; x++)
            for (int i = 0; i < channel_blocks * LANES; i++) {
                const int channel = first_channel_block * LANES + i;
                const float value =
                    source[((y - first_row) * target->width + x) * source_pixel + i] + convolution->bias[channel];
                *at(target, channel, y, x) = value > 0 ? value : value * convolution->slope;
            }
}

static double tap_of(const struct ck_weights *weights, int output, int input, int row, int column) {
    const int size = weights->size;
    if (row >= size || column >= size) return 0;
    return (double)weights->values[output * weights->output + input * weights->input + row * size + column];
}

static void pack(const struct ck_weights *weights, int winograd, int lanes, int input_channel_blocks, int last_lanes,
                 float *packed, ptrdiff_t position, ptrdiff_t row) {
    const struct ck_convolution shape = {.input_channel_blocks = input_channel_blocks, .last_lanes = last_lanes};
    const int size = weights->size, parts = (size + 2) / 3, taps = winograd ? parts * parts : size * size;
    (void)lanes;
    for (int output = 0; output < weights->outputs; output++)
        for (int input = 0; input < weights->inputs; input++)
            for (int tap = 0; tap < taps; tap++) {
                float *to = packed + place_of(&shape, weights->places[input], tap, taps) * row + output;
                if (!winograd) {
                    *to = (float)tap_of(weights, output, input, tap / size, tap % size);
                    continue;
                }
                for (int place = 0; place < 36; place++) {
                    double sum = 0;
                    for (int y = 0; y < 3; y++)
                        for (int x = 0; x < 3; x++)
                            sum += weight_matrix[place / 6][y] * weight_matrix[place % 6][x] *
                                   tap_of(weights, output, input, 3 * (tap / parts) + y, 3 * (tap % parts) + x);
                    to[place * position] = (float)sum;
                }
            }
}

static void halves(const uint16_t *source, ptrdiff_t count, float *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const int exponent = source[i] >> 10 & 31, fraction = source[i] & 1023;
        const float size = exponent == 31  ? (fraction ? NAN : INFINITY)
                           : exponent == 0 ? ldexpf((float)fraction, -24)
                                           : ldexpf((float)(1024 + fraction), exponent - 25);
        target[i] = source[i] >> 15 ? -size : size;
    }
}

// Values.

static void scaled_sum(float a, const float *x, float b, const float *y, float *target, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) target[i] = a * x[i] + b * y[i];
}

static void exact_tanh(float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) values[i] = (float)tanh((double)values[i]);
}

static void clamp(float *values, float low, float high, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) values[i] = bounded(values[i], low, high);
}

static ptrdiff_t difference(const float *a, const float *b, ptrdiff_t count, ptrdiff_t *first) {
    ptrdiff_t end = 0;
    *first = count;
    for (ptrdiff_t i = 0; i < count; i++) {
        if (memcmp(a + i, b + i, sizeof *a) == 0) continue;
        if (end == 0) *first = i;
        end = i + 1;
    }
    return end == 0 ? 0 : end - *first;
}

static void to_shorts(const float *values, float scale, ptrdiff_t count, int16_t *target) {
    for (ptrdiff_t i = 0; i < count; i++) target[i] = (int16_t)roundf(bounded(values[i] * scale, -32767, 32767));
}

static void from_shorts(const int16_t *values, float scale, ptrdiff_t count, float *target) {
    for (ptrdiff_t i = 0; i < count; i++) target[i] = (float)values[i] * scale;
}

/// The place in the source that a pixel of the target is sampled at: x (0) or y (1).
static float warped(const struct ck_warp *warp, int axis, int y, int x) {
    const float flow = warp->flow[(axis * warp->rows + y) * warp->width + x];
    return (float)(axis == 0 ? x : warp->top + y) + warp->scale * flow;
}

static void backwarp(const struct ck_warp *warp, int first_row, int rows, int first_column, int columns) {
    const int height = warp->height, width = warp->width;
    for (int c = 0; c < warp->channels; c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = first_column; x < first_column + columns; x++) {
                const float from_x = bounded(warped(warp, 0, y, x), 0, (float)(width - 1));
                const float from_y = bounded(warped(warp, 1, y, x), 0, (float)(height - 1));
                const int left = (int)from_x, top = (int)from_y;
                const int right = least(left + 1, width - 1), bottom = least(top + 1, height - 1);
                const float across = from_x - (float)left, down = from_y - (float)top;
                const float *plane = warp->source + (ptrdiff_t)c * height * width;
                warp->target[(c * warp->rows + y) * width + x] =
                    (1 - down) * ((1 - across) * plane[top * width + left] + across * plane[top * width + right]) +
                    down * ((1 - across) * plane[bottom * width + left] + across * plane[bottom * width + right]);
            }
}

/// Keys' cubic convolution with a = -0.75: the weight of a pixel at this distance.
static double cubic_weight(double distance) {
    const double a = -0.75, x = fabs(distance);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static void backwarp_cubic(const struct ck_warp *warp, int first_row, int rows, int first_column, int columns) {
    const int height = warp->height, width = warp->width;
    for (int c = 0; c < warp->channels; c++)
        for (int y = first_row; y < first_row + rows; y++)
            for (int x = first_column; x < first_column + columns; x++) {
                // Two pixels outside, a sample sees nothing but the border.
                const double from_x = (double)bounded(warped(warp, 0, y, x) + 2, 0, (float)(width + 3)) - 2;
                const double from_y = (double)bounded(warped(warp, 1, y, x) + 2, 0, (float)(height + 3)) - 2;
                const int left = (int)floor(from_x), top = (int)floor(from_y);
                double sum = 0;
                for (int row = top - 1; row <= top + 2; row++)
                    for (int column = left - 1; column <= left + 2; column++)
                        sum += cubic_weight(from_y - row) * cubic_weight(from_x - column) *
                               (double)warp->source[(c * height + inside(row, height)) * width + inside(column, width)];
                warp->target[(c * warp->rows + y) * width + x] = bounded((float)sum, -1, 1);
            }
}

// Palettes. The radius only spares work.

static void nearest_color(const float *image, const float *gif, const float *radius, ptrdiff_t plane, ptrdiff_t count,
                          const uint16_t *ids, const struct ck_palette *palettes, float *target) {
    (void)gif, (void)radius;
    for (ptrdiff_t i = 0; i < count; i++) {
        const struct ck_palette *palette = &palettes[ids[i]];
        const float *best = 0;
        float least_square = INFINITY;
        for (int color = 0; color < palette->count; color++) {
            const float *rgb = palette->rgb + 3 * color;
            const float red = image[i] - rgb[0], green = image[plane + i] - rgb[1], blue = image[2 * plane + i] - rgb[2];
            const float square = red * red + green * green + blue * blue;
            if (!best || square < least_square) best = rgb, least_square = square;
        }
        for (int c = 0; c < 3; c++) target[c * plane + i] = best ? best[c] : image[c * plane + i];
    }
}

static void keep_in_cells(float *image, const float *gif, const float *radius, float size, ptrdiff_t plane,
                          ptrdiff_t count, const uint16_t *ids, const struct ck_palette *palettes) {
    for (ptrdiff_t i = 0; i < count; i++) {
        if (!(radius[i] > 0)) continue;
        float own[3], color[3];
        for (int c = 0; c < 3; c++) {
            own[c] = gif[c * plane + i];
            color[c] = own[c] + (fminf(fmaxf(image[c * plane + i], -1), 1) - own[c]) / size;
        }
        for (int round = 0; round < 8; round++) {
            float nearest[3];
            nearest_color(color, own, 0, 1, 1, ids + i, palettes, nearest);
            double along = 0, square = 0;
            for (int c = 0; c < 3; c++) {
                along += ((double)color[c] - (double)own[c]) * ((double)nearest[c] - (double)own[c]);
                square += ((double)nearest[c] - (double)own[c]) * ((double)nearest[c] - (double)own[c]);
            }
            if (square < 1e-6 || along / square <= 0.5 + 1e-4) break;
            double far = 0;
            for (int c = 0; c < 3; c++) {
                color[c] -= (float)((along / square - 0.5) * ((double)nearest[c] - (double)own[c]));
                color[c] = fminf(fmaxf(color[c], own[c] - (1 + own[c]) / size), own[c] + (1 - own[c]) / size);
                far += ((double)color[c] - (double)own[c]) * ((double)color[c] - (double)own[c]);
            }
            for (int c = 0; c < 3; c++) {
                if (round == 7) color[c] = own[c] + (float)fmin(radius[i] / sqrt(far), 1) * (color[c] - own[c]);
                image[c * plane + i] = fminf(fmaxf(own[c] + (color[c] - own[c]) * size, -1), 1);
            }
        }
    }
}

// From frame to frame.

static void synthesize(const float *warped0, const float *warped1, const float *visibility, float t, ptrdiff_t plane,
                       ptrdiff_t count, float *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const double v = ((double)visibility[i] + 1) / 2, w0 = (1 - (double)t) * v, w1 = (double)t * (1 - v);
        for (int c = 0; c < 3; c++) {
            const double first = (double)warped0[c * plane + i], second = (double)warped1[c * plane + i];
            target[c * plane + i] = (float)((w0 * first + w1 * second) / (w0 + w1 + 1e-8));
        }
    }
}

static double outside(double x, double y, int height, int width) {
    const double pixels = fmax(fmax(-x, x - (width - 1)), fmax(-y, y - (height - 1)));
    return fmin(fmax((pixels - 1) / 2, 0), 1);
}

static void hide_outside(const float *flow0, const float *flow1, ptrdiff_t plane, float scale, int row, int column,
                         int count, int height, int width, float *answer, ptrdiff_t answer_plane) {
    for (int i = 0; i < count; i++) {
        const double x0 = column + i + (double)scale * flow0[i], y0 = row + (double)scale * flow0[plane + i];
        const double x1 = column + i + (double)scale * flow1[i], y1 = row + (double)scale * flow1[plane + i];
        const double out0 = outside(x0, y0, height, width), out1 = outside(x1, y1, height, width);
        const double before[4] = {flow0[i], flow0[plane + i], flow1[i], flow1[plane + i]};
        // Bilinear between the four cases: neither place is outside, the first one, the second one, both.
        const double kept = out0 * out1 + (1 - out0) * (1 - out1);
        for (int k = 0; k < 4; k++) {
            float *flow = answer + k * answer_plane + i;
            *flow = (float)(kept * (double)*flow + (1 - kept) * before[k]);
        }
        float *seen = answer + 4 * answer_plane + i;
        *seen = (float)(kept * (double)*seen - out0 * (1 - out1) + out1 * (1 - out0));
    }
}

static void mean_difference(const float *a, const float *b, ptrdiff_t plane, ptrdiff_t count, float *mean) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float sum = 0;
        for (int c = 0; c < 3; c++) sum += fabsf(a[c * plane + i] - b[c * plane + i]);
        mean[i] = sum / 3;
    }
}

static void window_means(const float *map, int height, int width, int row, int reach, float *columns, float *means) {
    (void)columns;
    for (int x = 0; x < width; x++) {
        double sum = 0;
        for (int dy = -reach; dy <= reach; dy++)
            for (int dx = -reach; dx <= reach; dx++)
                sum += (double)map[inside(row + dy, height) * width + inside(x + dx, width)];
        means[x] = (float)(sum / ((2 * reach + 1) * (2 * reach + 1)));
    }
}

static void stay_near(const float *estimate, const float *gif, const float *before, const float *shown,
                      const float *change, const float *error, const struct ck_stay *how, ptrdiff_t count,
                      float *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float own = estimate[i], q = error[i];
        const float ratio = change[i] / fmaxf(how->scale * q, 1e-30f);
        const float share = fmaxf(1 - ratio * ratio / 4, 0);
        const float smoothed = own - bounded(how->strength * (share * share) * (share * share) * (own - shown[i]), -q, q);
        const float held = bounded(shown[i], own - q, own + q);
        const float moves = bounded(fabsf(own - before[i]) / how->same - 1, 0, 1);
        const float inexact = bounded(fabsf(own - gif[i]) / how->same - 1, 0, 1);
        const float kept = held + moves * (smoothed - held);
        target[i] = moves == 0 && inexact > 0 ? held : own + inexact * (kept - own);
    }
}

static int still_sum(const uint8_t *pixel) { return pixel[0] + pixel[1] + pixel[2]; }

static int largest_difference(const uint8_t *a, const uint8_t *b) {
    int largest = 0;
    for (int c = 0; c < 3; c++)
        if (abs(a[c] - b[c]) > largest) largest = abs(a[c] - b[c]);
    return largest;
}

/// The range of the sums of the channels in the 3 x 3 pixels around one.
static int contrast_around(const uint8_t *pixels, int width, int y, int x) {
    int low = 3 * 255, high = 0;
    for (int row = y - 1; row <= y + 1; row++)
        for (int column = x - 1; column <= x + 1; column++) {
            const int sum = still_sum(pixels + 4 * (row * width + column));
            if (sum < low) low = sum;
            if (sum > high) high = sum;
        }
    return high - low;
}

static void find_still(const struct ck_pair *pair, int width, const struct ck_still *how, int first_row, int rows,
                       int first_column, int columns, uint8_t *flags) {
    for (int y = first_row; y < first_row + rows; y++)
        for (int x = first_column; x < first_column + columns; x++) {
            const int at = y * width + x;
            const int contrast = least(contrast_around(pair->restored_a, width, y, x),
                                       contrast_around(pair->restored_b, width, y, x));
            int around = 0;
            for (int row = y - 1; row <= y + 1; row++)
                for (int i = 4 * (row * width + x - 1); i <= 4 * (row * width + x + 1); i += 4)
                    around += largest_difference(pair->restored_a + i, pair->restored_b + i);
            const int own = largest_difference(pair->restored_a + 4 * at, pair->restored_b + 4 * at);
            const int still = memcmp(pair->gif_a + 4 * at, pair->gif_b + 4 * at, 3) == 0 || own <= how->near ||
                              (around <= how->calm && how->share * own <= contrast);
            flags[at] = (uint8_t)((still ? CK_STILL : 0) | (contrast > how->contrast ? CK_CONTRASTING : 0));
        }
}

static void shrink_by_4(const float *map, int height, int width, int row, float *line, float *target) {
    (void)line;
    for (int x = 0; x < (width + 3) / 4; x++) {
        double sum = 0;
        for (int y = 4 * row; y < 4 * row + 4; y++)
            for (int column = 4 * x; column < 4 * x + 4; column++)
                sum += (double)map[inside(y, height) * width + inside(column, width)];
        target[x] = (float)(sum / 16);
    }
}

static void enlarge(const float *map, int height, int width, int factor, int row, int count, float *line,
                    float *target) {
    (void)line;
    for (int x = 0; x < count; x++) {
        // The place of the pixel's middle among the middles of the small map's pixels.
        const double from_y = (row + 0.5) / factor - 0.5, from_x = (x + 0.5) / factor - 0.5;
        const int top = (int)floor(from_y), left = (int)floor(from_x);
        const double down = from_y - top, across = from_x - left;
        double sum = 0;
        for (int dy = 0; dy < 2; dy++)
            for (int dx = 0; dx < 2; dx++)
                sum += (dy ? down : 1 - down) * (dx ? across : 1 - across) *
                       (double)map[inside(top + dy, height) * width + inside(left + dx, width)];
        target[x] = (float)sum;
    }
}

// Bytes.

static void rgba_to_planar(const uint8_t *pixels, ptrdiff_t count, float *target, ptrdiff_t plane) {
    for (ptrdiff_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) target[c * plane + i] = (float)pixels[4 * i + c] / 127.5f - 1;
}

static void planar_to_rgba(const float *source, ptrdiff_t plane, ptrdiff_t count, uint8_t *pixels) {
    for (ptrdiff_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            pixels[4 * i + c] = (uint8_t)(bounded((source[c * plane + i] + 1) * 127.5f, 0, 255) + 0.5f);
}

static void rgba_to_rgb(const uint8_t *pixels, ptrdiff_t count, uint8_t *target) {
    for (ptrdiff_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) target[3 * i + c] = pixels[4 * i + c];
}

/// Y, Cb or Cr of the mean of some pixels, by BT.601 in limited range with 16 bits behind the point.
static uint8_t component_of(int component, const uint8_t *const *pixels, int count) {
    static const int64_t weights[3][3] = {{16829, 33039, 6416}, {-9714, -19070, 28784}, {28784, -24103, -4681}};
    int64_t sum = 0;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) sum += weights[component][c] * pixels[i][c];
    return (uint8_t)(floor((double)sum / count / 65536 + 0.5) + (component == 0 ? 16 : 128));
}

static void rgba_to_444(const uint8_t *pixels, ptrdiff_t count, uint8_t *luma, uint8_t *cb, uint8_t *cr) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint8_t *pixel = pixels + 4 * i;
        luma[i] = component_of(0, &pixel, 1);
        cb[i] = component_of(1, &pixel, 1);
        cr[i] = component_of(2, &pixel, 1);
    }
}

static void rgba_to_yuyv(const uint8_t *pixels, ptrdiff_t count, uint8_t *target) {
    for (ptrdiff_t i = 0; i < count; i += 2) {
        const uint8_t *pair[2] = {pixels + 4 * i, pixels + 4 * i + 4};
        target[2 * i] = component_of(0, pair, 1);
        target[2 * i + 1] = component_of(1, pair, 2);
        target[2 * i + 2] = component_of(0, pair + 1, 1);
        target[2 * i + 3] = component_of(2, pair, 2);
    }
}

static void rgba_to_420(const uint8_t *top, const uint8_t *bottom, ptrdiff_t width, uint8_t *luma_top,
                        uint8_t *luma_bottom, uint8_t *cb, uint8_t *cr, ptrdiff_t step) {
    for (ptrdiff_t x = 0; x < width; x += 2) {
        const uint8_t *four[4] = {top + 4 * x, top + 4 * x + 4, bottom + 4 * x, bottom + 4 * x + 4};
        for (int i = 0; i < 2; i++) {
            luma_top[x + i] = component_of(0, four + i, 1);
            luma_bottom[x + i] = component_of(0, four + 2 + i, 1);
        }
        cb[x / 2 * step] = component_of(1, four, 4);
        cr[x / 2 * step] = component_of(2, four, 4);
    }
}

static void premultiply(const uint8_t *pixels, ptrdiff_t count, float *row) {
    for (ptrdiff_t i = 0; i < count; i++)
        for (int c = 0; c < 4; c++) row[4 * i + c] = (c < 3 ? (float)pixels[4 * i + c] : 255) * ((float)pixels[4 * i + 3] / 255);
}

static void mix_columns(const float *row, int taps, const int32_t *first, const float *weights, ptrdiff_t count,
                        float *target) {
    for (ptrdiff_t i = 0; i < count; i++)
        for (int c = 0; c < 4; c++) {
            float sum = 0;
            for (int k = 0; k < taps; k++) sum += row[4 * (first[i] + k) + c] * weights[i * taps + k];
            target[4 * i + c] = sum;
        }
}

static void mix_rows(const float *rows, ptrdiff_t stride, int taps, const float *weights, ptrdiff_t count,
                     uint8_t *pixels) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float sums[4] = {0};
        for (int k = 0; k < taps; k++)
            for (int c = 0; c < 4; c++) sums[c] += rows[stride * k + 4 * i + c] * weights[k];
        const float alpha = bounded(sums[3], 0, 255), gain = alpha > 0 ? 255 / alpha : 0;
        for (int c = 0; c < 3; c++) pixels[4 * i + c] = (uint8_t)(bounded(sums[c] * gain, 0, 255) + 0.5f);
        pixels[4 * i + 3] = (uint8_t)(alpha + 0.5f);
    }
}

static void halve(const float *map, int height, int width, int row, float *target) {
    for (int x = 0; x < (width + 1) / 2; x++) {
        double sum = 0;
        for (int dy = 0; dy < 2; dy++)
            for (int dx = 0; dx < 2; dx++)
                sum += (double)map[inside(2 * row + dy, height) * width + inside(2 * x + dx, width)];
        target[x] = (float)(sum / 4);
    }
}

static void splat(const struct ck_splat *how, int row, int first_column, int columns, int first_target,
                  int last_target) {
    const int plane = how->height * how->width;
    for (int column = first_column; column < first_column + columns; column++) {
        const int from = row * how->width + column;
        const float u = how->flow[from], v = how->flow[plane + from];
        const double x = column + (double)(how->scale * u), y = row + (double)(how->scale * v);
        for (int to_y = first_target; to_y < last_target; to_y++)
            for (int to_x = 0; to_x < how->width; to_x++) {
                const double near_x = 1 - fabs(x - to_x), near_y = 1 - fabs(y - to_y);
                if (!(near_x > 0 && near_y > 0)) continue;
                const float weight = (float)(near_x * near_y) * how->weight_factor * how->weight[from];
                float *to = how->sums + to_y * how->width + to_x;
                to[0] += weight * how->flow_factor * u;
                to[plane] += weight * how->flow_factor * v;
                to[2 * plane] += weight;
            }
    }
}

// Dense inverse search. Sums are those of the columns of a patch, added up in pairs: a search that follows the smaller one of two
// sums goes another way where one rounds otherwise.

enum { SIDE = CK_PATCH, VALUES = CK_PATCH * CK_PATCH };

static float of_columns(const float *values) {
    float columns[SIDE] = {0};
    for (int i = 0; i < VALUES; i++) columns[i % SIDE] += values[i];
    for (int step = 1; step < SIDE; step *= 2)
        for (int k = 0; k < SIDE; k += 2 * step) columns[k] += columns[k + step];
    return columns[0];
}

static int patch_first(int index, int length) { return least(index * CK_PATCH_STEP, length - SIDE); }

/// The second frame's value where a flow moves the pixel `k` of a patch to, which starts at (y, x).
static float moved_value(const struct ck_search *search, int y, int x, float u, float v, int k) {
    const float across = bounded((float)x + u, -SIDE, (float)search->width);
    const float down = bounded((float)y + v, -SIDE, (float)search->height);
    const float fx = across - floorf(across), fy = down - floorf(down);
    const float *corner = search->second + ((ptrdiff_t)floorf(down) + k / SIDE) * search->stride +
                          (ptrdiff_t)floorf(across) + k % SIDE;
    const float top = (1 - fx) * (1 - fy) * corner[0] + fx * (1 - fy) * corner[1];
    return top + ((1 - fx) * fy * corner[search->stride] + fx * fy * corner[search->stride + 1]);
}

/// Finds how much a flow leaves of a patch: the sum of squares about the mean, and its products with both gradients.
static void left_of(const struct ck_search *search, int y, int x, float u, float v, float (*gradients)[VALUES],
                    float *left) {
    float apart[VALUES], squares[VALUES], products[2][VALUES];
    for (int k = 0; k < VALUES; k++) {
        apart[k] = moved_value(search, y, x, u, v, k) - search->first[(y + k / SIDE) * search->stride + x + k % SIDE];
        squares[k] = apart[k] * apart[k];
        for (int axis = 0; axis < 2; axis++) products[axis][k] = apart[k] * gradients[axis][k];
    }
    const float mean = of_columns(apart) / VALUES;
    left[0] = of_columns(squares) - mean * mean * VALUES;
    for (int axis = 0; axis < 2; axis++)
        left[1 + axis] = of_columns(products[axis]) - mean * of_columns(gradients[axis]);
}

/// The sum of the products of two gradients about their means.
static float product_of(const float *a, const float *b) {
    float products[VALUES];
    for (int k = 0; k < VALUES; k++) products[k] = a[k] * b[k];
    return of_columns(products) - of_columns(a) * of_columns(b) / VALUES;
}

static void search_patch(const struct ck_search *search, int row, int column) {
    const int y = patch_first(row, search->height), x = patch_first(column, search->width);
    const int plane = search->rows * search->columns, own = row * search->columns + column;
    float gradients[2][VALUES], best[3], left[3];
    for (int k = 0; k < VALUES; k++) {
        const float *pixel = search->first + (y + k / SIDE) * search->stride + x + k % SIDE;
        gradients[0][k] = 0.5F * (pixel[1] - pixel[-1]);
        gradients[1][k] = 0.5F * (pixel[search->stride] - pixel[-search->stride]);
    }
    float u = 0, v = 0;
    const int beside[5][2] = {{0, 0}, {0, -1}, {0, 1}, {-1, 0}, {1, 0}};
    for (int k = 0; k < 5; k++) {
        const int r = row + beside[k][0], c = column + beside[k][1];
        if (r != inside(r, search->rows) || c != inside(c, search->columns)) continue;
        const float *from = search->from + r * search->columns + c;
        left_of(search, y, x, from[0], from[plane], gradients, left);
        if (k > 0 && !(left[0] < best[0])) continue;
        memcpy(best, left, sizeof best);
        u = from[0];
        v = from[plane];
    }
    const float xx = product_of(gradients[0], gradients[0]), xy = product_of(gradients[0], gradients[1]);
    const float yy = product_of(gradients[1], gradients[1]), determinant = xx * yy - xy * xy;
    const float start_u = u, start_v = v;
    for (int k = 0; k < CK_SEARCH_STEPS && determinant > CK_LEAST_DETERMINANT; k++) {
        const float next_u = u - (yy * best[1] - xy * best[2]) / determinant;
        const float next_v = v - (xx * best[2] - xy * best[1]) / determinant;
        const float du = next_u - start_u, dv = next_v - start_v;
        if (!(du * du + dv * dv <= VALUES)) break;
        left_of(search, y, x, next_u, next_v, gradients, left);
        if (!(left[0] < best[0])) break;
        memcpy(best, left, sizeof best);
        u = next_u;
        v = next_v;
    }
    search->to[own] = u;
    search->to[plane + own] = v;
}

static void search_patches(const struct ck_search *search, int row, int first_column, int columns) {
    for (int column = first_column; column < first_column + columns; column++) search_patch(search, row, column);
}

static void spread_patches(const struct ck_search *search, int y, int first_column, int columns, float *sums,
                           float *target) {
    (void)sums;
    const int width = search->width, plane = search->rows * search->columns;
    const int begin = patch_first(first_column, width), end = patch_first(first_column + columns - 1, width) + SIDE;
    for (int x = begin; x < end; x++) {
        float across = 0, down = 0, weights = 0;
        for (int row = 0; row < search->rows; row++)
            for (int column = first_column; column < first_column + columns; column++) {
                const int dy = y - patch_first(row, search->height), dx = x - patch_first(column, width);
                if (dy < 0 || dy >= SIDE || dx < 0 || dx >= SIDE) continue;
                const float *flow = search->to + row * search->columns + column;
                const float value = moved_value(search, y - dy, x - dx, flow[0], flow[plane], dy * SIDE + dx);
                const float apart = fabsf(value - search->first[y * search->stride + x]);
                const float weight = 1 / (apart > 1 ? apart : 1);
                across += weight * flow[0];
                down += weight * flow[plane];
                weights += weight;
            }
        target[y * width + x] = across / weights;
        target[search->height * width + y * width + x] = down / weights;
    }
}

const struct ck_kernels TABLE = {
    .name = "scalar",
    .lanes = LANES,
    .to_map = to_map,
    .from_map = from_map,
    .unshuffle_to_map = unshuffle_to_map,
    .shuffle_from_map = shuffle_from_map,
    .average_pool = average_pool,
    .upsample_bilinear = upsample_bilinear,
    .upsample_nearest_add = upsample_nearest_add,
    .direct = direct,
    .winograd_input = winograd_input,
    .winograd_products = winograd_products,
    .winograd_output = winograd_output,
    .gather = gather,
    .spread = spread,
    .scaled_sum = scaled_sum,
    .tanh = exact_tanh,
    .clamp = clamp,
    .to_shorts = to_shorts,
    .from_shorts = from_shorts,
    .difference = difference,
    .backwarp = backwarp,
    .backwarp_cubic = backwarp_cubic,
    .nearest_color = nearest_color,
    .keep_in_cells = keep_in_cells,
    .synthesize = synthesize,
    .hide_outside = hide_outside,
    .mean_difference = mean_difference,
    .window_means = window_means,
    .stay_near = stay_near,
    .find_still = find_still,
    .shrink_by_4 = shrink_by_4,
    .enlarge = enlarge,
    .halve = halve,
    .splat = splat,
    .search_patches = search_patches,
    .spread_patches = spread_patches,
    .rgba_to_planar = rgba_to_planar,
    .planar_to_rgba = planar_to_rgba,
    .rgba_to_rgb = rgba_to_rgb,
    .rgba_to_444 = rgba_to_444,
    .rgba_to_yuyv = rgba_to_yuyv,
    .rgba_to_420 = rgba_to_420,
    .premultiply = premultiply,
    .mix_columns = mix_columns,
    .mix_rows = mix_rows,
    .pack = pack,
    .halves = halves,
};
