// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace attune {

Lowering::Lowering(func::FuncOp graph)
    : ImplicitLocOpBuilder(graph.getLoc(), graph.getContext()), graph(graph) {
  setInsertionPointToStart(&graph.getBody().front());
  for (BlockArgument argument : graph.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    for (auto [dim, name] : llvm::enumerate(onnx::dimNames(argument)))
      if (!name.empty() && type && type.isDynamicDim(dim) &&
          !symbols.count(name))
        symbols[name] =
            tensor::DimOp::create(*this, argument, static_cast<int64_t>(dim));
  }
}

SmallVector<StringRef> Lowering::namesOf(Value tensor) {
  auto found = names.find(tensor);
  return found != names.end() ? found->second : onnx::dimNames(tensor);
}

OpFoldResult Lowering::knownSize(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return getIndexAttr(type.getDimSize(dim));
  SmallVector<StringRef> all = namesOf(tensor);
  if (dim < static_cast<int64_t>(all.size()))
    if (auto symbol = symbols.find(all[dim]); symbol != symbols.end())
      return symbol->second;
  return {};
}

OpFoldResult Lowering::size(Value tensor, int64_t dim) {
  if (OpFoldResult known = knownSize(tensor, dim))
    return known;
  return createOrFold<tensor::DimOp>(tensor, dim);
}

SmallVector<OpFoldResult> Lowering::sizes(Value tensor) {
  SmallVector<OpFoldResult> all;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    all.push_back(size(tensor, dim));
  return all;
}

Value Lowering::toIndex(OpFoldResult size) {
  return getValueOrCreateConstantIndexOp(*this, getLoc(), size);
}

Value Lowering::empty(ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(*this, sizes, element);
}

