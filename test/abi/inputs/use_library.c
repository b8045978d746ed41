/* Uses a compiled library as a C programmer would: with the header that seqc wrote, and nothing else of the project.
 * REAL is the library's real type. */
#include "libtagger.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { T = 9, B = 3, E = 5, H = 7, C = 4, V = 11 };

static int failures;

#define EXPECT(condition)                                                                                              \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      printf("%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                                             \
      ++failures;                                                                                                      \
    }                                                                                                                  \
  } while (0)

/*===-- A call with everything in it ----------------------------------------------===*/

typedef struct tensors {
  seqc_array *arrays;
  int count;
} tensors;

/* Everything that a call of Tagger points at. */
typedef struct setting {
  seqc_call call;
  seqc_array params[Tagger_PARAM_COUNT], d_params[Tagger_PARAM_COUNT];
  seqc_array inputs[Tagger_INPUT_COUNT], d_inputs[Tagger_INPUT_COUNT];
  seqc_array states[Tagger_STATE_COUNT], final_states[Tagger_STATE_COUNT];
  seqc_array d_final_states[Tagger_STATE_COUNT], d_states[Tagger_STATE_COUNT];
  seqc_array outputs[Tagger_OUTPUT_COUNT], d_outputs[Tagger_OUTPUT_COUNT];
  REAL loss;
  char error[256];
} setting;

static const int64_t param_size[Tagger_PARAM_COUNT] = {[Tagger_PARAM_table] = V * E,
                                                       [Tagger_PARAM_W] = C * H,
                                                       [Tagger_PARAM_rnn_W_f] = H * (H + E),
                                                       [Tagger_PARAM_rnn_W_i] = H * (H + E),
                                                       [Tagger_PARAM_rnn_W_o] = H * (H + E),
                                                       [Tagger_PARAM_rnn_W_C] = H * (H + E),
                                                       [Tagger_PARAM_rnn_b_f] = H,
                                                       [Tagger_PARAM_rnn_b_i] = H,
                                                       [Tagger_PARAM_rnn_b_o] = H,
                                                       [Tagger_PARAM_rnn_b_C] = H,
                                                       [Tagger_PARAM_rnn_h_0] = H};

static seqc_array make(int64_t count) {
  REAL *data = malloc((size_t)(count + 1) * sizeof(REAL));
  for (int64_t i = 0; i < count; ++i)
    data[i] = (REAL)sin((double)(i * 7 + count));
  return (seqc_array){data, count, 0, 0};
}

static seqc_array make_ids(int64_t count, int32_t range) {
  int32_t *data = malloc((size_t)(count + 1) * sizeof(int32_t));
  for (int64_t i = 0; i < count; ++i)
    data[i] = (int32_t)(i * 5 + i / 3) % range;
  return (seqc_array){data, count, 0, 0};
}

static void *aligned(int64_t size) { return aligned_alloc(SEQC_ALIGNMENT, (size_t)(size + 63) / 64 * 64); }

static setting *make_setting(int64_t steps, int64_t rows) {
  setting *s = calloc(1, sizeof *s);
  for (int i = 0; i < Tagger_PARAM_COUNT; ++i) {
    s->params[i] = make(param_size[i]);
    s->d_params[i] = make(param_size[i]);
  }
  s->inputs[Tagger_INPUT_word] = make_ids(steps * rows, V);
  s->inputs[Tagger_INPUT_x] = make(steps * rows * E);
  s->inputs[Tagger_INPUT_target] = make_ids(steps * rows, C);
  s->d_inputs[Tagger_INPUT_x] = make(steps * rows * E);
  for (int i = 0; i < Tagger_STATE_COUNT; ++i) {
    s->states[i] = make(rows * H);
    s->final_states[i] = make(rows * H);
    s->d_states[i] = make(rows * H);
    s->d_final_states[i] = make(rows * H);
  }
  s->outputs[Tagger_OUTPUT_y] = make(steps * rows * C);
  s->outputs[Tagger_OUTPUT_h] = make(rows * H);
  s->d_outputs[Tagger_OUTPUT_y] = make(steps * rows * C);
  s->d_outputs[Tagger_OUTPUT_h] = make(rows * H);
  s->call = (seqc_call){.abi = SEQC_ABI_VERSION,
                        .T = steps,
                        .B = rows,
                        .seed = 5,
                        .params = s->params,
                        .inputs = s->inputs,
                        .states = s->states,
                        .outputs = s->outputs,
                        .final_states = s->final_states,
                        .loss = &s->loss,
                        .d_outputs = s->d_outputs,
                        .d_final_states = s->d_final_states,
                        .d_params = s->d_params,
                        .d_inputs = s->d_inputs,
                        .d_states = s->d_states,
                        .error = s->error,
                        .error_size = sizeof s->error};
  s->call.workspace_size = Tagger_workspace_size(steps, rows);
  s->call.workspace = aligned(s->call.workspace_size);
  s->call.tape_size = Tagger_tape_size(steps, rows);
  s->call.tape = aligned(s->call.tape_size);
  EXPECT(Tagger_init(&s->call) == SEQC_OK);
  return s;
}

