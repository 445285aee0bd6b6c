/// Finds what stands still between two frames. Included once by the file of each instruction set, after Pixels.h.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

/// Some pixels of a row of two frames, and one more on either side: the sums of their channels, and the largest
/// difference of a channel.
struct still_row {
    int16_t a[CHUNK + 2], b[CHUNK + 2], apart[CHUNK + 2];
};

static inline int16_t lower(int16_t a, int16_t b) { return a < b ? a : b; }
static inline int16_t higher(int16_t a, int16_t b) { return a > b ? a : b; }
static inline int16_t lowest(const int16_t *of_three) { return lower(of_three[0], lower(of_three[1], of_three[2])); }
static inline int16_t highest(const int16_t *of_three) { return higher(of_three[0], higher(of_three[1], of_three[2])); }

/// The bytes of a pixel as one number, which loops load at once.
static inline uint32_t pixel_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline int16_t channel(uint32_t pixel, int index) { return (int16_t)(pixel >> (8 * index) & 255); }

static inline int16_t sum_of_channels(uint32_t pixel) {
    return (int16_t)(channel(pixel, 0) + channel(pixel, 1) + channel(pixel, 2));
}

static inline int16_t distance(uint32_t a, uint32_t b, int index) {
    const int16_t difference = (int16_t)(channel(a, index) - channel(b, index));
    return higher(difference, (int16_t)-difference);
}

static void read_still_row(const uint8_t *restrict a, const uint8_t *restrict b, int count,
                           struct still_row *restrict row) {
    for (int i = 0; i < count; i++) {
        const uint32_t first = pixel_at(a + 4 * i), second = pixel_at(b + 4 * i);
        row->a[i] = sum_of_channels(first);
        row->b[i] = sum_of_channels(second);
        row->apart[i] =
            higher(distance(first, second, 0), higher(distance(first, second, 1), distance(first, second, 2)));
    }
}

/// The flags of `count` pixels of a row, from it and those above and below.
static void write_still_row(const struct still_row *restrict above, const struct still_row *restrict own,
                            const struct still_row *restrict below, const uint8_t *restrict gif_a,
                            const uint8_t *restrict gif_b, int count, const struct ck_still *how,
                            uint8_t *restrict flags) {
    int16_t low_a[CHUNK + 2], high_a[CHUNK + 2], low_b[CHUNK + 2], high_b[CHUNK + 2], apart[CHUNK + 2];
    for (int i = 0; i < count + 2; i++) {
        low_a[i] = lower(above->a[i], lower(own->a[i], below->a[i]));
        high_a[i] = higher(above->a[i], higher(own->a[i], below->a[i]));
        low_b[i] = lower(above->b[i], lower(own->b[i], below->b[i]));
        high_b[i] = higher(above->b[i], higher(own->b[i], below->b[i]));
        apart[i] = (int16_t)(above->apart[i] + own->apart[i] + below->apart[i]);
    }
    const int16_t near = how->near, calm = how->calm, share = how->share, least = how->contrast;
    for (int i = 0; i < count; i++) {
        const int16_t contrast_a = (int16_t)(highest(high_a + i) - lowest(low_a + i));
        const int16_t contrast_b = (int16_t)(highest(high_b + i) - lowest(low_b + i));
        const int16_t contrast = lower(contrast_a, contrast_b);
        const int16_t moved = own->apart[i + 1], around = (int16_t)(apart[i] + apart[i + 1] + apart[i + 2]);
        const int is_equal = ((pixel_at(gif_a + 4 * i) ^ pixel_at(gif_b + 4 * i)) & 0xFFFFFF) == 0;
        const int is_still = is_equal | (moved <= near) | ((around <= calm) & ((int16_t)(share * moved) <= contrast));
        flags[i] = (uint8_t)((is_still ? CK_STILL : 0) | (contrast > least ? CK_CONTRASTING : 0));
    }
}

static void find_still(const struct ck_pair *pair, int width, const struct ck_still *how, int first_row, int rows,
                       int first_column, int columns, uint8_t *flags) {
    /// Row y is at y % 3.
    struct still_row ring[3];
    for (int column = first_column; column < first_column + columns; column += CHUNK) {
        const int left_over = first_column + columns - column, count = left_over < CHUNK ? left_over : CHUNK;
        for (int y = first_row - 1; y <= first_row + rows; y++) {
            const ptrdiff_t at = (ptrdiff_t)y * width + column - 1;
            read_still_row(pair->restored_a + 4 * at, pair->restored_b + 4 * at, count + 2, &ring[y % 3]);
            if (y <= first_row) continue;
            // The row above the one that was read.
            const ptrdiff_t own = at + 1 - width;
            write_still_row(&ring[(y + 1) % 3], &ring[(y + 2) % 3], &ring[y % 3], pair->gif_a + 4 * own,
                            pair->gif_b + 4 * own, count, how, flags + own);
        }
    }
}

#define CK_STILL_PIXELS .find_still = find_still
