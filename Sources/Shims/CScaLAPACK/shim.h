#ifndef CSCALAPACK_SHIM_H
#define CSCALAPACK_SHIM_H
/* ScaLAPACK and its BLACS ship no C headers. Fortran takes everything by address, and a hidden length for each CHARACTER. */
#include <stddef.h>
/* BLACS: a grid of processes on any communicator (void * stands for MPI_Comm). End with Cblacs_gridexit; Cblacs_exit would end MPI. */
int Csys2blacs_handle(void *mpi_comm);
void Cfree_blacs_system_handle(int handle);
void Cblacs_gridinit(int *context, const char *order, int rows, int columns);
void Cblacs_gridinfo(int context, int *rows, int *columns, int *row, int *column);
void Cblacs_gridexit(int context);
/* Block-cyclic layout. */
void descinit_(int *descriptor, const int *m, const int *n, const int *mb, const int *nb, const int *row_source, const int *column_source,
               const int *context, const int *leading, int *info);
/* The nonsymmetric eigenvalue problem. */
void pdgehrd_(const int *n, const int *ilo, const int *ihi, double *a, const int *ia, const int *ja, const int *desca, double *tau,
              double *work, const int *lwork, int *info);
void pdhseqr_(const char *job, const char *compz, const int *n, const int *ilo, const int *ihi, double *h, const int *desch, double *wr,
              double *wi, double *z, const int *descz, double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
#endif
