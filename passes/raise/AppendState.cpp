// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/raise/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_APPENDSTATEPASS
#include "passes/raise/Passes.h.inc"

namespace {

/// One state: `returned` is `joined` with dimension `order[d]` in place d, and
/// `joined` is the argument, with its dimensions as in `joined`, before `rows`.
struct State {
  BlockArgument argument;
  OpOperand *returned;
  SmallVector<int64_t> order;
  tensor::ConcatOp joined;
  Value rows;
};

} // namespace

/// What `value` holds: before casts and concatenations of one.
static Value throughCasts(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CastOp, tensor::ConcatOp>(op) || op->getNumOperands() != 1)
      break;
    value = op->getOperand(0);
  }
  return value;
}

static SmallVector<int64_t> inverse(ArrayRef<int64_t> order) {
  SmallVector<int64_t> back(order.size());
  for (auto [to, from] : llvm::enumerate(order))
    back[from] = to;
  return back;
}

static bool find(State &state) {
  Value present = throughCasts(state.returned->get());
  auto rank = cast<RankedTensorType>(present.getType()).getRank();
  state.order = llvm::to_vector(llvm::seq(rank));
  if (auto transpose = present.getDefiningOp<linalg::TransposeOp>()) {
    state.order = SmallVector<int64_t>(transpose.getPermutation());
    present = throughCasts(transpose.getInput());
  }
  state.joined = present.getDefiningOp<tensor::ConcatOp>();
  if (!state.joined || state.joined.getInputs().size() != 2 ||
      static_cast<int64_t>(state.joined.getDim()) != state.order.front())
    return false;
  Value past = throughCasts(state.joined.getInputs()[0]);
  SmallVector<int64_t> back = llvm::to_vector(llvm::seq(rank));
  if (auto transpose = past.getDefiningOp<linalg::TransposeOp>()) {
    back = SmallVector<int64_t>(transpose.getPermutation());
    past = throughCasts(transpose.getInput());
  }
  state.rows = state.joined.getInputs()[1];
  return past == state.argument && back == inverse(state.order);
}

static Value transposed(OpBuilder &b, Location loc, Value value,
                        ArrayRef<int64_t> order) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : order)
    sizes.push_back(tensor::getMixedSize(b, loc, value, dim));
  Value init = tensor::EmptyOp::create(b, loc, sizes,
                                       getElementTypeOrSelf(value.getType()));
  return linalg::TransposeOp::create(b, loc, value, init, order)->getResult(0);
}

/// Ends the run unless the rows have the sizes of the state's.
static void checkSizes(OpBuilder &b, Location loc, Value state, Value rows) {
  auto own = cast<RankedTensorType>(state.getType());
  auto other = cast<RankedTensorType>(rows.getType());
  for (int64_t dim = 1; dim < own.getRank(); ++dim) {
    if (!own.isDynamicDim(dim) && own.getDimSize(dim) == other.getDimSize(dim))
      continue;
    Value equal =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                              b.createOrFold<tensor::DimOp>(loc, state, dim),
                              b.createOrFold<tensor::DimOp>(loc, rows, dim));
    cf::AssertOp::create(b, loc, equal,
                         "new rows of the state require the sizes of those "
                         "that are there");
  }
}

static Value append(OpBuilder &b, State &state) {
  Location loc = state.joined.getLoc();
  Value argument = state.argument;
  Value rows = transposed(b, loc, state.rows, state.order);
  checkSizes(b, loc, argument, rows);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, argument);
  sizes.front() = arith::AddIOp::create(
                      b, loc, b.createOrFold<tensor::DimOp>(loc, argument, 0),
                      b.createOrFold<tensor::DimOp>(loc, rows, 0))
                      .getResult();
  Value init = tensor::EmptyOp::create(
      b, loc, sizes, getElementTypeOrSelf(argument.getType()));
  return kernel::AppendOp::create(b, loc, TypeRange(init.getType()), argument,
                                  rows, init)
      ->getResult(0);
}

/// Attention reads the state where it lies: its layouts say how.
static void readInPlace(attn::AttentionOp op, Value joined, Value state,
                        ArrayRef<int64_t> order) {
  Builder b(op.getContext());
  auto layoutOf = [&](ArrayRef<int64_t> layout) {
    return b.getDenseI64ArrayAttr(
        llvm::map_to_vector(order, [&](int64_t dim) { return layout[dim]; }));
  };
  if (op.getKey() == joined) {
    op.getKeyMutable().assign(state);
    op.setKeyLayoutAttr(layoutOf(op.getKeyLayout()));
  }
  if (op.getValue() == joined) {
    op.getValueMutable().assign(state);
    op.setValueLayoutAttr(layoutOf(op.getValueLayout()));
  }
}

/// `joined` and casts of it.
static SmallVector<Value> namesOf(Value joined) {
  SmallVector<Value> names = {joined};
  for (size_t i = 0; i < names.size(); ++i)
    for (Operation *user : names[i].getUsers())
      if (auto cast = dyn_cast<tensor::CastOp>(user))
        names.push_back(cast.getResult());
  return names;
}

static void rewrite(State &state) {
  OpBuilder b(state.joined);
  Location loc = state.joined.getLoc();
  Value grown = append(b, state);
  SmallVector<Value> names = namesOf(state.joined.getResult());
  for (Value name : names)
    for (Operation *user : llvm::make_early_inc_range(name.getUsers()))
      if (auto op = dyn_cast<attn::AttentionOp>(user))
        readInPlace(op, name, grown, state.order);
  // What else reads it gets it as it was; a size needs no elements.
  Value whole = transposed(b, loc, grown, inverse(state.order));
  Type wanted = state.joined.getType();
  if (whole.getType() != wanted)
    whole = tensor::CastOp::create(b, loc, wanted, whole);
  state.joined.getResult().replaceAllUsesWith(whole);
  b.setInsertionPoint(state.returned->getOwner());
  Type type = state.returned->get().getType();
  if (grown.getType() != type)
    grown = tensor::CastOp::create(b, loc, type, grown);
  state.returned->set(grown);
}

namespace {
struct AppendState : impl::AppendStatePassBase<AppendState> {
  void runOnOperation() override {
    func::FuncOp graph = getOperation();
    Operation *end = graph.getBody().front().getTerminator();
    for (BlockArgument argument : graph.getArguments()) {
      auto output = graph.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(),
                                                        onnx::stateAttr);
      if (!output)
        continue;
      State state{argument, &end->getOpOperand(output.getInt()), {}, {}, {}};
      // Compiled before: it stands there already.
      Value present = throughCasts(state.returned->get());
      if (auto op = present.getDefiningOp<kernel::AppendOp>();
          op && op.getState() == argument)
        continue;
      if (!find(state)) {
        graph.emitError("output ")
            << output.getInt()
            << " does not put rows behind the state of input "
            << argument.getArgNumber();
        return signalPassFailure();
      }
      rewrite(state);
    }
  }
};
} // namespace
} // namespace attune
