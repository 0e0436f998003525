// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/fuse/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_INLINEBODIESPASS
#include "passes/fuse/Passes.h.inc"

namespace {

/// Inlines callees before the calls of their callers.
class Inliner {
public:
  explicit Inliner(ModuleOp module) : symbols(module) {}

  LogicalResult visit(func::FuncOp function);

private:
  LogicalResult inlineCall(func::CallOp call, func::FuncOp callee);

  SymbolTable symbols;
  enum class State { running, done };
  DenseMap<Operation *, State> states;
  /// Operations so far: bodies that call others twice each could stand for any
  /// number of them.
  size_t total = 0;
};

} // namespace

static bool isBody(func::FuncOp function) {
  return function && function.isPrivate() && !function.isExternal() &&
         !function->hasAttr(kernel::kernelAttr);
}

LogicalResult Inliner::inlineCall(func::CallOp call, func::FuncOp callee) {
  constexpr size_t limit = 1 << 20;
  Block &body = callee.getBody().front();
  if (!callee.getBody().hasOneBlock())
    return callee.emitError("requires a function without branches between "
                            "blocks");
  total += body.getOperations().size();
  if (total > limit)
    return call.emitError("requires at most ")
           << limit << " operations after functions are inlined";
  IRMapping mapping;
  mapping.map(body.getArguments(), call.getOperands());
  OpBuilder builder(call);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  for (auto [result, value] :
       llvm::zip(call.getResults(), body.getTerminator()->getOperands()))
    result.replaceAllUsesWith(mapping.lookupOrDefault(value));
  call.erase();
  return success();
}

LogicalResult Inliner::visit(func::FuncOp function) {
  auto [state, isNew] = states.try_emplace(function, State::running);
  if (!isNew)
    return state->second == State::done
               ? success()
               : function.emitError("calls itself, which is not supported");
  SmallVector<func::CallOp> calls;
  function.walk([&](func::CallOp call) { calls.push_back(call); });
  for (func::CallOp call : calls) {
    auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
    if (isBody(callee) &&
        (failed(visit(callee)) || failed(inlineCall(call, callee))))
      return failure();
  }
  states[function] = State::done;
  return success();
}

namespace {
struct InlineBodies : impl::InlineBodiesPassBase<InlineBodies> {
  void runOnOperation() override {
    Inliner inliner(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (!function->hasAttr(kernel::kernelAttr) &&
          failed(inliner.visit(function)))
        return signalPassFailure();
    for (func::FuncOp function : functions)
      if (isBody(function))
        function.erase();
  }
};
} // namespace
} // namespace attune
