/*===- SmallModel.h - A model whose tables and programs are written by hand ----===
 *
 *   h[t] = w * h[t-1] + x[t] + E[id[t]],  h[0] = start,  loss = sum(h),  outputs h and last(h)
 *
 * with three features, five ids, in double. What seqc would generate for it, in plain C.
 *===--------------------------------------------------------------------------===*/
#ifndef SEQC_TEST_UNIT_RUNTIME_SMALLMODEL_H
#define SEQC_TEST_UNIT_RUNTIME_SMALLMODEL_H

#include "runtime/model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { small_features = 3, small_ids = 5 };
enum { small_param_w, small_param_E, small_param_start, small_param_unused, small_params };
enum { small_input_x, small_input_id, small_inputs };
enum { small_output_h, small_output_last, small_outputs };

extern const seqc_model small_model;

/* The same, but it looks ahead. */
extern const seqc_model small_model_ahead;

/* The same, without programs for gradients. */
extern const seqc_model small_model_forward_only;

#ifdef __cplusplus
}
#endif
#endif /* SEQC_TEST_UNIT_RUNTIME_SMALLMODEL_H */
