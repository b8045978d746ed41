/*===- check.c - Refuses wrong calls ------------------------------------------===
 *
 * Everything is checked before anything is touched, in the order of seqc_call; the first wrong argument is named.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <stddef.h>

int seqc_check_call(const seqc_context *context) {
  const seqc_call *call = context->call;
  if (!call)
    return SEQC_NULL_POINTER;
  if (call->abi != SEQC_ABI_VERSION)
    return seqc_fail(context, SEQC_WRONG_VERSION,
                     "the call has abi = %d, this library speaks version %d: set abi to SEQC_ABI_VERSION and compile "
                     "with the header of this library",
                     (int64_t)call->abi, (int64_t)SEQC_ABI_VERSION);
  return seqc_check_processor(context);
}

/*===-- Arrays ------------------------------------------------------------------===*/

/* What an array must be like. */
typedef struct expected {
  const char *kind;  /* for messages: "input" */
  const char *field; /* of seqc_call: "inputs" */
  const seqc_tensor *tensors;
  int32_t count;
  int time, batch;
  int written, required;
  int real_only; /* ids and masks have no such array: what is given for them is ignored */
} expected;

static int is_aligned(const void *data, int64_t alignment) { return (uintptr_t)data % (uintptr_t)alignment == 0; }

seqc_place seqc_resolve(const seqc_array *array, int64_t features, int64_t B, int time) {
  seqc_place place = {array->data, array->stride_t, array->stride_b};
  if (!time) {
    place.stride_t = 0;
    place.stride_b = array->stride_b ? array->stride_b : features;
  } else if (!place.stride_t && !place.stride_b) {
    place.stride_b = features;
    place.stride_t = (int64_t)((uint64_t)B * (uint64_t)features);
  }
  return place;
}

/* Elements from the first to the last that rows at `place` reach; -1 if that is no number. */
static int64_t span(seqc_place place, int64_t steps, int64_t rows, int64_t features) {
  int64_t over_steps, over_rows, total;
  if (steps == 0 || rows == 0)
    return 0;
  if (__builtin_mul_overflow(steps - 1, place.stride_t, &over_steps) ||
      __builtin_mul_overflow(rows - 1, place.stride_b, &over_rows) ||
      __builtin_add_overflow(over_steps, over_rows, &total) || __builtin_add_overflow(total, features, &total))
    return -1;
  return total;
}

/* Whether two rows share elements; only asked where span() is a number. */
static int rows_overlap(seqc_place place, int64_t steps, int64_t rows, int64_t features) {
  if (steps <= 1 && rows <= 1)
    return 0;
  if (steps <= 1)
    return place.stride_b < features;
  if (rows <= 1)
    return place.stride_t < features;
  int batch_inside = place.stride_b >= features && place.stride_t >= (rows - 1) * place.stride_b + features;
  int time_inside = place.stride_t >= features && place.stride_b >= (steps - 1) * place.stride_t + features;
  return !batch_inside && !time_inside;
}

