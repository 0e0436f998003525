// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/TestModels.h"

using namespace attune::model;
using testing::HasSubstr;

namespace {

std::string shown(const Type &type) {
  std::string text;
  for (const Dim &dim : type.dims)
    text += (text.empty() ? "" : ",") +
            (dim.size < 0 ? dim.name : std::to_string(dim.size));
  return type.ranked ? text : "unranked";
}

onnx::TensorShapeProto::Dimension &dim(onnx::ValueInfoProto &info, int index) {
  return *info.mutable_type()
              ->mutable_tensor_type()
              ->mutable_shape()
              ->mutable_dim(index);
}

const char *const matmul =
    "g (float[batch,seq,8] x) => (float[batch,seq,4] y) <float[8,4] w = "
    "{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}>\n"
    "{ h = Relu(x) y = MatMul(h, w) }";

TEST(Shapes, NamesAreKept) {
  Loaded loaded = load(parseModel(matmul));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("x")), "batch,seq,8");
  EXPECT_EQ(shown(loaded.type("h")), "batch,seq,8");
  EXPECT_EQ(shown(loaded.type("y")), "batch,seq,4");
}

TEST(Shapes, NamesAreFixed) {
  LoadOptions options;
  options.fixedDims["seq"] = 16;
  Loaded loaded = load(parseModel(matmul), options);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "batch,16,4");
  options.fixedDims["sec"] = 1;
  EXPECT_THAT(refusal(parseModel(matmul), options),
              HasSubstr("no input has a dimension 'sec'; there are: batch, "
                        "seq; did you mean 'seq'?"));
  EXPECT_TRUE(load(parseModel(matmul), options).problems[0].isOption);
}

TEST(Shapes, NamelessDimensionsGetNames) {
  onnx::ModelProto model = parseModel(matmul);
  onnx::ValueInfoProto &x = *model.mutable_graph()->mutable_input(0);
  dim(x, 1).clear_value();
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "batch,x.1,4");
  // A name that is taken says nothing about a nameless dimension.
  dim(x, 0).set_dim_param("x.1");
  loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "x.1,x.1_,4");
}

TEST(Shapes, AQuestionMarkIsNoName) {
  // Two sizes of one name are equal; exporters write "?" for any size.
  Loaded loaded =
      load(parseModel("g (float[A,B] x) => (float[A,B] y) { y = Relu(x) }"));
  onnx::ModelProto model =
      parseModel("g (float[A,B] x) => (float[A,B] y) { y = Relu(x) }");
  dim(*model.mutable_graph()->mutable_input(0), 0).set_dim_param("?");
  dim(*model.mutable_graph()->mutable_input(0), 1).set_dim_param("?");
  loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "x.0,x.1");
}

TEST(Shapes, DeclaredOutputsDoNotRename) {
  // The file says that the output is [seq,batch]; it is [batch,seq].
  Loaded loaded = load(parseModel(
      "g (float[batch,seq] x) => (float[seq,batch] y) { y = Relu(x) }"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "batch,seq");
}

TEST(Shapes, DeclaredInnerValuesAreNotBelieved) {
  onnx::ModelProto model = parseModel(
      "g (float[batch,8] x) => (float[batch,8] y) { h = Relu(x) y = Neg(h) }");
  onnx::ValueInfoProto &h = *model.mutable_graph()->add_value_info();
  h = model.graph().input(0);
  h.set_name("h");
  dim(h, 0).set_dim_value(1000);
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("h")), "batch,8");
  EXPECT_EQ(shown(loaded.type("y")), "batch,8");
}

TEST(Shapes, WrongOutputsAreRefused) {
  onnx::ModelProto model =
      parseModel("g (float[2,3] x) => (float[2,4] y) { y = Relu(x) }");
  EXPECT_THAT(refusal(model), HasSubstr("output 'y' is declared otherwise"));
  EXPECT_THAT(
      refusal(parseModel("g (float[2] x) => (float[2,1] y) { y = Relu(x) }")),
      HasSubstr("output 'y'"));
  EXPECT_NE(
      refusal(parseModel("g (float[2] x) => (int64[2] y) { y = Relu(x) }")),
      "");
}

