// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/TestModels.h"

using namespace attune::model;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// y = x + w with `w`, four floats, in a file beside the model.
onnx::ModelProto
externalModel(const std::vector<std::pair<std::string, std::string>> &entries) {
  onnx::ModelProto model =
      parseModel("g (float[4] x) => (float[4] y) { y = Add(x, w) }");
  onnx::TensorProto &w = *model.mutable_graph()->add_initializer();
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::FLOAT);
  w.add_dims(4);
  w.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto &[key, value] : entries) {
    auto &entry = *w.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  return model;
}

TEST(Model, ExternalDataIsARangeOfItsFile) {
  Folder folder;
  folder.write("w.bin", std::string(100, 'x'));
  Loaded loaded =
      load(folder, externalModel({{"location", "w.bin"}, {"offset", "20"}}));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  const Tensor &w = loaded.constant("w");
  EXPECT_EQ(w.file, folder / "w.bin");
  EXPECT_EQ(w.offset, 20u);
  EXPECT_EQ(w.size, 16u);
}

TEST(Model, TensorsShareAnExternalFile) {
  Folder folder;
  folder.write("w.bin", std::string(32, 'x'));
  onnx::ModelProto model = externalModel({{"location", "w.bin"}});
  onnx::GraphProto &graph = *model.mutable_graph();
  onnx::TensorProto &v = *graph.add_initializer();
  v = graph.initializer(0);
  v.set_name("v");
  auto &entry = *v.add_external_data();
  entry.set_key("offset");
  entry.set_value("16");
  *graph.mutable_node(0)->mutable_input(0) = "v";
  Loaded loaded = load(folder, model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.constant("w").offset, 0u);
  EXPECT_EQ(loaded.constant("v").offset, 16u);
}

TEST(Model, ExternalDataMustHoldTheTensor) {
  Folder folder;
  folder.write("w.bin", std::string(15, 'x'));
  EXPECT_THAT(load(folder, externalModel({{"location", "w.bin"}})).reasons(),
              HasSubstr("initializer 'w': external data 'w.bin' is too short"));
  EXPECT_THAT(load(folder, externalModel({{"location", "../w.bin"}})).reasons(),
              HasSubstr("leads out"));
  onnx::ModelProto both = externalModel({{"location", "w.bin"}});
  both.mutable_graph()->mutable_initializer(0)->set_raw_data("0123");
  EXPECT_THAT(load(folder, both).reasons(),
              HasSubstr("external data and data of its own"));
}

