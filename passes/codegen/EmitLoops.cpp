// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/Passes.h"
#include "passes/codegen/VectorEmitter.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITLOOPSPASS
#include "passes/codegen/Passes.h.inc"

namespace {

/// Writes the loops of linalg operations on memrefs.
class LoopEmitter {
public:
  explicit LoopEmitter(Operation *at) : b(at, 1) {}

  /// One operation: its outer parallel loops are the range.
  void emitAlone(linalg::LinalgOp op);
  /// Operations that share their first `rows` loops: the rows are the range.
  void emitRows(ArrayRef<linalg::LinalgOp> ops, unsigned rows);

private:
  SmallVector<Value> extents(linalg::LinalgOp op);
  SmallVector<Value> delinearize(Value item, ArrayRef<Value> sizes);
  Value grainFor(ArrayRef<Value> inner);
  void emitFlat(linalg::LinalgOp op);
  void emitInner(linalg::LinalgOp op, SmallVector<Value> ivs,
                 ArrayRef<Value> sizes);
  void emitReduction(linalg::LinalgOp op, SmallVector<Value> ivs,
                     ArrayRef<Value> sizes);
  SmallVector<Value> emitBody(linalg::LinalgOp op, ValueRange ivs,
                              ValueRange accumulators);
  SmallVector<Value> indicesOf(AffineMap map, ValueRange ivs);
  void storeResults(linalg::LinalgOp op, ValueRange ivs, ValueRange results);
  SmallVector<Value> loadInits(linalg::LinalgOp op, ValueRange ivs);

  VectorEmitter b;
};

} // namespace

SmallVector<Value> LoopEmitter::extents(linalg::LinalgOp op) {
  SmallVector<Value> sizes;
  for (Range range : op.createLoopRanges(b, op.getLoc()))
    sizes.push_back(
        getValueOrCreateConstantIndexOp(b, op.getLoc(), range.size));
  return sizes;
}

SmallVector<Value> LoopEmitter::delinearize(Value item, ArrayRef<Value> sizes) {
  SmallVector<Value> ivs(sizes.size());
  for (size_t i = sizes.size(); i-- > 1;) {
    ivs[i] = b.rem(item, sizes[i]);
    item = b.div(item, sizes[i]);
  }
  if (!ivs.empty())
    ivs[0] = item;
  return ivs;
}

/// Items that make a chunk of some ten microseconds.
Value LoopEmitter::grainFor(ArrayRef<Value> inner) {
  constexpr int64_t target = 16384;
  Value size = b.index(1);
  for (Value extent : inner)
    size = b.mul(size, extent);
  return b.add(b.div(b.index(target), b.add(size, b.index(1))), b.index(1));
}

SmallVector<Value> LoopEmitter::indicesOf(AffineMap map, ValueRange ivs) {
  SmallVector<Value> indices;
  for (AffineExpr result : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(result))
      indices.push_back(ivs[dim.getPosition()]);
    else
      indices.push_back(affine::AffineApplyOp::create(
          b, AffineMap::get(map.getNumDims(), 0, result), ivs));
  }
  return indices;
}

SmallVector<Value> LoopEmitter::loadInits(linalg::LinalgOp op, ValueRange ivs) {
  SmallVector<Value> values;
  for (OpOperand &init : op.getDpsInitsMutable())
    values.push_back(memref::LoadOp::create(
        b, init.get(), indicesOf(op.getMatchingIndexingMap(&init), ivs)));
  return values;
}

void LoopEmitter::storeResults(linalg::LinalgOp op, ValueRange ivs,
                               ValueRange results) {
  for (auto [result, init] : llvm::zip(results, op.getDpsInitsMutable()))
    memref::StoreOp::create(b, result, init.get(),
                            indicesOf(op.getMatchingIndexingMap(&init), ivs));
}