static int same(seqc_array a, seqc_array b) {
  return a.count == b.count && memcmp(a.data, b.data, (size_t)a.count * sizeof(REAL)) == 0;
}

static int near(seqc_array a, seqc_array b, double factor, double tolerance) {
  for (int64_t i = 0; i < a.count; ++i)
    if (fabs(((REAL *)a.data)[i] - factor * ((REAL *)b.data)[i]) > tolerance)
      return 0;
  return 1;
}

static int is_zero(seqc_array a) {
  for (int64_t i = 0; i < a.count; ++i)
    if (((REAL *)a.data)[i] != 0)
      return 0;
  return 1;
}

/*===-- What the entry points promise -----------------------------------------------===*/

static void describe_is_json_with_every_tensor(void) {
  const char *text = Tagger_describe();
  EXPECT(text[0] == '{' && strstr(text, "\"model\": \"Tagger\""));
  EXPECT(strstr(text, "\"rnn.W_f\"") && strstr(text, "\"vocabulary\": 11") && strstr(text, "\"rnn.h[0]\""));
  EXPECT(strstr(Smooth_describe(), "\"looks_ahead\": \"y\""));
}

static void init_follows_the_seed(void) {
  setting *a = make_setting(T, B), *b = make_setting(T, B);
  EXPECT(same(a->params[Tagger_PARAM_rnn_W_f], b->params[Tagger_PARAM_rnn_W_f]));
  EXPECT(((REAL *)a->params[Tagger_PARAM_rnn_b_f].data)[3] == 1);
  EXPECT(is_zero(a->params[Tagger_PARAM_rnn_b_i]));
  b->call.seed = 6;
  EXPECT(Tagger_init(&b->call) == SEQC_OK);
  EXPECT(!same(a->params[Tagger_PARAM_rnn_W_f], b->params[Tagger_PARAM_rnn_W_f]));
}

static void runs_repeat_to_the_bit(void) {
  setting *a = make_setting(T, B), *b = make_setting(T, B);
  EXPECT(Tagger_gradient(&a->call) == SEQC_OK);
  EXPECT(Tagger_gradient(&b->call) == SEQC_OK);
  EXPECT(Tagger_gradient(&b->call) == SEQC_OK);
  EXPECT(a->loss == b->loss && a->loss > 0);
  for (int i = 0; i < Tagger_PARAM_COUNT; ++i)
    EXPECT(same(a->d_params[i], b->d_params[i]) && !is_zero(a->d_params[i]) == (i != Tagger_PARAM_rnn_h_0));
}

/* `step` T times and blocks of 2, 3, … steps, the state updated in place, against one forward. */
static void steps_and_blocks_are_one_forward(void) {
  setting *whole = make_setting(T, B);
  EXPECT(Tagger_forward(&whole->call) == SEQC_OK);
  for (int64_t block = 1; block <= T; ++block) {
    setting *s = make_setting(T, B);
    seqc_array word = s->inputs[0], x = s->inputs[1], target = s->inputs[2], y = s->outputs[0];
    for (int i = 0; i < Tagger_STATE_COUNT; ++i)
      s->final_states[i] = s->states[i];
    for (int64_t t = 0; t < T; t += block) {
      s->call.T = block < T - t ? block : T - t;
      s->inputs[0].data = (int32_t *)word.data + t * B;
      s->inputs[1].data = (REAL *)x.data + t * B * E;
      s->inputs[2].data = (int32_t *)target.data + t * B;
      s->outputs[0].data = (REAL *)y.data + t * B * C;
      EXPECT((block == 1 ? Tagger_step : Tagger_forward)(&s->call) == SEQC_OK);
    }
    EXPECT(same(y, whole->outputs[0]));
    for (int i = 0; i < Tagger_STATE_COUNT; ++i)
      EXPECT(same(s->states[i], whole->final_states[i]));
  }
}

