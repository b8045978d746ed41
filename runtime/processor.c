/*===- processor.c - Which level of the library runs on this processor ----------===
 *
 * Asked once, when the library is loaded. Everything in the runtime runs on any processor of the architecture, so that
 * it can refuse calls where the generated code could not.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <stdlib.h>
#include <string.h>

/*===-- The processor -------------------------------------------------------------===*/

enum { SEQC_SAVES_YMM = 0x6, SEQC_SAVES_ZMM = 0xe6 };

typedef struct feature {
  char name[16]; /* in place, since a pointer to it would take more room than it does */
  uint32_t leaf;
  uint8_t subleaf, reg, bit, saved;
} feature;

static const feature features[] = {
#define SEQC_FEATURE(name, leaf, subleaf, reg, bit, saved) {name, leaf, subleaf, reg, bit, saved},
#include "runtime/processor.def"
#undef SEQC_FEATURE
};

enum { feature_count = sizeof features / sizeof *features };
_Static_assert(feature_count <= 64, "features have a bit each");

#if defined(__x86_64__)

#include <cpuid.h>

/* The registers that the system saves: XCR0. */
static uint64_t saved_registers(void) {
  uint32_t eax = 0, ebx, ecx = 0, edx, high;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE))
    return 0;
  __asm__("xgetbv" : "=a"(eax), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | eax;
}

uint64_t seqc_processor_features(void) {
  uint64_t saved = saved_registers(), result = 0;
  uint32_t registers[4] = {0};
  for (int i = 0; i < feature_count; ++i) {
    const feature *f = &features[i];
    /* A virtual machine may need microseconds for each leaf. */
    int is_new = i == 0 || f->leaf != f[-1].leaf || f->subleaf != f[-1].subleaf;
    if (is_new && !__get_cpuid_count(f->leaf, f->subleaf, &registers[0], &registers[1], &registers[2], &registers[3]))
      memset(registers, 0, sizeof registers);
    if (registers[f->reg] >> f->bit & 1 && (saved & f->saved) == f->saved)
      result |= (uint64_t)1 << i;
  }
  return result;
}

#else

uint64_t seqc_processor_features(void) { return 0; }

#endif

/*===-- The choice ----------------------------------------------------------------===*/

/* The first feature that `level` needs and the processor has not, or NULL. */
static const char *find_lacking(const seqc_level *level, uint64_t has) {
  for (int i = 0; i < feature_count; ++i)
    if (level->needs & ~has & (uint64_t)1 << i)
      return features[i].name;
  return NULL;
}

void seqc_choose_level(seqc_library *library, uint64_t has, const char *wanted) {
  library->abi = -1;
  library->level = 0;
  library->lacks = NULL;
  library->is_forced = wanted && *wanted;
  for (int64_t i = library->level_count - 1; i >= 0 && library->abi < 0; --i) {
    const seqc_level *level = &library->levels[i];
    if (library->is_forced && strcmp(level->name, wanted) != 0)
      continue;
    library->level = i;
    library->lacks = find_lacking(level, has);
    library->abi = library->lacks ? -1 : SEQC_ABI_VERSION;
  }
}

int64_t seqc_load(seqc_library *library) {
  seqc_choose_level(library, seqc_processor_features(), getenv("SEQC_MARCH"));
  return library->level;
}

/*===-- The refusal ---------------------------------------------------------------===*/

int seqc_check_processor(const seqc_context *context) {
  const seqc_library *library = context->model->library;
  const char *level = library->levels[library->level].name;
  if (library->abi == SEQC_ABI_VERSION)
    return SEQC_OK;
  if (!library->lacks)
    return seqc_fail(context, SEQC_WRONG_PROCESSOR, "SEQC_MARCH names no level of this library, which is for %s",
                     library->names);
  if (library->is_forced)
    return seqc_fail(context, SEQC_WRONG_PROCESSOR, "SEQC_MARCH asks for %s, but this processor has no %s", level,
                     library->lacks);
  return seqc_fail(context, SEQC_WRONG_PROCESSOR, "this library is for %s; this processor has no %s, which %s needs",
                   library->names, library->lacks, level);
}