static int check_size(const seqc_context *context, const expected *want, const seqc_tensor *tensor,
                      const seqc_array *array) {
  const seqc_call *call = context->call;
  int time = want->time && !tensor->last;
  int64_t steps = time ? call->T : 1, rows = want->batch ? call->B : 1;
  if (array->stride_t < 0 || array->stride_b < 0)
    return seqc_fail(context, SEQC_WRONG_SIZE, "%s '%s' has a negative stride", want->kind, tensor->name);
  seqc_place place = seqc_resolve(array, tensor->features, call->B, time);
  int64_t needed = span(place, steps, rows, tensor->features);
  if (needed < 0)
    return seqc_fail(context, SEQC_BAD_DIMENSION, "%s '%s' would not fit into memory: T = %d, B = %d, %d features",
                     want->kind, tensor->name, call->T, call->B, tensor->features);
  if (array->count < needed && !want->batch)
    return seqc_fail(context, SEQC_WRONG_SIZE, "%s '%s' has %d elements, needs %d", want->kind, tensor->name,
                     array->count, needed);
  if (array->count < needed && !time)
    return seqc_fail(context, SEQC_WRONG_SIZE, "%s '%s' has %d elements, needs %d: [B = %d, %d], stride %d", want->kind,
                     tensor->name, array->count, needed, call->B, tensor->features, place.stride_b);
  if (array->count < needed)
    return seqc_fail(
        context, SEQC_WRONG_SIZE, "%s '%s' has %d elements, needs %d: [T = %d, B = %d, %d], strides %d, %d", want->kind,
        tensor->name, array->count, needed, call->T, call->B, tensor->features, place.stride_t, place.stride_b);
  if (want->written && needed && rows_overlap(place, steps, rows, tensor->features))
    return seqc_fail(context, SEQC_WRONG_SIZE, "%s '%s' is written, but with strides %d, %d its rows overlap",
                     want->kind, tensor->name, place.stride_t, place.stride_b);
  return SEQC_OK;
}

static int check_arrays(const seqc_context *context, const seqc_array *arrays, const expected *want) {
  if (!arrays && (!want->required || want->count == 0))
    return SEQC_OK;
  if (!arrays)
    return seqc_fail(context, SEQC_NULL_POINTER, "%s is NULL, but %s '%s' is needed", want->field, want->kind,
                     want->tensors[0].name);
  for (int32_t i = 0; i < want->count; ++i) {
    const seqc_tensor *tensor = &want->tensors[i];
    const seqc_array *array = &arrays[i];
    int empty = (want->batch && context->call->B == 0) || (want->time && !tensor->last && context->call->T == 0);
    if (!array->data && want->required && !empty)
      return seqc_fail(context, SEQC_NULL_POINTER, "%s '%s' is missing: %s[%d].data is NULL", want->kind, tensor->name,
                       want->field, (int64_t)i);
    if (!array->data || (want->real_only && (tensor->vocabulary || tensor->element == 1)))
      continue;
    if (!is_aligned(array->data, tensor->element))
      return seqc_fail(context, SEQC_MISALIGNED, "%s '%s' is not aligned to its elements of %d bytes", want->kind,
                       tensor->name, (int64_t)tensor->element);
    int status = check_size(context, want, tensor, array);
    if (status)
      return status;
  }
  return SEQC_OK;
}

/*===-- The rest of a call --------------------------------------------------------===*/

int64_t seqc_valid_steps(const seqc_call *call) {
  int64_t valid = call->lengths ? 0 : call->T * call->B;
  for (int64_t b = 0; call->lengths && b < call->B; ++b)
    valid += call->lengths[b];
  return valid;
}

/* Where the call says that it is a part of a batch. */
static int check_part(const seqc_context *context) {
  const seqc_call *call = context->call;
  if (call->first_row < 0)
    return seqc_fail(context, SEQC_BAD_DIMENSION, "first_row is %d, it may not be negative", call->first_row);
  int64_t own = seqc_valid_steps(call);
  if (call->batch_steps && call->batch_steps < own)
    return seqc_fail(context, SEQC_BAD_DIMENSION, "batch_steps is %d, but the call alone has %d valid steps",
                     call->batch_steps, own);
  return SEQC_OK;
}

