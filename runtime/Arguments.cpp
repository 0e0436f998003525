// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Arguments.h"
#include "runtime/DType.h"
#include "runtime/Status.h"

namespace attune {

namespace {
struct BoundDim {
  const std::string *name;
  int64_t size;
  const std::string *owner;
};
using Bindings = std::vector<BoundDim>;
} // namespace

static char *dataOf(const DLTensor &tensor) {
  return static_cast<char *>(tensor.data) + tensor.byte_offset;
}

bool tensorBytes(DLDataType dtype, int32_t rank, const int64_t *shape,
                 int64_t &bytes) {
  bytes = static_cast<int64_t>(dtypeBytes(dtype));
  bool empty = false;
  for (int32_t i = 0; i < rank; ++i) {
    if (shape[i] < 0)
      return false;
    empty |= shape[i] == 0;
    // An empty tensor still needs the product of its other sizes to fit:
    // compiled code computes strides from them.
    if (__builtin_mul_overflow(bytes, shape[i] == 0 ? 1 : shape[i], &bytes))
      return false;
  }
  if (empty)
    bytes = 0;
  return true;
}

std::string shapeText(int32_t rank, const int64_t *shape) {
  std::string text = "[";
  for (int32_t i = 0; i < rank; ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

static attune_status_t checkLayout(const char *kind, const Value &value,
                                   const DLTensor &tensor) {
  const char *name = value.name.c_str();
  if (tensor.device.device_type != kDLCPU)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "%s '%s' requires memory of the CPU", kind, name);
  if (!(tensor.dtype == value.dtype))
    return makeStatus(ATTUNE_INVALID_TYPE,
                      "%s '%s' requires type %s, but got %s", kind, name,
                      dtypeName(value.dtype), dtypeName(tensor.dtype));
  int32_t rank = static_cast<int32_t>(value.dims.size());
  if (tensor.ndim != rank)
    return makeStatus(ATTUNE_INVALID_SHAPE,
                      "%s '%s' requires %d dimensions, but got %d", kind, name,
                      rank, tensor.ndim);
  if (rank > 0 && !tensor.shape)
    return makeStatus(ATTUNE_INVALID_ARGUMENT, "%s '%s' requires a shape", kind,
                      name);
  int64_t bytes;
  if (!tensorBytes(tensor.dtype, rank, tensor.shape, bytes))
    return makeStatus(ATTUNE_INVALID_SHAPE,
                      "%s '%s' has the impossible shape %s", kind, name,
                      shapeText(rank, tensor.shape).c_str());
  if (bytes > 0 && !tensor.data)
    return makeStatus(ATTUNE_INVALID_ARGUMENT, "%s '%s' requires data", kind,
                      name);
  if (reinterpret_cast<uintptr_t>(dataOf(tensor)) % dtypeBytes(tensor.dtype))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "%s '%s' requires data aligned to its elements", kind,
                      name);
  int64_t expected = 1;
  for (int32_t i = rank; tensor.strides && bytes > 0 && i-- > 0;) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected)
      return makeStatus(ATTUNE_INVALID_ARGUMENT,
                        "%s '%s' requires rows without gaps: copy it first",
                        kind, name);
    expected *= tensor.shape[i];
  }
  return nullptr;
}

static attune_status_t wrongSize(const char *kind, const Value &value,
                                 int32_t index, int64_t size) {
  const Dim &dim = value.dims[static_cast<size_t>(index)];
  return makeStatus(ATTUNE_INVALID_SHAPE,
                    "%s '%s' requires size %lld in dimension %d, but got %lld",
                    kind, value.name.c_str(), static_cast<long long>(dim.size),
                    index, static_cast<long long>(size));
}

static attune_status_t bindDim(const Value &value, int32_t index, int64_t size,
                               Bindings &bindings) {
  const Dim &dim = value.dims[static_cast<size_t>(index)];
  const char *name = value.name.c_str();
  auto got = static_cast<long long>(size);
  if (dim.size >= 0) {
    if (size == dim.size)
      return nullptr;
    return wrongSize("input", value, index, size);
  }
  if (size < dim.min || (dim.max >= 0 && size > dim.max)) {
    std::string least = std::to_string(dim.min);
    std::string bounds =
        dim.max < 0 ? "of at least " + least
                    : "between " + least + " and " + std::to_string(dim.max);
    return makeStatus(ATTUNE_INVALID_SHAPE,
                      "input '%s' requires '%s' %s, but got %lld", name,
                      dim.name.c_str(), bounds.c_str(), got);
  }
  if (dim.name.empty())
    return nullptr;
  for (const BoundDim &bound : bindings)
    if (*bound.name == dim.name) {
      if (bound.size == size)
        return nullptr;
      return makeStatus(ATTUNE_INVALID_SHAPE,
                        "input '%s' requires '%s' to be %lld as in '%s', but "
                        "got %lld",
                        name, dim.name.c_str(),
                        static_cast<long long>(bound.size),
                        bound.owner->c_str(), got);
    }
  bindings.push_back({&dim.name, size, &value.name});
  return nullptr;
}

attune_status_t checkInputs(const std::vector<Value> &values,
                            const DLTensor *tensors,
                            std::vector<attune_argument> &arguments) {
  Bindings bindings;
  for (size_t i = 0; i < values.size(); ++i) {
    const DLTensor &tensor = tensors[i];
    if (attune_status_t status = checkLayout("input", values[i], tensor))
      return status;
    for (int32_t dim = 0; dim < tensor.ndim; ++dim)
      if (attune_status_t status =
              bindDim(values[i], dim, tensor.shape[dim], bindings))
        return status;
    arguments.push_back({dataOf(tensor), tensor.shape});
  }
  return nullptr;
}

static bool overlap(const DLTensor &a, const DLTensor &b) {
  int64_t aBytes, bBytes;
  if (!tensorBytes(a.dtype, a.ndim, a.shape, aBytes) ||
      !tensorBytes(b.dtype, b.ndim, b.shape, bBytes))
    return true;
  return aBytes > 0 && bBytes > 0 && dataOf(a) < dataOf(b) + bBytes &&
         dataOf(b) < dataOf(a) + aBytes;
}

attune_status_t checkOutputs(const Manifest &manifest, const DLTensor *inputs,
                             DLManagedTensor *const *tensors) {
  for (size_t i = 0; i < manifest.outputs.size(); ++i) {
    if (!tensors[i])
      continue;
    const DLTensor &tensor = tensors[i]->dl_tensor;
    const Value &value = manifest.outputs[i];
    if (attune_status_t status = checkLayout("output", value, tensor))
      return status;
    for (int32_t dim = 0; dim < tensor.ndim; ++dim)
      if (int64_t size = value.dims[static_cast<size_t>(dim)].size;
          size >= 0 && size != tensor.shape[dim])
        return wrongSize("output", value, dim, tensor.shape[dim]);
    for (size_t k = 0; k < manifest.inputs.size(); ++k)
      if (overlap(tensor, inputs[k]))
        return makeStatus(ATTUNE_INVALID_ARGUMENT,
                          "output '%s' requires memory apart from input '%s'",
                          value.name.c_str(), manifest.inputs[k].name.c_str());
    for (size_t k = 0; k < i; ++k)
      if (tensors[k] && overlap(tensor, tensors[k]->dl_tensor))
        return makeStatus(ATTUNE_INVALID_ARGUMENT,
                          "output '%s' requires memory apart from output '%s'",
                          value.name.c_str(), manifest.outputs[k].name.c_str());
  }
  return nullptr;
}

} // namespace attune
