/* Body of front.c for one kind of number. FN(name) names its functions; scalar, SUBTRACT, PRODUCT, RECIPROCAL its
   arithmetic; GEMM, TRSM those of BLAS; PARTS_OF_ROW its real or real and imaginary part. Matrices are by rows: BLAS sees their transposes. */

/* C (m x n) -= A (m x inner) B (inner x n) */
static void FN(front_rest)(int64_t m, int64_t n, int64_t inner, const scalar *a, int64_t as, const scalar *b, int64_t bs, scalar *c, int64_t cs) {
    if (m == 0 || n == 0 || inner == 0) return;
    if (m * n * inner < 2000) {
        for (int64_t i = 0; i < m; i++)
            for (int64_t p = 0; p < inner; p++) {
                const scalar v = a[i * as + p];
                for (int64_t j = 0; j < n; j++) SUBTRACT(c[i * cs + j], v, b[p * bs + j])
            }
        return;
    }
    const int rows = (int)n, columns = (int)m, depth = (int)inner, lb = (int)bs, la = (int)as, lc = (int)cs;
    const scalar minus = NUMBER(-1), one = NUMBER(1);
    GEMM("N", "N", &rows, &columns, &depth, &minus, b, &lb, a, &la, &one, c, &lc, 1, 1);
}

/* Rows of L below the square U (w x w): X U = C for m rows. */
static void FN(front_lower)(int64_t m, int64_t w, const scalar *u, scalar *c, int64_t k) {
    if (m == 0) return;
    if (m * w * w < 2000) {
        for (int64_t i = 0; i < m; i++)
            for (int64_t p = 0; p < w; p++) {
                scalar v = c[i * k + p];
                for (int64_t q = 0; q < p; q++) SUBTRACT(v, c[i * k + q], u[q * k + p])
                const scalar inverse = RECIPROCAL(u[p * k + p]);
                c[i * k + p] = PRODUCT(v, inverse);
            }
        return;
    }
    const int rows = (int)w, columns = (int)m, ld = (int)k;
    const scalar one = NUMBER(1);
    TRSM("L", "L", "N", "N", &rows, &columns, &one, u, &ld, c, &ld, 1, 1, 1, 1);
}

/* Columns of U right of the square L (w x w, unit diagonal): L X = C for n columns. */
static void FN(front_upper)(int64_t n, int64_t w, const scalar *l, int64_t k, scalar *c, int64_t cs) {
    if (n == 0) return;
    if (n * w * w < 2000) {
        for (int64_t p = 1; p < w; p++)
            for (int64_t q = 0; q < p; q++) {
                const scalar v = l[p * k + q];
                for (int64_t j = 0; j < n; j++) SUBTRACT(c[p * cs + j], v, c[q * cs + j])
            }
        return;
    }
    const int rows = (int)n, columns = (int)w, ld = (int)k, lc = (int)cs;
    const scalar one = NUMBER(1);
    TRSM("R", "U", "N", "U", &rows, &columns, &one, l, &ld, c, &lc, 1, 1, 1, 1);
}

static void FN(front_partial)(int64_t k, int64_t f, scalar *panel, scalar *right, scalar *rest, scalar *inverse) {
    const int64_t g = f - k, block = 32;
    for (int64_t b0 = 0; b0 < k; b0 += block) {
        const int64_t b1 = b0 + block < k ? b0 + block : k, w = b1 - b0;
        scalar *square = panel + b0 * k + b0;
        for (int64_t p = 0; p < w; p++) {
            const scalar scale = RECIPROCAL(square[p * k + p]);
            inverse[b0 + p] = scale;
            for (int64_t i = p + 1; i < w; i++) {
                const scalar v = square[i * k + p] = PRODUCT(square[i * k + p], scale);
                for (int64_t j = p + 1; j < w; j++) SUBTRACT(square[i * k + j], v, square[p * k + j])
            }
        }
        FN(front_lower)(f - b1, w, square, panel + b1 * k + b0, k);
        FN(front_upper)(k - b1, w, square, k, panel + b0 * k + b1, k);
        FN(front_upper)(g, w, square, k, right + b0 * g, g);
        FN(front_rest)(f - b1, k - b1, w, panel + b1 * k + b0, k, panel + b0 * k + b1, k, panel + b1 * k + b1, k);
        FN(front_rest)(k - b1, g, w, panel + b1 * k + b0, k, right + b0 * g, g, right + b1 * g, g);
    }
    FN(front_rest)(g, g, k, panel + k * k, k, right, g, rest, g);
}

