/*===- internal.h - What the runtime's files share ----------------------------===
 *
 * check.c refuses wrong calls, layout.c divides the caller's memory, which arena.c deals out, segments.c does where a
 * sequence is cut, run.c binds slots and calls programs, bptt.c calls them segment by segment, pool.c lets threads
 * share them, denormals.c has denormal numbers count as zeros, init.c fills parameters, text.c writes messages, tiles.c
 * asks the kernel, processor.c the processor. Nothing here allocates or locks, and nothing but tiles.c and the threads
 * of a pool keeps state from call to call.
 *===--------------------------------------------------------------------------===*/
#ifndef SEQC_RUNTIME_INTERNAL_H
#define SEQC_RUNTIME_INTERNAL_H

#include "runtime/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory of its own for what `prepare` of a program fills, so that one filling serves several runs. */
typedef struct seqc_packed {
  char *base;
  int is_filled;
} seqc_packed;

/* One call of one entry point, or of a segment of it. */
typedef struct seqc_context {
  const seqc_model *model;
  const seqc_call *call;
  const char *entry; /* for messages: "forward" */
  int shares;        /* forward_taped and backward are one call: slots may be where their hosts are */
  /* For segments: */
  int64_t first_step;  /* number of its step 0 */
  int64_t surplus;     /* backward starts from that much less than 1 */
  seqc_packed *packed; /* NULL: a part of the workspace */
} seqc_context;

/*===-- tiles.c -----------------------------------------------------------------===*/

/* Whether generated code may use matrix tile registers. */
int seqc_matrix_tiles(void);

/*===-- denormals.c -------------------------------------------------------------===*/

/* The bits of the control register (MXCSR, FPCR) by which denormal operands and results are zeros. */
enum { SEQC_FLUSH_X86 = 1 << 15 | 1 << 6, SEQC_FLUSH_AARCH64 = 1 << 24 };

/* Sets these bits for this thread. Returns what the register was, for seqc_restore_denormals. */
uint64_t seqc_flush_denormals(void);
void seqc_restore_denormals(uint64_t before);

/*===-- processor.c -------------------------------------------------------------===*/

uint64_t seqc_processor_features(void);

/* Chooses the best level for a processor with the features `has`, or the level `wanted` if that is a name. */
void seqc_choose_level(seqc_library *library, uint64_t has, const char *wanted);

/* Whether the generated code can run at all. */
int seqc_check_processor(const seqc_context *context);

/*===-- text.c ------------------------------------------------------------------===*/

/* Writes "MODEL_ENTRY: " and the text to call->error and returns `status`. In `format`, %s is a string and %d an
 * int64_t. (snprintf may allocate.) */
int seqc_fail(const seqc_context *context, int status, const char *format, ...);

/*===-- arena.c -----------------------------------------------------------------===*/

/* Memory that is dealt out from its start, each piece aligned. With a NULL base only the size is found out. */
typedef struct seqc_arena {
  char *base;
  int64_t used;
  int overflow; /* the size does not fit into 63 bits */
} seqc_arena;

/* Room for `count` elements of `size` bytes; NULL in an arena without base. */
void *seqc_take(seqc_arena *arena, int64_t count, int64_t size);

/*===-- layout.c ----------------------------------------------------------------===*/

/* The pieces of a workspace during the run of one program. */
typedef struct seqc_workspace {
  seqc_frame *frame; /* its places: own memory of the slots that have some, else NULL */
  int64_t *lengths;
  double *d_loss;
  void *scratch;         /* takes what nobody wants: as long as the longest row that a program writes */
  int64_t *tape_offsets; /* of the copies of the states, then of the tape slots */
} seqc_workspace;

/* `packed`: where the prepared slots go, which may be `arena`. */
void seqc_lay_out_workspace(seqc_arena *arena, seqc_arena *packed, const seqc_model *model, const seqc_program *program,
                            int64_t T, int64_t B, seqc_workspace *pieces);

/* Bytes of `scratch`. */
int64_t seqc_scratch_size(const seqc_program *program);

/* First thing in a tape or in prepared memory: who wrote it. */
typedef struct seqc_header {
  uint64_t tag; /* of the model; its complement in a tape that gradient has used up */
  int64_t T, B;
} seqc_header;

typedef struct seqc_tape {
  seqc_header *header;
  uint8_t *states_given; /* a byte for each state */
} seqc_tape;

/* `offsets` (may be NULL) receives the offset of the copy of each state, then of each tape slot. */
void seqc_lay_out_tape(seqc_arena *arena, const seqc_model *model, int64_t T, int64_t B, seqc_tape *pieces,
                       int64_t *offsets);

typedef struct seqc_prepared {
  seqc_header *header;
  seqc_frame *frame; /* for the run of `prepare`; later calls have a frame of their own in their workspace */
} seqc_prepared;

/* The begin of prepared memory; the slots follow in the order of the program. */
void seqc_lay_out_prepared(seqc_arena *arena, const seqc_model *model, seqc_prepared *pieces);

