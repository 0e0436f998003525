// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace attune;

/// The cost of the last operation before the return, with 10 for what is
/// dynamic. `%x` is a tensor of this type.
static attn::Cost costOf(llvm::StringRef type, const std::string &op) {
  DialectRegistry registry;
  registry.insert<attn::AttnDialect, func::FuncDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      "func.func @main(%x: " + type.str() + ") {\n" + op + "\nreturn\n}",
      &context);
  EXPECT_TRUE(module);
  attn::Cost cost;
  if (module)
    module->walk([&](attn::Costed costed) { cost = costed.getCost(10); });
  return cost;
}

static std::string heads(const std::string &name, const std::string &length,
                         const std::string &attributes) {
  std::string type = "tensor<1x2x" + length + "x8xf32>";
  return name + " query(%x : " + type + ") key(%x : " + type +
         ") value(%x : " + type + ") " + attributes + " -> " + type;
}

TEST(Cost, LinearIsProportionalToLength) {
  auto cost = [](const std::string &length, const std::string &attributes) {
    return costOf("tensor<1x2x" + length + "x8xf32>",
                  "%o = " + heads("attn.linear none", length, attributes));
  };
  // Two products of 8 x 8 for each of 2 heads and 10 positions.
  EXPECT_EQ(cost("10", "").flops, 2.0 * 2 * 10 * 2 * 64);
  EXPECT_EQ(cost("10", "").bytes, 4.0 * (4 * 160 + 2 * 8 * 9));
  EXPECT_EQ(cost("?", "").flops, cost("10", "").flops);
  EXPECT_EQ(cost("1000", "").flops, 100 * cost("10", "").flops);
  EXPECT_EQ(cost("1000", "{causal}").flops, 100 * cost("10", "{causal}").flops);
  EXPECT_GT(cost("10", "{causal}").flops, cost("10", "").flops);
}

TEST(Cost, FormCostsItsFeaturesAndItsProducts) {
  std::string type = "tensor<1x2x10x8xf32>";
  double form =
      costOf(type, "%o = " + heads("attn.linear_transformer", "10", "")).flops;
  double product =
      costOf(type, "%o = " + heads("attn.linear sum", "10", "")).flops;
  double features =
      costOf(type, "%o = attn.features elu1 %x : " + type + " -> " + type)
          .flops;
  EXPECT_EQ(features, 20.0 * 160);
  EXPECT_EQ(form, product + 2 * features);
}

TEST(Cost, MapsCostWhatTheyCompute) {
  auto cost = [](const std::string &map) {
    std::string type = "tensor<3x?xf64>";
    return costOf(type, "%o = attn.features " + map + " %x : " + type + " -> " +
                            type);
  };
  EXPECT_EQ(cost("identity").flops, 0);
  EXPECT_EQ(cost("relu").flops, 30);
  EXPECT_EQ(cost("exp").flops, 600);
  EXPECT_EQ(cost("relu").bytes, 2.0 * 8 * 30);
}

TEST(Cost, MasksCostTheKeysThatTheyShow) {
  auto cost = [](const std::string &attributes) {
    std::string type = "tensor<1x1x512x8xf32>";
    return costOf(type, "%o = attn.attention query(%x : " + type +
                            ") key(%x : " + type + ") value(%x : " + type +
                            ") attributes {" + attributes +
                            "scale = 1.0 : f64, capture_maps = []} {\n"
                            "^bb0(%s: f32):\nattn.yield %s : f32\n} -> " +
                            type)
        .flops;
  };
  double dense = cost(""), window = 2 * 512 * 64 * 16;
  EXPECT_EQ(cost("causal, "), dense / 2);
  std::string band = "mask = [affine_set<(i, j) : (63 - i + j >= 0)>], ";
  EXPECT_NEAR(cost("causal, " + band), window, 0.1 * window);
  EXPECT_GT(cost(band), 4 * window);
}