Value Lowering::constant(Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(*this, getFloatAttr(type, value));
  return arith::ConstantOp::create(
      *this, getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value Lowering::generic(ValueRange inputs, ArrayRef<AffineMap> maps, Value init,
                        ArrayRef<utils::IteratorType> iterators, Body body) {
  return linalg::GenericOp::create(
             *this, TypeRange(init.getType()), inputs, ValueRange(init), maps,
             iterators,
             [&](OpBuilder &b, Location loc, ValueRange arguments) {
               linalg::YieldOp::create(b, loc, body(b, loc, arguments));
             })
      .getResult(0);
}

/// Of two sizes of one dimension of the result, the one that rules.
static FailureOr<OpFoldResult> join(Lowering &b, onnx::NodeOp node,
                                    OpFoldResult left, OpFoldResult right) {
  if (left == right || isConstantIntValue(right, 1))
    return left;
  if (isConstantIntValue(left, 1))
    return right;
  std::optional<int64_t> l = getConstantIntValue(left);
  std::optional<int64_t> r = getConstantIntValue(right);
  if (l && r && *l == *r)
    return left;
  if (failed(b.requireEqual(node, left, right, "two sizes")))
    return failure();
  return l ? left : right;
}

Value Lowering::elementwise(onnx::NodeOp node, ValueRange inputs, Type element,
                            Body body) {
  int64_t rank = 0;
  for (Value input : inputs)
    rank = std::max(rank, cast<RankedTensorType>(input.getType()).getRank());
  SmallVector<OpFoldResult> result(rank, getIndexAttr(1));
  SmallVector<SmallVector<OpFoldResult>> all;
  for (Value input : inputs) {
    SmallVector<OpFoldResult> &own = all.emplace_back(sizes(input));
    int64_t offset = rank - own.size();
    for (auto [dim, size] : llvm::enumerate(own)) {
      FailureOr<OpFoldResult> joined =
          join(*this, node, result[offset + dim], size);
      if (failed(joined))
        return {};
      result[offset + dim] = *joined;
    }
  }
  SmallVector<AffineMap> maps;
  for (const SmallVector<OpFoldResult> &own : all) {
    int64_t offset = rank - own.size();
    SmallVector<AffineExpr> exprs;
    for (size_t dim = 0; dim < own.size(); ++dim) {
      // What is known may be more than what the type says.
      bool repeated = isConstantIntValue(own[dim], 1) &&
                      !isConstantIntValue(result[offset + dim], 1);
      exprs.push_back(repeated ? getAffineConstantExpr(0)
                               : getAffineDimExpr(offset + dim));
    }
    maps.push_back(AffineMap::get(rank, 0, exprs, getContext()));
  }
  maps.push_back(getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return generic(inputs, maps, empty(result, element), iterators, body);
}

bool Lowering::isSmall(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() <= 1 && tensor.hasStaticShape() &&
         tensor.getNumElements() <= 32;
}

std::optional<SmallVector<Value>> Lowering::elements(Value tensor) {
  if (auto found = known.find(tensor); found != known.end())
    return found->second;
  auto constant = tensor.getDefiningOp<arith::ConstantOp>();
  if (!constant || !isSmall(tensor.getType()))
    return std::nullopt;
  SmallVector<Value> values;
  for (Attribute value :
       cast<DenseElementsAttr>(constant.getValue()).getValues<Attribute>())
    values.push_back(arith::ConstantOp::create(*this, cast<TypedAttr>(value)));
  return values;
}

std::optional<SmallVector<int64_t>> Lowering::integers(Value tensor) {
  std::optional<SmallVector<Value>> values = elements(tensor);
  if (!values)
    return std::nullopt;
  SmallVector<int64_t> integers;
  for (Value value : *values) {
    std::optional<int64_t> integer = getConstantIntValue(value);
    if (!integer)
      return std::nullopt;
    integers.push_back(*integer);
  }
  return integers;
}

Value Lowering::fromElements(RankedTensorType type, ArrayRef<Value> elements) {
  Value tensor = tensor::FromElementsOp::create(*this, type, elements);
  known[tensor] = SmallVector<Value>(elements);
  return tensor;
}

void Lowering::replace(onnx::NodeOp node, Value value, unsigned output) {
  Value old = node.getOutputs()[output];
  if (isa<NoneType>(old.getType()))
    return;
  RankedTensorType type = typeOf(value), wanted = typeOf(old);
  if (type != wanted && !tensor::CastOp::areCastCompatible(type, wanted)) {
    node.emitNodeError("gives ") << type << ", but the model says " << wanted;
    refused = true;
    return;
  }
  value = refine(node, value, wanted);
  if (refused)
    return;
  if (!names.count(value))
    names[value] = onnx::dimNames(old);
  if (auto found = narrow.find(old); found != narrow.end()) {
    wanted = found->second;
    value = convert(value, wanted.getElementType());
    if (!names.count(value))
      names[value] = onnx::dimNames(old);
  }
  // Nodes take what is known; others were made for the type of before.
  old.replaceUsesWithIf(
      value, [](OpOperand &use) { return isa<onnx::NodeOp>(use.getOwner()); });
  if (!old.use_empty())
    old.replaceAllUsesWith(createOrFold<tensor::CastOp>(wanted, value));
}

Value Lowering::refine(onnx::NodeOp node, Value value,
                       RankedTensorType wanted) {
  RankedTensorType type = typeOf(value);
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim) || wanted.isDynamicDim(dim))
      continue;
    shape[dim] = wanted.getDimSize(dim);
    if (mlir::failed(requireEqual(node, size(value, dim),
                                  getIndexAttr(shape[dim]),
                                  "a size and what the model says of it"))) {
      refused = true;
      return {};
    }
  }
  auto refined = RankedTensorType::get(shape, type.getElementType());
  if (refined == type)
    return value;
  Value cast = createOrFold<tensor::CastOp>(refined, value);
  if (auto found = known.find(value); found != known.end()) {
    SmallVector<Value> elements = found->second;
    known[cast] = elements;
  }
  return cast;
}

LogicalResult checkPrecision(onnx::NodeOp node) {
  if (int64_t type = node.getInt("stash_type", 1); type != 1)
    return node.emitNodeError("requires stash_type = 1 (float), but got ")
           << type;
  return success();
}

static bool isHalf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor &&
         (tensor.getElementType().isF16() || tensor.getElementType().isBF16());
}

void Lowering::widen(onnx::NodeOp node) {
  for (OpOperand &operand : node->getOpOperands()) {
    if (!isHalf(operand.get().getType()))
      continue;
    Value wide = convert(operand.get(), getF32Type());
    names[wide] = namesOf(operand.get());
    operand.set(wide);
  }
  for (Value output : node.getOutputs()) {
    if (!isHalf(output.getType()))
      continue;
    auto type = cast<RankedTensorType>(output.getType());
    narrow[output] = type;
    output.setType(type.clone(getF32Type()));
  }
}

} // namespace attune
