/*===- init.c - How parameters start --------------------------------------------===
 *
 * Numbers come from a counter: element i of a parameter depends on the seed, the parameter's name and i alone. Only
 * operations that IEEE 754 rounds exactly are used (no libm, no contraction to fused operations), so a seed means the
 * same parameters on every machine.
 *===--------------------------------------------------------------------------===*/
#include "runtime/internal.h"

#include <stddef.h>

/*===-- Random numbers ------------------------------------------------------------===*/

/* The finalizer of splitmix64 (Steele et al. 2014). */
static uint64_t mix(uint64_t z) {
  z ^= z >> 30;
  z *= 0xBF58476D1CE4E5B9u;
  z ^= z >> 27;
  z *= 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static uint64_t hash_name(const char *name) {
  uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
  for (; *name; ++name)
    hash = (hash ^ (unsigned char)*name) * 0x100000001B3u;
  return hash;
}

/* A number in (0, 1): an odd multiple of 2^-54. */
static double draw_unit(uint64_t key, uint64_t i) {
  uint64_t bits = mix(key + i * 0x9E3779B97F4A7C15u);
  return ((double)(bits >> 11) + 0.5) * 0x1p-53;
}

/* Natural logarithm for normal x > 0, relative error under 1e-15: x = m 2^e with m in [sqrt(1/2), sqrt(2)), and
 * log m = 2 artanh((m - 1) / (m + 1)) as a series. */
static double logarithm(double x) {
  union {
    double number;
    uint64_t bits;
  } value = {x};
  int64_t exponent = (int64_t)(value.bits >> 52) - 1023;
  value.bits = (value.bits & 0xFFFFFFFFFFFFFu) | (uint64_t)1023 << 52;
  double m = value.number;
  if (m > 0x1.6a09e667f3bcdp0) {
    m *= 0.5;
    exponent += 1;
  }
  double s = (m - 1) / (m + 1), square = s * s, sum = 0;
  for (int k = 23; k >= 1; k -= 2)
    sum = sum * square + 1.0 / k;
  return 2 * s * sum + (double)exponent * 0x1.62e42fefa39efp-1;
}

/* Square root for x >= 0; the compilers that build this have it as one instruction or an exact routine. */
static double square_root(double x) { return __builtin_sqrt(x); }

static double polynomial(const double *coefficients, int count, double x) {
  double sum = 0;
  for (int i = count - 1; i >= 0; --i)
    sum = sum * x + coefficients[i];
  return sum;
}

/* The quantile of the normal distribution: algorithm AS 241, PPND16 (Wichura 1988), relative error about 1e-16. */
static double normal_quantile(double p) {
  static const double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                             1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                             3.3430575583588128105e4, 2.5090809287301226727e3};
  static const double b[] = {1.0,
                             4.2313330701600911252e1,
                             6.8718700749205790830e2,
                             5.3941960214247511077e3,
                             2.1213794301586595867e4,
                             3.9307895800092710610e4,
                             2.8729085735721942674e4,
                             5.2264952788528545610e3};
  static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                             3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                             2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double d[] = {1.0,
                             2.05319162663775882187e0,
                             1.67638483018380384940e0,
                             6.89767334985100004550e-1,
                             1.48103976427480074590e-1,
                             1.51986665636164571966e-2,
                             5.47593808499534494600e-4,
                             1.05075007164441684324e-9};
  static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                             2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                             2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double f[] = {1.0,
                             5.99832206555887937690e-1,
                             1.36929880922735805310e-1,
                             1.48753612908506148525e-2,
                             7.86869131145613259100e-4,
                             1.84631831751005468180e-5,
                             1.42151175831644588870e-7,
                             2.04426310338993978564e-15};
  double q = p - 0.5;
  if (q <= 0.425 && q >= -0.425) {
    double r = 0.180625 - q * q;
    return q * polynomial(a, 8, r) / polynomial(b, 8, r);
  }
  double r = square_root(-logarithm(q < 0 ? p : 1 - p));
  double z = r <= 5 ? polynomial(c, 8, r - 1.6) / polynomial(d, 8, r - 1.6)
                    : polynomial(e, 8, r - 5) / polynomial(f, 8, r - 5);
  return q < 0 ? -z : z;
}

/*===-- Initialisers --------------------------------------------------------------===*/