TEST(Cost, WideFeaturesCostTheirProducts) {
  auto cost = [](const std::string &op, const std::string &attributes,
                 int64_t features) {
    std::string type = "tensor<1x2x?x4xf32>";
    return costOf(type + ", %w: tensor<12x4xf32>",
                  "%o = attn.features " + op + attributes + " : " + type +
                      " -> tensor<1x2x?x" + std::to_string(features) + "xf32>");
  };
  std::string projected = " %x projection(%w : tensor<12x4xf32>) ";
  // Products with 12 rows of 4, for 2 heads and 10 positions.
  EXPECT_EQ(cost("identity" + projected, "", 12).flops, 2.0 * 20 * 12 * 4);
  EXPECT_EQ(cost("positive" + projected, "{keys}", 12).flops,
            20 * 12 * (2.0 * 4 + 20));
  EXPECT_EQ(cost("positive" + projected, "", 12).bytes,
            4.0 * (20 * 4 + 20 * 12 + 12 * 4));
  EXPECT_EQ(cost("taylor2 %x ", "", 15).flops, 20.0 * 15);
}

TEST(Cost, MergesCostARowsExponentialsAndProducts) {
  std::string part = "tensor<1x2x?x8xf32>", sum = "tensor<1x2x?xf32>";
  attn::Cost cost = costOf(part + ", %l: " + sum,
                           "%o, %s = attn.merge results(%x, %x : " + part +
                               ", " + part + ") sums(%l, %l : " + sum + ", " +
                               sum + ") -> " + part + ", " + sum);
  EXPECT_EQ(cost.flops, 20.0 * 20 * 3 + 2 * 2 * 160);
  EXPECT_EQ(cost.bytes, 4.0 * (3 * 160 + 3 * 20));
}

TEST(Cost, PoolingCostsAnAdditionForEachKind) {
  auto cost = [](const std::string &kinds, const std::string &width) {
    return costOf("tensor<1x2x?x8xf32>",
                  "%y = attn.pool " + kinds +
                      " %x {block = 5 : i64} : tensor<1x2x?x8xf32> -> "
                      "tensor<1x2x2x" +
                      width + "xf32>");
  };
  EXPECT_EQ(cost("[\"avg\"]", "8").flops, 160);
  EXPECT_EQ(cost("[\"avg\", \"max\"]", "16").flops, 320);
  EXPECT_EQ(cost("[\"avg\"]", "8").bytes, 4.0 * (160 + 2 * 2 * 8));
}

TEST(Cost, ChoicesCostComparisons) {
  auto cost = [](const std::string &rule) {
    return costOf("tensor<3x16xf32>", "%m = attn.select %x {" + rule +
                                          "} : tensor<3x16xf32> -> "
                                          "tensor<3x16xi1>");
  };
  EXPECT_EQ(cost("threshold = 0.0 : f64").flops, 48);
  EXPECT_EQ(cost("top = 2 : i64").flops, 4.0 * 48);
  EXPECT_EQ(cost("top = 2 : i64").bytes, 4.0 * 48 + 6);
}

TEST(Cost, ListsAndOrdersCostWhatTheyMove) {
  attn::Cost list = costOf("tensor<1x2x3x?xi1>",
                           "%c, %l = attn.block_list %x : tensor<1x2x3x?xi1> "
                           "-> tensor<1x2x3xi32>, tensor<1x2x3x4xi32>");
  EXPECT_EQ(list.flops, 0);
  EXPECT_EQ(list.bytes, 60.0 / 8 + 4.0 * (6 + 24));
  attn::Cost order = costOf("tensor<1x2x?xi32>",
                            "%o, %i = attn.bucket %x : tensor<1x2x?xi32>");
  EXPECT_EQ(order.bytes, 3.0 * 4 * 20);
}

TEST(Cost, HashCodesCostAProductWithThePlanes) {
  attn::Cost cost =
      costOf("tensor<1x2x?x8xf32>, %r: tensor<8x7xf32>",
             "%c = attn.hash_codes %x planes(%r : tensor<8x7xf32>) : "
             "tensor<1x2x?x8xf32> -> tensor<1x2x?xi32>");
  EXPECT_EQ(cost.flops, 2.0 * 160 * 7);
  EXPECT_EQ(cost.bytes, 4.0 * (160 + 56 + 20));
}

