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
/// `FORM{key=value,...}@layers=0-3,5;heads=0-7`; a comma separates layers from
/// heads as well. Or the same, out of a plan.
struct FormSpec {
  /// First and last of each range; none: all.
  using Ranges = llvm::SmallVector<std::pair<unsigned, unsigned>, 2>;
  std::string text, form;
  std::vector<std::pair<std::string, std::string>> parameters;
  Ranges layers, heads;
  /// Where a plan says so; no file: the command line.
  std::string file;
  unsigned line = 0, column = 0;

  /// Whether the form is for this layer, or for this head of such a layer.
  bool covers(unsigned layer) const;
  bool coversHead(unsigned head) const;
};

/// Parses specifications that spaces separate. An error says what is wrong
/// with which part and how it is written.
llvm::Expected<llvm::SmallVector<FormSpec>>
parseFormSpecs(llvm::StringRef text);

/// Parses `all` (no ranges) or `0-3,5`. An error says what is no `what`.
llvm::Error parseRanges(llvm::StringRef text, llvm::StringRef what,
                        FormSpec::Ranges &ranges);

/// What there is instead of a form of another name.
std::string noForm(llvm::StringRef name);

/// Parses specifications and looks their forms up.
llvm::Error checkFormSpecs(llvm::StringRef text);

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_FORMSPEC_H
