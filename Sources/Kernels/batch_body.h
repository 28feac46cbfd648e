/* Body of batch.c for one instruction set: FN(name) names its functions, TARGET their attribute. */

/* The building blocks keep a tile of at most 4 x 4 vectors in registers from its first load to its only store. Whatever
   the shape of the tile, an entry undergoes the same operations in the same order. */
#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE TARGET static inline __attribute__((always_inline)) void

/* sum (m x n) -= A (m x inner, row stride as) B (inner x n, row stride bs) */
#define ACCUMULATE(m, n, inner, a, as, b, bs)                                                   \
    for (int64_t p = 0; p < (inner); p++) {                                                     \
        lanes other[n];                                                                         \
        UNROLL for (int j = 0; j < (n); j++) other[j] = (b)[p * (bs) + j];                      \
        UNROLL for (int i = 0; i < (m); i++) {                                                  \
            const lanes one = (a)[i * (as) + p];                                                \
            UNROLL for (int j = 0; j < (n); j++) sum[i][j] -= one * other[j];                   \
        }                                                                                       \
    }
#define LOAD(m, n, c, cs) \
    lanes sum[m][n];      \
    UNROLL for (int i = 0; i < (m); i++) UNROLL for (int j = 0; j < (n); j++) sum[i][j] = (c)[i * (cs) + j];
#define STORE(m, n, c, cs) \
    UNROLL for (int i = 0; i < (m); i++) UNROLL for (int j = 0; j < (n); j++) (c)[i * (cs) + j] = sum[i][j];

/* Schur complement of m x n entries. */
#define REST(m, n)                                                                                                         \
    INLINE FN(rest_##m##n)(int64_t inner, const lanes *restrict a, int64_t as, const lanes *restrict b, int64_t bs,         \
                           lanes *restrict c, int64_t cs) {                                                                \
        LOAD(m, n, c, cs)                                                                                                  \
        ACCUMULATE(m, n, inner, a, as, b, bs)                                                                              \
        STORE(m, n, c, cs)                                                                                                 \
    }
/* The square of w pivots. */
#define SQUARE(w)                                                                                                          \
    INLINE FN(square_##w)(int64_t inner, const lanes *restrict a, const lanes *restrict b, lanes *restrict c, int64_t k,    \
                          lanes *restrict inverse) {                                                                       \
        LOAD(w, w, c, k)                                                                                                   \
        ACCUMULATE(w, w, inner, a, k, b, k)                                                                                \
        UNROLL for (int p = 0; p < w; p++) {                                                                               \
            const lanes scale = 1.0 / sum[p][p];                                                                           \
            inverse[p] = scale;                                                                                            \
            UNROLL for (int i = p + 1; i < w; i++) {                                                                       \
                sum[i][p] *= scale;                                                                                        \
                UNROLL for (int j = p + 1; j < w; j++) sum[i][j] -= sum[i][p] * sum[p][j];                                 \
            }                                                                                                              \
        }                                                                                                                  \
        STORE(w, w, c, k)                                                                                                  \
    }
/* m rows of L in the columns of w pivots, whose square is `u`. */
#define ROWS(m, w)                                                                                                         \
    INLINE FN(rows_##m##w)(int64_t inner, const lanes *restrict a, const lanes *restrict b, const lanes *restrict u,        \
                           const lanes *restrict inverse, lanes *restrict c, int64_t k) {                                  \
        LOAD(m, w, c, k)                                                                                                   \
        ACCUMULATE(m, w, inner, a, k, b, k)                                                                                \
        UNROLL for (int p = 0; p < w; p++) UNROLL for (int i = 0; i < m; i++) {                                            \
            UNROLL for (int q = 0; q < p; q++) sum[i][p] -= sum[i][q] * u[q * k + p];                                      \
            sum[i][p] *= inverse[p];                                                                                       \
        }                                                                                                                  \
        STORE(m, w, c, k)                                                                                                  \
    }
