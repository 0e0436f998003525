// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/Passes.h"
#include "passes/raise/SizeExpr.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_UNIFYSYMBOLSPASS
#include "passes/raise/Passes.h.inc"

namespace {

class Unifier {
public:
  explicit Unifier(func::FuncOp graph) : builder(graph.getContext()) {
    for (BlockArgument argument : graph.getArguments())
      for (StringRef name : onnx::dimNames(argument))
        if (!name.empty())
          entry.insert(name);
  }

  void visit(onnx::NodeOp node);

private:
  void learn(Value left, Value right);
  void rename(onnx::NodeOp node);
  /// Whether a name says what the size is.
  bool isKnown(StringRef name) const {
    return entry.contains(name) || SizeExpr::isComputed(name);
  }

  Builder builder;
  llvm::StringSet<> entry;           // names that the caller knows
  llvm::StringMap<std::string> same; // another name -> one that is known
};

} // namespace

/// Operators whose operands are broadcast against each other.
static bool broadcasts(onnx::NodeOp node) {
  static const llvm::StringSet<> operators = {
      "Add",   "Sub",  "Mul",     "Div",         "Pow",
      "Where", "Max",  "Min",     "And",         "Or",
      "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"};
  return node.getDomain().empty() && operators.contains(node.getOpType());
}

void Unifier::learn(Value left, Value right) {
  auto leftType = dyn_cast<RankedTensorType>(left.getType());
  auto rightType = dyn_cast<RankedTensorType>(right.getType());
  SmallVector<StringRef> l = onnx::dimNames(left), r = onnx::dimNames(right);
  if (!leftType || !rightType || int64_t(l.size()) != leftType.getRank() ||
      int64_t(r.size()) != rightType.getRank())
    return;
  for (size_t back = 1; back <= std::min(l.size(), r.size()); ++back) {
    StringRef a = l[l.size() - back], b = r[r.size() - back];
    if (a.empty() || b.empty() || a == b)
      continue;
    if (isKnown(a) && !isKnown(b))
      same.try_emplace(b, a.str());
    else if (isKnown(b) && !isKnown(a))
      same.try_emplace(a, b.str());
  }
}

void Unifier::rename(onnx::NodeOp node) {
  ArrayAttr dims = node.getDimsAttr();
  if (!dims || same.empty())
    return;
  SmallVector<Attribute> renamed;
  for (ArrayAttr names : dims.getAsRange<ArrayAttr>()) {
    SmallVector<Attribute> own;
    for (StringAttr name : names.getAsRange<StringAttr>()) {
      auto found = same.find(name.getValue());
      own.push_back(found == same.end() ? name
                                        : builder.getStringAttr(found->second));
    }
    renamed.push_back(builder.getArrayAttr(own));
  }
  node.setDimsAttr(builder.getArrayAttr(renamed));
}

void Unifier::visit(onnx::NodeOp node) {
  if (broadcasts(node))
    for (size_t i = 0; i < node.getInputs().size(); ++i) {
      learn(node.getInputs()[i], node.getOutputs()[0]);
      for (size_t j = 0; j < i; ++j)
        learn(node.getInputs()[j], node.getInputs()[i]);
    }
  rename(node);
}

namespace {
struct UnifySymbols : impl::UnifySymbolsPassBase<UnifySymbols> {
  void runOnOperation() override {
    Unifier unifier(getOperation());
    getOperation().walk([&](onnx::NodeOp node) { unifier.visit(node); });
  }
};
} // namespace
} // namespace attune
