/* Every entry point computes with denormal numbers as zeros and leaves the control register as it was. REAL is the
 * library's real type. */
#include "libfade.h"

#include <fenv.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows enough for threads to share them. */
enum { T = 3, B = 400, H = 40 };

/*===-- The control register ------------------------------------------------------===*/

#if defined(__x86_64__)
enum { flushing = 0x8040, flags = 0x3f };
static unsigned long read_control(void) { return __builtin_ia32_stmxcsr(); }
static void write_control(unsigned long value) { __builtin_ia32_ldmxcsr((unsigned)value); }
#elif defined(__aarch64__)
enum { flushing = 1 << 24, flags = 0 };
static unsigned long read_control(void) {
  unsigned long value;
  __asm__ volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
static void write_control(unsigned long value) { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }
#endif

/*===-- A call whose numbers are all denormal ---------------------------------------===*/

static seqc_array params[Fade_PARAM_COUNT], d_params[Fade_PARAM_COUNT], x, h, state, d_x, d_h, d_state;

static seqc_array make(int64_t count) { return (seqc_array){malloc((size_t)count * sizeof(REAL)), count, 0, 0}; }

static void fill(seqc_array array, REAL value) {
  for (int64_t i = 0; i < array.count; ++i)
    ((REAL *)array.data)[i] = value;
}

static int is_zero(seqc_array array) {
  for (int64_t i = 0; i < array.count; ++i)
    if (((REAL *)array.data)[i] != 0)
      return 0;
  return 1;
}

static REAL tiny(void) { return (REAL)((sizeof(REAL) == 4 ? (double)FLT_MIN : DBL_MIN) / 8); }

/* `results` are what `entry` writes. */
static int check(const char *name, int (*entry)(const seqc_call *), const seqc_call *call, int expected,
                 const seqc_array *const results[]) {
  unsigned long before = read_control();
  fill(x, tiny());
  fill(state, tiny());
  fill(d_h, tiny());
  int status = entry(call);
  unsigned long after = read_control();
  int wrong = status != expected || (before & ~(unsigned long)flags) != (after & ~(unsigned long)flags);
  for (int i = 0; results[i] && !status; ++i)
    wrong |= !is_zero(*results[i]);
  if (wrong)
    printf("%s: status %d (%s), control %lx before, %lx after, or a result that is not zero\n", name, status,
           call->error, before, after);
  return wrong;
}

#define CHECK(entry, call, expected, ...)                                                                              \
  check(#entry, Fade_##entry, call, expected, (const seqc_array *[]){__VA_ARGS__, NULL})

static int check_entries(seqc_call call, void *pool, void *prepared) {
  call.pool = pool;
  int wrong = CHECK(forward, &call, SEQC_OK, &h, &state);
  wrong |= CHECK(forward_taped, &call, SEQC_OK, &h, &state);
  wrong |= CHECK(backward, &call, SEQC_OK, &d_x, &d_state, &d_params[Fade_PARAM_a], &d_params[Fade_PARAM_W]);
  wrong |= CHECK(gradient, &call, SEQC_OK, &d_x, &d_state, &d_params[Fade_PARAM_a], &d_params[Fade_PARAM_W]);
  call.prepared = prepared;
  wrong |= CHECK(prepare, &call, SEQC_OK, NULL);
  wrong |= CHECK(forward, &call, SEQC_OK, &h, &state);
  call.T = 1;
  wrong |= CHECK(step, &call, SEQC_OK, &state);
  call.T = -1;
  wrong |= CHECK(forward, &call, SEQC_BAD_DIMENSION, NULL);
  wrong |= CHECK(forward_taped, &call, SEQC_BAD_DIMENSION, NULL);
  wrong |= CHECK(backward, &call, SEQC_BAD_DIMENSION, NULL);
  wrong |= CHECK(gradient, &call, SEQC_BAD_DIMENSION, NULL);
  wrong |= CHECK(step, &call, SEQC_BAD_DIMENSION, NULL);
  call.params = NULL;
  return wrong | CHECK(prepare, &call, SEQC_NULL_POINTER, NULL);
}

/* The step of one row, which does not go through the runtime, and one that does and is refused. */
static int check_single_step(seqc_call call, void *prepared) {
  seqc_array row = {x.data, H, 0, 0}, output = {h.data, H, 0, 0}, own = {state.data, H, 0, 0};
  call.T = call.B = 1;
  call.prepared = prepared;
  call.inputs = &row;
  call.outputs = &output;
  call.states = call.final_states = &own;
  int wrong = CHECK(step, &call, SEQC_OK, &output, &own);
  row.count = 1;
  return wrong | CHECK(step, &call, SEQC_WRONG_SIZE, NULL);
}

/*===-- All of them, for callers of several kinds -------------------------------------===*/

static void *aligned(int64_t size) { return aligned_alloc(SEQC_ALIGNMENT, (size_t)(size + 63) / 64 * 64); }

static seqc_call make_call(char *error, int64_t error_size) {
  params[Fade_PARAM_a] = make(H);
  params[Fade_PARAM_W] = make(H * H);
  d_params[Fade_PARAM_a] = make(H);
  d_params[Fade_PARAM_W] = make(H * H);
  x = make(T * B * H);
  h = make(T * B * H);
  d_x = make(T * B * H);
  d_h = make(T * B * H);
  state = make(B * H);
  d_state = make(B * H);
  seqc_call call = {.abi = SEQC_ABI_VERSION,
                    .T = T,
                    .B = B,
                    .params = params,
                    .inputs = &x,
                    .outputs = &h,
                    .states = &state,
                    .final_states = &state,
                    .d_params = d_params,
                    .d_inputs = &d_x,
                    .d_outputs = &d_h,
                    .d_states = &d_state,
                    .threads = 2,
                    .error = error,
                    .error_size = error_size};
  call.workspace_size = Fade_workspace_size(T, B);
  call.workspace = aligned(call.workspace_size);
  call.tape_size = Fade_tape_size(T, B);
  call.tape = aligned(call.tape_size);
  call.prepared_size = Fade_prepared_size();
  call.pool_size = Fade_pool_size(call.threads);
  return call;
}

int main(void) {
  char error[256] = "";
  seqc_call call = make_call(error, sizeof error);
  void *prepared = aligned(call.prepared_size);
  void *pool = call.pool = aligned(call.pool_size);
  int wrong = Fade_init(&call) || Fade_pool_start(&call);
  call.pool = NULL;
  unsigned long usual = read_control();
  fesetround(FE_UPWARD);
  unsigned long upward = read_control();
  const unsigned long kinds[] = {usual, usual | flushing, upward};
  for (int kind = 0; kind < 3 && !wrong; ++kind) {
    write_control(kinds[kind]);
    wrong |= check_entries(call, NULL, prepared) | check_entries(call, pool, prepared);
    wrong |= check_single_step(call, prepared);
  }
  write_control(usual);
  call.pool = pool;
  if (!wrong && !Fade_pool_stop(&call))
    puts("all as before");
  return wrong;
}
