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
/// the same `dims`; the largest factor rules. A late one has a size that
/// depends on the values of a tensor: it gets memory of its own in mid-run.
struct Slot {
  int64_t factor = 0;
  SmallVector<Value> dims;
  unsigned freeFrom = 0;
  bool isLate = false;
  SmallVector<memref::AllocOp> buffers;
};

class Planner {
public:
  explicit Planner(func::FuncOp graph)
      : graph(graph), block(graph.getBody().front()), b(graph.getContext()) {}

  LogicalResult plan();

private:
  void returnInPlace();
  void returnValue(unsigned index, Value returned);
  Operation *placeFor(memref::AllocOp alloc, ValueRange sizes);
  FailureOr<SmallVector<Value>> sizesOf(Value returned);
  SmallVector<Buffer> findBuffers();
  void place(const Buffer &buffer, bool isLate);
  Value bytesOf(const Slot &slot);
  void replaceAll();

  func::FuncOp graph;
  mlir::Block &block;
  OpBuilder b;
  Operation *sizesEnd = nullptr;           // sizes are computed before it
  llvm::SmallPtrSet<Operation *, 4> taken; // returned allocs
  SmallVector<Slot> slots;
};

} // namespace

/// Whether what computes `value` could stand before `point`.
static bool canMove(Value value, Operation *point,
                    llvm::SmallPtrSetImpl<Operation *> &checked) {
  Operation *definition = value.getDefiningOp();
  if (!definition || definition->isBeforeInBlock(point) ||
      checked.contains(definition))
    return true;
  if (!isMemoryEffectFree(definition) || definition->getNumRegions() != 0)
    return false;
  for (Value operand : definition->getOperands())
    if (!canMove(operand, point, checked))
      return false;
  checked.insert(definition);
  return true;
}

static void move(Value value, Operation *point) {
  Operation *definition = value.getDefiningOp();
  if (!definition || definition->isBeforeInBlock(point))
    return;
  for (Value operand : definition->getOperands())
    move(operand, point);
  definition->moveBefore(point);
}

