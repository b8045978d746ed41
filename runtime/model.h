/*===- model.h - What generated code hands to the runtime ---------------------===
 *
 * Not for users. `seqc` emits one constant `seqc_model` per model and thunks such as
 *   int M_forward(const seqc_call *call) { return seqc_run_forward(&M_model, call); }
 * A library with code for several levels of the processor has a `seqc_model` for each; they share the tensors.
 * The runtime checks the call, lays out the workspace, fills a frame with one pointer and two strides per slot,
 * and calls the generated program. Everything about memory that depends on T and B is decided here, by tables.
 *===--------------------------------------------------------------------------===*/
#ifndef SEQC_MODEL_H
#define SEQC_MODEL_H

#include "runtime/seqc.h"

/* Same numbers as SlotSource in dialect/RecurSchedule.td. */
typedef enum seqc_source {
  SEQC_PARAM,
  SEQC_INPUT,
  SEQC_STATE,
  SEQC_OUTPUT,
  SEQC_FINAL_STATE,
  SEQC_LOSS,
  SEQC_D_PARAM,
  SEQC_D_INPUT,
  SEQC_D_STATE,
  SEQC_D_OUTPUT,
  SEQC_D_FINAL_STATE,
  SEQC_WORKSPACE,
  SEQC_TAPE,
  SEQC_PREPARED,
  SEQC_D_LOSS /* where backward starts: 1, or 0 with no_loss; a d_output slot named "loss" in the IR */
} seqc_source;

/* Where one slot is during a call. Strides in elements; 0 where the slot has no time or no batch. */
typedef struct seqc_place {
  void *base;
  int64_t stride_t, stride_b;
} seqc_place;

/* What a generated program reads. `lengths` is never NULL. `zeros` is readable for as many bytes as the longest
 * row of any slot that has rows. `states_given`: the caller passed `states`; which of them, the places tell: the place
 * of one that is not given is that of its slot's fallback. Rows of workspace and tape follow one another, step by step:
 * products are written there without a look at the strides (ProductTiles.cpp).
 * Each thread of a call has a frame and runs the whole program, which takes its part of each phase
 * (codegen/cpu/Team.h). */
typedef struct seqc_frame {
  int64_t T, B;
  const int64_t *lengths;
  uint64_t seed;
  int64_t training;
  int64_t states_given;
  int64_t no_loss;
  int64_t valid_steps; /* of the batch: the sum of lengths, or what the caller says, or 1 if that is 0 */
  int64_t first_row;   /* number of row 0 in the batch */
  int64_t first_step;  /* number of step 0 in the sequence */
  int64_t accumulates; /* d_params hold what is to be added to */
  int64_t turn;        /* any number, one more in each step: what no result depends on may (ProductTiles.cpp) */
  const void *zeros;
  int64_t thread, threads;           /* which of the call's threads this is, and how many there are */
  void (*meet)(struct seqc_frame *); /* returns when all threads have called it; not called if there is one */
  struct seqc_member *member;        /* for `meet` */
  seqc_place places[];               /* in the order of the program's slots */
} seqc_frame;

/* What of a slot is cleared before a program runs. */
typedef enum seqc_clearing {
  SEQC_NOT_CLEARED,
  SEQC_CLEARED, /* all; of a d_param nothing if the caller accumulates */
  SEQC_BEGUN    /* the same, but nothing either if there are rows: the program stores in a d_param what comes first */
} seqc_clearing;

/* One slot of a program. */
typedef struct seqc_slot {
  int32_t source;   /* seqc_source */
  int32_t index;    /* which param, input, state slot, output, tape slot: position in the model's list */
  int64_t features; /* elements per row */
  int32_t element;  /* bytes per element */
  uint8_t time, batch;
  uint8_t zeroed;     /* seqc_clearing */
  uint8_t per_thread; /* each thread has memory of its own for it; without time and batch */
  uint8_t ring;       /* with time: no more than the last so many steps are kept, step t in row t mod ring; 0: all */
  int32_t fallback;   /* slot whose place is taken where the caller gives none; -1: zeros or scratch, with strides 0 */
  int32_t host;       /* where it may be in `gradient`, or -1. In the tape's list: the output with its values; of a
                         workspace slot: the slot of the tape, which has no host, whose values it may overwrite */
} seqc_slot;

