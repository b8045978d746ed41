/*===- SmallModel.c - A model whose tables and programs are written by hand ----===*/
#include "SmallModel.h"

#include <stddef.h>

enum { F = small_features, element = sizeof(double) };

static double *row(const seqc_frame *frame, int slot, int64_t t, int64_t b) {
  const seqc_place *place = &frame->places[slot];
  return (double *)place->base + t * place->stride_t + b * place->stride_b;
}

static int32_t id_at(const seqc_frame *frame, int slot, int64_t t, int64_t b) {
  const seqc_place *place = &frame->places[slot];
  return *((const int32_t *)place->base + t * place->stride_t + b * place->stride_b);
}

/*===-- forward and forward_taped -------------------------------------------------===*/

/* `kept` is where h goes: workspace in forward, tape in forward_taped. `table` is E, packed by `prepare`. */
enum {
  slot_w,
  slot_E,
  slot_start,
  slot_x,
  slot_id,
  slot_h0,
  slot_out,
  slot_last,
  slot_final,
  slot_loss,
  slot_kept,
  slot_table,
  slot_sum,
  forward_slots
};

#define FORWARD_SLOTS(kept)                                                                                            \
  {                                                                                                                    \
      {SEQC_PARAM, small_param_w, F, element, 0, 0, 0, 0, 0, -1, -1},                                                  \
      {SEQC_PARAM, small_param_E, 5 * F, element, 0, 0, 0, 0, 0, -1, -1},                                              \
      {SEQC_PARAM, small_param_start, F, element, 0, 0, 0, 0, 0, -1, -1},                                              \
      {SEQC_INPUT, small_input_x, F, element, 1, 1, 0, 0, 0, -1, -1},                                                  \
      {SEQC_INPUT, small_input_id, 1, 4, 1, 1, 0, 0, 0, -1, -1},                                                       \
      {SEQC_STATE, 0, F, element, 0, 1, 0, 0, 0, slot_start, -1},                                                      \
      {SEQC_OUTPUT, small_output_h, F, element, 1, 1, 0, 0, 0, -1, -1},                                                \
      {SEQC_OUTPUT, small_output_last, F, element, 0, 1, 0, 0, 0, -1, -1},                                             \
      {SEQC_FINAL_STATE, 0, F, element, 0, 1, 0, 0, 0, -1, -1},                                                        \
      {SEQC_LOSS, 0, 1, element, 0, 0, 0, 0, 0, -1, -1},                                                               \
      {kept, 0, F, element, 1, 1, 0, 0, 0, -1, -1},                                                                    \
      {SEQC_PREPARED, 0, 5 * F, element, 0, 0, 0, 0, 0, -1, -1},                                                       \
      {SEQC_WORKSPACE, 0, 1, element, 0, 0, 1, 0, 0, -1, -1},                                                          \
  }

static const seqc_slot slots_of_forward[] = FORWARD_SLOTS(SEQC_WORKSPACE);
static const seqc_slot slots_of_taped[] = FORWARD_SLOTS(SEQC_TAPE);

static void prepare(seqc_frame *frame) {
  for (int i = 0; i < small_ids * F; ++i)
    row(frame, slot_table, 0, 0)[i] = row(frame, slot_E, 0, 0)[i];
}

static void step(seqc_frame *frame, int64_t t, int64_t b) {
  int valid = t < frame->lengths[b];
  const double *before = t ? row(frame, slot_kept, t - 1, b) : row(frame, slot_h0, 0, b);
  int64_t id = valid ? id_at(frame, slot_id, t, b) : 0;
  for (int f = 0; f < F; ++f) {
    double h = row(frame, slot_w, 0, 0)[f] * before[f] + row(frame, slot_x, t, b)[f] +
               row(frame, slot_table, 0, 0)[id * F + f];
    row(frame, slot_kept, t, b)[f] = valid ? h : 0;
    row(frame, slot_out, t, b)[f] = valid ? h : 0;
    if (valid)
      *row(frame, slot_sum, 0, 0) += h;
  }
}

