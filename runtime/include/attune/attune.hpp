// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C API for C++: owners and exceptions, header only.
//
//   attune::Model model("model.so");
//   attune::Session session(model, /*threads=*/2);
//   std::vector<float> x = ...;
//   auto outputs = session.run({attune::view(x.data(), shape)});
//   const float *y = outputs[0].data<float>();

#ifndef ATTUNE_HPP
#define ATTUNE_HPP

#include "attune/attune.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace attune {

/// A status of the C API as an exception.
class Error : public std::runtime_error {
public:
  Error(attune_status_code code, const char *message)
      : std::runtime_error(message), status(code) {}
  attune_status_code code() const noexcept { return status; }

private:
  attune_status_code status;
};

/// Takes over `status`; throws Error unless it is null.
inline void check(attune_status_t status) {
  if (!status)
    return;
  std::unique_ptr<attune_status, void (*)(attune_status_t)> owner(
      status, attune_status_release);
  throw Error(attune_status_get_code(status), attune_status_message(status));
}

/// DLPack's name of an arithmetic type.
template <typename T> constexpr DLDataType dtypeOf() {
  static_assert(std::is_arithmetic<T>::value, "requires a number or bool");
  constexpr uint8_t bits = 8 * sizeof(T);
  if (std::is_same<T, bool>::value)
    return {ATTUNE_DL_BOOL, bits, 1};
  if (std::is_floating_point<T>::value)
    return {kDLFloat, bits, 1};
  return {static_cast<uint8_t>(std::is_signed<T>::value ? kDLInt : kDLUInt),
          bits, 1};
}

/// A tensor over the caller's `data` and `shape`, row-major without gaps. Both
/// must outlive it; inputs are only read.
template <typename T>
DLTensor view(const T *data, const std::vector<int64_t> &shape) {
  DLTensor tensor = {};
  tensor.data = const_cast<T *>(data);
  tensor.device = {kDLCPU, 0};
  tensor.ndim = static_cast<int32_t>(shape.size());
  tensor.dtype = dtypeOf<T>();
  tensor.shape = const_cast<int64_t *>(shape.data());
  return tensor;
}

/// An output, owned.
class Tensor {
public:
  explicit Tensor(DLManagedTensor *managed) : managed(managed) {}

  std::vector<int64_t> shape() const {
    const DLTensor &tensor = managed->dl_tensor;
    return {tensor.shape, tensor.shape + tensor.ndim};
  }
  DLDataType dtype() const { return managed->dl_tensor.dtype; }
  size_t size() const {
    size_t count = 1;
    for (int64_t size : shape())
      count *= static_cast<size_t>(size);
    return count;
  }
  /// size() elements, row-major. Throws Error if they are not of type T.
  template <typename T> const T *data() const {
    DLDataType own = dtype(), wanted = dtypeOf<T>();
    if (own.code != wanted.code || own.bits != wanted.bits || own.lanes != 1)
      throw Error(ATTUNE_INVALID_TYPE,
                  "the tensor has elements of another type");
    return static_cast<const T *>(managed->dl_tensor.data);
  }
  const DLTensor &dlpack() const { return managed->dl_tensor; }
  /// Gives the tensor away; the taker calls its deleter.
  DLManagedTensor *release() { return managed.release(); }

private:
  struct Delete {
    void operator()(DLManagedTensor *tensor) const { tensor->deleter(tensor); }
  };
  std::unique_ptr<DLManagedTensor, Delete> managed;
};

/// A compiled model. Copies share it.
class Model {
public:
  explicit Model(const std::string &path,
                 attune_model_options_t options = ATTUNE_MODEL_OPTIONS_INIT) {
    attune_model_t *opened = nullptr;
    check(attune_model_open(path.c_str(), &options, &opened));
    handle.reset(opened, attune_model_release);
  }

  size_t inputCount() const { return attune_model_input_count(get()); }
  size_t outputCount() const { return attune_model_output_count(get()); }
  /// What the description points at belongs to the model.
  attune_value_info_t input(size_t index) const {
    attune_value_info_t info;
    check(attune_model_input(get(), index, &info));
    return info;
  }
  attune_value_info_t output(size_t index) const {
    attune_value_info_t info;
    check(attune_model_output(get(), index, &info));
    return info;
  }
  /// JSON.
  std::string manifest() const { return attune_model_manifest(get()); }
  attune_model_sizes_t sizes() const {
    attune_model_sizes_t sizes;
    attune_model_get_sizes(get(), &sizes);
    return sizes;
  }
  attune_model_t *get() const { return handle.get(); }

private:
  std::shared_ptr<attune_model_t> handle;
};

/// Runs a model, on one thread at a time. Holds its model.
class Session {
public:
  explicit Session(const Model &model, int32_t threads = 0)
      : Session(model, withThreads(threads)) {}
  Session(const Model &model, const attune_session_options_t &options) {
    attune_session_t *created = nullptr;
    check(attune_session_create(model.get(), &options, &created));
    handle.reset(created);
    outputs = model.outputCount();
  }

  /// One input for each of the model's, in its order. Throws Error.
  std::vector<Tensor> run(const std::vector<DLTensor> &inputs) {
    std::vector<DLManagedTensor *> made(outputs);
    std::vector<Tensor> tensors;
    tensors.reserve(outputs);
    check(attune_session_run(get(), inputs.data(), inputs.size(), made.data(),
                             made.size()));
    for (DLManagedTensor *tensor : made)
      tensors.emplace_back(tensor);
    return tensors;
  }
  /// Continues prompts: ids [rows, length] and perhaps a mask of the same
  /// shape; gives the new tokens.
  Tensor generate(const attune_generation_t &options, const DLTensor &ids,
                  const DLTensor *mask = nullptr) {
    DLManagedTensor *tokens = nullptr;
    check(attune_session_generate(get(), &options, &ids, mask, &tokens));
    return Tensor(tokens);
  }
  /// Empties the state.
  void reset() { check(attune_session_reset(get())); }
  /// Positions in the state.
  int64_t stateLength() const { return attune_session_state_length(get()); }
  /// Callable from any thread.
  void cancel() noexcept { attune_session_cancel(get()); }
  attune_session_t *get() const { return handle.get(); }

private:
  static attune_session_options_t withThreads(int32_t threads) {
    attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
    options.threads = threads;
    return options;
  }
  struct Release {
    void operator()(attune_session_t *session) const {
      attune_session_release(session);
    }
  };
  std::unique_ptr<attune_session_t, Release> handle;
  size_t outputs = 0;
};

} // namespace attune

#endif // ATTUNE_HPP
