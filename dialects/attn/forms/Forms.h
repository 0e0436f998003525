// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FORMS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FORMS_H

#include "dialects/attn/Attn.h"
#include <map>

namespace attune::attn {

/// One parameter of a form.
struct FormParameter {
  enum class Kind { integer, number };
  llvm::StringLiteral name;
  Kind kind;
  double otherwise; ///< where a plan does not give it
  llvm::StringLiteral meaning;
};

/// The parameters that a plan gives, or what stands for them.
class FormParameters {
public:
  double number(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name) const;
  /// The same, which must be `least` or more; otherwise that is reported at
  /// `dense` and there is nothing.
  std::optional<int64_t> integerFrom(AttentionOp dense, llvm::StringRef name,
                                     int64_t least) const;

private:
  friend std::optional<FormParameters>
  readParameters(const struct Form &form, AttentionOp dense,
                 mlir::DictionaryAttr given);
  llvm::StringRef form;
  std::map<std::string, double> values;
};

/// A form that a plan can put in the place of dense attention.
struct Form {
  /// By which plans and flags call it.
  llvm::StringLiteral name;
  /// What attention becomes.
  llvm::StringLiteral meaning;
  /// Authors, year, title.
  llvm::StringLiteral source;
  llvm::ArrayRef<FormParameter> parameters;
  /// Replaces or changes `dense`, before which the rewriter stands. What the
  /// form cannot express is reported there.
  mlir::LogicalResult (*rewrite)(mlir::RewriterBase &rewriter,
                                 AttentionOp dense,
                                 const FormParameters &parameters);
};

/// All forms, sorted by name.
llvm::ArrayRef<Form> forms();
/// The form of this name, or null.
const Form *findForm(llvm::StringRef name);

/// Reads what a plan gives as text. Unknown names and what is no number are
/// reported at `dense`.
std::optional<FormParameters>
readParameters(const Form &form, AttentionOp dense, mlir::DictionaryAttr given);

// Each form's entry, in its folder.
#define ATTN_FORM(name) Form name##_form();
#include "dialects/attn/forms/Forms.def"

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FORMS_H
