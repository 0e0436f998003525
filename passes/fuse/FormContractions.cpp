// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/SymbolTable.h"
#include "passes/fuse/Contraction.h"
#include "passes/fuse/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_FORMCONTRACTIONSPASS
#include "passes/fuse/Passes.h.inc"

namespace {

/// One operand of an epilogue: its value, grouped, and where it is read.
struct Capture {
  Value value;
  AffineMap map;
};

/// What follows a contraction: the element-wise consumer, or nothing.
struct Epilogue {
  linalg::GenericOp op;
  unsigned sum = 0;
  SmallVector<Capture> captures;
};

/// Rewrites one contraction.
class Former {
public:
  Former(Contraction contraction, SymbolTable &symbols, int64_t panel)
      : contraction(contraction), symbols(symbols), panel(panel),
        builder(contraction.op), loc(contraction.op.getLoc()) {}

  void form();

private:
  std::optional<Capture> capture(Value value, AffineMap map);
  void matchEpilogue();
  Value packedRhs(bool transposed);
  kernel::ContractOp build(Value lhs, Value rhs, Value init,
                           std::optional<int64_t> columns);

  Contraction contraction;
  SymbolTable &symbols;
  int64_t panel;
  OpBuilder builder;
  Location loc;
  Epilogue epilogue;
};

} // namespace

/// Accepts an operand that has, of each group of output dimensions, all or
/// none, in order.
std::optional<Capture> Former::capture(Value value, AffineMap map) {
  unsigned next = 0, first = 0, group = 0;
  SmallVector<unsigned> present;
  SmallVector<AffineExpr> exprs;
  for (const auto &dims : {contraction.batch, contraction.m, contraction.n}) {
    unsigned last = first + dims.size();
    unsigned begin = next;
    for (unsigned dim = first; dim < last && next < map.getNumResults(); ++dim)
      if (map.getResult(next) == builder.getAffineDimExpr(dim))
        ++next;
    unsigned count = next - begin;
    if (count != 0 && count != dims.size())
      return std::nullopt;
    if (count != 0) {
      present.push_back(count);
      exprs.push_back(builder.getAffineDimExpr(group));
    }
    first = last;
    ++group;
  }
  if (next != map.getNumResults())
    return std::nullopt;
  return Capture{regroup(builder, loc, value, present),
                 AffineMap::get(3, 0, exprs, builder.getContext())};
}

static bool isEpilogue(linalg::GenericOp op) {
  if (op.getNumReductionLoops() != 0 || op.getNumResults() != 1 ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) ||
      !cast<ShapedType>(op.getResult(0).getType()).getElementType().isF32())
    return false;
  for (Operation &inner : op.getBody()->without_terminator())
    if (!OpTrait::hasElementwiseMappableTraits(&inner) &&
        !inner.hasTrait<OpTrait::ConstantLike>())
      return false;
  // Booleans are bytes in memory, but bits in a vector.
  return llvm::none_of(op->getOperandTypes(), [](Type type) {
    return cast<ShapedType>(type).getElementType().isInteger(1);
  });
}

void Former::matchEpilogue() {
  Value result = contraction.result();
  if (!result.hasOneUse())
    return;
  OpOperand &use = *result.use_begin();
  auto op = dyn_cast<linalg::GenericOp>(use.getOwner());
  if (!op || !isEpilogue(op) || !op.isDpsInput(&use) ||
      !op.getMatchingIndexingMap(&use).isIdentity())
    return;
  builder.setInsertionPoint(op);
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (input == &use)
      continue;
    std::optional<Capture> found =
        capture(input->get(), op.getMatchingIndexingMap(input));
    if (!found)
      return epilogue.captures.clear();
    epilogue.captures.push_back(*found);
  }
  epilogue.op = op;
  epilogue.sum = use.getOperandNumber();
}

/// The packed twin of the weight on the right side, or null.
Value Former::packedRhs(bool transposed) {
  auto load = contraction.rhs().getDefiningOp<kernel::LoadWeightOp>();
  auto type = cast<RankedTensorType>(contraction.rhs().getType());
  if (!load || type.getRank() != 2 || !contraction.batch.empty() ||
      contraction.n.size() != 1 || contraction.k.size() != 1)
    return {};
  auto weight = symbols.lookup<kernel::WeightOp>(load.getWeight());
  SmallVector<int64_t> permutation = {0, 1};
  if (weight.getPermutation())
    permutation.assign(weight.getPermutation()->begin(),
                       weight.getPermutation()->end());
  if (transposed)
    std::swap(permutation[0], permutation[1]);
  int64_t depth = type.getDimSize(transposed ? 1 : 0);
  int64_t columns = type.getDimSize(transposed ? 0 : 1);
  auto packed = RankedTensorType::get(
      {(columns + panel - 1) / panel, depth, panel}, type.getElementType());
  std::string name =
      (load.getWeight() + (transposed ? ".packed_t" : ".packed")).str();
  if (!symbols.lookup(name)) {
    auto twin = cast<kernel::WeightOp>(weight->clone());
    twin.setSymName(name);
    twin.setType(packed);
    twin.setPermutation(permutation);
    twin.setPanel(panel);
    symbols.insert(twin, std::next(Block::iterator(weight)));
  }
  return kernel::LoadWeightOp::create(builder, loc, packed, name);
}

