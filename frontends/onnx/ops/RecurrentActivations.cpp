// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/RecurrentActivations.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

using Builder = ImplicitLocOpBuilder;

static Value number(Builder &b, Value like, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(like.getType(), value));
}

static Value scaled(Builder &b, Value x, double by) {
  return arith::MulFOp::create(b, x, number(b, x, by));
}

static Value plus(Builder &b, Value x, double by) {
  return arith::AddFOp::create(b, x, number(b, x, by));
}

static Value choose(Builder &b, arith::CmpFPredicate predicate, Value x,
                    double limit, Value yes, Value no) {
  Value holds = arith::CmpFOp::create(b, predicate, x, number(b, x, limit));
  return arith::SelectOp::create(b, holds, yes, no);
}

static Value relu(Builder &b, Value x, double, double) {
  return arith::MaximumFOp::create(b, x, number(b, x, 0));
}

static Value tanhOf(Builder &b, Value x, double, double) {
  return math::TanhOp::create(b, x);
}

static Value sigmoid(Builder &b, Value x, double, double) {
  Value power = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  return arith::DivFOp::create(b, number(b, x, 1), plus(b, power, 1));
}

static Value affine(Builder &b, Value x, double alpha, double beta) {
  return plus(b, scaled(b, x, alpha), beta);
}

static Value leakyRelu(Builder &b, Value x, double alpha, double) {
  return choose(b, arith::CmpFPredicate::OGE, x, 0, x, scaled(b, x, alpha));
}

static Value thresholdedRelu(Builder &b, Value x, double alpha, double) {
  return choose(b, arith::CmpFPredicate::OGT, x, alpha, x, number(b, x, 0));
}

static Value scaledTanh(Builder &b, Value x, double alpha, double beta) {
  return scaled(b, math::TanhOp::create(b, scaled(b, x, beta)), alpha);
}

static Value hardSigmoid(Builder &b, Value x, double alpha, double beta) {
  Value line =
      arith::MaximumFOp::create(b, affine(b, x, alpha, beta), number(b, x, 0));
  return arith::MinimumFOp::create(b, line, number(b, x, 1));
}

static Value elu(Builder &b, Value x, double alpha, double) {
  Value below = scaled(b, plus(b, math::ExpOp::create(b, x), -1), alpha);
  return choose(b, arith::CmpFPredicate::OGE, x, 0, x, below);
}

static Value softsign(Builder &b, Value x, double, double) {
  return arith::DivFOp::create(b, x, plus(b, math::AbsFOp::create(b, x), 1));
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which does not overflow.
static Value softplus(Builder &b, Value x, double, double) {
  Value size = math::AbsFOp::create(b, x);
  Value power = math::ExpOp::create(b, arith::NegFOp::create(b, size));
  Value rest = math::LogOp::create(b, plus(b, power, 1));
  return arith::AddFOp::create(
      b, arith::MaximumFOp::create(b, x, number(b, x, 0)), rest);
}

namespace {
struct Known {
  StringLiteral name;
  decltype(RecurrentActivation::code) code;
  bool hasAlpha, hasBeta;
  double alpha, beta; // where the node says nothing
};
} // namespace

static constexpr Known known[] = {
    {"affine", affine, true, true, 1, 0},
    {"elu", elu, true, false, 1, 0},
    {"hardsigmoid", hardSigmoid, true, true, 0.2, 0.5},
    {"leakyrelu", leakyRelu, true, false, 0.01, 0},
    {"relu", relu, false, false, 0, 0},
    {"scaledtanh", scaledTanh, true, true, 1, 1},
    {"sigmoid", sigmoid, false, false, 0, 0},
    {"softplus", softplus, false, false, 0, 0},
    {"softsign", softsign, false, false, 0, 0},
    {"tanh", tanhOf, false, false, 0, 0},
    {"thresholdedrelu", thresholdedRelu, true, false, 1, 0},
};

Value RecurrentActivation::apply(ImplicitLocOpBuilder &b, Value x) const {
  if (clip > 0) {
    x = arith::MaximumFOp::create(b, x, number(b, x, -clip));
    x = arith::MinimumFOp::create(b, x, number(b, x, clip));
  }
  return code(b, x, alpha, beta);
}

static SmallVector<StringRef>
namesOf(onnx::NodeOp node, ArrayRef<StringRef> defaults, int64_t directions) {
  SmallVector<StringRef> names;
  if (auto given =
          dyn_cast_or_null<ArrayAttr>(node.getNodeAttr("activations"))) {
    for (Attribute name : given)
      names.push_back(cast<StringAttr>(name).getValue());
    return names;
  }
  for (int64_t direction = 0; direction < directions; ++direction)
    llvm::append_range(names, defaults);
  return names;
}

static ArrayRef<float> floatsOf(onnx::NodeOp node, StringRef attribute) {
  auto list = dyn_cast_or_null<DenseF32ArrayAttr>(node.getNodeAttr(attribute));
  return list ? list.asArrayRef() : ArrayRef<float>();
}

FailureOr<SmallVector<RecurrentActivation>>
recurrentActivations(onnx::NodeOp node, ArrayRef<StringRef> defaults,
                     int64_t directions) {
  SmallVector<StringRef> names = namesOf(node, defaults, directions);
  // RNN's schema lists one for each of two directions.
  if (names.size() < defaults.size() * directions) {
    node.emitNodeError("requires ") << defaults.size() * directions
                                    << " activations, but got " << names.size();
    return failure();
  }
  ArrayRef<float> alphas = floatsOf(node, "activation_alpha");
  ArrayRef<float> betas = floatsOf(node, "activation_beta");
  auto next = [](ArrayRef<float> &list, bool has, double otherwise) {
    if (!has || list.empty())
      return otherwise;
    double value = list.front();
    list = list.drop_front();
    return value;
  };
  SmallVector<RecurrentActivation> found;
  for (StringRef name :
       ArrayRef(names).take_front(defaults.size() * directions)) {
    const Known *entry = llvm::find_if(
        known, [&](const Known &k) { return k.name == name.lower(); });
    if (entry == std::end(known)) {
      node.emitNodeError("the activation '") << name << "' is not known";
      return failure();
    }
    found.push_back({entry->code, next(alphas, entry->hasAlpha, entry->alpha),
                     next(betas, entry->hasBeta, entry->beta),
                     node.getFloat("clip", 0)});
  }
  return found;
}

} // namespace attune
