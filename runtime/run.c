/*===- run.c - Entry points: frames and program calls -------------------------===*/
#include "runtime/internal.h"

#include <stddef.h>
#include <string.h>

/* One run of one program: where its memory comes from. */
typedef struct seqc_run {
  const seqc_context *context;
  const seqc_program *program;
  seqc_workspace workspace;
  seqc_tape tape;
  int taped; /* the program writes or reads the tape */
} seqc_run;

/*===-- Binding: each slot gets its place -----------------------------------------===*/

static int is_written(int source) {
  return source == SEQC_OUTPUT || source == SEQC_FINAL_STATE || source == SEQC_LOSS || source == SEQC_D_PARAM ||
         source == SEQC_D_INPUT || source == SEQC_D_STATE;
}

/* The caller's array for the slot, or NULL. */
static const seqc_array *find_array(const seqc_call *call, const seqc_slot *slot) {
  const seqc_array *arrays = NULL;
  switch (slot->source) {
  case SEQC_PARAM:
    arrays = call->params;
    break;
  case SEQC_INPUT:
    arrays = call->inputs;
    break;
  case SEQC_STATE:
    arrays = call->states;
    break;
  case SEQC_OUTPUT:
    arrays = call->outputs;
    break;
  case SEQC_FINAL_STATE:
    arrays = call->final_states;
    break;
  case SEQC_D_PARAM:
    arrays = call->d_params;
    break;
  case SEQC_D_INPUT:
    arrays = call->d_inputs;
    break;
  case SEQC_D_STATE:
    arrays = call->d_states;
    break;
  case SEQC_D_OUTPUT:
    arrays = call->d_outputs;
    break;
  case SEQC_D_FINAL_STATE:
    arrays = call->d_final_states;
    break;
  default:
    return NULL;
  }
  return arrays && arrays[slot->index].data ? &arrays[slot->index] : NULL;
}

/* Where the caller wants or gives the slot; base NULL if he does not. */
static seqc_place find_callers_place(const seqc_call *call, const seqc_slot *slot) {
  const seqc_array *array = find_array(call, slot);
  seqc_place place = {slot->source == SEQC_LOSS ? call->loss : NULL, 0, 0};
  if (!array)
    return place;
  if (!slot->batch && !slot->time)
    place.base = array->data;
  else
    place = seqc_resolve(array, slot->features, call->B, slot->time);
  return place;
}

static void copy_rows(seqc_place to, seqc_place from, int64_t rows, int64_t bytes, int64_t element) {
  for (int64_t b = 0; b < rows; ++b)
    memcpy((char *)to.base + b * to.stride_b * element, (const char *)from.base + b * from.stride_b * element,
           (size_t)bytes);
}

/* A state that the caller gives. In a taped run it is kept on the tape, because `backward` reads it again; elsewhere
 * it is copied when its memory may be the one that final states go to. */
static seqc_place place_state(const seqc_run *run, const seqc_slot *slot, seqc_place own) {
  const seqc_call *call = run->context->call;
  seqc_place given = find_callers_place(call, slot);
  seqc_place copy = own;
  if (run->taped) {
    copy.base = (char *)call->tape + run->workspace.tape_offsets[slot->index];
    if (!run->tape.states_given[slot->index])
      copy.base = NULL;
    return copy;
  }
  if (!given.base || !call->final_states)
    return given;
  copy_rows(copy, given, call->B, slot->features * slot->element, slot->element);
  return copy;
}

/* Keeps the given states on the tape and notes which they are. */
static void tape_states(const seqc_run *run) {
  const seqc_model *model = run->context->model;
  const seqc_call *call = run->context->call;
  *run->tape.header = (seqc_header){model->tag, call->T, call->B};
  for (int32_t i = 0; i < model->state_count; ++i) {
    const seqc_tensor *state = &model->states[i];
    run->tape.states_given[i] = call->states && call->states[i].data;
    if (!run->tape.states_given[i])
      continue;
    seqc_place from = seqc_resolve(&call->states[i], state->features, call->B, 0);
    seqc_place to = {(char *)call->tape + run->workspace.tape_offsets[i], 0, state->features};
    copy_rows(to, from, call->B, state->features * state->element, state->element);
  }
}

