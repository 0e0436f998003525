// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_PARAMETERS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_PARAMETERS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace attune::attn {

/// Reads the parameters that a plan gives a form: text, by name. What is wrong
/// is reported at the dense operation; `check` comes last and says whether
/// anything was, also for parameters that nobody read.
class FormParameters {
public:
  FormParameters(mlir::Operation *dense, llvm::StringRef form,
                 mlir::DictionaryAttr given)
      : dense(dense), form(form), given(given) {}

  double number(llvm::StringRef name, double otherwise);
  int64_t integer(llvm::StringRef name, int64_t otherwise);
  mlir::LogicalResult check();

private:
  std::optional<llvm::StringRef> text(llvm::StringRef name);
  void report(llvm::StringRef name, llvm::StringRef kind,
              llvm::StringRef value);

  mlir::Operation *dense;
  llvm::StringRef form;
  mlir::DictionaryAttr given;
  llvm::SmallVector<llvm::StringRef> known;
  bool fine = true;
};

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_PARAMETERS_H
