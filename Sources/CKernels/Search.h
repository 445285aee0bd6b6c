/// Dense inverse search: large motion between two frames. Included once by the file of each instruction set, after Coarse.h.
#pragma once
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

enum { PATCH = CK_PATCH, AREA = PATCH * PATCH };

/// Sums of the columns of a patch; added up in one order, so that every level has the same bits.
static inline float total(const float *columns) {
    const float low = (columns[0] + columns[1]) + (columns[2] + columns[3]);
    const float high = (columns[4] + columns[5]) + (columns[6] + columns[7]);
    return low + high;
}

/// A place between pixels: the pixel above and to the left of it, and the weights of the four around.
struct place {
    ptrdiff_t at;
    float here, right, below, across;
};

/// The place to which a flow moves one, at most CK_PATCH pixels beyond the edge.
static inline struct place place_of(const struct ck_search *search, int row, int column, float x, float y) {
    const float across = bounded((float)column + x, -PATCH, (float)(search->width));
    const float down = bounded((float)row + y, -PATCH, (float)(search->height));
    const float left = __builtin_floorf(across), top = __builtin_floorf(down);
    const float fx = across - left, fy = down - top;
    return (struct place){(ptrdiff_t)top * search->stride + (ptrdiff_t)left, (1 - fx) * (1 - fy), fx * (1 - fy),
                          (1 - fx) * fy, fx * fy};
}

/// The values of a row of a patch at a place.
static inline void sample_row(const struct ck_search *search, const struct place *place, int row, float *restrict values) {
    const float *restrict top = search->second + place->at + row * search->stride;
    const float *restrict bottom = top + search->stride;
    for (int k = 0; k < PATCH; k++)
        values[k] = (place->here * top[k] + place->right * top[k + 1]) + (place->below * bottom[k] + place->across * bottom[k + 1]);
}

/// A patch of the first frame with its gradients, and what they add up to.
struct patch {
    float values[AREA], across[AREA], down[AREA];
    /// Sums of the gradients, and those of their products, about their means.
    float sum_x, sum_y, xx, xy, yy;
};

static void read_patch(const struct ck_search *search, int row, int column, struct patch *restrict patch) {
    float sum_x[PATCH] = {0}, sum_y[PATCH] = {0}, xx[PATCH] = {0}, xy[PATCH] = {0}, yy[PATCH] = {0};
    for (int r = 0; r < PATCH; r++) {
        const float *restrict own = search->first + (row + r) * search->stride + column;
        const float *restrict above = own - search->stride, *restrict below = own + search->stride;
        for (int k = 0; k < PATCH; k++) {
            const float gx = 0.5F * (own[k + 1] - own[k - 1]), gy = 0.5F * (below[k] - above[k]);
            patch->values[r * PATCH + k] = own[k];
            patch->across[r * PATCH + k] = gx;
            patch->down[r * PATCH + k] = gy;
            sum_x[k] += gx;
            sum_y[k] += gy;
            xx[k] += gx * gx;
            xy[k] += gx * gy;
            yy[k] += gy * gy;
        }
    }
    patch->sum_x = total(sum_x);
    patch->sum_y = total(sum_y);
    patch->xx = total(xx) - patch->sum_x * patch->sum_x / AREA;
    patch->xy = total(xy) - patch->sum_x * patch->sum_y / AREA;
    patch->yy = total(yy) - patch->sum_y * patch->sum_y / AREA;
}

/// By how much a patch differs from the second frame at a place, and along which gradients.
struct residue {
    /// The sum of squares about the mean.
    float squares;
    float x, y;
};

static struct residue compare(const struct ck_search *search, const struct patch *restrict patch, const struct place *place) {
    float sum[PATCH] = {0}, squares[PATCH] = {0}, x[PATCH] = {0}, y[PATCH] = {0}, values[PATCH];
    for (int r = 0; r < PATCH; r++) {
        sample_row(search, place, r, values);
        for (int k = 0; k < PATCH; k++) {
            const float apart = values[k] - patch->values[r * PATCH + k];
            sum[k] += apart;
            squares[k] += apart * apart;
            x[k] += apart * patch->across[r * PATCH + k];
            y[k] += apart * patch->down[r * PATCH + k];
        }
    }
    const float mean = total(sum) / AREA;
    return (struct residue){total(squares) - mean * mean * AREA, total(x) - mean * patch->sum_x, total(y) - mean * patch->sum_y};
}

/// The first pixel of a patch, in a row or a column of `length` pixels.
static inline int first_of(int index, int length) {
    const int first = index * CK_PATCH_STEP;
    return first > length - PATCH ? length - PATCH : first;
}

/// A place of a patch in the second frame, and what it leaves there.
struct guess {
    float x, y;
    struct residue left;
};

static struct guess guess_at(const struct ck_search *search, const struct patch *patch, int top, int left, float x,
                             float y) {
    const struct place place = place_of(search, top, left, x, y);
    return (struct guess){x, y, compare(search, patch, &place)};
}

