#include "kernels.h"

/* Dekker's products need every operation rounded by itself. */
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#define MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MULTIVERSION
#endif

#define LANES 4

MULTIVERSION
void macrospin_dd_multiply4(int64_t n, const int64_t *restrict starts, const int32_t *restrict columns, const double *restrict high,
                            const double *restrict low, const double *restrict x, double *restrict y) {
    for (int64_t row = 0; row < n; row++) {
        double sh[LANES] = {0}, sl[LANES] = {0};
        for (int64_t p = starts[row]; p < starts[row + 1]; p++) {
            const double a = high[p], b = low[p];
            const double at = 134217729.0 * a, ah = at - (at - a), al = a - ah;
            const double *restrict v = x + 2 * LANES * (int64_t)columns[p];
            for (int c = 0; c < LANES; c++) {
                /* product of (a, b) and (u, w) */
                const double u = v[c], w = v[LANES + c];
                const double ut = 134217729.0 * u, uh = ut - (ut - u), ul = u - uh;
                const double h = a * u;
                double e = ((ah * uh - h) + ah * ul + al * uh) + al * ul;
                e += a * w + b * u;
                const double ph = h + e, pl = e - (ph - h);
                /* accurate sum */
                const double s = sh[c] + ph, sb = s - sh[c], se = (sh[c] - (s - sb)) + (ph - sb);
                const double t = sl[c] + pl, tb = t - sl[c], te = (sl[c] - (t - tb)) + (pl - tb);
                const double r = se + t, q = s + r, qe = (r - (q - s)) + te;
                const double f = q + qe;
                sl[c] = qe - (f - q);
                sh[c] = f;
            }
        }
        for (int c = 0; c < LANES; c++) {
            y[2 * LANES * row + c] = sh[c];
            y[2 * LANES * row + LANES + c] = sl[c];
        }
    }
}
