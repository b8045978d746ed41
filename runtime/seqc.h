/*===- seqc.h - The C interface of every compiled model -----------------------===
 *
 * `seqc model.seq -o libmodel.so` writes a library that exports, for each model M, the functions below with M as
 * their prefix (see SEQC_DECLARE_MODEL), and a header that declares them and lists M's tensors.
 *
 * The caller owns all memory. No call allocates, locks, prints or exits; every call is reentrant: two threads may
 * run one model at once, each with its own workspace (and pool). A call that gets a wrong argument does nothing but
 * return a status other than SEQC_OK and write a sentence into `error`.
 *
 * Denormal numbers count as zeros; the caller's control register is the same after a call as before it.
 *
 * Shapes. A sequence is [T, B, features], features row-major and contiguous, the strides of T and B free.
 * A state slot is [B, features]. Elements are float or double (the library's dtype), int32_t for ids and
 * uint8_t (0 or 1) for masks.
 *===--------------------------------------------------------------------------===*/
#ifndef SEQC_H
#define SEQC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEQC_ABI_VERSION 3

typedef enum seqc_status {
  SEQC_OK = 0,
  SEQC_NULL_POINTER = 1,    /* a required array or the call itself is missing */
  SEQC_WRONG_SIZE = 2,      /* an array has not the elements that T, B and its shape ask for */
  SEQC_MISALIGNED = 3,      /* data not aligned to its element, workspace and the like not to SEQC_ALIGNMENT */
  SEQC_SMALL_WORKSPACE = 4, /* workspace, tape, prepared or pool smaller than their size function says */
  SEQC_BAD_ID = 5,          /* an id outside [0, V) */
  SEQC_BAD_LENGTH = 6,      /* a length outside [0, T] */
  SEQC_BAD_DIMENSION = 7,   /* T, B or threads negative or too large */
  SEQC_NO_SUCH_ENTRY = 8,   /* the model has no such entry point (step of a model that looks ahead) */
  SEQC_WRONG_VERSION = 9,   /* the caller was compiled against another version of this header */
  SEQC_WRONG_CONTENT = 10,  /* tape, prepared or pool not written by this model, or for another T and B */
  SEQC_BUSY_POOL = 11,      /* another call is using the pool */
  SEQC_NO_THREAD = 12,      /* the system gives no more threads */
  SEQC_WRONG_PROCESSOR = 13 /* the library has no code for this processor, or not what SEQC_MARCH asks for */
} seqc_status;

/* Required alignment, in bytes, of workspace, tape, prepared and pool. Other arrays need that of their element. */
#define SEQC_ALIGNMENT 64

/* An array of the caller. `count`: elements from `data` that may be touched; checked before anything is.
 * `stride_t`, `stride_b`: elements from step to step and row to row, never negative; both 0 means contiguous
 * [T, B, features]. Batch-first data [B, T, features] has stride_t = features and stride_b = T * features.
 * For [B, features] (states, outputs of the last step) stride_t is ignored, and stride_b = 0 means contiguous. */
typedef struct seqc_array {
  void *data;
  int64_t count;
  int64_t stride_t;
  int64_t stride_b;
} seqc_array;

/* The arguments of all entry points. Zero-initialise it, then set `abi` and what the entry point needs. Arrays of
 * seqc_array are in the order of `describe`; an element whose data is NULL is not given or not wanted. */