static int check_dimensions(const seqc_context *context) {
  const seqc_call *call = context->call;
  if (call->T < 0)
    return seqc_fail(context, SEQC_BAD_DIMENSION, "T is %d, it may not be negative", call->T);
  if (call->B < 0)
    return seqc_fail(context, SEQC_BAD_DIMENSION, "B is %d, it may not be negative", call->B);
  if (seqc_workspace_size(context->model, call->T, call->B) < 0)
    return seqc_fail(context, SEQC_BAD_DIMENSION, "T = %d and B = %d are too large for any memory", call->T, call->B);
  if (call->lengths && !is_aligned(call->lengths, sizeof(int64_t)))
    return seqc_fail(context, SEQC_MISALIGNED, "lengths is not aligned to its elements of 8 bytes");
  for (int64_t b = 0; call->lengths && b < call->B; ++b)
    if (call->lengths[b] < 0 || call->lengths[b] > call->T)
      return seqc_fail(context, SEQC_BAD_LENGTH, "lengths[%d] is %d, outside [0, T = %d]", b, call->lengths[b],
                       call->T);
  return check_part(context);
}

/* Ids of steps within the rows' lengths; the others are never looked up. */
static int check_ids(const seqc_context *context, const seqc_tensor *tensor, const seqc_array *array) {
  const seqc_call *call = context->call;
  seqc_place place = seqc_resolve(array, tensor->features, call->B, 1);
  for (int64_t b = 0; b < call->B; ++b) {
    int64_t length = call->lengths ? call->lengths[b] : call->T;
    for (int64_t t = 0; t < length; ++t) {
      const int32_t *row = (const int32_t *)place.base + t * place.stride_t + b * place.stride_b;
      for (int64_t e = 0; e < tensor->features; ++e)
        if (row[e] < 0 || row[e] >= tensor->vocabulary)
          return seqc_fail(context, SEQC_BAD_ID,
                           "input '%s' is %d at step %d of row %d (both counted from 0), outside [0, %d)", tensor->name,
                           (int64_t)row[e], t, b, tensor->vocabulary);
    }
  }
  return SEQC_OK;
}

int seqc_check_memory(const seqc_context *context, const char *name, const void *memory, int64_t size, int64_t needed) {
  if (!memory)
    return seqc_fail(context, SEQC_NULL_POINTER, "%s is NULL, needs %d bytes (%s_%s_size)", name, needed,
                     context->model->name, name);
  if (!is_aligned(memory, SEQC_ALIGNMENT))
    return seqc_fail(context, SEQC_MISALIGNED, "%s is not aligned to %d bytes", name, (int64_t)SEQC_ALIGNMENT);
  if (size < needed)
    return seqc_fail(context, SEQC_SMALL_WORKSPACE, "%s has %d bytes, needs %d (%s_%s_size)", name, size, needed,
                     context->model->name, name);
  return SEQC_OK;
}

static int check_header(const seqc_context *context, const char *name, const void *memory, int64_t T, int64_t B) {
  const seqc_header *header = memory;
  if (T >= 0 && header->tag == ~context->model->tag)
    return seqc_fail(context, SEQC_WRONG_CONTENT, "%s was used up by %s_gradient: call %s_forward_taped first", name,
                     context->model->name, context->model->name);
  if (header->tag != context->model->tag)
    return seqc_fail(context, SEQC_WRONG_CONTENT, "%s was not written by %s_%s", name, context->model->name,
                     T < 0 ? "prepare" : "forward_taped");
  if (T >= 0 && (header->T != T || header->B != B))
    return seqc_fail(context, SEQC_WRONG_CONTENT,
                     "tape was written with T = %d and B = %d, the call has T = %d and B = %d", header->T, header->B, T,
                     B);
  return SEQC_OK;
}

static int check_memories(const seqc_context *context, unsigned uses) {
  const seqc_model *model = context->model;
  const seqc_call *call = context->call;
  int status = SEQC_OK;
  if (uses & SEQC_USES_SEQUENCES)
    status = seqc_check_memory(context, "workspace", call->workspace, call->workspace_size,
                               seqc_workspace_size(model, call->T, call->B));
  if (!status && uses & (SEQC_WRITES_TAPE | SEQC_READS_TAPE))
    status = seqc_check_memory(context, "tape", call->tape, call->tape_size, seqc_tape_size(model, call->T, call->B));
  if (!status && uses & SEQC_READS_TAPE)
    status = check_header(context, "tape", call->tape, call->T, call->B);
  if (!status && (uses & SEQC_WRITES_PREPARED || (uses & SEQC_MAY_READ_PREPARED && call->prepared)))
    status = seqc_check_memory(context, "prepared", call->prepared, call->prepared_size, seqc_prepared_size(model));
  if (!status && uses & SEQC_MAY_READ_PREPARED && call->prepared)
    status = check_header(context, "prepared", call->prepared, -1, -1);
  return status;
}

