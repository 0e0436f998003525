// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_SCOREREGION_H
#define ATTUNE_PASSES_RAISE_SCOREREGION_H

#include "mlir/IR/AffineMap.h"
#include "passes/raise/HeadTensor.h"
#include "passes/raise/HiddenKeys.h"

namespace attune {

/// What a file does to scores between the product of queries and keys and the
/// softmax: element-wise steps with other tensors as captures.
class ScoreRegion {
public:
  /// Walks from the softmax's input to a product that `matchScoreProduct`
  /// takes. Returns false and says why if there is none, or if something
  /// between is not element-wise or is used elsewhere.
  bool match(mlir::Value scores, std::string &reason);

  /// What `match` found.
  HeadProduct product;
  double scale = 1;
  bool causal = false;
  mlir::ArrayAttr mask; // of attn.attention, or null
  bool meanEmptyRows = false;
  /// Captures and the causal mask that is left out: sizes of theirs must be
  /// 1, which is static then, or those of the scores.
  llvm::SmallVector<mlir::Value> checked;

  /// Captures for attn.attention, made before the builder's position.
  llvm::SmallVector<mlir::Value> captures(mlir::OpBuilder &builder);
  llvm::SmallVector<mlir::AffineMap> maps() const;
  /// Fills `block`, whose arguments are the score and the captures' elements;
  /// returns the score to yield.
  mlir::Value emit(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Block *block);

private:
  /// One node: operand `score` is the running score.
  struct Step {
    onnx::NodeOp node;
    unsigned score;
  };
  struct Capture {
    mlir::Value value;
    mlir::AffineMap map;
  };
  /// A boolean that hides keys where it is false, or true if it is negated.
  struct Flag {
    Capture capture;
    bool negated;
  };

  bool findPath(mlir::Value value, unsigned depth);
  bool takeOperands(Step step, std::string &reason);
  bool takeCapture(mlir::Value operand, std::string &reason);
  bool takeFlags(llvm::ArrayRef<HiddenKeys::Flag> taken);
  /// All captures, in the order of the region's arguments.
  llvm::SmallVector<Capture> captured() const;
  bool takeMask(llvm::ArrayRef<Step> all, size_t at);
  mlir::Value emitStep(mlir::OpBuilder &builder, mlir::Location loc, Step step,
                       mlir::Value score, mlir::Block *block, unsigned &next);

  mlir::Value scores;
  llvm::DenseSet<mlir::Value> seen;
  llvm::SmallVector<Step> steps; // from the product outwards
  llvm::SmallVector<Capture> found;
  llvm::SmallVector<Flag> flags;
};

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_SCOREREGION_H
