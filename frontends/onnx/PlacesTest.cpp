// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Summary.h"
#include "frontends/onnx/TestModels.h"

using namespace attune::model;
using testing::ElementsAre;
using testing::Pair;

namespace {

/// Names of the file's nodes that the loaded ones come from.
std::vector<std::string> origins(const Graph &graph, const Summary &summary) {
  std::vector<std::string> names;
  for (const Node &node : graph.nodes) {
    names.push_back(node.place < 0 ? "none" : summary.nodes[node.place].name);
    for (const Attribute &attribute : node.attributes)
      for (const std::shared_ptr<Graph> &inner : attribute.graphs)
        for (const std::string &name : origins(*inner, summary))
          names.push_back(name);
  }
  return names;
}

/// Loads with bodies in the place of `expanded`.
Loaded load(const std::string &text, const std::string &expanded,
            Summary &summary) {
  LoadOptions options;
  options.summary = &summary;
  options.hasLowering = [=](const std::string &, const std::string &type) {
    return type != expanded;
  };
  return load(parseModel(text), options);
}

std::vector<std::string> namesOf(const Summary &summary) {
  std::vector<std::string> names;
  for (const FileNode &node : summary.nodes)
    names.push_back((node.function.empty() ? "" : node.function + ":") +
                    node.name);
  return names;
}

TEST(Places, OfNodesAreTheirOwn) {
  Summary summary;
  Loaded loaded = load(
      "g (float[N] x) => (float[N] y) { a = Neg(x)  y = Abs(a) }", "", summary);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(origins(loaded.model->graph, summary), ElementsAre("a", "y"));
}

TEST(Places, OfBodiesAreTheCalls) {
  Summary summary;
  // Calls that stand side by side, one after another, and in a subgraph.
  Loaded loaded = load(
      "g (float[N] x, bool c) => (float[N] y, float[N] z) {\n"
      "  a = Softsign(x)  b = Softsign(x)  n = Neg(a)  d = Softsign(b)\n"
      "  z = If(c) <then_branch = t () => (float[N] p) { p = Softsign(n) },\n"
      "             else_branch = e () => (float[N] p) { p = Neg(d) }>\n"
      "  y = Softsign(z) }",
      "Softsign", summary);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  std::vector<std::string> names = origins(loaded.model->graph, summary);
  EXPECT_EQ(std::count(names.begin(), names.end(), "none"), 0);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  EXPECT_THAT(names, ElementsAre("a", "b", "n", "d", "z", "p", "y"));
}

TEST(Places, OfFunctionsAreTheirNodes) {
  Summary summary;
  Loaded loaded =
      load("g (float[N] x) => (float[N] y) { a = local.f(x)  y = local.f(a) }\n"
           "<domain: \"local\", opset_import: [\"\" : 21]>\n"
           "f (u) => (v) { t = Neg(u)  v = Abs(t) }\n"
           "<domain: \"local\", opset_import: [\"\" : 21]>\n"
           "unused (u) => (v) { v = Tanh(u) }\n",
           "", summary);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(origins(loaded.model->graph, summary),
              ElementsAre("t", "v", "t", "v"));
  EXPECT_THAT(namesOf(summary),
              ElementsAre("a", "y", "local.f:t", "local.f:v"));
  EXPECT_TRUE(summary.nodes[0].isCall);
}

TEST(Summaries, TellWhatAFileHolds) {
  Summary summary;
  Loaded loaded =
      load("g (float[N, 2] x) => (float[N, 3] y)\n"
           "<float[2, 3] w = {1, 2, 3, 4, 5, 6}, int4[3] i = {33, 3}>\n"
           "{ c = Cast<to = 1>(i)  m = MatMul(x, w)  y = Add(m, c) }",
           "", summary);
  ASSERT_TRUE(loaded.model) << loaded.reasons();
  EXPECT_THAT(summary.opsets, ElementsAre(Pair("", 21), Pair("local", 1)));
  ASSERT_EQ(summary.inputs.size(), 1u);
  EXPECT_EQ(summary.inputs[0].second.dims[0].name, "N");
  EXPECT_EQ(summary.weights.tensors, 2);
  EXPECT_EQ(summary.weights.elements, 9);
  EXPECT_EQ(summary.weights.bytes, 6 * 4 + 2);
  EXPECT_EQ(summary.nodes[1].opType, "MatMul");
  EXPECT_EQ(summary.nodes[1].version, 13);
}

} // namespace
