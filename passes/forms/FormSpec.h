// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_FORMSPEC_H
#define ATTUNE_PASSES_FORMS_FORMSPEC_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace attune {

/// One form for some layers and heads:
/// `FORM{key=value,...}@layers=0-3,5;heads=0-7`.
struct FormSpec {
  /// First and last of each range; none: all.
  using Ranges = llvm::SmallVector<std::pair<unsigned, unsigned>, 2>;
  std::string text, form;
  std::vector<std::pair<std::string, std::string>> parameters;
  Ranges layers, heads;

  /// Whether the form is for this layer, or for this head of such a layer.
  bool covers(unsigned layer) const;
  bool coversHead(unsigned head) const;
};

/// Parses specifications that spaces separate. An error says what is wrong
/// with which part and how it is written.
llvm::Expected<llvm::SmallVector<FormSpec>>
parseFormSpecs(llvm::StringRef text);

/// Parses specifications and looks their forms up.
llvm::Error checkFormSpecs(llvm::StringRef text);

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_FORMSPEC_H