/// Sums may be taken in any order, so that they can be vectorised.
static void allowReordering(Operation *op, ValueRange accumulators) {
  bool combines = llvm::any_of(op->getOperands(), [&](Value operand) {
    return llvm::is_contained(accumulators, operand);
  });
  if (combines && isa<arith::AddFOp, arith::MulFOp>(op))
    cast<arith::ArithFastMathInterface>(op)->setAttr(
        "fastmath", arith::FastMathFlagsAttr::get(
                        op->getContext(), arith::FastMathFlags::reassoc |
                                              arith::FastMathFlags::contract));
}

/// Clones the scalar body at `ivs` and returns what it yields. Destinations
/// are `accumulators`, or are loaded where the body reads them.
SmallVector<Value> LoopEmitter::emitBody(linalg::LinalgOp op, ValueRange ivs,
                                         ValueRange accumulators) {
  Block &body = *op.getBlock();
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Value value = input->get();
    if (isa<MemRefType>(value.getType()))
      value = memref::LoadOp::create(
          b, value, indicesOf(op.getMatchingIndexingMap(input), ivs));
    mapping.map(op.getMatchingBlockArgument(input), value);
  }
  for (auto [position, init] : llvm::enumerate(op.getDpsInitsMutable())) {
    BlockArgument argument = op.getMatchingBlockArgument(&init);
    if (!accumulators.empty())
      mapping.map(argument, accumulators[position]);
    else if (!argument.use_empty())
      mapping.map(
          argument,
          memref::LoadOp::create(
              b, init.get(), indicesOf(op.getMatchingIndexingMap(&init), ivs)));
  }
  for (Operation &inner : body.without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      mapping.map(index.getResult(), ivs[index.getDim()]);
      continue;
    }
    allowReordering(b.clone(inner, mapping), accumulators);
  }
  return llvm::map_to_vector(
      body.getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookupOrDefault(value); });
}

/// Loops over dimensions that are all reduced, the sums in registers.
void LoopEmitter::emitReduction(linalg::LinalgOp op, SmallVector<Value> ivs,
                                ArrayRef<Value> sizes) {
  std::function<SmallVector<Value>(SmallVector<Value>, SmallVector<Value>)>
      nest = [&](SmallVector<Value> at,
                 SmallVector<Value> sums) -> SmallVector<Value> {
    if (at.size() == sizes.size())
      return emitBody(op, at, sums);
    return b.loop(b.index(0), sizes[at.size()], b.index(1), sums,
                  [&](Value iv, ValueRange carried) {
                    SmallVector<Value> deeper(at);
                    deeper.push_back(iv);
                    return nest(deeper, SmallVector<Value>(carried));
                  });
  };
  SmallVector<Value> padded(ivs);
  padded.resize(sizes.size(), ivs.empty() ? b.index(0) : ivs.front());
  SmallVector<Value> results = nest(ivs, loadInits(op, padded));
  storeResults(op, padded, results);
}

/// The loops from `ivs.size()` on.
void LoopEmitter::emitInner(linalg::LinalgOp op, SmallVector<Value> ivs,
                            ArrayRef<Value> sizes) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  ArrayRef<utils::IteratorType> rest =
      ArrayRef<utils::IteratorType>(iterators).drop_front(ivs.size());
  if (rest.empty())
    return storeResults(op, ivs, emitBody(op, ivs, {}));
  if (llvm::all_of(rest, [](utils::IteratorType type) {
        return type == utils::IteratorType::reduction;
      }))
    return emitReduction(op, ivs, sizes);
  b.loop(b.index(0), sizes[ivs.size()], b.index(1), [&](Value iv) {
    SmallVector<Value> deeper(ivs);
    deeper.push_back(iv);
    emitInner(op, deeper, sizes);
  });
}

/// An element-wise operation on contiguous memory is one loop.
static bool isFlat(linalg::LinalgOp op) {
  if (op.getNumLoops() == 0 || op.getNumReductionLoops() > 0 ||
      op.hasIndexSemantics())
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type)
      continue;
    if (!type.getLayout().isIdentity() ||
        !op.getMatchingIndexingMap(&operand).isIdentity())
      return false;
  }
  return true;
}

