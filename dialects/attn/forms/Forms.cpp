// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/Forms.h"
#include "mlir/IR/Diagnostics.h"

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

static void reportUnknown(const Form &form, AttentionOp dense, StringRef name) {
  InFlightDiagnostic diagnostic = dense.emitError("form '")
                                  << form.name << "' has no parameter '" << name
                                  << "'; ";
  if (form.parameters.empty())
    diagnostic << "it takes none";
  else
    diagnostic << "it has "
               << llvm::join(llvm::map_range(form.parameters,
                                             [](const FormParameter &one) {
                                               return StringRef(one.name);
                                             }),
                             ", ");
}

/// Integers up to 2^53 are the same as numbers.
static bool read(const FormParameter &parameter, StringRef text,
                 double &value) {
  if (parameter.kind == FormParameter::Kind::number)
    return !text.getAsDouble(value);
  constexpr int64_t limit = int64_t(1) << 53;
  int64_t integer;
  if (text.getAsInteger(10, integer) || integer > limit || integer < -limit)
    return false;
  value = static_cast<double>(integer);
  return true;
}

std::optional<FormParameters>
readParameters(const Form &form, AttentionOp dense, DictionaryAttr given) {
  FormParameters parameters;
  parameters.form = form.name;
  bool fine = true;
  for (const FormParameter &parameter : form.parameters) {
    double &value = parameters.values[parameter.name.str()];
    value = parameter.otherwise;
    auto text = given.getAs<StringAttr>(parameter.name);
    if (!text || read(parameter, text, value))
      continue;
    bool isInteger = parameter.kind == FormParameter::Kind::integer;
    dense.emitError("form '")
        << form.name << "' requires " << (isInteger ? "an integer" : "a number")
        << " for '" << parameter.name << "', but got '" << text.getValue()
        << "'";
    fine = false;
  }
  for (NamedAttribute attribute : given) {
    StringRef name = attribute.getName().strref();
    if (parameters.values.count(name.str()))
      continue;
    reportUnknown(form, dense, name);
    fine = false;
  }
  return fine ? std::optional(parameters) : std::nullopt;
}

} // namespace attune::attn
