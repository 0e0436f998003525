// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_ELEMENTWALKER_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_ELEMENTWALKER_H

#include "dialects/attn/forms/fft_rpe/TensorContents.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace attune::attn {

/// Follows one element of a tensor through element-wise operations, lookups and
/// changes of shape to the constants that it is made of. What is known about a
/// scalar or an index is a `Known`, a type with a null value that means nothing
/// is known; derived classes say what operations make of it.
template <typename Known> class ElementWalker {
public:
  virtual ~ElementWalker() = default;

  /// What is known about `tensor[at]`.
  Known element(mlir::Value tensor, llvm::ArrayRef<Known> at) {
    auto found = seen.find(tensor);
    if (found != seen.end() && llvm::ArrayRef<Known>(found->second.first) == at)
      return found->second.second;
    Known known = follow(tensor, at);
    seen[tensor] = {llvm::SmallVector<Known>(at), known};
    return known;
  }

protected:
  virtual Known fixedIndex(int64_t value) = 0;
  virtual Known scalarConstant(mlir::Attribute value) = 0;
  virtual Known constantElement(const TensorContents &contents,
                                llvm::ArrayRef<Known> at) = 0;
  /// The result of a scalar operation.
  virtual Known apply(mlir::Operation *op, llvm::ArrayRef<Known> operands) = 0;

private:
  using Scalars = llvm::DenseMap<mlir::Value, Known>;

  Known follow(mlir::Value tensor, llvm::ArrayRef<Known> at);
  Known throughGeneric(mlir::linalg::GenericOp op, llvm::ArrayRef<Known> at);
  Known throughUnits(mlir::Value from, mlir::Value to,
                     llvm::ArrayRef<mlir::ReassociationIndices> groups,
                     bool expands, llvm::ArrayRef<Known> at);
  Known evaluate(mlir::Operation &op, Scalars &scalars,
                 llvm::ArrayRef<Known> loops);
  Known scalar(mlir::Value value, const Scalars &scalars);

  llvm::DenseMap<mlir::Value, std::pair<llvm::SmallVector<Known>, Known>> seen;
  llvm::DenseMap<mlir::Value, std::shared_ptr<TensorContents>> contents;
};

template <typename Known>
Known ElementWalker<Known>::follow(mlir::Value tensor,
                                   llvm::ArrayRef<Known> at) {
  using namespace mlir;
  auto [found, isNew] = contents.try_emplace(tensor);
  if (isNew)
    found->second = TensorContents::of(tensor);
  if (std::shared_ptr<TensorContents> constant = found->second)
    return constantElement(*constant, at);
  Operation *op = tensor.getDefiningOp();
  if (auto generic = dyn_cast_or_null<linalg::GenericOp>(op))
    return throughGeneric(generic, at);
  if (auto fill = dyn_cast_or_null<linalg::FillOp>(op))
    return scalar(fill.value(), Scalars());
  if (auto cast = dyn_cast_or_null<tensor::CastOp>(op))
    return element(cast.getSource(), at);
  if (auto transpose = dyn_cast_or_null<linalg::TransposeOp>(op)) {
    SmallVector<Known> source(at.size());
    for (auto [result, dim] : llvm::enumerate(transpose.getPermutation()))
      source[dim] = at[result];
    return element(transpose.getInput(), source);
  }
  if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(op))
    return throughUnits(expand.getSrc(), tensor,
                        expand.getReassociationIndices(), true, at);
  if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(op))
    return throughUnits(collapse.getSrc(), tensor,
                        collapse.getReassociationIndices(), false, at);
  return {};
}

/// Changes of shape that add or drop dimensions of size 1.
template <typename Known>
Known ElementWalker<Known>::throughUnits(
    mlir::Value from, mlir::Value to,
    llvm::ArrayRef<mlir::ReassociationIndices> groups, bool expands,
    llvm::ArrayRef<Known> at) {
  using namespace mlir;
  auto wide = cast<ShapedType>((expands ? to : from).getType());
  SmallVector<Known> narrowAt, wideAt(wide.getRank(), fixedIndex(0));
  for (auto [group, dims] : llvm::enumerate(groups)) {
    Known index = expands ? fixedIndex(0) : at[group];
    bool hasLong = false;
    for (int64_t dim : dims) {
      if (wide.getDimSize(dim) == 1)
        continue;
      if (hasLong)
        return {};
      hasLong = true;
      if (expands)
        index = at[dim];
      else
        wideAt[dim] = index;
    }
    narrowAt.push_back(index);
  }
  return element(from, expands ? narrowAt : wideAt);
}

template <typename Known>
Known ElementWalker<Known>::scalar(mlir::Value value, const Scalars &scalars) {
  auto found = scalars.find(value);
  if (found != scalars.end())
    return found->second;
  mlir::Attribute constant;
  if (mlir::matchPattern(value, mlir::m_Constant(&constant)))
    return scalarConstant(constant);
  return {};
}

template <typename Known>
Known ElementWalker<Known>::evaluate(mlir::Operation &op, Scalars &scalars,
                                     llvm::ArrayRef<Known> loops) {
  using namespace mlir;
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return loops[index.getDim()];
  SmallVector<Known> operands;
  auto extract = dyn_cast<tensor::ExtractOp>(op);
  ValueRange read =
      extract ? ValueRange(extract.getIndices()) : ValueRange(op.getOperands());
  for (Value operand : read) {
    operands.push_back(scalar(operand, scalars));
    if (!operands.back())
      return {};
  }
  if (extract)
    return element(extract.getTensor(), operands);
  if (op.getNumResults() != 1 || op.getNumRegions() != 0)
    return {};
  return apply(&op, operands);
}

template <typename Known>
Known ElementWalker<Known>::throughGeneric(mlir::linalg::GenericOp op,
                                           llvm::ArrayRef<Known> at) {
  using namespace mlir;
  if (op.getNumResults() != 1 || op.getNumReductionLoops() != 0)
    return {};
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!result.isPermutation())
    return {};
  SmallVector<Known> loops(at.size());
  for (auto [dim, expr] : llvm::enumerate(result.getResults()))
    loops[cast<AffineDimExpr>(expr).getPosition()] = at[dim];
  Scalars scalars;
  for (OpOperand *input : op.getDpsInputOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(input);
    SmallVector<Known> index;
    for (AffineExpr expr : op.getMatchingIndexingMap(input).getResults()) {
      auto constant = dyn_cast<AffineConstantExpr>(expr);
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!constant && !loop)
        return {};
      index.push_back(constant ? fixedIndex(constant.getValue())
                               : loops[loop.getPosition()]);
    }
    if (isa<ShapedType>(input->get().getType()))
      scalars[argument] = element(input->get(), index);
    else
      scalars[argument] = scalar(input->get(), Scalars());
  }
  for (Operation &inner : op.getBody()->without_terminator())
    scalars[inner.getResult(0)] = evaluate(inner, scalars, loops);
  return scalar(op.getBody()->getTerminator()->getOperand(0), scalars);
}

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_ELEMENTWALKER_H