/* Where a slot of the tape is; `place` has its strides. */
static seqc_place place_taped(const seqc_run *run, int32_t index, seqc_place place) {
  const seqc_model *model = run->context->model;
  const seqc_call *call = run->context->call;
  int32_t host = model->tape[index].host;
  if (run->context->shares && host >= 0 && call->outputs && call->outputs[host].data) {
    seqc_place output = seqc_resolve(&call->outputs[host], model->tape[index].features, call->B, 1);
    if (output.stride_t == place.stride_t && output.stride_b == place.stride_b)
      return output;
  }
  place.base = (char *)call->tape + run->workspace.tape_offsets[model->state_count + index];
  return place;
}

/* Where slot `i` is, without fallbacks; base NULL if the caller has no place for it. */
static seqc_place place_slot(const seqc_run *run, int64_t i) {
  const seqc_call *call = run->context->call;
  const seqc_slot *slot = &run->program->slots[i];
  seqc_place own = run->workspace.frame->places[i]; /* base and contiguous strides */
  switch (slot->source) {
  case SEQC_WORKSPACE:
    return run->context->shares && slot->host >= 0 ? place_taped(run, slot->host, own) : own;
  case SEQC_PREPARED:
    return own;
  case SEQC_TAPE:
    return place_taped(run, slot->index, own);
  case SEQC_STATE:
    return place_state(run, slot, own);
  case SEQC_D_LOSS:
    return (seqc_place){run->workspace.d_loss, 0, 0};
  case SEQC_D_PARAM: {
    /* What is not added up in place goes to memory of our own first, and is added after the run. */
    seqc_place given = find_callers_place(call, slot);
    return given.base && call->accumulate && !slot->zeroed ? own : given;
  }
  default:
    return find_callers_place(call, slot);
  }
}

/* `prepared`: what follows the head of prepared memory; NULL if the call has none. */
static void bind_slots(const seqc_run *run, seqc_arena *prepared) {
  seqc_frame *frame = run->workspace.frame;
  const seqc_program *program = run->program;
  for (int64_t i = 0; i < program->slot_count; ++i) {
    const seqc_slot *slot = &program->slots[i];
    if (prepared && slot->source == SEQC_PREPARED)
      frame->places[i] = (seqc_place){seqc_take(prepared, slot->features, slot->element), 0, 0};
    else
      frame->places[i] = place_slot(run, i);
  }
  for (int64_t i = 0; i < program->slot_count; ++i) {
    const seqc_slot *slot = &program->slots[i];
    if (frame->places[i].base)
      continue;
    if (slot->fallback >= 0)
      frame->places[i] = frame->places[slot->fallback];
    else if (is_written(slot->source))
      frame->places[i] = (seqc_place){run->workspace.scratch, 0, 0};
    else
      frame->places[i] = (seqc_place){(void *)run->context->model->zeros, 0, 0};
  }
}

/*===-- Before and after a run ------------------------------------------------------===*/

static void clear_slot(const seqc_slot *slot, seqc_place place, int64_t T, int64_t B) {
  int64_t steps = slot->time ? T : 1, rows = slot->batch ? B : 1;
  seqc_place dense;
  seqc_contiguous(slot, B, &dense);
  if (place.stride_t == dense.stride_t && place.stride_b == dense.stride_b) {
    memset(place.base, 0, (size_t)(seqc_extent(slot, T, B) * slot->element));
    return;
  }
  for (int64_t t = 0; t < steps; ++t)
    for (int64_t b = 0; b < rows; ++b)
      memset((char *)place.base + (t * place.stride_t + b * place.stride_b) * slot->element, 0,
             (size_t)(slot->features * slot->element));
}

static void clear_slots(const seqc_run *run) {
  const seqc_call *call = run->context->call;
  int begins = !call->accumulate && call->T > 0 && call->B > 0;
  for (int64_t i = 0; i < run->program->slot_count; ++i) {
    const seqc_slot *slot = &run->program->slots[i];
    int kept = slot->source == SEQC_D_PARAM && call->accumulate && find_array(call, slot);
    if (slot->zeroed && !kept && !(slot->zeroed == SEQC_BEGUN && begins))
      clear_slot(slot, run->workspace.frame->places[i], call->T, call->B);
  }
}