/// The best of the flows of a patch and of those beside it.
static struct guess best_start(const struct ck_search *search, const struct patch *patch, int row, int column) {
    static const int steps[5][2] = {{0, 0}, {0, -1}, {0, 1}, {-1, 0}, {1, 0}};
    const int top = first_of(row, search->height), left = first_of(column, search->width);
    const ptrdiff_t plane = (ptrdiff_t)search->rows * search->columns;
    struct guess best = {0, 0, {0, 0, 0}};
    for (int k = 0; k < 5; k++) {
        const int y = row + steps[k][0], x = column + steps[k][1];
        if (y < 0 || y >= search->rows || x < 0 || x >= search->columns) continue;
        const ptrdiff_t at = (ptrdiff_t)y * search->columns + x;
        const struct guess guess = guess_at(search, patch, top, left, search->from[at], search->from[plane + at]);
        if (k == 0 || guess.left.squares < best.left.squares) best = guess;
    }
    return best;
}

/// Follows the gradients of a patch as long as it finds something that is more like it, as far as the patch is wide.
static struct guess descend(const struct ck_search *search, const struct patch *patch, int top, int left,
                            struct guess start) {
    const float determinant = patch->xx * patch->yy - patch->xy * patch->xy;
    struct guess best = start;
    if (!(determinant > CK_LEAST_DETERMINANT)) return best;
    for (int k = 0; k < CK_SEARCH_STEPS; k++) {
        const float x = best.x - (patch->yy * best.left.x - patch->xy * best.left.y) / determinant;
        const float y = best.y - (patch->xx * best.left.y - patch->xy * best.left.x) / determinant;
        const float across = x - start.x, down = y - start.y;
        if (!(across * across + down * down <= (float)AREA)) break;
        const struct guess next = guess_at(search, patch, top, left, x, y);
        if (!(next.left.squares < best.left.squares)) break;
        best = next;
    }
    return best;
}

static void search_patches(const struct ck_search *search, int row, int first_column, int columns) {
    const ptrdiff_t plane = (ptrdiff_t)search->rows * search->columns;
    const int top = first_of(row, search->height);
    for (int column = first_column; column < first_column + columns; column++) {
        const int left = first_of(column, search->width);
        struct patch patch;
        read_patch(search, top, left, &patch);
        const struct guess found = descend(search, &patch, top, left, best_start(search, &patch, row, column));
        const ptrdiff_t at = (ptrdiff_t)row * search->columns + column;
        search->to[at] = found.x;
        search->to[plane + at] = found.y;
    }
}

static void spread_patches(const struct ck_search *search, int y, int first_column, int columns, float *restrict sums,
                           float *restrict target) {
    const int width = search->width;
    const ptrdiff_t plane = (ptrdiff_t)search->rows * search->columns, area = (ptrdiff_t)search->height * width;
    float *restrict across = sums, *restrict down = sums + width, *restrict weights = sums + 2 * width;
    const int begin = first_of(first_column, width), end = first_of(first_column + columns - 1, width) + PATCH;
    for (int x = begin; x < end; x++) across[x] = down[x] = weights[x] = 0;
    for (int row = 0; row < search->rows; row++) {
        const int top = first_of(row, search->height);
        if (y < top || y >= top + PATCH) continue;
        for (int column = first_column; column < first_column + columns; column++) {
            const int left = first_of(column, width);
            const ptrdiff_t at = (ptrdiff_t)row * search->columns + column;
            const float u = search->to[at], v = search->to[plane + at];
            const struct place place = place_of(search, top, left, u, v);
            const float *restrict own = search->first + y * search->stride + left;
            float values[PATCH];
            sample_row(search, &place, y - top, values);
            for (int k = 0; k < PATCH; k++) {
                const float apart = __builtin_fabsf(values[k] - own[k]);
                const float weight = 1 / (apart > 1 ? apart : 1);
                across[left + k] += weight * u;
                down[left + k] += weight * v;
                weights[left + k] += weight;
            }
        }
    }
    for (int x = begin; x < end; x++) {
        target[(ptrdiff_t)y * width + x] = across[x] / weights[x];
        target[area + (ptrdiff_t)y * width + x] = down[x] / weights[x];
    }
}

/// Means of 2 x 2.
static void halve(const float *restrict map, int height, int width, int row, float *restrict target) {
    const float *restrict top = map + (ptrdiff_t)width * within(2 * row, height);
    const float *restrict bottom = map + (ptrdiff_t)width * within(2 * row + 1, height);
    for (int x = 0; x < width / 2; x++)
        target[x] = ((top[2 * x] + top[2 * x + 1]) + (bottom[2 * x] + bottom[2 * x + 1])) / 4;
    if (width % 2 != 0) target[width / 2] = (top[width - 1] + bottom[width - 1]) / 2;
}

#define CK_SEARCH .search_patches = search_patches, .spread_patches = spread_patches, .halve = halve
