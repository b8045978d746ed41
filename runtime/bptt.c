/*===- bptt.c - Calls that are cut in time ---------------------------------------===
 *
 * A model that never looks ahead computes a sequence segment by segment, with the states handed on; so do its
 * gradients, from the last segment to the first, with the gradients of the states handed back. Each segment is a call
 * of its own: lengths, slices and states are those that this caller would pass. Forward keeps the states before each
 * segment on the tape, and backward writes the rest of the tape of a segment again just before it reads it.
 *
 * A loss is affine in sums over steps (the compiler sees to that), so that those of the segments add up, but for what
 * no step contributes to, as in `mean(…) + sum(W * W)`: every segment counts it. A run without rows gives it alone, and
 * takes it off again.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <stddef.h>
#include <string.h>

typedef struct cut_run {
  const seqc_context *whole;
  seqc_cut cut;
  seqc_cut_workspace memory;
  seqc_cut_tape tape;
  seqc_call call; /* of the present segment */
  seqc_context context;
  int64_t begin; /* its first step */
} cut_run;

static void start(cut_run *run, const seqc_context *whole, seqc_cut cut, int taped) {
  const seqc_call *call = whole->call;
  seqc_arena workspace = {call->workspace, 0, 0}, tape = {taped ? call->tape : NULL, 0, 0};
  run->whole = whole;
  run->cut = cut;
  seqc_lay_out_cut_workspace(&workspace, whole->model, call->B, cut.steps, &run->memory);
  seqc_lay_out_cut_tape(&tape, whole->model, call->B, cut, &run->tape);
}

/*===-- Segments --------------------------------------------------------------------===*/

static int64_t length_of(const seqc_call *call, int64_t b) { return call->lengths ? call->lengths[b] : call->T; }

/* Whether row b of the whole ends in the present segment; an empty one does in the first. */
static int ends_here(const cut_run *run, int64_t b) {
  int64_t length = length_of(run->whole->call, b);
  return length <= run->begin + run->call.T && (length > run->begin || run->begin == 0);
}

/* The steps of the present segment in arrays of the whole. */
static const seqc_array *slice(const cut_run *run, seqc_array *slices, const seqc_array *arrays,
                               const seqc_tensor *tensors, int32_t count) {
  if (!arrays)
    return NULL;
  for (int32_t i = 0; i < count; ++i) {
    slices[i] = arrays[i];
    if (!arrays[i].data || tensors[i].last)
      continue;
    seqc_place place = seqc_resolve(&arrays[i], tensors[i].features, run->call.B, 1);
    char *data = (char *)place.base + run->begin * place.stride_t * tensors[i].element;
    slices[i] = (seqc_array){data, arrays[i].count, place.stride_t, place.stride_b};
  }
  return slices;
}

/* Ids and masks have no gradient; what stands for them may be anything. */
static const seqc_array *slice_d_inputs(const cut_run *run) {
  const seqc_model *model = run->whole->model;
  const seqc_array *arrays = run->whole->call->d_inputs;
  seqc_array *slices = run->memory.d_inputs;
  for (int32_t i = 0; arrays && i < model->input_count; ++i) {
    int is_real = !model->inputs[i].vocabulary && model->inputs[i].element != 1;
    slices[i] = is_real ? arrays[i] : (seqc_array){NULL, 0, 0, 0};
  }
  return slice(run, slices, arrays ? slices : NULL, model->inputs, model->input_count);
}

/* Makes the call that of segment `s`, with nothing wanted of it yet. */
static void enter(cut_run *run, int64_t s) {
  const seqc_model *model = run->whole->model;
  const seqc_call *call = run->whole->call;
  run->begin = s * run->cut.steps;
  int64_t left = call->T - run->begin;
  run->call = *call;
  run->call.T = left < run->cut.steps ? left : run->cut.steps;
  run->call.batch_steps = call->batch_steps ? call->batch_steps : seqc_valid_steps(call);
  for (int64_t b = 0; b < call->B; ++b) {
    int64_t rest = length_of(call, b) - run->begin;
    run->memory.lengths[b] = rest < 0 ? 0 : rest < run->call.T ? rest : run->call.T;
  }
  run->call.lengths = run->memory.lengths;
  run->call.inputs = slice(run, run->memory.inputs, call->inputs, model->inputs, model->input_count);
  run->call.states = run->call.outputs = run->call.final_states = NULL;
  run->call.loss = NULL;
  run->call.workspace = run->memory.program;
  run->call.workspace_size = run->memory.program_size;
  run->call.tape = run->tape.segment;
  run->call.tape_size = run->tape.segment_size;
  run->context = *run->whole;
  run->context.call = &run->call;
  run->context.first_step = run->begin;
}

