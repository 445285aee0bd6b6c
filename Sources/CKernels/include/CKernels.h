#pragma once
#include <stddef.h>
#include <stdint.h>

/// The inner loops of the networks and of the pixel work around them.
///
/// Pixel work is on planar float32: a picture of C channels is C planes of height * width floats, one after the other,
/// rows without gaps. The networks work on maps in blocks of channels (`ck_map`). No kernel allocates, keeps state or
/// checks its arguments: Inference does. Levels are one source compiled for several instruction sets: those of the
/// pixel work agree to the bit, those of the convolutions but for rounding.

/// A map in blocks of `lanes` channels: [channel block][row][column][lane]. The lanes of a pixel lie together, on a
/// boundary of their size; those behind the last channel are zero. Around the picture lies a margin of zeros, as wide as the
/// layers that read the map need it, so that no loop asks whether it is at an edge.
struct ck_map {
    /// The first channel of the upper left pixel.
    float *values;
    /// Floats from one channel block, row or pixel to the next.
    ptrdiff_t channel_block, row, pixel;
    /// In pixels, without the margin.
    int32_t height, width;
    int32_t channel_blocks;
};

/// A convolution, zero padding of half its size, with its bias and LeakyReLU (slope 0: ReLU, 1: none).
///
/// Output channels are computed in groups of 1, 2 or 3 channel blocks. `weights` is, for each group in order of its first
/// channel block, [position][input channel, tap][output channel of the group] as `pack` writes it.
struct ck_convolution {
    const float *weights;
    /// One for each output channel, a multiple of `lanes` of them.
    const float *bias;
    float slope;
    int32_t size, stride;
    int32_t input_channel_blocks;
    /// Channels in use of the last input channel block.
    int32_t last_lanes;
};

/// Transformed Winograd blocks: 36 positions of each block and channel. A Winograd block is what is computed together:
/// 4 x 4 output pixels, for which 6 x 6 input pixels are read.
struct ck_winograd_blocks {
    float *values;
    /// Floats from one position, channel block or Winograd block to the next.
    ptrdiff_t position, channel_block, block;
};

/// The weights of some output channels, as a model file holds them.
struct ck_weights {
    /// The first tap of the first input channel to the first output channel; the taps of a pair lie together.
    const float *values;
    /// Floats from one output or input channel to the next.
    ptrdiff_t output, input;
    int32_t outputs, inputs, size;
    /// For each input channel its place among the lanes of all input channel blocks.
    const int32_t *places;
};

/// The colors of one palette: `rgb` holds count * 3 floats (R, G, B, R, ...) in [-1, 1].
struct ck_palette {
    const float *rgb;
    int32_t count;
};

/// A picture that is warped, or some rows of one.
struct ck_warp {
    const float *source;
    /// Of the source; the target is as wide.
    int32_t channels, height, width;
    /// Two planes of the target's size, x then y; a flow of 1 stands for `scale` pixels.
    const float *flow;
    float scale;
    float *target;
    /// Rows of the target, and the row of the source that it begins with.
    int32_t rows, top;
};

/// The largest `factor` of `enlarge`.
enum { CK_LARGEST_FACTOR = 4 };

/// Pixels that are moved by a flow, of maps of one size.
struct ck_splat {
    int32_t height, width;
    /// Two planes, x then y.
    const float *flow;
    const float *weight;
    /// Pixels by which a flow of 1 moves.
    float scale;
    /// The flow, times this, and the weight, times that, are what is added up.
    float flow_factor, weight_factor;
    /// Three planes: the sums of the weighted flows, x then y, and of the weights.
    float *sums;
};

/// Flags of `ck_select` and `ck_processor`: the instructions that the kernels of a level need.
enum {
    /// The vectors that every processor of the architecture has.
    CK_BASELINE = 0,
    /// AVX2 and FMA.
    CK_AVX2 = 1 << 0,
    /// F, BW, DQ and VL.
    CK_AVX512 = 1 << 1,
};

/// How much a picture is held to the one before.
struct ck_stay {
    float strength;
    float scale;
    /// Values that differ by less count as equal, and those that differ by more than twice as much as different.
    float same;
};

/// Two frames whose rows lie without gaps, R, G, B, A: as the GIF has them, and restored.
struct ck_pair {
    const uint8_t *gif_a, *gif_b;
    const uint8_t *restored_a, *restored_b;
};