static void run_forward(seqc_frame *frame) {
  for (int64_t t = 0; t < frame->T; ++t)
    for (int64_t b = 0; b < frame->B; ++b)
      step(frame, t, b);
  for (int64_t b = 0; b < frame->B; ++b) {
    int64_t length = frame->lengths[b];
    const double *last = length ? row(frame, slot_kept, length - 1, b) : row(frame, slot_h0, 0, b);
    for (int f = 0; f < F; ++f) {
      row(frame, slot_last, 0, b)[f] = last[f];
      row(frame, slot_final, 0, b)[f] = last[f];
    }
  }
  *row(frame, slot_loss, 0, 0) = *row(frame, slot_sum, 0, 0);
}

/*===-- backward --------------------------------------------------------------------===*/

/* The gradient of w is accumulated in place; that of start is written once, as a value that comes late would be. */
enum {
  back_w,
  back_start,
  back_id,
  back_h0,
  back_h,
  back_d_out,
  back_d_last,
  back_d_final,
  back_d_loss,
  back_d_w,
  back_d_E,
  back_d_start,
  back_d_x,
  back_d_h0,
  back_dh,
  back_d_unused,
  backward_slots
};

static const seqc_slot slots_of_backward[] = {
    {SEQC_PARAM, small_param_w, F, element, 0, 0, 0, 0, 0, -1, -1},
    {SEQC_PARAM, small_param_start, F, element, 0, 0, 0, 0, 0, -1, -1},
    {SEQC_INPUT, small_input_id, 1, 4, 1, 1, 0, 0, 0, -1, -1},
    {SEQC_STATE, 0, F, element, 0, 1, 0, 0, 0, back_start, -1},
    {SEQC_TAPE, 0, F, element, 1, 1, 0, 0, 0, -1, -1},
    {SEQC_D_OUTPUT, small_output_h, F, element, 1, 1, 0, 0, 0, -1, -1},
    {SEQC_D_OUTPUT, small_output_last, F, element, 0, 1, 0, 0, 0, -1, -1},
    {SEQC_D_FINAL_STATE, 0, F, element, 0, 1, 0, 0, 0, -1, -1},
    {SEQC_D_LOSS, 0, 1, element, 0, 0, 0, 0, 0, -1, -1},
    {SEQC_D_PARAM, small_param_w, F, element, 0, 0, 1, 0, 0, -1, -1},
    {SEQC_D_PARAM, small_param_E, small_ids * F, element, 0, 0, 1, 0, 0, -1, -1},
    {SEQC_D_PARAM, small_param_start, F, element, 0, 0, 0, 0, 0, -1, -1},
    {SEQC_D_INPUT, small_input_x, F, element, 1, 1, 0, 0, 0, -1, -1},
    {SEQC_D_STATE, 0, F, element, 0, 1, 0, 0, 0, -1, -1},
    {SEQC_WORKSPACE, 0, F, element, 0, 1, 1, 0, 0, -1, -1},
    {SEQC_D_PARAM, small_param_unused, 2, element, 0, 0, 1, 0, 0, -1, -1},
};

static void step_back(seqc_frame *frame, int64_t t, int64_t b) {
  int valid = t < frame->lengths[b], last = t == frame->lengths[b] - 1;
  const double *before = t ? row(frame, back_h, t - 1, b) : row(frame, back_h0, 0, b);
  double *dh = row(frame, back_dh, 0, b);
  for (int f = 0; f < F; ++f) {
    if (last)
      dh[f] += row(frame, back_d_last, 0, b)[f] + row(frame, back_d_final, 0, b)[f];
    double d = valid ? dh[f] + row(frame, back_d_out, t, b)[f] + *row(frame, back_d_loss, 0, 0) : 0;
    row(frame, back_d_x, t, b)[f] = d;
    if (!valid)
      continue;
    row(frame, back_d_w, 0, 0)[f] += d * before[f];
    row(frame, back_d_E, 0, 0)[id_at(frame, back_id, t, b) * F + f] += d;
    dh[f] = d * row(frame, back_w, 0, 0)[f];
  }
}

