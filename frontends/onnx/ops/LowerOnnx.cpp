// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/contrib/Passes.h"
#include "frontends/onnx/ops/Control.h"
#include "frontends/onnx/ops/Fourier.h"
#include "frontends/onnx/ops/LowTypes.h"
#include "frontends/onnx/ops/MachineLearning.h"
#include "frontends/onnx/ops/OldVersions.h"
#include "frontends/onnx/ops/Passes.h"
#include "frontends/onnx/ops/Regions.h"
#include "frontends/onnx/ops/Require.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_LOWERONNXPASS
#include "frontends/onnx/ops/Passes.h.inc"

static LoweringTable makeTable() {
  LoweringTable table;
  addActivations(table);
  addAttention(table);
  addCacheUpdates(table);
  addCasts(table);
  addCompaction(table);
  addControl(table);
  addConvolution(table);
  addDeformConvolution(table);
  addEinsum(table);
  addElementwise(table);
  addFills(table);
  addFolding(table);
  addGather(table);
  addGridSample(table);
  addIndexing(table);
  addLinearAttention(table);
  addLosses(table);
  addMachineLearning(table);
  addMatMul(table);
  addMelWeights(table);
  addNormalization(table);
  addPadding(table);
  addPooling(table);
  addPowerPooling(table);
  addQuantization(table);
  addQuantizedProducts(table);
  addRange(table);
  addRecurrent(table);
  addReductions(table);
  addRefused(table);
  addRegions(table);
  addResize(table);
  addRotary(table);
  addScaling(table);
  addScatter(table);
  addSelection(table);
  addSequences(table);
  addShapes(table);
  addSpatial(table);
  addTransforms(table);
  addUnpooling(table);
  addRequire(table);
  return table;
}

static const LoweringTable &lowerings() {
  static const LoweringTable table = makeTable();
  return table;
}

bool hasLowering(StringRef domain, StringRef opType) {
  const Operator *known = lowerings().find(domain, opType);
  return (known && known->lower) || hasExpansion(domain, opType);
}

bool isRefused(StringRef domain, StringRef opType) {
  const Operator *known = lowerings().find(domain, opType);
  return known && !known->refusal.empty();
}

std::vector<OperatorInTable> operatorTable() {
  std::vector<OperatorInTable> all;
  for (const auto &[name, known] : lowerings().get())
    all.push_back({name.first, name.second, known.refusal, known.onlyMoves});
  llvm::sort(all, [](const OperatorInTable &a, const OperatorInTable &b) {
    return std::tie(a.domain, a.opType) < std::tie(b.domain, b.opType);
  });
  return all;
}

/// A type that the lowerings can work on.
static bool isSupported(Type type) {
  if (isa<NoneType>(type))
    return true;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return false;
  Type element = tensor.getElementType();
  return element.isF16() || element.isBF16() || element.isF32() ||
         element.isF64() || element.isSignlessInteger(1) ||
         (element.isSignlessInteger() && element.getIntOrFloatBitWidth() >= 8);
}

static constexpr StringLiteral noLowering = "this operator has no lowering yet";

StringRef refusalOf(StringRef domain, StringRef opType) {
  if (domain == "ai.onnx.preview.training")
    return "training is not supported; export the model for inference";
  if (hasLowering(domain, opType))
    return "";
  if (const Operator *known = lowerings().find(domain, opType))
    return known->refusal;
  return noLowering;
}

/// Reports what is wrong with a node before anything is lowered.
static LogicalResult check(onnx::NodeOp node) {
  StringRef refusal = refusalOf(node.getDomain(), node.getOpType());
  if (!refusal.empty())
    return node.emitNodeError(refusal);
  const Operator *known = lowerings().find(node.getDomain(), node.getOpType());
  // It was to be expanded before.
  if (!known)
    return node.emitNodeError(noLowering);
  if (failed(checkVersion(node)))
    return failure();
  if (hasLowTypes(node) && !known->onlyMoves)
    return node.emitNodeError("does not compute with elements of 8 bits and "
                              "fewer; cast them to f32 before");
  for (TypeRange types : {TypeRange(node.getInputs().getTypes()),
                          TypeRange(node.getOutputs().getTypes())})
    for (Type type : types)
      if (!isSupported(type))
        return node.emitNodeError("the type ")
               << type << " is not supported yet";
  bool isLoop = node.getDomain().empty() &&
                (node.getOpType() == "Loop" || node.getOpType() == "Scan");
  if (!isLoop && isa<NoneType>(node.getInputs().empty()
                                   ? Type(IndexType::get(node.getContext()))
                                   : node.getInputs().front().getType()))
    return node.emitNodeError("requires its first input");
  return success();
}

/// Whether a node takes what a node gives that could not be lowered.
static bool usesRefused(onnx::NodeOp node) {
  return llvm::any_of(node.getInputs(), [](Value input) {
    return input.getDefiningOp<onnx::NodeOp>();
  });
}

namespace {
struct LowerOnnx : impl::LowerOnnxPassBase<LowerOnnx> {
  void runOnOperation() override {
    // All functions, whatever is wrong in one: a file is to be mended at once.
    bool fine = true;
    for (auto function : getOperation().getOps<func::FuncOp>())
      fine &= succeeded(lower(function));
    if (!fine)
      signalPassFailure();
  }

private:
  static LogicalResult lower(func::FuncOp function) {
    SmallVector<onnx::NodeOp> nodes;
    function.walk([&](onnx::NodeOp node) { nodes.push_back(node); });
    bool fine = true;
    Lowering lowering(function);
    for (onnx::NodeOp node : nodes)
      fine &= succeeded(lower(node, lowering));
    if (!fine)
      return failure();
    for (onnx::NodeOp node : llvm::reverse(nodes))
      node.erase();
    SmallVector<onnx::NoneOp> left;
    function.walk([&](onnx::NoneOp op) { left.push_back(op); });
    for (onnx::NoneOp op : left)
      op.erase();
    return success();
  }

  static LogicalResult lower(onnx::NodeOp node, Lowering &lowering) {
    if (failed(check(node)))
      return failure();
    // What follows from something else is not told.
    if (usesRefused(node))
      return failure();
    lowering.setLoc(node.getLoc());
    lowering.setInsertionPoint(node);
    const Operator &known =
        *lowerings().find(node.getDomain(), node.getOpType());
    if (!known.onlyMoves)
      lowering.widen(node);
    LogicalResult lowered = known.lower(node, lowering);
    return success(!lowering.takeFailure() && succeeded(lowered));
  }
};
} // namespace
} // namespace attune
