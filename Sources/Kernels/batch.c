#include "kernels.h"

/* Eight points of one sweep side by side: the value of each in its own lane of every vector. */
typedef double lanes __attribute__((vector_size(64)));
typedef int64_t lane_bits __attribute__((vector_size(64)));
#define MAGNITUDE(v) ((lanes)((lane_bits)(v) & 0x7fffffffffffffff))

#define TARGET
#define FN(name) name##_plain
#include "batch_body.h"
#undef TARGET
#undef FN

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#define FN(name) name##_avx2
#include "batch_body.h"
#undef TARGET
#undef FN
#define TARGET __attribute__((target("avx512f,avx512dq")))
#define FN(name) name##_avx512
#include "batch_body.h"
#undef TARGET
#undef FN
/* One binary for every node: what the CPU has decides at each call. */
#define DISPATCH(call_plain, call_avx2, call_avx512)                                                \
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) { call_avx512; }   \
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) { call_avx2; }        \
    else { call_plain; }
#else
#define DISPATCH(call_plain, call_avx2, call_avx512) call_plain;
#endif
#define CALL(name, ...) DISPATCH(name##_plain(__VA_ARGS__), name##_avx2(__VA_ARGS__), name##_avx512(__VA_ARGS__))

void macrospin_batch_factor(const struct macrospin_fronts *fronts, const double *const *terms, int64_t term_count,
                            const double *coefficients, double *factors, double *stack) {
    CALL(factor, fronts, terms, term_count, (const lanes *)coefficients, (lanes *)factors, (lanes *)stack)
}

void macrospin_batch_solve(const struct macrospin_fronts *fronts, const double *factors, double *x, int64_t sides,
                           int transposed) {
    const lanes *f = (const lanes *)factors;
    lanes *v = (lanes *)x;
    if (transposed) {
        if (sides == 1) { CALL(solve_transposed_1, fronts, f, v) }
        else if (sides == 2) { CALL(solve_transposed_2, fronts, f, v) }
        else { CALL(solve_transposed_4, fronts, f, v) }
    } else {
        if (sides == 1) { CALL(solve_1, fronts, f, v) }
        else if (sides == 2) { CALL(solve_2, fronts, f, v) }
        else { CALL(solve_4, fronts, f, v) }
    }
}

void macrospin_batch_product(int64_t rows, const int64_t *starts, const int32_t *columns, const double *const *terms,
                             int64_t term_count, const double *coefficients, const double *x, double *y, double *magnitudes) {
    CALL(product, rows, starts, columns, terms, term_count, (const lanes *)coefficients, (const lanes *)x, (lanes *)y,
         (lanes *)magnitudes)
}

void macrospin_batch_overlap(int64_t n, const double *a, const double *b, double *g) {
    CALL(overlap, n, (const lanes *)a, (const lanes *)b, (lanes *)g)
}

void macrospin_batch_combine(int64_t n, const double *a, const double *g, double *b, int adds) {
    CALL(combine, n, (const lanes *)a, (const lanes *)g, (lanes *)b, adds)
}

void macrospin_batch_column_overlap(int64_t n, const double *b, int64_t column, double *g) {
    CALL(column_overlap, n, (const lanes *)b, column, (lanes *)g)
}

void macrospin_batch_column_combine(int64_t n, double *b, int64_t column, const double *g, const double *scale) {
    CALL(column_combine, n, (lanes *)b, column, (const lanes *)g, (const lanes *)scale)
}
