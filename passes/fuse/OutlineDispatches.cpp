// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/fuse/Passes.h"
#include "passes/fuse/RowGroups.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_OUTLINEDISPATCHESPASS
#include "passes/fuse/Passes.h.inc"

namespace {

/// Operations that move into one function.
struct Dispatch {
  SmallVector<Operation *> ops;
  unsigned rows = 0;
};

class Outliner {
public:
  Outliner(func::FuncOp graph, SymbolTable &symbols)
      : graph(graph), symbols(symbols), builder(graph.getContext()) {}

  void outline(const Dispatch &dispatch);

private:
  std::string nameFor(const Dispatch &dispatch);

  func::FuncOp graph;
  SymbolTable &symbols;
  OpBuilder builder;
  unsigned next = 0;
};

} // namespace

static bool isScalarConstant(Value value) {
  Operation *definition = value.getDefiningOp();
  return definition && definition->hasTrait<OpTrait::ConstantLike>() &&
         !isa<ShapedType>(value.getType());
}

/// What the operations use and do not make, scalar constants apart.
static SetVector<Value> inputsOf(ArrayRef<Operation *> ops,
                                 SetVector<Value> &constants) {
  llvm::SmallPtrSet<Operation *, 8> inside(ops.begin(), ops.end());
  SetVector<Value> inputs;
  auto add = [&](Value value) {
    if (isScalarConstant(value))
      constants.insert(value);
    else if (!value.getDefiningOp() || !inside.contains(value.getDefiningOp()))
      inputs.insert(value);
  };
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      add(operand);
    SetVector<Value> above;
    getUsedValuesDefinedAbove(op->getRegions(), above);
    llvm::for_each(above, add);
  }
  return inputs;
}

static SmallVector<Value> resultsOf(ArrayRef<Operation *> ops) {
  llvm::SmallPtrSet<Operation *, 8> inside(ops.begin(), ops.end());
  SmallVector<Value> results;
  for (Operation *op : ops)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            while (user && user->getBlock() != op->getBlock())
              user = user->getParentOp();
            return !inside.contains(user);
          }))
        results.push_back(result);
  return results;
}

std::string Outliner::nameFor(const Dispatch &dispatch) {
  StringRef stem = dispatch.ops.back()->getName().stripDialect();
  if (dispatch.rows > 0)
    stem = "rows";
  return (stem + "_" + Twine(next++)).str();
}

void Outliner::outline(const Dispatch &dispatch) {
  SetVector<Value> constants;
  SetVector<Value> inputs = inputsOf(dispatch.ops, constants);
  SmallVector<Value> results = resultsOf(dispatch.ops);
  Location loc = dispatch.ops.back()->getLoc();
  auto type =
      builder.getFunctionType(ValueRange(inputs.getArrayRef()).getTypes(),
                              ValueRange(results).getTypes());
  builder.setInsertionPoint(graph);
  auto function = func::FuncOp::create(builder, loc, nameFor(dispatch), type);
  function.setPrivate();
  function->setAttr(kernel::kernelAttr,
                    builder.getI64IntegerAttr(dispatch.rows));
  symbols.insert(function);
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  for (auto [input, argument] : llvm::zip(inputs, body->getArguments()))
    mapping.map(input, argument);
  for (Value constant : constants)
    builder.clone(*constant.getDefiningOp(), mapping);
  for (Operation *op : dispatch.ops)
    builder.clone(*op, mapping);
  SmallVector<Value> returned;
  for (Value result : results)
    returned.push_back(mapping.lookup(result));
  func::ReturnOp::create(builder, loc, returned);
  builder.setInsertionPoint(dispatch.ops.back());
  auto call =
      func::CallOp::create(builder, loc, function, inputs.getArrayRef());
  for (auto [result, replacement] : llvm::zip(results, call.getResults()))
    result.replaceAllUsesWith(replacement);
  for (Operation *op : llvm::reverse(dispatch.ops))
    op->erase();
}