TEST(Cost, SumsOverLagsTakeTheCheaperMethod) {
  auto cost = [](int64_t length, const std::string &attributes) {
    std::string rows = std::to_string(length);
    std::string type = "tensor<1x2x" + rows + "x8xf32>";
    std::string taps = "tensor<1x" + std::to_string(2 * length - 1) + "xf32>";
    // The taps are a second argument.
    return costOf(type + ", %t: " + taps,
                  "%y = attn.toeplitz %x taps(%t : " + taps + ") " +
                      attributes + " : " + type)
        .flops;
  };
  // Two operations for each of 16 x 16 pairs of rows in 16 columns.
  EXPECT_EQ(cost(16, ""), 2.0 * 16 * 16 * 16);
  EXPECT_EQ(cost(16, ""), cost(16, "{method = 1 : i32}"));
  EXPECT_EQ(cost(8192, ""), cost(8192, "{method = 2 : i32}"));
  EXPECT_LT(cost(8192, ""), cost(8192, "{method = 1 : i32}") / 50);
  EXPECT_LT(cost(65536, ""), 10 * cost(8192, ""));
}

TEST(Cost, ConvolutionsCostTheirTaps) {
  auto cost = [](const std::string &taps, const std::string &attributes) {
    std::string type = "tensor<3x?x8xf32>", list = "tensor<8x" + taps + "xf32>";
    return costOf(type + ", %t: " + list,
                  "%y = attn.long_conv %x taps(%t : " + list + ") " +
                      attributes + " : " + type)
        .flops;
  };
  EXPECT_EQ(cost("1", ""), 2.0 * 3 * 8 * 10);
  // Of 10 taps, position i sees i + 1.
  EXPECT_EQ(cost("10", ""), 2.0 * 3 * 8 * 55);
  EXPECT_EQ(cost("99", ""), cost("10", ""));
}

TEST(Cost, GatesCostAProductAndASoftmax) {
  std::string type = "tensor<1x2x?x8xf32>";
  attn::Cost cost = costOf(type, "%m = attn.block_gate query(%x : " + type +
                                     ") key(%x : " + type +
                                     ") {block = 4 : i64, scale = 1.0 : f64, "
                                     "ratio = 0.5 : f64} -> "
                                     "tensor<1x2x?x?xi1>");
  EXPECT_EQ(cost.flops, 200.0 * (16 + 25));
  EXPECT_EQ(cost.bytes, 4.0 * 320 + 200 / 8);
}

TEST(Cost, BiasesOfLagsCostTransformsOrBlocks) {
  auto cost = [](int64_t length, const std::string &attributes,
                 bool biased = true) {
    std::string rows = std::to_string(length);
    std::string type = "tensor<1x2x" + rows + "x8xf32>";
    std::string bias = "tensor<1x" + std::to_string(2 * length - 1) + "xf32>";
    return costOf(type + ", %w: tensor<4x8xf32>, %b: " + bias,
                  "%o = attn.fft_rpe query(%x : " + type +
                      ") key(%x : " + type + ") value(%x : " + type +
                      ") projection(%w : tensor<4x8xf32>)" +
                      (biased ? " bias(%b : " + bias + ")" : "") + " {" +
                      attributes + "} -> " + type)
        .flops;
  };
  // Features: a product with 8 numbers and an exponential.
  double features = 2.0 * 32 * 4 * (2 * 8 + 20);
  EXPECT_EQ(cost(16, "", false), features + 2.0 * 32 * 2 * 4 * 9);
  EXPECT_EQ(cost(16, ""), features + 2.0 * 16 * 16 * 2 * (4 + 8 + 2));
  EXPECT_EQ(cost(16, ""), cost(16, "method = 1 : i32"));
  EXPECT_EQ(cost(65536, ""), cost(65536, "method = 2 : i32"));
  EXPECT_LT(cost(65536, ""), cost(65536, "method = 1 : i32") / 20);
  EXPECT_LT(cost(65536, ""), 10 * cost(8192, "method = 2 : i32"));
  EXPECT_LT(cost(16, "causal"), cost(16, ""));
}

TEST(Cost, TransformsPayFromACrossoverOn) {
  int64_t few = attn::FftRpeOp::crossover(16, 64, false);
  int64_t many = attn::FftRpeOp::crossover(256, 64, false);
  EXPECT_GT(few, 64);
  EXPECT_GE(many, few);
  // Half of the pairs are left.
  EXPECT_GE(attn::FftRpeOp::crossover(16, 64, true), few);
}
