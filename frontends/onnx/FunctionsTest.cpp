// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/TestModels.h"

using namespace attune::model;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

constexpr const char *head = "<domain: \"local\", opset_import: [\"\" : 21, "
                             "\"local\" : 1]>\n";

std::vector<std::string> operators(const Loaded &loaded) {
  std::vector<std::string> types;
  if (loaded.model)
    for (const Node &node : loaded.model->graph.nodes)
      types.push_back(node.opType);
  return types;
}

const char *const caller =
    "g (float[N] x) => (float[N] y) { y = local.f0(x) }\n";

/// Function `index`, whose body calls `callee` `times` times.
std::string function(int index, const std::string &callee, int times) {
  std::string name = std::to_string(index), body, last = "x";
  for (int i = 0; i < times; ++i) {
    std::string next = i + 1 == times ? "y" : "t" + std::to_string(i);
    body += "  " + next + " = " + callee + "(" + last + ")\n";
    last = next;
  }
  return head + ("f" + name + " (x) => (y) {\n" + body + "}\n");
}

TEST(Functions, AreInlined) {
  Loaded loaded = load(parseModel(caller + function(0, "Relu", 2)));
  EXPECT_THAT(operators(loaded), ElementsAre("Relu", "Relu"))
      << loaded.reasons();
  ASSERT_TRUE(loaded.model);
  EXPECT_EQ(loaded.type("y").dims[0].name, "N");
}

TEST(Functions, CallFunctions) {
  Loaded loaded =
      load(parseModel(caller + function(0, "local.f1", 2) +
                      function(1, "local.f2", 2) + function(2, "Neg", 1)));
  EXPECT_THAT(operators(loaded), ElementsAre("Neg", "Neg", "Neg", "Neg"))
      << loaded.reasons();
}

TEST(Functions, TakeAttributes) {
  Loaded loaded = load(parseModel(
      std::string(
          "g (float[N] x) => (float[N] y) { y = local.f<a = 0.5>(x) }\n") +
      head + "f <a> (x) => (y) { y = LeakyRelu<alpha: float = @a>(x) }\n"));
  ASSERT_THAT(operators(loaded), ElementsAre("LeakyRelu")) << loaded.reasons();
  EXPECT_THAT(loaded.model->graph.nodes[0].attributes[0].floats,
              ElementsAre(0.5f));
}

TEST(Functions, RefuseCycles) {
  EXPECT_THAT(refusal(parseModel(caller + function(0, "local.f0", 1))),
              HasSubstr("calls itself"));
  EXPECT_THAT(refusal(parseModel(caller + function(0, "local.f1", 1) +
                                 function(1, "local.f2", 2) +
                                 function(2, "local.f0", 1))),
              HasSubstr("calls itself"));
}

TEST(Functions, RefuseExponentialGrowth) {
  std::string text = caller;
  for (int i = 0; i < 40; ++i)
    text += function(i, "local.f" + std::to_string(i + 1), 2);
  EXPECT_THAT(refusal(parseModel(text + function(40, "Relu", 2))),
              HasSubstr("nodes after functions are inlined"));
}

TEST(Functions, RefuseGrowthInBytes) {
  // 4096 calls of a node that holds a megabyte.
  std::string text = caller;
  for (int i = 0; i < 12; ++i)
    text += function(i, "local.f" + std::to_string(i + 1), 2);
  onnx::ModelProto model = parseModel(text + function(12, "Relu", 1));
  onnx::FunctionProto &last = *model.mutable_functions(12);
  onnx::NodeProto &constant = *last.add_node();
  constant.set_op_type("Constant");
  constant.add_output("unused");
  onnx::AttributeProto &value = *constant.add_attribute();
  value.set_name("value");
  value.set_type(onnx::AttributeProto::TENSOR);
  value.mutable_t()->set_data_type(onnx::TensorProto::INT8);
  value.mutable_t()->add_dims(1 << 20);
  value.mutable_t()->set_raw_data(std::string(1 << 20, 'x'));
  EXPECT_THAT(refusal(model), HasSubstr("after functions are inlined"));
}

TEST(Functions, RefuseDeepNesting) {
  std::string text = caller;
  for (int i = 0; i < 2000; ++i)
    text += function(i, "local.f" + std::to_string(i + 1), 1);
  EXPECT_THAT(refusal(parseModel(text + function(2000, "Relu", 1))),
              HasSubstr("nested at most 100 deep"));
}

