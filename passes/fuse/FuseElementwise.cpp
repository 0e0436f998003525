// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/fuse/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "passes/fuse/Passes.h.inc"

/// A body that may be computed more than once: little of it, no math function,
/// and hardly more to read than its result.
static bool isCheap(linalg::GenericOp producer) {
  if (producer.getNumDpsInputs() > 2)
    return false;
  unsigned count = 0;
  for (Operation &op : producer.getBody()->without_terminator()) {
    if (isa<math::MathDialect>(op.getDialect()) || isa<tensor::ExtractOp>(op) ||
        isa<arith::DivFOp>(op))
      return false;
    count += !op.hasTrait<OpTrait::ConstantLike>();
  }
  return count <= 2;
}

static bool hasRoom(linalg::GenericOp producer, linalg::GenericOp consumer) {
  // Each merge copies both bodies: without a bound, a long chain takes time
  // that grows with the square of its length.
  constexpr size_t maxBody = 256;
  return producer.getBody()->getOperations().size() +
             consumer.getBody()->getOperations().size() <=
         maxBody;
}

static bool shouldFuse(OpOperand *operand) {
  constexpr unsigned maxOperands = 16;
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer ||
      linalg::isaContractionOpInterface(
          cast<linalg::LinalgOp>(consumer.getOperation())))
    return false;
  if (producer->getNumOperands() + consumer->getNumOperands() > maxOperands ||
      !hasRoom(producer, consumer))
    return false;
  bool recomputes = !consumer.getMatchingIndexingMap(operand).isPermutation();
  if (!recomputes && producer->hasOneUse() &&
      consumer.getNumReductionLoops() == 0)
    return true;
  return isCheap(producer);
}

namespace {
struct FuseElementwise : impl::FuseElementwisePassBase<FuseElementwise> {
  /// Fills keep their name: it says that a reduction starts from them.
  void generalize() {
    SmallVector<linalg::LinalgOp> named;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (!isa<linalg::GenericOp, linalg::FillOp>(op.getOperation()))
        named.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : named) {
      rewriter.setInsertionPoint(op);
      (void)linalg::generalizeNamedOp(rewriter, op);
    }
  }

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    generalize();
    RewritePatternSet patterns(context);
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    linalg::populateConstantFoldLinalgOperations(
        patterns, [](OpOperand *) { return true; });
    // Joining and padding are copies into parts of a destination.
    tensor::populateDecomposeTensorConcatPatterns(patterns);
    linalg::populateDecomposePadPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, context);
    affine::AffineApplyOp::getCanonicalizationPatterns(patterns, context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace attune