/* Makes it one without steps and rows. */
static void enter_nothing(cut_run *run) {
  enter(run, 0);
  run->call.T = run->call.B = 0;
}

static void run_program(cut_run *run, const seqc_program *program, int taped) {
  run->context.packed = &run->memory.packed[program == &run->whole->model->backward];
  seqc_run_program(&run->context, program, taped);
}

/* `held`: the segment that this is, or -1. */
static void run_taped(cut_run *run, int64_t held) {
  run_program(run, &run->whole->model->forward_taped, 1);
  *run->tape.held = held;
}

/*===-- Forward ---------------------------------------------------------------------===*/

/* The states before segment `s`, from the tape. */
static seqc_array *checkpoint(const cut_run *run, int64_t s, seqc_array *arrays) {
  const seqc_model *model = run->whole->model;
  int64_t B = run->whole->call->B;
  seqc_arena arena = {run->tape.checkpoints + s * seqc_checkpoint_size(model, B), 0, 0};
  seqc_take_states(&arena, model, B, arrays);
  for (int32_t i = 0; s == 0 && i < model->state_count; ++i)
    if (!run->tape.states_given[i])
      arrays[i].data = NULL;
  return arrays;
}

/* Keeps what the caller gives: final states may overwrite it. */
static void keep_states(const cut_run *run) {
  const seqc_model *model = run->whole->model;
  const seqc_call *call = run->whole->call;
  *run->tape.header = (seqc_header){model->tag, call->T, call->B};
  for (int32_t i = 0; i < model->state_count; ++i)
    run->tape.states_given[i] = call->states && call->states[i].data;
  seqc_array *kept = checkpoint(run, 0, run->memory.states);
  for (int32_t i = 0; i < model->state_count; ++i) {
    if (!kept[i].data)
      continue;
    int64_t bytes = model->states[i].features * model->states[i].element;
    seqc_place from = seqc_resolve(&call->states[i], model->states[i].features, call->B, 0);
    for (int64_t b = 0; b < call->B; ++b)
      memcpy((char *)kept[i].data + b * bytes, (char *)from.base + b * from.stride_b * model->states[i].element,
             (size_t)bytes);
  }
}

/* Where the states of segment `s` come from and go to. */
static void hand_on(cut_run *run, int64_t s, int taped) {
  const seqc_call *call = run->whole->call;
  int is_last = s + 1 == run->cut.count;
  if (taped) {
    run->call.states = checkpoint(run, s, run->memory.states);
    run->call.final_states = is_last ? call->final_states : checkpoint(run, s + 1, run->memory.final_states);
  } else {
    run->call.states = s == 0 ? call->states : run->memory.carried[s % 2];
    run->call.final_states = is_last ? call->final_states : run->memory.carried[(s + 1) % 2];
  }
}

/* Outputs of the last step go to rows of our own, of which the caller gets those that end in this segment. */
static void want_outputs(cut_run *run) {
  const seqc_model *model = run->whole->model;
  const seqc_array *outputs = run->whole->call->outputs;
  seqc_array *slices = run->memory.outputs;
  run->call.outputs = slice(run, slices, outputs, model->outputs, model->output_count);
  for (int32_t i = 0; outputs && i < model->output_count; ++i)
    if (outputs[i].data && model->outputs[i].last)
      slices[i] = run->memory.ends[i];
}

/* Copies rows of the last step: to the caller, if `back` is not set; else from him, and zeros for rows that do not end
 * in this segment. */
