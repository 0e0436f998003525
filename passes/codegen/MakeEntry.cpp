// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/DialectConversion.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_MAKEENTRYPASS
#include "passes/codegen/Passes.h.inc"

/// Codes of the runtime's statuses.
static constexpr int32_t invalidValue = 10, outOfMemory = 11, cancelled = 12;

namespace {

class EntryMaker {
public:
  EntryMaker(func::FuncOp graph, SymbolTable &symbols)
      : graph(graph), symbols(symbols), b(graph.getContext()),
        loc(graph.getLoc()) {}

  LogicalResult make();

private:
  LogicalResult flatten();
  void replaceInputs(Value inputs);
  void replaceWeights(Value weights);
  void checkAllocations(Value services);
  void replaceAssertions(Value services);
  void askBetweenKernels(Value services);
  void leaveUnless(Operation *after, Value condition, Value services,
                   int32_t code, StringRef message);

  func::FuncOp graph;
  SymbolTable &symbols;
  OpBuilder b;
  Location loc;
};

} // namespace

/// Inputs become views of the bytes that the caller gives.
void EntryMaker::replaceInputs(Value inputs) {
  unsigned count = graph.getNumArguments() - 3;
  b.setInsertionPointToStart(&graph.getBody().front());
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  for (unsigned index = 0; index < count; ++index) {
    BlockArgument argument = graph.getArgument(3 + index);
    auto type = cast<MemRefType>(argument.getType());
    SmallVector<Value> dynamic;
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      if (ShapedType::isDynamic(size))
        dynamic.push_back(kernel::InputDimOp::create(b, loc, b.getIndexType(),
                                                     inputs, index, dim));
    Value bytes = kernel::InputOp::create(
        b, loc, kernel::bytesType(b.getContext()), inputs, index);
    Value view = memref::ViewOp::create(b, loc, type, bytes, zero, dynamic);
    argument.replaceAllUsesWith(view);
  }
}

/// Weights lie one after another, each at a multiple of 64 bytes.
void EntryMaker::replaceWeights(Value weights) {
  SmallVector<kernel::LoadWeightOp> loads;
  llvm::SmallPtrSet<StringAttr, 16> used;
  graph.walk([&](kernel::LoadWeightOp op) {
    loads.push_back(op);
    used.insert(op.getWeightAttr().getAttr());
  });
  DenseMap<StringAttr, int64_t> offsets;
  int64_t next = 0;
  for (auto weight :
       graph->getParentOfType<ModuleOp>().getOps<kernel::WeightOp>()) {
    // A packed twin took the place of those that nothing loads.
    if (!used.contains(weight.getSymNameAttr()))
      continue;
    auto type = cast<RankedTensorType>(weight.getType());
    offsets[weight.getSymNameAttr()] = next;
    weight->setAttr("artifact_offset", b.getI64IntegerAttr(next));
    int64_t bytes =
        type.getNumElements() * ((type.getElementTypeBitWidth() + 7) / 8);
    next = llvm::alignTo(next + bytes, 64);
  }
  for (kernel::LoadWeightOp load : loads) {
    b.setInsertionPoint(load);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value bytes = kernel::WeightsOp::create(
        b, loc, kernel::bytesType(b.getContext()), weights,
        offsets[load.getWeightAttr().getAttr()]);
    Value view = memref::ViewOp::create(
        b, loc, cast<MemRefType>(load.getType()), bytes, zero, ValueRange());
    load.getResult().replaceAllUsesWith(view);
    load.erase();
  }
}

/// Upstream's lowering of expand_shape knows one dynamic size a group; here
/// memory is contiguous, so sizes are all there is to say.
static void expandViews(func::FuncOp graph) {
  SmallVector<memref::ExpandShapeOp> ops;
  graph.walk([&](memref::ExpandShapeOp op) {
    if (op.getResultType().getLayout().isIdentity())
      ops.push_back(op);
  });
  for (memref::ExpandShapeOp op : ops) {
    OpBuilder b(op);
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
    SmallVector<OpFoldResult> strides(sizes.size());
    OpFoldResult stride = b.getIndexAttr(1);
    AffineExpr product = b.getAffineSymbolExpr(0) * b.getAffineSymbolExpr(1);
    for (size_t dim = sizes.size(); dim-- > 0;) {
      strides[dim] = stride;
      stride = affine::makeComposedFoldedAffineApply(b, op.getLoc(), product,
                                                     {stride, sizes[dim]});
    }
    Value view = memref::ReinterpretCastOp::create(
        b, op.getLoc(), op.getResultType(), op.getSrc(), b.getIndexAttr(0),
        sizes, strides);
    op.replaceAllUsesWith(view);
    op.erase();
  }
}

