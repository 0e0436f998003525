// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/Parameters.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace attune::attn {

std::optional<StringRef> FormParameters::text(StringRef name) {
  known.push_back(name);
  auto value = given.getAs<StringAttr>(name);
  return value ? std::optional(value.getValue()) : std::nullopt;
}

void FormParameters::report(StringRef name, StringRef kind, StringRef value) {
  fine = false;
  dense->emitError("form '") << form << "' requires " << kind << " for '"
                             << name << "', but got '" << value << "'";
}

double FormParameters::number(StringRef name, double otherwise) {
  std::optional<StringRef> value = text(name);
  double result = otherwise;
  if (value && value->getAsDouble(result))
    report(name, "a number", *value);
  return result;
}

int64_t FormParameters::integer(StringRef name, int64_t otherwise) {
  std::optional<StringRef> value = text(name);
  int64_t result = otherwise;
  if (value && value->getAsInteger(10, result))
    report(name, "an integer", *value);
  return result;
}

LogicalResult FormParameters::check() {
  for (NamedAttribute parameter : given)
    if (!llvm::is_contained(known, parameter.getName().strref())) {
      fine = false;
      InFlightDiagnostic diagnostic = dense->emitError("form '")
                                      << form << "' has no parameter '"
                                      << parameter.getName().strref() << "'; ";
      if (known.empty())
        diagnostic << "it takes none";
      else
        diagnostic << "it has " << llvm::join(known, ", ");
    }
  return success(fine);
}

} // namespace attune::attn
