// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Survey.h"
#include "compiler/Diagnostics.h"
#include "compiler/Load.h"
#include "compiler/Pipeline.h"
#include "dialects/onnx/Errors.h"
#include "frontends/onnx/ops/Passes.h"

using namespace mlir;

namespace attune {

const char *nameOf(Support support) {
  switch (support) {
  case Support::Lowered:
    return "lowered";
  case Support::Body:
    return "by its function body";
  case Support::Function:
    return "local function";
  case Support::Refused:
    break;
  }
  return "refused";
}

Support supportOf(StringRef domain, StringRef opType, bool hasBody) {
  // The graph's reader takes constants; no pass ever sees them.
  bool isConstant = domain.empty() && opType == "Constant";
  if (isConstant || hasLowering(domain, opType))
    return Support::Lowered;
  return hasBody && !isRefused(domain, opType) ? Support::Body
                                               : Support::Refused;
}

static Support supportOf(const model::FileNode &node) {
  return node.isCall ? Support::Function
                     : supportOf(node.domain, node.opType, node.hasBody);
}

namespace {

/// Collects the table's rows.
class Table {
public:
  explicit Table(const model::Summary &summary) : summary(summary) {
    for (const model::FileNode &node : summary.nodes) {
      OperatorUse &row = rowOf(node);
      row.support = supportOf(node);
      ++row.count;
    }
    if (summary.movedConstants) {
      OperatorUse &row = rows[{"", "Constant", summary.constantVersion}];
      row.domain = "";
      row.opType = "Constant";
      row.version = summary.constantVersion;
      row.count += summary.movedConstants;
    }
  }

  /// False if the error is about no node of the file.
  bool add(const onnx::NodeError &error) {
    if (error.place < 0 ||
        error.place >= static_cast<int64_t>(summary.nodes.size()))
      return false;
    const model::FileNode &node = summary.nodes[error.place];
    std::string reason = error.reason;
    if (error.domain != node.domain || error.opType != node.opType)
      reason = "its function body has " +
               (error.domain.empty() ? "" : error.domain + ".") + error.opType +
               ": " + reason;
    OperatorUse &row = rowOf(node);
    row.support = Support::Refused;
    // Each call of a function has a copy of the node.
    for (const RefusedNode &known : row.refused)
      if (known.name == node.name && known.function == node.function &&
          known.reason == reason)
        return true;
    row.refused.push_back({node.name, node.function, reason});
    return true;
  }

  std::vector<OperatorUse> sorted() const {
    std::vector<OperatorUse> all;
    for (const auto &entry : rows)
      all.push_back(entry.second);
    llvm::stable_sort(all, [](const OperatorUse &a, const OperatorUse &b) {
      return a.count > b.count;
    });
    return all;
  }

private:
  using Key = std::tuple<std::string, std::string, int64_t>;

  OperatorUse &rowOf(const model::FileNode &node) {
    OperatorUse &row = rows[{node.domain, node.opType, node.version}];
    row.domain = node.domain;
    row.opType = node.opType;
    row.version = node.version;
    return row;
  }

  const model::Summary &summary;
  std::map<Key, OperatorUse> rows;
};

} // namespace

bool surveyOnnx(const std::string &path, Survey &survey) {
  DialectRegistry registry;
  registerAll(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  std::vector<onnx::NodeError> errors;
  std::vector<std::string> messages;
  ScopedDiagnosticHandler collect(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return success();
    messages.push_back(messageOf(diagnostic));
    if (std::optional<onnx::NodeError> error = onnx::readNodeError(diagnostic))
      errors.push_back(*error);
    else
      survey.problems.push_back(printable(diagnostic.str()));
    return success();
  });
  CompileOptions options;
  options.model = path;
  options.summary = &survey.summary;
  Loaded loaded = loadModule(options, context);
  if (!loaded.module) {
    survey.problems = messages;
    return false;
  }
  reportRefused(*loaded.module);
  Table table(survey.summary);
  for (const onnx::NodeError &error : errors)
    if (!table.add(error))
      survey.problems.push_back("node '" + error.name + "' (" + error.opType +
                                "): " + error.reason);
  survey.operators = table.sorted();
  survey.isSupported = messages.empty();
  return true;
}

} // namespace attune