/// Splits the block after `after`: unless `condition`, the run ends there.
void EntryMaker::leaveUnless(Operation *after, Value condition, Value services,
                             int32_t code, StringRef message) {
  Block *block = after->getBlock();
  Block *rest = block->splitBlock(std::next(Block::iterator(after)));
  Block *leave = b.createBlock(&graph.getBody(), graph.getBody().end());
  kernel::FailOp::create(b, loc, services, code, message);
  Value status = arith::ConstantIntOp::create(b, loc, b.getI32Type(), code);
  func::ReturnOp::create(b, loc, status);
  b.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(b, loc, condition, rest, leave);
}

void EntryMaker::checkAllocations(Value services) {
  SmallVector<Operation *> ops;
  graph.walk([&](Operation *op) {
    if (isa<kernel::WorkspaceOp, kernel::GrowOp, kernel::OutputOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops)
    leaveUnless(op, op->getResult(1), services, outOfMemory,
                "there is not enough memory for this run");
}

void EntryMaker::replaceAssertions(Value services) {
  SmallVector<cf::AssertOp> ops;
  graph.walk([&](cf::AssertOp op) { ops.push_back(op); });
  for (cf::AssertOp op : ops) {
    leaveUnless(op, op.getArg(), services, invalidValue, op.getMsg());
    op.erase();
  }
}

/// A run that was cancelled or has failed ends after the kernel in progress, or
/// with the trip of a loop that calls none. All kernels share one way out:
/// there may be hundreds of them.
void EntryMaker::askBetweenKernels(Value services) {
  SmallVector<kernel::GoesOnOp> questions;
  graph.walk([&](kernel::GoesOnOp op) { questions.push_back(op); });
  graph.walk([&](func::CallOp op) {
    b.setInsertionPointAfter(op);
    questions.push_back(
        kernel::GoesOnOp::create(b, loc, b.getI1Type(), services));
  });
  if (questions.empty())
    return;
  Block *leave = b.createBlock(&graph.getBody(), graph.getBody().end());
  Value status =
      arith::ConstantIntOp::create(b, loc, b.getI32Type(), cancelled);
  func::ReturnOp::create(b, loc, status);
  for (kernel::GoesOnOp op : questions) {
    Block *block = op->getBlock();
    Block *rest = block->splitBlock(std::next(Block::iterator(op)));
    b.setInsertionPointToEnd(block);
    cf::CondBranchOp::create(b, loc, op.getResult(), rest, leave);
  }
}

/// Turns loops and branches into blocks, which can be left anywhere.
LogicalResult EntryMaker::flatten() {
  RewritePatternSet patterns(graph.getContext());
  populateSCFToControlFlowConversionPatterns(patterns);
  ConversionTarget target(*graph.getContext());
  target.addIllegalDialect<scf::SCFDialect>();
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  return applyPartialConversion(graph, target, std::move(patterns));
}

LogicalResult EntryMaker::make() {
  if (failed(flatten()))
    return failure();
  Type pointer = LLVM::LLVMPointerType::get(graph.getContext());
  for (unsigned position : {1u, 2u})
    (void)graph.insertArgument(position, pointer, {}, loc);
  Value services = graph.getArgument(0);
  expandViews(graph);
  replaceInputs(graph.getArgument(2));
  replaceWeights(graph.getArgument(1));
  SmallVector<func::ReturnOp> returns(graph.getBody().getOps<func::ReturnOp>());
  for (func::ReturnOp op : returns) {
    b.setInsertionPoint(op);
    Value status = arith::ConstantIntOp::create(b, loc, b.getI32Type(), 0);
    op->setOperands(status);
  }
  checkAllocations(services);
  replaceAssertions(services);
  askBetweenKernels(services);
  Block &entry = graph.getBody().front();
  entry.eraseArguments(3, entry.getNumArguments() - 3);
  graph.setType(
      b.getFunctionType({pointer, pointer, pointer}, {b.getI32Type()}));
  graph.removeArgAttrsAttr();
  graph.removeResAttrsAttr();
  symbols.remove(graph);
  graph.setName("attune_run");
  symbols.insert(graph);
  return success();
}

namespace {
struct MakeEntry : impl::MakeEntryPassBase<MakeEntry> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> graphs;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        graphs.push_back(function);
    if (graphs.size() != 1) {
      getOperation().emitError("requires one public function, but got ")
          << graphs.size();
      return signalPassFailure();
    }
    if (failed(EntryMaker(graphs.front(), symbols).make()))
      signalPassFailure();
  }
};
} // namespace
} // namespace attune
