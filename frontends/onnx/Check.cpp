// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Check.h"
#include "frontends/onnx/Failure.h"
#include "frontends/onnx/Places.h"
#include "frontends/onnx/Subgraphs.h"

#include "onnx/checker.h"

#include <climits>
#include <unordered_set>

namespace attune::model {

std::string normalDomain(const std::string &domain) {
  return domain == "ai.onnx" ? "" : domain;
}

template <typename Nodes> static void normaliseNodes(Nodes &nodes) {
  for (onnx::NodeProto &node : nodes) {
    if (node.has_domain())
      node.set_domain(normalDomain(node.domain()));
    forSubgraphs(node, [](onnx::GraphProto &graph) {
      normaliseNodes(*graph.mutable_node());
    });
  }
}

void normaliseDomains(onnx::ModelProto &model) {
  normaliseNodes(*model.mutable_graph()->mutable_node());
  for (onnx::OperatorSetIdProto &import : *model.mutable_opset_import())
    import.set_domain(normalDomain(import.domain()));
  for (onnx::FunctionProto &function : *model.mutable_functions()) {
    function.set_domain(normalDomain(function.domain()));
    normaliseNodes(*function.mutable_node());
    for (onnx::OperatorSetIdProto &import : *function.mutable_opset_import())
      import.set_domain(normalDomain(import.domain()));
  }
}

static std::string shownDomain(const std::string &domain) {
  return domain.empty() ? "ai.onnx" : domain;
}

/// What strings may be: names end up in C strings and in JSON.
static bool isText(const std::string &text) {
  for (size_t i = 0; i < text.size();) {
    auto byte = static_cast<unsigned char>(text[i]);
    size_t more = byte < 0x80   ? 0
                  : byte < 0xc2 ? 9
                  : byte < 0xe0 ? 1
                  : byte < 0xf0 ? 2
                  : byte < 0xf5 ? 3
                                : 9;
    if (byte == 0 || i + more >= text.size())
      return false;
    for (size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80)
        return false;
    i += more + 1;
  }
  return true;
}

static void requireText(const std::string &text, const char *what) {
  if (!isText(text))
    throw Failure(std::string("requires ") + what +
                  " in UTF-8 without zero bytes");
}

static void requireDimName(const std::string &name) {
  requireText(name, "names of dimensions");
  // The compiler's own names of sizes that are computed begin so.
  if (!name.empty() && name[0] == '{')
    throw Failure("requires names of dimensions that do not begin with '{', "
                  "but got '" +
                  name + "'");
}

std::map<std::string, int64_t> importedOpsets(const onnx::ModelProto &model) {
  std::map<std::string, int64_t> opsets;
  if (model.ir_version() < 3)
    opsets[""] = 1;
  const auto &known = onnx::OpSchemaRegistry::DomainToVersionRange::Instance();
  for (const onnx::OperatorSetIdProto &import : model.opset_import()) {
    std::string domain = normalDomain(import.domain());
    requireText(domain, "names of domains");
    if (import.version() < 1 || import.version() > INT_MAX)
      throw Failure("requires a positive version of " + shownDomain(domain) +
                    ", but got " + std::to_string(import.version()));
    if (!opsets.emplace(domain, import.version()).second &&
        opsets[domain] != import.version())
      throw Failure("imports " + shownDomain(domain) + " in two versions");
    auto range = known.Map().find(domain);
    if (range != known.Map().end() && import.version() > range->second.second)
      throw Failure("opset " + std::to_string(import.version()) + " of " +
                    shownDomain(domain) +
                    " is not known: requires at most opset " +
                    std::to_string(range->second.second));
  }
  if (opsets.empty())
    throw Failure("imports no opset");
  return opsets;
}

static int64_t versionFor(const onnx::NodeProto &node,
                          const std::map<std::string, int64_t> &opsets) {
  auto found = opsets.find(normalDomain(node.domain()));
  return found == opsets.end() ? 0 : found->second;
}

const onnx::OpSchema *schemaOf(const onnx::NodeProto &node,
                               const std::map<std::string, int64_t> &opsets) {
  int64_t version = versionFor(node, opsets);
  if (!version)
    return nullptr;
  return onnx::OpSchemaRegistry::Schema(
      node.op_type(), static_cast<int>(version), normalDomain(node.domain()));
}

Problem problemAt(const onnx::NodeProto &node,
                  const std::map<std::string, int64_t> &opsets,
                  const std::string &reason) {
  Problem problem;
  problem.node = node.name();
  if (problem.node.empty() && node.output_size())
    problem.node = node.output(0);
  problem.domain = normalDomain(node.domain());
  problem.opType = node.op_type();
  const onnx::OpSchema *schema = schemaOf(node, opsets);
  problem.version = schema ? schema->SinceVersion() : versionFor(node, opsets);
  problem.reason = reason;
  problem.place = placeOf(node);
  return problem;
}

namespace {

class GraphChecker {
public:
  GraphChecker(const onnx::ModelProto &model, Problems &problems)
      : model(model), opsets(importedOpsets(model)), problems(problems) {
    context.set_ir_version(static_cast<int>(model.ir_version()));
    std::unordered_map<std::string, int> imports;
    for (const auto &[domain, version] : opsets)
      imports[domain] = static_cast<int>(version);
    imports.emplace("ai.onnx", imports.count("") ? imports[""] : 1);
    context.set_opset_imports(imports);
    for (const onnx::FunctionProto &function : model.functions())
      functions.insert(normalDomain(function.domain()) + ":" + function.name());
  }

