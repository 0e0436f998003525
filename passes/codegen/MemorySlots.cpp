// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/MemorySlots.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace attune {

/// Whether `value` can be used at `point` as it is.
static bool isAvailable(Value value, Operation *point) {
  Operation *ancestor = value.getParentBlock()->findAncestorOpInBlock(*point);
  Operation *definition = value.getDefiningOp();
  return ancestor && (!definition || definition->isBeforeInBlock(ancestor));
}

/// Whether what computes `value` could stand before `point`.
static bool canMove(Value value, Operation *point,
                    llvm::SmallPtrSetImpl<Operation *> &checked) {
  Operation *definition = value.getDefiningOp();
  if (isAvailable(value, point) || checked.contains(definition))
    return true;
  if (!definition || !isMemoryEffectFree(definition) ||
      definition->getNumRegions() != 0)
    return false;
  for (Value operand : definition->getOperands())
    if (!canMove(operand, point, checked))
      return false;
  checked.insert(definition);
  return true;
}

static void move(Value value, Operation *point) {
  if (isAvailable(value, point))
    return;
  Operation *definition = value.getDefiningOp();
  for (Value operand : definition->getOperands())
    move(operand, point);
  definition->moveBefore(point);
}

bool moveSizes(ValueRange sizes, Operation *point) {
  llvm::SmallPtrSet<Operation *, 16> checked;
  for (Value size : sizes)
    if (!canMove(size, point, checked))
      return false;
  for (Value size : sizes)
    move(size, point);
  return true;
}

/// Values that may stand for the memory of `value`: views of it, and what
/// loops and branches make of it.
static SetVector<Value> aliasesOf(Value value) {
  SetVector<Value> aliases;
  aliases.insert(value);
  auto add = [&](ValueRange values) {
    for (Value other : values)
      if (isa<MemRefType>(other.getType()))
        aliases.insert(other);
  };
  for (size_t i = 0; i < aliases.size(); ++i)
    for (Operation *user : Value(aliases[i]).getUsers()) {
      if (isa<ViewLikeOpInterface, arith::SelectOp>(user))
        add(user->getResults());
      Operation *around = isa<scf::YieldOp, scf::ConditionOp>(user)
                              ? user->getParentOp()
                              : user;
      if (around != user || isa<LoopLikeOpInterface>(user)) {
        add(around->getResults());
        for (Region &region : around->getRegions())
          add(region.getArguments());
      }
    }
  return aliases;
}

bool escapes(memref::AllocOp alloc) {
  Block &block = *alloc->getBlock();
  for (Value alias : aliasesOf(alloc))
    for (Operation *user : alias.getUsers())
      if (user == block.getTerminator() || !block.findAncestorOpInBlock(*user))
        return true;
  return false;
}

/// The last position at which the memory of `value` is used.
static unsigned lastUse(Value value, Block &block,
                        const DenseMap<Operation *, unsigned> &positions) {
  unsigned last = 0;
  for (Value alias : aliasesOf(value))
    for (Operation *user : alias.getUsers())
      last =
          std::max(last, positions.lookup(block.findAncestorOpInBlock(*user)));
  return last;
}

SmallVector<Buffer> findBuffers(Block &block) {
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
      if (!l || !r)
        return !l && r;
      // Both can be seen from here, so that their blocks are nested.
      return l->getBlock() == r->getBlock()
                 ? l != r && l->isBeforeInBlock(r)
                 : l->getParentRegion()->isProperAncestor(r->getParentRegion());
    });
    buffers.push_back(buffer);
  }
  return buffers;
}

void placeBuffer(const Buffer &buffer, bool isLate,
                 SmallVectorImpl<Slot> &slots) {
  Slot *best = nullptr;
  auto distance = [&](const Slot &slot) {
    return std::abs(slot.factor - buffer.factor);
  };
  for (Slot &slot : slots)
    if (slot.isLate == isLate && slot.freeFrom <= buffer.first &&
        slot.dims == buffer.dims && (!best || distance(slot) < distance(*best)))
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

Value bytesOf(OpBuilder &b, Location loc, const Slot &slot) {
  constexpr int64_t alignment = 64, tooMuch = int64_t(1) << 50;
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

SmallVector<Value> layOut(OpBuilder &b, Location loc, ArrayRef<Slot> slots,
                          Value &total) {
  Value start = arith::ConstantIndexOp::create(b, loc, 0);
  SmallVector<Value> offsets;
  total = start;
  for (const Slot &slot : slots) {
    offsets.push_back(slot.isLate ? start : total);
    if (!slot.isLate)
      total = b.createOrFold<arith::AddIOp>(loc, total, bytesOf(b, loc, slot));
  }
  return offsets;
}

void replaceBuffers(const Slot &slot, Value memory, Value offset) {
  for (memref::AllocOp alloc : slot.buffers) {
    OpBuilder b(alloc);
    Value view =
        memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(), memory,
                               offset, alloc.getDynamicSizes());
    alloc.getResult().replaceAllUsesWith(view);
    alloc.erase();
  }
}

SmallVector<Type> memoryTypes(OpBuilder &b) {
  return {kernel::bytesType(b.getContext()), b.getI1Type()};
}

Value askForMemory(OpBuilder &b, Location loc, Value services, Value bytes) {
  return kernel::WorkspaceOp::create(b, loc, memoryTypes(b), services, bytes)
      .getBytes();
}

} // namespace attune