/// Work on tensors that is not linalg: kernels and data movement.
static bool isWork(Operation &op) {
  return isa<kernel::ContractOp, kernel::AttentionOp, kernel::LinearAttentionOp,
             kernel::RecurrenceOp, kernel::ScanOp, kernel::ScatterOp,
             kernel::StateAttentionOp, kernel::SuppressOp, kernel::AppendOp,
             kernel::FftOp, kernel::LagSumOp, kernel::SpectrumOp,
             kernel::CirculantOp, kernel::DeterminantOp, kernel::SortOp,
             tensor::ExtractSliceOp, tensor::InsertSliceOp>(op);
}

/// A slice that is a kernel of its own copies into a destination.
static void giveDestination(tensor::ExtractSliceOp slice) {
  OpBuilder builder(slice);
  builder.setInsertionPointAfter(slice);
  Location loc = slice.getLoc();
  auto type = slice.getType();
  SmallVector<OpFoldResult> sizes;
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  for (auto [dim, size] : llvm::enumerate(slice.getMixedSizes()))
    if (!dropped.test(dim))
      sizes.push_back(size);
  Value init =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  if (init.getType() != type)
    init = tensor::CastOp::create(builder, loc, type, init);
  auto copy = linalg::CopyOp::create(builder, loc, slice.getResult(), init);
  slice.getResult().replaceAllUsesExcept(copy.getResult(0), copy);
}

/// Gives every operation a destination of its own, so that none has to be
/// copied because another result still lies there.
static void separateDestinations(Block &block) {
  SmallVector<DestinationStyleOpInterface> ops(
      block.getOps<DestinationStyleOpInterface>());
  for (DestinationStyleOpInterface op : ops)
    for (OpOperand &init : op.getDpsInitsMutable()) {
      auto empty = init.get().getDefiningOp<tensor::EmptyOp>();
      if (!empty || empty->hasOneUse())
        continue;
      OpBuilder builder(op);
      init.set(builder.clone(*empty)->getResult(0));
    }
}

static SmallVector<Dispatch> findDispatches(Block &block) {
  separateDestinations(block);
  SmallVector<tensor::ExtractSliceOp> slices(
      block.getOps<tensor::ExtractSliceOp>());
  llvm::for_each(slices, giveDestination);
  SmallVector<Dispatch> dispatches;
  for (const RowGroup &group : findRowGroups(block)) {
    Dispatch &dispatch = dispatches.emplace_back();
    for (linalg::LinalgOp op : group.ops)
      dispatch.ops.push_back(op);
    if (isa<linalg::CopyOp>(dispatch.ops.front()))
      if (auto slice = dispatch.ops.front()
                           ->getOperand(0)
                           .getDefiningOp<tensor::ExtractSliceOp>())
        dispatch.ops.insert(dispatch.ops.begin(), slice);
    dispatch.rows = group.ops.size() > 1 ? group.rows : 0;
  }
  for (Operation &op : block)
    if (isWork(op) && !isa<tensor::ExtractSliceOp>(op))
      dispatches.push_back({{&op}, 0});
  return dispatches;
}

/// The function's block, and those of loops and branches in it.
static SmallVector<Block *> blocksOf(func::FuncOp graph) {
  SmallVector<Block *> blocks = {&graph.getBody().front()};
  graph.walk([&](Operation *op) {
    // What is in the body of an operation moves with it.
    if (isa_and_nonnull<scf::SCFDialect>(op->getDialect()) &&
        !op->getParentOfType<linalg::LinalgOp>())
      for (Region &region : op->getRegions())
        for (Block &block : region)
          blocks.push_back(&block);
  });
  return blocks;
}

namespace {
struct OutlineDispatches : impl::OutlineDispatchesPassBase<OutlineDispatches> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> graphs;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && !function->hasAttr(kernel::kernelAttr))
        graphs.push_back(function);
    for (func::FuncOp graph : graphs) {
      Outliner outliner(graph, symbols);
      for (Block *block : blocksOf(graph))
        for (const Dispatch &dispatch : findDispatches(*block))
          outliner.outline(dispatch);
    }
  }
};
} // namespace
} // namespace attune
