// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/TestModels.h"

using namespace attune::model;
using testing::HasSubstr;

namespace {

onnx::ModelProto relu() {
  return parseModel("g (float[2] x) => (float[2] y) { y = Relu(x) }");
}

onnx::NodeProto &node(onnx::ModelProto &model) {
  return *model.mutable_graph()->mutable_node(0);
}

TEST(Check, TellsNodeOperatorAndVersion) {
  onnx::ModelProto model = relu();
  node(model).set_name("layer/relu");
  node(model).add_input("x");
  Loaded loaded = load(model);
  ASSERT_EQ(loaded.problems.size(), 1u);
  EXPECT_EQ(loaded.problems[0].node, "layer/relu");
  EXPECT_EQ(loaded.problems[0].domain, "");
  EXPECT_EQ(loaded.problems[0].opType, "Relu");
  EXPECT_EQ(loaded.problems[0].version, 14);
  EXPECT_THAT(loaded.problems[0].reason, HasSubstr("input"));
}

TEST(Check, ReportsEveryNode) {
  Loaded loaded = load(parseModel("g (float[2] x) => (float[2] y) {\n"
                                  "  a = NoSuchOp(x)\n"
                                  "  b = Relu(x, x)\n"
                                  "  y = Relu(nowhere)\n"
                                  "}"));
  EXPECT_EQ(loaded.problems.size(), 3u) << loaded.reasons();
}

TEST(Check, RefusesUnknownVersions) {
  onnx::ModelProto model = relu();
  model.mutable_opset_import(0)->set_version(1000);
  EXPECT_THAT(refusal(model), HasSubstr("opset 1000 of ai.onnx is not known"));
  model.mutable_opset_import(0)->set_version(0);
  EXPECT_THAT(refusal(model), HasSubstr("positive version"));
  model.mutable_opset_import(0)->set_version(int64_t(1) << 40);
  EXPECT_THAT(refusal(model), HasSubstr("positive version"));
  model.clear_opset_import();
  EXPECT_THAT(refusal(model), HasSubstr("imports no opset"));
  model = relu();
  model.set_ir_version(1000);
  EXPECT_THAT(refusal(model), HasSubstr("IR version 1000 is not known"));
  model.set_ir_version(INT64_MAX);
  EXPECT_THAT(refusal(model), HasSubstr("is not known"));
  model.set_ir_version(-1);
  EXPECT_THAT(refusal(model), HasSubstr("positive IR version"));
  model = relu();
  auto &again = *model.add_opset_import();
  again.set_domain("ai.onnx");
  again.set_version(20);
  EXPECT_THAT(refusal(model), HasSubstr("two versions"));
}

TEST(Check, AcceptsTheLongSpellingOfTheStandardDomain) {
  onnx::ModelProto model = relu();
  model.mutable_opset_import(0)->set_domain("ai.onnx");
  node(model).set_domain("ai.onnx");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.model->graph.nodes[0].domain, "");
  EXPECT_EQ(loaded.model->opsets.at(""), 21);
}

TEST(Check, KeepsNodesOfCustomDomains) {
  onnx::ModelProto model = relu();
  node(model).set_domain("com.example");
  EXPECT_THAT(refusal(model), HasSubstr("imports no opset of the domain "
                                        "'com.example'"));
  auto &import = *model.add_opset_import();
  import.set_domain("com.example");
  import.set_version(3);
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(loaded.model->graph.nodes[0].domain, "com.example");
  EXPECT_EQ(loaded.model->graph.nodes[0].version, 3);
}

TEST(Check, RefusesUndefinedAndTwiceDefinedValues) {
  onnx::ModelProto model = relu();
  node(model).set_input(0, "z");
  EXPECT_THAT(refusal(model),
              HasSubstr("y: input 'z' is not defined before the node"));
  model = relu();
  *model.mutable_graph()->add_node() = node(model);
  EXPECT_THAT(refusal(model), HasSubstr("y: output 'y' is defined twice"));
  model = relu();
  node(model).set_output(0, "x");
  EXPECT_THAT(refusal(model), HasSubstr("output 'x' is defined twice"));
  model = relu();
  node(model).set_output(0, "z");
  EXPECT_THAT(refusal(model), HasSubstr("'y' is defined by no node"));
  model = relu();
  *model.mutable_graph()->add_output() = model.graph().output(0);
  EXPECT_THAT(refusal(model), HasSubstr("output 'y' is listed twice"));
  model = relu();
  *model.mutable_graph()->add_input() = model.graph().input(0);
  EXPECT_THAT(refusal(model), HasSubstr("input 'x' is listed twice"));
  model = relu();
  model.mutable_graph()->clear_output();
  EXPECT_THAT(refusal(model), HasSubstr("has no outputs"));
}