static void prepare(setting *s) {
  s->call.prepared_size = Tagger_prepared_size();
  s->call.prepared = aligned(s->call.prepared_size);
  EXPECT(Tagger_prepare(&s->call) == SEQC_OK);
}

/* One row, prepared: `step` has code of its own for this (codegen/StepEntry.h). It gives the bits of `forward`, with
 * everything wanted, with some results not wanted, and after other steps; and refuses what the runtime refuses. */
static void prepared_steps_of_one_row_are_one_forward(void) {
  setting *whole = make_setting(T, 1), *s = make_setting(1, 1);
  EXPECT(Tagger_forward(&whole->call) == SEQC_OK);
  s->call.params = whole->call.params;
  prepare(s);
  for (int i = 0; i < Tagger_STATE_COUNT; ++i) {
    memcpy(s->states[i].data, whole->states[i].data, (size_t)s->states[i].count * sizeof(REAL));
    s->final_states[i] = s->states[i];
  }
  for (int64_t t = 0; t < T; ++t) {
    s->inputs[0].data = (int32_t *)whole->inputs[0].data + t;
    s->inputs[1].data = (REAL *)whole->inputs[1].data + t * E;
    s->inputs[2].data = (int32_t *)whole->inputs[2].data + t;
    seqc_array last = s->outputs[1];
    s->call.loss = t % 3 == 1 ? NULL : &s->loss;
    if (t % 2)
      s->outputs[1].data = NULL;
    EXPECT(Tagger_step(&s->call) == SEQC_OK);
    s->outputs[1] = last;
    EXPECT(!memcmp(s->outputs[0].data, (REAL *)whole->outputs[0].data + t * C, C * sizeof(REAL)));
  }
  for (int i = 0; i < Tagger_STATE_COUNT; ++i)
    EXPECT(same(s->states[i], whole->final_states[i]));
}

static void prepared_steps_of_one_row_refuse_what_the_runtime_refuses(void) {
  setting *s = make_setting(1, 1);
  EXPECT(Tagger_step(NULL) == SEQC_NULL_POINTER);
  prepare(s);
  seqc_call good = s->call;
  EXPECT(Tagger_step(&s->call) == SEQC_OK);
#define REFUSED(change, status, text)                                                                                  \
  do {                                                                                                                 \
    change;                                                                                                            \
    EXPECT(Tagger_step(&s->call) == status && strstr(s->error, text));                                                 \
    s->call = good;                                                                                                    \
  } while (0)
  REFUSED(s->call.abi = 0, SEQC_WRONG_VERSION, "abi = 0");
  REFUSED(s->call.T = 2, SEQC_BAD_DIMENSION, "a step has T = 1");
  REFUSED(s->call.inputs = NULL, SEQC_NULL_POINTER, "inputs is NULL");
  REFUSED(s->call.workspace = NULL, SEQC_NULL_POINTER, "workspace");
  REFUSED(s->call.workspace_size = 1, SEQC_SMALL_WORKSPACE, "(Tagger_workspace_size)");
  REFUSED(s->call.prepared_size -= 1, SEQC_SMALL_WORKSPACE, "prepared has");
  REFUSED(s->call.loss = (char *)s->call.loss + 1, SEQC_MISALIGNED, "loss is not aligned");
  REFUSED(s->call.first_row = -1, SEQC_BAD_DIMENSION, "first_row is -1");
  REFUSED(s->call.batch_steps = -1, SEQC_BAD_DIMENSION, "batch_steps is -1");
  int64_t tooLong = 2;
  REFUSED(s->call.lengths = &tooLong, SEQC_BAD_LENGTH, "lengths[0] is 2");
  uint64_t *tag = s->call.prepared;
  *tag ^= 1;
  REFUSED(, SEQC_WRONG_CONTENT, "prepared was not written by Tagger_prepare");
  *tag ^= 1;
#define REFUSED_ARRAY(list, i, change, status, text)                                                                   \
  do {                                                                                                                 \
    seqc_array kept = s->list[i];                                                                                      \
    REFUSED(s->list[i].change, status, text);                                                                          \
    s->list[i] = kept;                                                                                                 \
  } while (0)
  REFUSED_ARRAY(inputs, 1, data = NULL, SEQC_NULL_POINTER, "input 'x' is missing");
  REFUSED_ARRAY(inputs, 1, count -= 1, SEQC_WRONG_SIZE, "input 'x' has 4 elements, needs 5");
  REFUSED_ARRAY(inputs, 1, stride_t = -1, SEQC_WRONG_SIZE, "input 'x' has a negative stride");
  REFUSED_ARRAY(outputs, 0, count = 0, SEQC_WRONG_SIZE, "output 'y' has 0 elements");
  REFUSED_ARRAY(states, 0, count = 0, SEQC_WRONG_SIZE, "state");
  REFUSED_ARRAY(final_states, 0, stride_b = -7, SEQC_WRONG_SIZE, "final state");
  REFUSED_ARRAY(params, 0, data = (char *)kept.data + 2, SEQC_MISALIGNED, "parameter");
  int32_t *word = s->inputs[Tagger_INPUT_word].data;
  *word = V;
  REFUSED(, SEQC_BAD_ID, "input 'word' is 11");
  *word = -1;
  REFUSED(, SEQC_BAD_ID, "input 'word' is -1");
  *word = 0;
  EXPECT(Tagger_step(&s->call) == SEQC_OK);
}

