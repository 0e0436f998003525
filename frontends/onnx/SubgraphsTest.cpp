// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Subgraphs.h"
#include "frontends/onnx/TestModels.h"

namespace attune::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Graph &bodyOf(const Loaded &loaded, size_t node = 0) {
  for (const Attribute &attribute :
       loaded.model->graph.nodes.at(node).attributes)
    if (!attribute.graphs.empty())
      return *attribute.graphs.front();
  throw Failure("the node has no graph");
}

std::vector<int64_t> sizesOf(const Type &type) {
  EXPECT_TRUE(type.ranked);
  std::vector<int64_t> sizes;
  for (const Dim &dim : type.dims)
    sizes.push_back(dim.size);
  return sizes;
}

/// A loop over x, whose body is `nodes` from s to r.
onnx::ModelProto loopModel(const std::string &type, const std::string &nodes) {
  onnx::ModelProto model = parseModel(
      "g (int64 m, float" + type +
      " x) => (float[k, l] y) {"
      "  y = Loop <body = b (int64 i, bool c, float s) => (bool d, float r) {" +
      nodes + "}> (m, , x) }");
  // As most exporters write it, the body says nothing of shapes.
  forSubgraphs(
      *model.mutable_graph()->mutable_node(0), [](onnx::GraphProto &body) {
        for (auto *infos : {body.mutable_input(), body.mutable_output()})
          for (onnx::ValueInfoProto &info : *infos)
            info.mutable_type()->mutable_tensor_type()->clear_shape();
      });
  return model;
}

TEST(Subgraphs, LoopsKeepSizesThatNoTripChanges) {
  onnx::ModelProto model = loopModel("[n, 4]", "d = Identity(c) r = Add(s, s)");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  const Type &state = bodyOf(loaded).types.at("s");
  EXPECT_THAT(sizesOf(state), ElementsAre(-1, 4));
  EXPECT_EQ(state.dims[0].name, "n");
  EXPECT_THAT(sizesOf(loaded.type("y")), ElementsAre(-1, 4));
  EXPECT_EQ(loaded.type("y").dims[0].name, "n");
}

TEST(Subgraphs, LoopsForgetSizesThatATripChanges) {
  onnx::ModelProto model =
      loopModel("[n, 4]", "d = Identity(c) r = Concat<axis = 0>(s, s)");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  const Type &state = bodyOf(loaded).types.at("s");
  EXPECT_THAT(sizesOf(state), ElementsAre(-1, 4));
  EXPECT_NE(state.dims[0].name, "n");
  EXPECT_THAT(sizesOf(loaded.type("y")), ElementsAre(-1, 4));
  EXPECT_NE(loaded.type("y").dims[0].name, "n");
}

TEST(Subgraphs, LoopsForgetStaticSizesThatATripChanges) {
  onnx::ModelProto model =
      loopModel("[2, 4]", "d = Identity(c) r = Concat<axis = 1>(s, s)");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(sizesOf(bodyOf(loaded).types.at("s")), ElementsAre(2, -1));
}

TEST(Subgraphs, WhatABodyDeclaresIsNotReliedOn) {
  onnx::ModelProto model = parseModel(R"(
    g (int64 m, float[n] x) => (float[k] y) {
      y = Loop <body = b (int64 i, bool c, float[7] s) => (bool d, float[7] r) {
        d = Identity(c)
        r = Add(s, s)
      }> (m, , x)
    })");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(bodyOf(loaded).types.at("s").dims[0].name, "n");
}

TEST(Subgraphs, InitializersMoveToTheMainGraph) {
  onnx::ModelProto model = parseModel(R"(
    g (bool c, float[2] x) => (float[2] y) {
      y = If <then_branch = t () => (float[2] a) <float[2] w = {1, 2}> {
        a = Add(x, w)
      }, else_branch = e () => (float[2] b) <float[2] w = {3, 4}> {
        b = Add(x, w)
      }> (c)
    })");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  ASSERT_EQ(loaded.model->graph.constants.size(), 2u);
  EXPECT_TRUE(bodyOf(loaded).constants.empty());
  std::string used = bodyOf(loaded).nodes[0].inputs[1];
  EXPECT_THAT(elementsOf<float>(loaded.constant(used)), ElementsAre(1, 2));
}

