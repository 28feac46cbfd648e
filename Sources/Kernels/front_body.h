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

/* W right-hand sides: x[i] is a row of them, `spare` holds those of one front. TAKE(a, u, v): a -= u v for rows a, v and a
   number u. A matrix M is read at m[i * rs + p * cs]: L, U and their transposes alike.
   rectangle: t[i] -= sum_p M[i,p] v[p], t by `rows` where given; four rows at a time, whose sums do not wait for each other.
   triangle: y[i] -= sum_p M[i,p] y[p] over p < i, or over p > i where `up`; times inverse[i] where given. */
#define HELPER static inline __attribute__((always_inline)) void
#define AT(t, i) (t)[rows ? rows[i] : (i)]
#define SOLVES(W)                                                                                                          \
    typedef double FN(wide_##W) __attribute__((vector_size(8 * W), aligned(8)));                                            \
    typedef struct { FN(wide_##W) PARTS_OF_ROW; } FN(row_##W);                                                              \
    HELPER FN(rectangle_##W)(int64_t count, int64_t inner, const scalar *m, int64_t rs, int64_t cs, const FN(row_##W) *v,   \
                             FN(row_##W) *t, const int32_t *rows) {                                                         \
        int64_t i = 0;                                                                                                      \
        for (; i + 4 <= count; i += 4) {                                                                                    \
            FN(row_##W) a = AT(t, i), b = AT(t, i + 1), c = AT(t, i + 2), d = AT(t, i + 3);                                 \
            for (int64_t p = 0; p < inner; p++) {                                                                           \
                const scalar *u = m + i * rs + p * cs;                                                                      \
                const FN(row_##W) w = v[p];                                                                                 \
                TAKE(a, u[0], w) TAKE(b, u[rs], w) TAKE(c, u[2 * rs], w) TAKE(d, u[3 * rs], w)                              \
            }                                                                                                               \
            AT(t, i) = a; AT(t, i + 1) = b; AT(t, i + 2) = c; AT(t, i + 3) = d;                                             \
        }                                                                                                                   \
        for (; i < count; i++) {                                                                                            \
            FN(row_##W) sum = AT(t, i);                                                                                     \
            for (int64_t p = 0; p < inner; p++) TAKE(sum, m[i * rs + p * cs], v[p])                                         \
            AT(t, i) = sum;                                                                                                 \
        }                                                                                                                   \
    }                                                                                                                       \
    HELPER FN(triangle_##W)(int64_t k, const scalar *m, int64_t rs, int64_t cs, int up, const scalar *inverse,              \
                            FN(row_##W) *y) {                                                                               \
        for (int64_t n = 0; n < k; n++) {                                                                                   \
            const int64_t i = up ? k - 1 - n : n;                                                                           \
            FN(row_##W) sum = y[i];                                                                                         \
            for (int64_t p = up ? i + 1 : 0; p < (up ? k : i); p++) TAKE(sum, m[i * rs + p * cs], y[p])                     \
            if (inverse) SCALE(y[i], sum, inverse[i]) else y[i] = sum;                                                      \
        }                                                                                                                   \
    }                                                                                                                       \
    HELPER FN(solve_##W)(const struct macrospin_fronts *t, const scalar *factors, FN(row_##W) *x, FN(row_##W) *spare,       \
                         int transposed) {                                                                                  \
        for (int64_t s = 0; s < t->count; s++) {                                                                            \
            const int64_t k = t->pivots[s], f = t->sizes[s], g = f - k;                                                     \
            const scalar *panel = factors + t->factor_starts[s], *right = panel + f * k, *inverse = right + k * g;          \
            FN(row_##W) *y = x + t->first_pivots[s];                                                                        \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            if (transposed) {                                                                                               \
                FN(triangle_##W)(k, panel, 1, k, 0, inverse, y);                                                            \
                FN(rectangle_##W)(g, k, right, 1, g, y, x, rows);                                                           \
            } else {                                                                                                        \
                FN(triangle_##W)(k, panel, k, 1, 0, 0, y);                                                                  \
                FN(rectangle_##W)(g, k, panel + k * k, k, 1, y, x, rows);                                                   \
            }                                                                                                               \
        }                                                                                                                   \
        for (int64_t s = t->count - 1; s >= 0; s--) {                                                                       \
            const int64_t k = t->pivots[s], f = t->sizes[s], g = f - k;                                                     \
            const scalar *panel = factors + t->factor_starts[s], *right = panel + f * k, *inverse = right + k * g;          \
            FN(row_##W) *y = x + t->first_pivots[s];                                                                        \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            for (int64_t j = 0; j < g; j++) spare[j] = x[rows[j]];                                                          \
            if (transposed) {                                                                                               \
                FN(rectangle_##W)(k, g, panel + k * k, 1, k, spare, y, 0);                                                  \
                FN(triangle_##W)(k, panel, 1, k, 1, 0, y);                                                                  \
            } else {                                                                                                        \
                FN(rectangle_##W)(k, g, right, g, 1, spare, y, 0);                                                          \
                FN(triangle_##W)(k, panel, k, 1, 1, inverse, y);                                                            \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    MULTIVERSION static void FN(front_solve_##W)(const struct macrospin_fronts *t, const double *factors, double *x,        \
                                                 double *spare, int transposed) {                                           \
        const scalar *f = (const scalar *)factors;                                                                          \
        if (transposed) FN(solve_##W)(t, f, (FN(row_##W) *)x, (FN(row_##W) *)spare, 1);                                     \
        else FN(solve_##W)(t, f, (FN(row_##W) *)x, (FN(row_##W) *)spare, 0);                                                \
    }
SOLVES(4) SOLVES(8)
#undef SOLVES
#undef AT
#undef HELPER

void FN(macrospin_front_solve)(const struct macrospin_fronts *t, const double *factors, double *x, double *spare, int64_t sides,
                               int transposed) {
    if (sides == 4) FN(front_solve_4)(t, factors, x, spare, transposed);
    else FN(front_solve_8)(t, factors, x, spare, transposed);
}
