// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"
#include "dialects/attn/forms/Forms.h"
#include "dialects/attn/forms/gated/GateInput.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune::attn {

namespace {

/// Side weights of a gate; what its kind lacks is null.
struct GateWeights {
  Value weight, bias, weight2, bias2;
};

/// Writes a gate for each token and head.
struct Gate : Tensors {
  Gate(RewriterBase &rewriter, AttentionOp dense)
      : Tensors(dense.getLoc(), rewriter) {}

  Value product(Value x, Value weight, ArrayRef<AffineExpr> inputMap,
                ArrayRef<AffineExpr> weightMap, ArrayRef<AffineExpr> outMap,
                Sizes outSizes);
  Value biased(Value x, Value bias, bool relu);
};

} // namespace

/// sum over the last loop of x * weight; loops are numbered by the maps.
Value Gate::product(Value x, Value weight, ArrayRef<AffineExpr> inputMap,
                    ArrayRef<AffineExpr> weightMap, ArrayRef<AffineExpr> outMap,
                    Sizes outSizes) {
  unsigned loops = outMap.size() + 1;
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(loops, 0, exprs, getContext());
  };
  return generic({x, weight}, filled(outSizes, getF32Type(), 0),
                 {map(inputMap), map(weightMap), map(outMap)}, loops - 1,
                 [](ImplicitLocOpBuilder &b, ValueRange in) {
                   Value product = arith::MulFOp::create(b, in[0], in[1]);
                   return SmallVector<Value>{
                       arith::AddFOp::create(b, in[2], product)};
                 })
      .front();
}

/// x plus a bias along its last dimensions, not below 0 with `relu`.
Value Gate::biased(Value x, Value bias, bool relu) {
  unsigned own = typeOf(bias).getRank();
  return compute(
      sizes(x), getF32Type(),
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> at) -> Value {
        Value sum = arith::AddFOp::create(
            b, elementAt(b, x, at), elementAt(b, bias, at.take_back(own)));
        if (!relu)
          return sum;
        Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
        return arith::MaximumFOp::create(b, sum, zero);
      });
}

static FailureOr<GateWeights> read(RewriterBase &rewriter, AttentionOp dense,
                                   const FormParameters &parameters,
                                   int64_t heads, int64_t width,
                                   int64_t hidden) {
  StringRef kind = parameters.choice("kind");
  GateWeights weights;
  auto load = [&](Value &into, StringRef name, ArrayRef<int64_t> shape) {
    FailureOr<Value> found =
        parameters.weight(rewriter, dense, "weights", name, shape);
    if (succeeded(found))
      into = *found;
    return LogicalResult(found);
  };
  if (kind == "linear" &&
      failed(load(weights.weight, "attn_gate.weight", {heads, width})))
    return failure();
  if (kind == "all" &&
      failed(load(weights.weight, "attn_gate.weight", {heads, heads * width})))
    return failure();
  if (kind == "mlp" &&
      (failed(load(weights.weight, "attn_gate.0.weight",
                   {heads, hidden, width})) ||
       failed(load(weights.bias, "attn_gate.0.bias", {heads, hidden})) ||
       failed(load(weights.weight2, "attn_gate.2.weight", {heads, hidden})) ||
       failed(load(weights.bias2, "attn_gate.2.bias", {heads}))))
    return failure();
  if (kind != "mlp" && failed(load(weights.bias, "attn_gate.bias", {heads})))
    return failure();
  return weights;
}

/// Logits of gates, batch x queries x heads; with kind 'constant', heads.
static Value logits(Gate &b, StringRef kind, Value x, const GateWeights &w,
                    int64_t heads, int64_t width, int64_t hidden) {
  if (kind == "constant")
    return w.bias;
  AffineExpr d[5];
  bindDimsList(b.getContext(), MutableArrayRef(d));
  SmallVector<OpFoldResult> rows = b.sizes(x);
  rows.back() = b.getIndexAttr(heads);
  if (kind == "all")
    return b.biased(b.product(x, w.weight, {d[0], d[1], d[3]}, {d[2], d[3]},
                              {d[0], d[1], d[2]}, rows),
                    w.bias, false);
  SmallVector<OpFoldResult> split = rows;
  split.push_back(b.getIndexAttr(width));
  Value parts = b.reshape(x, split);
  if (kind == "linear")
    return b.biased(b.product(parts, w.weight, {d[0], d[1], d[2], d[3]},
                              {d[2], d[3]}, {d[0], d[1], d[2]}, rows),
                    w.bias, false);
  split.back() = b.getIndexAttr(hidden);
  Value inner =
      b.biased(b.product(parts, w.weight, {d[0], d[1], d[2], d[4]},
                         {d[2], d[3], d[4]}, {d[0], d[1], d[2], d[3]}, split),
               w.bias, true);
  return b.biased(b.product(inner, w.weight2, {d[0], d[1], d[2], d[3]},
                            {d[2], d[3]}, {d[0], d[1], d[2]}, rows),
                  w.bias2, false);
}