/// Flags of `find_still`: a pixel stands still; it has contrast around it in both frames.
enum { CK_STILL = 1 << 0, CK_CONTRASTING = 1 << 1 };

/// When a pixel stands still.
struct ck_still {
    /// Its restored colors differ by at most `near` levels in any channel. Or the largest differences of 3 x 3 pixels have a
    /// sum of at most `calm`, and `share`, at most 128, times its own one is no more than the contrast.
    int16_t near, calm, share;
    /// Contrast is marked where it is above this. It is the range of the sums of the channels over 3 x 3 pixels, in the
    /// frame with less of it.
    int16_t contrast;
};

/// Patches of a dense inverse search (Kroeger et al. 2016) are squares of this side, and begin every so many pixels. A search
/// follows a patch's gradients in so many steps, if their structure tensor has a larger determinant than this.
#define CK_PATCH 8
#define CK_PATCH_STEP 4
#define CK_SEARCH_STEPS 12
#define CK_LEAST_DETERMINANT 1.0F

/// A search for the patches of one frame in another.
struct ck_search {
    /// Luma in levels, of height x width pixels, both at least CK_PATCH; `stride` floats from row to row. The edge is repeated by
    /// CK_PATCH + 1 pixels on all sides.
    const float *first, *second;
    ptrdiff_t stride;
    int height, width;
    /// Flows of the patches, x of all and then y, in pixels: where a search begins, and what it finds. Patch (row, column) begins
    /// at pixel (row, column) * CK_PATCH_STEP, the last ones so that they end at the edge.
    const float *from;
    float *to;
    int rows, columns;
};

struct ck_kernels {
    /// The level's name, as the environment variable spells it.
    const char *name;

    /// Channels in a channel block of a map.
    int32_t lanes;

    /// Planes of height x width to a rectangle of a map, which is at least as large and continued to the right and below by
    /// the picture's edge: rows first_row ..< first_row + rows, columns first_column ..< first_column + columns.
    void (*to_map)(const float *source, int channels, int height, int width, const struct ck_map *target, int first_row,
                   int rows, int first_column, int columns);

    /// A rectangle of a map to planes of height x width: the columns that do not fit are left out.
    void (*from_map)(const struct ck_map *source, int channels, float *target, int height, int width, int first_row,
                     int rows, int first_column, int columns);

    /// As `to_map`, with 2 x 2 pixels of a plane as four channels: channel 4 * c + 2 * dy + dx of the map holds the
    /// pixels (2 y + dy, 2 x + dx) of plane c. Rows and columns are the map's.
    void (*unshuffle_to_map)(const float *source, int channels, int height, int width, const struct ck_map *target,
                             int first_row, int rows, int first_column, int columns);

    /// The inverse, to `channels` planes of height x width: what does not fit is cropped. Rows and columns are the map's.
    void (*shuffle_from_map)(const struct ck_map *source, int channels, float *target, int height, int width,
                             int first_row, int rows, int first_column, int columns);

    /// Means of 2 x 2 pixels. The target's size is half the source's, rounded down; the rows are the target's.
    void (*average_pool)(const struct ck_map *source, const struct ck_map *target, int first_row, int rows);

    /// Twice as large, bilinear, corners aligned. The rows are those of twice the source's height; what lies beyond
    /// twice the source's size is not written.
    void (*upsample_bilinear)(const struct ck_map *source, const struct ck_map *target, int first_row, int rows);

    /// Twice as large, nearest pixel, plus another map of that size. Rows and columns are the target's.
    void (*upsample_nearest_add)(const struct ck_map *source, const struct ck_map *other, const struct ck_map *target,
                                 int first_row, int rows, int first_column, int columns);

    /// A convolution of stride 1 or 2, to the target's rows first_row ..< first_row + rows and to `group` of its channel
    /// blocks from first_channel_block on.
    void (*direct)(const struct ck_convolution *convolution, const struct ck_map *source, const struct ck_map *target,
                   int first_row, int rows, int first_channel_block, int group);

    // Winograd's F(4x4, 3x3), for a stride of 1, in three steps. Winograd blocks are counted row by row: `first_block`
    // counts in the map, while a `ck_winograd_blocks` holds the `blocks` of one call from 0 on.

