/*===- segments.c - Where a sequence is cut, and the memory of a cut call ------===
 *
 * Of a long sequence a tape can keep no more than the states before each segment: backward computes the rest again,
 * segment by segment. All programs then run on segments, so that their workspace holds one, too. A model says how much
 * memory that may take in all (seqc_model.bptt_memory); the size functions, and the calls themselves, find the cut by
 * the same function, from T and B alone.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <math.h>
#include <stddef.h>

/*===-- Memory ----------------------------------------------------------------------===*/

void seqc_take_states(seqc_arena *arena, const seqc_model *model, int64_t B, seqc_array *arrays) {
  for (int32_t i = 0; i < model->state_count; ++i) {
    const seqc_tensor *state = &model->states[i];
    seqc_slot slot = {.features = state->features, .batch = 1};
    int64_t count = seqc_extent(&slot, 1, B);
    void *data = seqc_take(arena, count, state->element);
    if (arrays)
      arrays[i] = (seqc_array){data, count, 0, 0};
  }
}

int64_t seqc_checkpoint_size(const seqc_model *model, int64_t B) {
  seqc_arena arena = {NULL, 0, 0};
  seqc_take_states(&arena, model, B, NULL);
  return arena.overflow ? -1 : arena.used;
}

static void take_ends(seqc_arena *arena, const seqc_model *model, int64_t B, seqc_array *ends) {
  for (int32_t i = 0; i < model->output_count; ++i) {
    const seqc_tensor *output = &model->outputs[i];
    seqc_slot slot = {.features = output->features, .batch = 1};
    int64_t count = output->last ? seqc_extent(&slot, 1, B) : 0;
    void *data = output->last ? seqc_take(arena, count, output->element) : NULL;
    if (ends)
      ends[i] = (seqc_array){data, count, 0, 0};
  }
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* Room for the runs of all programs, their prepared slots apart. */
static void take_programs(seqc_arena *arena, const seqc_model *model, int64_t B, int64_t steps,
                          seqc_cut_workspace *pieces) {
  const seqc_program *programs[] = {&model->forward, &model->forward_taped, &model->backward};
  int64_t packed_sizes[2] = {0, 0}, largest = 0;
  for (int i = 0; i < 3; ++i) {
    seqc_arena run = {NULL, 0, 0}, packed = {NULL, 0, 0};
    seqc_workspace unused;
    seqc_lay_out_workspace(&run, &packed, model, programs[i], steps, B, &unused);
    arena->overflow |= run.overflow | packed.overflow;
    packed_sizes[i / 2] = larger(packed_sizes[i / 2], packed.used);
    largest = larger(largest, run.used);
  }
  for (int i = 0; i < 2; ++i)
    pieces->packed[i] = (seqc_packed){seqc_take(arena, packed_sizes[i], 1), 0};
  pieces->program = seqc_take(arena, largest, 1);
  pieces->program_size = largest;
}

void seqc_lay_out_cut_workspace(seqc_arena *arena, const seqc_model *model, int64_t B, int64_t steps,
                                seqc_cut_workspace *pieces) {
  pieces->lengths = seqc_take(arena, B, sizeof(int64_t));
  pieces->inputs = seqc_take(arena, model->input_count, sizeof(seqc_array));
  pieces->d_inputs = seqc_take(arena, model->input_count, sizeof(seqc_array));
  pieces->outputs = seqc_take(arena, model->output_count, sizeof(seqc_array));
  pieces->d_outputs = seqc_take(arena, model->output_count, sizeof(seqc_array));
  pieces->ends = seqc_take(arena, model->output_count, sizeof(seqc_array));
  pieces->states = seqc_take(arena, model->state_count, sizeof(seqc_array));
  pieces->final_states = seqc_take(arena, model->state_count, sizeof(seqc_array));
  for (int i = 0; i < 2; ++i) {
    pieces->carried[i] = seqc_take(arena, model->state_count, sizeof(seqc_array));
    seqc_take_states(arena, model, B, pieces->carried[i]);
  }
  take_ends(arena, model, B, pieces->ends);
  take_programs(arena, model, B, steps, pieces);
}

void seqc_lay_out_cut_tape(seqc_arena *arena, const seqc_model *model, int64_t B, seqc_cut cut, seqc_cut_tape *pieces) {
  int64_t checkpoint = seqc_checkpoint_size(model, B);
  pieces->segment_size = seqc_whole_tape_size(model, cut.steps, B);
  arena->overflow |= checkpoint < 0 || pieces->segment_size < 0;
  pieces->header = seqc_take(arena, 1, sizeof(seqc_header));
  pieces->held = seqc_take(arena, 1, sizeof(int64_t));
  pieces->states_given = seqc_take(arena, model->state_count, 1);
  pieces->checkpoints = seqc_take(arena, cut.count, larger(checkpoint, 0));
  pieces->segment = seqc_take(arena, larger(pieces->segment_size, 0), 1);
}

static int64_t workspace_size(const seqc_model *model, int64_t T, int64_t B, seqc_cut cut) {
  seqc_arena arena = {NULL, 0, 0};
  seqc_cut_workspace pieces;
  if (cut.count == 1)
    return seqc_whole_workspace_size(model, T, B);
  seqc_lay_out_cut_workspace(&arena, model, B, cut.steps, &pieces);
  return arena.overflow ? -1 : arena.used;
}

static int64_t tape_size(const seqc_model *model, int64_t T, int64_t B, seqc_cut cut) {
  seqc_arena arena = {NULL, 0, 0};
  seqc_cut_tape pieces;
  if (cut.count == 1)
    return seqc_whole_tape_size(model, T, B);
  seqc_lay_out_cut_tape(&arena, model, B, cut, &pieces);
  return arena.overflow ? -1 : arena.used;
}

int64_t seqc_workspace_size(const seqc_model *model, int64_t T, int64_t B) {
  return T < 0 || B < 0 ? -1 : workspace_size(model, T, B, seqc_find_cut(model, T, B));
}

int64_t seqc_tape_size(const seqc_model *model, int64_t T, int64_t B) {
  return T < 0 || B < 0 ? -1 : tape_size(model, T, B, seqc_find_cut(model, T, B));
}

/*===-- The cut ---------------------------------------------------------------------===*/

/* Segments of equal length, as far as that is possible. */
static seqc_cut cut_into(int64_t T, int64_t count) {
  int64_t steps = T / count + (T % count != 0);
  return steps ? (seqc_cut){steps, T / steps + (T % steps != 0)} : (seqc_cut){0, 1};
}

/* Bytes of tape and workspace; INT64_MAX if there is no such number. */
static int64_t memory_of(const seqc_model *model, int64_t T, int64_t B, seqc_cut cut) {
  int64_t workspace = workspace_size(model, T, B, cut), tape = tape_size(model, T, B, cut), sum;
  return workspace < 0 || tape < 0 || __builtin_add_overflow(workspace, tape, &sum) ? INT64_MAX : sum;
}

/* Checkpoints of T / n steps and the tape of n take the least memory together where they take the same: at
 * n = sqrt(T * checkpoint / step). */
static seqc_cut find_smallest(const seqc_model *model, int64_t T, int64_t B) {
  double step = ((double)seqc_whole_tape_size(model, T, B) - (double)seqc_whole_tape_size(model, 0, B)) / (double)T;
  double checkpoint = (double)seqc_checkpoint_size(model, B);
  if (step <= 0)
    return cut_into(T, 1);
  double steps = sqrt((double)T * (checkpoint > 0 ? checkpoint / step : 1));
  return steps < 1 ? cut_into(T, T) : steps >= (double)T ? cut_into(T, 1) : cut_into(T, T / (int64_t)steps);
}

seqc_cut seqc_find_cut(const seqc_model *model, int64_t T, int64_t B) {
  seqc_cut whole = {T, 1};
  int64_t bound = model->bptt_memory;
  if (bound == 0 || T < 2 || B == 0 || (bound > 0 && memory_of(model, T, B, whole) <= bound))
    return whole;
  seqc_cut smallest = find_smallest(model, T, B);
  if (bound < 0 || memory_of(model, T, B, smallest) > bound)
    return smallest;
  /* The fewest segments that fit, since what is computed again grows with them: `few` are too few, `many` fit. */
  int64_t few = 1, many = smallest.count;
  while (many - few > 1) {
    int64_t middle = few + (many - few) / 2;
    if (memory_of(model, T, B, cut_into(T, middle)) <= bound)
      many = middle;
    else
      few = middle;
  }
  return cut_into(T, many);
}
