/*===- tiles.c - Whether this process may use matrix tile registers ---------------===
 *
 * Linux grants the registers of AMX on request, to the whole process. It is asked once; calls that ask at the same time
 * get the same answer. This is the only thing that calls leave behind.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#if defined(__x86_64__) && defined(__linux__)

#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { request_permission = 0x1023 /* ARCH_REQ_XCOMP_PERM */, tile_data = 18 /* XFEATURE_XTILEDATA */ };

int seqc_matrix_tiles(void) {
  static atomic_int answer; /* 0: not asked yet, 1: yes, 2: no */
  int known = atomic_load_explicit(&answer, memory_order_relaxed);
  if (!known) {
    known = syscall(SYS_arch_prctl, request_permission, tile_data) == 0 ? 1 : 2;
    atomic_store_explicit(&answer, known, memory_order_relaxed);
  }
  return known == 1;
}

#else

int seqc_matrix_tiles(void) { return 0; }

#endif