    /// The first step transforms some channel blocks of a map. For a convolution of size 5 or 7 the target has 4 or 9
    /// channel blocks for each.
    void (*winograd_input)(const struct ck_map *source, int size, int first_channel_block, int channel_blocks,
                           int first_block, int blocks, const struct ck_winograd_blocks *target);

    /// The second step: at each of some positions, products of all input channels and the `group` channel blocks of the
    /// output from first_channel_block on, which become channel blocks 0 ..< group of the target.
    void (*winograd_products)(const struct ck_convolution *convolution, const struct ck_winograd_blocks *source,
                              int blocks, int first_position, int positions, int first_channel_block, int group,
                              const struct ck_winograd_blocks *target);

    /// The third step: channel blocks 0 ..< channel_blocks of the source become those of a map from first_channel_block
    /// on, with bias and LeakyReLU.
    void (*winograd_output)(const struct ck_convolution *convolution, const struct ck_winograd_blocks *source,
                            int first_block, int blocks, int first_channel_block, int channel_blocks,
                            const struct ck_map *target);

    /// Unfolds patches for another library's GEMM: for each output pixel of the rows first_row ..< first_row + rows,
    /// `width` to the row, [channel block][tap][lane].
    void (*gather)(const struct ck_map *source, int size, int stride, int width, int first_row, int rows,
                   float *target);

    /// Its products, for each output pixel all lanes of some channel blocks, `source_pixel` floats apart, to the channel
    /// blocks of a map from first_channel_block on, with bias and LeakyReLU. The rows are the target's.
    void (*spread)(const struct ck_convolution *convolution, const float *source, ptrdiff_t source_pixel,
                   const struct ck_map *target, int first_row, int rows, int first_channel_block, int channel_blocks);

    /// target = a * x + b * y. The target may be x or y.
    void (*scaled_sum)(float a, const float *x, float b, const float *y, float *target, ptrdiff_t count);

    /// In place; within 4e-7 of tanh.
    void (*tanh)(float *values, ptrdiff_t count);

    /// In place; NaN becomes `low`.
    void (*clamp)(float *values, float low, float high, ptrdiff_t count);

    /// Finds the first and the last value that differ between two rows. Bits are compared, so that a NaN is equal to itself.
    /// Returns how many values lie from the one to the other; 0 where none differs. `first` becomes the first one's place.
    ptrdiff_t (*difference)(const float *a, const float *b, ptrdiff_t count, ptrdiff_t *first);

    /// Values times `scale`, to the nearest whole number, halves away from 0, clamped to -32767 ... 32767; NaN becomes -32767.
    void (*to_shorts)(const float *values, float scale, ptrdiff_t count, int16_t *target);

    /// Whole numbers times `scale`.
    void (*from_shorts)(const int16_t *values, float scale, ptrdiff_t count, float *target);

    /// Samples each plane at (x + scale * flow_x, y + scale * flow_y), bilinear, clamped to the border, for the target's rows
    /// first_row ..< first_row + rows and columns first_column ..< first_column + columns.
    void (*backwarp)(const struct ck_warp *warp, int first_row, int rows, int first_column, int columns);

    /// The same from 4 x 4 pixels, by Keys' cubic convolution with a = -0.75, clamped to [-1, 1]: a bilinear sample halfway
    /// between two pixels is their mean, and softer than they are. Each of the 16 pixels is clamped to the border.
    void (*backwarp_cubic)(const struct ck_warp *warp, int first_row, int rows, int first_column, int columns);

    /// fC (section 4.1): target = the color of palettes[ids[i]] nearest to the pixel by L2 in RGB; the lower index
    /// wins a tie. A pixel whose palette is empty is copied. Planes are `plane` floats apart. The target may be the
    /// image.
    /// - `radius`, may be null: half the distance from the pixel's color in `gif` to the nearest other color of its
    ///   palette, or less; 0 where its palette does not hold that color. A pixel nearer to it than that needs no search.
    void (*nearest_color)(const float *image, const float *gif, const float *radius, ptrdiff_t plane, ptrdiff_t count,
                          const uint16_t *ids, const struct ck_palette *palettes, float *target);

