// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/MemorySlots.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_PLANLOOPSPASS
#include "passes/codegen/Passes.h.inc"

namespace {

class LoopPlanner {
public:
  explicit LoopPlanner(func::FuncOp graph)
      : loc(graph.getLoc()), services(graph.getArgument(0)),
        b(graph.getContext()) {}

  /// All loops and branches in `block`, inner ones first.
  void visit(Block &block);

private:
  void keepStates(Block &body, ArrayRef<Type> types,
                  llvm::function_ref<bool(unsigned)> isSame);
  Value keep(Value state, MemRefType type);
  memref::AllocOp plan(Block &block);
  memref::AllocOp hoist(memref::AllocOp alloc, Operation *before);
  void visitFor(scf::ForOp loop);
  void visitWhile(scf::WhileOp loop);
  void visitIf(scf::IfOp branch);
  void visitBody(Operation *loop, Block &body);
  void releaseAfterTrip(Block &body);
  void ask(Block &body);

  Location loc;
  Value services;
  OpBuilder b;
  int32_t nextSlot = 0;
};

} // namespace

/// Copies what a trip carries on to memory that outlives the trip.
Value LoopPlanner::keep(Value state, MemRefType type) {
  auto own = cast<MemRefType>(state.getType());
  Value bytes = arith::ConstantIndexOp::create(
      b, loc, (own.getElementTypeBitWidth() + 7) / 8);
  SmallVector<Value> dynamic;
  for (int64_t dim = 0; dim < own.getRank(); ++dim) {
    Value size = b.createOrFold<memref::DimOp>(loc, state, dim);
    bytes = b.createOrFold<arith::MulIOp>(loc, bytes, size);
    if (own.isDynamicDim(dim))
      dynamic.push_back(size);
  }
  auto memory = kernel::GrowOp::create(b, loc, memoryTypes(b), services,
                                       b.getI32IntegerAttr(nextSlot++), bytes);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  auto plain = MemRefType::get(own.getShape(), own.getElementType());
  Value kept =
      memref::ViewOp::create(b, loc, plain, memory.getBytes(), zero, dynamic);
  memref::CopyOp::create(b, loc, state, kept);
  return b.createOrFold<memref::CastOp>(loc, type, kept);
}

void LoopPlanner::keepStates(Block &body, ArrayRef<Type> types,
                             llvm::function_ref<bool(unsigned)> isSame) {
  Operation *end = body.getTerminator();
  b.setInsertionPoint(end);
  // A condition comes before what is carried on.
  unsigned first = end->getNumOperands() - types.size();
  SmallVector<Value> kept(end->getOperands());
  for (auto [index, type] : llvm::enumerate(types))
    if (isa<MemRefType>(type) && !isSame(index))
      kept[first + index] = keep(kept[first + index], cast<MemRefType>(type));
  end->setOperands(kept);
}

/// Gives the block's buffers one piece of memory, which is returned as an
/// allocation at its start (null if there is none), or memory of their own.
memref::AllocOp LoopPlanner::plan(Block &block) {
  b.setInsertionPointToStart(&block);
  // Everything that sizes are computed with comes before this marker.
  Operation *marker = arith::ConstantIndexOp::create(b, loc, 0);
  SmallVector<Slot> slots;
  llvm::SmallPtrSet<Operation *, 16> late;
  for (auto alloc : block.getOps<memref::AllocOp>())
    if (escapes(alloc) || !moveSizes(alloc.getDynamicSizes(), marker))
      late.insert(alloc);
  for (const Buffer &buffer : findBuffers(block)) {
    Buffer own = buffer;
    // What outlives the block shares its memory with no other buffer.
    if (escapes(buffer.alloc))
      own.last = std::numeric_limits<unsigned>::max() - 1;
    placeBuffer(own, late.contains(buffer.alloc), slots);
  }
  b.setInsertionPoint(marker);
  Value total;
  SmallVector<Value> offsets = layOut(b, loc, slots, total);
  memref::AllocOp whole;
  if (!llvm::all_of(slots, [](const Slot &slot) { return slot.isLate; })) {
    std::optional<int64_t> bytes = getConstantIntValue(total);
    auto type =
        MemRefType::get({bytes.value_or(ShapedType::kDynamic)}, b.getI8Type());
    whole = memref::AllocOp::create(b, loc, type,
                                    bytes ? ValueRange() : ValueRange(total));
  }
  for (auto [slot, offset] : llvm::zip(slots, offsets)) {
    b.setInsertionPoint(slot.buffers.front());
    Value memory = slot.isLate
                       ? askForMemory(b, loc, services, bytesOf(b, loc, slot))
                       : whole.getResult();
    replaceBuffers(slot, memory, offset);
  }
  return whole;
}