  void run() {
    const onnx::GraphProto &graph = model.graph();
    for (const onnx::ValueInfoProto &input : graph.input()) {
      requireText(input.name(), "names");
      for (const auto &dim : input.type().tensor_type().shape().dim())
        requireDimName(dim.dim_param());
      onnx::checker::check_value_info(input, context);
      if (scope.this_graph_has(input.name()))
        throw Failure("input '" + input.name() + "' is listed twice");
      scope.add(input.name());
    }
    for (const onnx::TensorProto &initializer : graph.initializer()) {
      requireText(initializer.name(), "names");
      scope.add(initializer.name());
    }
    for (const onnx::NodeProto &node : graph.node())
      checkNode(node);
    std::unordered_set<std::string> outputs;
    for (const onnx::ValueInfoProto &output : graph.output()) {
      onnx::checker::check_value_info(output, context);
      if (!outputs.insert(output.name()).second)
        throw Failure("output '" + output.name() + "' is listed twice");
      if (!scope.this_graph_has(output.name()) && problems.empty())
        throw Failure("output '" + output.name() + "' is defined by no node");
    }
    if (outputs.empty())
      throw Failure("has no outputs");
    onnx::checker::LexicalScopeContext empty;
    if (model.functions_size())
      onnx::checker::check_model_local_functions(model, context, empty);
  }

private:
  void checkNode(const onnx::NodeProto &node) {
    try {
      requireText(node.name(), "names");
      for (const std::string &input : node.input())
        if (!input.empty() && !scope.this_graph_has(input))
          throw Failure("input '" + input + "' is not defined before the node");
      checkOperator(node);
    } catch (const std::exception &failure) {
      problems.push_back(problemAt(node, opsets, failure.what()));
    }
    for (const std::string &output : node.output()) {
      if (output.empty())
        continue;
      if (!isText(output) || scope.this_graph_has(output))
        problems.push_back(problemAt(
            node, opsets,
            isText(output) ? "output '" + output + "' is defined twice"
                           : "requires names in UTF-8 without zero bytes"));
      scope.add(output);
    }
  }

  void checkOperator(const onnx::NodeProto &node) {
    requireText(node.op_type(), "operator types");
    checkAttributes(node);
    std::string domain = normalDomain(node.domain());
    if (functions.count(domain + ":" + node.op_type()))
      return;
    if (!opsets.count(domain))
      throw Failure("the model imports no opset of the domain '" +
                    shownDomain(domain) + "'");
    onnx::checker::check_node(node, context, scope);
  }

  static void checkAttributes(const onnx::NodeProto &node) {
    std::unordered_set<std::string> names;
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      requireText(attribute.name(), "names of attributes");
      if (attribute.name().empty())
        throw Failure("an attribute has no name");
      if (!names.insert(attribute.name()).second)
        throw Failure("attribute '" + attribute.name() + "' is given twice");
      if (!attribute.ref_attr_name().empty())
        throw Failure("attribute '" + attribute.name() +
                      "' refers to a function's attribute, but the node is in "
                      "no function");
    }
    forSubgraphs(node, checkSubgraph);
  }

  /// What the library does not check.
  static void checkSubgraph(const onnx::GraphProto &graph) {
    for (const auto *infos : {&graph.input(), &graph.output()})
      for (const onnx::ValueInfoProto &info : *infos) {
        requireText(info.name(), "names");
        for (const auto &dim : info.type().tensor_type().shape().dim())
          requireDimName(dim.dim_param());
      }
    for (const onnx::NodeProto &node : graph.node()) {
      requireText(node.name(), "names");
      requireText(node.op_type(), "operator types");
      for (const std::string &output : node.output())
        requireText(output, "names");
      checkAttributes(node);
    }
  }

  const onnx::ModelProto &model;
  std::map<std::string, int64_t> opsets;
  Problems &problems;
  onnx::checker::CheckerContext context;
  onnx::checker::LexicalScopeContext scope;
  std::unordered_set<std::string> functions;
};

} // namespace

void checkModel(const onnx::ModelProto &model, Problems &problems) {
  if (model.ir_version() < 1)
    throw Failure("requires a positive IR version, but got " +
                  std::to_string(model.ir_version()));
  if (model.ir_version() > onnx::Version::IR_VERSION)
    throw Failure("IR version " + std::to_string(model.ir_version()) +
                  " is not known: requires at most " +
                  std::to_string(onnx::Version::IR_VERSION));
  GraphChecker(model, problems).run();
}

} // namespace attune::model