void FN(macrospin_front_factor)(const struct macrospin_fronts *t, const double *entries, double *all_factors, double *all_rests) {
    scalar *factors = (scalar *)all_factors, *stack = (scalar *)all_rests;
    const scalar *values = (const scalar *)entries;
    for (int64_t s = 0; s < t->count; s++) {
        const int64_t k = t->pivots[s], f = t->sizes[s], g = f - k;
        scalar *panel = factors + t->factor_starts[s], *right = panel + f * k, *inverse = right + k * g;
        scalar *rest = stack + t->rest_starts[s];
        memset(panel, 0, sizeof(scalar) * (size_t)(k * (f + g)));
        memset(rest, 0, sizeof(scalar) * (size_t)(g * g));
        for (int64_t e = t->entry_starts[s]; e < t->entry_starts[s + 1]; e++) ADD(panel[t->entry_places[e]], values[e])
        for (int64_t d = t->child_starts[s]; d < t->child_starts[s + 1]; d++) {
            const int64_t child = t->children[d], h = t->sizes[child] - t->pivots[child];
            const int32_t *map = t->maps + t->map_starts[child];
            const scalar *from = stack + t->rest_starts[child];
            int64_t split = 0;
            while (split < h && map[split] < k) split++;
            for (int64_t i = 0; i < h; i++) {
                scalar *left = panel + map[i] * k;
                scalar *to = (map[i] < k ? right + map[i] * g : rest + (map[i] - k) * g) - k;
                for (int64_t j = 0; j < split; j++) ADD(left[map[j]], from[i * h + j])
                for (int64_t j = split; j < h; j++) ADD(to[map[j]], from[i * h + j])
            }
        }
        FN(front_partial)(k, f, panel, right, rest, inverse);
    }
}

/* W right-hand sides: x[i] a row of them; `spare` holds as much for the rows of one front. Four rows, or four
   pivots, at a time: their sums do not wait for each other. TAKE(a, u, v): a -= u v for rows a, v and a number u. */