static void rows_do_not_depend_on_the_batch(void) {
  setting *whole = make_setting(T, B), *one = make_setting(T, B);
  EXPECT(Tagger_forward(&whole->call) == SEQC_OK);
  one->call.B = 1;
  for (int i = 0; i < Tagger_INPUT_COUNT; ++i) {
    int64_t features = i == Tagger_INPUT_x ? E : 1;
    one->inputs[i].stride_t = B * features;
    one->inputs[i].stride_b = features;
  }
  one->outputs[0].stride_t = B * C;
  one->outputs[0].stride_b = C;
  EXPECT(Tagger_forward(&one->call) == SEQC_OK);
  for (int64_t t = 0; t < T; ++t)
    EXPECT(!memcmp((REAL *)one->outputs[0].data + t * B * C, (REAL *)whole->outputs[0].data + t * B * C,
                   C * sizeof(REAL)));
}

static void batch_first_arrays_need_no_copy(void) {
  setting *plain = make_setting(T, B), *s = make_setting(T, B);
  EXPECT(Tagger_gradient(&plain->call) == SEQC_OK);
  for (int i = 0; i < Tagger_INPUT_COUNT; ++i) {
    int64_t row = i == Tagger_INPUT_x ? E * sizeof(REAL) : sizeof(int32_t);
    for (int64_t t = 0; t < T; ++t)
      for (int64_t b = 0; b < B; ++b)
        memcpy((char *)s->inputs[i].data + (b * T + t) * row, (char *)plain->inputs[i].data + (t * B + b) * row,
               (size_t)row);
    s->inputs[i].stride_t = i == Tagger_INPUT_x ? E : 1;
    s->inputs[i].stride_b = T * s->inputs[i].stride_t;
  }
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b)
      memcpy((REAL *)s->d_outputs[0].data + (b * T + t) * C, (REAL *)plain->d_outputs[0].data + (t * B + b) * C,
             C * sizeof(REAL));
  s->outputs[0].stride_t = s->d_outputs[0].stride_t = C;
  s->outputs[0].stride_b = s->d_outputs[0].stride_b = T * C;
  s->d_inputs[1].stride_t = E;
  s->d_inputs[1].stride_b = T * E;
  EXPECT(Tagger_gradient(&s->call) == SEQC_OK);
  EXPECT(s->loss == plain->loss);
  for (int i = 0; i < Tagger_PARAM_COUNT; ++i)
    EXPECT(same(s->d_params[i], plain->d_params[i]));
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b)
      EXPECT(!memcmp((REAL *)s->d_inputs[1].data + (b * T + t) * E, (REAL *)plain->d_inputs[1].data + (t * B + b) * E,
                     E * sizeof(REAL)));
}

static void lengths_end_rows(void) {
  int64_t lengths[B] = {T, 4, 0};
  setting *s = make_setting(T, B), *row = make_setting(T, B);
  s->call.lengths = lengths;
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b)
      if (t >= lengths[b]) {
        ((REAL *)s->inputs[Tagger_INPUT_x].data)[(t * B + b) * E] = (REAL)NAN;
        ((int32_t *)s->inputs[Tagger_INPUT_word].data)[t * B + b] = -100;
      }
  EXPECT(Tagger_gradient(&s->call) == SEQC_OK);
  EXPECT(s->loss == s->loss);
  for (int i = 0; i < Tagger_PARAM_COUNT; ++i)
    EXPECT(near(s->d_params[i], s->d_params[i], 1, 1)); /* no NaN got in */
  REAL *y = s->outputs[0].data;
  for (int64_t t = 4; t < T; ++t)
    for (int64_t e = 0; e < C; ++e)
      EXPECT(y[(t * B + 1) * C + e] == 0 && y[(t * B + 2) * C + e] == 0);
  for (int i = 0; i < Tagger_STATE_COUNT; ++i)
    EXPECT(!memcmp((REAL *)s->final_states[i].data + 2 * H, (REAL *)s->states[i].data + 2 * H, H * sizeof(REAL)));
  /* The row of length 4 ends where 4 steps end. */
  row->call.T = 4;
  EXPECT(Tagger_forward(&row->call) == SEQC_OK);
  EXPECT(!memcmp((REAL *)s->final_states[0].data + H, (REAL *)row->final_states[0].data + H, H * sizeof(REAL)));
}