/// Moves what computes `sizes` before `point`; nothing if that is impossible.
static bool moveSizes(ValueRange sizes, Operation *point) {
  llvm::SmallPtrSet<Operation *, 16> checked;
  for (Value size : sizes)
    if (!canMove(size, point, checked))
      return false;
  for (Value size : sizes)
    move(size, point);
  return true;
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

/// Where the run can ask for memory in place of `alloc`, whose sizes and those
/// of what is returned are `sizes`: at the top, at the alloc, or nowhere.
Operation *Planner::placeFor(memref::AllocOp alloc, ValueRange sizes) {
  SmallVector<Value> all(sizes);
  llvm::append_range(all, alloc.getDynamicSizes());
  if (moveSizes(all, sizesEnd))
    return sizesEnd;
  return moveSizes(all, alloc) ? alloc.getOperation() : nullptr;
}

/// Makes the memory of a returned buffer the output's own; what cannot be
/// (an input, a weight, a buffer returned twice) is copied into it.
void Planner::returnValue(unsigned index, Value returned) {
  Location loc = graph.getLoc();
  auto type = cast<MemRefType>(returned.getType());
  Operation *end = block.getTerminator(), *place = nullptr;
  memref::AllocOp alloc = rootAlloc(returned);
  b.setInsertionPoint(end);
  FailureOr<SmallVector<Value>> sizes = failure();
  if (alloc && !taken.contains(alloc))
    sizes = sizesOf(returned);
  if (succeeded(sizes))
    place = placeFor(alloc, *sizes);
  if (!place) {
    sizes.emplace();
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      sizes->push_back(
          b.createOrFold<memref::DimOp>(loc, Value(returned), dim));
  }
  b.setInsertionPoint(place ? place : end);
  auto output =
      kernel::OutputOp::create(b, loc, memoryTypes(b), graph.getArgument(0),
                               b.getI64IntegerAttr(index), *sizes);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  if (place) {
    Value view =
        memref::ViewOp::create(b, loc, alloc.getType(), output.getBytes(), zero,
                               alloc.getDynamicSizes());
    taken.insert(alloc);
    alloc.getResult().replaceAllUsesWith(view);
    alloc.erase();
    return;
  }
  SmallVector<Value> dynamic;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      dynamic.push_back((*sizes)[dim]);
  Value view =
      memref::ViewOp::create(b, loc, type, output.getBytes(), zero, dynamic);
  memref::CopyOp::create(b, loc, returned, view);
}

void Planner::returnInPlace() {
  Operation *end = block.getTerminator();
  // What stays to be copied keeps its place in the return until the end.
  for (unsigned index = 0; index < end->getNumOperands(); ++index)
    returnValue(index, end->getOperand(index));
  b.setInsertionPoint(end);
  func::ReturnOp::create(b, graph.getLoc());
  end->erase();
  graph.setType(b.getFunctionType(graph.getArgumentTypes(), {}));
  graph.removeResAttrsAttr();
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
void Planner::place(const Buffer &buffer, bool isLate) {
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
    best->isLate = isLate;
  }
  best->factor = std::max(best->factor, buffer.factor);
  best->freeFrom = buffer.last + 1;
  best->buffers.push_back(buffer.alloc);
}

/// The slot's size. One that is not a number of bytes asks for more than any
/// machine has, so that the run ends there.
Value Planner::bytesOf(const Slot &slot) {
  constexpr int64_t alignment = 64, tooMuch = int64_t(1) << 50;
  Location loc = graph.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value size = constant(slot.factor), fine;
  for (Value dim : slot.dims) {
    Value small = b.createOrFold<arith::CmpIOp>(
        loc, arith::CmpIPredicate::ult, dim, constant(int64_t(1) << 40));
    Value divisor = b.createOrFold<arith::MaxUIOp>(loc, dim, constant(1));
    Value limit =
        b.createOrFold<arith::DivUIOp>(loc, constant(tooMuch), divisor);
    Value below = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ule,
                                                size, limit);
    below = b.createOrFold<arith::AndIOp>(loc, small, below);
    size = b.createOrFold<arith::MulIOp>(loc, size, dim);
    fine = fine ? b.createOrFold<arith::AndIOp>(loc, fine, below) : below;
  }
  size = b.createOrFold<arith::AddIOp>(loc, size, constant(alignment - 1));
  size = b.createOrFold<arith::AndIOp>(loc, size, constant(-alignment));
  if (fine)
    size = b.createOrFold<arith::SelectOp>(loc, fine, size, constant(tooMuch));
  return size;
}

void Planner::replaceAll() {
  Location loc = graph.getLoc();
  b.setInsertionPoint(sizesEnd);
  Value start = arith::ConstantIndexOp::create(b, loc, 0), total = start;
  SmallVector<Value> offsets;
  for (const Slot &slot : slots) {
    offsets.push_back(slot.isLate ? start : total);
    if (!slot.isLate)
      total = b.createOrFold<arith::AddIOp>(loc, total, bytesOf(slot));
  }
  auto ask = [&](Value bytes) -> Value {
    return kernel::WorkspaceOp::create(b, loc, memoryTypes(b),
                                       graph.getArgument(0), bytes)
        .getBytes();
  };
  Value arena = ask(total);
  for (auto [slot, at] : llvm::zip(slots, offsets)) {
    b.setInsertionPoint(slot.buffers.front());
    Value memory = slot.isLate ? ask(bytesOf(slot)) : arena;
    for (memref::AllocOp alloc : slot.buffers) {
      b.setInsertionPoint(alloc);
      Value view = memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(),
                                          memory, at, alloc.getDynamicSizes());
      alloc.getResult().replaceAllUsesWith(view);
      alloc.erase();
    }
  }
}

LogicalResult Planner::plan() {
  if (!graph.getBody().hasOneBlock())
    return graph.emitError("requires a graph without control flow");
  b.setInsertionPointToStart(&block);
  // Everything that hoisting moves comes before this marker.
  sizesEnd = arith::ConstantIndexOp::create(b, graph.getLoc(), 0);
  returnInPlace();
  llvm::SmallPtrSet<Operation *, 16> late;
  for (auto alloc : block.getOps<memref::AllocOp>())
    if (!moveSizes(alloc.getDynamicSizes(), sizesEnd))
      late.insert(alloc);
  for (const Buffer &buffer : findBuffers())
    place(buffer, late.contains(buffer.alloc));
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