/// Moves the memory of a block before the loop or branch that it belongs to;
/// where its size is not known there, each run of the block asks for it.
memref::AllocOp LoopPlanner::hoist(memref::AllocOp alloc, Operation *before) {
  if (!alloc)
    return {};
  if (moveSizes(alloc.getDynamicSizes(), before)) {
    alloc->moveBefore(before);
    return alloc;
  }
  b.setInsertionPoint(alloc);
  Value memory =
      askForMemory(b, loc, services, alloc.getDynamicSizes().front());
  alloc.getResult().replaceAllUsesWith(memory);
  alloc.erase();
  return {};
}

/// What a trip asks for is given back at its end.
void LoopPlanner::releaseAfterTrip(Block &body) {
  bool asks = false;
  body.walk([&](kernel::WorkspaceOp) { asks = true; });
  if (!asks)
    return;
  b.setInsertionPointToStart(&body);
  Value place = kernel::MarkOp::create(b, loc, b.getI64Type(), services);
  b.setInsertionPoint(body.getTerminator());
  kernel::ReleaseOp::create(b, loc, services, place);
}

/// A trip without kernels, after which the run would be asked, asks itself
/// whether to go on.
void LoopPlanner::ask(Block &body) {
  if (!body.getOps<func::CallOp>().empty())
    return;
  b.setInsertionPointToStart(&body);
  kernel::GoesOnOp::create(b, loc, b.getI1Type(), services);
}

void LoopPlanner::visitBody(Operation *loop, Block &body) {
  hoist(plan(body), loop);
  releaseAfterTrip(body);
  ask(body);
}

/// Two pieces of memory of which only one is used at a time.
static void shareMemory(memref::AllocOp left, memref::AllocOp right,
                        Operation *before) {
  OpBuilder b(before);
  Location loc = left.getLoc();
  auto sizeOf = [&](memref::AllocOp alloc) {
    return getValueOrCreateConstantIndexOp(b, loc,
                                           alloc.getMixedSizes().front());
  };
  Value size = b.createOrFold<arith::MaxUIOp>(loc, sizeOf(left), sizeOf(right));
  std::optional<int64_t> bytes = getConstantIntValue(size);
  auto type =
      MemRefType::get({bytes.value_or(ShapedType::kDynamic)}, b.getI8Type());
  Value shared = memref::AllocOp::create(
      b, loc, type, bytes ? ValueRange() : ValueRange(size));
  for (memref::AllocOp alloc : {left, right}) {
    alloc.getResult().replaceAllUsesWith(shared);
    alloc.erase();
  }
}

void LoopPlanner::visitFor(scf::ForOp loop) {
  Block &body = *loop.getBody();
  Operation *end = body.getTerminator();
  keepStates(body, llvm::to_vector(loop.getResultTypes()), [&](unsigned i) {
    return end->getOperand(i) == loop.getRegionIterArg(i);
  });
  visitBody(loop, body);
}

void LoopPlanner::visitWhile(scf::WhileOp loop) {
  Block &before = *loop.getBeforeBody(), &after = *loop.getAfterBody();
  scf::ConditionOp condition = loop.getConditionOp();
  auto passedOn = [&](unsigned i) {
    auto given = dyn_cast<BlockArgument>(condition.getArgs()[i]);
    return given && given.getOwner() == &before;
  };
  keepStates(before, llvm::to_vector(loop.getResultTypes()), passedOn);
  keepStates(
      after, llvm::to_vector(before.getArgumentTypes()), [&](unsigned i) {
        auto given = dyn_cast<BlockArgument>(loop.getYieldOp().getOperand(i));
        return given && given.getOwner() == &after &&
               condition.getArgs()[given.getArgNumber()] ==
                   before.getArgument(i);
      });
  hoist(plan(before), loop);
  releaseAfterTrip(before);
  visitBody(loop, after);
}

void LoopPlanner::visitIf(scf::IfOp branch) {
  memref::AllocOp left = hoist(plan(*branch.thenBlock()), branch), right;
  if (branch.elseBlock())
    right = hoist(plan(*branch.elseBlock()), branch);
  if (left && right)
    shareMemory(left, right, branch);
}

void LoopPlanner::visit(Block &block) {
  SmallVector<Operation *> ops;
  for (Operation &op : block)
    if (op.getNumRegions() > 0)
      ops.push_back(&op);
  for (Operation *op : ops) {
    for (Region &region : op->getRegions())
      for (Block &inner : region)
        visit(inner);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      visitFor(loop);
    else if (auto loop = dyn_cast<scf::WhileOp>(op))
      visitWhile(loop);
    else if (auto branch = dyn_cast<scf::IfOp>(op))
      visitIf(branch);
  }
}

namespace {
struct PlanLoops : impl::PlanLoopsPassBase<PlanLoops> {
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, kernel::KernelDialect,
                    memref::MemRefDialect>();
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        for (Block &block : function.getBody())
          LoopPlanner(function).visit(block);
  }
};
} // namespace
} // namespace attune
