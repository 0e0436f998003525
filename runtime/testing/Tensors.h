// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors of f32 for tests.

#ifndef ATTUNE_RUNTIME_TESTING_TENSORS_H
#define ATTUNE_RUNTIME_TESTING_TENSORS_H

#include <cstdint>
#include <dlpack/dlpack.h>
#include <vector>

namespace attune::test {

/// Zeros at first. Views must not outlive it.
class Tensor {
public:
  explicit Tensor(std::vector<int64_t> sizes) : shape(std::move(sizes)) {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    data.resize(static_cast<size_t>(count));
  }
  Tensor(const Tensor &) = delete;
  Tensor &operator=(const Tensor &) = delete;

  DLTensor dl() {
    return {data.data(),
            {kDLCPU, 0},
            static_cast<int32_t>(shape.size()),
            {kDLFloat, 32, 1},
            shape.data(),
            nullptr,
            0};
  }
  DLManagedTensor managed() { return {dl(), nullptr, nullptr}; }

  std::vector<int64_t> shape;
  std::vector<float> data;
};

inline std::vector<float> valuesOf(const DLManagedTensor &tensor) {
  int64_t count = 1;
  for (int i = 0; i < tensor.dl_tensor.ndim; ++i)
    count *= tensor.dl_tensor.shape[i];
  auto *data = static_cast<const float *>(tensor.dl_tensor.data);
  return {data, data + count};
}

} // namespace attune::test

#endif // ATTUNE_RUNTIME_TESTING_TENSORS_H