TEST(Shapes, NodesThatDoNotFitAreNamed) {
  Loaded loaded = load(parseModel(
      "g (float[2,3] x, float[5,4] w) => (float[2,4] y) { y = MatMul(x, w) }"));
  ASSERT_EQ(loaded.problems.size(), 1u) << loaded.reasons();
  EXPECT_EQ(loaded.problems[0].opType, "MatMul");
  EXPECT_EQ(loaded.problems[0].node, "y");
}

TEST(Shapes, AbsurdSizesAreRefused) {
  onnx::ModelProto model =
      parseModel("g (float[2] x) => (float[2] y) { y = Relu(x) }");
  for (auto *info : {model.mutable_graph()->mutable_input(0),
                     model.mutable_graph()->mutable_output(0)})
    dim(*info, 0).set_dim_value(int64_t(1) << 62);
  EXPECT_THAT(refusal(model), HasSubstr("input 'x' requires a tensor of at "
                                        "most 1 TiB"));
  for (auto *info : {model.mutable_graph()->mutable_input(0),
                     model.mutable_graph()->mutable_output(0)})
    dim(*info, 0).set_dim_value(-2);
  EXPECT_THAT(refusal(model), HasSubstr("at least 0"));
}

TEST(Shapes, ValuesThatGrowBeyondAllBoundsAreRefused) {
  EXPECT_NE(refusal(parseModel(
                "g (float[4] x) => (float[A,B] y)\n"
                "<int64[2] s = {4611686018427387904, 4611686018427387904}>\n"
                "{ z = ConstantOfShape(s) y = Mul(z, z) }")),
            "");
}