typedef struct seqc_call {
  int32_t abi;      /* SEQC_ABI_VERSION; `abi`, `error` and `error_size` never move between versions */
  int32_t training; /* 1: dropout draws from `seed`, batchnorm takes the statistics of the call; 0: neither does */
  char *error;      /* receives a sentence about the first wrong argument; may be NULL */
  int64_t error_size;
  uint64_t seed;
  int64_t T, B;           /* steps and batch rows, each may be 0; `step` takes T = 1 */
  const int64_t *lengths; /* [B], steps of each row; NULL: all T */

  const seqc_array *params;       /* all required, also with `prepared` */
  const seqc_array *inputs;       /* all required; at steps beyond a row's length they are never used */
  const seqc_array *states;       /* slots before the first step (h[0], h[-1], ...); NULL or NULL elements: the boundary
                                     equations hold */
  const seqc_array *outputs;      /* NULL or NULL elements: not wanted; in memory of their own, which gradient reads */
  const seqc_array *final_states; /* slots after the last step, in the order of `states`; may be the same memory */
  void *loss;                     /* one element; NULL: not wanted */

  /* backward and gradient. Given: */
  const seqc_array *d_outputs;      /* NULL or NULL elements: zero (a model with a loss starts from 1 there as well) */
  const seqc_array *d_final_states; /* likewise */
  /* Written: */
  const seqc_array *d_params; /* of these three, NULL or NULL elements: not wanted */
  const seqc_array *d_inputs; /* ids and masks have no gradient: their elements are ignored */
  const seqc_array *d_states;
  int32_t accumulate; /* 1: add to d_params instead of overwriting them */
  int32_t no_loss;    /* 1: start from d_outputs alone, even if the model has a loss */

  void *workspace;
  int64_t workspace_size;
  void *tape; /* forward_taped writes it, backward reads it, and writes it where seqc --bptt-memory bounds it */
  int64_t tape_size;
  void *prepared; /* prepare writes it; forward and step read it if it is not NULL */
  int64_t prepared_size;

  /* Where this call computes some rows of a larger batch, so that the parts add up to it: */
  int64_t first_row;   /* the number of its row 0 in that batch, for dropout */
  int64_t batch_steps; /* valid steps of that batch, which a mean in the loss divides by; 0: those of this call */

  void *pool; /* threads that share the call's work; NULL: it runs on the calling thread alone. One call at a time */
  int64_t pool_size, threads; /* for pool_start */
} seqc_call;

/* What a model exports. All return a seqc_status, but for the sizes (bytes; -1 for a negative T or B).
 *
 *   M_describe        JSON text: names, shapes, dtypes, initialisers, entry points (docs/library.md).
 *   M_init            fills `params` from `seed` by their initialisers; the same seed gives the same values anywhere.
 *   M_prepare         packs `params` once into `prepared`.
 *   M_forward         outputs, final states, loss.
 *   M_forward_taped   the same, and keeps in `tape` what backward reads.
 *   M_backward        after forward_taped, with its params, inputs, lengths, seed, training, tape: the gradients.
 *   M_gradient        forward_taped and backward in one; needs both workspace and tape. No backward can follow it.
 *   M_step            forward with T = 1; refused by a model that looks ahead.
 *   M_pool_start      starts `threads` - 1 threads, which wait in `pool` for calls with that pool; the calling thread
 *                     is the first. The numbers do not depend on how many there are.
 *   M_pool_stop       ends them; before the library is unloaded or the pool's memory is freed.
 *   M_workspace_size  for any entry point.
 */
#define SEQC_DECLARE_MODEL(M)                                                                                          \
  const char *M##_describe(void);                                                                                      \
  int M##_init(const seqc_call *call);                                                                                 \
  int M##_prepare(const seqc_call *call);                                                                              \
  int M##_forward(const seqc_call *call);                                                                              \
  int M##_forward_taped(const seqc_call *call);                                                                        \
  int M##_backward(const seqc_call *call);                                                                             \
  int M##_gradient(const seqc_call *call);                                                                             \
  int M##_step(const seqc_call *call);                                                                                 \
  int M##_pool_start(const seqc_call *call);                                                                           \
  int M##_pool_stop(const seqc_call *call);                                                                            \
  int64_t M##_workspace_size(int64_t T, int64_t B);                                                                    \
  int64_t M##_tape_size(int64_t T, int64_t B);                                                                         \
  int64_t M##_prepared_size(void);                                                                                     \
  int64_t M##_pool_size(int64_t threads);

#ifdef __cplusplus
}
#endif
#endif /* SEQC_H */