static void copy_ends(const cut_run *run, const seqc_array *callers, int back) {
  const seqc_model *model = run->whole->model;
  for (int32_t i = 0; callers && i < model->output_count; ++i) {
    const seqc_tensor *output = &model->outputs[i];
    if (!output->last || !callers[i].data)
      continue;
    size_t bytes = (size_t)(output->features * output->element);
    seqc_place place = seqc_resolve(&callers[i], output->features, run->whole->call->B, 0);
    for (int64_t b = 0; b < run->whole->call->B; ++b) {
      char *own = (char *)run->memory.ends[i].data + (size_t)b * bytes;
      char *row = (char *)place.base + b * place.stride_b * output->element;
      if (ends_here(run, b))
        memcpy(back ? own : row, back ? row : own, bytes);
      else if (back)
        memset(own, 0, bytes);
    }
  }
}

static double real_at(const seqc_model *model, const void *real) {
  return model->element == 8 ? *(const double *)real : *(const float *)real;
}

static void run_forward(const seqc_context *whole, seqc_cut cut, int taped) {
  const seqc_model *model = whole->model;
  const seqc_call *call = whole->call;
  cut_run run;
  double loss = 0, part = 0;
  void *wanted = model->has_loss && call->loss ? &part : NULL;
  start(&run, whole, cut, taped);
  if (taped)
    keep_states(&run);
  if (wanted) {
    enter_nothing(&run);
    run.call.loss = wanted;
    run_program(&run, taped ? &model->forward_taped : &model->forward, taped);
    loss = (double)(1 - cut.count) * real_at(model, wanted);
  }
  for (int64_t s = 0; s < cut.count; ++s) {
    enter(&run, s);
    hand_on(&run, s, taped);
    want_outputs(&run);
    run.call.loss = wanted;
    if (taped)
      run_taped(&run, s);
    else
      run_program(&run, &model->forward, 0);
    copy_ends(&run, call->outputs, 0);
    loss += wanted ? real_at(model, wanted) : 0;
  }
  if (wanted && model->element == 8)
    *(double *)call->loss = loss;
  else if (wanted)
    *(float *)call->loss = (float)loss;
}

/*===-- Backward --------------------------------------------------------------------===*/

/* Gradients of outputs of the last step count where a row ends. */
static void give_d_outputs(cut_run *run) {
  const seqc_model *model = run->whole->model;
  const seqc_array *given = run->whole->call->d_outputs;
  seqc_array *slices = run->memory.d_outputs;
  run->call.d_outputs = slice(run, slices, given, model->outputs, model->output_count);
  copy_ends(run, given, 1);
  for (int32_t i = 0; given && i < model->output_count; ++i)
    if (given[i].data && model->outputs[i].last)
      slices[i] = run->memory.ends[i];
}

static void run_back(cut_run *run, int64_t s) {
  const seqc_call *call = run->whole->call;
  int is_last = s + 1 == run->cut.count;
  enter(run, s);
  if (*run->tape.held != s) {
    run->call.states = checkpoint(run, s, run->memory.states);
    run_taped(run, s);
  }
  give_d_outputs(run);
  run->call.d_inputs = slice_d_inputs(run);
  run->call.d_final_states = is_last ? call->d_final_states : run->memory.carried[(s + 1) % 2];
  run->call.d_states = s == 0 ? call->d_states : run->memory.carried[s % 2];
  run->call.accumulate = is_last ? call->accumulate : 1;
  run_program(run, &run->whole->model->backward, 1);
}

/* All segments but one have counted in vain what no step contributes to. */
static void take_off_surplus(cut_run *run) {
  enter_nothing(run);
  run_taped(run, -1);
  run->call.d_outputs = run->call.d_final_states = run->call.d_inputs = run->call.d_states = NULL;
  run->call.accumulate = 1;
  run->context.surplus = run->cut.count;
  run_program(run, &run->whole->model->backward, 1);
}

static void run_backward(const seqc_context *whole, seqc_cut cut) {
  cut_run run;
  start(&run, whole, cut, 1);
  for (int64_t s = cut.count - 1; s >= 0; --s)
    run_back(&run, s);
  if (whole->model->has_loss && !whole->call->no_loss)
    take_off_surplus(&run);
}

const struct seqc_bptt seqc_bptt = {run_forward, run_backward};
