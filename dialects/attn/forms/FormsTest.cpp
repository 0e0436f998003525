// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/Forms.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace attune;
using Kind = attn::FormParameter::Kind;

namespace {

constexpr llvm::StringLiteral words[] = {"lower", "upper"};
constexpr attn::FormParameter everyKind[] = {
    {"count", Kind::integer, 3, "an integer"},
    {"scale", Kind::number, 0.5, "a number"},
    {"tied", Kind::flag, 1, "a flag"},
    {"side", Kind::choice, 1, "a choice", words},
    {"gate", Kind::file, 0, "a file"}};

/// A module with one dense attention.
class Forms : public testing::Test {
protected:
  Forms() {
    DialectRegistry registry;
    registry
        .insert<attn::AttnDialect, kernel::KernelDialect, func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.loadDialect<kernel::KernelDialect>();
    std::string type = "tensor<1x2x6x4xf32>";
    module = parseSourceString<ModuleOp>(
        "func.func @main(%x: " + type + ") {\n%o = attn.attention query(%x : " +
            type + ") key(%x : " + type + ") value(%x : " + type +
            ") attributes {scale = 1.0 : f64, capture_maps = []} {\n"
            "^bb0(%s: f32):\nattn.yield %s : f32\n} -> " +
            type + "\nreturn\n}",
        &context);
    module->walk([&](attn::AttentionOp op) { dense = op; });
  }

  std::optional<attn::FormParameters>
  read(ArrayRef<std::pair<StringRef, StringRef>> given) {
    messages.clear();
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      messages += diagnostic.str() + "\n";
      return success();
    });
    Builder builder(&context);
    SmallVector<NamedAttribute> attributes;
    for (auto [name, value] : given)
      attributes.push_back(
          builder.getNamedAttr(name, builder.getStringAttr(value)));
    return attn::readParameters(form, dense,
                                builder.getDictionaryAttr(attributes), 2);
  }

  /// Asks for `wanted` in a file with a header and 32 bytes.
  FailureOr<Value> load(StringRef header, const attn::SideWeight &wanted) {
    int descriptor = -1;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("side", "safetensors",
                                                    descriptor, path));
    {
      llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
      char prefix[8];
      llvm::support::endian::write64le(prefix, header.size());
      stream.write(prefix, sizeof(prefix));
      stream << header << std::string(32, '\0');
    }
    auto parameters = read({{"gate", path.str()}});
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      messages += diagnostic.str() + "\n";
      return success();
    });
    IRRewriter rewriter(dense);
    FailureOr<Value> value = parameters->weight(rewriter, dense, wanted);
    llvm::sys::fs::remove(path);
    return value;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  attn::AttentionOp dense;
  std::string messages;
  llvm::SmallString<128> path;
  attn::Form form{"probe", "", "", everyKind, nullptr};
};

} // namespace

TEST_F(Forms, ReadEveryKind) {
  auto given = read({{"count", "7"},
                     {"scale", "2e-3"},
                     {"tied", "false"},
                     {"side", "lower"},
                     {"gate", "a=b.safetensors"}});
  ASSERT_TRUE(given) << messages;
  EXPECT_EQ(given->integer("count"), 7);
  EXPECT_EQ(given->number("scale"), 2e-3);
  EXPECT_FALSE(given->flag("tied"));
  EXPECT_EQ(given->choice("side"), "lower");
  EXPECT_EQ(given->file("gate"), "a=b.safetensors");
  EXPECT_EQ(given->layer(), 2u);
}

TEST_F(Forms, HaveDefaultsOfEveryKind) {
  auto given = read({});
  ASSERT_TRUE(given);
  EXPECT_EQ(given->integer("count"), 3);
  EXPECT_TRUE(given->flag("tied"));
  EXPECT_EQ(given->choice("side"), "upper");
  EXPECT_EQ(given->file("gate"), "");
  std::string texts;
  for (const attn::FormParameter &parameter : everyKind)
    texts += parameter.otherwiseText() + ";";
  EXPECT_EQ(texts, "3;0.5;true;upper;;");
}

TEST_F(Forms, SayWhatAValueMustBe) {
  EXPECT_FALSE(read({{"tied", "yes"}}));
  EXPECT_EQ(messages, "form 'probe' requires true or false for 'tied', but got "
                      "'yes'\n");
  EXPECT_FALSE(read({{"side", "left"}}));
  EXPECT_EQ(messages, "form 'probe' requires one of lower, upper for 'side', "
                      "but got 'left'\n");
  EXPECT_FALSE(read({{"count", "1.5"}, {"none", "1"}}));
  EXPECT_EQ(messages,
            "form 'probe' requires an integer for 'count', but got '1.5'\n"
            "form 'probe' has no parameter 'none'; it has count, scale, tied, "
            "side, gate\n");
}

TEST_F(Forms, LoadSideWeightsOfTheirLayerFirst) {
  StringRef header =
      "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
      "\"layers.2.w\":{\"dtype\":\"F32\",\"shape\":[2,2],"
      "\"data_offsets\":[16,32]}}";
  for (int twice = 0; twice < 2; ++twice)
    ASSERT_TRUE(succeeded(load(header, {"gate", "w", {2, 2}, {}}))) << messages;
  SmallVector<kernel::WeightOp> weights(module->getOps<kernel::WeightOp>());
  ASSERT_FALSE(weights.empty());
  EXPECT_EQ(weights[0].getOffset(), 8 + header.size() + 16);
  EXPECT_EQ(weights[0].getSize(), 16u);
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(Forms, SayWhatIsWrongWithSideWeights) {
  StringRef header =
      "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]}}";
  auto reason = [&](const attn::SideWeight &wanted) {
    EXPECT_TRUE(failed(load(header, wanted)));
    return messages;
  };
  EXPECT_NE(reason({"gate", "v", {2}, {}})
                .find("requires a tensor 'layers.2.v' or 'v', but has 'w'"),
            std::string::npos);
  EXPECT_NE(reason({"gate", "w", {4, 2}, {}})
                .find("requires F32 [4, 2] for 'w', but got F32 [2, 4]"),
            std::string::npos);
  EXPECT_NE(reason({"gate", "w", {2, 4}, Float64Type::get(&context)})
                .find("requires F64 [2, 4] for 'w', but got F32 [2, 4]"),
            std::string::npos);
  EXPECT_TRUE(module->getOps<kernel::WeightOp>().empty());
}
