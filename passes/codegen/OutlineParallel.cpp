// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/codegen/Passes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_OUTLINEPARALLELPASS
#include "passes/codegen/Passes.h.inc"

/// Constants and what only renames memory are computed again inside.
static bool isRecomputed(Operation *op) {
  return op && (op->hasTrait<OpTrait::ConstantLike>() ||
                isa<memref::GetGlobalOp>(op));
}

/// Values from outside that the range needs as captures.
static SetVector<Value> captures(kernel::ParallelOp op) {
  SetVector<Value> above;
  getUsedValuesDefinedAbove(op->getRegions(), above);
  SetVector<Value> captured;
  OpBuilder builder(op.getContext());
  builder.setInsertionPointToStart(&op.getBody().front());
  for (Value value : above) {
    if (!isRecomputed(value.getDefiningOp())) {
      captured.insert(value);
      continue;
    }
    Value copy = builder.clone(*value.getDefiningOp())->getResult(0);
    replaceAllUsesInRegionWith(value, copy, op.getBody());
  }
  return captured;
}

static func::FuncOp outline(kernel::ParallelOp op, StringRef name,
                            ArrayRef<Value> captured) {
  OpBuilder builder(op->getParentOfType<func::FuncOp>());
  Type pointer = LLVM::LLVMPointerType::get(op.getContext());
  SmallVector<Type> types = {pointer, builder.getIndexType(),
                             builder.getIndexType()};
  llvm::append_range(types, ValueRange(captured).getTypes());
  auto function = func::FuncOp::create(builder, op.getLoc(), name,
                                       builder.getFunctionType(types, {}));
  function.setPrivate();
  Block *entry = function.addEntryBlock();
  Block &body = op.getBody().front();
  IRMapping mapping;
  mapping.map(body.getArgument(0), entry->getArgument(1));
  mapping.map(body.getArgument(1), entry->getArgument(2));
  for (auto [value, argument] :
       llvm::zip(captured, entry->getArguments().drop_front(3)))
    mapping.map(value, argument);
  builder.setInsertionPointToEnd(entry);
  for (Operation &inner : body)
    builder.clone(inner, mapping);
  func::ReturnOp::create(builder, op.getLoc());
  return function;
}

static void outlineAll(func::FuncOp kernel, Value services,
                       SymbolTable &symbols) {
  SmallVector<kernel::ParallelOp> ops;
  kernel.walk([&](kernel::ParallelOp op) { ops.push_back(op); });
  for (auto [number, op] : llvm::enumerate(ops)) {
    SetVector<Value> captured = captures(op);
    std::string name = (kernel.getName() + ".part" + Twine(number)).str();
    func::FuncOp body = outline(op, name, captured.getArrayRef());
    symbols.insert(body);
    OpBuilder builder(op);
    kernel::LaunchOp::create(builder, op.getLoc(), body.getName(), services,
                             op.getCount(), op.getGrain(),
                             captured.getArrayRef());
    op.erase();
  }
}

/// Every function gets the services as its first argument, and passes them on.
static LogicalResult passServices(ModuleOp module) {
  Type pointer = LLVM::LLVMPointerType::get(module.getContext());
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(function.insertArgument(0, pointer, {}, function.getLoc())))
      return failure();
  module.walk([](func::CallOp call) {
    Value services = call->getParentOfType<func::FuncOp>().getArgument(0);
    SmallVector<Value> operands = {services};
    llvm::append_range(operands, call.getOperands());
    call->setOperands(operands);
  });
  return success();
}

/// Numbers of 16 bits pass as integers: as floats, their way into a function
/// is through routines of a library that binaries do not have.
static void passHalvesAsIntegers(ModuleOp module) {
  auto isHalf = [](Value value) {
    return value.getType().isBF16() || value.getType().isF16();
  };
  OpBuilder builder(module.getContext());
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPrivate())
      continue;
    builder.setInsertionPointToStart(&function.getBody().front());
    for (BlockArgument argument : function.getArguments()) {
      if (!isHalf(argument))
        continue;
      Type type = argument.getType();
      auto cast =
          arith::BitcastOp::create(builder, function.getLoc(), type, argument);
      argument.replaceAllUsesExcept(cast, cast);
      argument.setType(builder.getI16Type());
    }
    function.setType(
        builder.getFunctionType(function.getBody().front().getArgumentTypes(),
                                function.getResultTypes()));
  }
  module.walk([&](Operation *op) {
    if (!isa<func::CallOp, kernel::LaunchOp>(op))
      return;
    builder.setInsertionPoint(op);
    for (OpOperand &operand : op->getOpOperands())
      if (isHalf(operand.get()))
        operand.set(arith::BitcastOp::create(
            builder, op->getLoc(), builder.getI16Type(), operand.get()));
  });
}

namespace {
struct OutlineParallel : impl::OutlineParallelPassBase<OutlineParallel> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(passServices(module)))
      return signalPassFailure();
    SymbolTable symbols(module);
    SmallVector<func::FuncOp> kernels;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr(kernel::kernelAttr))
        kernels.push_back(function);
    for (func::FuncOp kernel : kernels)
      outlineAll(kernel, kernel.getArgument(0), symbols);
    passHalvesAsIntegers(module);
  }
};
} // namespace
} // namespace attune
