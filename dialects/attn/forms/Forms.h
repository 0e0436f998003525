// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FORMS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FORMS_H

#include "dialects/attn/Attn.h"
#include <map>

namespace attune::attn {

/// One parameter of a form.
struct FormParameter {
  /// flag: true or false; choice: one of `words`; file: the name of a
  /// safetensors file with weights that the model lacks.
  enum class Kind { integer, number, flag, choice, file };
  llvm::StringLiteral name;
  Kind kind;
  /// Where a plan does not give it: the number, 0 or 1 of a flag, the index of
  /// a choice. A file that is not given is "".
  double otherwise;
  llvm::StringLiteral meaning;
  llvm::ArrayRef<llvm::StringLiteral> words = {};

  /// Where a plan does not give it, as a plan writes it; "" for files.
  std::string otherwiseText() const;
  /// "an integer", "true or false", "one of a, b".
  std::string kindText() const;
};

/// One tensor of side weights that a form asks for.
struct SideWeight {
  llvm::StringRef parameter; ///< of kind file
  llvm::StringRef tensor;    ///< its name in the file
  llvm::ArrayRef<int64_t> shape;
  mlir::Type element; ///< null: f32
};

/// The parameters that a plan gives, or what stands for them.
class FormParameters {
public:
  double number(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name) const;
  bool flag(llvm::StringRef name) const { return number(name) != 0; }
  /// The word that was chosen.
  llvm::StringRef choice(llvm::StringRef name) const;
  /// The file's name, or "" where none is given.
  llvm::StringRef file(llvm::StringRef name) const;
  /// The same, which must be `least` or more; otherwise that is reported at
  /// `dense` and there is nothing.
  std::optional<int64_t> integerFrom(AttentionOp dense, llvm::StringRef name,
                                     int64_t least) const;
  /// The number of the layer that takes the form.
  unsigned layer() const { return layerNumber; }

  /// Loads side weights: the tensor "layers.N." + the name, with the layer's
  /// number, or else the one of that name. Bytes stay in the file until the
  /// artifact is written. What is wrong is reported at `dense`.
  mlir::FailureOr<mlir::Value> weight(mlir::RewriterBase &rewriter,
                                      AttentionOp dense,
                                      const SideWeight &wanted) const;
  /// The same for f32.
  mlir::FailureOr<mlir::Value> weight(mlir::RewriterBase &rewriter,
                                      AttentionOp dense,
                                      llvm::StringRef parameter,
                                      llvm::StringRef tensor,
                                      llvm::ArrayRef<int64_t> shape) const {
    return weight(rewriter, dense, SideWeight{parameter, tensor, shape, {}});
  }

private:
  friend std::optional<FormParameters>
  readParameters(const struct Form &form, AttentionOp dense,
                 mlir::DictionaryAttr given, unsigned layer);
  llvm::StringRef form;
  unsigned layerNumber = 0;
  std::map<std::string, double> values;
  std::map<std::string, std::string> texts; ///< of choices and files
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
  /// form cannot express is reported there, and nothing is changed then: the
  /// layer may stay dense.
  mlir::LogicalResult (*rewrite)(mlir::RewriterBase &rewriter,
                                 AttentionOp dense,
                                 const FormParameters &parameters);
  /// Whether the form with these parameters gives what `dense` gives, up to
  /// rounding, whatever the inputs are. Null: never. Asked before the rewrite.
  bool (*isExact)(AttentionOp dense,
                  const FormParameters &parameters) = nullptr;
};

/// All forms, sorted by name.
llvm::ArrayRef<Form> forms();
/// The form of this name, or null.
const Form *findForm(llvm::StringRef name);

/// Why a form cannot take this parameter with this value, or "".
std::string whyNoParameter(const Form &form, llvm::StringRef name,
                           llvm::StringRef value);

/// Reads what a plan gives as text for layer number `layer`. Unknown names and
/// values of another kind are reported at `dense`.
std::optional<FormParameters> readParameters(const Form &form,
                                             AttentionOp dense,
                                             mlir::DictionaryAttr given,
                                             unsigned layer = 0);

/// The larger one of the numbers of queries and keys, if both are known.
std::optional<int64_t> longestOf(AttentionOp dense);

// Each form's entry, in its folder.
#define ATTN_FORM(name) Form name##_form();
#include "dialects/attn/forms/Forms.def"

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FORMS_H
