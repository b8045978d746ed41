/*===- arena.c - One piece of the caller's memory after another -----------------===
 *
 * Apart from the layouts, so that a test can put a fence behind each piece (test/numeric/fenced_arena.c).
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <stddef.h>

void *seqc_take(seqc_arena *arena, int64_t count, int64_t size) {
  int64_t bytes, end;
  if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(arena->used, bytes, &end) ||
      __builtin_add_overflow(end, SEQC_ALIGNMENT - 1, &end)) {
    arena->overflow = 1;
    return NULL;
  }
  void *piece = arena->base ? arena->base + arena->used : NULL;
  arena->used = end / SEQC_ALIGNMENT * SEQC_ALIGNMENT;
  return piece;
}