/* n columns of U in the rows of w pivots, whose square is `l`. */
#define COLUMNS(w, n)                                                                                                      \
    INLINE FN(columns_##w##n)(int64_t inner, const lanes *restrict a, int64_t k, const lanes *restrict b,                   \
                              const lanes *restrict l, lanes *restrict c, int64_t cs) {                                    \
        LOAD(w, n, c, cs)                                                                                                  \
        ACCUMULATE(w, n, inner, a, k, b, cs)                                                                               \
        UNROLL for (int p = 1; p < w; p++) UNROLL for (int q = 0; q < p; q++) UNROLL for (int j = 0; j < n; j++)           \
            sum[p][j] -= l[p * k + q] * sum[q][j];                                                                         \
        STORE(w, n, c, cs)                                                                                                 \
    }
#define EACH(M) M(1, 1) M(1, 2) M(1, 3) M(1, 4) M(2, 1) M(2, 2) M(2, 3) M(2, 4) M(3, 1) M(3, 2) M(3, 3) M(3, 4) M(4, 1) M(4, 2) M(4, 3) M(4, 4)
EACH(REST) EACH(ROWS) EACH(COLUMNS)
SQUARE(1) SQUARE(2) SQUARE(3) SQUARE(4)

/* One call of M(a, b, ...) with a, b in 1 ... 4 known to the compiler. */
#define CHOOSE2(M, a, b, ...)                                   \
    switch (b) {                                                \
    case 4: FN(M##_##a##4)(__VA_ARGS__); break;                 \
    case 3: FN(M##_##a##3)(__VA_ARGS__); break;                 \
    case 2: FN(M##_##a##2)(__VA_ARGS__); break;                 \
    default: FN(M##_##a##1)(__VA_ARGS__); break;                \
    }
#define CHOOSE(M, a, b, ...)                                    \
    switch (a) {                                                \
    case 4: CHOOSE2(M, 4, b, __VA_ARGS__) break;                \
    case 3: CHOOSE2(M, 3, b, __VA_ARGS__) break;                \
    case 2: CHOOSE2(M, 2, b, __VA_ARGS__) break;                \
    default: CHOOSE2(M, 1, b, __VA_ARGS__) break;               \
    }

/* Partial LU of one front of `f` rows and `k` pivots. `panel` is f x k (columns of the pivots: L below the diagonal, U on
   and above it), `right` k x (f-k), `rest` (f-k)^2 becomes the Schur complement. inverse[p] = 1/U[p][p]. */
TARGET static void FN(front)(int64_t k, int64_t f, lanes *restrict panel, lanes *restrict right, lanes *restrict rest,
                             lanes *restrict inverse) {
    const int64_t g = f - k, B = 32;
    for (int64_t b0 = 0; b0 < k; b0 += B) {
        const int64_t b1 = b0 + B < k ? b0 + B : k;
        for (int64_t p0 = b0; p0 < b1; p0 += 4) {
            const int64_t w = p0 + 4 < b1 ? 4 : b1 - p0, p1 = p0 + w;
            lanes *square = panel + p0 * k + p0;
            switch (w) {
            case 4: FN(square_4)(p0, panel + p0 * k, panel + p0, square, k, inverse + p0); break;
            case 3: FN(square_3)(p0, panel + p0 * k, panel + p0, square, k, inverse + p0); break;
            case 2: FN(square_2)(p0, panel + p0 * k, panel + p0, square, k, inverse + p0); break;
            default: FN(square_1)(p0, panel + p0 * k, panel + p0, square, k, inverse + p0); break;
            }
            for (int64_t i = p1; i < b1; i += 4) {
                const int64_t h = i + 4 < b1 ? 4 : b1 - i;
                CHOOSE(rows, h, w, p0, panel + i * k, panel + p0, square, inverse + p0, panel + i * k + p0, k)
                CHOOSE(columns, w, h, p0, panel + p0 * k, k, panel + i, square, panel + p0 * k + i, k)
            }
        }
        /* Rows below: four stay in the first cache while the block's pivots go by. Then columns to the right. */
        for (int64_t i = b1; i < f; i += 4) {
            const int64_t h = i + 4 < f ? 4 : f - i;
            for (int64_t p0 = b0; p0 < b1; p0 += 4) {
                const int64_t w = p0 + 4 < b1 ? 4 : b1 - p0;
                CHOOSE(rows, h, w, p0, panel + i * k, panel + p0, panel + p0 * k + p0, inverse + p0, panel + i * k + p0, k)
            }
        }
        for (int64_t j = b1; j < k; j += 4) {
            const int64_t h = j + 4 < k ? 4 : k - j;
            for (int64_t p0 = b0; p0 < b1; p0 += 4)
                CHOOSE(columns, (p0 + 4 < b1 ? 4 : b1 - p0), h, p0, panel + p0 * k, k, panel + j, panel + p0 * k + p0, panel + p0 * k + j, k)
        }
        for (int64_t j = 0; j < g; j += 4) {
            const int64_t h = j + 4 < g ? 4 : g - j;
            for (int64_t p0 = b0; p0 < b1; p0 += 4)
                CHOOSE(columns, (p0 + 4 < b1 ? 4 : b1 - p0), h, p0, panel + p0 * k, k, right + j, panel + p0 * k + p0, right + p0 * g + j, g)
        }
    }
    for (int64_t b0 = 0; b0 < g; b0 += B) {
        const int64_t b1 = b0 + B < g ? b0 + B : g, even = b0 + (b1 - b0) / 4 * 4;
        for (int64_t j = 0; j < g; j += 4) {
            const int64_t n = j + 4 < g ? 4 : g - j;
            if (n == 4)
                for (int64_t i = b0; i < even; i += 4) FN(rest_44)(k, panel + (k + i) * k, k, right + j, g, rest + i * g + j, g);
            else
                for (int64_t i = b0; i < even; i += 4)
                    CHOOSE2(rest, 4, n, k, panel + (k + i) * k, k, right + j, g, rest + i * g + j, g)
            if (even < b1) CHOOSE(rest, (b1 - even), n, k, panel + (k + even) * k, k, right + j, g, rest + even * g + j, g)
        }
    }
}

/* For the small counts of small fronts a loop is faster than memset. */
TARGET __attribute__((no_builtin("memset"))) static void FN(clear)(lanes *restrict x, int64_t count) {
    const lanes zero = {0};
    for (int64_t i = 0; i < count; i++) x[i] = zero;
}

TARGET static void FN(factor)(const struct macrospin_fronts *t, const double *const *terms, int64_t term_count,
                              const lanes *restrict coefficients, lanes *restrict factors, lanes *restrict stack) {
    for (int64_t s = 0; s < t->count; s++) {
        const int64_t k = t->pivots[s], f = t->sizes[s], g = f - k;
        lanes *panel = factors + t->factor_starts[s], *right = panel + f * k, *inverse = right + k * g;
        lanes *rest = stack + t->rest_starts[s];
        FN(clear)(panel, k * (f + g));
        FN(clear)(rest, g * g);
        for (int64_t e = t->entry_starts[s]; e < t->entry_starts[s + 1]; e++) {
            lanes v = coefficients[0] * terms[0][e];
            for (int64_t c = 1; c < term_count; c++) v += coefficients[c] * terms[c][e];
            panel[t->entry_places[e]] += v;
        }
        for (int64_t d = t->child_starts[s]; d < t->child_starts[s + 1]; d++) {
            const int64_t child = t->children[d], h = t->sizes[child] - t->pivots[child];
            const int32_t *map = t->maps + t->map_starts[child];
            const lanes *from = stack + t->rest_starts[child];
            int64_t split = 0;
            while (split < h && map[split] < k) split++;
            for (int64_t i = 0; i < h; i++) {
                lanes *left = panel + map[i] * k;
                lanes *to = (map[i] < k ? right + map[i] * g : rest + (map[i] - k) * g) - k;
                for (int64_t j = 0; j < split; j++) left[map[j]] += from[i * h + j];
                for (int64_t j = split; j < h; j++) to[map[j]] += from[i * h + j];
            }
        }
        FN(front)(k, f, panel, right, rest, inverse);
    }
}

/* R right-hand sides: x[i * R + r]. */
#define SOLVES(R)                                                                                                           \
    TARGET static void FN(solve_##R)(const struct macrospin_fronts *t, const lanes *factors, lanes *restrict x) {           \
        for (int64_t s = 0; s < t->count; s++) {                                                                            \
            const int64_t k = t->pivots[s], f = t->sizes[s];                                                                \
            const lanes *panel = factors + t->factor_starts[s];                                                             \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            lanes *y = x + (int64_t)t->first_pivots[s] * R;                                                                 \
            for (int64_t i = 1; i < k; i++) {                                                                               \
                lanes sum[R];                                                                                               \
                for (int r = 0; r < R; r++) sum[r] = y[i * R + r];                                                          \
                for (int64_t p = 0; p < i; p++)                                                                             \
                    for (int r = 0; r < R; r++) sum[r] -= panel[i * k + p] * y[p * R + r];                                  \
                for (int r = 0; r < R; r++) y[i * R + r] = sum[r];                                                          \
            }                                                                                                               \
            for (int64_t i = k; i < f; i++) {                                                                               \
                lanes *to = x + (int64_t)rows[i - k] * R;                                                                   \
                lanes sum[R];                                                                                               \
                for (int r = 0; r < R; r++) sum[r] = to[r];                                                                 \
                for (int64_t p = 0; p < k; p++)                                                                             \
                    for (int r = 0; r < R; r++) sum[r] -= panel[i * k + p] * y[p * R + r];                                  \
                for (int r = 0; r < R; r++) to[r] = sum[r];                                                                 \
            }                                                                                                               \
        }                                                                                                                   \
        for (int64_t s = t->count - 1; s >= 0; s--) {                                                                       \
            const int64_t k = t->pivots[s], f = t->sizes[s], g = f - k;                                                     \
            const lanes *panel = factors + t->factor_starts[s], *right = panel + f * k, *inverse = right + k * g;           \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            lanes *y = x + (int64_t)t->first_pivots[s] * R;                                                                 \
            int64_t p = k;                                                                                                  \
            while (p > 0) {                                                                                                 \
                const int64_t w = p >= 4 ? 4 : p;                                                                           \
                p -= w;                                                                                                     \
                lanes sum[4][R];                                                                                            \
                for (int64_t c = 0; c < w; c++)                                                                             \
                    for (int r = 0; r < R; r++) sum[c][r] = y[(p + c) * R + r];                                             \
                if (w == 4) {                                                                                               \
                    for (int64_t j = 0; j < g; j++) {                                                                       \
                        const lanes *from = x + (int64_t)rows[j] * R;                                                       \
                        for (int c = 0; c < 4; c++)                                                                         \
                            for (int r = 0; r < R; r++) sum[c][r] -= right[(p + c) * g + j] * from[r];                      \
                    }                                                                                                       \
                } else                                                                                                      \
                    for (int64_t c = 0; c < w; c++)                                                                         \
                        for (int64_t j = 0; j < g; j++)                                                                     \
                            for (int r = 0; r < R; r++) sum[c][r] -= right[(p + c) * g + j] * x[(int64_t)rows[j] * R + r];  \
                for (int64_t c = w - 1; c >= 0; c--) {                                                                      \
                    for (int64_t q = p + c + 1; q < k; q++)                                                                 \
                        for (int r = 0; r < R; r++) sum[c][r] -= panel[(p + c) * k + q] * y[q * R + r];                     \
                    for (int r = 0; r < R; r++) y[(p + c) * R + r] = sum[c][r] * inverse[p + c];                            \
                }                                                                                                           \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    TARGET static void FN(solve_transposed_##R)(const struct macrospin_fronts *t, const lanes *factors, lanes *restrict x) {\
        for (int64_t s = 0; s < t->count; s++) {                                                                            \
            const int64_t k = t->pivots[s], f = t->sizes[s], g = f - k;                                                     \
            const lanes *panel = factors + t->factor_starts[s], *right = panel + f * k, *inverse = right + k * g;           \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            lanes *y = x + (int64_t)t->first_pivots[s] * R;                                                                 \
            for (int64_t p = 0; p < k; p++) {                                                                               \
                lanes v[R];                                                                                                 \
                for (int r = 0; r < R; r++) y[p * R + r] = v[r] = y[p * R + r] * inverse[p];                                \
                for (int64_t q = p + 1; q < k; q++)                                                                         \
                    for (int r = 0; r < R; r++) y[q * R + r] -= panel[p * k + q] * v[r];                                    \
            }                                                                                                               \
            for (int64_t p0 = 0; p0 < k; p0 += 4) {                                                                         \
                const int64_t w = p0 + 4 < k ? 4 : k - p0;                                                                  \
                for (int64_t j = 0; j < g; j++) {                                                                           \
                    lanes *to = x + (int64_t)rows[j] * R;                                                                   \
                    lanes sum[R];                                                                                           \
                    for (int r = 0; r < R; r++) sum[r] = to[r];                                                             \
                    for (int64_t c = 0; c < w; c++)                                                                         \
                        for (int r = 0; r < R; r++) sum[r] -= right[(p0 + c) * g + j] * y[(p0 + c) * R + r];                \
                    for (int r = 0; r < R; r++) to[r] = sum[r];                                                             \
                }                                                                                                           \
            }                                                                                                               \
        }                                                                                                                   \
        for (int64_t s = t->count - 1; s >= 0; s--) {                                                                       \
            const int64_t k = t->pivots[s], f = t->sizes[s];                                                                \
            const lanes *panel = factors + t->factor_starts[s];                                                             \
            const int32_t *rows = t->rows + t->row_starts[s];                                                               \
            lanes *y = x + (int64_t)t->first_pivots[s] * R;                                                                 \
            for (int64_t p0 = 0; p0 < k; p0 += 4) {                                                                         \
                const int64_t w = p0 + 4 < k ? 4 : k - p0;                                                                  \
                lanes sum[4][R];                                                                                            \
                for (int64_t c = 0; c < w; c++)                                                                             \
                    for (int r = 0; r < R; r++) sum[c][r] = y[(p0 + c) * R + r];                                            \
                if (w == 4) {                                                                                               \
                    for (int64_t i = k; i < f; i++) {                                                                       \
                        const lanes *from = x + (int64_t)rows[i - k] * R;                                                   \
                        for (int c = 0; c < 4; c++)                                                                         \
                            for (int r = 0; r < R; r++) sum[c][r] -= panel[i * k + p0 + c] * from[r];                       \
                    }                                                                                                       \
                } else                                                                                                      \
                    for (int64_t i = k; i < f; i++)                                                                         \
                        for (int64_t c = 0; c < w; c++)                                                                     \
                            for (int r = 0; r < R; r++) sum[c][r] -= panel[i * k + p0 + c] * x[(int64_t)rows[i - k] * R + r];\
                for (int64_t c = 0; c < w; c++)                                                                             \
                    for (int r = 0; r < R; r++) y[(p0 + c) * R + r] = sum[c][r];                                            \
            }                                                                                                               \
            for (int64_t q = k - 1; q > 0; q--)                                                                             \
                for (int64_t p = 0; p < q; p++)                                                                             \
                    for (int r = 0; r < R; r++) y[p * R + r] -= panel[q * k + p] * y[q * R + r];                            \
        }                                                                                                                   \
    }
SOLVES(1) SOLVES(2) SOLVES(4)
#undef SOLVES

/* y = A x for A = sum_c coefficients[c] terms[c] in compressed rows; y gets |A||x| beside it where `magnitudes` is given. */
TARGET static void FN(product)(int64_t count, const int64_t *starts, const int32_t *columns, const double *const *terms,
                               int64_t term_count, const lanes *restrict coefficients, const lanes *restrict x,
                               lanes *restrict y, lanes *restrict magnitudes) {
    for (int64_t i = 0; i < count; i++) {
        lanes sum = {0}, size = {0};
        for (int64_t e = starts[i]; e < starts[i + 1]; e++) {
            lanes v = coefficients[0] * terms[0][e];
            for (int64_t c = 1; c < term_count; c++) v += coefficients[c] * terms[c][e];
            const lanes part = v * x[columns[e]];
            sum += part;
            size += MAGNITUDE(part);
        }
        y[i] = sum;
        if (magnitudes) magnitudes[i] = size;
    }
}

/* G (4 x 4, by columns of B) = A^T B for A, B of n x 4. */
TARGET static void FN(overlap)(int64_t n, const lanes *restrict a, const lanes *restrict b, lanes *restrict g) {
    lanes sum[4][4];
    UNROLL for (int j = 0; j < 4; j++) UNROLL for (int i = 0; i < 4; i++) sum[j][i] = (lanes){0};
    for (int64_t k = 0; k < n; k++) {
        UNROLL for (int j = 0; j < 4; j++) {
            const lanes right = b[4 * k + j];
            UNROLL for (int i = 0; i < 4; i++) sum[j][i] += a[4 * k + i] * right;
        }
    }
    UNROLL for (int j = 0; j < 4; j++) UNROLL for (int i = 0; i < 4; i++) g[4 * j + i] = sum[j][i];
}

/* B -= A G, or B += A G where `adds`. */
TARGET static void FN(combine)(int64_t n, const lanes *restrict a, const lanes *restrict g, lanes *restrict b, int adds) {
    lanes factor[4][4];
    UNROLL for (int j = 0; j < 4; j++) UNROLL for (int i = 0; i < 4; i++) factor[j][i] = adds ? -g[4 * j + i] : g[4 * j + i];
    for (int64_t k = 0; k < n; k++) {
        UNROLL for (int j = 0; j < 4; j++) {
            lanes sum = b[4 * k + j];
            UNROLL for (int i = 0; i < 4; i++) sum -= a[4 * k + i] * factor[j][i];
            b[4 * k + j] = sum;
        }
    }
}

/* Column c of B (n x 4): its overlaps with columns 0 ... c go to g. */
TARGET static void FN(column_overlap)(int64_t n, const lanes *restrict b, int64_t c, lanes *restrict g) {
    for (int64_t i = 0; i <= c; i++) {
        lanes sum = {0};
        for (int64_t k = 0; k < n; k++) sum += b[4 * k + i] * b[4 * k + c];
        g[i] = sum;
    }
}

/* Column c of B = (itself - sum over i < c of g[i] times column i) times `scale`. */
TARGET static void FN(column_combine)(int64_t n, lanes *restrict b, int64_t c, const lanes *restrict g, const lanes *restrict scale) {
    for (int64_t k = 0; k < n; k++) {
        lanes sum = b[4 * k + c];
        for (int64_t i = 0; i < c; i++) sum -= g[i] * b[4 * k + i];
        b[4 * k + c] = sum * *scale;
    }
}

#undef UNROLL
#undef INLINE
#undef ACCUMULATE
#undef LOAD
#undef STORE
#undef REST
#undef SQUARE
#undef ROWS
#undef COLUMNS
#undef EACH
#undef CHOOSE
#undef CHOOSE2
