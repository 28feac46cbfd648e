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
#endif