    /// Moves pixels, in place, that have left the cell of their color in `gif`: all colors that no other color of the palette is
    /// nearer to, or, if `size` is not 1, all that are `size` times as far from it as these. A pixel that is nearer to another
    /// color moves at right angles onto the border with it, is clamped to [-1, 1] and looked at again, up to eight times, and
    /// then moves straight toward its color in `gif`. A pixel whose radius is 0 stays. Planes, ids and radius as in
    /// `nearest_color`.
    void (*keep_in_cells)(float *image, const float *gif, const float *radius, float size, ptrdiff_t plane,
                          ptrdiff_t count, const uint16_t *ids, const struct ck_palette *palettes);

    /// SuperSlomo's synthesis: with v = (visibility + 1) / 2, w0 = (1 - t) v, w1 = t (1 - v),
    /// target = (w0 * warped0 + w1 * warped1) / (w0 + w1 + 1e-8) for 3 planes, `plane` floats apart; exactly the value of
    /// both where they are equal.
    void (*synthesize)(const float *warped0, const float *warped1, const float *visibility, float t, ptrdiff_t plane,
                       ptrdiff_t count, float *target);

    /// Of `count` pixels of a row, from (column, row) of a picture on, corrects SuperSlomo's answer: refined flows and visibility,
    /// 5 planes, `answer_plane` floats apart. If the flow to one frame leads out of the picture and that to the other does
    /// not, the visibility takes the other one alone (-1: frame 1, 1: frame 0), and both flows are those before refinement:
    /// flow0 and flow1, x and y `plane` floats apart, in units of `scale` pixels. A place counts as outside from three pixels
    /// beyond the edge on, not at all up to one, and in parts between.
    void (*hide_outside)(const float *flow0, const float *flow1, ptrdiff_t plane, float scale, int row, int column,
                         int count, int height, int width, float *answer, ptrdiff_t answer_plane);

    /// Of `count` pixels the mean over 3 planes, `plane` floats apart, of |a - b|.
    void (*mean_difference)(const float *a, const float *b, ptrdiff_t plane, ptrdiff_t count, float *mean);

    /// Of one row of a map the means over the windows of 2 reach + 1 pixels a side around each pixel; the map's edge
    /// repeats. `columns` is room for width + 2 reach values.
    void (*window_means)(const float *map, int height, int width, int row, int reach, float *columns, float *means);

    /// The picture that is shown after another one (Restoration's TemporalFilter has the formula). `before` and `shown`: the
    /// estimate before and what was shown of it; `change` and `error`: the means around each pixel of |estimate - shown|
    /// and of |gif - estimate|.
    void (*stay_near)(const float *estimate, const float *gif, const float *before, const float *shown,
                      const float *change, const float *error, const struct ck_stay *how, ptrdiff_t count,
                      float *target);

    /// Writes the flags of rows first_row ..< first_row + rows and columns first_column ..< first_column + columns, none of
    /// them at the picture's edge, to a plane of the picture's size. A pixel whose color is the same in both GIF frames
    /// stands still whatever the restored ones say.
    void (*find_still)(const struct ck_pair *pair, int width, const struct ck_still *how, int first_row, int rows,
                       int first_column, int columns, uint8_t *flags);

    /// One row of a map of a quarter of the size, (width + 3) / 4 values: the means of squares of 4 x 4; the map's edge
    /// repeats. `line` is room for width + 3 values.
    void (*shrink_by_4)(const float *map, int height, int width, int row, float *line, float *target);

    /// One row, of `count` values, of a map of `factor` times the size, 2 or 4, bilinear; the map's edge repeats. `line` is room
    /// for width + 2 values.
    void (*enlarge)(const float *map, int height, int width, int factor, int row, int count, float *line,
                    float *target);

    /// One row of a map of half the size, (width + 1) / 2 values: the means of 2 x 2; the map's edge repeats.
    void (*halve)(const float *map, int height, int width, int row, float *target);

    /// Moves `columns` pixels of a row by their flow, each into the four pixels around where it arrives, bilinear, and adds its
    /// flow and its weight to those of rows first_target ..< last_target. Pixels that arrive elsewhere are lost.
    void (*splat)(const struct ck_splat *splat, int row, int first_column, int columns, int first_target,
                  int last_target);

    /// Finds the flows of `columns` patches of a row. A search begins with the best flow of the patch itself and of those on its
    /// four sides, and stays within CK_PATCH pixels of it. Patches are compared without their means.
    void (*search_patches)(const struct ck_search *search, int row, int first_column, int columns);