kernel::ContractOp Former::build(Value lhs, Value rhs, Value init,
                                 std::optional<int64_t> columns) {
  SmallVector<Value> captures;
  SmallVector<AffineMap> maps;
  for (const Capture &capture : epilogue.captures) {
    captures.push_back(capture.value);
    maps.push_back(capture.map);
  }
  auto op = kernel::ContractOp::create(
      builder, loc, init.getType(), lhs, rhs, captures, init,
      builder.getAffineMapArrayAttr(maps),
      columns ? builder.getI64IntegerAttr(*columns) : IntegerAttr());
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&op.getEpilogue());
  Type element = builder.getF32Type();
  Value sum = body->addArgument(element, loc);
  IRMapping mapping;
  if (!epilogue.op) {
    kernel::YieldOp::create(builder, loc, ValueRange(sum));
    return op;
  }
  for (OpOperand *input : epilogue.op.getDpsInputOperands()) {
    BlockArgument argument = epilogue.op.getMatchingBlockArgument(input);
    bool isSum = input->getOperandNumber() == epilogue.sum;
    mapping.map(argument,
                isSum ? sum : body->addArgument(argument.getType(), loc));
  }
  for (Operation &inner : epilogue.op.getBody()->without_terminator())
    builder.clone(inner, mapping);
  Value yielded = epilogue.op.getBody()->getTerminator()->getOperand(0);
  kernel::YieldOp::create(builder, loc, mapping.lookupOrDefault(yielded));
  return op;
}

void Former::form() {
  matchEpilogue();
  builder.setInsertionPoint(epilogue.op ? epilogue.op.getOperation()
                                        : contraction.op.getOperation());
  SmallVector<AffineMap> maps = contraction.op.getIndexingMapsArray();
  auto sizes = [](ArrayRef<unsigned> batch, ArrayRef<unsigned> rows,
                  ArrayRef<unsigned> columns) {
    return SmallVector<unsigned>{static_cast<unsigned>(batch.size()),
                                 static_cast<unsigned>(rows.size()),
                                 static_cast<unsigned>(columns.size())};
  };
  auto &[op, batch, m, n, k] = contraction;
  auto order = [&](ArrayRef<unsigned> second, ArrayRef<unsigned> third) {
    SmallVector<unsigned> dims(batch);
    llvm::append_range(dims, second);
    llvm::append_range(dims, third);
    return dims;
  };
  Value lhs =
      regroup(builder, loc,
              reorder(builder, loc, contraction.lhs(), maps[0], order(m, k)),
              sizes(batch, m, k));
  SmallVector<AffineExpr> nk;
  for (unsigned dim : order(n, k))
    nk.push_back(builder.getAffineDimExpr(dim));
  AffineMap wanted =
      AffineMap::get(maps[1].getNumDims(), 0, nk, builder.getContext());
  bool transposed = maps[1] == wanted;
  Value init =
      op.getDpsInitOperand(0)->get().getDefiningOp<linalg::FillOp>().output();
  Value target = regroup(builder, loc, init, sizes(batch, m, n));
  Value rhs = packedRhs(transposed);
  std::optional<int64_t> columns;
  if (rhs) {
    columns = cast<ShapedType>(target.getType()).getDimSize(2);
  } else {
    SmallVector<unsigned> groups = sizes(batch, k, n);
    rhs = reorder(builder, loc, contraction.rhs(), maps[1], order(k, n));
    if (batch.empty())
      groups.erase(groups.begin());
    rhs = regroup(builder, loc, rhs, groups);
  }
  kernel::ContractOp contract = build(lhs, rhs, target, columns);
  Value result =
      ungroup(builder, loc, contract->getResult(0), sizes(batch, m, n), init);
  Operation *replaced =
      epilogue.op ? epilogue.op.getOperation() : contraction.op.getOperation();
  replaced->getResult(0).replaceAllUsesWith(result);
  replaced->erase();
  if (epilogue.op)
    contraction.op->erase();
}

namespace {
struct FormContractions : impl::FormContractionsPassBase<FormContractions> {
  using Base::Base;
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    std::vector<Contraction> found;
    getOperation()->walk([&](linalg::LinalgOp op) {
      FailureOr<Contraction> match = Contraction::match(op);
      if (succeeded(match))
        found.push_back(*match);
    });
    for (Contraction &contraction : found)
      Former(contraction, symbols, panel).form();
  }
};
} // namespace
} // namespace attune
