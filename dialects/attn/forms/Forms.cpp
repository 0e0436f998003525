// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/Forms.h"
#include "dialects/attn/core/Heads.h"
#include "mlir/IR/Diagnostics.h"
#include <sstream>

using namespace mlir;

namespace attune::attn {

ArrayRef<Form> forms() {
  static const Form all[] = {
#define ATTN_FORM(name) name##_form(),
#include "dialects/attn/forms/Forms.def"
  };
  return all;
}

const Form *findForm(StringRef name) {
  const Form *found = llvm::find_if(
      forms(), [&](const Form &form) { return form.name == name; });
  return found == forms().end() ? nullptr : found;
}

double FormParameters::number(StringRef name) const {
  return values.at(name.str());
}

int64_t FormParameters::integer(StringRef name) const {
  return static_cast<int64_t>(number(name));
}

StringRef FormParameters::choice(StringRef name) const {
  return texts.at(name.str());
}

StringRef FormParameters::file(StringRef name) const {
  return texts.at(name.str());
}

std::optional<int64_t> FormParameters::integerFrom(AttentionOp dense,
                                                   StringRef name,
                                                   int64_t least) const {
  int64_t value = integer(name);
  if (value >= least)
    return value;
  dense.emitError("form '")
      << form << "' requires " << least << " or more for '" << name
      << "', but got " << value;
  return std::nullopt;
}

std::optional<int64_t> longestOf(AttentionOp dense) {
  Heads queries{dense.getQuery(), dense.getQueryLayout()};
  Heads keys{dense.getKey(), dense.getKeyLayout()};
  int64_t rows = queries.size(2), columns = keys.size(2);
  if (ShapedType::isDynamic(rows) || ShapedType::isDynamic(columns))
    return std::nullopt;
  return std::max(rows, columns);
}

static std::string reasonUnknown(const Form &form, StringRef name) {
  auto names = llvm::map_range(form.parameters, [](const FormParameter &one) {
    return StringRef(one.name);
  });
  return ("form '" + form.name + "' has no parameter '" + name + "'; " +
          (form.parameters.empty() ? "it takes none"
                                   : "it has " + llvm::join(names, ", ")))
      .str();
}

/// Integers up to 2^53 are the same as numbers.
static bool readInteger(StringRef text, double &value) {
  constexpr int64_t limit = int64_t(1) << 53;
  int64_t integer;
  if (text.getAsInteger(10, integer) || integer > limit || integer < -limit)
    return false;
  value = static_cast<double>(integer);
  return true;
}

static bool read(const FormParameter &parameter, StringRef text,
                 double &value) {
  switch (parameter.kind) {
  case FormParameter::Kind::integer:
    return readInteger(text, value);
  case FormParameter::Kind::number:
    return !text.getAsDouble(value);
  case FormParameter::Kind::flag:
    value = text == "true";
    return text == "true" || text == "false";
  case FormParameter::Kind::choice:
    value = llvm::find(parameter.words, text) - parameter.words.begin();
    return value < static_cast<double>(parameter.words.size());
  case FormParameter::Kind::file:
    return !text.empty();
  }
  return false;
}

std::string FormParameter::kindText() const {
  switch (kind) {
  case Kind::integer:
    return "an integer";
  case Kind::number:
    return "a number";
  case Kind::flag:
    return "true or false";
  case Kind::choice:
    return "one of " + llvm::join(words, ", ");
  case Kind::file:
    return "the name of a safetensors file";
  }
  return "";
}

std::string FormParameter::otherwiseText() const {
  if (kind == Kind::file)
    return "";
  if (kind == Kind::flag)
    return otherwise != 0 ? "true" : "false";
  if (kind == Kind::choice)
    return words[static_cast<size_t>(otherwise)].str();
  std::ostringstream text;
  text << otherwise;
  return text.str();
}

std::string whyNoParameter(const Form &form, StringRef name, StringRef value) {
  const FormParameter *parameter =
      llvm::find_if(form.parameters,
                    [&](const FormParameter &one) { return one.name == name; });
  if (parameter == form.parameters.end())
    return reasonUnknown(form, name);
  double number;
  if (read(*parameter, value, number))
    return "";
  return ("form '" + form.name + "' requires " + parameter->kindText() +
          " for '" + name + "', but got '" + value + "'")
      .str();
}

std::optional<FormParameters> readParameters(const Form &form,
                                             AttentionOp dense,
                                             DictionaryAttr given,
                                             unsigned layer) {
  FormParameters parameters;
  parameters.form = form.name;
  parameters.layerNumber = layer;
  bool fine = true;
  for (NamedAttribute attribute : given) {
    std::string reason =
        whyNoParameter(form, attribute.getName().strref(),
                       cast<StringAttr>(attribute.getValue()).getValue());
    if (reason.empty())
      continue;
    dense.emitError(reason);
    fine = false;
  }
  if (!fine)
    return std::nullopt;
  for (const FormParameter &parameter : form.parameters) {
    double &value = parameters.values[parameter.name.str()];
    value = parameter.otherwise;
    auto text = given.getAs<StringAttr>(parameter.name);
    if (text)
      read(parameter, text.getValue(), value);
    if (parameter.kind == FormParameter::Kind::choice ||
        parameter.kind == FormParameter::Kind::file)
      parameters.texts[parameter.name.str()] =
          text ? text.str() : parameter.otherwiseText();
  }
  return parameters;
}

} // namespace attune::attn