TEST(Subgraphs, InputsThatHideOuterValuesGetNamesOfTheirOwn) {
  onnx::ModelProto model = parseModel(R"(
    g (int64 m, float[2] x) => (float[2] y) {
      y = Loop <body = b (int64 i, bool c, float[2] x) => (bool d, float[2] r) {
        d = Identity(c)
        r = Add(x, x)
      }> (m, , x)
    })");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  const Graph &body = bodyOf(loaded);
  EXPECT_NE(body.inputs[2], "x");
  EXPECT_EQ(body.nodes.back().inputs[0], body.inputs[2]);
}

TEST(Subgraphs, NodesMayNotHideOuterValues) {
  onnx::ModelProto model = parseModel(R"(
    g (bool c, float[2] x) => (float[2] y) {
      y = If <then_branch = t () => (float[2] x) { x = Abs(x) },
              else_branch = e () => (float[2] b) { b = Neg(x) }> (c)
    })");
  EXPECT_THAT(refusal(model), HasSubstr("x"));
}

TEST(Subgraphs, ValuesOfASiblingAreNotSeen) {
  onnx::ModelProto model = parseModel(R"(
    g (bool c, float[2] x) => (float[2] y) {
      y = If <then_branch = t () => (float[2] a) { a = Abs(x) },
              else_branch = e () => (float[2] b) { b = Neg(a) }> (c)
    })");
  EXPECT_THAT(refusal(model), HasSubstr("'a'"));
}

TEST(Subgraphs, SequencesAreCarriedAsWhatTheyAre) {
  onnx::ModelProto model = parseModel(R"(
    g (int64 m, seq(float[2]) x) => (seq(float[2]) y) {
      y = Loop <body = b (int64 i, bool c, seq(float[2]) s)
                      => (bool d, seq(float[2]) r) {
        d = Identity(c)
        r = Identity(s)
      }> (m, , x)
    })");
  Loaded loaded = load(model);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_EQ(bodyOf(loaded).types.at("s").kind, Type::Kind::Other);
}

TEST(Subgraphs, InitializersThatAreInputsAreRefused) {
  onnx::ModelProto model = parseModel(R"(
    g (int64 m, float[2] x) => (float[2] y) {
      y = Loop <body = b (int64 i, bool c, float[2] s) => (bool d, float[2] r) {
        d = Identity(c)
        r = Add(s, s)
      }> (m, , x)
    })");
  onnx::GraphProto &body = *model.mutable_graph()
                                ->mutable_node(0)
                                ->mutable_attribute(0)
                                ->mutable_g();
  onnx::TensorProto &tensor = *body.add_initializer();
  tensor.set_name("s");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(0);
  EXPECT_THAT(refusal(model), HasSubstr("input of its subgraph"));
}

/// If within If within If: protobuf bounds how deep a file may nest messages.
onnx::ModelProto nested(unsigned depth) {
  onnx::ModelProto model = parseModel(R"(
    g (bool c, float[2] x) => (float[2] y) { y = Neg(x) })");
  for (unsigned level = 0; level < depth; ++level) {
    onnx::GraphProto inner;
    *inner.mutable_node() = model.graph().node();
    *inner.mutable_output() = model.graph().output();
    inner.set_name("b");
    std::string old = inner.output(0).name(),
                name = "y" + std::to_string(level);
    onnx::NodeProto node;
    node.set_op_type("If");
    node.add_input("c");
    node.add_output(name);
    for (const char *branch : {"then_branch", "else_branch"}) {
      onnx::AttributeProto &attribute = *node.add_attribute();
      attribute.set_name(branch);
      attribute.set_type(onnx::AttributeProto::GRAPH);
      *attribute.mutable_g() = inner;
      if (attribute.name() == "else_branch") {
        attribute.mutable_g()->clear_node();
        onnx::NodeProto &leaf = *attribute.mutable_g()->add_node();
        leaf.set_op_type("Abs");
        leaf.add_input("x");
        leaf.add_output("z" + std::to_string(level));
        attribute.mutable_g()->mutable_output(0)->set_name(leaf.output(0));
      }
    }
    model.mutable_graph()->clear_node();
    *model.mutable_graph()->add_node() = node;
    model.mutable_graph()->mutable_output(0)->set_name(name);
  }
  return model;
}

TEST(Subgraphs, NestedGraphsLoad) {
  Loaded loaded = load(nested(10));
  EXPECT_TRUE(loaded.model) << loaded.reasons();
}

TEST(Subgraphs, DeepNestingIsRefused) {
  EXPECT_THAT(refusal(nested(60)), HasSubstr("nested too deeply"));
}

} // namespace
} // namespace attune::model