void LoopEmitter::emitFlat(linalg::LinalgOp op) {
  Value count = b.index(1);
  for (Value size : extents(op))
    count = b.mul(count, size);
  ReassociationIndices all =
      llvm::to_vector(llvm::seq<int64_t>(0, op.getNumLoops()));
  IRMapping flat;
  OpBuilder::InsertionGuard guard(b);
  SmallVector<OpOperand *> operands;
  for (OpOperand &operand : op->getOpOperands())
    if (isa<MemRefType>(operand.get().getType()) && op.getNumLoops() > 1)
      operand.set(memref::CollapseShapeOp::create(
          b, operand.get(), ArrayRef<ReassociationIndices>(all)));
  b.parallel(count, b.index(16384), [&](Value item) {
    // The maps are identities: one index serves whatever rank they had.
    SmallVector<Value> ivs(op.getNumLoops(), item);
    Block &body = *op.getBlock();
    IRMapping mapping;
    for (OpOperand &operand : op->getOpOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(&operand);
      if (argument.use_empty())
        continue;
      bool inMemory = isa<MemRefType>(operand.get().getType());
      mapping.map(
          argument,
          inMemory ? memref::LoadOp::create(b, operand.get(), item).getResult()
                   : operand.get());
    }
    for (Operation &inner : body.without_terminator())
      b.clone(inner, mapping);
    for (auto [value, init] : llvm::zip(body.getTerminator()->getOperands(),
                                        op.getDpsInitsMutable()))
      memref::StoreOp::create(b, mapping.lookupOrDefault(value), init.get(),
                              item);
  });
}

void LoopEmitter::emitAlone(linalg::LinalgOp op) {
  if (isFlat(op))
    return emitFlat(op);
  SmallVector<Value> sizes = extents(op);
  unsigned outer = 0;
  for (utils::IteratorType type : op.getIteratorTypesArray()) {
    if (type != utils::IteratorType::parallel)
      break;
    ++outer;
  }
  // The last parallel loop stays inside, where it can be vectorised.
  if (outer == sizes.size() && outer > 1)
    --outer;
  if (outer == 0)
    return emitInner(op, {}, sizes);
  emitRows(op, outer);
}

void LoopEmitter::emitRows(ArrayRef<linalg::LinalgOp> ops, unsigned rows) {
  SmallVector<SmallVector<Value>> sizes;
  for (linalg::LinalgOp op : ops)
    sizes.push_back(extents(op));
  ArrayRef<Value> outer = ArrayRef<Value>(sizes.back()).take_front(rows);
  Value count = b.index(1);
  for (Value size : outer)
    count = b.mul(count, size);
  Value grain = grainFor(ArrayRef<Value>(sizes.back()).drop_front(rows));
  b.parallel(count, grain, [&](Value item) {
    SmallVector<Value> ivs = delinearize(item, outer);
    for (auto [op, all] : llvm::zip(ops, sizes))
      emitInner(op, ivs, all);
  });
}

/// Copies that bufferization put in are loops like any other.
static void copiesToLinalg(func::FuncOp function) {
  SmallVector<memref::CopyOp> copies;
  function.walk([&](memref::CopyOp copy) { copies.push_back(copy); });
  for (memref::CopyOp copy : copies) {
    OpBuilder builder(copy);
    linalg::CopyOp::create(builder, copy.getLoc(), copy.getSource(),
                           copy.getTarget());
    copy.erase();
  }
}

namespace {
struct EmitLoops : impl::EmitLoopsPassBase<EmitLoops> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto rows = function->getAttrOfType<IntegerAttr>(kernel::kernelAttr);
    if (!rows)
      return;
    copiesToLinalg(function);
    SmallVector<linalg::LinalgOp> ops;
    function.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    if (ops.empty())
      return;
    if (rows.getInt() > 0) {
      LoopEmitter(ops.back()).emitRows(ops, rows.getInt());
    } else {
      for (linalg::LinalgOp op : ops)
        LoopEmitter(op).emitAlone(op);
    }
    for (linalg::LinalgOp op : llvm::reverse(ops))
      op->erase();
  }
};
} // namespace
} // namespace attune
