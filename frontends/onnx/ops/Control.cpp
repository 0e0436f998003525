// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// If and Loop. Their graphs are functions, which are called where they run.

#include "frontends/onnx/ops/Control.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// The type that holds tensors of both; null if their ranks or elements differ.
static RankedTensorType join(Type left, Type right) {
  auto l = dyn_cast<RankedTensorType>(left);
  auto r = dyn_cast<RankedTensorType>(right);
  if (!l || !r || l.getRank() != r.getRank() ||
      l.getElementType() != r.getElementType())
    return {};
  SmallVector<int64_t> shape(l.getShape());
  for (auto [size, other] : llvm::zip(shape, r.getShape()))
    if (size != other)
      size = ShapedType::kDynamic;
  return l.clone(shape);
}

/// One branch: the results of its graph that are used, of the given types.
static LogicalResult fillBranch(GraphCall &graph, onnx::NodeOp node,
                                Lowering &b, Region &region, TypeRange types) {
  OpBuilder::InsertionGuard guard(b);
  if (region.empty())
    b.createBlock(&region);
  b.setInsertionPointToEnd(&region.front());
  FailureOr<SmallVector<Value>> results = graph.call(b, {});
  if (failed(results))
    return failure();
  SmallVector<Value> used;
  for (auto [index, result] : llvm::enumerate(*results))
    if (!isa<NoneType>(node.getOutputs()[index].getType()))
      used.push_back(
          b.createOrFold<tensor::CastOp>(types[used.size()], result));
  scf::YieldOp::create(b, used);
  return success();
}

static void replaceUsed(onnx::NodeOp node, Lowering &b, ValueRange values) {
  for (auto [index, output] : llvm::enumerate(node.getOutputs()))
    if (!isa<NoneType>(output.getType())) {
      b.replace(node, values.front(), index);
      values = values.drop_front();
    }
}

/// What is left of an If whose condition is constant.
static LogicalResult lowerTaken(onnx::NodeOp node, Lowering &b,
                                StringRef branch) {
  FailureOr<GraphCall> graph = GraphCall::find(node, branch, 0);
  if (failed(graph) || failed(graph->requireResults(node.getOutputs().size())))
    return failure();
  FailureOr<SmallVector<Value>> results = graph->call(b, {});
  if (failed(results))
    return failure();
  for (auto [index, result] : llvm::enumerate(*results))
    b.replace(node, result, index);
  return success();
}

static LogicalResult lowerIf(onnx::NodeOp node, Lowering &b) {
  if (!node.getNodeAttr("else_branch"))
    return lowerTaken(node, b, "then_branch");
  if (!node.getNodeAttr("then_branch"))
    return lowerTaken(node, b, "else_branch");
  FailureOr<GraphCall> graphs[2] = {GraphCall::find(node, "then_branch", 0),
                                    GraphCall::find(node, "else_branch", 0)};
  SmallVector<Type> types;
  for (FailureOr<GraphCall> &graph : graphs)
    if (failed(graph) ||
        failed(graph->requireResults(node.getOutputs().size())))
      return failure();
  for (auto [index, output] : llvm::enumerate(node.getOutputs())) {
    Type left = graphs[0]->resultType(index);
    Type right = graphs[1]->resultType(index);
    RankedTensorType type = join(left, right);
    if (!type)
      return node.emitNodeError("requires branches whose outputs have equal "
                                "ranks and element types, but got ")
             << left << " and " << right;
    if (!isa<NoneType>(output.getType()))
      types.push_back(type);
  }
  FailureOr<Value> condition = conditionOf(node, b, node.getInputs()[0]);
  if (failed(condition))
    return failure();
  auto branches = scf::IfOp::create(b, types, *condition,
                                    /*addThenBlock=*/true,
                                    /*addElseBlock=*/true);
  if (failed(
          fillBranch(*graphs[0], node, b, branches.getThenRegion(), types)) ||
      failed(fillBranch(*graphs[1], node, b, branches.getElseRegion(), types)))
    return failure();
  replaceUsed(node, b, branches.getResults());
  return success();
}

namespace {

/// A Loop while it is being lowered.
class LoopLowering {
public:
  LoopLowering(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}
  LogicalResult lower();

private:
  LogicalResult prepare();
  bool isFixed(unsigned output);
  LogicalResult makeCounted();
  LogicalResult makeWhile();
  LogicalResult trip(Value index, ValueRange carried,
                     SmallVectorImpl<Value> &next, Value &goesOn);

  onnx::NodeOp node;
  Lowering &b;
  std::optional<GraphCall> graph;
  unsigned states = 0;
  Value count, condition;
  SmallVector<Value> start;
  SmallVector<Stack> stacks;
};

} // namespace

LogicalResult LoopLowering::prepare() {
  unsigned own = node.getInputs().size() - capturesOf(node);
  if (own < 2 || node.getOutputs().size() + 2 < own)
    return node.emitNodeError("requires an output for each carried value");
  states = own - 2;
  FailureOr<GraphCall> found = GraphCall::find(node, "body", own);
  if (failed(found) ||
      failed(found->requireResults(node.getOutputs().size() + 1)))
    return failure();
  graph = *found;
  count =
      arith::ConstantIndexOp::create(b, std::numeric_limits<int64_t>::max());
  if (node.hasInput(0))
    count = arith::IndexCastOp::create(b, b.getIndexType(),
                                       b.scalar(node, node.getInput(0)));
  condition = b.constant(b.getI1Type(), 1);
  if (node.hasInput(1)) {
    FailureOr<Value> given = conditionOf(node, b, node.getInput(1));
    if (failed(given))
      return failure();
    condition = *given;
  }
  for (unsigned i = 0; i < states; ++i) {
    Value fitted =
        fit(node, b, node.getInputs()[i + 2], graph->argumentType(i + 2));
    if (!fitted)
      return failure();
    start.push_back(fitted);
  }
  return success();
}