/// result * scale / (1 + e^-logit), element by element.
static Value gated(Gate &b, Value result, ArrayRef<int64_t> layout, Value logit,
                   double scale) {
  AffineExpr token[] = {b.getAffineDimExpr(0), b.getAffineDimExpr(0),
                        b.getAffineDimExpr(0)};
  // Where batch, query and head lie among the result's dimensions.
  for (auto [at, logical] : llvm::enumerate(layout))
    if (logical < 3)
      token[logical == 1 ? 2 : logical == 2 ? 1 : 0] = b.getAffineDimExpr(at);
  ArrayRef<AffineExpr> place =
      ArrayRef(token).take_back(Tensors::typeOf(logit).getRank());
  AffineMap identity = b.getMultiDimIdentityMap(4);
  return b
      .generic(
          {result, logit}, b.empty(b.sizes(result), b.getF32Type()),
          {identity, AffineMap::get(4, 0, place, b.getContext()), identity}, {},
          [&](ImplicitLocOpBuilder &inner, ValueRange in) {
            auto number = [&](double value) -> Value {
              return arith::ConstantOp::create(inner,
                                               inner.getF32FloatAttr(value));
            };
            Value raised =
                math::ExpOp::create(inner, arith::NegFOp::create(inner, in[1]));
            Value gate = arith::DivFOp::create(
                inner, number(scale),
                arith::AddFOp::create(inner, raised, number(1)));
            return SmallVector<Value>{
                arith::MulFOp::create(inner, in[0], gate)};
          })
      .front();
}

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<int64_t> hidden = parameters.integerFrom(dense, "hidden", 1);
  if (!hidden)
    return failure();
  double scale = parameters.number("scale");
  if (!std::isfinite(scale) || scale <= 0)
    return dense.emitError("form 'gated' requires a finite, positive scale, "
                           "but got ")
           << scale;
  Heads q{dense.getQuery(), dense.getQueryLayout()};
  StringRef kind = parameters.choice("kind");
  Value x = kind == "constant" ? Value() : findGateInput(dense);
  if (ShapedType::isDynamic(q.size(1)) || ShapedType::isDynamic(q.size(3)) ||
      !dense.getType().getElementType().isF32())
    return dense.emitError("form 'gated' requires f32 with known numbers of "
                           "heads and columns, but got ")
           << dense.getQuery().getType();
  if (!x && kind != "constant")
    return dense.emitError("form 'gated' finds no tensor of batch x queries x ")
           << q.size(1) * q.size(3)
           << " that queries, keys and values are computed from; use "
              "kind=constant, or leave this layer dense with '@layers='";
  FailureOr<GateWeights> weights =
      read(rewriter, dense, parameters, q.size(1), q.size(3), *hidden);
  if (failed(weights))
    return failure();
  Gate b(rewriter, dense);
  Value logit = logits(b, kind, x, *weights, q.size(1), q.size(3), *hidden);
  rewriter.setInsertionPointAfter(dense);
  b.setInsertionPointAfter(dense);
  Value result =
      gated(b, dense.getResult(), dense.getOutputLayout(), logit, scale);
  Operation *gate = result.getDefiningOp();
  Value cast = b.castTo(result, dense.getType());
  rewriter.replaceUsesWithIf(dense.getResult(), cast, [&](OpOperand &use) {
    Operation *owner = use.getOwner();
    return owner != gate && owner != cast.getDefiningOp() &&
           !isa<tensor::DimOp>(owner);
  });
  return success();
}

Form gated_form() {
  static constexpr llvm::StringLiteral kinds[] = {"linear", "mlp", "all",
                                                  "constant"};
  static constexpr FormParameter parameters[] = {
      {"weights", FormParameter::Kind::file, 0,
       "a safetensors file of F32 with 'attn_gate.bias' of heads and "
       "'attn_gate.weight': heads x width, or heads x (heads * width) for "
       "'all', none for 'constant'; for 'mlp' 'attn_gate.0.weight' of heads x "
       "hidden x width, 'attn_gate.0.bias' and 'attn_gate.2.weight' of heads x "
       "hidden, 'attn_gate.2.bias' of heads"},
      {"kind", FormParameter::Kind::choice, 0,
       "what gives the gate of a token and head: its own columns of the "
       "attention's input, directly or by a hidden layer, all columns, or none",
       kinds},
      {"hidden", FormParameter::Kind::integer, 16, "width of 'mlp'"},
      {"scale", FormParameter::Kind::number, 1, "multiplies all gates"}};
  return {"gated",
          "softmax attention whose heads are multiplied by sigmoid gates of "
          "each token; with trained weights",
          "Bondarenko, Nagel, Blankevoort (2023), Quantizable Transformers: "
          "Removing Outliers by Helping Attention Heads Do Nothing",
          parameters, rewrite};
}

} // namespace attune::attn
