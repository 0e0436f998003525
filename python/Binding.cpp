// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime's C API for Python: what attune/model.py makes pleasant.

#include "attune/attune.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace {

using Array = nb::ndarray<nb::ro, nb::device::cpu>;

/// A status of the runtime on its way to Python.
struct StatusError : std::runtime_error {
  StatusError(attune_status_code code, const char *message)
      : std::runtime_error(message), code(code) {}
  attune_status_code code;
};

void check(attune_status_t status) {
  if (!status)
    return;
  StatusError error(attune_status_get_code(status),
                    attune_status_message(status));
  attune_status_release(status);
  throw error;
}

/// Whether NumPy lacks the type: bfloat16, float8 and less, integers of less
/// than a byte.
bool isRaw(DLDataType dtype) {
  return dtype.code == kDLBfloat || dtype.code > ATTUNE_DL_BOOL ||
         dtype.bits < 8;
}

/// Gives the memory of an output to Python: an array that frees it.
nb::object adopt(DLManagedTensor *managed) {
  nb::capsule owner(managed, [](void *tensor) noexcept {
    auto *held = static_cast<DLManagedTensor *>(tensor);
    held->deleter(held);
  });
  const DLTensor &tensor = managed->dl_tensor;
  std::vector<size_t> shape(tensor.shape, tensor.shape + tensor.ndim);
  // NumPy has no bfloat16, nor types of less than a byte: Python's side gives
  // the raw items their type.
  bool raw = isRaw(tensor.dtype);
  nb::dlpack::dtype dtype{raw ? uint8_t(kDLUInt) : tensor.dtype.code,
                          raw ? uint8_t(tensor.dtype.bits <= 8 ? 8 : 16)
                              : tensor.dtype.bits,
                          tensor.dtype.lanes};
  return nb::cast(nb::ndarray<nb::numpy>(tensor.data, shape.size(),
                                         shape.data(), owner, nullptr, dtype));
}

class Model {
public:
  Model(const std::string &path, int threads, bool checkWeights) {
    attune_model_options_t options = ATTUNE_MODEL_OPTIONS_INIT;
    options.skip_weights_hash = !checkWeights;
    check(attune_model_open(path.c_str(), &options, &model));
    attune_session_options_t sessionOptions = ATTUNE_SESSION_OPTIONS_INIT;
    sessionOptions.threads = threads;
    attune_status_t status =
        attune_session_create(model, &sessionOptions, &session);
    if (status)
      attune_model_release(model);
    check(status);
  }
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;
  ~Model() {
    attune_session_release(session);
    attune_model_release(model);
  }

  std::string manifest() const { return attune_model_manifest(model); }

  nb::list describe(bool inputs) const {
    nb::list values;
    size_t count = inputs ? attune_model_input_count(model)
                          : attune_model_output_count(model);
    for (size_t i = 0; i < count; ++i) {
      attune_value_info_t info;
      check(inputs ? attune_model_input(model, i, &info)
                   : attune_model_output(model, i, &info));
      nb::list shape;
      for (int32_t dim = 0; dim < info.rank; ++dim) {
        const attune_dim_t &size = info.dims[dim];
        if (size.size >= 0)
          shape.append(size.size);
        else if (size.name)
          shape.append(nb::str(size.name));
        else
          shape.append(nb::none());
      }
      values.append(
          nb::make_tuple(info.name, info.dtype_name, nb::tuple(shape)));
    }
    return values;
  }

  /// `raw` tells which arrays have their input's type, one that NumPy lacks, in
  /// the guise of unsigned integers.
  nb::list run(const std::vector<Array> &arrays, const std::vector<bool> &raw) {
    std::vector<std::vector<int64_t>> shapes, strides;
    std::vector<DLTensor> inputs;
    for (const Array &array : arrays) {
      std::vector<int64_t> &shape = shapes.emplace_back();
      std::vector<int64_t> &stride = strides.emplace_back();
      for (size_t dim = 0; dim < array.ndim(); ++dim) {
        shape.push_back(static_cast<int64_t>(array.shape(dim)));
        stride.push_back(array.stride(dim));
      }
      DLTensor tensor = {};
      tensor.data = const_cast<void *>(array.data());
      tensor.device = {kDLCPU, 0};
      tensor.ndim = static_cast<int32_t>(array.ndim());
      tensor.dtype = {array.dtype().code, array.dtype().bits,
                      array.dtype().lanes};
      if (raw.at(inputs.size())) {
        attune_value_info_t info;
        check(attune_model_input(model, inputs.size(), &info));
        tensor.dtype = info.dtype;
      }
      inputs.push_back(tensor);
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs[i].shape = shapes[i].data();
      inputs[i].strides = strides[i].data();
    }
    std::vector<DLManagedTensor *> outputs(attune_model_output_count(model));
    attune_status_t status;
    {
      nb::gil_scoped_release others;
      status = attune_session_run(session, inputs.data(), inputs.size(),
                                  outputs.data(), outputs.size());
    }
    check(status);
    nb::list results;
    for (DLManagedTensor *output : outputs)
      results.append(adopt(output));
    return results;
  }

private:
  attune_model_t *model = nullptr;
  attune_session_t *session = nullptr;
};

} // namespace

NB_MODULE(_runtime, module) {
  static nb::object errorType =
      nb::module_::import_("attune.compiler").attr("Error");
  nb::register_exception_translator(
      [](const std::exception_ptr &pointer, void *) {
        try {
          std::rethrow_exception(pointer);
        } catch (const StatusError &error) {
          nb::object value =
              errorType(nb::str(error.what()), static_cast<int>(error.code));
          PyErr_SetObject(errorType.ptr(), value.ptr());
        }
      });
  module.def("version", &attune_version);
  nb::class_<Model>(module, "Model")
      .def(nb::init<const std::string &, int, bool>())
      .def("manifest", &Model::manifest)
      .def("describe", &Model::describe)
      .def("run", &Model::run);
}
