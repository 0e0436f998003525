// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/OperatorsPage.h"
#include "compiler/Survey.h"
#include "frontends/onnx/Operators.h"
#include "frontends/onnx/ops/Passes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

namespace attune {

using model::ElementType;
using Name = std::pair<std::string, std::string>;

namespace {

struct Row {
  model::KnownOperator about;
  Support support = Support::Refused;
  std::string reason;
  /// What of `about.elements` is supported.
  std::vector<std::string> elements;
};

/// Types that a column names together.
struct Group {
  const char *name;
  std::vector<ElementType> types;
};

} // namespace

static const char *nameOf(ElementType type) {
  switch (type) {
#define TYPE(id, name)                                                         \
  case ElementType::id:                                                        \
    return name;
    TYPE(Float, "f32")
    TYPE(UInt8, "u8")
    TYPE(Int8, "i8")
    TYPE(UInt16, "u16")
    TYPE(Int16, "i16")
    TYPE(Int32, "i32")
    TYPE(Int64, "i64")
    TYPE(Bool, "i1")
    TYPE(Float16, "f16")
    TYPE(Double, "f64")
    TYPE(UInt32, "u32")
    TYPE(UInt64, "u64")
    TYPE(BFloat16, "bf16")
    TYPE(Float8E4M3FN, "f8e4m3fn")
    TYPE(Float8E4M3FNUZ, "f8e4m3fnuz")
    TYPE(Float8E5M2, "f8e5m2")
    TYPE(Float8E5M2FNUZ, "f8e5m2fnuz")
    TYPE(UInt4, "u4")
    TYPE(Int4, "i4")
    TYPE(Float4E2M1, "f4e2m1")
    TYPE(Float8E8M0, "f8e8m0")
    TYPE(UInt2, "u2")
    TYPE(Int2, "i2")
#undef TYPE
  case ElementType::Undefined:
  case ElementType::String:
  case ElementType::Complex64:
  case ElementType::Complex128:
  case ElementType::Float6E2M3:
  case ElementType::Float6E3M2:
    break;
  }
  return "";
}

static const std::vector<Group> &groups() {
  using E = ElementType;
  static const std::vector<Group> all = {
      {"floats", {E::Float16, E::BFloat16, E::Float, E::Double}},
      {"signed", {E::Int8, E::Int16, E::Int32, E::Int64}},
      {"unsigned", {E::UInt8, E::UInt16, E::UInt32, E::UInt64}},
      {"i1", {E::Bool}},
      {"f8",
       {E::Float8E4M3FN, E::Float8E4M3FNUZ, E::Float8E5M2, E::Float8E5M2FNUZ}},
      {"f8e8m0", {E::Float8E8M0}},
      {"f4e2m1", {E::Float4E2M1}},
      {"4-bit", {E::Int4, E::UInt4}},
      {"2-bit", {E::Int2, E::UInt2}}};
  return all;
}

/// The groups of which all types are there, and the types of the others.
static std::string elementsText(llvm::ArrayRef<std::string> elements) {
  llvm::SmallVector<std::string> parts;
  for (const Group &group : groups()) {
    llvm::SmallVector<std::string> found;
    for (ElementType type : group.types)
      if (llvm::is_contained(elements, nameOf(type)))
        found.push_back(nameOf(type));
    if (found.size() == group.types.size())
      parts.push_back(group.name);
    else
      llvm::append_range(parts, found);
  }
  return llvm::join(parts, ", ");
}

static bool isLow(ElementType type) {
  return type >= ElementType::Float8E4M3FN;
}

static Row rowOf(const model::KnownOperator &about,
                 const OperatorInTable *table) {
  Row row;
  row.about = about;
  row.support = supportOf(about.domain, about.opType, about.hasBody);
  if (row.support == Support::Refused) {
    row.reason = refusalOf(about.domain, about.opType).str();
    return row;
  }
  // Constants of any type are only kept.
  bool isConstant = about.domain.empty() && about.opType == "Constant";
  bool movesOnly = isConstant || (table && table->onlyMoves);
  for (ElementType type : about.elements)
    if (*nameOf(type) && (!isLow(type) || movesOnly))
      row.elements.push_back(nameOf(type));
  return row;
}

/// By domain, ai.onnx first, then by name.
static std::map<std::string, std::vector<Row>> rowsByDomain() {
  std::vector<OperatorInTable> table = operatorTable();
  std::map<Name, const OperatorInTable *> left;
  for (const OperatorInTable &entry : table)
    left[{entry.domain.str(), entry.opType.str()}] = &entry;
  std::map<std::string, std::vector<Row>> rows;
  std::vector<model::KnownOperator> all = model::knownOperators();
  for (model::KnownOperator &known : all) {
    if (known.domain.empty())
      llvm::erase_if(known.versions, [&](int64_t version) {
        return version < oldestVersion(known.opType);
      });
    auto found = left.find({known.domain, known.opType});
    rows[known.domain].push_back(
        rowOf(known, found == left.end() ? nullptr : found->second));
    if (found != left.end())
      left.erase(found);
  }
  for (const auto &[name, entry] : left) {
    // The compiler's own words are in no file.
    if (name.first == "attune")
      continue;
    model::KnownOperator about;
    about.domain = name.first;
    about.opType = name.second;
    rows[about.domain].push_back(rowOf(about, entry));
  }
  return rows;
}

static std::string versionsText(const model::KnownOperator &about) {
  std::string text = llvm::join(
      llvm::map_range(about.versions,
                      [](int64_t version) { return std::to_string(version); }),
      ", ");
  if (about.deprecatedSince)
    text += " (withdrawn in " + std::to_string(about.deprecatedSince) + ")";
  return text;
}

static constexpr const char *head = R"(# Operators

Every operator that ONNX knows, and what becomes of it. `attune inspect --operators`
writes this page, and a test compares it with what the program says
(`--operators --json` says the same to programs). `attune inspect MODEL.onnx` tells it
of one file ([docs](inspect.md)), and [conformance](conformance.md) is what ONNX's own
tests make of it.

- **versions**: of the operator's schema, as opsets from 7 on use them. A case of each is
  tried (`tests/ops/test_old_opsets.py`). Older ones are not listed and not tried: a node of
  one is refused where it means something else, and compiled where it means the same
- **lowered**: `frontends/onnx/ops` makes code of it; operators of com.microsoft become
  others first ([docs](contrib.md))
- **by its function body**: ONNX defines it by other operators, which take its place
- **refused**: compiling ends with exit code 1, the node's name and this reason
- **types**: elements of the first input (of the output, if there is none) that ONNX allows
  in the last version and attune takes. *floats* are f16, bf16, f32 and f64, *signed* i8 to
  i64, *unsigned* u8 to u64, *f8* the four types of ONNX, i1 is a boolean. A node may be refused for the value
  of an attribute, or for the type of another input; the message says so

)";