typedef struct seqc_program {
  const seqc_slot *slots;
  int64_t slot_count;
  void (*prepare)(seqc_frame *); /* fills the SEQC_PREPARED slots from params; may be NULL */
  void (*run)(seqc_frame *);     /* may be NULL: the model has no such program */
} seqc_program;

/* One tensor that the caller knows by name. */
typedef struct seqc_tensor {
  const char *name;
  int64_t features;        /* elements per row */
  int32_t element;         /* bytes per element */
  int32_t init;            /* params: 0 constant, 1 xavier, 2 he, 3 orthogonal, 4 normal, 5 uniform */
  double a, b;             /* of the initialiser */
  int64_t rows, columns;   /* params: the last two dims (a vector: n and 1); leading ones repeat the initialiser */
  int64_t fan_in, fan_out; /* params */
  int64_t vocabulary;      /* inputs: ids lie in [0, vocabulary); 0: not an id */
  uint8_t last;            /* outputs: only the last step, [B, features] */
} seqc_tensor;

/* A level of the processor that the library has code for. */
typedef struct seqc_level {
  const char *name; /* as in --march */
  uint64_t needs;   /* features of the processor, see processor.def */
} seqc_level;

/* One for all models of a library. */
typedef struct seqc_library {
  const seqc_level *levels; /* the best one last */
  int64_t level_count;
  const char *names; /* of the levels, for messages */
  /* Written by seqc_load: */
  int64_t abi;       /* what calls must have: SEQC_ABI_VERSION; -1 where no level can run. `step` looks at it first */
  int64_t level;     /* the one that runs, or the one that would */
  const char *lacks; /* where none can run: the feature that is missing, or NULL if SEQC_MARCH names no level */
  int32_t is_forced; /* by SEQC_MARCH */
} seqc_library;

typedef struct seqc_model {
  const char *name, *description; /* description: the JSON text */
  int32_t element;                /* bytes of a real number: 4 or 8 */
  int32_t looks_ahead;            /* no step */
  const char *ahead;              /* the equation that looks ahead, for the message; NULL if none */
  const seqc_tensor *params, *inputs, *states, *outputs;
  int32_t param_count, input_count, state_count, output_count;
  int32_t has_loss;
  seqc_program forward, forward_taped, backward;
  const seqc_slot *tape; /* what forward_taped keeps; only extents, element and host of these count */
  int64_t tape_count;
  const void *zeros;   /* see seqc_frame */
  uint64_t tag;        /* of tapes and prepared memory: equal only for models with equal tables */
  int64_t bptt_memory; /* bytes that tape and workspace may have, see segments.c; 0: any; -1: about the least */
  const struct seqc_bptt *bptt; /* &seqc_bptt if that is not 0; otherwise NULL, and the library has no bptt.c */
  const seqc_library *library;
  int (*step)(const seqc_call *); /* of this level, in a library with several: where M_step goes on */
} seqc_model;

/*===-- Entry points: what the thunks call --------------------------------------===*/

#ifdef __cplusplus
extern "C" {
#endif

/* Called when the library is loaded. Returns the level whose models entry points are to use. */
int64_t seqc_load(seqc_library *library);

int seqc_run_init(const seqc_model *model, const seqc_call *call);
int seqc_run_prepare(const seqc_model *model, const seqc_call *call);
int seqc_run_forward(const seqc_model *model, const seqc_call *call);
int seqc_run_forward_taped(const seqc_model *model, const seqc_call *call);
int seqc_run_backward(const seqc_model *model, const seqc_call *call);
int seqc_run_gradient(const seqc_model *model, const seqc_call *call);
int seqc_run_step(const seqc_model *model, const seqc_call *call);
int seqc_run_pool_start(const seqc_model *model, const seqc_call *call);
int seqc_run_pool_stop(const seqc_model *model, const seqc_call *call);
int64_t seqc_workspace_size(const seqc_model *model, int64_t T, int64_t B);
int64_t seqc_tape_size(const seqc_model *model, int64_t T, int64_t B);
int64_t seqc_prepared_size(const seqc_model *model);
int64_t seqc_pool_size(const seqc_model *model, int64_t threads);

#ifdef __cplusplus
}
#endif

#endif /* SEQC_MODEL_H */