/* Bytes for a call that is not cut; -1 if there is no such number. */
int64_t seqc_whole_workspace_size(const seqc_model *model, int64_t T, int64_t B);
int64_t seqc_whole_tape_size(const seqc_model *model, int64_t T, int64_t B);

/* Elements of a slot with its extents. */
int64_t seqc_extent(const seqc_slot *slot, int64_t T, int64_t B);

/* Strides of contiguous [T, B, features], 0 along axes that the slot does not have. */
void seqc_contiguous(const seqc_slot *slot, int64_t B, seqc_place *place);

/*===-- segments.c --------------------------------------------------------------===*/

/* How a sequence is cut: `count` segments of `steps` steps, of which the last may have fewer. */
typedef struct seqc_cut {
  int64_t steps, count;
} seqc_cut;

seqc_cut seqc_find_cut(const seqc_model *model, int64_t T, int64_t B);

/* The pieces of a workspace of a cut call. Arrays are in the order of the model's lists. */
typedef struct seqc_cut_workspace {
  int64_t *lengths;
  seqc_array *inputs, *outputs, *states, *final_states; /* of the present segment */
  seqc_array *d_inputs, *d_outputs;
  seqc_array *ends;       /* [B, features] for outputs of the last step */
  seqc_array *carried[2]; /* states or their gradients between segments */
  seqc_packed packed[2];  /* of the forward program and of backward */
  char *program;          /* workspace of one run */
  int64_t program_size;
} seqc_cut_workspace;

void seqc_lay_out_cut_workspace(seqc_arena *arena, const seqc_model *model, int64_t B, int64_t steps,
                                seqc_cut_workspace *pieces);

/* The pieces of a tape of a cut call. */
typedef struct seqc_cut_tape {
  seqc_header *header;
  int64_t *held;         /* the segment whose tape is at `segment`; -1: none */
  uint8_t *states_given; /* by the caller, before the first segment */
  char *checkpoints;     /* the states before each segment */
  char *segment;         /* tape of one segment */
  int64_t segment_size;
} seqc_cut_tape;

void seqc_lay_out_cut_tape(seqc_arena *arena, const seqc_model *model, int64_t B, seqc_cut cut, seqc_cut_tape *pieces);

/* Deals out one array [B, features] for each state. */
void seqc_take_states(seqc_arena *arena, const seqc_model *model, int64_t B, seqc_array *arrays);

/* Bytes of the states before one step, for `B` rows; -1 if there is no such number. */
int64_t seqc_checkpoint_size(const seqc_model *model, int64_t B);

/*===-- run.c -------------------------------------------------------------------===*/

/* Runs a program after the call has been checked. `taped`: it writes or reads the tape. */
void seqc_run_program(const seqc_context *context, const seqc_program *program, int taped);

/*===-- bptt.c ------------------------------------------------------------------===*/

/* The same for calls that are cut: outputs, final states and loss, with the checkpoints or without; and the gradients,
 * after the checkpoints were written. */
struct seqc_bptt {
  void (*forward)(const seqc_context *context, seqc_cut cut, int taped);
  void (*backward)(const seqc_context *context, seqc_cut cut);
};
extern const struct seqc_bptt seqc_bptt;

/*===-- check.c -----------------------------------------------------------------===*/

/* What an entry point uses of a call, and so what is checked. */
enum {
  SEQC_USES_PARAMS = 1,
  SEQC_USES_SEQUENCES = 2, /* T, B, lengths, inputs, workspace */
  SEQC_USES_STATES = 4,
  SEQC_USES_RESULTS = 8, /* outputs, final states, loss */
  SEQC_USES_GRADIENTS = 16,
  SEQC_WRITES_TAPE = 32,
  SEQC_READS_TAPE = 64,
  SEQC_WRITES_PREPARED = 128,
  SEQC_MAY_READ_PREPARED = 256
};

/* Whether there is a call that can be read at all. */
int seqc_check_call(const seqc_context *context);
int seqc_check(const seqc_context *context, unsigned uses);

/* Memory `name` of at least `needed` bytes, aligned. */
int seqc_check_memory(const seqc_context *context, const char *name, const void *memory, int64_t size, int64_t needed);

/* Steps that count, of all rows; after the lengths have been checked. */
int64_t seqc_valid_steps(const seqc_call *call);

/* The array as [T, B, features] or [B, features]: strides that are 0 stand for contiguous ones. */
seqc_place seqc_resolve(const seqc_array *array, int64_t features, int64_t B, int time);

/*===-- pool.c ------------------------------------------------------------------===*/

typedef struct seqc_pool seqc_pool;

/* Makes the call the only one that uses its pool, if it has one, until it is released. */
int seqc_take_pool(const seqc_context *context);
void seqc_release_pool(const seqc_call *call);

/* Calls `function` of a program on the frame of the workspace, and on all threads of the pool. */
void seqc_pool_run(seqc_pool *pool, const seqc_program *program, void (*function)(seqc_frame *),
                   const seqc_workspace *workspace);

#ifdef __cplusplus
}
#endif

#endif /* SEQC_RUNTIME_INTERNAL_H */
