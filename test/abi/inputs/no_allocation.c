/* Replaces the C library's allocation functions: from `start` on, each of them is a failure. */
#include "libtagger.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Rows enough for threads to share them. */
enum { T = 6, B = 400, E = 5, H = 7, C = 4 };

static int forbidden;

/* The program itself lives on memory that is never given back. */
static _Alignas(64) char heap[1 << 25];
static size_t heap_used;

static void *take(size_t size) {
  if (forbidden) {
    static const char text[] = "a call allocated memory\n";
    (void)!write(1, text, sizeof text - 1);
    _exit(1);
  }
  void *result = heap + heap_used;
  heap_used += (size + 63) / 64 * 64;
  return result;
}

void *malloc(size_t size) { return take(size); }
void *calloc(size_t count, size_t size) { return take(count * size); }
void *realloc(void *old, size_t size) { return old ? memcpy(take(size), old, size) : take(size); }
void *aligned_alloc(size_t alignment, size_t size) { return alignment <= 64 ? take(size) : NULL; }
int posix_memalign(void **result, size_t alignment, size_t size) {
  *result = aligned_alloc(alignment, size);
  return 0;
}
void free(void *data) {
  if (forbidden && data)
    _exit(2);
}

static seqc_array make(int64_t count) { return (seqc_array){calloc((size_t)count, 8), count, 0, 0}; }

int main(void) {
  seqc_array params[Tagger_PARAM_COUNT], d_params[Tagger_PARAM_COUNT], inputs[Tagger_INPUT_COUNT];
  seqc_array states[Tagger_STATE_COUNT], outputs[Tagger_OUTPUT_COUNT];
  for (int i = 0; i < Tagger_PARAM_COUNT; ++i) {
    params[i] = make(H * (H + E));
    d_params[i] = make(H * (H + E));
  }
  for (int i = 0; i < Tagger_INPUT_COUNT; ++i)
    inputs[i] = make(T * B * E);
  for (int i = 0; i < Tagger_STATE_COUNT; ++i)
    states[i] = make(B * H);
  for (int i = 0; i < Tagger_OUTPUT_COUNT; ++i)
    outputs[i] = make(T * B * H);
  char error[256] = "";
  seqc_call call = {.abi = SEQC_ABI_VERSION,
                    .T = T,
                    .B = B,
                    .params = params,
                    .inputs = inputs,
                    .states = states,
                    .final_states = states,
                    .outputs = outputs,
                    .d_params = d_params,
                    .error = error,
                    .error_size = sizeof error};
  call.workspace_size = Tagger_workspace_size(T, B);
  call.workspace = malloc((size_t)call.workspace_size);
  call.tape_size = Tagger_tape_size(T, B);
  call.tape = malloc((size_t)call.tape_size);
  call.prepared_size = Tagger_prepared_size();
  void *prepared = malloc((size_t)call.prepared_size);
  call.threads = 3;
  call.pool_size = Tagger_pool_size(call.threads);
  void *pool = malloc((size_t)call.pool_size);
  call.pool = pool;
  int failed = Tagger_pool_start(&call);
  call.pool = NULL;

  forbidden = 1;
  failed = failed || !Tagger_describe() || Tagger_init(&call);
  for (int with_pool = 0; with_pool < 2; ++with_pool) {
    call.pool = with_pool ? pool : NULL;
    call.prepared = NULL;
    call.T = T;
    failed = failed || Tagger_forward(&call) || Tagger_forward_taped(&call) || Tagger_backward(&call) ||
             Tagger_gradient(&call);
    call.prepared = prepared;
    failed = failed || Tagger_prepare(&call) || Tagger_forward(&call);
    call.T = 1;
    failed = failed || Tagger_step(&call);
    call.T = -1;
    failed = failed || Tagger_forward(&call) != SEQC_BAD_DIMENSION; /* a message allocates nothing either */
  }
  forbidden = 0;
  failed = failed || Tagger_pool_stop(&call);
  static const char fine[] = "nothing was allocated\n";
  (void)!write(1, failed ? error : fine, failed ? strlen(error) : sizeof fine - 1);
  return failed;
}
