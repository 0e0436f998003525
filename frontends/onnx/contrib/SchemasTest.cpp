// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/TestModels.h"

using namespace attune::model;
using testing::HasSubstr;

namespace {

const char *header = "<ir_version: 10, opset_import: [\"\" : 17, "
                     "\"com.microsoft\" : 1]>\n";

onnx::ModelProto contrib(const std::string &text) {
  return parseModel(text, header);
}

std::string shown(const Type &type) {
  std::string text;
  for (const Dim &dim : type.dims)
    text += (text.empty() ? "" : " ") +
            (dim.size >= 0 ? std::to_string(dim.size) : dim.name);
  return text;
}

TEST(ContribSchemas, InferShapes) {
  Loaded loaded = load(contrib(
      "g (float[B,S,8] x, float[8,28] w) => (float[B,S,E] y, float[B,S,8] z) "
      "{\n"
      "  y = com.microsoft.Attention<num_heads = 2, qkv_hidden_sizes = "
      "[8,8,12]>(x, w)\n"
      "  z = com.microsoft.Gelu(x)\n"
      "}"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "B S 12");
  EXPECT_EQ(shown(loaded.type("z")), "B S 8");
}

TEST(ContribSchemas, InferCaches) {
  Loaded loaded = load(contrib(
      "g (float[2,1,64] q, float[2,1,32] k, float[2,2,P,16] p, int32[2] l, "
      "int32 t) => (float[2,1,64] y, float[2,2,T,16] a, float[2,2,T,16] b) {\n"
      "  y, a, b = com.microsoft.GroupQueryAttention<num_heads = 4, "
      "kv_num_heads = 2>(q, k, k, p, p, l, t)\n"
      "}"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "2 1 64");
  EXPECT_EQ(loaded.type("a").dims[2].size, -1);
  EXPECT_EQ(loaded.type("a").dims[3].size, 16);
}

TEST(ContribSchemas, RefuseWhatTheyDoNotKnow) {
  auto gelu = [](const std::string &call) {
    return refusal(contrib("g (float[2,8] x) => (float[2,8] y) { y = "
                           "com.microsoft." +
                           call + " }"));
  };
  EXPECT_EQ(gelu("QuickGelu<alpha = 2.0>(x)"), "");
  EXPECT_THAT(gelu("QuickGelu<beta = 2.0>(x)"), HasSubstr("beta"));
  EXPECT_THAT(gelu("QuickGelu<alpha = 2>(x)"), HasSubstr("alpha"));
  EXPECT_THAT(gelu("Gelu(x, x)"), HasSubstr("input"));
  EXPECT_THAT(gelu("Attention<num_heads = 2>(x, x)"),
              HasSubstr("requires rank 3 of input 0, but got 2"));
  EXPECT_THAT(gelu("MultiHeadAttention(x)"), HasSubstr("num_heads"));
}

TEST(ContribSchemas, KeepDomainsApart) {
  EXPECT_EQ(refusal(contrib("g (float[2,8] x, float[8] s) => (float[2,8] y) { "
                            "y = SimplifiedLayerNormalization(x, s) }")),
            "");
  EXPECT_THAT(refusal(parseModel("g (float[2,8] x) => (float[2,8] y) { y = "
                                 "com.microsoft.Gelu(x) }")),
              HasSubstr("imports no opset of the domain 'com.microsoft'"));
  onnx::ModelProto model =
      contrib("g (float[2] x) => (float[2] y) { y = com.microsoft.Gelu(x) }");
  model.mutable_opset_import(1)->set_version(2);
  EXPECT_THAT(refusal(model), HasSubstr("opset 2 of com.microsoft"));
}

} // namespace
