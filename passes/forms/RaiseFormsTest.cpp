// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/forms/Passes.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace attune;

namespace {

/// Renames nodes "Any" to `to`.
template <int priority, char to>
struct Rename : OpRewritePattern<onnx::NodeOp> {
  explicit Rename(MLIRContext *context) : OpRewritePattern(context, priority) {}
  LogicalResult matchAndRewrite(onnx::NodeOp node,
                                PatternRewriter &rewriter) const override {
    if (node.getOpType() != "Any")
      return failure();
    rewriter.modifyOpInPlace(node,
                             [&] { node.setOpType(StringRef(&name, 1)); });
    return success();
  }
  static constexpr char name = to;
};

/// A form whose only meaning is to bring two patterns for one node.
template <typename Op>
using FormBase = mlir::Op<Op, OpTrait::ZeroOperands, OpTrait::ZeroResults,
                          OpTrait::ZeroRegions, attn::Raisable::Trait>;

struct SameBenefits : FormBase<SameBenefits> {
  using Op::Op;
  static StringRef getOperationName() { return "test.same_benefits"; }
  static ArrayRef<StringRef> getAttributeNames() { return {}; }
  static void populateRaisePatterns(RewritePatternSet &patterns) {
    patterns.add<Rename<1, 'a'>, Rename<1, 'b'>>(patterns.getContext());
  }
};

struct TwoBenefits : FormBase<TwoBenefits> {
  using Op::Op;
  static StringRef getOperationName() { return "test.two_benefits"; }
  static ArrayRef<StringRef> getAttributeNames() { return {}; }
  static void populateRaisePatterns(RewritePatternSet &patterns) {
    patterns.add<Rename<2, 'c'>, Rename<3, 'd'>>(patterns.getContext());
  }
};

struct TestDialect : Dialect {
  explicit TestDialect(MLIRContext *context)
      : Dialect("test", context, TypeID::get<TestDialect>()) {}
  static StringRef getDialectNamespace() { return "test"; }
  template <typename Op> void add() { addOperations<Op>(); }
};

} // namespace

/// What `Op`'s patterns make of a node that all of them match.
template <typename Op> static std::string raised(bool reversed) {
  DialectRegistry registry;
  registry.insert<attn::AttnDialect, onnx::OnnxDialect, func::FuncDialect>();
  MLIRContext context(registry);
  context.getOrLoadDialect<TestDialect>()->add<Op>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %0 = onnx.node "Any" since 1(%x) : (tensor<2xf32>) -> tensor<2xf32>
      return %0 : tensor<2xf32>
    })",
                                                             &context);
  PassManager pm(&context);
  pm.addNestedPass<func::FuncOp>(createRaiseFormsPass({reversed}));
  if (!module || failed(pm.run(*module)))
    return "failed";
  std::string name;
  module->walk([&](onnx::NodeOp node) { name = node.getOpType().str(); });
  return name;
}

TEST(RaiseForms, EqualBenefitsDoNotDependOnOrder) {
  EXPECT_EQ(raised<SameBenefits>(false), "a");
  EXPECT_EQ(raised<SameBenefits>(true), "a");
}

TEST(RaiseForms, LargerBenefitWinsInEitherOrder) {
  EXPECT_EQ(raised<TwoBenefits>(false), "d");
  EXPECT_EQ(raised<TwoBenefits>(true), "d");
}
