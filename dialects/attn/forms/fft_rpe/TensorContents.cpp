// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/fft_rpe/TensorContents.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

namespace attune::attn {

/// The bytes of a weight that its file holds as the program sees them, or null.
static std::unique_ptr<llvm::MemoryBuffer> readFile(kernel::WeightOp weight) {
  llvm::sys::fs::file_status status;
  uint64_t offset = weight.getOffset(), size = weight.getSize();
  auto type = cast<RankedTensorType>(weight.getType());
  Type element = type.getElementType();
  if (weight.getPermutation() || weight.getPanel() ||
      !(element.isF32() || element.isInteger(64)) ||
      size != static_cast<uint64_t>(type.getNumElements()) *
                  (element.getIntOrFloatBitWidth() / 8) ||
      llvm::sys::fs::status(weight.getFile(), status) ||
      offset > status.getSize() || size > status.getSize() - offset)
    return {};
  auto bytes = llvm::MemoryBuffer::getFileSlice(weight.getFile(), size, offset);
  return bytes ? std::move(*bytes) : nullptr;
}

std::shared_ptr<TensorContents> TensorContents::of(Value tensor) {
  auto contents = std::make_shared<TensorContents>();
  contents->shape = dyn_cast<RankedTensorType>(tensor.getType());
  if (!contents->shape || !contents->shape.hasStaticShape())
    return {};
  if (matchPattern(tensor, m_Constant(&contents->dense)))
    return contents;
  auto load = tensor.getDefiningOp<kernel::LoadWeightOp>();
  auto weight = load ? SymbolTable::lookupNearestSymbolFrom<kernel::WeightOp>(
                           load, load.getWeightAttr())
                     : kernel::WeightOp();
  if (!weight)
    return {};
  contents->file = readFile(weight);
  return contents->file ? contents : nullptr;
}

template <typename T>
static T readAt(const llvm::MemoryBuffer &buffer, int64_t k) {
  T value;
  std::memcpy(&value, buffer.getBufferStart() + k * sizeof(T), sizeof(T));
  return value;
}

double TensorContents::number(int64_t k) const {
  if (file && shape.getElementType().isF32())
    return readAt<float>(*file, k);
  if (file)
    return static_cast<double>(readAt<int64_t>(*file, k));
  if (isa<FloatType>(shape.getElementType()))
    return dense.getValues<APFloat>()[k].convertToDouble();
  return dense.getValues<APInt>()[k].signedRoundToDouble();
}

Attribute TensorContents::attribute(int64_t k) const {
  Type element = shape.getElementType();
  if (file && element.isF32())
    return FloatAttr::get(element, readAt<float>(*file, k));
  if (file)
    return IntegerAttr::get(element, readAt<int64_t>(*file, k));
  return dense.getValues<Attribute>()[k];
}

} // namespace attune::attn
