/*
 * blas: OpenBLAS inside our own threads.
 *
 * We thread around the library, so it must not start threads of its own inside. That is a
 * setting of the whole process; everything of ours that calls OpenBLAS wants it.
 */
#ifndef OP_BLAS_H
#define OP_BLAS_H

/* To be called before any cblas_...(), from one thread. Cheap when repeated. */
void blas_single_thread(void);

#endif
