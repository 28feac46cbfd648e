#ifndef CMUMPS_SHIM_H
#define CMUMPS_SHIM_H
#include <dmumps_c.h>
#include <zmumps_c.h>
/* ICNTL, INFOG, … are C arrays inside the struct: Swift sees tuples. 1-based accessors, numbered as in the manual. */
static inline void cmumps_d_set_icntl(DMUMPS_STRUC_C *s, int i, int v) { s->icntl[i - 1] = v; }
static inline void cmumps_d_set_cntl(DMUMPS_STRUC_C *s, int i, double v) { s->cntl[i - 1] = v; }
static inline int cmumps_d_infog(const DMUMPS_STRUC_C *s, int i) { return s->infog[i - 1]; }
static inline double cmumps_d_rinfog(const DMUMPS_STRUC_C *s, int i) { return s->rinfog[i - 1]; }
static inline void cmumps_z_set_icntl(ZMUMPS_STRUC_C *s, int i, int v) { s->icntl[i - 1] = v; }
static inline void cmumps_z_set_cntl(ZMUMPS_STRUC_C *s, int i, double v) { s->cntl[i - 1] = v; }
static inline int cmumps_z_infog(const ZMUMPS_STRUC_C *s, int i) { return s->infog[i - 1]; }
static inline double cmumps_z_rinfog(const ZMUMPS_STRUC_C *s, int i) { return s->rinfog[i - 1]; }
#endif
