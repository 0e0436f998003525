// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Fault.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include <csignal>

using namespace mlir;

namespace attune {
namespace {

/// Takes far more stack than there is.
int overflow(volatile int *previous) {
  volatile int frame[1024];
  frame[0] = *previous + 1;
  return frame[0] < 1000000 ? overflow(frame) + frame[0] : 0;
}

struct Fault : PassWrapper<Fault, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Fault)
  explicit Fault(StringRef kind) : kind(kind) {}

  StringRef getName() const override { return "Fault"; }

  void runOnOperation() override {
    volatile int depth = 0;
    if (kind == "crash")
      raise(SIGSEGV);
    else if (kind == "abort")
      abort();
    else if (kind == "overflow")
      overflow(&depth);
    else if (kind == "fatal")
      llvm::report_fatal_error("a fault on purpose");
    else if (kind == "memory")
      llvm::report_bad_alloc_error("a fault on purpose");
    else if (kind == "invalid")
      breakIr();
    else if (kind == "error")
      getOperation().emitError("a fault on purpose"), signalPassFailure();
    else
      signalPassFailure();
  }

  /// Returns nothing where a value is expected.
  void breakIr() {
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.getBody().front().getTerminator()->setOperands({});
  }

  std::string kind;
};

} // namespace

std::unique_ptr<Pass> createFaultPass(StringRef kind) {
  return std::make_unique<Fault>(kind);
}

} // namespace attune