static int check_loss(const seqc_context *context) {
  if (context->call->loss && !is_aligned(context->call->loss, context->model->element))
    return seqc_fail(context, SEQC_MISALIGNED, "loss is not aligned to its element of %d bytes",
                     (int64_t)context->model->element);
  return SEQC_OK;
}

/* Gradients of ids and masks do not exist; what is given for them is ignored. */
static int check_gradients(const seqc_context *context) {
  const seqc_model *m = context->model;
  const seqc_call *call = context->call;
  const expected wants[] = {
      {"gradient of output", "d_outputs", m->outputs, m->output_count, 1, 1, 0, 0, 0},
      {"gradient of final state", "d_final_states", m->states, m->state_count, 0, 1, 0, 0, 0},
      {"gradient of parameter", "d_params", m->params, m->param_count, 0, 0, 1, 0, 0},
      {"gradient of input", "d_inputs", m->inputs, m->input_count, 1, 1, 1, 0, 1},
      {"gradient of state", "d_states", m->states, m->state_count, 0, 1, 1, 0, 0},
  };
  const seqc_array *arrays[] = {call->d_outputs, call->d_final_states, call->d_params, call->d_inputs, call->d_states};
  for (int i = 0; i < 5; ++i) {
    int status = check_arrays(context, arrays[i], &wants[i]);
    if (status)
      return status;
  }
  return SEQC_OK;
}

int seqc_check(const seqc_context *context, unsigned uses) {
  const seqc_model *m = context->model;
  const seqc_call *call = context->call;
  const expected params = {"parameter",
                           "params",
                           m->params,
                           m->param_count,
                           0,
                           0,
                           !(uses & SEQC_USES_SEQUENCES) && !(uses & SEQC_WRITES_PREPARED),
                           1,
                           0};
  const expected inputs = {"input", "inputs", m->inputs, m->input_count, 1, 1, 0, 1, 0};
  const expected states = {"state", "states", m->states, m->state_count, 0, 1, 0, 0, 0};
  const expected outputs = {"output", "outputs", m->outputs, m->output_count, 1, 1, 1, 0, 0};
  const expected finals = {"final state", "final_states", m->states, m->state_count, 0, 1, 1, 0, 0};
  int status = SEQC_OK;
  if (uses & SEQC_USES_SEQUENCES)
    status = check_dimensions(context);
  if (!status && uses & SEQC_USES_PARAMS)
    status = check_arrays(context, call->params, &params);
  if (!status && uses & SEQC_USES_SEQUENCES)
    status = check_arrays(context, call->inputs, &inputs);
  if (!status && uses & SEQC_USES_STATES)
    status = check_arrays(context, call->states, &states);
  if (!status && uses & SEQC_USES_RESULTS)
    status = check_arrays(context, call->outputs, &outputs);
  if (!status && uses & SEQC_USES_RESULTS)
    status = check_arrays(context, call->final_states, &finals);
  if (!status && uses & SEQC_USES_RESULTS)
    status = check_loss(context);
  if (!status && uses & SEQC_USES_GRADIENTS)
    status = check_gradients(context);
  if (!status)
    status = check_memories(context, uses);
  for (int32_t i = 0; !status && uses & SEQC_USES_SEQUENCES && i < m->input_count; ++i)
    if (m->inputs[i].vocabulary)
      status = check_ids(context, &m->inputs[i], &call->inputs[i]);
  return status;
}
