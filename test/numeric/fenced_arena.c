/*===- fenced_arena.c - The runtime's arena, with an inaccessible page behind each piece -----===
 *
 * Takes the place of runtime/arena.c in a library that a test links. A piece begins or ends at a fence, so that code
 * which leaves a slot, were it for a slot beside it, stops there. The first piece stays where the arena begins: others
 * than the layouts look for it there.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { page = 4096 };

/* Set by fences.py. */
// NOLINTNEXTLINE(misc-use-internal-linkage)
__attribute__((visibility("default"))) int pieces_end_at_fences = 1;

void *seqc_take(seqc_arena *arena, int64_t count, int64_t size) {
  int64_t bytes, end;
  if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(arena->used, bytes, &end) ||
      __builtin_add_overflow(end, 2 * page, &end)) {
    arena->overflow = 1;
    return NULL;
  }
  int64_t room = (bytes + page - 1) / page * page, begin = arena->used;
  arena->used += room + page;
  if (!arena->base)
    return NULL;
  char *memory = arena->base + begin;
  if ((room && mprotect(memory, (size_t)room, PROT_READ | PROT_WRITE)) || mprotect(memory + room, page, PROT_NONE))
    abort();
  int64_t aligned = (bytes + SEQC_ALIGNMENT - 1) / SEQC_ALIGNMENT * SEQC_ALIGNMENT;
  return begin && pieces_end_at_fences ? memory + room - aligned : memory;
}
