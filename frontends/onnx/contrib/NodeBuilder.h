// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CONTRIB_NODEBUILDER_H
#define ATTUNE_FRONTENDS_ONNX_CONTRIB_NODEBUILDER_H

#include "dialects/onnx/Nodes.h"

#include <string>

namespace attune {

/// A size and, if it is dynamic, the name that it may have.
struct Extent {
  int64_t size = mlir::ShapedType::kDynamic;
  std::string name = {};

  Extent() = default;
  Extent(int64_t size) : size(size) {}
  bool isKnown() const { return !mlir::ShapedType::isDynamic(size); }
  bool is(int64_t other) const { return size == other; }
  /// Whether both are one size for sure.
  bool equals(const Extent &other) const;
};
using Extents = llvm::SmallVector<Extent>;

Extents extentsOf(mlir::Value tensor);
/// Size `dim`; negative ones count from the end.
Extent extentOf(mlir::Value tensor, int64_t dim);
int64_t rankOf(mlir::Value tensor);

/// Makes nodes of ai.onnx before a node that they will take the place of. They
/// carry its name and location, so that what is wrong is found in the file.
class NodeBuilder {
public:
  explicit NodeBuilder(onnx::NodeOp node);

  onnx::NodeOp node;

  using Attributes = llvm::ArrayRef<mlir::NamedAttribute>;
  mlir::Value make(llvm::StringRef op, int64_t version, mlir::ValueRange inputs,
                   mlir::Type element, const Extents &extents,
                   Attributes attributes = {});
  /// A node of several results; an output of no use has no type.
  onnx::NodeOp makeMany(llvm::StringRef op, int64_t version,
                        mlir::ValueRange inputs,
                        llvm::ArrayRef<mlir::Type> types,
                        Attributes attributes = {});

  /// Names the sizes of a result.
  void name(onnx::NodeOp made, unsigned output, const Extents &extents);

  mlir::NamedAttribute attribute(llvm::StringRef name, int64_t value);
  mlir::NamedAttribute attribute(llvm::StringRef name, float value);
  mlir::NamedAttribute attribute(llvm::StringRef name, llvm::StringRef value);
  mlir::NamedAttribute attribute(llvm::StringRef name,
                                 llvm::ArrayRef<int64_t> value);

  /// A list of i64.
  mlir::Value integers(llvm::ArrayRef<int64_t> values);
  /// A scalar; a finite number stays finite in the type.
  mlir::Value scalar(double value, mlir::Type element);
  /// Stands for an input that is left out.
  mlir::Value none();

  /// An operator of two operands, which are broadcast.
  mlir::Value binary(llvm::StringRef op, mlir::Value left, mlir::Value right);
  mlir::Value compare(llvm::StringRef op, mlir::Value left, mlir::Value right);
  mlir::Value where(mlir::Value condition, mlir::Value yes, mlir::Value no);
  mlir::Value unary(llvm::StringRef op, int64_t version, mlir::Value input);
  mlir::Value cast(mlir::Value input, mlir::Type element);
  mlir::Value matMul(mlir::Value left, mlir::Value right);
  mlir::Value transpose(mlir::Value input, llvm::ArrayRef<int64_t> order);
  /// `target` as Reshape has it: 0 keeps a size, -1 is what is left.
  mlir::Value reshape(mlir::Value input, llvm::ArrayRef<int64_t> target,
                      const Extents &extents);
  mlir::Value unsqueeze(mlir::Value input, llvm::ArrayRef<int64_t> axes);
  llvm::SmallVector<mlir::Value> split(mlir::Value input, int64_t axis,
                                       llvm::ArrayRef<int64_t> sizes);
  /// Elements [begin, end) along an axis; `length` is how many there are.
  mlir::Value slice(mlir::Value input, int64_t axis, int64_t begin, int64_t end,
                    Extent length);
  mlir::Value concat(mlir::ValueRange inputs, int64_t axis, Extent total);
  mlir::Value gather(mlir::Value data, mlir::Value indices, int64_t axis);
  /// Size `dim` of `input` as an i64 scalar.
  mlir::Value sizeOf(mlir::Value input, int64_t dim);
  /// The numbers 0 up to `count`, an i64 scalar.
  mlir::Value range(mlir::Value count, Extent length);
  /// `input` with the sizes that `target`, a list of i64, says.
  mlir::Value expand(mlir::Value input, mlir::Value target,
                     const Extents &extents);
  /// Indices, of i64, of which those below 0 are too large for any tensor: they
  /// end the run, and do not count from the end.
  mlir::Value notNegative(mlir::Value indices);
  /// `value`, if the scalar `condition` holds; else the run ends.
  mlir::Value requireTrue(mlir::Value value, mlir::Value condition,
                          llvm::StringRef message);

  mlir::MLIRContext *context() { return builder.getContext(); }
  mlir::Type integerType() { return builder.getI64Type(); }
  mlir::Type elementOf(mlir::Value tensor);

  /// Gives up output `index`, if it is used, for `value`.
  mlir::LogicalResult replace(unsigned index, mlir::Value value);
  /// Gives up the outputs from the first on, those that are used, for `values`.
  mlir::LogicalResult replaceFirst(mlir::ValueRange values);
  bool isUsed(unsigned index);

  /// Reports an input that must have one of two ranks and has not.
  mlir::LogicalResult requireRank(unsigned input, int64_t rank,
                                  int64_t otherRank = -1);
  /// Reports sizes that are both known and differ.
  mlir::LogicalResult requireEqual(const Extent &left, const Extent &right,
                                   llvm::StringRef what);
  /// Refuses a value of an attribute that is not honoured.
  mlir::LogicalResult requireInt(llvm::StringRef attribute, int64_t value,
                                 llvm::StringRef reason);
  /// An attribute that is 0 or 1; any other number is refused.
  mlir::FailureOr<bool> flag(llvm::StringRef attribute, bool otherwise = false);
  /// `tensor`, whose sizes `dims` must be those of `like`: that is an error now
  /// or ends the run.
  mlir::FailureOr<mlir::Value> sameSizes(mlir::Value tensor, mlir::Value like,
                                         llvm::ArrayRef<int64_t> dims,
                                         llvm::StringRef what);
  /// `x` and input `input`, a list of as many elements as `x` has columns.
  mlir::FailureOr<mlir::Value> addBias(mlir::Value x, unsigned input);
  /// Refuses an input that is not honoured.
  mlir::LogicalResult refuseInput(unsigned index, llvm::StringRef name,
                                  llvm::StringRef reason);

private:
  mlir::ArrayAttr namesOf(const Extents &extents);

  mlir::OpBuilder builder;
};

/// The sizes that broadcasting two tensors gives.
Extents broadcast(const Extents &left, const Extents &right);
mlir::RankedTensorType tensorOf(mlir::Type element, const Extents &extents);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_CONTRIB_NODEBUILDER_H
