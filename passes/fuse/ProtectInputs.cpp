// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "passes/fuse/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_PROTECTINPUTSPASS
#include "passes/fuse/Passes.h.inc"

namespace {
struct ProtectInputs : impl::ProtectInputsPassBase<ProtectInputs> {
  void runOnOperation() override {
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (unsigned i = 0;
           function.isPublic() && i < function.getNumArguments(); ++i)
        function.setArgAttr(
            i, bufferization::BufferizationDialect::kWritableAttrName,
            builder.getBoolAttr(false));
  }
};
} // namespace
} // namespace attune