TEST(Shapes, BombsCostNothing) {
  // Inference must tell shapes without making the tensors.
  Loaded loaded = load(parseModel("g (float[1] x) => (float[A] y)\n"
                                  "<int64[1] n = {100000000000}>\n"
                                  "{ y = Expand(x, n) }"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "100000000000");
  // Nor may it follow the values of so many elements.
  loaded = load(parseModel("g (float[1] x) => (float[A] y)\n"
                           "<int64[1] n = {100000000000}>\n"
                           "{ z = ConstantOfShape(n) y = Add(x, z) }"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(shown(loaded.type("y")), "100000000000");
}

TEST(Shapes, ValuesOfShapesAreFollowed) {
  Loaded loaded = load(parseModel(
      "g (float[N,4] x) => (float[A,B] y)\n"
      "<int64[1] two = {2}, int64[1] zero = {0}, int64[1] one = {1}, "
      "int64[1] minus = {-1}>\n"
      "{ s = Shape(x) a = Slice(s, one, two) b = Mul(a, two)\n"
      "  t = Concat<axis = 0>(minus, b) y = Reshape(x, t) }"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.type("y").dims[1].size, 8);
}

TEST(Shapes, TypesOfOpaqueNodesComeFromTheFile) {
  onnx::ModelProto model = parseModel(
      "g (float[N] x) => (float[N,3] y) { h = local.op(x) y = Relu(h) }");
  onnx::ValueInfoProto &h = *model.mutable_graph()->add_value_info();
  h = model.graph().output(0);
  h.set_name("h");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  // Names would tell that sizes are equal; nobody has checked that.
  EXPECT_EQ(loaded.type("h").dims[0].size, -1);
  EXPECT_NE(loaded.type("h").dims[0].name, "N");
  EXPECT_EQ(loaded.type("h").dims[1].size, 3);
}

TEST(Shapes, RanksFollowFromTheLengthsOfLists) {
  Loaded loaded = load(parseModel(
      "g (float[N,4,5] x, int64[4] shape, int64[2] axes) => (float[A,B] y)\n"
      "{ a = Reshape(x, shape) b = Relu(a) c = Unsqueeze(b, axes)\n"
      "  d = ReduceSum<keepdims = 0>(c, axes) e = ReduceMax(d, axes)\n"
      "  p, q = Split<axis = 1>(e, axes) y = Squeeze(p, axes) }"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  const size_t ranks[] = {4, 4, 6, 4, 4, 4, 2};
  const char *names[] = {"a", "b", "c", "d", "e", "q", "y"};
  for (int i = 0; i < 7; ++i) {
    EXPECT_TRUE(loaded.type(names[i]).ranked) << names[i];
    EXPECT_EQ(loaded.type(names[i]).dims.size(), ranks[i]) << names[i];
  }
}

TEST(Shapes, RanksOfBodiesFollowFromOuterLists) {
  Loaded loaded = load(parseModel(
      "g (float[N,4] x, bool c, int64[2] axes) => (float[A,B,C,D] y) {\n"
      "  y = If(c) <then_branch = t () => (float r) {\n"
      "      p = Unsqueeze(x, axes) r = Relu(p) },\n"
      "    else_branch = e () => (float q) { q = Unsqueeze(x, axes) }> }"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.type("y").dims.size(), 4U);
}

TEST(Shapes, BranchesThatSizesChooseAreTaken) {
  // As exporters write squeeze: the other branch has another rank.
  const std::string nodes =
      "{ h = Relu(x) s = Shape(h) i = Constant<value_int = 1>()\n"
      "  n = Gather(s, i) o = Constant<value_int = 1>() c = Equal(n, o)\n"
      "  a = Constant<value_ints = [1]>()\n"
      "  y = If(c) <then_branch = t () => (float r) { p = Squeeze(h, a) "
      "r = Neg(p) }, else_branch = e () => (float r) { p = Exp(h) "
      "r = Neg(p) }> p = Abs(y) z = Add(p, y) }";
  Loaded one = load(parseModel("g (float[N,1] x) => (float[A] z) " + nodes));
  ASSERT_TRUE(one.model) << one.reasons();
  EXPECT_EQ(shown(one.type("z")), "N");
  Loaded two = load(parseModel("g (float[N,2] x) => (float[A,B] z) " + nodes));
  ASSERT_TRUE(two.model) << two.reasons();
  EXPECT_EQ(shown(two.type("z")), "N,2");
}

TEST(Shapes, BranchesDoNotFollowFromListsOfLists) {
  // Of [[3, 4]], 4 is the last element of the first row; that of the list 3, 4
  // would be 3.
  Loaded loaded = load(parseModel(
      "g (float[3,4] x) => (float[A,B] y)\n"
      "{ s = Shape(x) z = Constant<value_ints = [0]>() m = Unsqueeze(s, z)\n"
      "  i = Constant<value_int = 0>() r = Gather(m, i)\n"
      "  j = Constant<value_int = -1>() n = Gather(r, j)\n"
      "  f = Constant<value_int = 4>() c = Equal(n, f)\n"
      "  y = If(c) <then_branch = t () => (float[3,4] a) { a = Neg(x) },\n"
      "    else_branch = e () => (float[1,12] a) { a = Flatten<axis = 0>(x) }> "
      "}"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.type("y").dims[0].size, -1);
  EXPECT_EQ(loaded.type("y").dims[1].size, -1);
}

TEST(Shapes, RanksFollowFromListsInModelsWithLoops) {
  Loaded loaded = load(parseModel(
      "g (float[N,4] x, int64 n, int64[3] shape) => (float[A,B,C] y) {\n"
      "  a = Reshape(x, shape) z = Relu(a)\n"
      "  y = Loop <body = b (int64 i, bool c, float s) => (bool d, float r) {\n"
      "      d = Identity(c) q = Reshape(s, shape) r = Add(q, z) }>(n, , z) "
      "}"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  for (const char *name : {"a", "z", "y"}) {
    EXPECT_TRUE(loaded.type(name).ranked) << name;
    EXPECT_EQ(loaded.type(name).dims.size(), 3U) << name;
  }
}

TEST(Shapes, ListsLongerThanAnyRankAreRefused) {
  EXPECT_THAT(
      refusal(parseModel("g (float[N] x, int64[1000] shape) => (float y) { a = "
                         "Reshape(x, shape) y = ReduceSum<keepdims = 0>(a) }")),
      HasSubstr("requires a rank of at most 64, but got 1000"));
}

} // namespace
