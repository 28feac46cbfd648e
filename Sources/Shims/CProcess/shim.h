#ifndef CPROCESS_SHIM_H
#define CPROCESS_SHIM_H
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
/* Variadic calls and Linux-only ones that Swift does not import. */
/* The kernel sends `signal` to this process when its parent dies, however that ends. */
static inline int cprocess_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
/* A nameless file in memory; its descriptor is handed down to children. */
static inline int cprocess_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 0); }
/* Cores that this process may run on; sched.h shows the call to _GNU_SOURCE only, which Swift's Glibc module is not. */
static inline int cprocess_available_cores(void) {
    unsigned long mask[128] = {0};
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (int k = 0; bytes > 0 && k < 128; k++) count += __builtin_popcountl(mask[k]);
    return count;
}
#endif