static double get(const seqc_tensor *tensor, const void *data, int64_t i) {
  return tensor->element == 8 ? ((const double *)data)[i] : ((const float *)data)[i];
}

static void set(const seqc_tensor *tensor, void *data, int64_t i, double value) {
  if (tensor->element == 8)
    ((double *)data)[i] = value;
  else
    ((float *)data)[i] = (float)value;
}

static void fill_normal(const seqc_tensor *tensor, void *data, uint64_t key, double deviation) {
  for (int64_t i = 0; i < tensor->features; ++i)
    set(tensor, data, i, deviation * normal_quantile(draw_unit(key, (uint64_t)i)));
}

static void fill_uniform(const seqc_tensor *tensor, void *data, uint64_t key, double low, double high) {
  for (int64_t i = 0; i < tensor->features; ++i)
    set(tensor, data, i, low + (high - low) * draw_unit(key, (uint64_t)i));
}

/* `count` vectors of `length` elements, element e of vector v at begin + v * step_v + e * step_e. */
typedef struct vectors {
  int64_t begin, count, length, step_v, step_e;
} vectors;

static double dot(const seqc_tensor *tensor, const void *data, const vectors *v, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t e = 0; e < v->length; ++e)
    sum += get(tensor, data, v->begin + i * v->step_v + e * v->step_e) *
           get(tensor, data, v->begin + j * v->step_v + e * v->step_e);
  return sum;
}

/* Modified Gram-Schmidt, each vector twice, which is enough (Giraud et al. 2005). In place: no memory is needed. */
static void orthonormalize(const seqc_tensor *tensor, void *data, const vectors *v) {
  for (int64_t i = 0; i < v->count; ++i) {
    for (int64_t j = 0; j < 2 * i; ++j) {
      double along = dot(tensor, data, v, i, j % i);
      for (int64_t e = 0; e < v->length; ++e) {
        int64_t at = v->begin + i * v->step_v + e * v->step_e;
        set(tensor, data, at,
            get(tensor, data, at) - along * get(tensor, data, v->begin + j % i * v->step_v + e * v->step_e));
      }
    }
    double norm = square_root(dot(tensor, data, v, i, i));
    for (int64_t e = 0; e < v->length; ++e) {
      int64_t at = v->begin + i * v->step_v + e * v->step_e;
      set(tensor, data, at, get(tensor, data, at) / norm);
    }
  }
}

/* Rows of a wide matrix or columns of a tall one become orthonormal; leading dims are matrices of their own. */
static void fill_orthogonal(const seqc_tensor *tensor, void *data, uint64_t key) {
  int64_t rows = tensor->rows, columns = tensor->columns;
  fill_normal(tensor, data, key, 1);
  for (int64_t begin = 0; begin + rows * columns <= tensor->features; begin += rows * columns) {
    vectors wide = {begin, rows, columns, columns, 1};
    vectors tall = {begin, columns, rows, 1, columns};
    orthonormalize(tensor, data, rows <= columns ? &wide : &tall);
  }
}

/* Same order as InitKind in dialect/RecurSystem.td. */
enum { constant, xavier, he, orthogonal, normal, uniform };

static void fill(const seqc_tensor *tensor, void *data, uint64_t key) {
  double limit;
  switch (tensor->init) {
  case xavier:
    limit = square_root(6.0 / (double)(tensor->fan_in + tensor->fan_out));
    fill_uniform(tensor, data, key, -limit, limit);
    break;
  case he:
    fill_normal(tensor, data, key, square_root(2.0 / (double)tensor->fan_in));
    break;
  case orthogonal:
    fill_orthogonal(tensor, data, key);
    break;
  case normal:
    fill_normal(tensor, data, key, tensor->a);
    break;
  case uniform:
    fill_uniform(tensor, data, key, tensor->a, tensor->b);
    break;
  default:
    for (int64_t i = 0; i < tensor->features; ++i)
      set(tensor, data, i, tensor->a);
  }
}

int seqc_run_init(const seqc_model *model, const seqc_call *call) {
  seqc_context context = {.model = model, .call = call, .entry = "init"};
  int status = seqc_check_call(&context);
  if (!status)
    status = seqc_check(&context, SEQC_USES_PARAMS);
  for (int32_t i = 0; !status && i < model->param_count; ++i)
    fill(&model->params[i], call->params[i].data, mix(call->seed ^ hash_name(model->params[i].name)));
  return status;
}
