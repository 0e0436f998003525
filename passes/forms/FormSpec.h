// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_FORMSPEC_H
#define ATTUNE_PASSES_FORMS_FORMSPEC_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <string>

namespace attune {

/// One form for some layers: `FORM{key=value,...}@layers=0-3,5;heads=all`.
struct FormSpec {
  std::string text, form;
  llvm::SmallVector<std::pair<std::string, std::string>> parameters;
  /// First and last of each range; none: all layers.
  llvm::SmallVector<std::pair<unsigned, unsigned>> layers;

  /// Whether the form is for this layer.
  bool covers(unsigned layer) const;
};

/// Parses specifications that spaces separate. An error says what is wrong
/// with which part and how it is written.
llvm::Expected<llvm::SmallVector<FormSpec>>
parseFormSpecs(llvm::StringRef text);

/// Names of the registered forms, sorted.
llvm::SmallVector<std::string> formNames(mlir::MLIRContext &context);

/// Parses specifications and looks their forms up.
llvm::Error checkFormSpecs(llvm::StringRef text, mlir::MLIRContext &context);

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_FORMSPEC_H