/// One trip: calls the body with what is carried, which is states, then
/// stacks, and says what is carried on.
LogicalResult LoopLowering::trip(Value index, ValueRange carried,
                                 SmallVectorImpl<Value> &next, Value &goesOn) {
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), index);
  SmallVector<Value> arguments = {number, goesOn};
  llvm::append_range(arguments, carried.take_front(states));
  FailureOr<SmallVector<Value>> results = graph->call(b, arguments);
  if (failed(results))
    return failure();
  FailureOr<Value> again = conditionOf(node, b, results->front());
  if (failed(again))
    return failure();
  goesOn = *again;
  SmallVector<Value> added;
  for (auto [stack, tensor] : llvm::zip(stacks, carried.drop_front(states)))
    added.push_back(
        stack.add(node, b, tensor, (*results)[stack.result], index));
  // Last: from here on the memory of what came in holds what goes on.
  for (unsigned i = 0; i < states; ++i) {
    FailureOr<Value> carriedOn =
        carryOn(node, b, (*results)[i + 1], carried[i], i);
    if (failed(carriedOn))
      return failure();
    next.push_back(*carriedOn);
  }
  llvm::append_range(next, added);
  return success();
}

/// A loop whose condition does not change: only the number of trips counts.
LogicalResult LoopLowering::makeCounted() {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  count = b.createOrFold<arith::MaxSIOp>(count, zero);
  count = b.createOrFold<arith::SelectOp>(condition, count, zero);
  for (Stack &stack : stacks)
    start.push_back(stack.start(node, b, count));
  auto loop = scf::ForOp::create(b, zero, count, one, start);
  {
    OpBuilder::InsertionGuard guard(b);
    Block *body = loop.getBody();
    if (body->mightHaveTerminator())
      body->getTerminator()->erase();
    b.setInsertionPointToEnd(body);
    SmallVector<Value> next;
    Value goesOn = b.constant(b.getI1Type(), 1);
    if (failed(trip(loop.getInductionVar(), loop.getRegionIterArgs(), next,
                    goesOn)))
      return failure();
    scf::YieldOp::create(b, next);
  }
  start.assign(loop.getResults().begin(), loop.getResults().end());
  return success();
}

LogicalResult LoopLowering::makeWhile() {
  for (Stack &stack : stacks)
    start.push_back(stack.start(node, b, Value()));
  // Tensors first: bufferization compares them by their positions, which
  // scalars that are not needed everywhere would change.
  unsigned tensors = start.size();
  SmallVector<Value> inits = start;
  inits.append({arith::ConstantIndexOp::create(b, 0), condition});
  SmallVector<Type> types = llvm::to_vector(ValueRange(inits).getTypes());
  SmallVector<Location> locs(types.size(), b.getLoc());
  auto loop = scf::WhileOp::create(b, types, inits);
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
  Value more = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                     before->getArgument(tensors), count);
  more = arith::AndIOp::create(b, more, before->getArgument(tensors + 1));
  scf::ConditionOp::create(b, more, before->getArguments());
  Block *after = b.createBlock(&loop.getAfter(), {}, types, locs);
  Value index = after->getArgument(tensors);
  Value goesOn = after->getArgument(tensors + 1);
  SmallVector<Value> next;
  if (failed(
          trip(index, after->getArguments().take_front(tensors), next, goesOn)))
    return failure();
  Value one = arith::ConstantIndexOp::create(b, 1);
  next.append({arith::AddIOp::create(b, index, one), goesOn});
  scf::YieldOp::create(b, next);
  start = llvm::to_vector_of<Value>(loop.getResults().take_front(tensors));
  return success();
}

/// Whether the sizes of a state, or of what is stacked, are known before the
/// first trip.
bool LoopLowering::isFixed(unsigned output) {
  Value value = node.getOutputs()[output];
  bool isState = output < states;
  RankedTensorType type =
      isState ? graph->argumentType(output + 2) : graph->resultType(output + 1);
  bool isUsed = !isa<NoneType>(value.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim) && (isState || isUsed) &&
        (!isUsed || !b.knownSize(value, isState ? dim : dim + 1)))
      return false;
  return true;
}

LogicalResult LoopLowering::lower() {
  if (failed(prepare()))
    return failure();
  for (unsigned i = states; i < node.getOutputs().size(); ++i)
    if (!isa<NoneType>(node.getOutputs()[i].getType()))
      stacks.push_back(Stack(i, i + 1, graph->resultType(i + 1)));
  // Upstream's canonicalization of scf.for takes it that sizes do not change.
  bool isCounted = node.hasInput(0) && node->hasAttr(countedAttr);
  for (unsigned i = 0; i < node.getOutputs().size(); ++i)
    isCounted &= isFixed(i);
  if (failed(isCounted ? makeCounted() : makeWhile()) || b.takeFailure())
    return failure();
  for (unsigned i = 0; i < states; ++i)
    b.replace(node, start[i], i);
  for (auto [stack, value] :
       llvm::zip(stacks, ArrayRef(start).drop_front(states)))
    stack.finish(node, b, value);
  return success();
}

static LogicalResult lowerLoop(onnx::NodeOp node, Lowering &b) {
  return LoopLowering(node, b).lower();
}

void addControl(LoweringTable &table) {
  table.move("If", lowerIf);
  table.move("Loop", lowerLoop);
  table.move("Scan", lowerScan);
}

} // namespace attune
