/*===- layout.c - How workspace, tape and prepared memory are divided ---------===
 *
 * Each of the three is one function that deals out pieces in a fixed order. The size functions run it without memory,
 * so a size and the layout it promises cannot disagree.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <stddef.h>

int64_t seqc_extent(const seqc_slot *slot, int64_t T, int64_t B) {
  int64_t steps = slot->time ? (slot->ring && slot->ring < T ? slot->ring : T) : 1, rows = 1, elements;
  if (__builtin_mul_overflow(steps, slot->batch ? B : 1, &rows) ||
      __builtin_mul_overflow(rows, slot->features, &elements))
    return INT64_MAX; /* seqc_take finds that this, rounded up to its alignment, overflows */
  return elements;
}

void seqc_contiguous(const seqc_slot *slot, int64_t B, seqc_place *place) {
  int64_t row = slot->batch ? slot->features : 0;
  place->stride_b = row;
  /* A product that overflows belongs to a slot that was refused, or to B = 0, where no row is touched. */
  place->stride_t = slot->time ? (slot->batch ? (int64_t)((uint64_t)B * (uint64_t)row) : slot->features) : 0;
}

/* Whether the workspace holds memory for the slot: always for what is the program's own, and in reserve for states
 * (copied where their memory may be overwritten) and for gradients of parameters that cannot be added up in place. */
static int has_own_memory(const seqc_slot *slot) {
  switch (slot->source) {
  case SEQC_WORKSPACE:
  case SEQC_PREPARED:
  case SEQC_STATE:
    return 1;
  case SEQC_D_PARAM:
    return !slot->zeroed;
  default:
    return 0;
  }
}

/* Bytes of the longest row that a caller may not want. */
int64_t seqc_scratch_size(const seqc_program *program) {
  int64_t longest = 8;
  for (int64_t i = 0; i < program->slot_count; ++i) {
    const seqc_slot *slot = &program->slots[i];
    int64_t row = slot->features * slot->element;
    if (slot->source != SEQC_WORKSPACE && slot->source != SEQC_TAPE && slot->source != SEQC_PREPARED && row > longest)
      longest = row;
  }
  return longest;
}

void seqc_lay_out_workspace(seqc_arena *arena, seqc_arena *packed, const seqc_model *model, const seqc_program *program,
                            int64_t T, int64_t B, seqc_workspace *pieces) {
  int64_t places = program->slot_count * (int64_t)sizeof(seqc_place);
  pieces->frame = seqc_take(arena, (int64_t)sizeof(seqc_frame) + places, 1);
  pieces->lengths = seqc_take(arena, B, sizeof(int64_t));
  pieces->d_loss = seqc_take(arena, 1, sizeof(double));
  pieces->scratch = seqc_take(arena, seqc_scratch_size(program), 1);
  pieces->tape_offsets = seqc_take(arena, (int64_t)model->state_count + model->tape_count, sizeof(int64_t));
  for (int64_t i = 0; i < program->slot_count; ++i) {
    const seqc_slot *slot = &program->slots[i];
    seqc_arena *from = slot->source == SEQC_PREPARED ? packed : arena;
    void *own = has_own_memory(slot) ? seqc_take(from, seqc_extent(slot, T, B), slot->element) : NULL;
    if (pieces->frame) {
      pieces->frame->places[i].base = own;
      seqc_contiguous(slot, B, &pieces->frame->places[i]);
    }
  }
}

void seqc_lay_out_tape(seqc_arena *arena, const seqc_model *model, int64_t T, int64_t B, seqc_tape *pieces,
                       int64_t *offsets) {
  pieces->header = seqc_take(arena, 1, sizeof(seqc_header));
  pieces->states_given = seqc_take(arena, model->state_count, 1);
  for (int32_t i = 0; i < model->state_count; ++i) {
    const seqc_tensor *state = &model->states[i];
    seqc_slot slot = {.features = state->features, .batch = 1};
    if (offsets)
      offsets[i] = arena->used;
    seqc_take(arena, seqc_extent(&slot, T, B), state->element);
  }
  for (int64_t i = 0; i < model->tape_count; ++i) {
    if (offsets)
      offsets[model->state_count + i] = arena->used;
    seqc_take(arena, seqc_extent(&model->tape[i], T, B), model->tape[i].element);
  }
}

void seqc_lay_out_prepared(seqc_arena *arena, const seqc_model *model, seqc_prepared *pieces) {
  int64_t places = model->forward.slot_count * (int64_t)sizeof(seqc_place);
  pieces->header = seqc_take(arena, 1, sizeof(seqc_header));
  pieces->frame = seqc_take(arena, (int64_t)sizeof(seqc_frame) + places, 1);
}

int64_t seqc_whole_workspace_size(const seqc_model *model, int64_t T, int64_t B) {
  const seqc_program *programs[] = {&model->forward, &model->forward_taped, &model->backward};
  int64_t largest = 0;
  for (int i = 0; i < 3; ++i) {
    seqc_arena arena = {NULL, 0, 0};
    seqc_workspace pieces;
    seqc_lay_out_workspace(&arena, &arena, model, programs[i], T, B, &pieces);
    if (arena.overflow)
      return -1;
    largest = arena.used > largest ? arena.used : largest;
  }
  return largest;
}

int64_t seqc_whole_tape_size(const seqc_model *model, int64_t T, int64_t B) {
  seqc_arena arena = {NULL, 0, 0};
  seqc_tape pieces;
  seqc_lay_out_tape(&arena, model, T, B, &pieces, NULL);
  return arena.overflow ? -1 : arena.used;
}

int64_t seqc_prepared_size(const seqc_model *model) {
  seqc_arena arena = {NULL, 0, 0};
  seqc_prepared pieces;
  seqc_lay_out_prepared(&arena, model, &pieces);
  for (int64_t i = 0; i < model->forward.slot_count; ++i)
    if (model->forward.slots[i].source == SEQC_PREPARED)
      seqc_take(&arena, model->forward.slots[i].features, model->forward.slots[i].element);
  return arena.overflow ? -1 : arena.used;
}