/* Adds the gradients that place_slot put aside to the caller's. */
static void add_gradients(const seqc_run *run) {
  const seqc_call *call = run->context->call;
  for (int64_t i = 0; i < run->program->slot_count; ++i) {
    const seqc_slot *slot = &run->program->slots[i];
    if (slot->source != SEQC_D_PARAM || slot->zeroed || !call->accumulate || !find_array(call, slot))
      continue;
    void *to = find_array(call, slot)->data;
    const void *from = run->workspace.frame->places[i].base;
    for (int64_t e = 0; e < slot->features; ++e) {
      if (slot->element == 8)
        ((double *)to)[e] += ((const double *)from)[e];
      else
        ((float *)to)[e] += ((const float *)from)[e];
    }
  }
}

static void fill_frame(const seqc_run *run) {
  const seqc_call *call = run->context->call;
  seqc_frame *frame = run->workspace.frame;
  for (int64_t b = 0; b < call->B && !call->lengths; ++b)
    run->workspace.lengths[b] = call->T;
  frame->T = call->T;
  frame->B = call->B;
  frame->lengths = call->lengths ? call->lengths : run->workspace.lengths;
  frame->seed = call->seed;
  frame->training = call->training != 0;
  frame->states_given = call->states != NULL;
  frame->no_loss = call->no_loss != 0;
  int64_t valid = call->batch_steps ? call->batch_steps : seqc_valid_steps(call);
  frame->valid_steps = valid ? valid : 1;
  frame->first_row = call->first_row;
  frame->first_step = run->context->first_step;
  frame->accumulates = call->accumulate != 0;
  frame->turn = 0;
  frame->zeros = run->context->model->zeros;
  frame->thread = 0;
  frame->threads = 1;
  double start = call->no_loss ? 0 : 1 - (double)run->context->surplus;
  if (run->context->model->element == 8)
    *run->workspace.d_loss = start;
  else
    *(float *)run->workspace.d_loss = (float)start;
}

/* `function`: prepare or run of the program. */
static void call_program(const seqc_run *run, void (*function)(seqc_frame *)) {
  if (run->context->call->pool)
    seqc_pool_run(run->context->call->pool, run->program, function, &run->workspace);
  else
    function(run->workspace.frame);
}

static void prepare_program(const seqc_run *run) {
  seqc_packed *packed = run->context->packed;
  if (run->program->prepare && !(packed && packed->is_filled))
    call_program(run, run->program->prepare);
  if (packed)
    packed->is_filled = 1;
}

void seqc_run_program(const seqc_context *context, const seqc_program *program, int taped) {
  const seqc_model *model = context->model;
  const seqc_call *call = context->call;
  seqc_run run = {.context = context, .program = program, .taped = taped};
  seqc_arena workspace = {call->workspace, 0, 0};
  seqc_arena packed = {context->packed ? context->packed->base : NULL, 0, 0};
  seqc_lay_out_workspace(&workspace, context->packed ? &packed : &workspace, model, program, call->T, call->B,
                         &run.workspace);
  if (taped) {
    seqc_arena tape = {call->tape, 0, 0};
    seqc_lay_out_tape(&tape, model, call->T, call->B, &run.tape, run.workspace.tape_offsets);
  }
  if (program == &model->forward_taped)
    tape_states(&run);
  seqc_prepared head;
  seqc_arena prepared = {call->prepared, 0, 0};
  int is_prepared = program == &model->forward && call->prepared;
  seqc_lay_out_prepared(&prepared, model, &head);
  fill_frame(&run);
  bind_slots(&run, is_prepared ? &prepared : NULL);
  clear_slots(&run);
  uint64_t control = seqc_flush_denormals();
  if (!is_prepared)
    prepare_program(&run);
  call_program(&run, program->run);
  add_gradients(&run);
  seqc_restore_denormals(control);
}

/*===-- Entry points ------------------------------------------------------------------===*/

/* Checks a call that needs `program`, which the model may lack. If it runs on sequences, and nothing is wrong, it has
 * its pool until it releases it. */
static int check_entry(const seqc_context *context, const seqc_program *program, unsigned uses) {
  int status = seqc_check_call(context);
  if (!status && !program->run)
    status = seqc_fail(context, SEQC_NO_SUCH_ENTRY, "the library was compiled without this entry point");
  if (!status)
    status = seqc_check(context, uses);
  return status || !(uses & SEQC_USES_SEQUENCES) ? status : seqc_take_pool(context);
}

