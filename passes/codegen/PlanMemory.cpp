// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Interfaces/ViewLikeInterface.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "passes/codegen/Passes.h.inc"

namespace {

/// A buffer of the graph: when it is alive (positions in the block) and how
/// many bytes it has: `factor` times the product of `dims`.
struct Buffer {
  memref::AllocOp alloc;
  unsigned first = 0, last = 0;
  int64_t factor = 0;
  SmallVector<Value> dims;
};

/// A place in the arena that buffers hold one after another. All of them have
/// the same `dims`; the largest factor rules.
struct Slot {
  int64_t factor = 0;
  SmallVector<Value> dims;
  unsigned freeFrom = 0;
  SmallVector<memref::AllocOp> buffers;
};

class Planner {
public:
  explicit Planner(func::FuncOp graph)
      : graph(graph), block(graph.getBody().front()), b(graph.getContext()) {}

  LogicalResult plan();

private:
  LogicalResult hoistSize(Value size);
  LogicalResult returnInPlace();
  FailureOr<SmallVector<Value>> sizesOf(Value returned);
  SmallVector<Buffer> findBuffers();
  void place(const Buffer &buffer);
  void replaceAll();

  func::FuncOp graph;
  mlir::Block &block;
  OpBuilder b;
  Operation *sizesEnd = nullptr; // sizes are computed before it
  SmallVector<Slot> slots;
};

} // namespace

/// Moves what computes `size` to the top of the graph.
LogicalResult Planner::hoistSize(Value size) {
  Operation *definition = size.getDefiningOp();
  if (!definition || definition->isBeforeInBlock(sizesEnd))
    return success();
  if (!isMemoryEffectFree(definition) || definition->getNumRegions() != 0)
    return definition->emitError("a size that depends on the values of a "
                                 "tensor is not supported yet");
  for (Value operand : definition->getOperands())
    if (failed(hoistSize(operand)))
      return failure();
  definition->moveBefore(sizesEnd);
  return success();
}

/// The alloc that `value` is a view of, or null.
static memref::AllocOp rootAlloc(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value.getDefiningOp<memref::AllocOp>();
}

/// Sizes of a returned value, computed without the buffer itself.
FailureOr<SmallVector<Value>> Planner::sizesOf(Value returned) {
  SmallVector<Value> sizes;
  if (auto cast = returned.getDefiningOp<memref::CastOp>())
    return sizesOf(cast.getSource());
  if (auto alloc = returned.getDefiningOp<memref::AllocOp>())
    for (OpFoldResult size : alloc.getMixedSizes())
      sizes.push_back(getValueOrCreateConstantIndexOp(b, graph.getLoc(), size));
  else if (auto expand = returned.getDefiningOp<memref::ExpandShapeOp>())
    for (OpFoldResult size : expand.getMixedOutputShape())
      sizes.push_back(getValueOrCreateConstantIndexOp(b, graph.getLoc(), size));
  else if (auto collapse = returned.getDefiningOp<memref::CollapseShapeOp>()) {
    FailureOr<SmallVector<Value>> source = sizesOf(collapse.getSrc());
    if (failed(source))
      return failure();
    for (const ReassociationIndices &group :
         collapse.getReassociationIndices()) {
      Value size = (*source)[group.front()];
      for (int64_t dim : ArrayRef<int64_t>(group).drop_front())
        size =
            b.createOrFold<arith::MulIOp>(graph.getLoc(), size, (*source)[dim]);
      sizes.push_back(size);
    }
  } else
    return failure();
  return sizes;
}

/// Bytes, and whether there are any.
static SmallVector<Type> memoryTypes(OpBuilder &b) {
  return {kernel::bytesType(b.getContext()), b.getI1Type()};
}

/// Makes the memory of a returned buffer the output's own; what cannot be
/// (an input, a weight, a buffer returned twice) is copied into it.
LogicalResult Planner::returnInPlace() {
  Operation *end = block.getTerminator();
  Value services = graph.getArgument(0);
  Location loc = graph.getLoc();
  llvm::SmallPtrSet<Operation *, 4> taken;
  for (auto [index, returned] : llvm::enumerate(end->getOperands())) {
    auto type = cast<MemRefType>(returned.getType());
    memref::AllocOp alloc = rootAlloc(returned);
    b.setInsertionPoint(sizesEnd);
    FailureOr<SmallVector<Value>> sizes = failure();
    if (alloc && !taken.contains(alloc))
      sizes = sizesOf(returned);
    bool inPlace = succeeded(sizes);
    if (!inPlace) {
      b.setInsertionPoint(end);
      sizes.emplace();
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        sizes->push_back(
            b.createOrFold<memref::DimOp>(loc, Value(returned), dim));
    }
    for (Value size : *sizes)
      if (inPlace && failed(hoistSize(size)))
        return failure();
    auto output = kernel::OutputOp::create(b, loc, memoryTypes(b), services,
                                           b.getI64IntegerAttr(index), *sizes);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    MemRefType made = inPlace ? alloc.getType() : type;
    SmallVector<Value> dynamic;
    if (inPlace) {
      dynamic.assign(alloc.getDynamicSizes().begin(),
                     alloc.getDynamicSizes().end());
      for (Value size : dynamic)
        if (failed(hoistSize(size)))
          return failure();
    } else {
      for (auto [dim, size] : llvm::enumerate(type.getShape()))
        if (ShapedType::isDynamic(size))
          dynamic.push_back((*sizes)[dim]);
    }
    Value view =
        memref::ViewOp::create(b, loc, made, output.getBytes(), zero, dynamic);
    if (!inPlace) {
      memref::CopyOp::create(b, loc, returned, view);
      continue;
    }
    taken.insert(alloc);
    alloc.getResult().replaceAllUsesWith(view);
    alloc.erase();
  }
  b.setInsertionPoint(end);
  func::ReturnOp::create(b, loc);
  end->erase();
  graph.setType(b.getFunctionType(graph.getArgumentTypes(), {}));
  graph.removeResAttrsAttr();
  return success();
}

