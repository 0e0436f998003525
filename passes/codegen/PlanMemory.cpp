// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Interfaces/ViewLikeInterface.h"
#include "passes/codegen/MemorySlots.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "passes/codegen/Passes.h.inc"

namespace {

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
  void replaceAll();

  func::FuncOp graph;
  mlir::Block &block;
  OpBuilder b;
  Operation *sizesEnd = nullptr;           // sizes are computed before it
  llvm::SmallPtrSet<Operation *, 4> taken; // returned allocs
  SmallVector<Slot> slots;
};

} // namespace

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

void Planner::replaceAll() {
  Location loc = graph.getLoc();
  Value services = graph.getArgument(0), total;
  b.setInsertionPoint(sizesEnd);
  SmallVector<Value> offsets = layOut(b, loc, slots, total);
  Value arena = askForMemory(b, loc, services, total);
  for (auto [slot, offset] : llvm::zip(slots, offsets)) {
    b.setInsertionPoint(slot.buffers.front());
    Value memory = slot.isLate
                       ? askForMemory(b, loc, services, bytesOf(b, loc, slot))
                       : arena;
    replaceBuffers(slot, memory, offset);
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
  for (const Buffer &buffer : findBuffers(block))
    placeBuffer(buffer, late.contains(buffer.alloc), slots);
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
