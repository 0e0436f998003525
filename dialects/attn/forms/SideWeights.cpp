// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/Forms.h"
#include "dialects/attn/forms/SafeTensors.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace attune::attn {

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "[";
  llvm::interleaveComma(shape, stream);
  stream << "]";
  return text;
}

/// A few of the names that a file has.
static std::string namesIn(const StoredTensors &tensors) {
  constexpr size_t shown = 6;
  std::string names;
  size_t count = 0;
  for (const auto &[name, tensor] : tensors)
    if (count++ < shown)
      names += (names.empty() ? "'" : ", '") + name + "'";
  if (count == 0)
    return "no tensors";
  return count > shown
             ? names + " and " + std::to_string(count - shown) + " more"
             : names;
}

/// The symbol of these bytes, which layers may share.
static StringAttr symbolOf(AttentionOp dense, StringRef name, StringRef file,
                           const StoredTensor &tensor, RankedTensorType type) {
  auto module = dense->getParentOfType<ModuleOp>();
  for (auto weight : module.getOps<kernel::WeightOp>())
    if (weight.getFile() == file && weight.getOffset() == tensor.offset &&
        weight.getSize() == tensor.size && weight.getType() == type &&
        !weight.getPermutation() && !weight.getPanel())
      return weight.getSymNameAttr();
  OpBuilder detached(module.getContext());
  auto weight = kernel::WeightOp::create(
      detached, dense.getLoc(), name, file, static_cast<int64_t>(tensor.offset),
      static_cast<int64_t>(tensor.size), type, type, /*permutation=*/nullptr,
      /*panel=*/nullptr);
  return SymbolTable(module).insert(weight, module.getBody()->begin());
}

FailureOr<Value> FormParameters::weight(RewriterBase &rewriter,
                                        AttentionOp dense,
                                        const SideWeight &wanted) const {
  auto fail = [&]() -> InFlightDiagnostic {
    return dense.emitError("form '") << form << "': ";
  };
  StringRef path = file(wanted.parameter);
  if (path.empty())
    return fail() << "requires a safetensors file with the tensor '"
                  << wanted.tensor << "' as '" << wanted.parameter << "'";
  llvm::Expected<StoredTensors> tensors = readSafeTensors(path);
  if (!tensors)
    return fail() << llvm::toString(tensors.takeError());
  std::string own =
      ("layers." + llvm::Twine(layerNumber) + "." + wanted.tensor).str();
  auto found = tensors->find(own);
  if (found == tensors->end())
    found = tensors->find(wanted.tensor.str());
  if (found == tensors->end())
    return fail() << "'" << path << "' requires a tensor '" << own << "' or '"
                  << wanted.tensor << "', but has " << namesIn(*tensors);
  const StoredTensor &tensor = found->second;
  Type element = wanted.element ? wanted.element : rewriter.getF32Type();
  StringRef dtype = safeTensorsName(element);
  if (tensor.dtype != dtype || wanted.shape != ArrayRef(tensor.shape))
    return fail() << "'" << path << "' requires " << dtype << " "
                  << shapeText(wanted.shape) << " for '" << found->first
                  << "', but got " << tensor.dtype << " "
                  << shapeText(tensor.shape);
  auto type = RankedTensorType::get(wanted.shape, element);
  StringAttr symbol = symbolOf(dense, found->first, path, tensor, type);
  return kernel::LoadWeightOp::create(rewriter, dense.getLoc(), type,
                                      FlatSymbolRefAttr::get(symbol))
      .getResult();
}

} // namespace attune::attn
