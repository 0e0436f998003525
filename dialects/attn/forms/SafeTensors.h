// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_SAFETENSORS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_SAFETENSORS_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace attune {

/// Where a tensor lies in its file.
struct StoredTensor {
  std::string dtype; ///< as the format has it: "F32", "BF16"
  llvm::SmallVector<int64_t> shape;
  uint64_t offset = 0, size = 0; ///< bytes, from the start of the file
};

using StoredTensors = std::map<std::string, StoredTensor>;

/// Reads the header of a safetensors file. Whatever it holds, each tensor then
/// lies within the file, is as long as its shape says, and overlaps no other.
/// An error names the file and, if there is one, the tensor.
llvm::Expected<StoredTensors> readSafeTensors(llvm::StringRef path);

/// How the format calls an element type; "" for one that it lacks.
llvm::StringRef safeTensorsName(mlir::Type element);

} // namespace attune

#endif // ATTUNE_DIALECTS_ATTN_FORMS_SAFETENSORS_H
