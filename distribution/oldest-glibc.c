/* Linked into the distributed executable only. Three symbols of the static Swift runtime that Debian 12's glibc has renewed
   are bound to older ones (`--wrap`), so that glibc 2.34 will do instead of 2.36. Nothing of macrospin's own calls them; the
   libraries around it keep theirs. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#if defined(__x86_64__)
#define FIRST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define FIRST "GLIBC_2.17"
#endif

/* glibc 2.35 dropped the wrapper that sets errno. */
double first_hypot(double, double);
float first_hypotf(float, float);
__asm__(".symver first_hypot, hypot@" FIRST);
__asm__(".symver first_hypotf, hypotf@" FIRST);
double __wrap_hypot(double x, double y) { return first_hypot(x, y); }
float __wrap_hypotf(float x, float y) { return first_hypotf(x, y); }

/* In glibc since 2.36; libstdc++'s random_device may use it. */
uint32_t __wrap_arc4random(void) {
    uint32_t value;
    if (getrandom(&value, sizeof value, 0) != sizeof value) abort();
    return value;
}