static void no_steps_and_no_rows(void) {
  setting *steps = make_setting(0, B), *rows = make_setting(T, 0);
  EXPECT(Tagger_gradient(&steps->call) == SEQC_OK);
  EXPECT(steps->loss == 0);
  for (int i = 0; i < Tagger_STATE_COUNT; ++i)
    EXPECT(same(steps->final_states[i], steps->states[i]));
  EXPECT(is_zero(steps->d_params[Tagger_PARAM_rnn_W_f]));
  EXPECT(Tagger_gradient(&rows->call) == SEQC_OK);
  EXPECT(is_zero(rows->d_params[Tagger_PARAM_rnn_W_f]));
}

static void the_boundary_equation_holds_without_states(void) {
  setting *s = make_setting(T, B), *given = make_setting(T, B);
  s->call.states = NULL;
  for (int64_t b = 0; b < B; ++b)
    memcpy((REAL *)given->states[Tagger_STATE_rnn_h_0].data + b * H, s->params[Tagger_PARAM_rnn_h_0].data,
           H * sizeof(REAL));
  memset(given->states[Tagger_STATE_rnn_c_0].data, 0, B * H * sizeof(REAL));
  EXPECT(Tagger_gradient(&s->call) == SEQC_OK);
  EXPECT(Tagger_gradient(&given->call) == SEQC_OK);
  EXPECT(same(s->outputs[0], given->outputs[0]));
  EXPECT(same(s->d_states[0], given->d_states[0]));
  EXPECT(!is_zero(s->d_params[Tagger_PARAM_rnn_h_0]) && is_zero(given->d_params[Tagger_PARAM_rnn_h_0]));
}

static void gradient_is_forward_taped_and_backward(void) {
  setting *both = make_setting(T, B), *s = make_setting(T, B);
  EXPECT(Tagger_gradient(&both->call) == SEQC_OK);
  EXPECT(Tagger_forward_taped(&s->call) == SEQC_OK);
  EXPECT(Tagger_backward(&s->call) == SEQC_OK);
  EXPECT(same(s->outputs[0], both->outputs[0]) && s->loss == both->loss);
  EXPECT(same(s->d_inputs[1], both->d_inputs[1]) && same(s->d_states[0], both->d_states[0]));
  s->call.accumulate = 1;
  EXPECT(Tagger_backward(&s->call) == SEQC_OK);
  for (int i = 0; i < Tagger_PARAM_COUNT; ++i)
    EXPECT(near(s->d_params[i], both->d_params[i], 2, 1e-4));
}

static void forward_with_and_without_tape_agree(void) {
  setting *a = make_setting(T, B), *b = make_setting(T, B);
  EXPECT(Tagger_forward(&a->call) == SEQC_OK);
  EXPECT(Tagger_forward_taped(&b->call) == SEQC_OK);
  EXPECT(same(a->outputs[0], b->outputs[0]) && same(a->outputs[1], b->outputs[1]));
  /* Nothing but the loss wanted. */
  REAL loss = a->loss;
  a->call.outputs = a->call.final_states = NULL;
  EXPECT(Tagger_forward(&a->call) == SEQC_OK && a->loss == loss);
}

static void given_gradients_and_the_loss_add_up(void) {
  setting *all = make_setting(T, B), *loss = make_setting(T, B), *given = make_setting(T, B);
  loss->call.d_outputs = loss->call.d_final_states = NULL;
  given->call.no_loss = 1;
  EXPECT(Tagger_gradient(&all->call) == SEQC_OK && Tagger_gradient(&loss->call) == SEQC_OK &&
         Tagger_gradient(&given->call) == SEQC_OK);
  for (int64_t i = 0; i < param_size[Tagger_PARAM_rnn_W_f]; ++i)
    EXPECT(fabs(((REAL *)all->d_params[Tagger_PARAM_rnn_W_f].data)[i] -
                ((REAL *)loss->d_params[Tagger_PARAM_rnn_W_f].data)[i] -
                ((REAL *)given->d_params[Tagger_PARAM_rnn_W_f].data)[i]) < 1e-4);
}

