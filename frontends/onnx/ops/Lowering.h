// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_LOWERING_H
#define ATTUNE_FRONTENDS_ONNX_OPS_LOWERING_H

#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace attune {

inline mlir::RankedTensorType typeOf(mlir::Value tensor) {
  return mlir::cast<mlir::RankedTensorType>(tensor.getType());
}
inline mlir::Type elementOf(mlir::Value tensor) {
  return typeOf(tensor).getElementType();
}
inline bool isFloat(mlir::Value value) {
  return mlir::isa<mlir::FloatType>(getElementTypeOrSelf(value.getType()));
}
/// Whether the file has an unsigned type for input or output `index`.
bool isUnsignedInput(onnx::NodeOp node, unsigned index = 0);
bool isUnsignedOutput(onnx::NodeOp node, unsigned index = 0);
/// `at`, counted from the end if it is negative.
inline int64_t fromEnd(int64_t at, int64_t size) {
  return at < 0 ? at + size : at;
}
/// The attribute `axis` of a node on a tensor of `rank`.
inline int64_t axisOf(onnx::NodeOp node, int64_t rank, int64_t otherwise = 0) {
  return fromEnd(node.getInt("axis", otherwise), rank);
}

/// What turns nodes of a graph into linalg. Values keep their builtin tensor
/// types; the builder stands before the node that is being lowered.
class Lowering : public mlir::ImplicitLocOpBuilder {
public:
  explicit Lowering(mlir::func::FuncOp graph);

  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location,
                                              mlir::ValueRange)>;

  /// Size `dim` of `tensor`. Sizes with one name are one SSA value.
  mlir::OpFoldResult size(mlir::Value tensor, int64_t dim);
  llvm::SmallVector<mlir::OpFoldResult> sizes(mlir::Value tensor);
  /// Size `dim` as types and names tell it, without the tensor; or null.
  mlir::OpFoldResult knownSize(mlir::Value tensor, int64_t dim);
  mlir::Value toIndex(mlir::OpFoldResult size);
  /// A tensor without contents; `like` gives the static sizes and the type.
  mlir::Value empty(llvm::ArrayRef<mlir::OpFoldResult> sizes,
                    mlir::Type element);
  mlir::Value constant(mlir::Type type, double value);

  /// A linalg.generic over one destination; the body's last argument is the
  /// destination's element.
  mlir::Value generic(mlir::ValueRange inputs,
                      llvm::ArrayRef<mlir::AffineMap> maps, mlir::Value init,
                      llvm::ArrayRef<mlir::utils::IteratorType> iterators,
                      Body body);
  /// `body` on the elements of `inputs`, broadcast as ONNX does. Sizes that
  /// are only known at run time and have no common name are checked.
  mlir::Value elementwise(onnx::NodeOp node, mlir::ValueRange inputs,
                          mlir::Type element, Body body);

  /// A tensor whose element at `ivs` is `body(ivs)`.
  using IndexBody = llvm::function_ref<mlir::Value(
      mlir::ImplicitLocOpBuilder &, llvm::ArrayRef<mlir::Value>)>;
  mlir::Value compute(llvm::ArrayRef<mlir::OpFoldResult> sizes,
                      mlir::Type element, IndexBody body);
  /// `input`, which is contiguous, with the given sizes.
  mlir::Value reshape(mlir::Value input,
                      llvm::ArrayRef<mlir::OpFoldResult> sizes);
  mlir::Value transpose(mlir::Value input, llvm::ArrayRef<int64_t> permutation);
  /// A tensor that holds `value` everywhere.
  mlir::Value fill(llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Value value);
  mlir::Value convert(mlir::Value tensor, mlir::Type element);
  /// The element of a tensor that has one.
  mlir::Value scalar(mlir::Value tensor);
  /// The same for a tensor of the file, which may have none or several: that is
  /// an error, or ends the run.
  mlir::Value scalar(onnx::NodeOp node, mlir::Value tensor);

  mlir::OpFoldResult multiply(mlir::OpFoldResult left,
                              mlir::OpFoldResult right);
  /// Product of the sizes [begin, end).
  mlir::OpFoldResult product(llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// An integer that sizes are computed with, as a size.
  mlir::OpFoldResult asSize(mlir::Value integer);

  /// Ends the run with a message unless `condition` holds.
  void require(onnx::NodeOp node, mlir::Value condition,
               llvm::StringRef message);
  /// Checks that two sizes are equal, now or at run time.
  mlir::LogicalResult requireEqual(onnx::NodeOp node, mlir::OpFoldResult left,
                                   mlir::OpFoldResult right,
                                   llvm::StringRef what);
  /// `integer` as a size; the run ends if it is negative.
  mlir::OpFoldResult requireSize(onnx::NodeOp node, mlir::Value integer);
  /// Checks that as many elements have the sizes `left` as have `right`.
  mlir::LogicalResult
  requireSameCount(onnx::NodeOp node, llvm::ArrayRef<mlir::OpFoldResult> left,
                   llvm::ArrayRef<mlir::OpFoldResult> right);
  /// For each of `rank` dimensions whether `axes` names it, as an i1. Axes out
  /// of range or named twice end the run.
  llvm::SmallVector<mlir::Value>
  marksOf(onnx::NodeOp node, llvm::ArrayRef<mlir::Value> axes, int64_t rank);
  /// For each dimension the one of `values` whose axis it is, or what is in
  /// `otherwise`; `marksOf` has checked the axes.
  llvm::SmallVector<mlir::Value> atAxes(llvm::ArrayRef<mlir::Value> axes,
                                        llvm::ArrayRef<mlir::Value> values,
                                        llvm::ArrayRef<mlir::Value> otherwise);
  /// The `rank` sizes that are left without those that `marks` marks.
  llvm::SmallVector<mlir::OpFoldResult>
  without(llvm::ArrayRef<mlir::OpFoldResult> sizes,
          llvm::ArrayRef<mlir::Value> marks, int64_t rank);
  /// Checks that there are elements to read, now or at run time.
  mlir::LogicalResult requireSome(onnx::NodeOp node, mlir::OpFoldResult size);
  mlir::LogicalResult requireSome(onnx::NodeOp node,
                                  llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// Ends the run unless all of `indices` are in [-limit, limit). With several
  /// limits, each is that of one position of the last dimension.
  void checkIndices(onnx::NodeOp node, mlir::Value indices,
                    llvm::ArrayRef<mlir::OpFoldResult> limits);

  /// The elements of a small tensor of integers, booleans or scalars that
  /// sizes are computed with; nothing for any other.
  std::optional<llvm::SmallVector<mlir::Value>> elements(mlir::Value tensor);
  /// As `elements`, but for integers that are known at run time only: they are
  /// read from the tensor. Nothing if how many there are is not known.
  std::optional<llvm::SmallVector<mlir::Value>> listed(mlir::Value tensor);
  /// The integers of a constant tensor.
  std::optional<llvm::SmallVector<int64_t>> integers(mlir::Value tensor);
  /// Makes a tensor of elements that `elements` finds again.
  mlir::Value fromElements(mlir::RankedTensorType type,
                           llvm::ArrayRef<mlir::Value> elements);
  static bool isSmall(mlir::Type type);

  /// Gives up the node for `value`. Static sizes that the graph expects and the
  /// value does not show are checked at run time.
  void replace(onnx::NodeOp node, mlir::Value value, unsigned output = 0);
  /// Whether some value did not have the type that the graph expects, since
  /// this was asked last.
  bool takeFailure() { return std::exchange(refused, false); }
  /// Lets the node compute in f32 what the file has in 16 bits.
  void widen(onnx::NodeOp node);

private:
  /// Axes as indices, counted from the front; `rank` dimensions.
  llvm::SmallVector<mlir::Value> fromFront(llvm::ArrayRef<mlir::Value> axes,
                                           int64_t rank);

  mlir::func::FuncOp graph;
  bool refused = false;
  llvm::SmallVector<llvm::StringRef> namesOf(mlir::Value tensor);
  /// `value` with the static sizes of its own type and of `wanted`.
  mlir::Value refine(onnx::NodeOp node, mlir::Value value,
                     mlir::RankedTensorType wanted);

  llvm::StringMap<mlir::Value> symbols;
  /// Names of the sizes of values that took a node's place.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<llvm::StringRef>> names;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> known;
  /// Outputs of widened nodes, and the types that the graph expects.
  llvm::DenseMap<mlir::Value, mlir::RankedTensorType> narrow;
};

/// Checks that no size of `indices` but that of `axis` exceeds the data's.
mlir::LogicalResult checkSmaller(onnx::NodeOp node, Lowering &b,
                                 mlir::Value indices, mlir::Value data,
                                 int64_t axis);

/// Checks that what is computed between is f32, or of the input's type.
mlir::LogicalResult checkPrecision(onnx::NodeOp node);

/// How to lower the nodes of one operator.
struct Operator {
  using Lower = mlir::LogicalResult (*)(onnx::NodeOp, Lowering &);
  Lower lower = nullptr;
  /// Elements are only moved, so that any type will do as it is.
  bool onlyMoves = false;
  /// Why there is no `lower`.
  llvm::StringRef refusal = {};
};
class LoweringTable {
public:
  /// What is added from now on belongs to `domain`; "" is ai.onnx.
  void setDomain(llvm::StringRef domain) { current = domain; }
  void compute(llvm::StringRef op, Operator::Lower lower) {
    operators[{current, op}] = {lower, false, {}};
  }
  void move(llvm::StringRef op, Operator::Lower lower) {
    operators[{current, op}] = {lower, true, {}};
  }
  /// `reason` is a literal.
  void refuse(llvm::StringRef op, llvm::StringRef reason) {
    operators[{current, op}] = {nullptr, false, reason};
  }
  /// What is known of an operator, or null.
  const Operator *find(llvm::StringRef domain, llvm::StringRef op) const {
    auto known = operators.find({domain, op});
    return known == operators.end() ? nullptr : &known->second;
  }
  /// By domain and operator; both are literals.
  const auto &get() const { return operators; }

private:
  llvm::StringRef current;
  llvm::DenseMap<std::pair<llvm::StringRef, llvm::StringRef>, Operator>
      operators;
};

// One family a file: each adds its operators.
void addActivations(LoweringTable &table);
void addAttention(LoweringTable &table);
void addCacheUpdates(LoweringTable &table);
void addCasts(LoweringTable &table);
void addCompaction(LoweringTable &table);
void addConvolution(LoweringTable &table);
void addDeformConvolution(LoweringTable &table);
void addEinsum(LoweringTable &table);
void addElementwise(LoweringTable &table);
void addFills(LoweringTable &table);
void addFolding(LoweringTable &table);
void addGather(LoweringTable &table);
void addGridSample(LoweringTable &table);
void addIndexing(LoweringTable &table);
void addLinearAttention(LoweringTable &table);
void addLosses(LoweringTable &table);
void addMatMul(LoweringTable &table);
void addMelWeights(LoweringTable &table);
void addNormalization(LoweringTable &table);
void addPadding(LoweringTable &table);
void addPooling(LoweringTable &table);
void addPowerPooling(LoweringTable &table);
void addQuantization(LoweringTable &table);
void addQuantizedProducts(LoweringTable &table);
void addRange(LoweringTable &table);
void addRecurrent(LoweringTable &table);
void addReductions(LoweringTable &table);
void addRefused(LoweringTable &table);
void addResize(LoweringTable &table);
void addRotary(LoweringTable &table);
void addScaling(LoweringTable &table);
void addScatter(LoweringTable &table);
void addSelection(LoweringTable &table);
void addSequences(LoweringTable &table);
void addShapes(LoweringTable &table);
void addSpatial(LoweringTable &table);
void addUnpooling(LoweringTable &table);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_LOWERING_H