TEST(Functions, RefuseWhatIsWrongInABody) {
  EXPECT_NE(refusal(parseModel(caller + function(0, "NoSuchOp", 1))), "");
  EXPECT_NE(refusal(parseModel(std::string(caller) + head +
                               "f0 (x) => (y) { y = Relu(nowhere) }\n")),
            "");
  EXPECT_NE(refusal(parseModel(std::string(caller) + head +
                               "f0 (x) => (y) { z = Relu(x) }\n")),
            "");
  EXPECT_NE(refusal(parseModel(std::string(caller) + head +
                               "f0 (x) => (y) { y = Relu(x) y = Neg(x) }\n")),
            "");
  onnx::ModelProto twice = parseModel(caller + function(0, "Relu", 1));
  *twice.add_functions() = twice.functions(0);
  EXPECT_THAT(refusal(twice), HasSubstr("defined twice"));
}

TEST(Functions, RefuseWrongCalls) {
  std::string body = function(0, "Relu", 1);
  for (const char *call :
       {"g (float[N] x) => (float[N] y) { y = local.f0(x, x) }\n",
        "g (float[N] x) => (float[N] y) { y = local.f0() }\n",
        "g (float[N] x) => (float[N] y) { y, z = local.f0(x) }\n",
        "g (float[N] x) => (float[N] y) { y = local.f0<a = 1>(x) }\n"})
    EXPECT_NE(refusal(parseModel(call + body)), "") << call;
}

TEST(Functions, MayImportOtherVersionsOfTheSameOperators) {
  onnx::ModelProto model = parseModel(caller + function(0, "Relu", 1));
  auto &import = *model.mutable_functions(0)->mutable_opset_import(0);
  import.set_version(17);
  Loaded loaded = load(model);
  ASSERT_THAT(operators(loaded), ElementsAre("Relu")) << loaded.reasons();
  EXPECT_EQ(loaded.model->graph.nodes[0].version, 14);
  import.set_version(13); // Relu changed in 14.
  EXPECT_THAT(refusal(model), HasSubstr("version"));
}

TEST(Functions, SchemasGiveBodiesToNodesWithoutLowering) {
  onnx::ModelProto model =
      parseModel("g (float[N] x) => (float[N] y) { y = Softplus(x) }");
  LoadOptions options;
  options.hasLowering = [](const std::string &, const std::string &type) {
    return type != "Softplus";
  };
  Loaded loaded = load(model, options);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(operators(loaded), testing::Not(testing::Contains("Softplus")));
  EXPECT_THAT(operators(load(model)), ElementsAre("Softplus"));
}

LoadOptions without(const std::string &operatorType) {
  LoadOptions options;
  options.hasLowering = [=](const std::string &, const std::string &type) {
    return type != operatorType;
  };
  return options;
}

TEST(Functions, BodiesSeeDefaultsOfAttributes) {
  Loaded loaded =
      load(parseModel("g (float[N,C,H,W] x) => (float[N,C,H,W] y) {\n"
                      "  y = MeanVarianceNormalization(x)\n}\n"),
           without("MeanVarianceNormalization"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  bool found = false;
  for (const Tensor &constant : loaded.model->graph.constants)
    found |= constant.bytes.size() == 24 &&
             elementsOf<int64_t>(constant) == std::vector<int64_t>{0, 2, 3};
  EXPECT_TRUE(found);
}

TEST(Functions, BodiesThatDependOnTypesSeeThoseOfInitializers) {
  onnx::ModelProto model =
      parseModel("g (float[N] x) => (float[4] y)\n"
                 "<int64[1] size = {4}> { y = CenterCropPad(x, size) }\n");
  Loaded loaded = load(model, without("CenterCropPad"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(operators(loaded), testing::Contains("Pad"));
}

TEST(Functions, NodesWithoutABodyForTheOpsetStay) {
  onnx::ModelProto model =
      parseModel("g (float[N] x) => (float[N] y) { y = Shrink(x) }",
                 "<ir_version: 8, opset_import: [\"\" : 13]>\n");
  EXPECT_THAT(operators(load(model, without("Shrink"))), ElementsAre("Shrink"));
}

TEST(Functions, BodiesThatDependOnTypesMayLackInputs) {
  onnx::ModelProto model =
      parseModel("g (float[N] x, float most) => (float[N] y) {\n"
                 "  y = Clip(x, most, most)\n}\n");
  model.mutable_graph()->mutable_node(0)->set_input(1, "");
  Loaded loaded = load(model, without("Clip"));
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(operators(loaded), testing::Contains("Where"));
  EXPECT_EQ(loaded.model->graph.types.count(""), 0u);
}

} // namespace
