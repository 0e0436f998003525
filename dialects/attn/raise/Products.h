// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Reads a graph of products as one formula, however it is spelled: MatMul,
// Einsum, Mul, Div, Reciprocal, ReduceSum, Transpose, Squeeze and Unsqueeze in
// any order and association become factors with named indices. Trilu, running
// sums, and triangles of ones that multiply or choose order two indices.

#ifndef ATTUNE_DIALECTS_ATTN_RAISE_PRODUCTS_H
#define ATTUNE_DIALECTS_ATTN_RAISE_PRODUCTS_H

#include "dialects/onnx/Nodes.h"

namespace attune::attn {

/// Names one index of a formula. `unit` stands at a dimension of size 1 that
/// is there for its rank only.
using Label = int;
constexpr Label unit = -1;

/// `value[labels...]`.
struct Factor {
  mlir::Value value;
  llvm::SmallVector<Label> labels;

  bool has(Label label) const { return llvm::is_contained(labels, label); }
};

/// The sum, over the labels that the result lacks, of the factors' product
/// divided by the divisors; of terms only in which of each ordered pair the
/// second label is at most the first.
struct Product {
  llvm::SmallVector<Factor> factors, divisors;
  llvm::SmallVector<std::pair<Label, Label>> ordered;
};

/// Whether a value is one that the reader looks for. A product in which no
/// factor is such a one stays a single factor.
using IsSought = llvm::function_ref<bool(mlir::Value)>;

/// The formula of `value[labels...]`; labels that it needs beside `labels` are
/// numbered from `next` on, and `next` is advanced. Pairs are ordered only if
/// `mayOrder`: otherwise triangles and running sums are factors.
Product readProduct(mlir::Value value, llvm::ArrayRef<Label> labels,
                    Label &next, IsSought isSought, bool mayOrder = false);

/// `factor` through the transposes that make it.
Factor throughTransposes(Factor factor);

/// Whether a formula of a form may end in `root`: a product or quotient of f32
/// with four dimensions.
bool isProductRoot(onnx::NodeOp root);

/// For each dimension of a tensor of these labels, which of the logical ones
/// (batch, head, length, width) it holds.
mlir::DenseI64ArrayAttr layoutOf(mlir::Builder &builder,
                                 llvm::ArrayRef<Label> labels,
                                 llvm::ArrayRef<Label> logical);

/// Gives `op` the names of sizes of the node that it stands for.
void keepNames(onnx::NodeOp root, mlir::Operation *op);

/// Whether `value` repeats the number 1.
bool isOnes(mlir::Value value);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_RAISE_PRODUCTS_H
