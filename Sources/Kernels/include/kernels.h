#ifndef MACROSPIN_KERNELS_H
#define MACROSPIN_KERNELS_H
#include <stdint.h>

/* Elimination of a sparse, structurally symmetric matrix by dense fronts, for eight matrices of one pattern at a time.
   Unknowns are numbered in the order of elimination; front s takes pivots first_pivots[s] ... + pivots[s] - 1 and has
   rows[row_starts[s]] ... as its other rows and columns (sizes[s] - pivots[s] of them, ascending).
   Every "vector" below is eight doubles, 64-byte aligned: one a matrix. */
struct macrospin_fronts {
    int64_t count;
    const int64_t *pivots, *sizes, *first_pivots, *row_starts;
    const int32_t *rows;
    /* Offsets (in vectors) of the front's factors, sizes^2 - (sizes - pivots)^2 + pivots vectors, and of its remainder,
       (sizes - pivots)^2 vectors of the stack. */
    const int64_t *factor_starts, *rest_starts;
    /* Entries of the matrix: entry e of the terms, in order of fronts, is added at factor offset entry_places[e]. */
    const int64_t *entry_starts;
    const int32_t *entry_places;
    /* Children of a front, and where a front's remaining rows stand in its parent. */
    const int64_t *child_starts, *children, *map_starts;
    const int32_t *maps;
};

/* LU without pivoting of sum_c coefficients[c] terms[c]; `coefficients` is term_count vectors, `terms` plain doubles.
   Vanishing pivots give infinities in their lane, which a residual will show. */
void macrospin_batch_factor(const struct macrospin_fronts *fronts, const double *const *terms, int64_t term_count,
                            const double *coefficients, double *factors, double *stack);

/* Solves A X = B or A^T X = B in place; x[i * sides + r] is a vector, i in the order of elimination; sides is 1, 2 or 4. */
void macrospin_batch_solve(const struct macrospin_fronts *fronts, const double *factors, double *x, int64_t sides,
                           int transposed);

/* The same fronts for a single matrix, real or complex, with the dense kernels of BLAS: "vector" above then means one number.
   entries: values of the matrix in the order of fronts; factors and rests: as many numbers as the fronts' offsets call for. */
void macrospin_front_factor(const struct macrospin_fronts *fronts, const double *entries, double *factors, double *rests);
void macrospin_front_factor_complex(const struct macrospin_fronts *fronts, const double *entries, double *factors, double *rests);

/* Solves A X = B or A^T X = B in place for 4 or 8 sides: x[i * sides + r], or x[2 i * sides + r] and x[(2 i + 1) * sides + r]
   real and imaginary; `spare` holds the same for the greatest front. */
void macrospin_front_solve(const struct macrospin_fronts *fronts, const double *factors, double *x, double *spare, int64_t sides,
                           int transposed);
void macrospin_front_solve_complex(const struct macrospin_fronts *fronts, const double *factors, double *x, double *spare,
                                   int64_t sides, int transposed);

/* y = A x with A = sum_c coefficients[c] terms[c] in compressed rows; |A||x| into `magnitudes` unless that is null. */
void macrospin_batch_product(int64_t rows, const int64_t *starts, const int32_t *columns, const double *const *terms,
                             int64_t term_count, const double *coefficients, const double *x, double *y, double *magnitudes);

/* Blocks of four columns, block[k * 4 + column] a vector; g[column of b * 4 + column of a].
   overlap: G = A^T B. combine: B -= A G (B += A G where `adds`). */
void macrospin_batch_overlap(int64_t n, const double *a, const double *b, double *g);
void macrospin_batch_combine(int64_t n, const double *a, const double *g, double *b, int adds);
/* Overlaps of one column with those before it and itself; and taking g[i] times those before it off, then scaling. */
void macrospin_batch_column_overlap(int64_t n, const double *b, int64_t column, double *g);
void macrospin_batch_column_combine(int64_t n, double *b, int64_t column, const double *g, const double *scale);

/* Y = A X in double-double arithmetic for four vectors. A by rows: entries starts[i] … starts[i+1]-1 of row i with their
   columns[] and values high[] + low[]. Element i of X and Y holds the four high parts, then the four low parts.
   No fused operations: the same bits on every processor. */
void macrospin_dd_multiply4(int64_t n, const int64_t *starts, const int32_t *columns, const double *high, const double *low,
                            const double *x, double *y);
#endif