/// The last position at which `value` or a view of it is used.
static unsigned lastUse(Value value, mlir::Block &block,
                        const DenseMap<Operation *, unsigned> &positions) {
  unsigned last = 0;
  for (Operation *user : value.getUsers()) {
    last = std::max(last, positions.lookup(block.findAncestorOpInBlock(*user)));
    if (auto view = dyn_cast<ViewLikeOpInterface>(user))
      last = std::max(last, lastUse(user->getResult(0), block, positions));
  }
  return last;
}

SmallVector<Buffer> Planner::findBuffers() {
  DenseMap<Operation *, unsigned> positions;
  for (auto [position, op] : llvm::enumerate(block))
    positions[&op] = position;
  SmallVector<Buffer> buffers;
  for (auto alloc : block.getOps<memref::AllocOp>()) {
    Buffer buffer;
    buffer.alloc = alloc;
    buffer.first = positions[alloc];
    buffer.last = lastUse(alloc, block, positions);
    unsigned bits = alloc.getType().getElementTypeBitWidth();
    buffer.factor = (bits + 7) / 8;
    for (int64_t size : alloc.getType().getShape())
      if (!ShapedType::isDynamic(size))
        buffer.factor *= size;
    buffer.dims.assign(alloc.getDynamicSizes().begin(),
                       alloc.getDynamicSizes().end());
    llvm::sort(buffer.dims, [](Value left, Value right) {
      if (auto l = dyn_cast<BlockArgument>(left))
        if (auto r = dyn_cast<BlockArgument>(right))
          return l.getArgNumber() < r.getArgNumber();
      Operation *l = left.getDefiningOp(), *r = right.getDefiningOp();
      return l && r ? l != r && l->isBeforeInBlock(r) : !l && r;
    });
    buffers.push_back(buffer);
  }
  return buffers;
}

/// Takes the free slot of the same dimensions whose factor is nearest.
void Planner::place(const Buffer &buffer) {
  Slot *best = nullptr;
  auto distance = [&](const Slot &slot) {
    return std::abs(slot.factor - buffer.factor);
  };
  for (Slot &slot : slots)
    if (slot.freeFrom <= buffer.first && slot.dims == buffer.dims &&
        (!best || distance(slot) < distance(*best)))
      best = &slot;
  if (!best) {
    best = &slots.emplace_back();
    best->dims = buffer.dims;
  }
  best->factor = std::max(best->factor, buffer.factor);
  best->freeFrom = buffer.last + 1;
  best->buffers.push_back(buffer.alloc);
}

void Planner::replaceAll() {
  Location loc = graph.getLoc();
  b.setInsertionPoint(sizesEnd);
  constexpr int64_t alignment = 64;
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value offset = constant(0);
  SmallVector<Value> offsets;
  for (const Slot &slot : slots) {
    offsets.push_back(offset);
    Value size = constant(slot.factor);
    for (Value dim : slot.dims)
      size = b.createOrFold<arith::MulIOp>(loc, size, dim);
    size = b.createOrFold<arith::AddIOp>(loc, size, constant(alignment - 1));
    size = b.createOrFold<arith::AndIOp>(loc, size, constant(-alignment));
    offset = b.createOrFold<arith::AddIOp>(loc, offset, size);
  }
  Value arena = kernel::WorkspaceOp::create(b, loc, memoryTypes(b),
                                            graph.getArgument(0), offset)
                    .getBytes();
  for (auto [slot, at] : llvm::zip(slots, offsets))
    for (memref::AllocOp alloc : slot.buffers) {
      b.setInsertionPoint(alloc);
      Value view = memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(),
                                          arena, at, alloc.getDynamicSizes());
      alloc.getResult().replaceAllUsesWith(view);
      alloc.erase();
    }
}

LogicalResult Planner::plan() {
  if (!graph.getBody().hasOneBlock())
    return graph.emitError("requires a graph without control flow");
  b.setInsertionPointToStart(&block);
  // Everything that hoisting moves comes before this marker.
  sizesEnd = arith::ConstantIndexOp::create(b, graph.getLoc(), 0);
  if (failed(returnInPlace()))
    return failure();
  for (auto alloc : block.getOps<memref::AllocOp>())
    for (Value size : alloc.getDynamicSizes())
      if (failed(hoistSize(size)))
        return failure();
  for (const Buffer &buffer : findBuffers())
    place(buffer);
  replaceAll();
  return success();
}

namespace {
struct PlanMemory : impl::PlanMemoryPassBase<PlanMemory> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal() &&
          failed(Planner(function).plan()))
        return signalPassFailure();
  }
};
} // namespace
} // namespace attune
