// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a model's values depend on its inputs, if they are polynomials of them.

#ifndef ATTUNE_PASSES_FORMS_GROWTH_H
#define ATTUNE_PASSES_FORMS_GROWTH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace attune {

/// What is known of the elements of a value. Data are floats that inputs of the
/// model are, that an integer input chooses from a table, or that are computed
/// of data. All else (sizes, weights, what integers alone give) is public.
struct Growth {
  bool varies = false; ///< between runs of the model
  bool isData = false;
  /// Of the polynomial; 0 of what is public. Infinite where double ends.
  double degree = 0;
  double logDegree = 0;  ///< to the base 2, of data
  int64_t depth = 0;     ///< products that follow one another
  int64_t dataDepth = 0; ///< those of data and data only

  static Growth input() { return {true, true, 1, 0, 0, 0}; }
  /// Of a sum.
  Growth operator+(const Growth &other) const;
  Growth operator*(const Growth &other) const;
  /// Of a polynomial of this.
  Growth raised(double by, int64_t levels) const;
  bool operator==(const Growth &other) const;
};

/// An operation that is not polynomial in data.
struct Hindrance {
  mlir::Operation *op;
  std::string what;
};

/// Follows data through a function.
class GrowthAnalysis {
public:
  explicit GrowthAnalysis(mlir::func::FuncOp function);

  Growth of(mlir::Value value) const { return growths.lookup(value); }
  llvm::ArrayRef<Hindrance> hindrances() const { return found; }

private:
  void visit(mlir::Operation &op);
  void visitLoops(mlir::linalg::LinalgOp op);
  /// False if it is no operation on numbers.
  bool visitNumbers(mlir::Operation &op);
  void visitOther(mlir::Operation &op);
  void runBody(mlir::Block &body);
  void set(mlir::Operation &op, Growth growth);
  /// The sum over the operands.
  Growth joined(mlir::Operation &op) const;
  void hinder(mlir::Operation &op, const llvm::Twine &what);

  llvm::DenseMap<mlir::Value, Growth> growths;
  llvm::SmallVector<Hindrance> found;
  llvm::DenseSet<mlir::Operation *> reported;
};

/// The node of a file that an operation comes from, or its place there.
std::string nodeNameOf(mlir::Location location);

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_GROWTH_H