static void run_backward(seqc_frame *frame) {
  for (int64_t t = frame->T; t-- > 0;)
    for (int64_t b = 0; b < frame->B; ++b)
      step_back(frame, t, b);
  int given = frame->places[back_h0].base != frame->places[back_start].base;
  double start[F] = {0};
  for (int64_t b = 0; b < frame->B; ++b)
    for (int f = 0; f < F; ++f) {
      double d = row(frame, back_dh, 0, b)[f];
      if (!frame->lengths[b])
        d = row(frame, back_d_last, 0, b)[f] + row(frame, back_d_final, 0, b)[f];
      row(frame, back_d_h0, 0, b)[f] = d;
      start[f] += given ? 0 : d;
    }
  for (int f = 0; f < F; ++f)
    row(frame, back_d_start, 0, 0)[f] = start[f];
}

/*===-- The model -------------------------------------------------------------------===*/

static const seqc_tensor params[] = {
    {.name = "w",
     .features = F,
     .element = element,
     .init = 5,
     .a = -1,
     .b = 1,
     .rows = F,
     .columns = 1,
     .fan_in = F,
     .fan_out = F},
    {.name = "E",
     .features = small_ids * F,
     .element = element,
     .init = 4,
     .a = 0.5,
     .rows = small_ids,
     .columns = F,
     .fan_in = F,
     .fan_out = small_ids},
    {.name = "start",
     .features = F,
     .element = element,
     .init = 0,
     .a = 0.25,
     .rows = F,
     .columns = 1,
     .fan_in = F,
     .fan_out = F},
    {.name = "unused",
     .features = 2,
     .element = element,
     .init = 0,
     .rows = 2,
     .columns = 1,
     .fan_in = 2,
     .fan_out = 2},
};
static const seqc_tensor inputs[] = {{.name = "x", .features = F, .element = element},
                                     {.name = "id", .features = 1, .element = 4, .vocabulary = small_ids}};
static const seqc_tensor states[] = {{.name = "h[0]", .features = F, .element = element}};
static const seqc_tensor outputs[] = {{.name = "h", .features = F, .element = element},
                                      {.name = "end", .features = F, .element = element, .last = 1}};
static const seqc_slot tape[] = {{SEQC_TAPE, 0, F, element, 1, 1, 0, 0, 0, -1, -1}};
static const double zeros[small_ids * F];

/* As it is once it has been loaded on a processor that has what it needs. */
static const seqc_level level = {"any", 0};
static const seqc_library library = {.levels = &level, .level_count = 1, .names = "any", .abi = SEQC_ABI_VERSION};

#define COMMON                                                                                                         \
  .name = "Small", .description = "{}", .element = element, .params = params, .inputs = inputs, .states = states,      \
  .outputs = outputs, .param_count = small_params, .input_count = small_inputs, .state_count = 1,                      \
  .output_count = small_outputs, .has_loss = 1, .zeros = zeros, .tag = 17, .library = &library,                        \
  .forward = {slots_of_forward, forward_slots, prepare, run_forward}

#define GRADIENTS                                                                                                      \
  .tape = tape, .tape_count = 1, .forward_taped = {slots_of_taped, forward_slots, prepare, run_forward},               \
  .backward = {slots_of_backward, backward_slots, NULL, run_backward}

const seqc_model small_model = {COMMON, GRADIENTS};
const seqc_model small_model_ahead = {COMMON, GRADIENTS, .looks_ahead = 1, .ahead = "equation 'h' reads a later step"};
const seqc_model small_model_forward_only = {COMMON};