    /// Writes a row of both planes of a flow, height x width each, for all pixels of `columns` patches: the mean of the flows
    /// found for the patches that hold a pixel, each weighted by 1 / max(1, levels that it leaves there). `sums` is room for three
    /// rows.
    void (*spread_patches)(const struct ck_search *search, int row, int first_column, int columns, float *sums,
                           float *target);

    /// R, G, B, A bytes to three planes in [-1, 1]: x / 127.5 - 1. Alpha is dropped.
    void (*rgba_to_planar)(const uint8_t *pixels, ptrdiff_t count, float *target, ptrdiff_t plane);

    /// Three planes to the R, G, B of R, G, B, A bytes: (x + 1) * 127.5, clamped, to the nearest. Alpha stays.
    void (*planar_to_rgba)(const float *source, ptrdiff_t plane, ptrdiff_t count, uint8_t *pixels);

    /// R, G, B, A bytes to R, G, B.
    void (*rgba_to_rgb)(const uint8_t *pixels, ptrdiff_t count, uint8_t *target);

    // R, G, B, A bytes to video's components: BT.601 in limited range (Y 16 ... 235, Cb and Cr 16 ... 240), within 0.51
    // of the exact formula. Cb and Cr are those of the mean of the pixels that share them. Alpha is dropped.

    /// To planes of Y, Cb and Cr.
    void (*rgba_to_444)(const uint8_t *pixels, ptrdiff_t count, uint8_t *luma, uint8_t *cb, uint8_t *cr);

    /// To Y0, Cb, Y1, Cr for every two pixels; `count` is even.
    void (*rgba_to_yuyv)(const uint8_t *pixels, ptrdiff_t count, uint8_t *target);

    /// Two rows of `width` pixels, which is even, to two rows of Y and one of Cb and of Cr: width / 2 values, `step` bytes
    /// apart (1: planes; 2: Cb and Cr in turn).
    void (*rgba_to_420)(const uint8_t *top, const uint8_t *bottom, ptrdiff_t width, uint8_t *luma_top,
                        uint8_t *luma_bottom, uint8_t *cb, uint8_t *cr, ptrdiff_t step);

    /// R, G, B, A bytes to floats: the colors times alpha / 255, and alpha.
    void (*premultiply)(const uint8_t *pixels, ptrdiff_t count, float *row);

    /// Scales a row of premultiplied pixels: pixel i of the target is the sum of `taps` of them from first[i] on, with the
    /// weights from taps * i on.
    void (*mix_columns)(const float *row, int taps, const int32_t *first, const float *weights, ptrdiff_t count,
                        float *target);

    /// The weighted sum of `taps` rows, `stride` floats apart, of `count` premultiplied pixels, to R, G, B, A bytes.
    void (*mix_rows)(const float *rows, ptrdiff_t stride, int taps, const float *weights, ptrdiff_t count,
                     uint8_t *pixels);

    /// Writes the weights of one group of output channels, those beyond weights->outputs being left out:
    /// [position][input channel block][tap][lane][output channel], where of the last block `last_lanes` lanes are used.
    /// Taps of a direct convolution are those of its size, with one position; taps of Winograd's are its 3x3 parts, with 36.
    /// - `position`: floats from one position to the next; `row`: from one input channel to the next.
    /// `packed` holds zeros.
    void (*pack)(const struct ck_weights *weights, int winograd, int lanes, int input_channel_blocks, int last_lanes,
                 float *packed, ptrdiff_t position, ptrdiff_t row);

    /// IEEE 754's 16-bit numbers to float32, exactly.
    void (*halves)(const uint16_t *source, ptrdiff_t count, float *target);
};

/// Sets this thread's processor to take subnormal numbers for zero: they cost a hundred times a product, and the tails
/// of a network's activations are full of them. Returns what to give `ck_restore_subnormals` to undo it.
uint64_t ck_flush_subnormals(void);
void ck_restore_subnormals(uint64_t mode);

/// The features of this processor: a set of CK_ flags.
unsigned ck_processor(void);

/// The best table whose needs are a subset of both `allowed` and this processor's flags. Never null; lives forever.
const struct ck_kernels *ck_select(unsigned allowed);
