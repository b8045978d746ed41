//===- Optimizer.cpp - From gradients to new parameters ---------------------------------===//
#include "tools/seq-run/train/Optimizer.h"

#include <algorithm>
#include <cmath>

using namespace seqc::run;

namespace {

constexpr double pi = 3.141592653589793;

Tensors zerosLike(const Tensors &params) {
  Tensors result;
  for (const Tensor &param : params)
    result.emplace_back(param.dtype(), param.shape());
  return result;
}

bool isEstimate(const std::vector<bool> &estimates, size_t param) {
  return param < estimates.size() && estimates[param];
}

template <typename Real> void moveEstimate(Real *estimate, const Real *distance, int64_t count, double rate) {
  for (int64_t i = 0; i < count; ++i)
    estimate[i] -= Real(rate) * distance[i];
}

template <typename Real>
void applySgd(Real *param, const Real *gradient, Real *velocity, int64_t count, const OptimizerSettings &settings,
              double rate) {
  const Real decay = settings.weightDecay, momentum = settings.momentum, step = rate;
  for (int64_t i = 0; i < count; ++i) {
    Real direction = gradient[i] + decay * param[i];
    if (velocity)
      direction = velocity[i] = momentum * velocity[i] + direction;
    param[i] -= step * direction;
  }
}

/// Kingma & Ba 2015; decoupled weight decay: Loshchilov & Hutter 2019.
template <typename Real>
void applyAdam(Real *param, const Real *gradient, Real *mean, Real *square, int64_t count,
               const OptimizerSettings &settings, double rate, int64_t update) {
  const bool decoupled = settings.method == "adamw";
  const Real coupledDecay = decoupled ? 0 : settings.weightDecay;
  const Real shrink = decoupled ? 1 - rate * settings.weightDecay : 1;
  const Real beta1 = settings.beta1, beta2 = settings.beta2, epsilon = settings.epsilon;
  const double exponent = static_cast<double>(update + 1);
  const Real step = rate / (1 - std::pow(settings.beta1, exponent));
  const Real correction = 1 / std::sqrt(1 - std::pow(settings.beta2, exponent));
  for (int64_t i = 0; i < count; ++i) {
    Real g = gradient[i] + coupledDecay * param[i];
    mean[i] = beta1 * mean[i] + (1 - beta1) * g;
    square[i] = beta2 * square[i] + (1 - beta2) * g * g;
    param[i] = shrink * param[i] - step * mean[i] / (std::sqrt(square[i]) * correction + epsilon);
  }
}

} // namespace

double seqc::run::clipGradient(Tensors &gradient, const OptimizerSettings &settings,
                               const std::vector<bool> &estimates) {
  auto forEachReal = [&](auto body) {
    for (size_t p = 0; p < gradient.size(); ++p)
      if (!isEstimate(estimates, p))
        withReal(gradient[p].dtype(), [&](auto zero) {
          auto *data = gradient[p].as<decltype(zero)>();
          std::for_each(data, data + gradient[p].elements(), body);
        });
  };
  double sum = 0;
  forEachReal([&](auto &slope) {
    using Real = std::decay_t<decltype(slope)>;
    const Real limit = settings.clipValue;
    if (limit > 0)
      slope = std::clamp(slope, -limit, limit);
    sum += double(slope) * double(slope);
  });
  double norm = std::sqrt(sum);
  if (settings.clipNorm > 0 && norm > settings.clipNorm)
    forEachReal([&](auto &slope) { slope *= std::decay_t<decltype(slope)>(settings.clipNorm / norm); });
  return norm;
}

double seqc::run::learningRate(const ScheduleSettings &settings, int64_t update, int64_t total) {
  if (update < settings.warmup)
    return settings.rate * static_cast<double>(update + 1) / static_cast<double>(settings.warmup);
  if (settings.shape == "step") {
    int64_t wholeSteps = update / settings.stepEvery;
    return settings.rate * std::pow(settings.stepFactor, static_cast<double>(wholeSteps));
  }
  double span = static_cast<double>(std::max<int64_t>(1, total - settings.warmup));
  double progress = std::min(1.0, static_cast<double>(update - settings.warmup) / span);
  double left = settings.shape == "cosine"   ? 0.5 * (1 + std::cos(pi * progress))
                : settings.shape == "linear" ? 1 - progress
                                             : 1;
  return settings.rate * (settings.finalFactor + (1 - settings.finalFactor) * left);
}

Optimizer::Optimizer(const OptimizerSettings &settings, const Tensors &params, std::vector<bool> estimates)
    : settings(settings), estimates(std::move(estimates)) {
  if (settings.method != "sgd")
    memory = {{"mean", zerosLike(params)}, {"square", zerosLike(params)}};
  else if (settings.momentum != 0)
    memory = {{"momentum", zerosLike(params)}};
}

void Optimizer::apply(Tensors &params, const Tensors &gradient, double rate, int64_t update) {
  auto remembered = memory.find("momentum");
  Tensors *velocity = remembered == memory.end() ? nullptr : &remembered->second;
  for (size_t p = 0; p < params.size(); ++p)
    withReal(params[p].dtype(), [&](auto zero) {
      using Real = decltype(zero);
      Real *param = params[p].as<Real>();
      const Real *slope = gradient[p].as<Real>();
      int64_t count = params[p].elements();
      if (isEstimate(estimates, p))
        moveEstimate(param, slope, count, settings.estimateRate);
      else if (settings.method == "sgd")
        applySgd(param, slope, velocity ? (*velocity)[p].as<Real>() : nullptr, count, settings, rate);
      else
        applyAdam(param, slope, memory["mean"][p].as<Real>(), memory["square"][p].as<Real>(), count, settings, rate,
                  update);
    });
}