static void printPage(const std::map<std::string, std::vector<Row>> &all) {
  llvm::outs() << head;
  for (const auto &[domain, rows] : all) {
    llvm::outs() << "## " << (domain.empty() ? "ai.onnx" : domain) << "\n\n"
                 << "| operator | versions | support | types |\n"
                 << "|---|---|---|---|\n";
    for (const Row &row : rows)
      llvm::outs() << "| " << row.about.opType << " | "
                   << versionsText(row.about) << " | " << nameOf(row.support)
                   << (row.reason.empty() ? "" : ": ") << row.reason << " | "
                   << elementsText(row.elements) << " |\n";
    llvm::outs() << "\n";
  }
}

static void printJson(const std::map<std::string, std::vector<Row>> &all) {
  llvm::json::Array operators;
  for (const auto &entry : all)
    for (const Row &row : entry.second)
      operators.push_back(llvm::json::Object{
          {"domain", entry.first.empty() ? "ai.onnx" : entry.first},
          {"operator", row.about.opType},
          {"versions", llvm::json::Array(row.about.versions)},
          {"support", nameOf(row.support)},
          {"reason", row.reason},
          {"types", llvm::json::Array(row.elements)}});
  llvm::outs() << llvm::formatv(
      "{0:2}\n", llvm::json::Value(
                     llvm::json::Object{{"operators", std::move(operators)}}));
}

void printOperatorsPage(bool json) {
  std::map<std::string, std::vector<Row>> all = rowsByDomain();
  if (json)
    printJson(all);
  else
    printPage(all);
}

} // namespace attune
