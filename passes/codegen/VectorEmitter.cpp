// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/VectorEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

Value VectorEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, getLoc(), value);
}

Value VectorEmitter::add(Value left, Value right) {
  return createOrFold<arith::AddIOp>(left, right);
}

Value VectorEmitter::sub(Value left, Value right) {
  return createOrFold<arith::SubIOp>(left, right);
}

Value VectorEmitter::mul(Value left, Value right) {
  return createOrFold<arith::MulIOp>(left, right);
}

Value VectorEmitter::div(Value left, Value right) {
  return createOrFold<arith::DivUIOp>(left, right);
}

Value VectorEmitter::rem(Value left, Value right) {
  return createOrFold<arith::RemUIOp>(left, right);
}

Value VectorEmitter::ceilDiv(Value left, int64_t right) {
  return div(add(left, index(right - 1)), index(right));
}

Value VectorEmitter::min(Value left, Value right) {
  return createOrFold<arith::MinSIOp>(left, right);
}

Value VectorEmitter::max(Value left, Value right) {
  return createOrFold<arith::MaxSIOp>(left, right);
}

Value VectorEmitter::dim(Value memref, int64_t dim) {
  return createOrFold<memref::DimOp>(memref, dim);
}

VectorType VectorEmitter::vector(Type element) {
  return VectorType::get({lanes}, element);
}

Value VectorEmitter::scalar(float value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(value));
}

Value VectorEmitter::splat(Value scalar) {
  return createOrFold<vector::BroadcastOp>(vector(scalar.getType()), scalar);
}

Value VectorEmitter::maskBelow(Value count) {
  Value bounded = max(min(count, index(lanes)), index(0));
  return vector::CreateMaskOp::create(*this, vector(getI1Type()), bounded);
}

Value VectorEmitter::load(Value memref, ValueRange indices, Value mask) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  VectorType type = vector(element);
  if (!mask)
    return vector::LoadOp::create(*this, type, memref, indices);
  Value zero = arith::ConstantOp::create(*this, getZeroAttr(type));
  return vector::MaskedLoadOp::create(*this, type, memref, indices, mask, zero);
}

void VectorEmitter::store(Value vector, Value memref, ValueRange indices,
                          Value mask) {
  if (mask)
    vector::MaskedStoreOp::create(*this, memref, indices, mask, vector);
  else
    vector::StoreOp::create(*this, vector, memref, indices);
}

Value VectorEmitter::larger(Value left, Value right) {
  Value isLeft =
      arith::CmpFOp::create(*this, arith::CmpFPredicate::OGT, left, right);
  return arith::SelectOp::create(*this, isLeft, left, right);
}

Value VectorEmitter::expOfNegative(Value x) {
  // e^x = 2^n * e^r, n = round(x / ln 2), |r| <= ln 2 / 2. The polynomial is
  // the minimax fit of degree 6 to e^r there (relative error 3.1e-9 before
  // rounding, 7.6e-8 measured after it); n is added to the exponent's bits.
  constexpr float coefficients[] = {1.3814467238e-3f,
                                    8.3687808365e-3f,
                                    4.1668392718e-2f,
                                    1.6666519642e-1f,
                                    4.9999994040e-1f,
                                    1.0f,
                                    1.0f};
  constexpr float lowest = -87.33654f;
  Value clamped = larger(splat(lowest), x);
  Value n = math::RoundEvenOp::create(
      *this, arith::MulFOp::create(*this, clamped, splat(1.44269504f)));
  Value r = vector::FMAOp::create(*this, n, splat(-0.693359375f), clamped);
  r = vector::FMAOp::create(*this, n, splat(2.12194440e-4f), r);
  Value sum = splat(coefficients[0]);
  for (float coefficient : llvm::drop_begin(coefficients))
    sum = vector::FMAOp::create(*this, sum, r, splat(coefficient));
  VectorType integers = vector(getI32Type());
  Value exponent = arith::FPToSIOp::create(*this, integers, n);
  Value bits = splat(arith::ConstantIntOp::create(*this, getI32Type(), 23));
  Value shifted = arith::ShLIOp::create(*this, exponent, bits);
  Value scaled = arith::AddIOp::create(
      *this, arith::BitcastOp::create(*this, integers, sum), shifted);
  Value result = arith::BitcastOp::create(*this, x.getType(), scaled);
  Value tiny =
      arith::CmpFOp::create(*this, arith::CmpFPredicate::OLT, x, splat(lowest));
  return arith::SelectOp::create(*this, tiny, splat(0.0f), result);
}

Value VectorEmitter::asVector(Value value) {
  return isa<VectorType>(value.getType()) ? value : splat(value);
}

SmallVector<Value> VectorEmitter::inlineOnVectors(Block &block,
                                                  ValueRange arguments) {
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
    mapping.map(argument, asVector(value));
  auto lookup = [&](Value value) {
    return asVector(mapping.lookupOrDefault(value));
  };
  for (Operation &op : block.without_terminator()) {
    if (op.hasTrait<OpTrait::ConstantLike>()) {
      mapping.map(op.getResult(0), splat(clone(op)->getResult(0)));
      continue;
    }
    OperationState state(getLoc(), op.getName());
    for (Value operand : op.getOperands())
      state.operands.push_back(lookup(operand));
    for (Type type : op.getResultTypes())
      state.types.push_back(vector(type));
    state.attributes = op.getAttrs();
    state.propertiesAttr = op.getPropertiesAsAttribute();
    mapping.map(op.getResults(), create(state)->getResults());
  }
  return llvm::map_to_vector(block.getTerminator()->getOperands(), lookup);
}

SmallVector<Value> VectorEmitter::loop(
    Value begin, Value end, Value step, ValueRange carried,
    llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(*this, begin, end, step, carried);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  SmallVector<Value> results =
      body(op.getInductionVar(), op.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(*this, results);
  return SmallVector<Value>(op.getResults());
}

void VectorEmitter::loop(Value begin, Value end, Value step,
                         llvm::function_ref<void(Value)> body) {
  loop(begin, end, step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

void VectorEmitter::parallel(Value count, Value grain,
                             llvm::function_ref<void(Value)> body,
                             llvm::function_ref<void()> setup) {
  auto op = kernel::ParallelOp::create(*this, count, grain);
  OpBuilder::InsertionGuard guard(*this);
  Block *block =
      createBlock(&op.getBody(), {}, {getIndexType(), getIndexType()},
                  {getLoc(), getLoc()});
  setup();
  loop(block->getArgument(0), block->getArgument(1), index(1), body);
}

} // namespace attune
