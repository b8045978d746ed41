/*===- denormals.c - Programs run with denormal numbers as zeros ------------------===
 *
 * Arithmetic on denormal numbers takes up to a hundred times as long as on others, and a state that fades comes to
 * them. A thread's control register says that they are to be zeros, in operands as in results.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#if defined(__x86_64__)

static const uint64_t flush = SEQC_FLUSH_X86;

static uint64_t read_control(void) {
  uint32_t control;
  __asm__ volatile("stmxcsr %0" : "=m"(control) : : "memory");
  return control;
}

static void write_control(uint64_t value) {
  uint32_t control = (uint32_t)value;
  __asm__ volatile("ldmxcsr %0" : : "m"(control) : "memory");
}

#elif defined(__aarch64__)

static const uint64_t flush = SEQC_FLUSH_AARCH64;

static uint64_t read_control(void) {
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control) : : "memory");
  return control;
}

static void write_control(uint64_t value) { __asm__ volatile("msr fpcr, %0" : : "r"(value) : "memory"); }

#else

static const uint64_t flush = 0;

static uint64_t read_control(void) { return 0; }
static void write_control(uint64_t value) { (void)value; }

#endif

uint64_t seqc_flush_denormals(void) {
  uint64_t before = read_control();
  if ((before & flush) != flush)
    write_control(before | flush);
  return before;
}

void seqc_restore_denormals(uint64_t before) {
  if ((before & flush) != flush)
    write_control(before);
}
