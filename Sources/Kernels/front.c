#include "kernels.h"
#include <string.h>

/* One binary for every node: the loader picks the widest version that the CPU has. */
#if defined(__x86_64__)
#define MULTIVERSION __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define MULTIVERSION
#endif

void dgemm_(const char *, const char *, const int *, const int *, const int *, const double *, const double *, const int *,
            const double *, const int *, const double *, double *, const int *, size_t, size_t);
void dtrsm_(const char *, const char *, const char *, const char *, const int *, const int *, const double *, const double *,
            const int *, double *, const int *, size_t, size_t, size_t, size_t);

#define FN(name) name
#define scalar double
#define NUMBER(v) (v)
#define ADD(a, b) a += (b);
#define SUBTRACT(a, b, c) a -= (b) * (c);
#define PRODUCT(a, b) ((a) * (b))
#define RECIPROCAL(a) (1 / (a))
#define GEMM dgemm_
#define TRSM dtrsm_
#define PARTS_OF_ROW re
#define TAKE(a, u, v) (a).re -= (u) * (v).re;
#define SCALE(to, v, u) { (to).re = (u) * (v).re; }
#include "front_body.h"
#undef FN
#undef scalar
#undef NUMBER
#undef ADD
#undef SUBTRACT
#undef PRODUCT
#undef RECIPROCAL
#undef GEMM
#undef TRSM
#undef PARTS_OF_ROW
#undef TAKE
#undef SCALE

/* Laid out like C99's double _Complex. */
typedef struct { double re, im; } complex_number;
static inline complex_number complex_product(complex_number a, complex_number b) {
    return (complex_number){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
static inline complex_number complex_reciprocal(complex_number a) {
    const double size = a.re * a.re + a.im * a.im;
    return (complex_number){a.re / size, -a.im / size};
}
void zgemm_(const char *, const char *, const int *, const int *, const int *, const complex_number *, const complex_number *, const int *,
            const complex_number *, const int *, const complex_number *, complex_number *, const int *, size_t, size_t);
void ztrsm_(const char *, const char *, const char *, const char *, const int *, const int *, const complex_number *, const complex_number *,
            const int *, complex_number *, const int *, size_t, size_t, size_t, size_t);

#define FN(name) name##_complex
#define scalar complex_number
#define NUMBER(v) ((complex_number){v, 0})
#define ADD(a, b) { (a).re += (b).re; (a).im += (b).im; }
#define SUBTRACT(a, b, c) { const complex_number product = complex_product(b, c); (a).re -= product.re; (a).im -= product.im; }
#define PRODUCT(a, b) complex_product(a, b)
#define RECIPROCAL(a) complex_reciprocal(a)
#define GEMM zgemm_
#define TRSM ztrsm_
#define PARTS_OF_ROW re, im
#define TAKE(a, u, v)                                            \
    {                                                            \
        (a).re -= (u).re * (v).re - (u).im * (v).im;             \
        (a).im -= (u).re * (v).im + (u).im * (v).re;             \
    }
#define SCALE(to, v, u)                                          \
    {                                                            \
        (to).re = (u).re * (v).re - (u).im * (v).im;             \
        (to).im = (u).re * (v).im + (u).im * (v).re;             \
    }
#include "front_body.h"