enum { uses_in_forward = SEQC_USES_PARAMS | SEQC_USES_SEQUENCES | SEQC_USES_STATES | SEQC_USES_RESULTS };

/* Outputs, final states and loss, by the forward program or by that which writes the tape as well. */
static void run_forward(const seqc_context *context, int taped) {
  const seqc_model *model = context->model;
  seqc_cut cut = seqc_find_cut(model, context->call->T, context->call->B);
  if (cut.count > 1)
    model->bptt->forward(context, cut, taped);
  else
    seqc_run_program(context, taped ? &model->forward_taped : &model->forward, taped);
}

static void run_backward(const seqc_context *context) {
  seqc_cut cut = seqc_find_cut(context->model, context->call->T, context->call->B);
  if (cut.count > 1)
    context->model->bptt->backward(context, cut);
  else
    seqc_run_program(context, &context->model->backward, 1);
}

int seqc_run_forward(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "forward"};
  int status = check_entry(&context, &model->forward, uses_in_forward | SEQC_MAY_READ_PREPARED);
  if (status)
    return status;
  run_forward(&context, 0);
  seqc_release_pool(call);
  return SEQC_OK;
}

int seqc_run_step(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "step"};
  int status = seqc_check_call(&context);
  if (status)
    return status;
  if (model->looks_ahead)
    return seqc_fail(&context, SEQC_NO_SUCH_ENTRY, "this model looks ahead, so it cannot run step by step: %s",
                     model->ahead ? model->ahead : "it reads later steps");
  if (call->T != 1)
    return seqc_fail(&context, SEQC_BAD_DIMENSION, "T is %d, a step has T = 1", call->T);
  status = check_entry(&context, &model->forward, uses_in_forward | SEQC_MAY_READ_PREPARED);
  if (status)
    return status;
  run_forward(&context, 0);
  seqc_release_pool(call);
  return SEQC_OK;
}

int seqc_run_forward_taped(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "forward_taped"};
  int status = check_entry(&context, &model->forward_taped, uses_in_forward | SEQC_WRITES_TAPE);
  if (status)
    return status;
  run_forward(&context, 1);
  seqc_release_pool(call);
  return SEQC_OK;
}

int seqc_run_backward(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "backward"};
  unsigned uses = SEQC_USES_PARAMS | SEQC_USES_SEQUENCES | SEQC_USES_GRADIENTS | SEQC_READS_TAPE;
  int status = check_entry(&context, &model->backward, uses);
  if (status)
    return status;
  run_backward(&context);
  seqc_release_pool(call);
  return SEQC_OK;
}

int seqc_run_gradient(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "gradient"};
  int status = check_entry(&context, &model->backward, uses_in_forward | SEQC_USES_GRADIENTS | SEQC_WRITES_TAPE);
  if (status)
    return status;
  context.shares = seqc_find_cut(model, call->T, call->B).count <= 1;
  run_forward(&context, 1);
  run_backward(&context);
  *(seqc_header *)call->tape = (seqc_header){~model->tag, call->T, call->B}; /* no later `backward` may read it */
  seqc_release_pool(call);
  return SEQC_OK;
}

int seqc_run_prepare(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "prepare"};
  const seqc_program *program = &model->forward;
  int status = check_entry(&context, program, SEQC_USES_PARAMS | SEQC_WRITES_PREPARED);
  if (status)
    return status;
  seqc_arena arena = {call->prepared, 0, 0};
  seqc_prepared head;
  seqc_lay_out_prepared(&arena, model, &head);
  *head.header = (seqc_header){model->tag, 0, 0};
  *head.frame = (seqc_frame){.zeros = model->zeros, .valid_steps = 1, .threads = 1};
  for (int64_t i = 0; i < program->slot_count; ++i) {
    const seqc_slot *slot = &program->slots[i];
    seqc_place *place = &head.frame->places[i];
    if (slot->source == SEQC_PREPARED)
      *place = (seqc_place){seqc_take(&arena, slot->features, slot->element), 0, 0};
    else if (slot->source == SEQC_PARAM)
      *place = find_callers_place(call, slot);
    else
      *place = (seqc_place){(void *)model->zeros, 0, 0};
  }
  uint64_t control = seqc_flush_denormals();
  if (program->prepare)
    program->prepare(head.frame);
  seqc_restore_denormals(control);
  return SEQC_OK;
}
