#ifndef MACROSPIN_KERNELS_H
#define MACROSPIN_KERNELS_H
#include <stdint.h>

/* LU without pivoting on a fixed, structurally symmetric pattern. Column k of L (unit diagonal, not stored) and row k of
   U share the positions starts[k] … starts[k+1]-1 with indices rows[] ascending and > k; diagonal[] is that of U.
   `lower`, `upper` and `diagonal` hold the entries of A on entry and the factors on return.
   work: 2 n doubles; head, next, position: n integers each (scratch).
   Returns -1, or the index of a pivot that is zero or not finite. */
int64_t macrospin_lu_factor(int64_t n, const int64_t *starts, const int32_t *rows, double *lower, double *upper,
                            double *diagonal, double *work, int32_t *head, int32_t *next, int64_t *position);

/* Solves L U X = B (transposed == 0) or (L U)^T X = B in place; x is n × 4 row-major (four right-hand sides). */
void macrospin_lu_solve4(int64_t n, const int64_t *starts, const int32_t *rows, const double *lower, const double *upper,
                         const double *diagonal, double *x, int transposed);

/* Y = A X in double-double arithmetic for four vectors. A by rows: entries starts[i] … starts[i+1]-1 of row i with their
   columns[] and values high[] + low[]. Element i of X and Y holds the four high parts, then the four low parts.
   No fused operations: the same bits on every processor. */
void macrospin_dd_multiply4(int64_t n, const int64_t *starts, const int32_t *columns, const double *high, const double *low,
                            const double *x, double *y);
#endif
