// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/fuse/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_PROTECTINPUTSPASS
#include "passes/fuse/Passes.h.inc"

/// Whether a loop carries what `tensor` is a view of.
static bool isCarried(Value tensor) {
  while (isa_and_nonnull<tensor::CastOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp>(tensor.getDefiningOp()))
    tensor = tensor.getDefiningOp()->getOperand(0);
  auto argument = dyn_cast<BlockArgument>(tensor);
  return argument &&
         isa<scf::SCFDialect>(argument.getOwner()->getParentOp()->getDialect());
}

/// A loop of one trip is none any more: what it would have written into the
/// memory of what came in stays where it is.
static void dropDestinations(func::FuncOp function) {
  function.walk([](bufferization::MaterializeInDestinationOp op) {
    if (op->getNumResults() != 1 || isCarried(op.getDest()))
      return;
    op.getResult().replaceAllUsesWith(op.getSource());
    op.erase();
  });
}

namespace {
struct ProtectInputs : impl::ProtectInputsPassBase<ProtectInputs> {
  void runOnOperation() override {
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      dropDestinations(function);
      for (unsigned i = 0;
           function.isPublic() && i < function.getNumArguments(); ++i)
        function.setArgAttr(
            i, bufferization::BufferizationDialect::kWritableAttrName,
            builder.getBoolAttr(false));
    }
  }
};
} // namespace
} // namespace attune