TEST(Model, SmallExternalIntegersAreRead) {
  Folder folder;
  folder.write("n.bin",
               std::string("\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0", 16));
  onnx::ModelProto model =
      parseModel("g (float[6] x) => (float[A,B] y) { y = Reshape(x, w) }");
  onnx::TensorProto &w = *model.mutable_graph()->add_initializer();
  w = externalModel({{"location", "n.bin"}}).graph().initializer(0);
  w.set_data_type(onnx::TensorProto::INT64);
  w.set_dims(0, 2);
  Loaded loaded = load(folder, model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(elementsOf<int64_t>(loaded.constant("w")), ElementsAre(2, 3));
  // Inference saw the values.
  ASSERT_EQ(loaded.type("y").dims.size(), 2u);
  EXPECT_EQ(loaded.type("y").dims[0].size, 2);
  EXPECT_EQ(loaded.type("y").dims[1].size, 3);
}

TEST(Model, InitializersAreNoInputs) {
  onnx::ModelProto model = parseModel(
      "g (float[2] x, float[2] w) => (float[2] y) <float[2] w = {1, 2}> "
      "{ y = Add(x, w) }",
      "<ir_version: 3, opset_import: [\"\" : 7]>\n");
  // The text syntax makes an initializer of what stands between < and >.
  model.mutable_graph()->mutable_input()->Clear();
  for (const char *name : {"x", "w"}) {
    auto &input = *model.mutable_graph()->add_input();
    input = model.graph().output(0);
    input.set_name(name);
  }
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(loaded.model->graph.inputs, ElementsAre("x"));
  EXPECT_EQ(loaded.constant("w").element, ElementType::Float);
}

TEST(Model, VersionThreeNeedsNoMoreThanItsOwnRules) {
  Loaded loaded = load(parseModel("g (float[2] x) => (float[2] y) <float[2] w "
                                  "= {1, 2}> { y = Add(x, w) }",
                                  "<ir_version: 3, opset_import: [\"\" : 7]>"));
  EXPECT_TRUE(loaded.model) << loaded.reasons();
}

TEST(Model, RefusesSparseInitializers) {
  onnx::ModelProto model =
      parseModel("g (float[2] x) => (float[2] y) { y = Relu(x) }");
  auto &sparse = *model.mutable_graph()->add_sparse_initializer();
  sparse.mutable_values()->set_name("s");
  EXPECT_THAT(refusal(model), HasSubstr("'s' is sparse"));
}

TEST(Model, RefusesInitializersWithoutOneName) {
  onnx::ModelProto model =
      parseModel("g (float[1] x) => (float[1] y) <float[1] "
                 "w = {1}> { y = Add(x, w) }");
  onnx::GraphProto &graph = *model.mutable_graph();
  *graph.add_initializer() = graph.initializer(0);
  EXPECT_THAT(refusal(model), HasSubstr("'w' is defined twice"));
  graph.mutable_initializer(1)->clear_name();
  EXPECT_THAT(refusal(model), HasSubstr("has no name"));
}

TEST(Model, ConstantsOfEveryKind) {
  Loaded loaded =
      load(parseModel("g (float[1] x) => (float[1] y) {\n"
                      "  a = Constant<value = float[2] {1, 2}>()\n"
                      "  b = Constant<value_int: int = 7>()\n"
                      "  c = Constant<value_ints: ints = [8, 9]>()\n"
                      "  d = Constant<value_float: float = 0.5>()\n"
                      "  e = Constant<value_floats: floats = [1.5]>()\n"
                      "  f = Constant<value_string: string = \"s\">()\n"
                      "  g = Constant<value_strings: strings = [\"s\"]>()\n"
                      "  y = Relu(x)\n"
                      "}"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.model->graph.nodes.size(), 1u);
  EXPECT_THAT(elementsOf<float>(loaded.constant("a")), ElementsAre(1, 2));
  EXPECT_THAT(elementsOf<int64_t>(loaded.constant("b")), ElementsAre(7));
  EXPECT_THAT(loaded.constant("b").dims, ElementsAre());
  EXPECT_THAT(elementsOf<int64_t>(loaded.constant("c")), ElementsAre(8, 9));
  EXPECT_THAT(loaded.constant("c").dims, ElementsAre(2));
  EXPECT_THAT(elementsOf<float>(loaded.constant("d")), ElementsAre(0.5f));
  EXPECT_THAT(elementsOf<float>(loaded.constant("e")), ElementsAre(1.5f));
  EXPECT_THAT(loaded.constant("f").problem, HasSubstr("not supported"));
  EXPECT_THAT(loaded.constant("g").problem, HasSubstr("not supported"));
}

TEST(Model, AttributesOfEveryKind) {
  Loaded loaded =
      load(parseModel("g (float[2,3] x) => (float[3,2] y, float[2,3] z) {\n"
                      "  y = Transpose<perm = [1, 0]>(x)\n"
                      "  z = LeakyRelu<alpha = 0.5>(x)\n"
                      "}"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  const Node &transpose = loaded.model->graph.nodes[0];
  EXPECT_EQ(transpose.opType, "Transpose");
  EXPECT_EQ(transpose.version, 21);
  EXPECT_EQ(transpose.name, "y");
  EXPECT_EQ(transpose.attributes[0].kind, Attribute::Kind::Ints);
  EXPECT_THAT(transpose.attributes[0].ints, ElementsAre(1, 0));
  const Node &relu = loaded.model->graph.nodes[1];
  EXPECT_EQ(relu.version, 16);
  EXPECT_THAT(relu.attributes[0].floats, ElementsAre(0.5f));
}

TEST(Model, KeepsSubgraphs) {
  Loaded loaded = load(parseModel(
      "g (bool c, float[2] x) => (float[2] y) {\n"
      "  y = If(c) <then_branch = t () => (float[2] a) { a = Relu(x) },\n"
      "             else_branch = e () => (float[2] b) { b = Neg(x) }>\n"
      "}"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  const Node &node = loaded.model->graph.nodes[0];
  ASSERT_EQ(node.attributes.size(), 2u);
  EXPECT_EQ(node.attributes[0].kind, Attribute::Kind::Graph);
  EXPECT_EQ(node.attributes[0].graphs[0]->nodes[0].opType, "Relu");
}

} // namespace
