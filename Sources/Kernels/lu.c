#include "kernels.h"
#include <math.h>

/* One binary for every node: the loader picks the widest version that the CPU has. */
#if defined(__x86_64__)
#define MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MULTIVERSION
#endif

int64_t macrospin_lu_factor(int64_t n, const int64_t *restrict starts, const int32_t *restrict rows, double *restrict lower,
                            double *restrict upper, double *restrict diagonal, double *restrict work,
                            int32_t *restrict head, int32_t *restrict next, int64_t *restrict position) {
    /* Left-looking. Column k waits in the list of the row where its next entry stands; interleaved work[2i] belongs to
       column j of L, work[2i+1] to row j of U, so that one pass over column k serves both. */
    for (int64_t j = 0; j < n; j++) head[j] = -1;
    for (int64_t j = 0; j < n; j++) {
        const int64_t first = starts[j], last = starts[j + 1];
        for (int64_t p = first; p < last; p++) {
            work[2 * (int64_t)rows[p]] = lower[p];
            work[2 * (int64_t)rows[p] + 1] = upper[p];
        }
        double pivot = diagonal[j];
        int32_t k = head[j];
        while (k >= 0) {
            const int32_t following = next[k];
            int64_t p = position[k];
            const int64_t end = starts[k + 1];
            const double l = lower[p], u = upper[p]; /* L[j,k], U[k,j] */
            pivot -= l * u;
            p++;
            position[k] = p;
            if (p < end) {
                next[k] = head[rows[p]];
                head[rows[p]] = k;
            }
            for (; p < end; p++) {
                const int64_t i = 2 * (int64_t)rows[p];
                work[i] -= lower[p] * u;
                work[i + 1] -= upper[p] * l;
            }
            k = following;
        }
        if (pivot == 0 || !isfinite(pivot)) return j;
        diagonal[j] = pivot;
        const double inverse = 1 / pivot;
        for (int64_t p = first; p < last; p++) {
            lower[p] = work[2 * (int64_t)rows[p]] * inverse;
            upper[p] = work[2 * (int64_t)rows[p] + 1];
        }
        position[j] = first;
        if (first < last) {
            next[j] = head[rows[first]];
            head[rows[first]] = (int32_t)j;
        }
    }
    return -1;
}

MULTIVERSION
void macrospin_lu_solve4(int64_t n, const int64_t *restrict starts, const int32_t *restrict rows, const double *restrict lower,
                         const double *restrict upper, const double *restrict diagonal, double *restrict x, int transposed) {
    const double *restrict forward = transposed ? upper : lower;
    const double *restrict backward = transposed ? lower : upper;
    for (int64_t k = 0; k < n; k++) {
        double v[4];
        const double scale = transposed ? 1 / diagonal[k] : 1;
        for (int c = 0; c < 4; c++) {
            v[c] = x[4 * k + c] * scale;
            x[4 * k + c] = v[c];
        }
        for (int64_t p = starts[k]; p < starts[k + 1]; p++) {
            double *restrict y = x + 4 * (int64_t)rows[p];
            const double f = forward[p];
            for (int c = 0; c < 4; c++) y[c] -= f * v[c];
        }
    }
    for (int64_t k = n - 1; k >= 0; k--) {
        double v[4];
        for (int c = 0; c < 4; c++) v[c] = x[4 * k + c];
        for (int64_t p = starts[k]; p < starts[k + 1]; p++) {
            const double *restrict y = x + 4 * (int64_t)rows[p];
            const double f = backward[p];
            for (int c = 0; c < 4; c++) v[c] -= f * y[c];
        }
        const double scale = transposed ? 1 : 1 / diagonal[k];
        for (int c = 0; c < 4; c++) x[4 * k + c] = v[c] * scale;
    }
}