TEST(Check, RefusesNodesAgainstTheirSchema) {
  onnx::ModelProto model = relu();
  node(model).clear_input();
  EXPECT_THAT(refusal(model), HasSubstr("y: "));
  model = relu();
  node(model).set_input(0, "");
  EXPECT_THAT(refusal(model), HasSubstr("y: "));
  model = relu();
  node(model).add_output("z");
  EXPECT_THAT(refusal(model), HasSubstr("y: "));
  model = relu();
  node(model).set_op_type("NoSuchOp");
  EXPECT_THAT(refusal(model), HasSubstr("NoSuchOp"));
  model = relu();
  node(model).clear_op_type();
  EXPECT_FALSE(load(model).model);
}

onnx::AttributeProto &addAttribute(onnx::ModelProto &model, const char *name) {
  onnx::AttributeProto &attribute = *node(model).add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(1.0f);
  return attribute;
}

TEST(Check, RefusesAttributesAgainstTheirSchema) {
  onnx::ModelProto model = relu();
  addAttribute(model, "beta");
  EXPECT_THAT(refusal(model), HasSubstr("beta"));
  model = relu();
  node(model).set_op_type("LeakyRelu");
  addAttribute(model, "alpha");
  EXPECT_TRUE(load(model).model);
  addAttribute(model, "alpha");
  EXPECT_THAT(refusal(model), HasSubstr("attribute 'alpha' is given twice"));
  model = relu();
  node(model).set_op_type("LeakyRelu");
  onnx::AttributeProto &alpha = addAttribute(model, "alpha");
  alpha.set_type(onnx::AttributeProto::INT);
  EXPECT_FALSE(load(model).model);
  alpha.clear_f();
  alpha.set_i(1);
  EXPECT_FALSE(load(model).model);
  alpha.clear_i();
  alpha.set_type(onnx::AttributeProto::FLOAT);
  alpha.set_ref_attr_name("outer");
  EXPECT_THAT(refusal(model), HasSubstr("the node is in no function"));
}

TEST(Check, AttributesNeedNamesEvenWithoutASchema) {
  onnx::ModelProto model = relu();
  node(model).set_domain("com.example");
  auto &import = *model.add_opset_import();
  import.set_domain("com.example");
  import.set_version(1);
  addAttribute(model, "a");
  EXPECT_TRUE(load(model).model);
  addAttribute(model, "a");
  EXPECT_THAT(refusal(model), HasSubstr("attribute 'a' is given twice"));
  node(model).mutable_attribute(1)->clear_name();
  EXPECT_FALSE(load(model).model);
  node(model).mutable_attribute(1)->set_name(std::string("b\0", 2));
  EXPECT_THAT(refusal(model), HasSubstr("UTF-8"));
}

TEST(Check, NamesAreText) {
  for (std::string bad : {std::string("a\0b", 3), std::string("\xff"),
                          std::string("\xc0\x80"), std::string("\xe2\x82")}) {
    onnx::ModelProto model = relu();
    node(model).set_name(bad);
    EXPECT_THAT(refusal(model), HasSubstr("UTF-8")) << bad;
    model = relu();
    node(model).set_output(0, bad);
    EXPECT_THAT(refusal(model), HasSubstr("UTF-8")) << bad;
    model = relu();
    model.mutable_graph()->mutable_input(0)->set_name(bad);
    EXPECT_THAT(refusal(model), HasSubstr("UTF-8")) << bad;
    model = relu();
    auto &type = *model.mutable_graph()->mutable_input(0)->mutable_type();
    type.mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param(
        bad);
    EXPECT_THAT(refusal(model), HasSubstr("UTF-8")) << bad;
    model = relu();
    auto &import = *model.add_opset_import();
    import.set_domain(bad);
    import.set_version(1);
    EXPECT_THAT(refusal(model), HasSubstr("UTF-8")) << bad;
    model = relu();
    auto &w = *model.mutable_graph()->add_initializer();
    w.set_name(bad);
    w.set_data_type(onnx::TensorProto::FLOAT);
    w.add_float_data(1);
    EXPECT_THAT(refusal(model), HasSubstr("UTF-8")) << bad;
  }
  onnx::ModelProto model = relu();
  node(model).set_name("Schicht 1/\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_TRUE(load(model).model);
}

TEST(Check, RefusesInputsWithoutATypeOrName) {
  onnx::ModelProto model = relu();
  model.mutable_graph()->mutable_input(0)->clear_type();
  EXPECT_FALSE(load(model).model);
  model = relu();
  model.mutable_graph()->mutable_input(0)->clear_name();
  EXPECT_FALSE(load(model).model);
  model = relu();
  model.mutable_graph()->mutable_output(0)->clear_name();
  EXPECT_FALSE(load(model).model);
}

} // namespace