#define SOLVES(W)                                                                                                          \
    typedef double FN(wide_##W) __attribute__((vector_size(8 * W), aligned(8)));                                            \
    typedef struct { FN(wide_##W) PARTS_OF_ROW; } FN(row_##W);                                                              \
    MULTIVERSION static void FN(front_forward_##W)(const struct macrospin_fronts *t, const scalar *factors,                 \
                                                   FN(row_##W) *restrict x) {                                               \
        for (int64_t s = 0; s < t->count; s++) {                                                                            \
            const int64_t k = t->pivots[s], g = t->sizes[s] - k;                                                            \
            const scalar *panel = factors + t->factor_starts[s], *below = panel + k * k;                                    \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            FN(row_##W) *y = x + t->first_pivots[s];                                                                        \
            for (int64_t i = 1; i < k; i++) {                                                                               \
                FN(row_##W) sum = y[i];                                                                                     \
                for (int64_t p = 0; p < i; p++) TAKE(sum, panel[i * k + p], y[p])                                           \
                y[i] = sum;                                                                                                 \
            }                                                                                                               \
            int64_t i = 0;                                                                                                  \
            for (; i + 4 <= g; i += 4) {                                                                                    \
                const scalar *l = below + i * k;                                                                            \
                FN(row_##W) a = x[rows[i]], b = x[rows[i + 1]], c = x[rows[i + 2]], d = x[rows[i + 3]];                     \
                for (int64_t p = 0; p < k; p++) {                                                                           \
                    const FN(row_##W) v = y[p];                                                                             \
                    TAKE(a, l[p], v) TAKE(b, l[k + p], v) TAKE(c, l[2 * k + p], v) TAKE(d, l[3 * k + p], v)                 \
                }                                                                                                           \
                x[rows[i]] = a; x[rows[i + 1]] = b; x[rows[i + 2]] = c; x[rows[i + 3]] = d;                                 \
            }                                                                                                               \
            for (; i < g; i++) {                                                                                            \
                FN(row_##W) sum = x[rows[i]];                                                                               \
                for (int64_t p = 0; p < k; p++) TAKE(sum, below[i * k + p], y[p])                                           \
                x[rows[i]] = sum;                                                                                           \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    MULTIVERSION static void FN(front_backward_##W)(const struct macrospin_fronts *t, const scalar *factors,                \
                                                    FN(row_##W) *restrict x, FN(row_##W) *restrict spare) {                 \
        for (int64_t s = t->count - 1; s >= 0; s--) {                                                                       \
            const int64_t k = t->pivots[s], f = t->sizes[s], g = f - k;                                                     \
            const scalar *panel = factors + t->factor_starts[s], *right = panel + f * k, *inverse = right + k * g;          \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            FN(row_##W) *y = x + t->first_pivots[s];                                                                        \
            for (int64_t j = 0; j < g; j++) spare[j] = x[rows[j]];                                                          \
            int64_t p = 0;                                                                                                  \
            for (; p + 4 <= k; p += 4) {                                                                                    \
                const scalar *u = right + p * g;                                                                            \
                FN(row_##W) a = y[p], b = y[p + 1], c = y[p + 2], d = y[p + 3];                                             \
                for (int64_t j = 0; j < g; j++) {                                                                           \
                    const FN(row_##W) v = spare[j];                                                                         \
                    TAKE(a, u[j], v) TAKE(b, u[g + j], v) TAKE(c, u[2 * g + j], v) TAKE(d, u[3 * g + j], v)                 \
                }                                                                                                           \
                y[p] = a; y[p + 1] = b; y[p + 2] = c; y[p + 3] = d;                                                         \
            }                                                                                                               \
            for (; p < k; p++) {                                                                                            \
                FN(row_##W) sum = y[p];                                                                                     \
                for (int64_t j = 0; j < g; j++) TAKE(sum, right[p * g + j], spare[j])                                       \
                y[p] = sum;                                                                                                 \
            }                                                                                                               \
            for (p = k - 1; p >= 0; p--) {                                                                                  \
                FN(row_##W) sum = y[p];                                                                                     \
                for (int64_t q = p + 1; q < k; q++) TAKE(sum, panel[p * k + q], y[q])                                       \
                SCALE(y[p], sum, inverse[p])                                                                                \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    MULTIVERSION static void FN(front_forward_transposed_##W)(const struct macrospin_fronts *t, const scalar *factors,      \
                                                              FN(row_##W) *restrict x) {                                   \
        for (int64_t s = 0; s < t->count; s++) {                                                                            \
            const int64_t k = t->pivots[s], f = t->sizes[s], g = f - k;                                                     \
            const scalar *panel = factors + t->factor_starts[s], *right = panel + f * k, *inverse = right + k * g;          \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            FN(row_##W) *y = x + t->first_pivots[s];                                                                        \
            for (int64_t q = 0; q < k; q++) {                                                                               \
                FN(row_##W) sum = y[q];                                                                                     \
                for (int64_t p = 0; p < q; p++) TAKE(sum, panel[p * k + q], y[p])                                           \
                SCALE(y[q], sum, inverse[q])                                                                                \
            }                                                                                                               \
            int64_t j = 0;                                                                                                  \
            for (; j + 4 <= g; j += 4) {                                                                                    \
                FN(row_##W) a = x[rows[j]], b = x[rows[j + 1]], c = x[rows[j + 2]], d = x[rows[j + 3]];                     \
                for (int64_t p = 0; p < k; p++) {                                                                           \
                    const scalar *u = right + p * g + j;                                                                    \
                    const FN(row_##W) v = y[p];                                                                             \
                    TAKE(a, u[0], v) TAKE(b, u[1], v) TAKE(c, u[2], v) TAKE(d, u[3], v)                                     \
                }                                                                                                           \
                x[rows[j]] = a; x[rows[j + 1]] = b; x[rows[j + 2]] = c; x[rows[j + 3]] = d;                                 \
            }                                                                                                               \
            for (; j < g; j++) {                                                                                            \
                FN(row_##W) sum = x[rows[j]];                                                                               \
                for (int64_t p = 0; p < k; p++) TAKE(sum, right[p * g + j], y[p])                                           \
                x[rows[j]] = sum;                                                                                           \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    MULTIVERSION static void FN(front_backward_transposed_##W)(const struct macrospin_fronts *t, const scalar *factors,     \
                                                               FN(row_##W) *restrict x, FN(row_##W) *restrict spare) {      \
        for (int64_t s = t->count - 1; s >= 0; s--) {                                                                       \
            const int64_t k = t->pivots[s], g = t->sizes[s] - k;                                                            \
            const scalar *panel = factors + t->factor_starts[s], *below = panel + k * k;                                    \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            FN(row_##W) *y = x + t->first_pivots[s];                                                                        \
            for (int64_t i = 0; i < g; i++) spare[i] = x[rows[i]];                                                          \
            int64_t p = 0;                                                                                                  \
            for (; p + 4 <= k; p += 4) {                                                                                    \
                FN(row_##W) a = y[p], b = y[p + 1], c = y[p + 2], d = y[p + 3];                                             \
                for (int64_t i = 0; i < g; i++) {                                                                           \
                    const scalar *l = below + i * k + p;                                                                    \
                    const FN(row_##W) v = spare[i];                                                                         \
                    TAKE(a, l[0], v) TAKE(b, l[1], v) TAKE(c, l[2], v) TAKE(d, l[3], v)                                     \
                }                                                                                                           \
                y[p] = a; y[p + 1] = b; y[p + 2] = c; y[p + 3] = d;                                                         \
            }                                                                                                               \
            for (; p < k; p++) {                                                                                            \
                FN(row_##W) sum = y[p];                                                                                     \
                for (int64_t i = 0; i < g; i++) TAKE(sum, below[i * k + p], spare[i])                                       \
                y[p] = sum;                                                                                                 \
            }                                                                                                               \
            for (p = k - 2; p >= 0; p--) {                                                                                  \
                FN(row_##W) sum = y[p];                                                                                     \
                for (int64_t i = p + 1; i < k; i++) TAKE(sum, panel[i * k + p], y[i])                                       \
                y[p] = sum;                                                                                                 \
            }                                                                                                               \
        }                                                                                                                   \
    }
SOLVES(4) SOLVES(8)
#undef SOLVES

void FN(macrospin_front_solve)(const struct macrospin_fronts *t, const double *all_factors, double *x, double *spare, int64_t sides,
                               int transposed) {
    const scalar *factors = (const scalar *)all_factors;
    if (sides == 4) {
        if (transposed) {
            FN(front_forward_transposed_4)(t, factors, (FN(row_4) *)x);
            FN(front_backward_transposed_4)(t, factors, (FN(row_4) *)x, (FN(row_4) *)spare);
        } else {
            FN(front_forward_4)(t, factors, (FN(row_4) *)x);
            FN(front_backward_4)(t, factors, (FN(row_4) *)x, (FN(row_4) *)spare);
        }
    } else {
        if (transposed) {
            FN(front_forward_transposed_8)(t, factors, (FN(row_8) *)x);
            FN(front_backward_transposed_8)(t, factors, (FN(row_8) *)x, (FN(row_8) *)spare);
        } else {
            FN(front_forward_8)(t, factors, (FN(row_8) *)x);
            FN(front_backward_8)(t, factors, (FN(row_8) *)x, (FN(row_8) *)spare);
        }
    }
}
