// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse/RowGroups.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// How many leading loops are parallel.
static unsigned leadingParallel(linalg::LinalgOp op) {
  unsigned count = 0;
  for (utils::IteratorType iterator : op.getIteratorTypesArray()) {
    if (iterator != utils::IteratorType::parallel)
      break;
    ++count;
  }
  return count;
}

/// How many leading results of `map` are the loops 0, 1, 2, ... in order.
static unsigned leadingIdentity(AffineMap map) {
  unsigned count = 0;
  for (AffineExpr result : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || dim.getPosition() != count)
      break;
    ++count;
  }
  return count;
}

/// The loops that `op` shares, row by row, with the producers of its operands
/// in `group`; 0 if it reads none of them or reads across rows.
static unsigned sharedRows(linalg::LinalgOp op, const RowGroup &group) {
  unsigned rows = std::min(group.rows, leadingParallel(op));
  bool connected = false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto producer = operand.get().getDefiningOp<linalg::LinalgOp>();
    if (!producer || !llvm::is_contained(group.ops, producer))
      continue;
    connected = true;
    OpResult result = cast<OpResult>(operand.get());
    AffineMap made = producer.getIndexingMapMatchingResult(result);
    rows = std::min({rows, leadingIdentity(made),
                     leadingIdentity(op.getMatchingIndexingMap(&operand))});
  }
  return connected ? rows : 0;
}

/// Whether the group's results are used, outside it, only after `op`.
static bool canMoveTo(linalg::LinalgOp op, const RowGroup &group) {
  for (linalg::LinalgOp member : group.ops)
    for (Operation *user : member->getUsers()) {
      Operation *ancestor = op->getBlock()->findAncestorOpInBlock(*user);
      if (ancestor == op || llvm::is_contained(group.ops, ancestor))
        continue;
      if (!ancestor || ancestor->isBeforeInBlock(op))
        return false;
    }
  return true;
}

/// Bodies that look into other tensors may read other rows of the group.
static bool readsElsewhere(linalg::LinalgOp op, const RowGroup &group) {
  bool reads = false;
  op->walk([&](tensor::ExtractOp extract) {
    auto producer = extract.getTensor().getDefiningOp<linalg::LinalgOp>();
    reads |= producer && llvm::is_contained(group.ops, producer);
  });
  return reads;
}

static bool join(linalg::LinalgOp op, RowGroup &group) {
  constexpr unsigned maxOps = 12;
  unsigned rows = sharedRows(op, group);
  if (rows == 0 || group.ops.size() >= maxOps || readsElsewhere(op, group) ||
      !canMoveTo(op, group))
    return false;
  // Rows that are single elements would lose the inner loop.
  bool hasReduction = op.getNumReductionLoops() > 0;
  for (linalg::LinalgOp member : group.ops)
    hasReduction |= member.getNumReductionLoops() > 0;
  if (!hasReduction && !isa<linalg::FillOp>(group.ops.front()))
    return false;
  group.ops.push_back(op);
  group.rows = rows;
  return true;
}

/// The group that makes an operand of `op` and stands last.
static RowGroup *candidate(linalg::LinalgOp op, SmallVector<RowGroup> &groups) {
  for (RowGroup &group : llvm::reverse(groups))
    for (Value operand : op->getOperands())
      if (auto producer = operand.getDefiningOp<linalg::LinalgOp>();
          producer && llvm::is_contained(group.ops, producer))
        return &group;
  return nullptr;
}

/// A reduction's fill belongs to the reduction, not to a group of its own.
static void absorbFills(linalg::LinalgOp op, SmallVector<RowGroup> &groups,
                        RowGroup &into) {
  for (OpOperand &init : op.getDpsInitsMutable()) {
    auto fill = init.get().getDefiningOp<linalg::FillOp>();
    if (!fill || !fill->hasOneUse())
      continue;
    auto alone = llvm::find_if(groups, [&](const RowGroup &group) {
      return group.ops.size() == 1 && group.ops.front() == fill;
    });
    if (alone == groups.end())
      continue;
    into.ops.push_back(cast<linalg::LinalgOp>(fill.getOperation()));
    alone->ops.clear();
  }
}

SmallVector<RowGroup> findRowGroups(Block &block) {
  SmallVector<RowGroup> groups;
  for (Operation &inner : block) {
    auto op = dyn_cast<linalg::LinalgOp>(inner);
    if (!op || !op.hasPureTensorSemantics())
      continue;
    RowGroup fills;
    if (!isa<linalg::FillOp>(inner))
      absorbFills(op, groups, fills);
    RowGroup *group = candidate(op, groups);
    if (group && join(op, *group)) {
      group->ops.insert(std::prev(group->ops.end()), fills.ops.begin(),
                        fills.ops.end());
      continue;
    }
    fills.ops.push_back(op);
    fills.rows = leadingParallel(op);
    groups.push_back(fills);
  }
  llvm::erase_if(groups,
                 [](const RowGroup &group) { return group.ops.empty(); });
  return groups;
}

} // namespace attune