static void prepared_parameters_give_the_same_bits(void) {
  setting *a = make_setting(T, B), *b = make_setting(T, B);
  b->call.prepared_size = Tagger_prepared_size();
  b->call.prepared = aligned(b->call.prepared_size);
  EXPECT(Tagger_prepare(&b->call) == SEQC_OK);
  EXPECT(Tagger_forward(&a->call) == SEQC_OK && Tagger_forward(&b->call) == SEQC_OK);
  EXPECT(same(a->outputs[0], b->outputs[0]));
}

/* Row b of [T, B, features], or of [B, features]. */
static seqc_array row_of(seqc_array whole, int64_t b, int64_t features, int64_t size, int is_sequence) {
  return (seqc_array){(char *)whole.data + b * features * size, whole.count - b * features,
                      is_sequence ? B * features : 0, features};
}

static void rows_of_a_batch_add_up(void) {
  setting *whole = make_setting(T, B), *s = make_setting(T, B);
  int64_t lengths[B] = {T, 4, 0};
  REAL loss = 0;
  whole->call.lengths = lengths;
  EXPECT(Tagger_gradient(&whole->call) == SEQC_OK);
  setting rows = *s;
  s->call.B = 1;
  s->call.batch_steps = T + 4;
  for (int64_t b = 0; b < B; ++b) {
    s->inputs[Tagger_INPUT_word] = row_of(rows.inputs[Tagger_INPUT_word], b, 1, sizeof(int32_t), 1);
    s->inputs[Tagger_INPUT_target] = row_of(rows.inputs[Tagger_INPUT_target], b, 1, sizeof(int32_t), 1);
    s->inputs[Tagger_INPUT_x] = row_of(rows.inputs[Tagger_INPUT_x], b, E, sizeof(REAL), 1);
    s->d_outputs[Tagger_OUTPUT_y] = row_of(rows.d_outputs[Tagger_OUTPUT_y], b, C, sizeof(REAL), 1);
    s->d_outputs[Tagger_OUTPUT_h] = row_of(rows.d_outputs[Tagger_OUTPUT_h], b, H, sizeof(REAL), 0);
    for (int i = 0; i < Tagger_STATE_COUNT; ++i) {
      s->states[i] = row_of(rows.states[i], b, H, sizeof(REAL), 0);
      s->d_final_states[i] = row_of(rows.d_final_states[i], b, H, sizeof(REAL), 0);
    }
    s->call.lengths = &lengths[b];
    s->call.first_row = b;
    s->call.accumulate = b > 0;
    EXPECT(Tagger_gradient(&s->call) == SEQC_OK);
    loss += s->loss;
  }
  double tolerance = sizeof(REAL) == 8 ? 1e-13 : 1e-5;
  EXPECT(fabs(loss - whole->loss) < tolerance);
  for (int i = 0; i < Tagger_PARAM_COUNT; ++i)
    EXPECT(near(s->d_params[i], whole->d_params[i], 1, tolerance));
}

