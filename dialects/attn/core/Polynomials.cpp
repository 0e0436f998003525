// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Polynomials.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;

namespace attune::attn {

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

static double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

double valueOf(PolyFunction function, double x) {
  constexpr double rootOfHalf = 0.70710678118654752440;
  constexpr double rootOf2OverPi = 0.79788456080286535588;
  switch (function) {
  case PolyFunction::inverse:
    return 1 / x;
  case PolyFunction::inverse_sqrt:
    return 1 / std::sqrt(x);
  case PolyFunction::exp:
    return std::exp(x);
  case PolyFunction::erf:
    return std::erf(x);
  case PolyFunction::tanh:
    return std::tanh(x);
  case PolyFunction::sigmoid:
    return sigmoid(x);
  case PolyFunction::silu:
    return x * sigmoid(x);
  case PolyFunction::gelu:
    return x / 2 * (1 + std::erf(x * rootOfHalf));
  case PolyFunction::gelu_tanh:
    return x / 2 * (1 + std::tanh(rootOf2OverPi * (x + 0.044715 * x * x * x)));
  case PolyFunction::softplus:
    return softplus(x);
  case PolyFunction::mish:
    return x * std::tanh(softplus(x));
  }
  llvm_unreachable("a function without a value");
}

std::string Stand::rangeFault() const {
  auto text = [](double value) {
    std::string text;
    raw_string_ostream(text) << format("%g", value);
    return text;
  };
  if (!std::isfinite(low) || !std::isfinite(high))
    return "requires finite bounds, but got " + text(low) + " and " +
           text(high);
  if (low >= high)
    return "requires a lower bound below the upper one, but got " + text(low) +
           " and " + text(high);
  if (isIterated() && low <= 0)
    return "requires bounds above 0 for '" +
           stringifyPolyFunction(function).str() + "', but got " + text(low) +
           " and " + text(high);
  return "";
}

SmallVector<double> Stand::coefficients() const {
  auto count = static_cast<double>(effort + 1);
  SmallVector<double> values, result;
  auto angle = [&](int64_t k) { return M_PI * (k + 0.5) / count; };
  for (int64_t k = 0; k <= effort; ++k)
    values.push_back(valueOf(
        function, (low + high) / 2 + (high - low) / 2 * std::cos(angle(k))));
  for (int64_t j = 0; j <= effort; ++j) {
    double sum = 0;
    for (int64_t k = 0; k <= effort; ++k)
      sum += values[k] * std::cos(j * angle(k));
    result.push_back(sum * (j == 0 ? 1 : 2) / count);
  }
  return result;
}

/// The sum of Chebyshev's polynomials of t, from -1 to 1.
static double clenshaw(ArrayRef<double> coefficients, double t) {
  double next = 0, afterNext = 0;
  for (double coefficient : reverse(coefficients.drop_front())) {
    double now = coefficient + 2 * t * next - afterNext;
    afterNext = next;
    next = now;
  }
  return coefficients.front() + t * next - afterNext;
}

double Stand::operator()(double x) const {
  if (function == PolyFunction::inverse) {
    double y = 2 / (low + high), error = 1 - x * y;
    for (int64_t step = 0; step < effort; ++step) {
      y += y * error;
      error *= error;
    }
    return y;
  }
  if (function == PolyFunction::inverse_sqrt) {
    double y = 1 / std::sqrt(high);
    for (int64_t step = 0; step < effort; ++step)
      y = 1.5 * y - 0.5 * (x * y) * (y * y);
    return y;
  }
  return clenshaw(coefficients(), (2 * x - low - high) / (high - low));
}

double Stand::degree() const {
  auto steps = static_cast<double>(effort);
  if (function == PolyFunction::inverse)
    return std::pow(2.0, steps) - 1;
  if (function == PolyFunction::inverse_sqrt)
    return (std::pow(3.0, steps) - 1) / 2;
  return steps;
}

int64_t Stand::depth() const {
  if (function == PolyFunction::inverse)
    return effort + 1;
  if (function == PolyFunction::inverse_sqrt)
    return 2 * effort;
  return Log2_64_Ceil(effort + 1);
}

double Stand::error() const {
  constexpr int64_t points = 2000;
  SmallVector<double> fitted;
  if (!isIterated())
    fitted = coefficients();
  double largest = 0;
  for (int64_t point = 0; point <= points; ++point) {
    double x = low + (high - low) * point / points;
    double found =
        isIterated() ? (*this)(x) : clenshaw(fitted, 2.0 * point / points - 1);
    double wanted = valueOf(function, x);
    double scale = isIterated() ? std::abs(wanted) : 1;
    largest = std::max(largest, std::abs(found - wanted) / scale);
  }
  return largest;
}

int64_t stepsWithin(Stand stand, double tolerance) {
  // Both are worst at the lower bound.
  for (stand.effort = 1; stand.effort <= maxSteps; ++stand.effort) {
    double wanted = valueOf(stand.function, stand.low);
    if (std::abs(stand(stand.low) - wanted) <= tolerance * wanted)
      return stand.effort;
  }
  return 0;
}

} // namespace attune::attn