static void every_kind_of_wrong_argument_is_refused(void) {
  setting *s = make_setting(T, B);
  seqc_call good = s->call;
  EXPECT(Tagger_forward(NULL) == SEQC_NULL_POINTER);
  s->call.abi = 7;
  EXPECT(Tagger_forward(&s->call) == SEQC_WRONG_VERSION && strstr(s->error, "version 3"));
  s->call = good;
  s->call.T = -1;
  EXPECT(Tagger_forward(&s->call) == SEQC_BAD_DIMENSION && strstr(s->error, "Tagger_forward: T is -1"));
  s->call = good;
  s->call.inputs = NULL;
  EXPECT(Tagger_forward(&s->call) == SEQC_NULL_POINTER && strstr(s->error, "input 'word' is needed"));
  s->call = good;
  s->inputs[1].count -= 1;
  EXPECT(Tagger_forward(&s->call) == SEQC_WRONG_SIZE && strstr(s->error, "input 'x' has 134 elements, needs 135"));
  s->inputs[1].count += 1;
  s->call.workspace = (char *)good.workspace + 1;
  EXPECT(Tagger_forward(&s->call) == SEQC_MISALIGNED && strstr(s->error, "workspace is not aligned"));
  s->call = good;
  s->call.workspace_size -= 1;
  EXPECT(Tagger_forward(&s->call) == SEQC_SMALL_WORKSPACE && strstr(s->error, "(Tagger_workspace_size)"));
  s->call = good;
  s->call.tape_size = 0;
  EXPECT(Tagger_gradient(&s->call) == SEQC_SMALL_WORKSPACE && strstr(s->error, "(Tagger_tape_size)"));
  s->call = good;
  ((int32_t *)s->inputs[0].data)[4] = V;
  EXPECT(Tagger_forward(&s->call) == SEQC_BAD_ID && strstr(s->error, "input 'word' is 11 at step 1 of row 1"));
  ((int32_t *)s->inputs[0].data)[4] = 0;
  int64_t lengths[B] = {1, 2, T + 1};
  s->call.lengths = lengths;
  EXPECT(Tagger_forward(&s->call) == SEQC_BAD_LENGTH && strstr(s->error, "lengths[2] is 10"));
  s->call = good;
  EXPECT(Tagger_step(&s->call) == SEQC_BAD_DIMENSION && strstr(s->error, "a step has T = 1"));
  memset(s->call.tape, 0, (size_t)s->call.tape_size);
  EXPECT(Tagger_backward(&s->call) == SEQC_WRONG_CONTENT && strstr(s->error, "Tagger_forward_taped"));
  seqc_array x = make(T * B * 3);
  seqc_call smooth = {.abi = SEQC_ABI_VERSION, .T = 1, .B = B, .inputs = &x, .error = s->error, .error_size = 256};
  EXPECT(Smooth_step(&smooth) == SEQC_NO_SUCH_ENTRY && strstr(s->error, "looks ahead"));
}

static void *run_gradients(void *argument) {
  setting *s = argument;
  for (int i = 0; i < 200; ++i)
    if (Tagger_gradient(&s->call) != SEQC_OK)
      return "refused";
  return NULL;
}

static void two_threads_do_not_meet(void) {
  setting *expected = make_setting(T, B), *s[2] = {make_setting(T, B), make_setting(T, B)};
  EXPECT(Tagger_gradient(&expected->call) == SEQC_OK);
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) {
    /* The parameters are shared, all that is written is not. */
    s[i]->call.params = expected->params;
    EXPECT(!pthread_create(&threads[i], NULL, run_gradients, s[i]));
  }
  for (int i = 0; i < 2; ++i) {
    void *result = NULL;
    pthread_join(threads[i], &result);
    EXPECT(!result);
    for (int p = 0; p < Tagger_PARAM_COUNT; ++p)
      EXPECT(same(s[i]->d_params[p], expected->d_params[p]));
  }
}

/*===-- Pools of threads ------------------------------------------------------------===*/

enum { MANY = 150 }; /* rows, so that threads have something to share */

static void start_pool(setting *s, int64_t threads) {
  s->call.threads = threads;
  s->call.pool_size = Tagger_pool_size(threads);
  s->call.pool = aligned(s->call.pool_size);
  EXPECT(Tagger_pool_start(&s->call) == SEQC_OK);
}

static void a_pool_changes_no_bit(void) {
  setting *alone = make_setting(T, MANY);
  EXPECT(Tagger_gradient(&alone->call) == SEQC_OK);
  for (int64_t threads = 1; threads <= 4; ++threads) {
    setting *s = make_setting(T, MANY);
    start_pool(s, threads);
    for (int i = 0; i < 5; ++i)
      EXPECT(Tagger_gradient(&s->call) == SEQC_OK);
    EXPECT(s->loss == alone->loss && same(s->outputs[0], alone->outputs[0]));
    for (int i = 0; i < Tagger_PARAM_COUNT; ++i)
      EXPECT(same(s->d_params[i], alone->d_params[i]));
    for (int i = 0; i < Tagger_STATE_COUNT; ++i)
      EXPECT(same(s->final_states[i], alone->final_states[i]) && same(s->d_states[i], alone->d_states[i]));
    EXPECT(same(s->d_inputs[Tagger_INPUT_x], alone->d_inputs[Tagger_INPUT_x]));
    EXPECT(Tagger_pool_stop(&s->call) == SEQC_OK);
  }
}

static void two_pools_at_once(void) {
  setting *expected = make_setting(T, MANY), *s[2] = {make_setting(T, MANY), make_setting(T, MANY)};
  EXPECT(Tagger_gradient(&expected->call) == SEQC_OK);
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) {
    start_pool(s[i], 2 + i);
    EXPECT(!pthread_create(&threads[i], NULL, run_gradients, s[i]));
  }
  for (int i = 0; i < 2; ++i) {
    void *result = NULL;
    pthread_join(threads[i], &result);
    EXPECT(!result);
    EXPECT(Tagger_pool_stop(&s[i]->call) == SEQC_OK);
    for (int p = 0; p < Tagger_PARAM_COUNT; ++p)
      EXPECT(same(s[i]->d_params[p], expected->d_params[p]));
  }
}

/* Each call is either alone with the pool, and right, or refused. */
static void *run_refused_or_right(void *argument) {
  setting *s = argument;
  seqc_array y = make(T * MANY * C);
  seqc_call call = s->call;
  seqc_array outputs[Tagger_OUTPUT_COUNT] = {[Tagger_OUTPUT_y] = y};
  call.outputs = outputs;
  call.final_states = NULL;
  call.loss = NULL;
  call.workspace = aligned(call.workspace_size);
  call.error = NULL;
  for (int i = 0; i < 200; ++i) {
    int status = Tagger_forward(&call);
    if (status != SEQC_BUSY_POOL && (status != SEQC_OK || !same(y, s->outputs[0])))
      return "wrong";
  }
  return NULL;
}

static void a_pool_serves_one_call_at_a_time(void) {
  setting *s = make_setting(T, MANY);
  EXPECT(Tagger_forward(&s->call) == SEQC_OK);
  start_pool(s, 2);
  pthread_t other;
  EXPECT(!pthread_create(&other, NULL, run_refused_or_right, s));
  EXPECT(!run_refused_or_right(s));
  void *result = NULL;
  pthread_join(other, &result);
  EXPECT(!result);
  EXPECT(Tagger_forward(&s->call) == SEQC_OK);
  EXPECT(Tagger_pool_stop(&s->call) == SEQC_OK);
}

static void wrong_pools_are_refused(void) {
  setting *s = make_setting(T, B);
  EXPECT(Tagger_pool_size(0) == -1 && Tagger_pool_size(1025) == -1);
  EXPECT(Tagger_pool_start(&s->call) == SEQC_BAD_DIMENSION && strstr(s->error, "threads is 0, outside [1, 1024]"));
  s->call.threads = 2;
  EXPECT(Tagger_pool_start(&s->call) == SEQC_NULL_POINTER && strstr(s->error, "(Tagger_pool_size)"));
  s->call.pool_size = Tagger_pool_size(2);
  s->call.pool = calloc(1, (size_t)s->call.pool_size + 64);
  s->call.pool = (char *)s->call.pool + (64 - (uintptr_t)s->call.pool % 64);
  EXPECT(Tagger_forward(&s->call) == SEQC_WRONG_CONTENT && strstr(s->error, "not started by Tagger_pool_start"));
  EXPECT(Tagger_pool_start(&s->call) == SEQC_OK);
  seqc_call other = {.abi = SEQC_ABI_VERSION, .pool = s->call.pool, .error = s->error, .error_size = 256};
  EXPECT(Smooth_forward(&other) == SEQC_NULL_POINTER && Smooth_pool_stop(&other) == SEQC_WRONG_CONTENT);
  EXPECT(Tagger_pool_stop(&other) == SEQC_OK);
  EXPECT(Tagger_forward(&s->call) == SEQC_WRONG_CONTENT);
}

int main(void) {
  describe_is_json_with_every_tensor();
  init_follows_the_seed();
  runs_repeat_to_the_bit();
  steps_and_blocks_are_one_forward();
  prepared_steps_of_one_row_are_one_forward();
  prepared_steps_of_one_row_refuse_what_the_runtime_refuses();
  rows_do_not_depend_on_the_batch();
  rows_of_a_batch_add_up();
  batch_first_arrays_need_no_copy();
  lengths_end_rows();
  no_steps_and_no_rows();
  the_boundary_equation_holds_without_states();
  gradient_is_forward_taped_and_backward();
  forward_with_and_without_tape_agree();
  given_gradients_and_the_loss_add_up();
  prepared_parameters_give_the_same_bits();
  every_kind_of_wrong_argument_is_refused();
  two_threads_do_not_meet();
  a_pool_changes_no_bit();
  two_pools_at_once();
  a_pool_serves_one_call_at_a_time();
  wrong_pools_are_refused();
  if (!failures)
    puts("all hold");
  return failures != 0;
}
